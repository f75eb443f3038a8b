//! Downloads: bodies of any length, from wherever the API leads.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use reqwest::Url;
use reqwest::header::{ACCEPT, CONTENT_LENGTH, HeaderValue, LOCATION};
use tokio::time::timeout;

use intercom_api::{Headers, Method, Request, Response};

use super::origin::is_loopback;
use super::{HttpTransport, broken_body, read_headers, too_large};
use crate::transport::{AnswerFault, BodyStream, Streamed, TransportError};

/// The most redirects followed one after the other outside the API.
const MAX_HOPS: usize = 5;

/// Where a redirect leads.
enum Redirect {
    /// Within the API: the path with its query.
    Within(String),
    Elsewhere(Url),
    /// Where nothing is sent.
    Refused,
}

impl HttpTransport {
    pub(super) async fn open_stream(&self, request: &Request) -> Result<Streamed, TransportError> {
        let prepared = self.prepare(request)?;
        let own = self.await_head(prepared).await?;
        let redirect = match request.method {
            Method::Get => self.redirect(&own),
            _ => None,
        };
        match redirect {
            None | Some(Redirect::Refused) => Ok(self.stream(own, None)),
            Some(Redirect::Within(target)) => {
                let mut streamed = self.stream(own, None);
                streamed.headers = with_location(&streamed.headers, target);
                Ok(streamed)
            }
            Some(Redirect::Elsewhere(url)) => self.follow(&own, url).await,
        }
    }

    /// Follows redirects outside the API. One that leads back would take foreign words for a
    /// request with the token; it is the answer instead.
    async fn follow(
        &self,
        own: &reqwest::Response,
        mut url: Url,
    ) -> Result<Streamed, TransportError> {
        let redirected_by = Response {
            status: own.status().as_u16(),
            headers: read_headers(own.headers()),
            body: Bytes::new(),
        };
        let mut n_hops = 1;
        loop {
            let mut bare = reqwest::Request::new(reqwest::Method::GET, url);
            bare.headers_mut().insert(ACCEPT, HeaderValue::from_static("*/*"));
            let answer = self.await_head(bare).await.map_err(after_redirect)?;
            match self.redirect(&answer) {
                Some(Redirect::Elsewhere(next)) if n_hops < MAX_HOPS => url = next,
                Some(_) => {
                    let mut streamed = self.stream(answer, Some(redirected_by));
                    // What is not followed is no path of the API either.
                    streamed.headers = without_location(&streamed.headers).collect();
                    return Ok(streamed);
                }
                None => return Ok(self.stream(answer, Some(redirected_by))),
            }
            n_hops += 1;
        }
    }

    fn redirect(&self, answer: &reqwest::Response) -> Option<Redirect> {
        if !matches!(answer.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let location = answer.headers().get(LOCATION)?.to_str().ok()?;
        let Ok(url) = answer.url().join(location) else { return Some(Redirect::Refused) };
        if self.origin.holds(&url) {
            let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
            return Some(Redirect::Within(format!("{}{query}", url.path())));
        }
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let is_safe = match url.scheme() {
            "https" => true,
            // An encrypted API does not lead to what is served on this machine.
            "http" => {
                !self.origin.is_encrypted() && url.host().is_some_and(|host| is_loopback(&host))
            }
            _ => false,
        };
        let is_followed = is_safe && !has_credentials;
        Some(if is_followed { Redirect::Elsewhere(url) } else { Redirect::Refused })
    }

    fn stream(&self, answer: reqwest::Response, redirected_by: Option<Response>) -> Streamed {
        let (status, headers) = (answer.status().as_u16(), read_headers(answer.headers()));
        let length = answer.headers().get(CONTENT_LENGTH);
        let announced = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let limit = self.max_download_bytes;
        let body: BodyStream = if announced.is_some_and(|length| length > limit) {
            Box::pin(stream::iter([Err(too_large(limit))]))
        } else {
            let reader = Reader { answer, idle_for: self.timeouts.idle, length: 0, limit };
            Box::pin(stream::unfold(Some(reader), async |reader| reader?.next().await))
        };
        Streamed { status, headers, body, redirected_by }
    }
}

/// Wherever it failed, the API has had its request.
fn after_redirect(error: TransportError) -> TransportError {
    match error {
        TransportError::NotSent { source, .. } => {
            TransportError::MaybeSent { fault: AnswerFault::Connection, source }
        }
        error @ TransportError::MaybeSent { .. } => error,
    }
}

/// A body, counted as it is unpacked.
struct Reader {
    answer: reqwest::Response,
    idle_for: Duration,
    length: u64,
    limit: u64,
}

impl Reader {
    /// The next part; without a reader after it, the last.
    async fn next(mut self) -> Option<(Result<Bytes, TransportError>, Option<Self>)> {
        let chunk = match timeout(self.idle_for, self.answer.chunk()).await {
            Ok(Ok(chunk)) => chunk?,
            Ok(Err(error)) => return Some((Err(broken_body(error)), None)),
            Err(elapsed) => {
                let error = TransportError::maybe_sent(AnswerFault::Timeout, elapsed);
                return Some((Err(error), None));
            }
        };
        self.length = self.length.saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if self.length > self.limit {
            return Some((Err(too_large(self.limit)), None));
        }
        Some((Ok(chunk), Some(self)))
    }
}

fn with_location(headers: &Headers, target: String) -> Headers {
    let mut headers: Headers = without_location(headers).collect();
    headers.push("Location", target);
    headers
}

fn without_location(headers: &Headers) -> impl Iterator<Item = (&str, &str)> {
    headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("Location"))
}
