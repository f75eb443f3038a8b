//! The transport over HTTPS.

mod origin;
mod settings;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::ExposeSecret;

use intercom_api::{Headers, Method, Request, Response};

use crate::transport::{AnswerFault, SendFault, Transport, TransportError};

pub use origin::{Origin, OriginFault, Region};
pub use settings::{HttpSettings, SettingsError, Timeouts, TokenFault};

const INTERCOM_VERSION: HeaderName = HeaderName::from_static("intercom-version");

/// Sends requests over HTTPS, or over plain HTTP on this machine.
///
/// Redirects are answers and are never followed, so the token stays with its origin. TLS is rustls
/// with ring and the system's root certificates; the process-wide default provider is neither read
/// nor set. A proxy named by the environment is used for `https` origins only.
pub struct HttpTransport {
    http: reqwest::Client,
    origin: Origin,
    attempt_for: Duration,
    max_body_bytes: usize,
}

impl HttpTransport {
    /// A transport with its own connection pool.
    ///
    /// # Errors
    /// [`SettingsError`] when a setting cannot work.
    pub fn new(settings: HttpSettings) -> Result<Self, SettingsError> {
        settings.check()?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&settings.origin)?)
            .default_headers(default_headers(&settings)?)
            .user_agent(&settings.user_agent)
            .connect_timeout(settings.timeouts.connect)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        let builder = if settings.origin.is_encrypted() { builder } else { builder.no_proxy() };
        let http = builder
            .build()
            .map_err(|error| SettingsError::Tls { source: error.without_url().into() })?;
        Ok(Self {
            http,
            origin: settings.origin,
            attempt_for: settings.timeouts.attempt,
            max_body_bytes: settings.max_body_bytes,
        })
    }

    async fn attempt(&self, request: &Request) -> Result<Response, TransportError> {
        let prepared = self.prepare(request)?;
        let answer = self.http.execute(prepared).await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let headers = read_headers(answer.headers());
        let body = self.read_body(answer).await?;
        Ok(Response { status, headers, body })
    }

    fn prepare(&self, request: &Request) -> Result<reqwest::Request, TransportError> {
        let misfit = || TransportError::NotSent { fault: SendFault::Request, source: None };
        let url = self.origin.url(&request.target()).ok_or_else(misfit)?;
        let mut prepared = reqwest::Request::new(method(request.method), url);
        let headers = prepared.headers_mut();
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
        let too_large = || TransportError::MaybeSent {
            fault: AnswerFault::BodyTooLarge { limit },
            source: None,
        };
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
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("origin", &self.origin).finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        match tokio::time::timeout(self.attempt_for, self.attempt(request)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(TransportError::maybe_sent(AnswerFault::Timeout, elapsed)),
        }
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

fn default_headers(settings: &HttpSettings) -> Result<HeaderMap, SettingsError> {
    let bearer = format!("Bearer {}", settings.token.expose_secret());
    let mut authorization =
        HeaderValue::from_str(&bearer).map_err(|_| SettingsError::Token(TokenFault::NotAscii))?;
    authorization.set_sensitive(true);
    Ok(HeaderMap::from_iter([(AUTHORIZATION, authorization)]))
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
