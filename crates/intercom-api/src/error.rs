//! What can go wrong without a network: requests that cannot be built, answers that are errors,
//! answers that cannot be read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::response::Response;
use crate::search::QueryError;
use crate::version::{ApiVersion, VersionRange};

/// A request that was refused before it was sent.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The version does not know the operation.
    #[error("{operation}: not available in api version {version} (only in {versions})")]
    Version {
        /// The operation.
        operation: &'static str,
        /// The version asked for.
        version: ApiVersion,
        /// The versions that have it.
        versions: VersionRange,
    },
    /// The version does not know a parameter that is set.
    #[error(
        "{operation}: {parameter} is not available in api version {version} (only in {versions})"
    )]
    Parameter {
        /// The operation.
        operation: &'static str,
        /// The parameter, as the API calls it.
        parameter: &'static str,
        /// The version asked for.
        version: ApiVersion,
        /// The versions that have it.
        versions: VersionRange,
    },
    /// A search query breaks a rule of the API.
    #[error("{operation}: the search query is not valid")]
    Query {
        /// The operation.
        operation: &'static str,
        /// The rule that is broken.
        #[source]
        source: QueryError,
    },
    /// A path parameter is empty, `.` or `..`.
    #[error("{operation}: a path parameter is empty or a relative path")]
    PathSegment {
        /// The operation.
        operation: Cow<'static, str>,
    },
    /// The number of path parameters differs from the route's.
    #[error("{operation}: {given} path parameters do not fit the route")]
    PathArity {
        /// The operation.
        operation: Cow<'static, str>,
        /// How many were given.
        given: usize,
    },
    /// A paging cursor of a kind that the operation does not use.
    #[error("{operation}: the cursor is of another kind than the operation's paging")]
    Cursor {
        /// The operation.
        operation: &'static str,
    },
    /// The body cannot be written as JSON.
    #[error("{operation}: the body cannot be encoded")]
    Body {
        /// The operation.
        operation: Cow<'static, str>,
        /// Why.
        #[source]
        source: JsonError,
    },
}

/// A JSON text could not be read or written: kind and position, never its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    kind: &'static str,
    line: usize,
    column: usize,
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let kind = match error.classify() {
            serde_json::error::Category::Io => "input or output failed",
            serde_json::error::Category::Syntax => "not valid json",
            serde_json::error::Category::Data => "a value of another type or shape than expected",
            serde_json::error::Category::Eof => "the json ends too early",
        };
        Self { kind, line: error.line(), column: error.column() }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at line {} column {}", self.kind, self.line, self.column)
    }
}

impl std::error::Error for JsonError {}

/// A successful answer whose body does not have the expected shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: the answer does not decode at `{path}`: {source}")]
pub struct DecodeError {
    /// The operation.
    pub operation: &'static str,
    /// The path to the value that does not fit, such as `data[3].created_at`; `.` is the whole.
    pub path: String,
    /// Kind and position of the misfit.
    #[source]
    pub source: JsonError,
}

impl DecodeError {
    pub(crate) fn new(operation: &'static str, path: String, source: serde_json::Error) -> Self {
        Self { operation, path, source: source.into() }
    }

    /// Whether the body ended early: a broken connection or proxy rather than another shape.
    pub fn is_truncated(&self) -> bool {
        self.source.kind == "the json ends too early"
    }
}

/// Defines [`ErrorCode`] with its wire names.
macro_rules! error_codes {
    ($($variant:ident = $text:literal),+ $(,)?) => {
        /// The machine-readable code of an API error; an open set.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are the API's own codes")]
        pub enum ErrorCode {
            $($variant,)+
            /// A code this crate does not know.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// The code as the API spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.chars().take(100).collect::<String>().into()),
                }
            }
        }
    };
}

