//! Records as received, and how far each stream has been read.

use std::fmt;

use bytes::Bytes;
use serde::Serialize;

use crate::RunId;
use crate::lease::Fence;
use crate::load::LoadWindow;
use crate::redact::opaque_debug;

/// A workspace that is known to the store; only the store makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
    pub(crate) timezone: Option<String>,
    /// The lease that writes are made under.
    pub(crate) fence: Option<Fence>,
}

impl Workspace {
    /// The id Intercom gave it.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name, once somebody has said it.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Its time zone, as an IANA name.
    #[must_use]
    pub fn timezone(&self) -> Option<&str> {
        self.timezone.as_deref()
    }
}

/// What is known about a workspace when a run starts; an absent value keeps the stored one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkspaceProfile {
    /// The id Intercom gave it.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its time zone, as an IANA name.
    pub timezone: Option<String>,
}

/// A kind of record that is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Users and leads.
    Contacts,
    /// Conversations, without their parts.
    Conversations,
    /// The parts of conversations: messages, notes, assignments. They are written with
    /// [`Store::commit_parts`](crate::PartsStore::commit_parts).
    #[serde(rename = "conversation_parts")]
    Parts,
    /// Teammates.
    Admins,
    /// Companies.
    Companies,
    /// Teams of teammates.
    Teams,
    /// Tags.
    Tags,
    /// Segments of contacts.
    Segments,
    /// The attributes that contacts, conversations and companies have.
    DataAttributes,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 9] = [
        Self::Contacts,
        Self::Conversations,
        Self::Parts,
        Self::Admins,
        Self::Companies,
        Self::Teams,
        Self::Tags,
        Self::Segments,
        Self::DataAttributes,
    ];

    /// Whether domain values are made of its bodies.
    #[must_use]
    pub fn is_projected(self) -> bool {
        match self {
            Self::Contacts | Self::Conversations | Self::Admins => true,
            Self::Parts
            | Self::Companies
            | Self::Teams
            | Self::Tags
            | Self::Segments
            | Self::DataAttributes => false,
        }
    }

    /// Its name, which is also that of its table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Conversations => "conversations",
            Self::Parts => "conversation_parts",
            Self::Admins => "admins",
            Self::Companies => "companies",
            Self::Teams => "teams",
            Self::Tags => "tags",
            Self::Segments => "segments",
            Self::DataAttributes => "data_attributes",
        }
    }

    pub(crate) fn bodies_table(self) -> &'static str {
        match self {
            Self::Contacts => "contact_bodies",
            Self::Conversations => "conversation_bodies",
            Self::Parts => "conversation_part_bodies",
            Self::Admins => "admin_bodies",
            Self::Companies => "company_bodies",
            Self::Teams => "team_bodies",
            Self::Tags => "tag_bodies",
            Self::Segments => "segment_bodies",
            Self::DataAttributes => "data_attribute_bodies",
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A digest of a body, by which changes are recognised.
pub type ContentHash = [u8; 16];

/// What stands for the digest of a stored body that nobody trusts: no body has it.
pub const MISTRUSTED: ContentHash = [0; 16];

/// What is stored of a record, without its body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The digest of the stored body.
    pub hash: ContentHash,
    /// When the record last changed, by its own account (Unix seconds).
    pub updated_at: Option<i64>,
    /// Whether it is a contact that is archived.
    pub is_archived: bool,
}

/// One page of a stream, to be written whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct PageWrite {
    /// What the page holds; the later of two with the same id counts.
    pub records: Vec<Record>,
    /// What the page held but nobody could read.
    pub quarantined: Vec<Quarantined>,
    /// Digests of entries that were put aside and can be read; they leave the quarantine.
    pub released: Vec<ContentHash>,
    /// Where to go on after this page.
    pub bookmark: Option<Bookmark>,
    /// Where the windows of a first load go on after it.
    pub windows: Vec<LoadWindow>,
    /// Whether the windows of an earlier plan are forgotten: the load is complete, or another plan
    /// takes its place.
    pub forgets_windows: bool,
    /// When the page was received (Unix seconds).
    pub observed_at: i64,
    /// The run that received it.
    pub run: Option<RunId>,
}

/// A record as received.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, Default)]
pub struct Record {
    /// Its id.
    pub id: String,
    /// When it was created (Unix seconds).
    pub created_at: Option<i64>,
    /// When it last changed (Unix seconds).
    pub updated_at: Option<i64>,
    /// A digest of `body`.
    pub hash: ContentHash,
    /// Its JSON, byte for byte.
    pub body: Bytes,
    /// What changed against the stored body; kept in the history if this record is written.
    pub attribute_changes: Vec<AttributeChange>,
}

opaque_debug!(Record, |it| {
    id: it.id,
    updated_at: it.updated_at,
    n_bytes: it.body.len(),
    attribute_changes: it.attribute_changes,
});

/// The change of one attribute of a contact.
///
/// `Debug` shows the name only: values are whatever the workspace wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct AttributeChange {
    /// The name.
    pub attribute: String,
    /// The JSON before; `None` when it was absent.
    pub old: Option<String>,
    /// The JSON after; `None` when it is absent.
    pub new: Option<String>,
}

opaque_debug!(AttributeChange, |it| { attribute: it.attribute });

/// An entry of a page that is no record.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id, when it shows one.
    pub record_id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
    /// A digest of `body`.
    pub hash: ContentHash,
    /// Its bytes.
    pub body: Bytes,
}

opaque_debug!(Quarantined, |it| {
    record_id: it.record_id,
    reason: it.reason,
    n_bytes: it.body.len(),
});

/// A quarantined entry, as stored. A later readable record of the same id removes it.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Where it came from.
    pub stream: Stream,
    /// Its id, when it shows one.
    pub record_id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
    /// Its bytes.
    pub body: Bytes,
    /// When it was first received (Unix seconds).
    pub first_seen_at: i64,
    /// When it was last received (Unix seconds).
    pub last_seen_at: i64,
    /// How often it was received.
    pub n_seen: i64,
}

opaque_debug!(QuarantinedRow, |it| {
    stream: it.stream,
    record_id: it.record_id,
    reason: it.reason,
    n_bytes: it.body.len(),
    last_seen_at: it.last_seen_at,
    n_seen: it.n_seen,
});

/// How far a stream has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// Everything that changed before this has been read (Unix seconds).
    pub watermark: Option<i64>,
    /// What `watermark` becomes once the walk in progress is complete (Unix seconds).
    pub next_watermark: Option<i64>,
    /// The query of the walk in progress; its cursor is good for no other.
    pub query: String,
    /// Where the walk goes on; `None` when it has not begun or is complete.
    pub cursor: Option<String>,
    /// When the last record of the walk changed (Unix seconds), where it goes on when the cursor is
    /// refused; `None` when its records have not come in the order of their changes.
    pub last_updated_at: Option<i64>,
    /// How many pages the walk has read.
    pub n_pages: i64,
}

/// What became of the records of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageOutcome {
    /// Seen for the first time.
    pub n_inserted: u64,
    /// Written over an older body.
    pub n_changed: u64,
    /// Stored already, byte for byte; not written.
    pub n_unchanged: u64,
    /// Older than what is stored, or an echo of what is gone; not written.
    pub n_stale: u64,
}
