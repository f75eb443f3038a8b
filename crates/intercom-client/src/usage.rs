//! What a client has used of the API.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What a client and its clones have used of the API since the first was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Attempts sent, repeated ones included.
    pub n_calls: u64,
    /// Attempts that were answered with 429.
    pub n_throttled: u64,
    /// Attempts that were answered with 5xx or not at all.
    pub n_failed: u64,
    /// Attempts that waited for the rate limit first.
    pub n_waits: u64,
    /// The sum of these waits; of calls that wait at the same time each counts.
    pub waited_for: Duration,
}

/// The counters behind a [`Usage`], shared by all clones. They are read one by one, so a reading
/// in the middle of an attempt may show a part of it.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    n_calls: AtomicU64,
    n_throttled: AtomicU64,
    n_failed: AtomicU64,
    n_waits: AtomicU64,
    waited_micros: AtomicU64,
}

impl Meter {
    /// Counts an attempt that is about to be sent.
    pub(crate) fn starts(&self, waited_for: Duration) {
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        if !waited_for.is_zero() {
            self.n_waits.fetch_add(1, Ordering::Relaxed);
            let micros = u64::try_from(waited_for.as_micros()).unwrap_or(u64::MAX);
            self.waited_micros.fetch_add(micros, Ordering::Relaxed);
        }
    }

    /// Counts how an attempt ended; `None` when there is no answer.
    pub(crate) fn ended(&self, status: Option<u16>) {
        match status {
            Some(429) => self.n_throttled.fetch_add(1, Ordering::Relaxed),
            Some(500..) | None => self.n_failed.fetch_add(1, Ordering::Relaxed),
            Some(_) => 0,
        };
    }

    pub(crate) fn read(&self) -> Usage {
        Usage {
            n_calls: self.n_calls.load(Ordering::Relaxed),
            n_throttled: self.n_throttled.load(Ordering::Relaxed),
            n_failed: self.n_failed.load(Ordering::Relaxed),
            n_waits: self.n_waits.load(Ordering::Relaxed),
            waited_for: Duration::from_micros(self.waited_micros.load(Ordering::Relaxed)),
        }
    }
}
