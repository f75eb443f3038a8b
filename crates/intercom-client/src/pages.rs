//! Lists: pages as received, and their entries.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use chrono::{DateTime, Utc};
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::value::RawValue;

use intercom_api::{
    Cursor, DecodeError, Id, PageView, Paged, Paging, Request, Response, decode_item,
};

use crate::client::Client;
use crate::error::Error;

/// One page of a list, as received.
pub struct Page<O> {
    response: Response,
    outline: Outline,
    operation: PhantomData<fn() -> O>,
}

/// What a page says about its list.
#[derive(Debug)]
pub(crate) struct Outline {
    next: Option<Cursor>,
    total_count: Option<u64>,
    n_items: usize,
}

impl<O: Paged> Page<O> {
    /// A page from its answer, for tests and recorded answers.
    ///
    /// # Errors
    /// [`DecodeError`] when the answer is not a page of `O`.
    pub fn read(response: Response) -> Result<Self, DecodeError> {
        let outline = Self::outline(&response)?;
        Ok(Self::new(response, outline))
    }

    /// The page with its entries as text, borrowed from the answer.
    ///
    /// # Errors
    /// [`DecodeError`]; not for pages that came from a client or from [`Page::read`].
    pub fn view(&self) -> Result<PageView<'_>, DecodeError> {
        PageView::read::<O>(&self.response)
    }

    /// The entries, decoded. One that does not decode costs only itself.
    ///
    /// # Errors
    /// As for [`Page::view`].
    pub fn items(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<O::Item, Error>> + '_, DecodeError> {
        let items = self.view()?.items;
        Ok(items.into_iter().enumerate().map(|(index, item)| read_item::<O>(index, item)))
    }

    /// How many entries the page has.
    pub fn len(&self) -> usize {
        self.outline.n_items
    }

    /// Whether the page has no entries; more may follow all the same.
    pub fn is_empty(&self) -> bool {
        self.outline.n_items == 0
    }

    /// Where the list continues; `None` on the last page.
    pub fn next(&self) -> Option<&Cursor> {
        self.outline.next.as_ref()
    }

    /// How many entries the whole list has, when the API says so.
    pub fn total_count(&self) -> Option<u64> {
        self.outline.total_count
    }

    /// The answer the page came in.
    pub fn response(&self) -> &Response {
        &self.response
    }

    /// The server's clock when it made the page.
    pub fn server_date(&self) -> Option<DateTime<Utc>> {
        self.response.date()
    }

    pub(crate) fn new(response: Response, outline: Outline) -> Self {
        Self { response, outline, operation: PhantomData }
    }

    pub(crate) fn outline(response: &Response) -> Result<Outline, DecodeError> {
        let PageView { items, next, total_count } = PageView::read::<O>(response)?;
        Ok(Outline { next, total_count, n_items: items.len() })
    }
}

impl<O: Paged> fmt::Debug for Page<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("operation", &O::NAME)
            .field("n_items", &self.outline.n_items)
            .field("total_count", &self.outline.total_count)
            .field("is_last", &self.outline.next.is_none())
            .finish_non_exhaustive()
    }
}

/// A stream of pages; see [`Client::pages`].
///
/// It ends after the last page, after an error, and with an error when the API repeats a cursor or
/// the list has too many pages. An empty page in the middle does not end it.
#[must_use = "a stream fetches nothing until it is polled"]
pub struct Pages<O> {
    pages: Pin<Box<dyn Stream<Item = Result<Page<O>, Error>> + Send>>,
}

impl<O: Paged + Send + 'static> Pages<O> {
    pub(crate) fn new(client: Client, operation: O, start: Option<Cursor>) -> Self {
        let walk = Walk {
            client,
            operation,
            seen: start.iter().cloned().collect(),
            n_pages: 0,
            step: Step::Fetch(start),
        };
        let pages = stream::unfold(walk, async |mut walk| {
            let page = walk.advance().await?;
            Some((page, walk))
        });
        Self { pages: Box::pin(pages.fuse()) }
    }
}

impl<O> Stream for Pages<O> {
    type Item = Result<Page<O>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pages.as_mut().poll_next(cx)
    }
}

impl<O: Paged> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("operation", &O::NAME).finish_non_exhaustive()
    }
}

/// A stream of decoded entries; see [`Client::items`].
///
/// An entry that does not decode is an [`Error::UnreadableItem`] in its place, and the stream goes
/// on; any other error ends it.
#[must_use = "a stream fetches nothing until it is polled"]
pub struct Items<O: Paged> {
    pages: Pages<O>,
    ready: VecDeque<Result<O::Item, Error>>,
}

impl<O: Paged> Items<O> {
    pub(crate) fn new(pages: Pages<O>) -> Self {
        Self { pages, ready: VecDeque::new() }
    }
}

// Nothing in it is pinned: the pages are boxed and the entries are only moved.
impl<O: Paged> Unpin for Items<O> {}

impl<O: Paged> Stream for Items<O> {
    type Item = Result<O::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Poll::Ready(Some(item));
            }
            match ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(page)) => self.ready.extend(page.items().expect("read on arrival")),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<O: Paged> fmt::Debug for Items<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("operation", &O::NAME).finish_non_exhaustive()
    }
}

/// A walk over the pages of a list.
struct Walk<O> {
    client: Client,
    operation: O,
    seen: HashSet<Cursor>,
    n_pages: u32,
    step: Step,
}

/// What a walk does next.
enum Step {
    Fetch(Option<Cursor>),
    Fail(Error),
    End,
}

impl<O: Paged> Walk<O> {
    async fn advance(&mut self) -> Option<Result<Page<O>, Error>> {
        let cursor = match std::mem::replace(&mut self.step, Step::End) {
            Step::Fetch(cursor) => cursor,
            Step::Fail(error) => return Some(Err(error)),
            Step::End => return None,
        };
        let request = match self.request(cursor.as_ref()) {
            Ok(request) => request,
            Err(error) => return Some(Err(error)),
        };
        let page = match self.client.page::<O>(&request).await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        self.n_pages += 1;
        if let Some(next) = page.next() {
            self.step = self.follow(next.clone());
        }
        Some(Ok(page))
    }

    fn request(&self, cursor: Option<&Cursor>) -> Result<Request, Error> {
        let version = self.client.version();
        Ok(match cursor {
            Some(cursor) => self.operation.request_at(version, cursor)?,
            None => self.operation.request(version)?,
        })
    }

    fn follow(&mut self, next: Cursor) -> Step {
        let limit = self.client.settings().max_pages;
        if self.n_pages >= limit {
            return Step::Fail(Error::TooManyPages { operation: O::NAME, limit });
        }
        // A scroll keeps one cursor from page to page and ends with an empty page.
        if O::PAGING != Paging::Scroll && !self.seen.insert(next.clone()) {
            let n_pages = self.n_pages;
            return Step::Fail(Error::CursorRepeated { operation: O::NAME, n_pages });
        }
        Step::Fetch(Some(next))
    }
}

fn read_item<O: Paged>(index: usize, item: &RawValue) -> Result<O::Item, Error> {
    #[derive(Deserialize)]
    struct Named {
        id: Option<Id>,
    }

    decode_item::<O>(item).map_err(|source| Error::UnreadableItem {
        operation: O::NAME,
        index,
        id: serde_json::from_str::<Named>(item.get()).ok().and_then(|named| named.id),
        source: Box::new(source),
    })
}
