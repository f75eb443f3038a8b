//! The seam between the client and a network: one request in, one answer out.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use futures_util::stream;

use intercom_api::{Headers, Request, Response};

/// The most that is read of the body of a refusal.
pub(crate) const MAX_REFUSAL_BYTES: usize = 64 * 1024;

/// A cause from another library, kept without exposing its type.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Carries one request to the API and brings back its answer.
///
/// An answer with a bad status is `Ok`: only a missing answer is a [`TransportError`]. A transport
/// sends each request at most once; repeating it is the client's decision.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request` once.
    ///
    /// # Errors
    /// [`TransportError`] says whether the request may have reached the API.
    async fn send(&self, request: &Request) -> Result<Response, TransportError>;

    /// Sends `request` once and hands on the body as it comes.
    ///
    /// A `GET` that is redirected elsewhere is followed, without token and Intercom's headers. A
    /// redirect within the API is an answer, and its `Location` a path.
    ///
    /// Without an implementation of its own, a transport reads the whole answer first and follows
    /// no redirect.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    async fn open(&self, request: &Request) -> Result<Streamed, TransportError> {
        self.send(request).await.map(Streamed::from)
    }
}

/// The parts of a body as they come, unpacked. It ends after an error.
pub type BodyStream = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// An answer whose body is still to come.
pub struct Streamed {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body.
    pub body: BodyStream,
    /// The API's own answer, without its body, when it led elsewhere.
    pub redirected_by: Option<Response>,
}

impl From<Response> for Streamed {
    fn from(response: Response) -> Self {
        let Response { status, headers, body } = response;
        let body = (!body.is_empty()).then_some(Ok(body));
        Self { status, headers, body: Box::pin(stream::iter(body)), redirected_by: None }
    }
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Streamed").field("status", &self.status).finish_non_exhaustive()
    }
}

/// There is no answer. The variants say how far the request got.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The request did not reach the API and may be repeated whatever it does.
    #[error("the request was not sent: {fault}")]
    NotSent {
        /// What stopped it.
        fault: SendFault,
        /// The network's own error, free of URLs.
        #[source]
        source: Option<BoxError>,
    },
    /// The API may have acted on the request.
    #[error("{}{fault}", MayHaveBeenSent(fault))]
    MaybeSent {
        /// What happened to the answer.
        fault: AnswerFault,
        /// The network's own error, free of URLs.
        #[source]
        source: Option<BoxError>,
    },
}

impl TransportError {
    /// A request that was not sent.
    pub fn not_sent(fault: SendFault, source: impl Into<BoxError>) -> Self {
        Self::NotSent { fault, source: Some(source.into()) }
    }

    /// A request that may have been sent.
    pub fn maybe_sent(fault: AnswerFault, source: impl Into<BoxError>) -> Self {
        Self::MaybeSent { fault, source: Some(source.into()) }
    }
}

/// What is said before the fault: an answer that is too long is an answer.
struct MayHaveBeenSent<'a>(&'a AnswerFault);

impl fmt::Display for MayHaveBeenSent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            AnswerFault::BodyTooLarge { .. } => Ok(()),
            AnswerFault::Timeout | AnswerFault::Connection | AnswerFault::Body => {
                f.write_str("the request may have been sent, but ")
            }
        }
    }
}

/// Why a request was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendFault {
    /// The request has no valid URL or headers.
    Request,
    /// The host's name does not resolve.
    Resolve,
    /// No connection: refused, unreachable, timed out, or TLS failed.
    Connect,
}

impl fmt::Display for SendFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "it does not fit into an http request",
            Self::Resolve => "the host name does not resolve",
            Self::Connect => "no connection could be made",
        })
    }
}

/// Why there is no answer to a request that may have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerFault {
    /// Nothing, or not everything, came in time.
    Timeout,
    /// The connection broke before the answer began.
    Connection,
    /// The body ended early or cannot be unpacked.
    Body,
    /// The body is longer than the transport accepts.
    BodyTooLarge {
        /// The most bytes accepted.
        limit: u64,
    },
}

impl fmt::Display for AnswerFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("the answer did not come in time"),
            Self::Connection => f.write_str("the connection broke before the answer"),
            Self::Body => f.write_str("the body of the answer is cut short or damaged"),
            Self::BodyTooLarge { limit } => {
                write!(f, "the body of the answer is longer than {}", Length(*limit))
            }
        }
    }
}

/// A number of bytes, in MiB where they are whole.
struct Length(u64);

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 20) => write!(f, "{} MiB", bytes >> 20),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}
