//! Operations: one struct per API call, and multi-step work built from them.

use serde::de::DeserializeOwned;

use crate::error::{BuildError, DecodeError};
use crate::request::Request;
use crate::response::Response;
use crate::version::{ApiVersion, VersionRange};

/// Whether a request may be sent again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Changes nothing: searches, lists, look-ups.
    Read,
    /// Sending it twice has the effect of sending it once.
    Idempotent,
    /// Sending it twice may have two effects.
    Once,
}

/// One API call as a value.
///
/// Building the request never touches the network, so it can be printed, compared and
/// snapshotted.
pub trait Operation {
    /// The name used in errors, logs and statistics.
    const NAME: &'static str;
    /// Whether the request may be repeated.
    const SAFETY: Safety;
    /// The versions that know the operation.
    const VERSIONS: VersionRange;
    /// What a successful answer decodes to.
    type Output;

    /// The request, encoded as `version` wants it.
    ///
    /// # Errors
    /// [`BuildError`] when the version lacks the operation or a parameter cannot be sent.
    fn request(&self, version: ApiVersion) -> Result<Request, BuildError>;

    /// Decodes a successful answer.
    ///
    /// # Errors
    /// [`DecodeError`] with the path to the field that does not fit.
    fn decode(response: &Response) -> Result<Self::Output, DecodeError>;
}

/// Refuses a version that lacks the operation.
///
/// # Errors
/// [`BuildError::Version`].
pub fn check_version<O: Operation>(version: ApiVersion) -> Result<(), BuildError> {
    if O::VERSIONS.contains(version) {
        return Ok(());
    }
    Err(BuildError::Version { operation: O::NAME, version, versions: O::VERSIONS })
}

/// Refuses a parameter that is given but unknown to the version, which would ignore it.
///
/// # Errors
/// [`BuildError::Parameter`].
pub fn check_parameter<O: Operation>(
    version: ApiVersion,
    parameter: &'static str,
    is_given: bool,
    versions: VersionRange,
) -> Result<(), BuildError> {
    if !is_given || versions.contains(version) {
        return Ok(());
    }
    Err(BuildError::Parameter { operation: O::NAME, parameter, version, versions })
}

/// Decodes a JSON body, naming the path to what does not fit.
///
/// # Errors
/// [`DecodeError`] with the operation's name and the path.
pub fn decode_json<T: DeserializeOwned>(
    operation: &'static str,
    response: &Response,
) -> Result<T, DecodeError> {
    decode(operation, &response.body)
}

/// Decodes a JSON text, naming the path to what does not fit.
pub(crate) fn decode<T: DeserializeOwned>(
    operation: &'static str,
    text: &[u8],
) -> Result<T, DecodeError> {
    // Keeping track of the path makes decoding twice as slow: only a failure pays for it.
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        DecodeError::new(operation, path, error.into_inner())
    })?;
    json.end().map_err(|error| DecodeError::new(operation, ".".to_owned(), error))?;
    Ok(value)
}

/// One step of multi-step work.
#[derive(Debug)]
pub enum Step<T> {
    /// Send this and pass the answer to [`Exchange::reply`].
    Send(Request),
    /// The work is finished.
    Done(T),
}

/// Multi-step work, such as "look up, then create or update", as a state machine.
///
/// It never awaits: a client drives it, a dry run prints it, a test feeds it recorded answers.
pub trait Exchange {
    /// What the work results in.
    type Output;

    /// The request to send next, or the result. Calling it twice without a reply yields the same
    /// request again.
    ///
    /// # Errors
    /// [`BuildError`] when the next request cannot be built.
    fn next(&mut self) -> Result<Step<Self::Output>, BuildError>;

    /// Takes the answer to the request that [`Exchange::next`] yielded; a bad status is an answer.
    fn reply(&mut self, response: Response);
}
