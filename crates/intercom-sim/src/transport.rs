//! The simulator as a [`Transport`]: a client in the same process talks to it without a network.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use intercom_api::{Request, Response};
use intercom_client::{Transport, TransportError};
use tokio::time::Instant;

use crate::simulator::{Simulator, Stats};

/// The clock of a simulated workspace. Clones share it.
///
/// It knows no wall clock: a running one follows tokio's, which tests pause and advance.
#[derive(Debug, Clone)]
pub struct SimClock {
    /// Unix seconds at which a frozen clock stands, or a running one started.
    base: Arc<AtomicI64>,
    started_at: Option<Instant>,
}

impl SimClock {
    /// A clock that stands still until it is advanced.
    pub fn frozen(now: i64) -> Self {
        Self { base: Arc::new(AtomicI64::new(now)), started_at: None }
    }

    /// A clock that runs with tokio's.
    pub fn running(now: i64) -> Self {
        Self { base: Arc::new(AtomicI64::new(now)), started_at: Some(Instant::now()) }
    }

    /// Unix seconds.
    pub fn now(&self) -> i64 {
        let passed = self.started_at.map_or(0, |started_at| started_at.elapsed().as_secs());
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        self.base.load(Ordering::Relaxed).saturating_add(passed)
    }

    /// Moves the clock by so many seconds; rate windows and index lag move with it.
    pub fn advance(&self, seconds: i64) {
        self.base.fetch_add(seconds, Ordering::Relaxed);
    }
}

/// Whether requests carry a token that the workspace knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    Valid,
    Missing,
}

/// A [`Transport`] that answers from a workspace in memory. Clones share the workspace.
#[derive(Clone)]
pub struct SimTransport {
    // Shared by all clones: a client's concurrent calls, the test that changes the workspace while
    // they run, and the loopback server's handlers. The lock is never held across an await.
    simulator: Arc<Mutex<Simulator>>,
    clock: SimClock,
    credentials: Credentials,
}

impl fmt::Debug for SimTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimTransport").field("now", &self.clock.now()).finish_non_exhaustive()
    }
}

impl SimTransport {
    /// A transport to a simulator, with a valid token.
    pub fn new(simulator: Simulator, clock: SimClock) -> Self {
        let simulator = Arc::new(Mutex::new(simulator));
        Self { simulator, clock, credentials: Credentials::Valid }
    }

    /// The same workspace for somebody without a valid token: every call answers 401.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { credentials: Credentials::Missing, ..self.clone() }
    }

    /// The clock.
    pub fn clock(&self) -> &SimClock {
        &self.clock
    }

    /// Unix seconds of the workspace's clock.
    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// Looks at the simulator or changes it; no call is answered meanwhile.
    pub fn with<T>(&self, act: impl FnOnce(&mut Simulator) -> T) -> T {
        // A panicking test does not make the workspace inconsistent.
        act(&mut self.simulator.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What was requested so far.
    pub fn stats(&self) -> Stats {
        self.with(|simulator| simulator.stats().clone())
    }

    /// The answer to a request, after the latency of the settings.
    pub(crate) async fn answer(&self, request: &Request) -> Response {
        let latency = self.with(|simulator| simulator.settings().latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let now = self.now();
        self.with(|simulator| match self.credentials {
            Credentials::Valid => simulator.handle(request, now),
            Credentials::Missing => simulator.handle_unauthorized(request, now),
        })
    }
}

#[async_trait]
impl Transport for SimTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        Ok(self.answer(request).await)
    }
}
