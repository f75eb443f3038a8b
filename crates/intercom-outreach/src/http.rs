//! The transport over HTTPS.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use url::{Host, Url};

use crate::transport::{Answer, BoxError, Post, Transport, TransportError};

/// What is read of a body.
const MAX_BODY_BYTES: usize = 4 * 1024;

/// Posts over HTTPS, or over plain HTTP on this machine.
///
/// Redirects are answers: what is said goes nowhere else. TLS is rustls with ring and the system's
/// root certificates.
pub struct HttpTransport {
    http: reqwest::Client,
    answer_within: Duration,
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

/// Why an address cannot be used. It is not quoted, because it is a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Not an absolute URL with a host.
    #[error("the address of the webhook is not an absolute url")]
    NotAUrl,
    /// `http` to another machine, or another scheme.
    #[error("the address of the webhook is not an https url")]
    Unencrypted,
    /// TLS cannot be set up, such as on a system without root certificates.
    #[error("tls cannot be set up")]
    Tls(#[source] BoxError),
}

impl HttpTransport {
    /// A transport for posts to this address; an answer may take so long, connecting included.
    ///
    /// # Errors
    /// [`SettingsError`] when nothing could be sent there.
    pub fn to(url: &SecretString, answer_within: Duration) -> Result<Self, SettingsError> {
        let is_encrypted = is_encrypted(url)?;
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(is_encrypted)?)
            .user_agent(concat!("intercom-outreach/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false);
        let builder = if is_encrypted { builder } else { builder.no_proxy() };
        let http = builder.build().map_err(|error| SettingsError::Tls(bare(error)))?;
        Ok(Self { http, answer_within })
    }

    async fn exchange(&self, post: reqwest::Request) -> Result<Answer, TransportError> {
        let answer = self.http.execute(post).await.map_err(unanswered)?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned);
        // The status says it all; a body that breaks off changes nothing.
        let body = beginning(answer).await;
        Ok(Answer { status, retry_after, body })
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, post: &Post) -> Result<Answer, TransportError> {
        let url = Url::parse(post.url.expose_secret());
        // The error would quote the address.
        let url = url.map_err(|_| TransportError::NotSent("the address is not a url".into()))?;
        let mut request = reqwest::Request::new(reqwest::Method::POST, url);
        let content_type = HeaderValue::from_static(post.content_type);
        request.headers_mut().insert(CONTENT_TYPE, content_type);
        *request.body_mut() = Some(post.body.clone().into());
        match timeout(self.answer_within, self.exchange(request)).await {
            Ok(answered) => answered,
            Err(elapsed) => Err(TransportError::MaybeSent(elapsed.into())),
        }
    }
}

fn is_encrypted(url: &SecretString) -> Result<bool, SettingsError> {
    let url = Url::parse(url.expose_secret()).map_err(|_| SettingsError::NotAUrl)?;
    let is_loopback = match url.host().ok_or(SettingsError::NotAUrl)? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => Ok(true),
        "http" if is_loopback => Ok(false),
        _ => Err(SettingsError::Unencrypted),
    }
}

/// Root certificates are only loaded where they are used.
fn tls(is_encrypted: bool) -> Result<ClientConfig, SettingsError> {
    let failed = |error: rustls::Error| SettingsError::Tls(error.into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(failed)?;
    let builder = if is_encrypted {
        builder.with_platform_verifier().map_err(failed)?
    } else {
        builder.with_root_certificates(rustls::RootCertStore::empty())
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn beginning(mut answer: reqwest::Response) -> Bytes {
    let mut body = BytesMut::new();
    while body.len() < MAX_BODY_BYTES
        && let Ok(Some(chunk)) = answer.chunk().await
    {
        let n_kept = chunk.len().min(MAX_BODY_BYTES - body.len());
        body.extend_from_slice(&chunk[..n_kept]);
    }
    body.freeze()
}

fn unanswered(error: reqwest::Error) -> TransportError {
    match error.is_builder() || error.is_dns() || error.is_connect() {
        true => TransportError::NotSent(bare(error)),
        false => TransportError::MaybeSent(bare(error)),
    }
}

fn bare(error: reqwest::Error) -> BoxError {
    error.without_url().into()
}
