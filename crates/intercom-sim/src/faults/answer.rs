//! What a struck call is answered.

use std::str::FromStr;
use std::time::Duration;

use crate::answer::Refusal;
use crate::faults::BadFault;
use crate::faults::change::Change;
use crate::rate::RateHeaders;
use crate::reply::Manner;

/// What a struck call is answered.
///
/// A refusal does not reach the workspace; with everything else the call takes effect, whether its
/// answer arrives or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultAnswer {
    /// A refusal in the API's envelope.
    Refused(ErrorStatus),
    /// 429, as if the rate limit were reached.
    TooManyRequests(TooManyRequests),
    /// 400 because the cursor is not valid any more; calls without a cursor are left alone.
    StaleCursor,
    /// The HTML page of a proxy that the call does not get past.
    Html(PageStatus),
    /// The first half of the body of the real answer.
    Truncated,
    /// The real answer without its body.
    Empty,
    /// The real answer with blanks behind its body, up to so many bytes.
    Oversized(u32),
    /// The real answer, on its way.
    Delivered(Manner),
    /// The real answer, after something changed in the workspace.
    Change(Change),
}

impl FaultAnswer {
    /// An answer that comes after the 30 seconds for which clients usually wait.
    const LATE: Duration = Duration::from_secs(45);
    /// A body that takes its time, but less than that.
    const DRIPPING: Duration = Duration::from_secs(20);
    /// A byte more than `intercom-client` takes unless told otherwise.
    const OVERSIZED: u32 = 32 * 1024 * 1024 + 1;
}

impl FromStr for FaultAnswer {
    type Err = BadFault;

    /// The answer of this name, with its usual details.
    fn from_str(text: &str) -> Result<Self, BadFault> {
        Ok(match text {
            "429" => Self::TooManyRequests(TooManyRequests::default()),
            "stale-cursor" => Self::StaleCursor,
            "html" => Self::Html(PageStatus::default()),
            "truncated" => Self::Truncated,
            "empty" => Self::Empty,
            "oversized" => Self::Oversized(Self::OVERSIZED),
            "silent" => Self::Delivered(Manner::Silent),
            "late" => Self::Delivered(Manner::Late(Self::LATE)),
            "dripping" => Self::Delivered(Manner::Dripping(Self::DRIPPING)),
            "reset" => Self::Delivered(Manner::Reset),
            "reset-in-body" => Self::Delivered(Manner::ResetInBody),
            "create" => Self::Change(Change::Create),
            "update" => Self::Change(Change::Update),
            "merge" => Self::Change(Change::Merge),
            "delete" => Self::Change(Change::Delete),
            status => {
                let status = status.parse().ok().and_then(ErrorStatus::new);
                Self::Refused(status.ok_or(BadFault::UnknownAnswer)?)
            }
        })
    }
}

/// A 429 that no limit demanded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TooManyRequests {
    /// Whether it says where the limit stands.
    pub headers: RateHeaders,
    /// Seconds in its `Retry-After`, which Intercom does not document, but proxies send.
    pub retry_after: Option<u32>,
}

/// A status from 400 to 599, but for 429, which is [`FaultAnswer::TooManyRequests`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ErrorStatus(u16);

impl ErrorStatus {
    /// The status, unless it is no refusal or has a fault of its own.
    pub fn new(status: u16) -> Option<Self> {
        ((400..=599).contains(&status) && status != 429).then_some(Self(status))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }

    /// The refusal in the words of the API.
    pub(crate) fn refusal(self) -> Refusal {
        let (code, message) = match self.0 {
            401 => ("unauthorized", "Access Token Invalid"),
            403 => ("forbidden", "Forbidden"),
            404 => ("not_found", "Resource Not Found"),
            408 => ("request_timeout", "The request timed out"),
            409 => ("conflict", "Conflict"),
            422 => ("data_invalid", "Unprocessable Entity"),
            503 => ("service_unavailable", "Service Unavailable"),
            504 => ("timeout", "The request timed out"),
            500.. => ("server_error", "Something went wrong"),
            _ => ("bad_request", "Bad Request"),
        };
        Refusal::new(self.0, code, message)
    }
}

/// The status of a page: 200 to 599, but not 204 or 304, which have no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageStatus(u16);

impl PageStatus {
    /// The status, unless no page can have it.
    pub fn new(status: u16) -> Option<Self> {
        ((200..=599).contains(&status) && ![204, 205, 304].contains(&status))
            .then_some(Self(status))
    }

    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl Default for PageStatus {
    /// 502, a proxy that did not reach the API.
    fn default() -> Self {
        Self(502)
    }
}
