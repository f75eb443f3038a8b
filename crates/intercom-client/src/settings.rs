//! What a client is told before its first request, checked before its first request.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use intercom_api::ApiVersion;

use crate::rate::BudgetSettings;
use crate::retry::RetryPolicy;
use crate::transport::BoxError;

/// How a [`Client`](crate::Client) behaves, whatever carries its requests.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The version every request is built for.
    pub version: ApiVersion,
    /// When a failed attempt is repeated.
    pub retry: RetryPolicy,
    /// How the API's rate limit is kept.
    pub budget: BudgetSettings,
    /// The longest one call may take, attempts and waits included. Each page of a list and each
    /// request of multi-step work is a call of its own.
    pub deadline: Duration,
    /// The most pages one listing reads.
    pub max_pages: u32,
    /// The most requests one [`drive`](crate::Client::drive) sends.
    pub max_steps: u32,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            version: ApiVersion::default(),
            retry: RetryPolicy::default(),
            budget: BudgetSettings::default(),
            deadline: Duration::from_secs(180),
            max_pages: 100_000,
            max_steps: 100,
        }
    }
}

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
    /// The longest body accepted, counted after decompression.
    pub max_body_bytes: usize,
}

impl HttpSettings {
    /// Settings for the API in the United States, with a limit of 32 MiB a body.
    pub fn new(token: SecretString) -> Self {
        Self {
            token,
            origin: Origin::region(Region::Us),
            user_agent: concat!("intercom-client-rust/", env!("CARGO_PKG_VERSION")).to_owned(),
            timeouts: Timeouts::default(),
            max_body_bytes: 32 * 1024 * 1024,
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
        if self.max_body_bytes == 0 {
            return zero("max_body_bytes");
        }
        Ok(())
    }
}

/// How long one attempt may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// To connect, TLS included.
    pub connect: Duration,
    /// From the first byte sent to the last byte received.
    pub attempt: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), attempt: Duration::from_secs(30) }
    }
}

/// Where a workspace's data is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Region {
    /// The United States.
    #[default]
    Us,
    /// The European Union.
    Eu,
    /// Australia.
    Au,
}

impl FromStr for Region {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        match text.trim().to_ascii_lowercase().as_str() {
            "us" => Ok(Self::Us),
            "eu" => Ok(Self::Eu),
            "au" => Ok(Self::Au),
            _ => Err(SettingsError::Region),
        }
    }
}

/// Scheme, host and port of an API: `https`, or `http` on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(Cow<'static, str>);

impl Origin {
    /// The API of a region.
    pub const fn region(region: Region) -> Self {
        Self(Cow::Borrowed(match region {
            Region::Us => "https://api.intercom.io",
            Region::Eu => "https://api.eu.intercom.io",
            Region::Au => "https://api.au.intercom.io",
        }))
    }

    /// The origin of a URL such as `https://api.intercom.io` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// [`SettingsError::Origin`] for plain `http` to another machine, and for anything beside
    /// scheme, host and port.
    pub fn parse(text: &str) -> Result<Self, SettingsError> {
        parse_origin(text.trim()).map_err(SettingsError::Origin)
    }

    /// The origin without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The URL of a request target at this origin; `None` when the target would leave it.
    pub(crate) fn url(&self, target: &str) -> Option<Url> {
        let mut text = String::with_capacity(self.0.len() + target.len());
        text.push_str(&self.0);
        text.push_str(target);
        let url = Url::parse(&text).ok()?;
        // A target such as `@elsewhere` or `.elsewhere` would take the token to another host.
        let stays = url.as_str().strip_prefix(&*self.0)?.starts_with('/');
        stays.then_some(url)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        Self::parse(text)
    }
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

/// What is wrong with a base URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginFault {
    /// Not an absolute URL with a host.
    NotAUrl,
    /// `http` to a host that is not this machine.
    Unencrypted,
    /// A scheme other than `https` and `http`.
    Scheme,
    /// A user name or password.
    Credentials,
    /// A path, query or fragment.
    NotBare,
}

impl fmt::Display for OriginFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUrl => "is not an absolute url",
            Self::Unencrypted => "is plain http to another machine; use https",
            Self::Scheme => "has a scheme other than https",
            Self::Credentials => "has a user name or password",
            Self::NotBare => "has a path, query or fragment",
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

fn parse_origin(text: &str) -> Result<Origin, OriginFault> {
    let url = Url::parse(text).map_err(|_| OriginFault::NotAUrl)?;
    let host = url.host().ok_or(OriginFault::NotAUrl)?;
    let is_loopback = match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback => {}
        "http" => return Err(OriginFault::Unencrypted),
        _ => return Err(OriginFault::Scheme),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(OriginFault::Credentials);
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(OriginFault::NotBare);
    }
    Ok(Origin(Cow::Owned(url.origin().ascii_serialization())))
}
