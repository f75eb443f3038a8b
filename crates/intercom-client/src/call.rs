//! The one loop that sends: rate budget, attempt, decision, wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, field};

use intercom_api::{ApiError, DecodeError, Request, Response};

use crate::error::{Call, Error};
use crate::rate::gate::Gate;
use crate::rate::{RateStatus, RequestClass};
use crate::retry::{Attempt, Decision, Outcome, StormGuard};
use crate::settings::ClientSettings;
use crate::transport::{AnswerFault, Transport, TransportError};

/// What all clones of a client share.
pub(crate) struct Calls {
    transport: Arc<dyn Transport>,
    settings: ClientSettings,
    gate: Arc<Gate>,
    storm: StormGuard,
}

/// A call that has no result.
pub(crate) struct GaveUp {
    pub(crate) failure: Failure,
    efforts: Efforts,
}

/// What was tried before a call ended.
#[derive(Clone, Copy, Default)]
struct Efforts {
    n_attempts: u32,
    /// An attempt before the last may have reached the API.
    may_have_arrived: bool,
    /// The waits for the rate limit.
    waited_for: Duration,
}

/// Why an attempt has no result.
pub(crate) enum Failure {
    /// The rate limit left no call for it.
    Deadline,
    Transport(TransportError),
    Refused(Response),
    Unreadable(Response, Box<DecodeError>),
}

impl Calls {
    pub(crate) fn new(transport: Arc<dyn Transport>, settings: ClientSettings) -> Self {
        let gate = Gate::new(settings.budget.clone(), settings.lease.clone());
        let storm = StormGuard::new(&settings.retry);
        Self { transport, settings, gate, storm }
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(crate) fn rate(&self) -> RateStatus {
        self.gate.status()
    }

    /// Sends `request` until an answer is a success that `read` accepts, or the policy gives up.
    pub(crate) async fn answer<T>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> Result<(Response, T), GaveUp> {
        let span = tracing::info_span!(
            "intercom_call",
            operation = %request.operation,
            method = %request.method,
            route = %request.route,
            status = field::Empty,
            attempts = field::Empty,
            waited_ms = field::Empty,
        );
        let attempts = self.attempts(request, read).instrument(span.clone());
        let (outcome, efforts) = attempts.await;
        span.record("attempts", efforts.n_attempts);
        let answer = match &outcome {
            Ok((response, _)) => Some(response),
            Err(failure) => failure.answer(),
        };
        span.record("status", answer.map(|response| response.status));
        if !efforts.waited_for.is_zero() {
            span.record("waited_ms", efforts.waited_for.as_millis());
        }
        tracing::debug!(parent: &span, "The call has ended.");
        outcome.map_err(|failure| GaveUp { failure, efforts })
    }

    async fn attempts<T>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> (Result<(Response, T), Failure>, Efforts) {
        let started_at = Instant::now();
        let ends_at = later(started_at, self.settings.deadline);
        let mut efforts = Efforts::default();
        let mut last = Failure::Deadline;
        loop {
            let Some(sent) = self.attempt(request, ends_at, &mut efforts).await else {
                return (Err(last), efforts);
            };
            let failure = match examine(sent, &read) {
                Ok(answered) => return (Ok(answered), efforts),
                Err(failure) => failure,
            };
            let attempt = Attempt {
                number: efforts.n_attempts,
                safety: request.safety,
                elapsed_for: started_at.elapsed(),
                deadline: self.settings.deadline,
            };
            let Some(after) = self.retry_after(attempt, &failure) else {
                return (Err(failure), efforts);
            };
            sleep(after).await;
            efforts.may_have_arrived |= failure.may_have_arrived();
            last = failure;
        }
    }

    /// One attempt; `None` when the rate limit left no call for it.
    async fn attempt(
        &self,
        request: &Request,
        ends_at: Instant,
        efforts: &mut Efforts,
    ) -> Option<Result<Response, TransportError>> {
        let class = RequestClass::of(request);
        let pass = self.gate.enter(class, ends_at).await?;
        efforts.n_attempts += 1;
        efforts.waited_for += pass.waited_for;
        let sent = match timeout_at(ends_at, self.transport.send(request)).await {
            Ok(sent) => sent,
            Err(elapsed) => Err(TransportError::maybe_sent(AnswerFault::Timeout, elapsed)),
        };
        match &sent {
            Ok(response) => {
                pass.answered(response);
                if response.status < 500 {
                    self.storm.deposit();
                }
            }
            Err(TransportError::NotSent { .. }) => pass.unsent(),
            Err(TransportError::MaybeSent { .. }) => drop(pass),
        }
        Some(sent)
    }

    fn retry_after(&self, attempt: Attempt, failure: &Failure) -> Option<Duration> {
        let outcome = failure.outcome();
        let after = match self.settings.retry.decide(attempt, outcome, fastrand::f64()) {
            Decision::Retry { after } => after,
            Decision::GiveUp => return None,
        };
        // Refused calls cost the API nothing and wait for the rate limit anyway.
        let is_free = matches!(outcome, Outcome::Throttled { .. });
        if !is_free && !self.storm.withdraw() {
            tracing::warn!("The call is not tried again: too many calls fail.");
            return None;
        }
        let (attempt, after_ms) = (attempt.number, after.as_millis());
        tracing::warn!(attempt, ?outcome, after_ms, "The call is tried again.");
        Some(after)
    }
}

impl Failure {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Transport(error) => Outcome::of_failure(error),
            Self::Refused(response) => Outcome::of_status(response),
            Self::Unreadable(_, error) if error.is_truncated() => Outcome::CutShort,
            Self::Deadline | Self::Unreadable(..) => Outcome::Final,
        }
    }

    fn answer(&self) -> Option<&Response> {
        match self {
            Self::Refused(response) | Self::Unreadable(response, _) => Some(response),
            Self::Deadline | Self::Transport(_) => None,
        }
    }

    fn may_have_arrived(&self) -> bool {
        match self {
            Self::Deadline | Self::Transport(TransportError::NotSent { .. }) => false,
            Self::Refused(response) => response.status != 429,
            Self::Transport(TransportError::MaybeSent { .. }) | Self::Unreadable(..) => true,
        }
    }
}

impl GaveUp {
    pub(crate) fn into_error(self, request: &Request) -> Error {
        let call = Call::new(request, self.efforts.n_attempts);
        match self.failure {
            Failure::Deadline => Error::Deadline { call },
            Failure::Transport(source @ TransportError::NotSent { .. })
                if !self.efforts.may_have_arrived =>
            {
                Error::NotSent { call, source }
            }
            Failure::Transport(source) => Error::MaybeSent { call, source },
            Failure::Refused(response) => {
                Error::Refused { call, error: ApiError::from_response(&response) }
            }
            Failure::Unreadable(response, source) => Error::Unreadable {
                call,
                request_id: response.request_id().map(str::to_owned),
                source,
            },
        }
    }
}

fn examine<T>(
    sent: Result<Response, TransportError>,
    read: impl Fn(&Response) -> Result<T, DecodeError>,
) -> Result<(Response, T), Failure> {
    let response = sent.map_err(Failure::Transport)?;
    if !response.is_success() {
        return Err(Failure::Refused(response));
    }
    match read(&response) {
        Ok(value) => Ok((response, value)),
        Err(error) => Err(Failure::Unreadable(response, Box::new(error))),
    }
}

/// `start` plus `duration`, or a day later when that is out of the clock's range.
fn later(start: Instant, duration: Duration) -> Instant {
    start.checked_add(duration).unwrap_or_else(|| start + Duration::from_secs(86_400))
}
