//! E-mail addresses, in the form that customers are matched by.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::scalar::present;

/// A valid address in lower case, without surrounding space.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

/// Why a contact has no address to match by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoEmail {
    /// There is none.
    #[error("no e-mail address")]
    Missing,
    /// There is one that no mail could reach.
    #[error("not an e-mail address")]
    Invalid,
}

impl Email {
    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the last `@`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(prefix, _)| prefix)
    }
}

impl FromStr for Email {
    type Err = NoEmail;

    fn from_str(text: &str) -> Result<Self, NoEmail> {
        let address = present(text).ok_or(NoEmail::Missing)?.to_lowercase();
        let options = Options::default().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&address, options).map_err(|_| NoEmail::Invalid)?;
        Ok(Self(address))
    }
}

impl TryFrom<String> for Email {
    type Error = NoEmail;

    fn try_from(text: String) -> Result<Self, NoEmail> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first letter and the domain: an address is personal.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.0.chars().next().unwrap_or('*');
        let domain = self.0.rsplit_once('@').map_or("", |(_, domain)| domain);
        write!(f, "{first}***@{domain}")
    }
}
