//! What can go wrong with a call.

use std::borrow::Cow;
use std::fmt;
use std::io;

use intercom_api::{
    ApiError, BuildError, Cursor, DecodeError, ErrorCode, Id, Method, Request, Scope, ScrollFault,
    required_scope,
};

use crate::retry::Outcome;
use crate::transport::{AnswerFault, TransportError};

/// Why a call has no result. The variants are ordered by how far the work got.
///
/// Neither `Display` nor `Debug` shows tokens, filled paths, queries or bodies.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was refused here, before it was sent.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The rate limit left no call before the deadline; nothing was sent.
    #[error("{call}: not sent, the rate limit left no call before the deadline")]
    Deadline {
        /// The call.
        call: Box<Call>,
    },
    /// No attempt reached the API.
    #[error("{call}: not sent")]
    NotSent {
        /// The call.
        call: Box<Call>,
        /// What stopped the last attempt.
        source: TransportError,
    },
    /// The API may have acted on the request; there is no answer, or one that is too long.
    #[error("{call}: {}", Unanswered(source))]
    MaybeSent {
        /// The call.
        call: Box<Call>,
        /// What happened to the last attempt.
        source: TransportError,
    },
    /// The API answered with a status that is not a success.
    #[error("{call}: refused with {error}{}", ScopeHint(call, error))]
    Refused {
        /// The call.
        call: Box<Call>,
        /// Status, code, message and request id.
        error: ApiError,
    },
    /// A download arrived and could not be written.
    #[error("{call}: the download cannot be written")]
    NotSaved {
        /// The call.
        call: Box<Call>,
        /// What its target said.
        source: io::Error,
    },
    /// The API answered with a success that does not decode.
    #[error("{call}: the answer cannot be read{}", RequestId(request_id.as_deref()))]
    Unreadable {
        /// The call.
        call: Box<Call>,
        /// The server's id of the exchange.
        request_id: Option<String>,
        /// Where it does not decode.
        source: Box<DecodeError>,
    },
    /// One entry of a list does not decode; the others are not affected.
    #[error("{operation}: entry {index} of the page{} cannot be read", EntryId(id.as_ref()))]
    UnreadableItem {
        /// The operation.
        operation: &'static str,
        /// The position of the entry on its page, from 0.
        index: usize,
        /// The entry's id, when that much can be read.
        id: Option<Id>,
        /// Where it does not decode, inside the entry.
        source: Box<DecodeError>,
    },
    /// One entry of a list is longer than the transport accepts an answer to be; the list goes on
    /// [behind](Behind) it.
    #[error("{operation}: an entry{} is longer than {limit} bytes", EntryId(id.as_ref()))]
    EntryTooLarge {
        /// The operation.
        operation: &'static str,
        /// The entry's id, when that much can be read.
        id: Option<Id>,
        /// The transport's limit.
        limit: u64,
        /// Where the list goes on.
        behind: Behind,
    },
    /// The API sent a cursor a second time: the list would never end.
    #[error("{operation}: the cursor after page {n_pages} has been seen before")]
    CursorRepeated {
        /// The operation.
        operation: &'static str,
        /// The pages read so far.
        n_pages: u32,
    },
    /// A list has more pages than [`max_pages`](crate::ClientSettings::max_pages).
    #[error("{operation}: the list goes on after {limit} pages")]
    TooManyPages {
        /// The operation.
        operation: &'static str,
        /// The setting.
        limit: u32,
    },
    /// Multi-step work needs more requests than [`max_steps`](crate::ClientSettings::max_steps).
    #[error("{call}: the work is not done after {limit} requests")]
    TooManySteps {
        /// The request that was not sent.
        call: Box<Call>,
        /// The setting.
        limit: u32,
    },
}

/// How far a request got before its call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Nothing reached the API: the call had no effect.
    NotSent,
    /// The request may have arrived; nobody knows whether it had an effect.
    MaybeSent,
    /// The API answered.
    Answered,
}

impl Error {
    /// The API's refusal, if that is what happened.
    pub fn refusal(&self) -> Option<&ApiError> {
        self.refused().map(|(_, error)| error)
    }

    /// The status of the API's refusal, if that is what happened.
    pub fn status(&self) -> Option<u16> {
        self.refusal().map(|error| error.status)
    }

