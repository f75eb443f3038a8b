//! The simulator as a [`Transport`]: a client in the same process talks to it without a network.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream;
use intercom_api::{Request, Response};
use intercom_client::{AnswerFault, Streamed, Transport, TransportError};
use tokio::time::Instant;

use crate::rate::AppName;
use crate::reply::{Manner, Reply};
use crate::simulator::{Caller, Simulator};
use crate::stats::Stats;

/// The last second of the year 9999.
const LATEST: i64 = 253_402_300_799;

/// Why a clock does not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Time does not run backwards: cursors and rate windows rely on it.
    #[error("the clock does not go back; advance it by 0 seconds or more")]
    Backwards,
    /// The instant would lie after the year 9999.
    #[error("the clock ends with the year 9999")]
    TooFar,
}

/// The clock of a simulated workspace. Clones share it.
///
/// It stays within the years 1970 to 9999: what lies outside counts as the nearer end.
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
        self.base.load(Ordering::Relaxed).saturating_add(self.passed()).clamp(0, LATEST)
    }

    /// Moves the clock by so many seconds; rate windows and index lag move with it. It stops at
    /// the end of the year 9999, and a negative number does not move it.
    pub fn advance(&self, seconds: i64) {
        let step = |base: i64| Some(base.saturating_add(seconds.max(0)).min(LATEST));
        let _ = self.base.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step);
    }

    /// Moves the clock by so many seconds, or not at all; returns where it stands then.
    ///
    /// # Errors
    /// [`ClockError`] for a negative number and for an instant after the year 9999.
    pub fn try_advance(&self, seconds: i64) -> Result<i64, ClockError> {
        if seconds < 0 {
            return Err(ClockError::Backwards);
        }
        let passed = self.passed();
        let step = |base: i64| {
            let moved = base.checked_add(seconds)?;
            (moved.checked_add(passed)? <= LATEST).then_some(moved)
        };
        match self.base.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(_) => Ok(self.now()),
            Err(_) => Err(ClockError::TooFar),
        }
    }

    /// Whether the clock can be moved so far, which it is not.
    #[cfg(feature = "server")]
    pub(crate) fn can_advance(&self, seconds: i64) -> Result<(), ClockError> {
        match (seconds, self.now().checked_add(seconds)) {
            (..0, _) => Err(ClockError::Backwards),
            (_, Some(..=LATEST)) => Ok(()),
            (_, Some(_) | None) => Err(ClockError::TooFar),
        }
    }

    /// Seconds since a running clock started.
    fn passed(&self) -> i64 {
        let passed = self.started_at.map_or(0, |started_at| started_at.elapsed().as_secs());
        i64::try_from(passed).unwrap_or(i64::MAX)
    }
}

/// Whether requests carry a token that the workspace knows, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Credentials {
    Valid(AppName),
    Missing,
}

/// What a [`SimTransport`] puts up with before it gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long an answer may take, its body included.
    pub answer: Duration,
    /// The longest body read into memory, in bytes; bodies that are handed on as they come have no
    /// such limit.
    pub max_body_bytes: usize,
}

impl Default for Patience {
    /// As patient as `intercom-client` over HTTP: 30 seconds and 32 MiB.
    fn default() -> Self {
        Self { answer: Duration::from_secs(30), max_body_bytes: 32 * 1024 * 1024 }
    }
}

