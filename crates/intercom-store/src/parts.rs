//! Conversation parts, and how completely those of each conversation are stored.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;

use crate::redact::opaque_debug;
use crate::{ContentHash, Quarantined, RunId, StoreError, Workspace};

/// What a [`Store`](crate::Store) does with conversation parts.
#[async_trait]
pub trait PartsStore: Send + Sync {
    /// Up to `limit` conversations behind `after`, by id, whose parts have to be looked at: they
    /// were written since, or the last look did not settle it.
    async fn due_parts(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DueParts>, StoreError>;

    /// Writes the parts of conversations with the ledger, and clears the marks that are settled.
    ///
    /// A part whose hash is stored is not written. One whose text was taken away, or that is
    /// missing from its conversation, keeps its last body and is marked. A conversation whose parts
    /// have changed is pending until it is projected again.
    async fn commit_parts(
        &self,
        workspace: &Workspace,
        write: &PartsWrite,
    ) -> Result<PartsOutcome, StoreError>;

    /// The parts of the given conversations, each in the order they were written, by conversation;
    /// one without stored parts is absent. One query, whatever the number of conversations: a
    /// caller that reads many goes by [`parts_ledger`](PartsStore::parts_ledger), which tells how many
    /// parts to expect of each.
    async fn parts(
        &self,
        workspace: &Workspace,
        conversation_ids: &[&str],
    ) -> Result<BTreeMap<String, Vec<StoredPart>>, StoreError>;

    /// How completely the parts of the given conversations are stored; one whose parts were never
    /// fetched is absent.
    async fn parts_ledger(
        &self,
        workspace: &Workspace,
        conversation_ids: &[&str],
    ) -> Result<BTreeMap<String, PartsLedger>, StoreError>;

    /// How many conversations there are in each state of the ledger of parts.
    async fn parts_counts(&self, workspace: &Workspace) -> Result<PartsCounts, StoreError>;
}

/// A conversation whose parts have to be looked at.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct DueParts {
    /// The conversation.
    pub conversation_id: String,
    /// Which change made it due.
    pub mark: i64,
    /// When the stored conversation last changed (Unix seconds).
    pub updated_at: Option<i64>,
    /// The stored conversation as received: its statistics tell how many parts it has.
    pub body: Bytes,
    /// How the last fetch went; `None` when there was none.
    pub ledger: Option<PartsLedger>,
}

opaque_debug!(DueParts, |it| {
    conversation_id: it.conversation_id,
    mark: it.mark,
    updated_at: it.updated_at,
    n_bytes: it.body.len(),
    ledger: it.ledger,
});

/// How completely the parts of a conversation are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartsState {
    /// As many as the conversation counts, or more.
    Complete,
    /// Fewer than it counts: the API shows the most recent 500.
    Truncated,
    /// Fewer than it counts, although the API showed all it had.
    Short,
    /// The API knows the conversation no more.
    Gone,
    /// The last fetch failed; what was stored before stays.
    Failed,
}

