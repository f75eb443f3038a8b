//! The transport over HTTPS.

mod open;
mod origin;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::ClientBuilder;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::ExposeSecret;
use tokio::time::{Instant, timeout};
use url::Url;

use intercom_api::{Headers, Method, Request, Response};

use crate::transport::{
    AnswerFault, MAX_REFUSAL_BYTES, SendFault, Streamed, Transport, TransportError,
};

pub use origin::{Origin, OriginFault, Region};
pub use settings::{HttpSettings, Pool, Proxy, SettingsError, Timeouts, TokenFault};

const INTERCOM_VERSION: HeaderName = HeaderName::from_static("intercom-version");

/// Sends requests over HTTPS, or over plain HTTP on this machine.
///
/// Redirects are answers; only downloads follow them, and the token stays with its origin. TLS is
/// rustls with ring and the system's root certificates; the process-wide default provider is
/// neither read nor set.
pub struct HttpTransport {
    http: reqwest::Client,
    origin: Origin,
    authorization: HeaderValue,
    timeouts: Timeouts,
    max_body_bytes: usize,
    max_download_bytes: u64,
}

impl HttpTransport {
    /// A transport with its own connection pool.
    ///
    /// # Errors
    /// [`SettingsError`] when a setting cannot work.
    pub fn new(settings: HttpSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let authorization = authorization(&settings)?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&settings.origin)?)
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.timeouts.connect)
            .pool_max_idle_per_host(settings.pool.max_idle)
            .pool_idle_timeout(settings.pool.idle_for)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        let http = route(builder, &settings)?
            .build()
            .map_err(|error| SettingsError::Tls { source: error.without_url().into() })?;
        Ok(Self {
            http,
            origin: settings.origin,
            authorization,
            timeouts: settings.timeouts,
            max_body_bytes: settings.max_body_bytes,
            max_download_bytes: settings.max_download_bytes,
        })
    }

    async fn await_head(
        &self,
        request: reqwest::Request,
    ) -> Result<reqwest::Response, TransportError> {
        match timeout(self.timeouts.attempt, self.http.execute(request)).await {
            Ok(outcome) => outcome.map_err(unanswered),
            Err(elapsed) => Err(TransportError::maybe_sent(AnswerFault::Timeout, elapsed)),
        }
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::Request, TransportError> {
        let misfit = || TransportError::NotSent { fault: SendFault::Request, source: None };
        let url = self.origin.url(&request.target()).ok_or_else(misfit)?;
        let mut prepared = reqwest::Request::new(method(request.method), url);
        let headers = prepared.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(INTERCOM_VERSION, HeaderValue::from_static(request.version.as_str()));
        let media_type = |text: &str| HeaderValue::from_str(text).map_err(|_| misfit());
        headers.insert(ACCEPT, media_type(&request.accept)?);
        if let Some(body) = &request.body {
            headers.insert(CONTENT_TYPE, media_type(&request.content_type)?);
            *prepared.body_mut() = Some(body.clone().into());
        }
        Ok(prepared)
    }

    /// The body, counted as it is unpacked so that a small answer cannot grow without limit.
    async fn read_body(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        let limit = self.max_body_bytes;
        let too_large = || too_large(u64::try_from(limit).unwrap_or(u64::MAX));
        let announced = answer.content_length().map_or(0, |n| usize::try_from(n).unwrap_or(limit));
        if announced > limit {
            return Err(too_large());
        }
        let (mut chunks, mut length) = (Vec::new(), 0_usize);
        while let Some(chunk) = answer.chunk().await.map_err(broken_body)? {
            length += chunk.len();
            if length > limit {
                return Err(too_large());
            }
            chunks.push(chunk);
        }
        Ok(join(chunks, length))
    }

    /// What arrives of a refusal's body in time: its status stands whatever becomes of the rest.
    async fn read_refusal(&self, mut answer: reqwest::Response, left_for: Duration) -> Bytes {
        let limit = self.max_body_bytes.min(MAX_REFUSAL_BYTES);
        let mut body = BytesMut::new();
        let reading = async {
            while body.len() < limit
                && let Ok(Some(chunk)) = answer.chunk().await
            {
                let n_kept = chunk.len().min(limit - body.len());
                body.extend_from_slice(&chunk[..n_kept]);
            }
        };
        // What came before the time was up is in `body`.
        let _ = timeout(left_for, reading).await;
        body.freeze()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let prepared = self.prepare(request)?;
        let started_at = Instant::now();
        let answer = self.await_head(prepared).await?;
        let left_for = self.timeouts.attempt.saturating_sub(started_at.elapsed());
        let (status, headers) = (answer.status(), read_headers(answer.headers()));
        let body = if status.is_success() {
            let late = |elapsed| TransportError::maybe_sent(AnswerFault::Timeout, elapsed);
            timeout(left_for, self.read_body(answer)).await.map_err(late)??
        } else {
            self.read_refusal(answer, left_for).await
        };
        Ok(Response { status: status.as_u16(), headers, body })
    }

    async fn open(&self, request: &Request) -> Result<Streamed, TransportError> {
        self.open_stream(request).await
    }
}

