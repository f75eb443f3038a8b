//! Where the API is, and where the token may go.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use super::settings::SettingsError;

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

    /// Whether a URL has this scheme, host and port.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.0
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

fn parse_origin(text: &str) -> Result<Origin, OriginFault> {
    let url = Url::parse(text).map_err(|_| OriginFault::NotAUrl)?;
    let host = url.host().ok_or(OriginFault::NotAUrl)?;
    let is_loopback = is_loopback(&host);
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

pub(crate) fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}
