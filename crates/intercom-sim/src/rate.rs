//! Calls per ten seconds, in fixed windows that begin at multiples of ten seconds.

/// The length of a window.
pub(crate) const WINDOW: i64 = 10;

/// Counts the calls of the current window.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RateWindow {
    start: i64,
    n_calls: u32,
}

/// What the headers of an answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) limit: u32,
    pub(crate) remaining: u32,
    /// Unix seconds at which the window ends.
    pub(crate) reset: i64,
    /// Whether this call was one too many.
    pub(crate) is_exceeded: bool,
}

impl RateWindow {
    /// Counts one call. Calls that are refused do not count.
    pub(crate) fn call(&mut self, limit: u32, now: i64) -> Budget {
        let start = now - now.rem_euclid(WINDOW);
        if start != self.start {
            *self = Self { start, n_calls: 0 };
        }
        let is_exceeded = self.n_calls >= limit;
        if !is_exceeded {
            self.n_calls += 1;
        }
        Budget { limit, remaining: limit - self.n_calls, reset: start + WINDOW, is_exceeded }
    }

    /// Takes back the call that was counted last, because it is refused after all.
    pub(crate) fn take_back(&mut self, counted: Budget) -> Budget {
        self.n_calls = self.n_calls.saturating_sub(1);
        Budget { remaining: 0, is_exceeded: true, ..counted }
    }
}
