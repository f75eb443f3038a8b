//! Pages that are committed together: fewer transactions, and no page waits for long.

use std::time::Duration;

use intercom_store::{Bookmark, LoadWindow, PageWrite, RunId};
use tokio::time::Instant;

const MOST_PAGES: u32 = 10;
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// Pages of large records are not kept in memory for company.
const MOST_BYTES: usize = 16 << 20;

/// A page that was read: its records, and the bookmark behind it.
#[derive(Default)]
pub(crate) struct ReadPage {
    pub(crate) write: PageWrite,
    /// What the API announced for the whole query.
    pub(crate) total: Option<u64>,
}

/// Pages of one stream that are not committed yet.
pub(crate) struct Group {
    pub(crate) write: PageWrite,
    pub(crate) n_pages: u32,
    pub(crate) total: Option<u64>,
    n_bytes: usize,
    since: Instant,
}

impl Group {
    pub(crate) fn new(observed_at: i64, run: RunId) -> Self {
        let write = PageWrite { observed_at, run: Some(run), ..PageWrite::default() };
        Self { write, n_pages: 0, total: None, n_bytes: 0, since: Instant::now() }
    }

    /// Adds a page; its bookmark speaks for all pages before it that were read in the same walk.
    pub(crate) fn add(&mut self, page: ReadPage) {
        if self.n_pages == 0 {
            self.since = Instant::now();
        }
        let ReadPage { write, total } = page;
        self.n_pages += 1;
        self.total = total.or(self.total);
        self.n_bytes += write.records.iter().map(|record| record.body.len()).sum::<usize>();
        self.n_bytes += write.quarantined.iter().map(|entry| entry.body.len()).sum::<usize>();
        self.write.records.extend(write.records);
        self.write.quarantined.extend(write.quarantined);
        self.bookmark(write.bookmark);
        for window in write.windows {
            self.window(window);
        }
        self.write.forgets_windows |= write.forgets_windows;
    }

    pub(crate) fn bookmark(&mut self, bookmark: Option<Bookmark>) {
        self.write.bookmark = bookmark.or_else(|| self.write.bookmark.take());
    }

    fn window(&mut self, window: LoadWindow) {
        match self.write.windows.iter_mut().find(|known| known.position == window.position) {
            Some(known) => *known = window,
            None => self.write.windows.push(window),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.n_pages >= MOST_PAGES || self.n_bytes >= MOST_BYTES
    }

    /// When the pages have waited for long enough; `None` when there are none.
    pub(crate) fn due_at(&self) -> Option<Instant> {
        (self.n_pages > 0).then(|| self.since + LONGEST_WAIT)
    }
}