fn route(builder: ClientBuilder, settings: &HttpSettings) -> Result<ClientBuilder, SettingsError> {
    match &settings.proxy {
        Proxy::Url(url) => {
            let url = url.expose_secret();
            let scheme = Url::parse(url).ok().filter(Url::has_host);
            if !scheme.is_some_and(|url| matches!(url.scheme(), "http" | "https")) {
                return Err(SettingsError::Proxy);
            }
            let proxy = reqwest::Proxy::all(url).map_err(|_| SettingsError::Proxy)?;
            let is_encrypted = settings.origin.is_encrypted();
            Ok(if is_encrypted { builder.proxy(proxy) } else { builder.no_proxy() })
        }
        Proxy::Environment if settings.origin.is_encrypted() => Ok(builder),
        Proxy::Environment | Proxy::None => Ok(builder.no_proxy()),
    }
}

/// Root certificates are only loaded where they are used, so that a test against this machine runs
/// on a system without any.
fn tls(origin: &Origin) -> Result<ClientConfig, SettingsError> {
    let failed = |error: rustls::Error| SettingsError::Tls { source: error.into() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = if origin.is_encrypted() {
        builder.with_platform_verifier().map_err(failed)?
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn authorization(settings: &HttpSettings) -> Result<HeaderValue, SettingsError> {
    let bearer = format!("Bearer {}", settings.token.expose_secret());
    let mut authorization =
        HeaderValue::from_str(&bearer).map_err(|_| SettingsError::Token(TokenFault::NotAscii))?;
    authorization.set_sensitive(true);
    Ok(authorization)
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Head => reqwest::Method::HEAD,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}

/// Headers that are not text carry nothing the client reads and are left out.
fn read_headers(headers: &HeaderMap) -> Headers {
    headers
        .iter()
        .filter_map(|(name, value)| value.to_str().ok().map(|value| (name.as_str(), value)))
        .collect()
}

/// One chunk is passed on as it is; several are copied once.
fn join(mut chunks: Vec<Bytes>, length: usize) -> Bytes {
    if chunks.len() <= 1 {
        return chunks.pop().unwrap_or_default();
    }
    let mut body = BytesMut::with_capacity(length);
    for chunk in &chunks {
        body.extend_from_slice(chunk);
    }
    body.freeze()
}

fn too_large(limit: u64) -> TransportError {
    TransportError::MaybeSent { fault: AnswerFault::BodyTooLarge { limit }, source: None }
}

fn unanswered(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    if error.is_builder() {
        return TransportError::not_sent(SendFault::Request, error);
    }
    if error.is_dns() {
        return TransportError::not_sent(SendFault::Resolve, error);
    }
    if error.is_connect() {
        return TransportError::not_sent(SendFault::Connect, error);
    }
    let fault = if error.is_timeout() { AnswerFault::Timeout } else { AnswerFault::Connection };
    TransportError::maybe_sent(fault, error)
}

fn broken_body(error: reqwest::Error) -> TransportError {
    TransportError::maybe_sent(AnswerFault::Body, error.without_url())
}
