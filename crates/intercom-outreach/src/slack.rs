//! A channel behind an incoming webhook: pace, waits, and what an answer means.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use crate::http::{HttpTransport, SettingsError};
use crate::message::Message;
use crate::transport::{Answer, Post, Transport, TransportError};

/// The service takes one message a second.
const PACE: Duration = Duration::from_secs(1);

/// How long an answer may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// The wait when the service asks for one without saying how long.
const DEFAULT_WAIT: Duration = Duration::from_secs(30);

/// The longest wait that is believed.
const MAX_WAIT: Duration = Duration::from_secs(3_600);

/// A Slack channel, by its incoming webhook.
///
/// It sends one message at a time and one a second, whoever shares it. Two programs with the same
/// webhook do not know of each other; the service then asks both to wait.
pub struct Slack {
    transport: Arc<dyn Transport>,
    url: SecretString,
    pace: Mutex<Pace>,
}

/// When the next message may go.
#[derive(Clone, Copy, Default)]
struct Pace {
    next_at: Option<Instant>,
    /// Until when the service wants nothing.
    closed_until: Option<Instant>,
}

/// Does not show the address: knowing it is enough to post there.
impl fmt::Debug for Slack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slack").finish_non_exhaustive()
    }
}

/// Why a message is not known to have arrived.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SlackError {
    /// Nobody answered; another attempt may do.
    #[error("slack did not answer")]
    Unanswered(#[source] TransportError),
    /// Not before a while. Nothing is sent until then.
    #[error("slack takes no message for another {} s", after.as_secs_f64().ceil())]
    Throttled {
        /// How long.
        after: Duration,
    },
    /// Slack has trouble of its own; another attempt may do.
    #[error("slack is unavailable: status {status}")]
    Unavailable {
        /// The status code.
        status: u16,
    },
    /// No attempt will do.
    #[error("slack refuses {refusal}: status {status}{}", Code(code.as_deref()))]
    Refused {
        /// The status code.
        status: u16,
        /// Slack's word for it, such as `no_service`.
        code: Option<String>,
        /// What it refuses.
        refusal: Refusal,
    },
}

impl SlackError {
    /// Whether the same message may arrive later without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// What Slack refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This message; another may do.
    Message,
    /// Every message: the webhook or its channel is gone.
    Webhook,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message => "the message",
            Self::Webhook => "the webhook",
        })
    }
}

struct Code<'a>(Option<&'a str>);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |code| write!(f, ", {code}"))
    }
}

impl Slack {
    /// The channel behind a webhook's address, over HTTPS.
    ///
    /// # Errors
    /// [`SettingsError`] when the address cannot be one.
    pub fn new(url: SecretString) -> Result<Self, SettingsError> {
        let transport = HttpTransport::to(&url, ANSWER_WITHIN)?;
        Ok(Self::over(Arc::new(transport), url))
    }

    /// The channel behind a webhook's address, over another transport.
    #[must_use]
    pub fn over(transport: Arc<dyn Transport>, url: SecretString) -> Self {
        Self { transport, url, pace: Mutex::default() }
    }

    /// Sends a message once, not before its turn.
    ///
    /// # Errors
    /// [`SlackError`]. After [`SlackError::Unanswered`] the message may have arrived all the same.
    pub async fn send(&self, message: &Message) -> Result<(), SlackError> {
        // Held while the message is under way: messages arrive in the order they were given.
        let mut pace = self.pace.lock().await;
        if let Some(after) = pace.closed_until.and_then(|until| left_until(until, Instant::now())) {
            return Err(SlackError::Throttled { after });
        }
        if let Some(next_at) = pace.next_at {
            sleep_until(next_at).await;
        }
        // Also when the caller gives up waiting for the answer.
        pace.next_at = Some(Instant::now() + PACE);
        let content_type = "application/json; charset=utf-8";
        let post = Post { url: self.url.clone(), content_type, body: message.body() };
        let answered = self.transport.post(&post).await;
        let now = Instant::now();
        pace.next_at = Some(now + PACE);
        let verdict = answered.map_err(SlackError::Unanswered).and_then(|answer| read(&answer));
        if let Err(SlackError::Throttled { after }) = &verdict {
            pace.closed_until = Some(now + *after);
        }
        verdict
    }
}

fn left_until(until: Instant, now: Instant) -> Option<Duration> {
    until.checked_duration_since(now).filter(|left| !left.is_zero())
}

/// What an answer says about the message.
fn read(answer: &Answer) -> Result<(), SlackError> {
    let status = answer.status;
    match status {
        200..=299 => Ok(()),
        429 => Err(SlackError::Throttled { after: wait(answer.retry_after.as_deref()) }),
        408 | 500..=599 => Err(SlackError::Unavailable { status }),
        _ => {
            let code = code(&answer.body);
            let refusal = refusal(status, code.as_deref());
            Err(SlackError::Refused { status, code, refusal })
        }
    }
}

/// Whole seconds; a wait that is not a number is the default.
fn wait(retry_after: Option<&str>) -> Duration {
    let seconds = retry_after.and_then(|text| text.trim().parse::<u64>().ok());
    let wait = seconds.map_or(DEFAULT_WAIT, Duration::from_secs);
    wait.clamp(PACE, MAX_WAIT)
}

/// Slack's word for a refusal; anything else in the body is not quoted.
fn code(body: &[u8]) -> Option<String> {
    let word = std::str::from_utf8(body).ok()?.trim();
    let is_word = (1..=64).contains(&word.len())
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    is_word.then(|| word.to_owned())
}

/// Redirects, 401, 403, 404 and 410 are about the address, whatever the word.
fn refusal(status: u16, code: Option<&str>) -> Refusal {
    let is_about_webhook = matches!(
        code,
        Some(
            "action_prohibited"
                | "channel_is_archived"
                | "channel_not_found"
                | "invalid_token"
                | "no_active_hooks"
                | "no_service"
                | "no_service_id"
                | "no_team"
                | "posting_to_general_channel_denied"
                | "team_disabled"
                | "user_not_found"
        )
    );
    match matches!(status, 400 | 413 | 414 | 415 | 422) && !is_about_webhook {
        true => Refusal::Message,
        false => Refusal::Webhook,
    }
}
