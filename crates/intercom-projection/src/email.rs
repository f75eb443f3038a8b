//! E-mail addresses, in the form that customers are matched by.
//!
//! An address is an `addr-spec` of RFC 5322 with the letters of RFC 6532: a name or a quoted text, an
//! `@`, and a domain or an address in brackets. Some of what the grammar derives is refused, because
//! nobody means it in a field for one address:
//!
//! - comments, line breaks, and space outside of quotation marks, while that around the whole is trimmed;
//! - obsolete forms, such as a quoted text between dots, and control characters;
//! - names beside the address, groups and lists, which are no `addr-spec` at all;
//! - empty quotation marks and brackets;
//! - characters that nobody sees, of which two addresses could look the same;
//! - what SMTP and DNS cannot carry: more than 64 bytes before the `@` or 255 behind it, labels of more
//!   than 63 bytes, or that begin or end with a hyphen.

use std::fmt;
use std::str::FromStr;

use intercom_text::is_hidden;
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

    /// The part before the `@`.
    #[must_use]
    pub fn prefix(&self) -> &str {
        parts(&self.0).map_or(&self.0, |(local, _)| local)
    }
}

impl FromStr for Email {
    type Err = NoEmail;

    fn from_str(text: &str) -> Result<Self, NoEmail> {
        let address = present(text).ok_or(NoEmail::Missing)?.to_lowercase();
        let (local, domain) = parts(&address).ok_or(NoEmail::Invalid)?;
        let is_valid = is_local_part(local) && is_domain(domain);
        if is_valid { Ok(Self(address)) } else { Err(NoEmail::Invalid) }
    }
}

/// The longest local part and domain that mail is carried to, in bytes (RFC 5321, 4.5.3.1), and the
/// longest label of a domain (RFC 1035).
const LONGEST: (usize, usize, usize) = (64, 255, 63);

/// What stands before and after the `@`, which may stand in quotes and brackets, too.
fn parts(address: &str) -> Option<(&str, &str)> {
    let mut is_quoted = address.starts_with('"');
    let mut is_pair = false;
    for (at, c) in address.char_indices().skip(usize::from(is_quoted)) {
        match c {
            _ if is_pair => is_pair = false,
            '\\' => is_pair = is_quoted,
            '"' => is_quoted = false,
            '@' if !is_quoted => return Some((&address[..at], &address[at + 1..])),
            _ => {}
        }
    }
    None
}

fn is_local_part(local: &str) -> bool {
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let is_local = quoted.map_or_else(|| local.split('.').all(is_atom), is_quotable);
    is_local && local.len() <= LONGEST.0
}

/// Words within quotation marks, in which a backslash takes its meaning from what follows it.
fn is_quotable(content: &str) -> bool {
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        let shown = match c {
            '\\' => chars.next(),
            '"' => None,
            c => Some(c),
        };
        if !shown.is_some_and(|c| c == ' ' || is_visible(c)) {
            return false;
        }
    }
    !content.trim().is_empty()
}

fn is_domain(domain: &str) -> bool {
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let is_domain = match literal {
        Some(literal) => {
            !literal.is_empty() && literal.chars().all(|c| is_visible(c) && !"[]\\".contains(c))
        }
        None => domain.split('.').all(is_label),
    };
    is_domain && domain.len() <= LONGEST.1
}

fn is_label(label: &str) -> bool {
    is_atom(label) && !label.starts_with('-') && !label.ends_with('-') && label.len() <= LONGEST.2
}

fn is_atom(atom: &str) -> bool {
    !atom.is_empty() && atom.chars().all(|c| is_visible(c) && !"()<>[]:;@\\,.\"".contains(c))
}

/// Whether a reader sees the character.
fn is_visible(c: char) -> bool {
    !is_hidden(c) && !c.is_control() && !c.is_whitespace()
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
        let domain = parts(&self.0).map_or("", |(_, domain)| domain);
        write!(f, "{first}***@{domain}")
    }
}
