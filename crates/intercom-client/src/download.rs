//! Answers that are read as they come: exports, recordings, anything large.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use intercom_api::{Headers, Request, Response};

use crate::error::{Call, Error};
use crate::transport::{AnswerFault, BodyStream, TransportError};

/// A successful answer whose body is read as it comes; see [`Client::download`].
///
/// The parts are what the server stores: a content encoding of the transfer is undone, a packed
/// file stays packed. Once the first part is there nothing is repeated: after an error, download
/// again.
///
/// [`Client::download`]: crate::Client::download
#[must_use = "a download is read by polling it"]
pub struct Download {
    call: Box<Call>,
    head: Response,
    body: BodyStream,
}

impl Download {
    pub(crate) fn new(
        request: &Request,
        n_attempts: u32,
        head: Response,
        body: BodyStream,
    ) -> Self {
        Self { call: Call::new(request, n_attempts), head, body }
    }

    /// The status, a success.
    pub fn status(&self) -> u16 {
        self.head.status
    }

    /// The headers of the answer that holds the body.
    pub fn headers(&self) -> &Headers {
        &self.head.headers
    }

    /// The whole body, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// [`Error::MaybeSent`] when the body is longer or does not arrive whole.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(part) = self.next().await {
            let part = part?;
            if part.len() > limit.saturating_sub(whole.len()) {
                let limit = u64::try_from(limit).unwrap_or(u64::MAX);
                let fault = AnswerFault::BodyTooLarge { limit };
                return Err(self.broken(TransportError::MaybeSent { fault, source: None }));
            }
            whole.extend_from_slice(&part);
        }
        Ok(whole.freeze())
    }

    /// Writes the body to `target` and flushes it; returns its length.
    ///
    /// # Errors
    /// [`Error::MaybeSent`] when the body does not arrive whole, [`Error::NotSaved`] when `target`
    /// does not take it. What was written stays.
    pub async fn write_to<W: AsyncWrite + Unpin + ?Sized>(
        mut self,
        target: &mut W,
    ) -> Result<u64, Error> {
        let mut length = 0_u64;
        while let Some(part) = self.next().await {
            let part = part?;
            let written = target.write_all(&part).await;
            written.map_err(|source| Error::NotSaved { call: self.call.clone(), source })?;
            length = length.saturating_add(u64::try_from(part.len()).unwrap_or(u64::MAX));
        }
        let flushed = target.flush().await;
        flushed.map_err(|source| Error::NotSaved { call: self.call.clone(), source })?;
        Ok(length)
    }

    pub(crate) fn broken(&self, source: TransportError) -> Error {
        Error::MaybeSent { call: self.call.clone(), source }
    }
}

impl Stream for Download {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let part = self.body.as_mut().poll_next(cx);
        part.map(|part| Some(part?.map_err(|error| self.broken(error))))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("call", &self.call)
            .field("status", &self.head.status)
            .finish_non_exhaustive()
    }
}
