//! The API's rate limit, kept before it is broken.
//!
//! The API counts calls in windows of ten seconds and tells with every answer how many are left
//! and when the window ends. [`Window`](window::Window) is the arithmetic, [`Gate`](gate::Gate)
//! makes calls wait for it. Where processes share a token, a [`RateLease`] keeps the same
//! arithmetic in a place they share.

use std::time::Duration;

use intercom_api::{Request, Safety};

mod caps;
pub(crate) mod gate;
mod headers;
mod lease;
mod ledger;
mod queue;
mod window;

pub use lease::{LeaseFallback, RateLease};
pub use ledger::{LeaseGrant, LeaseTurn, RateLedger};

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
    /// Limits that the API does not announce. They hold for a client and its clones, not across
    /// processes.
    pub caps: Vec<ClassCap>,
    /// What calls do while a [`RateLease`] fails.
    pub lease_fallback: LeaseFallback,
}

impl BudgetSettings {
    /// The defaults, with at most 10 searches a second.
    pub fn seed4() -> Self {
        let searches =
            ClassCap { class: RequestClass::Search, calls: 10, per: Duration::from_secs(1) };
        Self { caps: vec![searches], ..Self::default() }
    }
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 256,
            max_wait: Duration::from_secs(60),
            window: Duration::from_secs(10),
            blind_pause: Duration::from_secs(1),
            caps: Vec::new(),
            lease_fallback: LeaseFallback::default(),
        }
    }
}

/// A limit of one class of requests: in no span of `per` do more than `calls` start. The other
/// classes do not wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassCap {
    /// The class.
    pub class: RequestClass,
    /// The most calls; zero counts as one.
    pub calls: u32,
    /// The span.
    pub per: Duration,
}

/// What kind of request it is, as far as limits of their own go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RequestClass {
    /// A read by `POST …/search`.
    Search,
    /// Everything else.
    Other,
}

impl RequestClass {
    /// The class of a request, from its safety and its path.
    pub fn of(request: &Request) -> Self {
        match request.safety {
            Safety::Read if request.path.ends_with("/search") => Self::Search,
            Safety::Read | Safety::Idempotent | Safety::Once => Self::Other,
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
    /// Calls that wait.
    pub n_waiting: u32,
    /// Until the window ends; `None` when that is not known or has happened.
    pub resets_in: Option<Duration>,
    /// Until calls may start again after a 429; `None` when they may.
    pub closed_for: Option<Duration>,
}
