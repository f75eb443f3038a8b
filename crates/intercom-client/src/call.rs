//! The one loop that sends: rate budget, attempt, decision, wait.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{Instrument, field};

use intercom_api::{ApiError, DecodeError, Request, Response};

use crate::download::Download;
use crate::error::{Call, Error};
use crate::rate::gate::Gate;
use crate::rate::{RateStatus, RequestClass};
use crate::retry::{Attempt, Decision, Outcome, StormGuard};
use crate::settings::ClientSettings;
use crate::transport::{
    AnswerFault, BodyStream, MAX_REFUSAL_BYTES, Streamed, Transport, TransportError,
};
use crate::usage::{Meter, Usage};

/// What all clones of a client share.
pub(crate) struct Calls {
    transport: Arc<dyn Transport>,
    settings: ClientSettings,
    gate: Arc<Gate>,
    storm: StormGuard,
    meter: Meter,
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

/// How much of an answer a call waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// Of a success only the first part of the body; the rest comes as a stream.
    Start,
}

/// What one attempt brought.
struct Sent {
    response: Response,
    rest: Option<BodyStream>,
    /// The API's own answer, when `response` comes from elsewhere.
    redirected_by: Option<Response>,
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
        Self { transport, settings, gate, storm, meter: Meter::default() }
    }

    pub(crate) fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    pub(crate) fn rate(&self) -> RateStatus {
        self.gate.status()
    }

    pub(crate) async fn settle(&self, most: Duration) {
        self.gate.settle(most).await;
    }

    pub(crate) fn usage(&self) -> Usage {
        self.meter.read()
    }

    /// Sends `request` until an answer is a success that `read` accepts, or the policy gives up.
    pub(crate) async fn answer<T>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> Result<(Response, T), GaveUp> {
        let (outcome, efforts) = self.traced(request, Extent::Whole, read).await;
        match outcome {
            Ok((sent, value)) => Ok((sent.response, value)),
            Err(failure) => Err(GaveUp { failure, efforts }),
        }
    }

    /// Sends `request` until the body of a success begins, or the policy gives up.
    pub(crate) async fn open(&self, request: &Request) -> Result<Download, GaveUp> {
        let (outcome, efforts) = self.traced(request, Extent::Start, |_| Ok(())).await;
        match outcome {
            Ok((Sent { response, rest, .. }, ())) => {
                let rest = rest.unwrap_or_else(|| Box::pin(stream::empty()));
                Ok(Download::new(request, efforts.n_attempts, response, rest))
            }
            Err(failure) => Err(GaveUp { failure, efforts }),
        }
    }

    async fn traced<T>(
        &self,
        request: &Request,
        extent: Extent,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> (Result<(Sent, T), Failure>, Efforts) {
        let span = tracing::info_span!(
            "intercom_call",
            operation = %request.operation,
            method = %request.method,
            route = %request.route,
            status = field::Empty,
            attempts = field::Empty,
            waited_ms = field::Empty,
        );
        let attempts = self.attempts(request, extent, read).instrument(span.clone());
        let (outcome, efforts) = attempts.await;
        span.record("attempts", efforts.n_attempts);
        let answer = match &outcome {
            Ok((sent, _)) => Some(&sent.response),
            Err(failure) => failure.answer(),
        };
        span.record("status", answer.map(|response| response.status));
        if !efforts.waited_for.is_zero() {
            span.record("waited_ms", efforts.waited_for.as_millis());
        }
        tracing::debug!(parent: &span, "The call has ended.");
        (outcome, efforts)
    }

    async fn attempts<T>(
        &self,
        request: &Request,
        extent: Extent,
        read: impl Fn(&Response) -> Result<T, DecodeError>,
    ) -> (Result<(Sent, T), Failure>, Efforts) {
        let started_at = Instant::now();
        let ends_at = later(started_at, self.settings.deadline);
        let mut efforts = Efforts::default();
        let mut last = Failure::Deadline;
        loop {
            let Some(sent) = self.attempt(request, extent, ends_at, &mut efforts).await else {
                return (Err(last), efforts);
            };
            let failure = match examine(request, sent, &read) {
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
        extent: Extent,
        ends_at: Instant,
        efforts: &mut Efforts,
    ) -> Option<Result<Sent, TransportError>> {
        let class = RequestClass::of(request);
        let pass = self.gate.enter(class, ends_at).await?;
        efforts.n_attempts += 1;
        efforts.waited_for += pass.waited_for;
        self.meter.starts(pass.waited_for);
        let sent = match timeout_at(ends_at, self.send_once(request, extent)).await {
            Ok(sent) => sent,
            Err(elapsed) => Err(TransportError::maybe_sent(AnswerFault::Timeout, elapsed)),
        };
        self.meter.ended(sent.as_ref().ok().map(|sent| sent.response.status));
        match &sent {
            Ok(sent) => {
                pass.answered(sent.redirected_by.as_ref().unwrap_or(&sent.response));
                if sent.response.status < 500 {
                    self.storm.deposit();
                }
            }
            Err(TransportError::NotSent { .. }) => pass.unsent(),
            Err(TransportError::MaybeSent { .. }) => drop(pass),
        }
        Some(sent)
    }

    async fn send_once(&self, request: &Request, extent: Extent) -> Result<Sent, TransportError> {
        if extent == Extent::Whole {
            let response = self.transport.send(request).await?;
            return Ok(Sent { response, rest: None, redirected_by: None });
        }
        let Streamed { status, headers, body, redirected_by } =
            self.transport.open(request).await?;
        let mut response = Response { status, headers, body: Bytes::new() };
        if !response.is_success() {
            response.body = refusal(body).await;
            return Ok(Sent { response, rest: None, redirected_by });
        }
        // Streams need not bear being asked again after their end.
        let mut body = body.fuse();
        let first = body.next().await.transpose()?;
        let rest = stream::iter(first.map(Ok)).chain(body);
        Ok(Sent { response, rest: Some(Box::pin(rest)), redirected_by })
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
                Error::Refused { call, error: ApiError::of_exchange(request, &response) }
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
    request: &Request,
    sent: Result<Sent, TransportError>,
    read: impl Fn(&Response) -> Result<T, DecodeError>,
) -> Result<(Sent, T), Failure> {
    let sent = sent.map_err(Failure::Transport)?;
    if !request.is_answered_by(&sent.response) {
        return Err(Failure::Refused(sent.response));
    }
    match read(&sent.response) {
        Ok(value) => Ok((sent, value)),
        Err(error) => Err(Failure::Unreadable(sent.response, Box::new(error))),
    }
}

/// What a refusal says, as far as it arrives; more than the error envelope is not read.
async fn refusal(mut body: BodyStream) -> Bytes {
    let mut text = BytesMut::new();
    while let Some(Ok(part)) = body.next().await {
        let n_kept = part.len().min(MAX_REFUSAL_BYTES - text.len());
        text.extend_from_slice(&part[..n_kept]);
        if text.len() == MAX_REFUSAL_BYTES {
            break;
        }
    }
    text.freeze()
}

/// `start` plus `duration`, or a day later when that is out of the clock's range.
fn later(start: Instant, duration: Duration) -> Instant {
    start.checked_add(duration).unwrap_or_else(|| start + Duration::from_secs(86_400))
}
