//! Lists: pages as received, and their entries.

mod items;
mod size;
mod skim;
mod walk;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use intercom_api::{Cursor, DecodeError, Id, PageView, Paged, Response, decode_item};

use crate::error::Error;

pub use items::Items;
pub use walk::Pages;

/// One page of a list, as received.
pub struct Page<O> {
    response: Response,
    outline: Outline,
    operation: PhantomData<fn() -> O>,
}

/// What a page says about its list, and where its entries stand in the body.
pub(crate) struct Outline {
    next: Option<Cursor>,
    total_count: Option<u64>,
    items: Vec<Range<usize>>,
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
    /// None: a page was read when it was made.
    pub fn view(&self) -> Result<PageView<'_>, DecodeError> {
        let items = (0..self.len()).map(|index| self.text(index)).collect();
        let Outline { next, total_count, .. } = &self.outline;
        Ok(PageView { items, next: next.clone(), total_count: *total_count })
    }

    /// The entries, decoded. One that does not decode costs only itself.
    ///
    /// # Errors
    /// As for [`Page::view`].
    pub fn items(
        &self,
    ) -> Result<impl ExactSizeIterator<Item = Result<O::Item, Error>> + '_, DecodeError> {
        Ok((0..self.len()).map(|index| self.item(index)))
    }

    /// How many entries the page has.
    pub fn len(&self) -> usize {
        self.outline.items.len()
    }

    /// Whether the page has no entries; more may follow all the same.
    pub fn is_empty(&self) -> bool {
        self.outline.items.is_empty()
    }

    /// Where the list continues; `None` on the last page. Stored, it resumes the list in another
    /// process: see [`Client::pages_from`](crate::Client::pages_from).
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
        let start = response.body.as_ptr() as usize;
        let range = |item: &str| {
            let from = item.as_ptr() as usize - start;
            from..from + item.len()
        };
        let items = items.into_iter().map(range).collect();
        Ok(Outline { next, total_count, items })
    }

    /// The entry at `index`, decoded.
    pub(crate) fn item(&self, index: usize) -> Result<O::Item, Error> {
        let text = self.text(index);
        decode_item::<O>(text).map_err(|source| Error::UnreadableItem {
            operation: O::NAME,
            index,
            id: id_of(text),
            source: Box::new(source),
        })
    }

    /// The id of the first entry, when there is one that can be read.
    pub(crate) fn first_id(&self) -> Option<Id> {
        (!self.is_empty()).then(|| id_of(self.text(0))).flatten()
    }

    fn text(&self, index: usize) -> &str {
        let bytes = &self.response.body[self.outline.items[index].clone()];
        std::str::from_utf8(bytes).expect("the range is that of a text")
    }
}

impl<O: Paged> fmt::Debug for Page<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("operation", &O::NAME)
            .field("n_items", &self.outline.items.len())
            .field("total_count", &self.outline.total_count)
            .field("is_last", &self.outline.next.is_none())
            .finish_non_exhaustive()
    }
}

fn id_of(item: &str) -> Option<Id> {
    #[derive(Deserialize)]
    struct Named {
        id: Option<Id>,
    }

    serde_json::from_str::<Named>(item).ok().and_then(|named| named.id)
}
