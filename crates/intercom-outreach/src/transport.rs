//! The seam to a network: one post, one answer.

use std::error::Error as StdError;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;

/// A cause from another library, kept without exposing its type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Something to be posted. `Debug` shows neither the address nor what is said.
#[derive(Clone)]
pub struct Post {
    /// Where to; knowing it is enough to post there.
    pub url: SecretString,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Post").field("n_bytes", &self.body.len()).finish_non_exhaustive()
    }
}

/// What was answered, whatever the status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The header `Retry-After`.
    pub retry_after: Option<String>,
    /// The beginning of the body, at most 4 KiB.
    pub body: Bytes,
}

/// Carries one post and brings back its answer.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Posts once.
    ///
    /// # Errors
    /// [`TransportError`] says whether the post may have arrived.
    async fn post(&self, post: &Post) -> Result<Answer, TransportError>;
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nothing arrived.
    #[error("it was not sent")]
    NotSent(#[source] BoxError),
    /// It may have arrived.
    #[error("it may have been sent, but there is no answer")]
    MaybeSent(#[source] BoxError),
}
