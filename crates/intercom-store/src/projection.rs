//! What stored bodies say: the input of projecting and its results.

use bytes::Bytes;
use chrono::NaiveDate;
use intercom_engagement::{Channel, UnixSecond};

use crate::redact::opaque_debug;
use crate::{ContentHash, Stream};

/// A body that has not been projected since it was written, or not by the current version.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingBody {
    /// The id of the record.
    pub id: String,
    /// The digest of `body`; given back with the results.
    pub hash: ContentHash,
    /// Its JSON, byte for byte.
    pub body: Bytes,
    /// The version that it was projected with the last time; 0 when it was not since it was written.
    pub version: i64,
}

impl PendingBody {
    /// Where it stands among those that are pending.
    pub fn place(&self) -> PendingPlace {
        PendingPlace { version: self.version, id: self.id.clone() }
    }
}

/// A place in the order in which bodies are projected: the new ones first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PendingPlace {
    /// As of [`PendingBody::version`].
    pub version: i64,
    /// The id of the record.
    pub id: String,
}

opaque_debug!(PendingBody, |it| { id: it.id, n_bytes: it.body.len() });

/// The results of projecting some bodies, to be written whole or not at all.
///
/// A record's results replace whatever was projected from it before. They are dropped when its body
/// has changed since it was read; the record then stays pending.
#[derive(Clone, Debug, Default)]
pub struct ProjectionWrite {
    /// The version of the projection, from 1.
    pub version: i64,
    /// Contacts.
    pub contacts: Vec<ProjectedContact>,
    /// Conversations.
    pub conversations: Vec<ProjectedConversation>,
    /// Admins.
    pub admins: Vec<ProjectedAdmin>,
    /// Bodies that could not be read: seen by this version, and what was projected from an earlier
    /// body stays.
    pub unreadable: Vec<UnreadableBody>,
}

/// A body that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableBody {
    /// Where it came from.
    pub stream: Stream,
    /// The id of the record.
    pub id: String,
    /// The digest of the body.
    pub hash: ContentHash,
}

/// What a contact is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectedContact {
    /// The id of the contact.
    pub id: String,
    /// The digest of the body that was read.
    pub hash: ContentHash,
    /// The contact as a member.
    pub member: Option<MemberRow>,
    /// The contact as a customer; `None` without a usable e-mail.
    pub customer: Option<CustomerContact>,
}

/// What a conversation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectedConversation {
    /// The id of the conversation.
    pub id: String,
    /// The digest of the body that was read.
    pub hash: ContentHash,
    /// The coaching sessions it is, one for each contact.
    pub sessions: Vec<SessionRow>,
    /// What it says about each of its contacts.
    pub facts: Vec<FactRow>,
}

/// What an admin is.
///
/// `Debug` shows the id only: name and address are personal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProjectedAdmin {
    /// The id of the admin.
    pub id: String,
    /// The digest of the body that was read.
    pub hash: ContentHash,
    /// The name.
    pub name: Option<String>,
    /// The e-mail address.
    pub email: Option<String>,
}

opaque_debug!(ProjectedAdmin, |it| { id: it.id });

/// A contact, as reports show it.
///
/// `Debug` shows role and times only: names and addresses are personal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MemberRow {
    /// The id the contact has in the customer's own system.
    pub external_id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The e-mail address, as received.
    pub email: Option<String>,
    /// `user` or `lead`.
    pub role: Option<String>,
    /// The client or employer that sent the member.
    pub client: Option<String>,
    /// The day of registration.
    pub registered_on: Option<NaiveDate>,
    /// When the contact was created (Unix seconds).
    pub created_at: Option<i64>,
    /// When the contact was last seen (Unix seconds).
    pub last_seen_at: Option<i64>,
}

opaque_debug!(MemberRow, |it| {
    role: it.role,
    created_at: it.created_at,
    last_seen_at: it.last_seen_at,
});

/// A coaching session with one contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Place of the contact in the conversation; 0 is the first.
    pub position: i64,
    /// The id of the contact.
    pub contact_id: String,
    /// The id of the coach the conversation is assigned to.
    pub coach_id: Option<String>,
    /// The medium.
    pub channel: Channel,
    /// How the conversation began, such as `email`.
    pub source: Option<String>,
    /// When the session took place.
    pub session_at: UnixSecond,
    /// When the conversation last changed.
    pub updated_at: UnixSecond,
}

/// What a conversation says about one of its contacts.
///
/// `Debug` does not show the words of a customer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FactRow {
    /// The id of the contact.
    pub contact_id: String,
    /// When the conversation began (Unix seconds).
    pub created_at: i64,
    /// When it last changed (Unix seconds).
    pub updated_at: i64,
    /// Whether it is open.
    pub is_open: bool,
    /// The rating the contact gave, 1 to 5.
    pub rating: Option<i64>,
    /// When the contact last mentioned leaving (Unix seconds).
    pub cancel_mentioned_at: Option<i64>,
    /// The words of that mention.
    pub cancel_words: Option<String>,
    /// Seconds until somebody first replied.
    pub first_reply_for: Option<i64>,
    /// Seconds until it was first closed.
    pub first_close_for: Option<i64>,
    /// Seconds until it was last closed.
    pub last_close_for: Option<i64>,
    /// How often it was opened again.
    pub n_reopens: Option<i64>,
}

opaque_debug!(FactRow, |it| {
    contact_id: it.contact_id,
    created_at: it.created_at,
    is_open: it.is_open,
    rating: it.rating,
    cancel_mentioned_at: it.cancel_mentioned_at,
});

/// The rules that projected tables were made by, as digests; equal digests mean equal rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectionRules {
    /// By which bodies become members, facts and profiles.
    pub bodies: String,
    /// By which profiles and facts become customers.
    pub customers: String,
    /// What amounts are converted at: other rates make other figures, but restate nothing.
    pub rates: String,
}

/// Which rules differ from those of before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RulesChange {
    /// Every stored body is pending again.
    pub bodies: bool,
    /// Every customer is marked.
    pub customers: bool,
    /// When rules changed by which customers are still being computed again (Unix seconds).
    pub restating_since: Option<i64>,
}

/// A contact that stands for a customer.
///
/// `Debug` shows how long the profile is: it and the key are personal.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CustomerContact {
    /// The key of the customer: the e-mail address, trimmed and in lower case.
    pub email: String,
    /// Which of several contacts with this e-mail speaks for the customer; lower is better.
    pub role_rank: i64,
    /// When the contact last changed (Unix seconds).
    pub updated_at: i64,
    /// What the contact says about the customer, as JSON of the projection's choosing.
    pub profile: String,
}

opaque_debug!(CustomerContact, |it| {
    role_rank: it.role_rank,
    updated_at: it.updated_at,
    n_profile_bytes: it.profile.len(),
});

/// What became of projected records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProjectionOutcome {
    /// Results written.
    pub n_written: u64,
    /// Results dropped, because the body has changed since it was read.
    pub n_outdated: u64,
}
