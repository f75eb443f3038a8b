//! The walk from page to page.

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument;

use intercom_api::{Cursor, Paged, Paging, Request, Response};

use crate::client::Client;
use crate::error::{Behind, Error};
use crate::pages::Page;
use crate::pages::size::{page_size, set_page_size};
use crate::pages::skim::Skim;
use crate::transport::{AnswerFault, TransportError};

/// A stream of pages; see [`Client::pages`].
///
/// It ends after the last page, after an error, and with an error when the API repeats a cursor or
/// the list has too many pages. An empty page in the middle does not end it. Dropping the future
/// that waits for a page loses nothing: the next one waits for the same page.
///
/// A page that is longer than the transport accepts is asked for again with half as many entries,
/// where the list continues by cursor. An entry that is too long by itself is an
/// [`Error::EntryTooLarge`] in its place, and the stream goes on behind it.
#[must_use = "a stream fetches nothing until it is polled"]
pub struct Pages<O> {
    steps: Box<dyn Steps<O> + Send>,
}

impl<O: Paged + Send + 'static> Pages<O> {
    pub(crate) fn new(client: Client, operation: O, start: Option<Cursor>) -> Self {
        let mut walk = Walk {
            client,
            operation,
            seen: HashSet::new(),
            n_pages: 0,
            size: None,
            step: Step::End,
            fetch: None,
            runs_ahead: false,
        };
        if let Some(cursor) = &start {
            walk.remember(cursor);
        }
        walk.step = Step::Fetch(start);
        Self { steps: Box::new(walk) }
    }
}

impl<O> Pages<O> {
    /// Fetches the next page while the present one is used: never more than one page ahead, and
    /// nothing before the stream is first polled.
    ///
    /// The page is fetched by a task of the tokio runtime, so that it makes progress while nobody
    /// polls the stream; dropping the stream ends the task. An error comes in its place, after the
    /// page before it. Outside a runtime the stream behaves as without this.
    pub fn prefetch(mut self) -> Self {
        self.steps.run_ahead();
        self
    }
}

impl<O> Stream for Pages<O> {
    type Item = Result<Page<O>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.steps.poll_page(cx)
    }
}

impl<O: Paged> fmt::Debug for Pages<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("operation", &O::NAME).finish_non_exhaustive()
    }
}

/// A walk whose operation can be sent between threads, behind a type that does not say so.
trait Steps<O> {
    fn run_ahead(&mut self);
    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Page<O>, Error>>>;
}

struct Walk<O> {
    client: Client,
    operation: O,
    /// Hashes of the cursors: a cursor may be long, and there may be very many.
    seen: HashSet<u64>,
    n_pages: u32,
    /// So many entries a page, because more were too long.
    size: Option<u32>,
    step: Step,
    fetch: Option<Fetch<O>>,
    runs_ahead: bool,
}

/// What a walk does next.
enum Step {
    Fetch(Option<Cursor>),
    Fail(Error),
    End,
}

/// A page on its way.
enum Fetch<O> {
    /// Makes progress when it is polled.
    Polled(Pin<Box<dyn Future<Output = Result<Page<O>, Error>> + Send>>),
    /// Makes progress by itself.
    Spawned(Task<Result<Page<O>, Error>>),
}

/// A task that ends with its handle.
struct Task<T>(JoinHandle<T>);

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<O: Paged + Send + 'static> Steps<O> for Walk<O> {
    fn run_ahead(&mut self) {
        self.runs_ahead = true;
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Page<O>, Error>>> {
        loop {
            let Some(fetch) = &mut self.fetch else {
                match std::mem::replace(&mut self.step, Step::End) {
                    Step::End => return Poll::Ready(None),
                    Step::Fail(error) => return Poll::Ready(Some(Err(error))),
                    Step::Fetch(cursor) => {
                        let request = match self.request(cursor.as_ref()) {
                            Ok(request) => request,
                            Err(error) => return Poll::Ready(Some(Err(error))),
                        };
                        self.fetch = Some(Fetch::Polled(Box::pin(self.page(request))));
                        self.step = Step::Fetch(cursor);
                    }
                }
                continue;
            };
            let fetched = ready!(fetch.poll(cx));
            self.fetch = None;
            // A task that its runtime ended is replaced by a fetch of our own.
            if let Some(fetched) = fetched {
                match self.arrive(fetched) {
                    Some(arrived) => return Poll::Ready(Some(arrived)),
                    None => continue,
                }
            }
        }
    }
}

