//! How the API is reached, checked before the first request.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use super::origin::{Origin, OriginFault, Region};
use crate::transport::BoxError;

/// How an [`HttpTransport`](crate::HttpTransport) reaches the API.
///
/// `Debug` does not show the token.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The access token.
    pub token: SecretString,
    /// Where the API is.
    pub origin: Origin,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// The longest body of a success accepted, counted after decompression. Of a refusal's body at
    /// most 64 KiB are read, the rest is left.
    pub max_body_bytes: usize,
    /// The longest download accepted, counted after decompression.
    pub max_download_bytes: u64,
    /// What stands between this machine and the API. Plain `http` to this machine is never sent
    /// through a proxy.
    pub proxy: Proxy,
    /// How connections are kept.
    pub pool: Pool,
}

impl HttpSettings {
    /// Settings for the API in the United States, with a limit of 32 MiB a body
    /// and 4 GiB a download.
    pub fn new(token: SecretString) -> Self {
        Self {
            token,
            origin: Origin::region(Region::Us),
            user_agent: concat!("intercom-client-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts::default(),
            max_body_bytes: 32 * 1024 * 1024,
            max_download_bytes: 4 * 1024 * 1024 * 1024,
            proxy: Proxy::default(),
            pool: Pool::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        check_token(self.token.expose_secret()).map_err(SettingsError::Token)?;
        let is_header = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if self.user_agent.trim().is_empty() || !is_header(&self.user_agent) {
            return Err(SettingsError::UserAgent);
        }
        let zero = |setting| Err(SettingsError::Zero { setting });
        if self.timeouts.connect.is_zero() {
            return zero("timeouts.connect");
        }
        if self.timeouts.attempt.is_zero() {
            return zero("timeouts.attempt");
        }
        if self.timeouts.idle.is_zero() {
            return zero("timeouts.idle");
        }
        if self.max_body_bytes == 0 {
            return zero("max_body_bytes");
        }
        if self.max_download_bytes == 0 {
            return zero("max_download_bytes");
        }
        Ok(())
    }
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the first byte sent to the last byte received; of a download, to the last header.
    pub attempt: Duration,
    /// For the next part of a download.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let half_a_minute = Duration::from_secs(30);
        Self { connect: Duration::from_secs(10), attempt: half_a_minute, idle: half_a_minute }
    }
}

/// How connections are kept for the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// The most unused connections kept open.
    pub max_idle: usize,
    /// How long an unused connection is kept. Servers close theirs after a minute or so, and a
    /// call that meets the closing end is lost.
    pub idle_for: Duration,
}

impl Default for Pool {
    fn default() -> Self {
        Self { max_idle: 256, idle_for: Duration::from_secs(30) }
    }
}

/// The proxy that requests go through. `Debug` shows no address.
#[derive(Debug, Clone, Default)]
pub enum Proxy {
    /// What `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` say.
    #[default]
    Environment,
    /// None, whatever the environment says.
    None,
    /// An `http` or `https` URL, which may hold a user name and a password.
    Url(SecretString),
}

/// A setting that cannot work, found before the first request.
///
/// No message repeats the setting: it may be a secret in the wrong place.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The token cannot be sent.
    #[error("the access token {0}")]
    Token(TokenFault),
    /// The base URL is not an origin the token may be sent to.
    #[error("the base url {0}")]
    Origin(OriginFault),
    /// The region is not known.
    #[error("unknown region; expected us, eu or au")]
    Region,
    /// The user agent is empty or not printable ASCII.
    #[error("the user agent is empty or has characters other than printable ascii")]
    UserAgent,
    /// The proxy is not an `http` or `https` URL with a host.
    #[error("the proxy is not an http or https url")]
    Proxy,
    /// A limit of zero.
    #[error("{setting} is zero")]
    Zero {
        /// The setting.
        setting: &'static str,
    },
    /// TLS cannot be set up, for example because the machine has no root certificates.
    #[error("tls cannot be set up")]
    Tls {
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// What is wrong with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// Nothing, or only white space.
    Empty,
    /// White space or a control character, such as a line break left from a file.
    Space,
    /// A character that is not ASCII.
    NotAscii,
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty",
            Self::Space => "has white space or control characters",
            Self::NotAscii => "has characters that are not ascii",
        })
    }
}

fn check_token(token: &str) -> Result<(), TokenFault> {
    if token.trim().is_empty() {
        return Err(TokenFault::Empty);
    }
    if token.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(TokenFault::Space);
    }
    if !token.is_ascii() {
        return Err(TokenFault::NotAscii);
    }
    Ok(())
}
