//! What the API says when it refuses a request.

use std::fmt;

use crate::error::code::ErrorCode;
use crate::error::envelope::{Envelope, ErrorItem, is_visible};
use crate::error::mask::{hide_values, mask};
use crate::id::ContactId;
use crate::request::Request;
use crate::response::Response;
use crate::scope::Scope;

/// The API refused a request: the `error.list` envelope with its status.
///
/// `Display` and `Debug` mask what looks like an e-mail address, a URL, a token or a phone number
/// in the API's message; names they cannot know. [`of_exchange`](Self::of_exchange) also hides
/// what the request itself says.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: u16,
    /// The server's id of the exchange, worth quoting to Intercom's support.
    pub request_id: Option<String>,
    /// The entries, at most 50; empty when the body was not an error envelope.
    pub errors: Vec<ErrorItem>,
    derived: Box<Derived>,
}

/// What is read from an answer beyond its envelope; boxed, for errors are handed on by value.
#[derive(Clone, PartialEq, Eq)]
struct Derived {
    /// The contact that a `Link` header leads to.
    linked_contact: Option<ContactId>,
    /// What is shown of the first entry's message.
    shown: Option<String>,
}

/// The contact that stands in the way of a new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The contact that has those details.
    pub existing: ContactId,
    /// Whether it is archived: it must be unarchived before it can be updated.
    pub is_archived: bool,
}

/// Why a scroll cannot be opened or go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScrollFault {
    /// The workspace has another scroll open; it has one at a time, and a scroll that nobody
    /// reads closes after a minute.
    InUse,
    /// The scroll was left alone for more than a minute and is gone.
    Expired,
    /// The API lost the scroll; it has to begin again.
    Restart,
}

impl ApiError {
    /// Reads the envelope of an answer that is not a success. The few endpoints that answer with
    /// a bare message or with messages by field are read too, under the code `unknown`; a body of
    /// another shape (a proxy's page, an empty body) leaves `errors` empty.
    pub fn from_response(response: &Response) -> Self {
        let Envelope { request_id, errors } = Envelope::read(&response.body);
        let from_header = || response.request_id().filter(|id| is_visible(id)).map(str::to_owned);
        let message = errors.first().and_then(|item| item.message.as_deref());
        let shown = message.map(mask);
        Self {
            status: response.status,
            request_id: request_id.or_else(from_header),
            errors,
            derived: Box::new(Derived { linked_contact: linked_contact(response), shown }),
        }
    }

    /// Reads the refusal of `request`: its path, its query and their values are not shown again
    /// where the API repeats them.
    pub fn of_exchange(request: &Request, response: &Response) -> Self {
        let mut error = Self::from_response(response);
        error.derived.shown = error.message().map(|message| mask(&hide_values(request, message)));
        error
    }

    /// The code of the first entry.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.errors.first().map(|item| &item.code)
    }

    /// The message of the first entry, as sent; it may hold personal data.
    pub fn message(&self) -> Option<&str> {
        self.errors.first().and_then(|item| item.message.as_deref())
    }

    /// Whether an entry has this code.
    pub fn has_code(&self, code: &ErrorCode) -> bool {
        self.errors.iter().any(|item| item.code == *code)
    }

    /// Of a 409: the contact that has the details which a new one was to get.
    pub fn conflict(&self) -> Option<Conflict> {
        if self.status != 409 {
            return None;
        }
        self.messages().find_map(|message| {
            let (before, existing) = contact_after_id(message)?;
            let mut words = before.split(|c: char| !c.is_ascii_alphanumeric());
            let is_archived = words.any(|word| word.eq_ignore_ascii_case("archived"));
            Some(Conflict { existing, is_archived })
        })
    }

    /// Of a 410: the contact into which the one asked for was merged.
    pub fn surviving_contact(&self) -> Option<ContactId> {
        if self.status != 410 {
            return None;
        }
        let named = || self.messages().find_map(contact_after_id).map(|(_, contact)| contact);
        self.derived.linked_contact.clone().or_else(named)
    }

    /// Of a 403: the scope the token lacks, when the API names it.
    pub fn missing_scope(&self) -> Option<Scope> {
        if self.status != 403 {
            return None;
        }
        self.messages().find_map(scope_after_word)
    }

    /// Of a refused scroll: why. Meant for answers of scroll operations only: a 404 is an expired
    /// scroll there, and a missing object anywhere else.
    pub fn scroll_fault(&self) -> Option<ScrollFault> {
        let is_lost = |message: &str| message.to_ascii_lowercase().contains("restart the scroll");
        match self.status {
            404 => Some(ScrollFault::Expired),
            _ if self.has_code(&ErrorCode::ScrollExists) => Some(ScrollFault::InUse),
            500.. if self.messages().any(is_lost) => Some(ScrollFault::Restart),
            _ => None,
        }
    }

    fn messages(&self) -> impl Iterator<Item = &str> {
        self.errors.iter().filter_map(|item| item.message.as_deref())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "status {}", self.status)?;
        if let Some(code) = self.code() {
            write!(f, ", {code}")?;
        }
        if let Some(message) = &self.derived.shown {
            write!(f, ": {message}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({self})")
    }
}

impl std::error::Error for ApiError {}

/// The contact that follows the last `id=` of a message, and what stands before it.
fn contact_after_id(message: &str) -> Option<(&str, ContactId)> {
    let (at, _) = message.rmatch_indices("id=").find(|(at, _)| {
        let before = message[..*at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })?;
    let id = contact_id(&message[at + "id=".len()..])?;
    Some((&message[..at], id))
}

/// The contact id that a text begins with.
fn contact_id(text: &str) -> Option<ContactId> {
    const MAX_BYTES: usize = 64;
    let ends_at = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    // An id that runs on into another word is no id: cut, it would name another contact.
    let runs_on = |c: char| c.is_alphanumeric() || matches!(c, '_' | '@' | '%');
    let is_whole = !text[ends_at..].starts_with(runs_on);
    let id = Some(&text[..ends_at]).filter(|id| is_whole && id.len() <= MAX_BYTES)?;
    ContactId::new(id).ok()
}

/// The target of a link such as `</contacts/{id}>; rel="canonical"`; one that is marked so wins.
fn linked_contact(response: &Response) -> Option<ContactId> {
    let headers = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("Link"));
    let links = headers.flat_map(|(_, value)| value.split('<').skip(1)).filter_map(|link| {
        let (target, attributes) = link.split_once('>')?;
        let (_, rest) = target.rsplit_once("/contacts/")?;
        Some((attributes.contains("canonical"), contact_id(rest)?))
    });
    let mut links: Vec<_> = links.take(16).collect();
    let at = links.iter().position(|(is_canonical, _)| *is_canonical).unwrap_or(0);
    (at < links.len()).then(|| links.swap_remove(at).1)
}

/// The scope in a sentence such as "the required scope (`read_conversations`)".
fn scope_after_word(message: &str) -> Option<Scope> {
    let at = message.find("scope")? + "scope".len();
    let rest = message[at..].trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let name = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next()?;
    // Ordinary words follow where no scope is named.
    (name.contains('_') && name.len() <= 100).then(|| Scope::from(name))
}