    /// The server's id of the last exchange, worth quoting to Intercom's support.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Refused { error, .. } => error.request_id.as_deref(),
            Self::Unreadable { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// How far the request got.
    pub fn reach(&self) -> Reach {
        match self {
            Self::Build(_) | Self::Deadline { .. } | Self::NotSent { .. } => Reach::NotSent,
            Self::MaybeSent { .. } => Reach::MaybeSent,
            Self::NotSaved { .. }
            | Self::Refused { .. }
            | Self::Unreadable { .. }
            | Self::UnreadableItem { .. }
            | Self::EntryTooLarge { .. }
            | Self::CursorRepeated { .. }
            | Self::TooManyPages { .. }
            | Self::TooManySteps { .. } => Reach::Answered,
        }
    }

    /// Whether the same call may succeed later without a change on this side: no network, no
    /// call left, a busy or broken API.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Deadline { .. } => true,
            Self::NotSent { source, .. } | Self::MaybeSent { source, .. } => {
                Outcome::of_failure(source) != Outcome::Final
            }
            Self::Refused { error, .. } => matches!(error.status, 408 | 429 | 500 | 502..=599),
            _ => false,
        }
    }

    /// Whether the API knows no such object.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether the API does not accept the token.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
    }

    /// The scope that the token lacks: as the API names it, or else as Intercom's list of scopes
    /// says for the route.
    pub fn missing_scope(&self) -> Option<Scope> {
        let (call, error) = self.refused()?;
        error.missing_scope().or_else(|| presumed_scope(call, error))
    }

    /// Why a scroll could not be opened or go on; `None` for what is no scroll.
    pub fn scroll_fault(&self) -> Option<ScrollFault> {
        let (call, error) = self.refused()?;
        call.route.ends_with("/scroll").then(|| error.scroll_fault()).flatten()
    }

    fn refused(&self) -> Option<(&Call, &ApiError)> {
        match self {
            Self::Refused { call, error } => Some((call, error)),
            Self::Build(_)
            | Self::Deadline { .. }
            | Self::NotSent { .. }
            | Self::MaybeSent { .. }
            | Self::NotSaved { .. }
            | Self::Unreadable { .. }
            | Self::UnreadableItem { .. }
            | Self::EntryTooLarge { .. }
            | Self::CursorRepeated { .. }
            | Self::TooManyPages { .. }
            | Self::TooManySteps { .. } => None,
        }
    }

    /// The bytes that the transport accepts as an answer, if there were more.
    pub fn body_limit(&self) -> Option<u64> {
        match self {
            Self::MaybeSent { source: TransportError::MaybeSent { fault, .. }, .. } => {
                match fault {
                    AnswerFault::BodyTooLarge { limit } => Some(*limit),
                    AnswerFault::Timeout | AnswerFault::Connection | AnswerFault::Body => None,
                }
            }
            _ => None,
        }
    }
}

/// Where a list goes on behind an entry that is left out.
///
/// `Debug` does not show the cursor: it may hold a part of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Behind(Option<Cursor>);

impl Behind {
    pub(crate) fn new(cursor: Option<Cursor>) -> Self {
        Self(cursor)
    }

    /// The cursor of what comes next; `None` when nothing does.
    pub fn cursor(&self) -> Option<&Cursor> {
        self.0.as_ref()
    }
}

impl fmt::Debug for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Behind").field("is_known", &self.0.is_some()).finish()
    }
}

/// The call an error is about, without its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The operation.
    pub operation: Cow<'static, str>,
    /// The method.
    pub method: Method,
    /// The path with its parameters in braces.
    pub route: Cow<'static, str>,
    /// How many attempts were made.
    pub n_attempts: u32,
}

impl Call {
    pub(crate) fn new(request: &Request, n_attempts: u32) -> Box<Self> {
        Box::new(Self {
            operation: request.operation.clone(),
            method: request.method,
            route: request.route.clone(),
            n_attempts,
        })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, method, route, n_attempts } = self;
        write!(f, "{operation} ({method} {route}")?;
        match n_attempts {
            0 | 1 => f.write_str(")"),
            n => write!(f, ", {n} attempts)"),
        }
    }
}

struct Unanswered<'a>(&'a TransportError);

impl fmt::Display for Unanswered<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            TransportError::MaybeSent { fault: AnswerFault::BodyTooLarge { .. }, .. } => {
                "the answer is too long to be read"
            }
            TransportError::NotSent { .. } | TransportError::MaybeSent { .. } => {
                "no answer, but it may have been sent"
            }
        })
    }
}

struct RequestId<'a>(Option<&'a str>);

impl fmt::Display for RequestId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |id| write!(f, " (request {id})"))
    }
}

struct EntryId<'a>(Option<&'a Id>);

impl fmt::Display for EntryId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |id| write!(f, " (id {id})"))
    }
}

/// The scope of a route, when a refusal can be about it: a plan without the feature and a proxy's
/// page are not.
fn presumed_scope(call: &Call, error: &ApiError) -> Option<Scope> {
    let may_be_about_rights = match error.code() {
        Some(ErrorCode::Forbidden | ErrorCode::ActionForbidden | ErrorCode::TokenUnauthorized) => {
            true
        }
        // What an entry without a code reads as.
        Some(code) => code.as_str() == "unknown",
        // Only the API gives its answers an id.
        None => error.request_id.is_some(),
    };
    let is_about_rights = error.status == 403 && may_be_about_rights;
    is_about_rights.then(|| required_scope(call.method, &call.route)).flatten()
}

struct ScopeHint<'a>(&'a Call, &'a ApiError);

impl fmt::Display for ScopeHint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(call, error) = self;
        match (error.missing_scope(), presumed_scope(call, error)) {
            (Some(scope), _) => write!(f, "; the token needs the scope {scope}"),
            (None, Some(scope)) => write!(f, "; the token may need the scope {scope}"),
            (None, None) => Ok(()),
        }
    }
}
