//! The entries of a list, across its pages.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use intercom_api::Paged;

use crate::error::Error;
use crate::pages::{Page, Pages};

/// A stream of decoded entries; see [`Client::items`](crate::Client::items).
///
/// An entry that does not decode is an [`Error::UnreadableItem`] in its place, and the stream goes
/// on; any other error ends it. Entries are decoded one by one, as they are asked for.
#[must_use = "a stream fetches nothing until it is polled"]
pub struct Items<O: Paged> {
    pages: Pages<O>,
    page: Option<Page<O>>,
    /// The entry of the page that comes next.
    index: usize,
}

impl<O: Paged> Items<O> {
    pub(crate) fn new(pages: Pages<O>) -> Self {
        Self { pages, page: None, index: 0 }
    }

    /// Fetches the next page while the present one is used; see [`Pages::prefetch`].
    pub fn prefetch(self) -> Self {
        Self { pages: self.pages.prefetch(), ..self }
    }
}

// Nothing in it is pinned: the pages are boxed and the page is only moved.
impl<O: Paged> Unpin for Items<O> {}

impl<O: Paged> Stream for Items<O> {
    type Item = Result<O::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(page) = self.page.as_ref().filter(|page| self.index < page.len()) {
                let item = page.item(self.index);
                self.index += 1;
                return Poll::Ready(Some(item));
            }
            self.page = None;
            match ready!(Pin::new(&mut self.pages).poll_next(cx)) {
                Some(Ok(page)) => (self.page, self.index) = (Some(page), 0),
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
