//! When an attempt is repeated: a pure decision, and a shared allowance against storms.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};

use intercom_api::{Response, Safety};

use crate::transport::{AnswerFault, SendFault, TransportError};

/// The rules by which a failed attempt is repeated.
#[derive(Debug, Clone, PartialEq)]
pub struct RetryPolicy {
    /// The most attempts at one call, the first included.
    pub max_attempts: u32,
    /// The longest wait before the second attempt; it doubles with every attempt.
    pub base_delay: Duration,
    /// The longest wait that the policy chooses itself.
    pub max_delay: Duration,
    /// The longest wait that the server may ask for; a longer one is cut to it.
    pub max_server_delay: Duration,
    /// How many retries all calls of a client may have on credit while the API is failing.
    pub storm_credit: u32,
    /// How many answered calls earn one retry back.
    pub calls_per_credit: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 4,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            max_server_delay: Duration::from_secs(60),
            storm_credit: 100,
            calls_per_credit: 10,
        }
    }
}

/// The attempt that a decision is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// Which attempt it was, from 1.
    pub number: u32,
    /// Whether the request may be repeated.
    pub safety: Safety,
    /// The time since the call began.
    pub elapsed_for: Duration,
    /// The longest the call may take.
    pub deadline: Duration,
}

/// What an attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The request did not reach the API.
    NotSent,
    /// The API may have acted; there is no answer.
    MaybeSent,
    /// Status 429: the API did not act.
    Throttled {
        /// The wait the server asks for.
        delay: Option<Duration>,
    },
    /// Status 408 or 5xx: the API may have acted.
    ServerFailed {
        /// The wait the server asks for.
        delay: Option<Duration>,
    },
    /// A success whose JSON is missing or ends early.
    CutShort,
    /// Repeating would not change it.
    Final,
}

impl Outcome {
    /// What a missing answer means.
    pub fn of_failure(error: &TransportError) -> Self {
        match error {
            TransportError::NotSent { fault, .. } => match fault {
                SendFault::Resolve | SendFault::Connect => Self::NotSent,
                SendFault::Request => Self::Final,
            },
            TransportError::MaybeSent { fault, .. } => match fault {
                AnswerFault::Timeout | AnswerFault::Connection | AnswerFault::Body => {
                    Self::MaybeSent
                }
                AnswerFault::BodyTooLarge { .. } => Self::Final,
            },
        }
    }

    /// What the status of an answer means.
    pub fn of_status(response: &Response) -> Self {
        match response.status {
            429 => Self::Throttled { delay: server_delay(response) },
            408 | 500 | 502..=599 => Self::ServerFailed { delay: server_delay(response) },
            _ => Self::Final,
        }
    }
}

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Try again after a wait.
    Retry {
        /// The wait.
        after: Duration,
    },
    /// The outcome stands.
    GiveUp,
}

impl RetryPolicy {
    /// Decides about an attempt. `random` lies in `0.0..1.0` and spreads the policy's own waits.
    pub fn decide(&self, attempt: Attempt, outcome: Outcome, random: f64) -> Decision {
        let may_repeat = match outcome {
            Outcome::NotSent | Outcome::Throttled { .. } => true,
            Outcome::MaybeSent | Outcome::ServerFailed { .. } => match attempt.safety {
                Safety::Read | Safety::Idempotent => true,
                Safety::Once => false,
            },
            Outcome::CutShort => attempt.safety == Safety::Read,
            Outcome::Final => false,
        };
        if !may_repeat || attempt.number >= self.max_attempts {
            return Decision::GiveUp;
        }
        let asked_for = match outcome {
            Outcome::Throttled { delay } | Outcome::ServerFailed { delay } => delay,
            Outcome::NotSent | Outcome::MaybeSent | Outcome::CutShort | Outcome::Final => None,
        };
        let after = match asked_for {
            Some(delay) => delay.min(self.max_server_delay),
            None => self.backoff(attempt.number, random),
        };
        if attempt.elapsed_for.saturating_add(after) >= attempt.deadline {
            return Decision::GiveUp;
        }
        Decision::Retry { after }
    }

    /// A wait drawn evenly from zero to a ceiling that doubles with every attempt.
    fn backoff(&self, number: u32, random: f64) -> Duration {
        let doublings = number.saturating_sub(1).min(20);
        let ceiling = self.base_delay.saturating_mul(1 << doublings).min(self.max_delay);
        ceiling.mul_f64(random.clamp(0.0, 1.0))
    }
}

/// The wait an answer asks for: `Retry-After`, else for a 429 the time to the end of the rate
/// window by the server's own clock.
pub(crate) fn server_delay(response: &Response) -> Option<Duration> {
    let asked = response.headers.get("Retry-After").and_then(|text| {
        let text = text.trim();
        let until = |at: DateTime<Utc>| response.date().map(|now| (at - now).num_seconds());
        text.parse().ok().or_else(|| http_date(text).and_then(until))
    });
    let window_end = || {
        let reset_at: i64 = response.headers.get("X-RateLimit-Reset")?.trim().parse().ok()?;
        // `Date` is cut to the second: a window that ends in it may still be open.
        Some(reset_at.checked_sub(response.date()?.timestamp())?.max(1))
    };
    let seconds: i64 = match response.status {
        429 => asked.or_else(window_end)?,
        _ => asked?,
    };
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.to_utc())
}

/// The retries that are left, shared by all calls of a client.
///
/// While the API fails, a client with many calls would multiply its load by the attempts of each;
/// with the credit used up, every call is sent once. Answered calls earn it back.
#[derive(Debug)]
pub(crate) struct StormGuard {
    /// In parts of a retry: one retry is `calls_per_credit` parts.
    parts: AtomicU32,
    parts_per_retry: u32,
    most_parts: u32,
}

impl StormGuard {
    pub(crate) fn new(policy: &RetryPolicy) -> Self {
        let parts_per_retry = policy.calls_per_credit.max(1);
        let most_parts = policy.storm_credit.saturating_mul(parts_per_retry);
        Self { parts: AtomicU32::new(most_parts), parts_per_retry, most_parts }
    }

    /// Takes one retry; `false` when none is left.
    pub(crate) fn withdraw(&self) -> bool {
        let take = |parts: u32| parts.checked_sub(self.parts_per_retry);
        self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Counts an answered call.
    pub(crate) fn deposit(&self) {
        let add = |parts: u32| (parts < self.most_parts).then(|| parts + 1);
        // `Err` means that the credit is full.
        let _ = self.parts.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}