impl PartsState {
    const ALL: [Self; 5] = [Self::Complete, Self::Truncated, Self::Short, Self::Gone, Self::Failed];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Truncated => "truncated",
            Self::Short => "short",
            Self::Gone => "gone",
            Self::Failed => "failed",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What the last fetch of the parts of a conversation brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartsLedger {
    /// How completely they are stored.
    pub state: PartsState,
    /// What went wrong, in words.
    pub reason: Option<String>,
    /// When the conversation had changed, in the answer with the parts (Unix seconds).
    pub updated_at: Option<i64>,
    /// How many parts it counted there.
    pub n_counted: Option<i64>,
    /// How many came.
    pub n_fetched: i64,
    /// When (Unix seconds).
    pub fetched_at: i64,
}

/// The parts of some conversations, to be written whole or not at all.
#[derive(Clone, Debug, Default)]
pub struct PartsWrite {
    /// What became of each conversation.
    pub conversations: Vec<ConversationParts>,
    /// When the answers were received (Unix seconds).
    pub observed_at: i64,
    /// The run that received them.
    pub run: Option<RunId>,
}

/// What looking at the parts of one conversation brought.
#[derive(Clone, Debug)]
pub struct ConversationParts {
    /// The conversation.
    pub conversation_id: String,
    /// The mark that was read with it.
    pub mark: i64,
    /// Whether the mark is cleared; otherwise the conversation stays due.
    pub is_settled: bool,
    /// What was found.
    pub found: FoundParts,
}

/// What was found of the parts of one conversation.
#[derive(Clone, Debug)]
pub enum FoundParts {
    /// The ledger shows that nothing has changed; nothing was fetched.
    Unchanged,
    /// The parts came.
    Fetched(FetchedParts),
    /// They could not be fetched or read.
    Failed {
        /// Why, in words.
        reason: String,
        /// The answer, if it came and nobody could read it.
        quarantined: Option<Quarantined>,
    },
}

/// The parts of one conversation, as one answer has them.
#[derive(Clone, Debug, Default)]
pub struct FetchedParts {
    /// When the conversation last changed (Unix seconds).
    pub updated_at: Option<i64>,
    /// How many parts it counts.
    pub n_counted: Option<i64>,
    /// Whether the answer holds all parts there are; the API leaves out the oldest of many.
    pub is_whole: bool,
    /// The parts.
    pub parts: Vec<Part>,
    /// Parts that nobody could read.
    pub quarantined: Vec<Quarantined>,
}

/// One part, as received.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// Its id, which no other part of the workspace has.
    pub id: String,
    /// When it was written (Unix seconds).
    pub created_at: Option<i64>,
    /// When it last changed (Unix seconds).
    pub updated_at: Option<i64>,
    /// What kind of part it is, such as `comment`.
    pub part_type: Option<String>,
    /// What kind of author it has, such as `admin`.
    pub author_type: Option<String>,
    /// The author.
    pub author_id: Option<String>,
    /// Whether its text has been taken away.
    pub is_redacted: bool,
    /// A digest of `body`.
    pub hash: ContentHash,
    /// Its JSON, byte for byte.
    pub body: Bytes,
}

opaque_debug!(Part, |it| {
    id: it.id,
    created_at: it.created_at,
    part_type: it.part_type,
    is_redacted: it.is_redacted,
    n_bytes: it.body.len(),
});

/// A stored part.
///
/// `Debug` shows how long the body is: it holds personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPart {
    /// Its id.
    pub id: String,
    /// When it was written (Unix seconds).
    pub created_at: Option<i64>,
    /// What kind of part it is, such as `comment`.
    pub part_type: Option<String>,
    /// What kind of author it has, such as `admin`.
    pub author_type: Option<String>,
    /// The author.
    pub author_id: Option<String>,
    /// When its text was first seen to be taken away (Unix seconds); `body` is then the last one
    /// before, if there was one.
    pub redacted_at: Option<i64>,
    /// When it was first missing from its conversation (Unix seconds).
    pub deleted_at: Option<i64>,
    /// Its JSON, byte for byte.
    pub body: Bytes,
}

opaque_debug!(StoredPart, |it| {
    id: it.id,
    created_at: it.created_at,
    part_type: it.part_type,
    redacted_at: it.redacted_at,
    deleted_at: it.deleted_at,
    n_bytes: it.body.len(),
});

/// What became of the parts of some conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartsOutcome {
    /// Parts seen for the first time.
    pub n_inserted: u64,
    /// Parts written over an older body, or marked.
    pub n_changed: u64,
    /// Parts stored already; not written.
    pub n_unchanged: u64,
    /// Conversations of which the API shows only the most recent parts, so that some are missing.
    pub n_truncated: u64,
}

/// How many conversations are in each state of the parts ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartsCounts {
    /// Conversations by state; a state without any is absent.
    pub by_state: BTreeMap<PartsState, u64>,
    /// Conversations whose parts have yet to be looked at.
    pub n_due: u64,
}
