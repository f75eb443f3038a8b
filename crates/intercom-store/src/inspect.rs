//! What is looked at between runs: who works, what waits, which bodies are damaged.

use std::collections::BTreeMap;

use async_trait::async_trait;

use crate::{RunId, StoreError, Stream, Workspace};

/// How far the parts of conversations have been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartsWait {
    /// Conversations whose parts have yet to be looked at.
    pub n_due: u64,
    /// When the first of them changed (Unix seconds).
    pub due_since: Option<i64>,
    /// Whether the parts of any conversation have been looked at.
    pub is_begun: bool,
}

/// What is computed from bodies and is no longer there, because somebody has deleted it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Contacts of which nothing is projected, although their body was.
    pub n_contacts: u64,
    /// Customers without a row, in the shared table or in ours.
    pub n_customers: u64,
}

impl Lost {
    /// Whether nothing is lost.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Entries that earlier runs have put aside and that nobody has been able to read since.
///
/// The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StillAside {
    /// How many there are.
    pub n: u64,
    /// The last ones.
    pub named: Vec<AsideEntry>,
}

/// One of them, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideEntry {
    /// Where it came from.
    pub stream: Stream,
    /// Its id, when it shows one.
    pub record_id: Option<String>,
    /// What is wrong with it.
    pub reason: String,
}

/// The part of a [`Store`](crate::Store) that is asked how things stand.
#[async_trait]
pub trait InspectStore {
    /// Fails as a write would: on a database that can only be read. Nothing is written.
    async fn check_writable(&self) -> Result<(), StoreError>;

    /// Looks for projections that are lost, with queries over the whole workspace.
    async fn lost(&self, workspace: &Workspace) -> Result<Lost, StoreError>;

    /// The same; what is lost is computed again with the next projection.
    async fn restore(&self, workspace: &Workspace) -> Result<Lost, StoreError>;

    /// Who has the lease `name` of the workspace; `None` when nobody has, or it has expired.
    async fn lease_holder(
        &self,
        workspace: &Workspace,
        name: &str,
    ) -> Result<Option<String>, StoreError>;

    /// How far the parts have been read.
    async fn parts_wait(&self, workspace: &Workspace) -> Result<PartsWait, StoreError>;

    /// Forgets when records changed: what is received of them next is written if it differs, however
    /// old it is. How many of them there are.
    async fn undate(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<u64, StoreError>;

    /// The conversations of stored parts, by part; of one whose body is lost, too.
    async fn conversations_of(
        &self,
        workspace: &Workspace,
        part_ids: &[&str],
    ) -> Result<BTreeMap<String, String>, StoreError>;

    /// Counts customers that a run has written, until it has ended.
    async fn count_customers(
        &self,
        workspace: &Workspace,
        run: RunId,
        n_customers: u64,
    ) -> Result<(), StoreError>;

    /// What is put aside of some streams and was not met by `run`; `limit` entries are named.
    async fn still_aside(
        &self,
        workspace: &Workspace,
        streams: &[Stream],
        run: RunId,
        limit: u32,
    ) -> Result<StillAside, StoreError>;

    /// Takes entries of a stream out of the quarantine that `run`, which has met every record of it,
    /// has not met: their records are gone, or can be read. Stored bodies that nobody can project
    /// stay. With conversations that are gone go the entries of their parts. How many go.
    async fn release_unmet(
        &self,
        workspace: &Workspace,
        stream: Stream,
        run: RunId,
    ) -> Result<u64, StoreError>;

    /// Takes the stored bodies of records for damaged: what is received of them next is written,
    /// unless it is older. How many of them there are.
    async fn mistrust(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<u64, StoreError>;
}
