//! People who were forgotten on request: erased, and not stored again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_api::Id;
use intercom_store::{Erased, Forgotten, Personal, Store, StoreError, Stream, Workspace};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::error::SyncError;
use crate::lease::under_lease;

/// Erases a person, found with [`Store::personal`], and blocks that a later run stores the
/// contacts or a conversation of theirs again.
///
/// What stays are digests of the ids under a key of the workspace. A contact that Intercom makes
/// anew, with another id, is another one. The workspace is leased, because a run that is under way
/// could bring back what it has fetched.
///
/// # Errors
/// [`SyncError::Held`] while a run works on the workspace, [`SyncError::Store`].
pub async fn forget(
    store: &dyn Store,
    workspace: &Workspace,
    who: &Personal,
    now: DateTime<Utc>,
) -> Result<Erased, SyncError> {
    let holder = format!("process {}", std::process::id());
    let work = async |leased: Workspace| {
        let key = store.forget_key(&leased).await?;
        let contacts = who.contact_ids.iter().map(|id| digest(&key, Stream::Contacts, id));
        let conversations =
            who.conversation_ids.iter().map(|id| digest(&key, Stream::Conversations, id));
        let digests: Vec<String> = contacts.chain(conversations).collect();
        let digests: Vec<&str> = digests.iter().map(String::as_str).collect();
        Ok(store.forget(&leased, who, &digests, now.timestamp()).await?)
    };
    under_lease(store, workspace, (&holder, Duration::from_secs(60)), work).await
}

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
        self.0.digests.contains(&digest(&self.0.key, stream, id))
    }
}

fn digest(key: &str, stream: Stream, id: &str) -> String {
    let mut digest = Sha256::new();
    for part in [key, stream.name(), id] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    digest.finalize()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