impl<O: Paged + Send + 'static> Walk<O> {
    /// Takes the page that was fetched and decides what comes after it; `None` when something else
    /// is fetched in its place.
    fn arrive(&mut self, fetched: Result<Page<O>, Error>) -> Option<Result<Page<O>, Error>> {
        let step = std::mem::replace(&mut self.step, Step::End);
        match fetched {
            Ok(page) => {
                self.count(page.next());
                if self.runs_ahead {
                    self.fetch_ahead();
                }
                Some(Ok(page))
            }
            Err(Error::EntryTooLarge { operation, id, limit, behind }) => {
                self.count(behind.cursor());
                Some(Err(Error::EntryTooLarge { operation, id, limit, behind }))
            }
            Err(error) => match self.fetch_less(&error, step) {
                true => None,
                false => Some(Err(error)),
            },
        }
    }

    /// Counts a page, and goes on behind it.
    fn count(&mut self, next: Option<&Cursor>) {
        self.n_pages = self.n_pages.saturating_add(1);
        // As many entries as were asked for at first, in a few steps.
        self.size = self.size.map(|size| size.saturating_mul(2));
        if let Some(next) = next {
            self.step = self.follow(next.clone());
        }
    }

    /// Asks for half as many entries when there were too many to be kept; of one that is too long
    /// alone only its id and what comes behind it.
    fn fetch_less(&mut self, error: &Error, step: Step) -> bool {
        let (Some(limit), Step::Fetch(cursor)) = (error.body_limit(), step) else { return false };
        let Ok(mut request) = self.request(cursor.as_ref()) else { return false };
        let Some(size) = page_size(&request, O::PAGING) else { return false };
        if size == 1 {
            tracing::warn!(operation = O::NAME, limit, "an entry is longer than is accepted");
            self.fetch = Some(Fetch::Polled(Box::pin(self.skim(request, limit))));
        } else {
            tracing::warn!(operation = O::NAME, limit, size, "a page is longer than is accepted");
            self.step = Step::Fetch(cursor);
            self.size = Some(size / 2);
            set_page_size(&mut request, O::PAGING, size / 2);
            self.fetch = Some(Fetch::Polled(Box::pin(self.page(request))));
        }
        true
    }

    fn follow(&mut self, next: Cursor) -> Step {
        let limit = self.client.settings().max_pages;
        if self.n_pages >= limit {
            return Step::Fail(Error::TooManyPages { operation: O::NAME, limit });
        }
        // A scroll keeps one cursor from page to page and ends with an empty page.
        if O::PAGING != Paging::Scroll && !self.remember(&next) {
            let n_pages = self.n_pages;
            return Step::Fail(Error::CursorRepeated { operation: O::NAME, n_pages });
        }
        Step::Fetch(Some(next))
    }

    fn fetch_ahead(&mut self) {
        let (Step::Fetch(cursor), Ok(runtime)) = (&self.step, Handle::try_current()) else {
            return;
        };
        // A request that cannot be built fails when the page is asked for.
        if let Ok(request) = self.request(cursor.as_ref()) {
            let page = self.page(request);
            self.fetch = Some(Fetch::Spawned(Task(runtime.spawn(page))));
        }
    }

    fn request(&self, cursor: Option<&Cursor>) -> Result<Request, Error> {
        let version = self.client.version();
        let mut request = match cursor {
            Some(cursor) => self.operation.request_at(version, cursor)?,
            None => self.operation.request(version)?,
        };
        if let Some(size) = self.size {
            let full = page_size(&request, O::PAGING).unwrap_or(size);
            if size < full {
                set_page_size(&mut request, O::PAGING, size);
            }
        }
        Ok(request)
    }

    fn page(&self, request: Request) -> impl Future<Output = Result<Page<O>, Error>> + use<O> {
        let client = self.client.clone();
        let page = self.n_pages.saturating_add(1);
        // The caller's span is its parent, also when a task fetches the page.
        let span = tracing::info_span!("page", operation = O::NAME, page);
        async move { client.page::<O>(&request).await }.instrument(span)
    }

    /// The entry on a page of one that is too long, as the error that says so; the page, when it is
    /// not too long this time.
    fn skim(
        &self,
        request: Request,
        limit: u64,
    ) -> impl Future<Output = Result<Page<O>, Error>> + use<O> {
        let client = self.client.clone();
        async move {
            let mut skim = Skim::new(O::ITEMS);
            let mut whole = Some(BytesMut::new());
            let mut body = client.download_request(request).await?;
            while let Some(part) = body.next().await {
                let part = part?;
                skim.push(&part);
                whole = whole.filter(|whole| (whole.len() + part.len()) as u64 <= limit);
                if let Some(whole) = &mut whole {
                    whole.extend_from_slice(&part);
                }
            }
            let (status, headers) = (body.status(), body.headers().clone());
            let whole = whole.map(|whole| Response { status, headers, body: whole.freeze() });
            if let Some(Ok(page)) = whole.map(Page::<O>::read) {
                return Ok(page);
            }
            let kept = skim.finish().map(|kept| Response::new(status, kept));
            let Some(Ok(page)) = kept.map(Page::<O>::read) else {
                let fault = AnswerFault::BodyTooLarge { limit };
                return Err(body.broken(TransportError::MaybeSent { fault, source: None }));
            };
            let (id, behind) = (page.first_id(), Behind::new(page.next().cloned()));
            Err(Error::EntryTooLarge { operation: O::NAME, id, limit, behind })
        }
    }

    /// Whether the cursor has not been seen before.
    fn remember(&mut self, cursor: &Cursor) -> bool {
        self.seen.insert(BuildHasherDefault::<DefaultHasher>::default().hash_one(cursor))
    }
}

impl<O> Fetch<O> {
    /// The page, or nothing when the runtime ended the task.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Page<O>, Error>>> {
        match self {
            Self::Polled(page) => page.as_mut().poll(cx).map(Some),
            Self::Spawned(task) => match ready!(Pin::new(&mut task.0).poll(cx)) {
                Ok(page) => Poll::Ready(Some(page)),
                Err(ended) if ended.is_panic() => resume_unwind(ended.into_panic()),
                Err(_) => Poll::Ready(None),
            },
        }
    }
}
