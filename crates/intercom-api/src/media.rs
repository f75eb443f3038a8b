//! Answers that are not JSON: files, texts, redirects.

use std::fmt;

use bytes::Bytes;
use serde::de::Error as _;

use crate::error::DecodeError;
use crate::response::Response;

/// The answer says where the file is.
///
/// `Debug` hides the address: whoever has it needs no other permission.
#[derive(Clone, PartialEq, Eq)]
pub struct Redirect {
    /// The absolute address. It is signed: fetch it without the API's token.
    pub location: String,
}

impl fmt::Debug for Redirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redirect(..)")
    }
}

/// Reads where a redirect leads.
pub(crate) fn redirect(
    operation: &'static str,
    response: &Response,
) -> Result<Redirect, DecodeError> {
    match response.headers.get("Location") {
        Some(location) if !location.is_empty() => Ok(Redirect { location: location.to_owned() }),
        Some(_) | None => {
            let missing = serde_json::Error::custom("the address is missing");
            Err(DecodeError::new(operation, "Location".to_owned(), missing))
        }
    }
}

/// Takes a file as it is.
pub(crate) fn file(_operation: &'static str, response: &Response) -> Result<Bytes, DecodeError> {
    Ok(response.body.clone())
}

/// Reads a text; bytes that are not UTF-8 are replaced.
pub(crate) fn text(_operation: &'static str, response: &Response) -> Result<String, DecodeError> {
    Ok(String::from_utf8_lossy(&response.body).into_owned())
}