error_codes! {
    ActionForbidden = "action_forbidden",
    AdminNotFound = "admin_not_found",
    ApiPlanRestricted = "api_plan_restricted",
    BadRequest = "bad_request",
    ClientError = "client_error",
    CompanyNotFound = "company_not_found",
    Conflict = "conflict",
    ContactCompanyLimitExceeded = "contact_company_limit_exceeded",
    ContactMerged = "contact_merged",
    ConversationNotFound = "conversation_not_found",
    DataInvalid = "data_invalid",
    FieldNotFound = "field_not_found",
    Forbidden = "forbidden",
    IntercomVersionInvalid = "intercom_version_invalid",
    InternalError = "internal_error",
    InvalidField = "invalid_field",
    InvalidMerge = "invalid_merge",
    InvalidSortOrder = "invalid_sort_order",
    JobNotFound = "job_not_found",
    MissingParameter = "missing_parameter",
    NotFound = "not_found",
    ParameterInvalid = "parameter_invalid",
    ParameterMismatch = "parameter_mismatch",
    ParameterNotFound = "parameter_not_found",
    PayloadTooLarge = "payload_too_large",
    RateLimitExceeded = "rate_limit_exceeded",
    RequestTimeout = "request_timeout",
    ResourceConflict = "resource_conflict",
    ScrollExists = "scroll_exists",
    ServerError = "server_error",
    ServiceUnavailable = "service_unavailable",
    TagHasDependentObjects = "tag_has_dependent_objects",
    TagNotFound = "tag_not_found",
    TeamNotFound = "team_not_found",
    TicketNotFound = "ticket_not_found",
    TokenNotFound = "token_not_found",
    TokenRevoked = "token_revoked",
    TokenSuspended = "token_suspended",
    TokenUnauthorized = "token_unauthorized",
    TooManyRequests = "too_many_requests",
    TypeMismatch = "type_mismatch",
    Unauthorized = "unauthorized",
    UniqueUserConstraint = "unique_user_constraint",
    ValidationError = "validation_error",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// One entry of the error envelope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorItem {
    /// The machine-readable code.
    pub code: ErrorCode,
    /// The API's sentence about it, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The request field it is about, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// The API refused a request: the `error.list` envelope with its status.
///
/// `Display` masks e-mail addresses in the API's message.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The server's id of the exchange, worth quoting to Intercom's support.
    pub request_id: Option<String>,
    /// The entries; empty when the body was not an error envelope.
    pub errors: Vec<ErrorItem>,
}

/// The shapes that errors come in: nearly always `errors` is a list of items.
#[derive(Deserialize)]
struct Envelope {
    request_id: Option<String>,
    errors: Option<Errors>,
    error_key: Option<ErrorCode>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Errors {
    Items(Vec<ErrorItem>),
    /// Messages by field.
    Fields(BTreeMap<String, String>),
    Other(serde::de::IgnoredAny),
}

impl Envelope {
    fn items(self) -> Vec<ErrorItem> {
        let unnamed = || ErrorCode::from("unknown");
        match self.errors {
            Some(Errors::Items(items)) => items,
            Some(Errors::Fields(fields)) => fields
                .into_iter()
                .map(|(field, message)| ErrorItem {
                    code: unnamed(),
                    message: Some(message),
                    field: Some(field),
                })
                .collect(),
            Some(Errors::Other(_)) | None if self.error_key.is_none() && self.message.is_none() => {
                Vec::new()
            }
            Some(Errors::Other(_)) | None => vec![ErrorItem {
                code: self.error_key.unwrap_or_else(unnamed),
                message: self.message,
                field: None,
            }],
        }
    }
}

impl ApiError {
    /// Reads the envelope of an answer that is not a success. The few endpoints that answer with
    /// a bare message or with messages by field are read too, under the code `unknown`; a body of
    /// another shape (a proxy's page, an empty body) leaves `errors` empty.
    pub fn from_response(response: &Response) -> Self {
        let envelope = serde_json::from_slice::<Envelope>(&response.body).ok();
        let request_id = envelope.as_ref().and_then(|found| found.request_id.clone());
        Self {
            status: response.status,
            request_id: request_id.or_else(|| response.request_id().map(str::to_owned)),
            errors: envelope.map_or_else(Vec::new, Envelope::items),
        }
    }

    /// The code of the first entry.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.errors.first().map(|item| &item.code)
    }

    /// The message of the first entry, as sent; it may hold personal data.
    pub fn message(&self) -> Option<&str> {
        self.errors.first().and_then(|item| item.message.as_deref())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(code) = self.code() {
            write!(f, ", {code}")?;
        }
        if let Some(message) = self.message() {
            write!(f, ": {}", mask_emails(message))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({self})")
    }
}

impl std::error::Error for ApiError {}

/// Replaces every word with an `@` in it, and cuts the text to 300 characters.
fn mask_emails(message: &str) -> String {
    message
        .split_inclusive(char::is_whitespace)
        .map(|word| {
            if !word.contains('@') {
                return Cow::Borrowed(word);
            }
            let space = &word[word.trim_end().len()..];
            Cow::Owned(format!("<e-mail>{space}"))
        })
        .collect::<String>()
        .chars()
        .take(300)
        .collect()
}
