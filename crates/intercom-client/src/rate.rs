//! The API's rate limit, kept before it is broken.
//!
//! The API counts calls in windows of ten seconds and tells with every answer how many are left
//! and when the window ends. [`Window`](window::Window) is the arithmetic, [`Gate`](gate::Gate)
//! makes calls wait for it.

use std::time::Duration;

pub(crate) mod gate;
pub(crate) mod headers;
pub(crate) mod window;

/// How the rate limit is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BudgetSettings {
    /// The most calls under way at once.
    pub max_in_flight: u32,
    /// The longest wait for the end of a window, whatever the server says.
    pub max_wait: Duration,
    /// The length of a window, for answers that do not tell when it ends.
    pub window: Duration,
    /// How long all calls pause after a 429 that names no time.
    pub blind_pause: Duration,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 256,
            max_wait: Duration::from_secs(60),
            window: Duration::from_secs(10),
            blind_pause: Duration::from_secs(1),
        }
    }
}

/// The rate limit as a client knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateStatus {
    /// Calls a window; `None` until an answer tells.
    pub limit: Option<u32>,
    /// Calls that may still start in this window; `None` until an answer tells.
    pub remaining: Option<u32>,
    /// Calls under way.
    pub n_in_flight: u32,
    /// Until the window ends; `None` when that is not known or has happened.
    pub resets_in: Option<Duration>,
    /// Until calls may start again after a 429; `None` when they may.
    pub closed_for: Option<Duration>,
}