/// A [`Transport`] that answers from a workspace in memory. Clones share the workspace.
///
/// [Faults](crate::Faults) of the network become what a client over HTTP would see: no answer in
/// time, a connection that breaks, a body that is cut or too long.
#[derive(Clone)]
pub struct SimTransport {
    // Shared by all clones: a client's concurrent calls, the test that changes the workspace while
    // they run, and the loopback server's handlers. The lock is never held across an await.
    simulator: Arc<Mutex<Simulator>>,
    clock: SimClock,
    credentials: Credentials,
    /// Where callers reached the simulator; URLs in answers point there.
    origin: Option<String>,
    patience: Patience,
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
        let credentials = Credentials::Valid(AppName::default());
        Self { simulator, clock, credentials, origin: None, patience: Patience::default() }
    }

    /// The same workspace for somebody without a valid token: every call answers 401.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { credentials: Credentials::Missing, ..self.clone() }
    }

    /// The same workspace with a token, whose app is looked up in the settings.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        let app = self.with(|simulator| simulator.settings().apps.of(token));
        Self { credentials: Credentials::Valid(app), ..self.clone() }
    }

    /// The same workspace for somebody who reached it at this address.
    #[cfg(feature = "server")]
    pub(crate) fn with_origin(&self, origin: String) -> Self {
        Self { origin: Some(origin), ..self.clone() }
    }

    /// The same workspace for somebody who gives up sooner or later.
    #[must_use]
    pub fn with_patience(&self, patience: Patience) -> Self {
        Self { patience, ..self.clone() }
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

    /// The answer to a request, after the latency of the settings, and how it travels from there.
    pub(crate) async fn reply(&self, request: &Request) -> Reply {
        let origin = self.origin.as_deref();
        self.answered(request, |simulator, app, now| {
            simulator.reply_to(Caller { app, origin }, request, now)
        })
        .await
    }

    /// The answer to a request whose version header names no version.
    #[cfg(feature = "server")]
    pub(crate) async fn reply_to_unknown_version(&self, request: &Request) -> Reply {
        self.answered(request, |simulator, app, now| {
            simulator.reply_to_unknown_version(app, request, now)
        })
        .await
    }

    async fn answered(
        &self,
        request: &Request,
        reply: impl FnOnce(&mut Simulator, &AppName, i64) -> Reply,
    ) -> Reply {
        let latency = self.with(|simulator| simulator.settings().latency);
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        let now = self.now();
        self.with(|simulator| match &self.credentials {
            Credentials::Valid(app) => reply(simulator, app, now),
            Credentials::Missing => Reply {
                response: simulator.handle_unauthorized(request, now),
                manner: Manner::Prompt,
            },
        })
    }

    /// Waits for an answer that takes its time, but not longer than patience lasts.
    async fn wait(&self, time: Duration) -> Result<(), TransportError> {
        tokio::time::sleep(time.min(self.patience.answer)).await;
        match time < self.patience.answer {
            true => Ok(()),
            false => Err(unanswered(AnswerFault::Timeout)),
        }
    }
}

fn unanswered(fault: AnswerFault) -> TransportError {
    TransportError::MaybeSent { fault, source: None }
}

fn halved(mut response: Response) -> Response {
    response.body.truncate(response.body.len() / 2);
    response
}

#[async_trait]
impl Transport for SimTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let Reply { response, manner } = self.reply(request).await;
        match manner {
            Manner::Prompt => {}
            Manner::Late(time) => self.wait(time).await?,
            Manner::Silent => self.wait(Duration::MAX).await?,
            Manner::Reset => return Err(unanswered(AnswerFault::Connection)),
            // A refusal stands when its head has arrived, whatever becomes of its body.
            Manner::Dripping(time) => match self.wait(time).await {
                Err(_) if !response.is_success() => return Ok(halved(response)),
                waited => waited?,
            },
            Manner::ResetInBody if !response.is_success() => return Ok(halved(response)),
            Manner::ResetInBody => return Err(unanswered(AnswerFault::Body)),
        }
        let limit = self.patience.max_body_bytes;
        if response.body.len() > limit {
            let limit = u64::try_from(limit).unwrap_or(u64::MAX);
            return Err(unanswered(AnswerFault::BodyTooLarge { limit }));
        }
        Ok(response)
    }

    async fn open(&self, request: &Request) -> Result<Streamed, TransportError> {
        let Reply { response, manner } = self.reply(request).await;
        match manner {
            // A body that drips never pauses long enough to be given up.
            Manner::Prompt | Manner::Dripping(_) => Ok(response.into()),
            Manner::Late(time) => {
                self.wait(time).await?;
                Ok(response.into())
            }
            Manner::Silent => {
                self.wait(Duration::MAX).await?;
                Ok(response.into())
            }
            Manner::Reset => Err(unanswered(AnswerFault::Connection)),
            Manner::ResetInBody => {
                let Response { status, headers, body } = response;
                let half = body.slice(..body.len() / 2);
                let pieces = [Ok(half), Err(unanswered(AnswerFault::Body))];
                let body = Box::pin(stream::iter(pieces));
                Ok(Streamed { status, headers, body, redirected_by: None })
            }
        }
    }
}
