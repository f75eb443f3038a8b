//! Erasing what is known of a person, and remembering that it must not come back.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use crate::redact::opaque_debug;
use crate::{StoreError, Workspace};

/// What the store knows under the ids of one person.
///
/// `Debug` shows counts only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Personal {
    /// The contacts, those merged into them included.
    pub contact_ids: Vec<String>,
    /// The conversations that they take part in.
    pub conversation_ids: Vec<String>,
    /// Their e-mail addresses, in lower case.
    pub emails: Vec<String>,
}

opaque_debug!(Personal, |it| {
    n_contacts: it.contact_ids.len(),
    n_conversations: it.conversation_ids.len(),
    n_emails: it.emails.len(),
});

/// Who was forgotten: digests of ids, which must not be stored again, and of e-mail addresses, under
/// a key that the workspace keeps.
///
/// `Debug` shows the count only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// What the digests are keyed with; empty when nobody was forgotten.
    pub key: String,
    /// The digests, as text.
    pub digests: BTreeSet<String>,
}

opaque_debug!(Forgotten, |it| { n_digests: it.digests.len() });

/// How many rows were erased, by table.
pub type Erased = BTreeMap<&'static str, u64>;

/// What a [`Store`](crate::Store) does about people who want to be forgotten.
#[async_trait]
pub trait ForgetStore: Send + Sync {
    /// What is known of a contact, found by its id, the id of a contact merged into it, its
    /// external id or its e-mail address; empty when there is none.
    async fn personal(&self, workspace: &Workspace, who: &str) -> Result<Personal, StoreError>;

    /// Erases a person: bodies, projections, history, what is put aside, remembered alerts, effects
    /// that name it, and our columns of a customer that no other contact stands for. Conversations
    /// go as a whole; a digest about others, too, loses only its lines about the person.
    ///
    /// Only the digests stay, which say who it was and what must not be stored again. A row of the shared table
    /// is deleted when the table has no columns but ours, and emptied of them otherwise. The files of
    /// the database keep it until they are [scrubbed](Self::scrub).
    async fn forget(
        &self,
        workspace: &Workspace,
        who: &Personal,
        digests: &[&str],
        now: i64,
    ) -> Result<Erased, StoreError>;

    /// Overwrites what the database's files keep of what was erased; `false` when that has to be
    /// done again, because a program that reads holds on to it. Takes as long as copying the
    /// database with SQLite; PostgreSQL does it by itself.
    async fn scrub(&self, workspace: &Workspace) -> Result<bool, StoreError>;

    /// The key of the workspace's digests, made when there is none.
    async fn forget_key(&self, workspace: &Workspace) -> Result<String, StoreError>;

    /// Who was forgotten.
    async fn forgotten(&self, workspace: &Workspace) -> Result<Forgotten, StoreError>;
}
