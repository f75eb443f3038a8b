//! What can go wrong without a network: requests that cannot be built, answers that are errors,
//! answers that cannot be read.

mod code;
mod envelope;
mod mask;
mod refusal;

use std::borrow::Cow;
use std::fmt;

use crate::search::QueryError;
use crate::version::{ApiVersion, VersionRange};

pub use code::ErrorCode;
pub use envelope::ErrorItem;
pub use refusal::{ApiError, Conflict, ScrollFault};

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
        // A field may be called "", and then stands in no path.
        let path = if path.is_empty() { ".".to_owned() } else { path };
        Self { operation, path, source: source.into() }
    }

    /// Whether the body ended early: a broken connection or proxy rather than another shape.
    pub fn is_truncated(&self) -> bool {
        self.source.kind == "the json ends too early"
    }
}
