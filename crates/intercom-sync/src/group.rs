//! Pages that are committed together: fewer transactions, and no page waits for long.

use std::time::Duration;

use intercom_store::{PageWrite, RunId};
use tokio::time::Instant;

const MOST_PAGES: u32 = 10;
const LONGEST_WAIT: Duration = Duration::from_millis(100);

/// Pages of one stream that are not committed yet.
pub(crate) struct Group {
    pub(crate) write: PageWrite,
    pub(crate) n_pages: u32,
    pub(crate) total: Option<u64>,
    since: Instant,
}

impl Group {
    pub(crate) fn new(observed_at: i64, run: RunId) -> Self {
        let write = PageWrite { observed_at, run: Some(run), ..PageWrite::default() };
        Self { write, n_pages: 0, total: None, since: Instant::now() }
    }

    /// Adds a page; its bookmark speaks for all pages before it.
    pub(crate) fn add(&mut self, page: PageWrite, total: Option<u64>) {
        if self.n_pages == 0 {
            self.since = Instant::now();
        }
        self.n_pages += 1;
        self.total = total.or(self.total);
        self.write.records.extend(page.records);
        self.write.quarantined.extend(page.quarantined);
        self.write.bookmark = page.bookmark.or_else(|| self.write.bookmark.take());
    }

    pub(crate) fn is_due(&self) -> bool {
        self.n_pages >= MOST_PAGES || self.since.elapsed() >= LONGEST_WAIT
    }
}
