//! People who were forgotten on request: erased, and not stored again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_api::Id;
use intercom_store::{Erased, Forgotten, Personal, Store, StoreError, Stream, Workspace};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::SyncError;
use crate::lease::under_lease;

/// What forgetting somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erasure {
    /// How many rows went, by table.
    pub erased: Erased,
    /// Whether the files of the database keep none of it, either. Otherwise
    /// [`scrub`](intercom_store::ForgetStore::scrub) is to be repeated.
    pub is_scrubbed: bool,
}

/// Erases a person, found with [`ForgetStore::personal`](intercom_store::ForgetStore::personal), and
/// blocks that a later run stores the contacts or a conversation of theirs again.
///
/// What stays are digests of the ids and e-mail addresses under a key of the workspace: those of ids
/// block, those of addresses answer [`was_forgotten`]. A contact that Intercom makes anew, with
/// another id, is another one. The workspace is leased, because a run that is under way
/// could bring back what it has fetched.
///
/// # Errors
/// [`SyncError::Held`] while a run works on the workspace, [`SyncError::Store`].
pub async fn forget(
    store: &dyn Store,
    workspace: &Workspace,
    who: &Personal,
    now: DateTime<Utc>,
) -> Result<Erasure, SyncError> {
    let holder = format!("process {}", std::process::id());
    let work = async |leased: Workspace| {
        let key = store.forget_key(&leased).await?;
        let of_stream = |stream: Stream, ids: &[String]| -> Vec<String> {
            ids.iter().map(|id| digest(&key, stream.name(), id)).collect()
        };
        let mut digests = of_stream(Stream::Contacts, &who.contact_ids);
        digests.extend(of_stream(Stream::Conversations, &who.conversation_ids));
        digests.extend(who.emails.iter().map(|email| digest(&key, EMAIL, email)));
        let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
        let erased = store.forget(&leased, who, &digests, now.timestamp()).await?;
        // That it is erased stands, whatever becomes of the files.
        let is_scrubbed = store.scrub(&leased).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "what was erased may still be in the files of the database");
            false
        });
        Ok(Erasure { erased, is_scrubbed })
    };
    under_lease(store, workspace, (&holder, Duration::from_secs(60)), work).await
}

/// Whether somebody was forgotten who had this contact id or e-mail address.
///
/// # Errors
/// As for every reading method of [`Store`].
pub async fn was_forgotten(
    store: &dyn Store,
    workspace: &Workspace,
    who: &str,
) -> Result<bool, StoreError> {
    let blocked = Blocked::read(store, workspace).await?;
    Ok(blocked.names(Stream::Contacts, who) || blocked.is_kept(EMAIL, &who.to_lowercase()))
}

/// What the digests of e-mail addresses are told from those of ids by.
const EMAIL: &str = "email";

/// What must not be stored.
pub(crate) struct Blocked(Forgotten);

/// Who takes part in a conversation.
#[derive(Deserialize)]
struct Participants {
    #[serde(default)]
    contacts: Option<Contacts>,
    #[serde(default)]
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Contacts {
    #[serde(default)]
    contacts: Vec<Participant>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    author: Option<Participant>,
}

#[derive(Deserialize)]
struct Participant {
    #[serde(default)]
    id: Option<Id>,
}

impl Blocked {
    pub(crate) async fn read(store: &dyn Store, workspace: &Workspace) -> Result<Self, StoreError> {
        Ok(Self(store.forgotten(workspace).await?))
    }

    /// Whether a record is of somebody who was forgotten.
    pub(crate) fn holds(&self, stream: Stream, id: Option<&str>, body: &[u8]) -> bool {
        if self.0.digests.is_empty() {
            return false;
        }
        if id.is_some_and(|id| self.names(stream, id)) {
            return true;
        }
        if stream != Stream::Conversations {
            return false;
        }
        let Ok(read) = serde_json::from_slice::<Participants>(body) else { return false };
        let contacts = read.contacts.map(|contacts| contacts.contacts).unwrap_or_default();
        let author = read.source.and_then(|source| source.author);
        let ids = contacts.into_iter().chain(author).filter_map(|participant| participant.id);
        ids.into_iter().any(|id| self.names(Stream::Contacts, id.as_str()))
    }

    /// Whether an id is of somebody who was forgotten.
    pub(crate) fn names(&self, stream: Stream, id: &str) -> bool {
        self.is_kept(stream.name(), id)
    }

    fn is_kept(&self, kind: &str, text: &str) -> bool {
        self.0.digests.contains(&digest(&self.0.key, kind, text))
    }
}

/// The digest of a text of one kind: the id of a record of some stream, or an e-mail address.
fn digest(key: &str, kind: &str, text: &str) -> String {
    let mut digest = Sha256::new();
    for part in [key, kind, text] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
