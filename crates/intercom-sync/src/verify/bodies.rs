//! Stored bodies against the digests they were stored with.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use intercom_store::{Store, StoreError, Stored, Stream, Workspace};

use super::CHUNK;
use crate::record::digest;

/// The records whose body is the one that was stored.
pub(super) async fn intact(
    store: &dyn Store,
    workspace: &Workspace,
    stream: Stream,
    stored: &BTreeMap<String, Stored>,
) -> Result<BTreeSet<String>, StoreError> {
    let ids: Vec<&str> = stored.keys().map(String::as_str).collect();
    let bodies = readable(store, workspace, stream, &ids).await?;
    let is_intact = |id: &&String| {
        let digest_of = bodies.get(*id).map(|body| digest(body));
        digest_of.is_some() && digest_of == stored.get(*id).map(|stored| stored.hash)
    };
    Ok(stored.keys().filter(is_intact).cloned().collect())
}

/// The stored parts whose body is lost or damaged, each behind its conversation.
pub(super) async fn damaged_parts(
    store: &dyn Store,
    workspace: &Workspace,
) -> Result<Vec<(String, String)>, StoreError> {
    let (stream, mut after) = (Stream::Parts, String::new());
    let mut damaged = Vec::new();
    loop {
        let ids = store.ids(workspace, stream, &after, CHUNK).await?;
        let Some(last) = ids.last() else { return Ok(damaged) };
        after.clone_from(last);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let stored = store.stored(workspace, stream, &ids).await?;
        let intact = intact(store, workspace, stream, &stored).await?;
        let broken: Vec<&str> = ids.into_iter().filter(|id| !intact.contains(*id)).collect();
        if broken.is_empty() {
            continue;
        }
        let conversations = store.conversations_of(workspace, &broken).await?;
        damaged.extend(conversations.into_iter().map(|(part, of)| (of, part)));
    }
}

/// The bodies that the database can read: one that it cannot costs only itself.
async fn readable(
    store: &dyn Store,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> Result<BTreeMap<String, Bytes>, StoreError> {
    match store.bodies(workspace, stream, ids).await {
        Err(error) if is_damage(&error) => {}
        read => return read,
    }
    let mut bodies = BTreeMap::new();
    for id in ids {
        match store.bodies(workspace, stream, &[id]).await {
            Ok(body) => bodies.extend(body),
            Err(error) if is_damage(&error) => {
                tracing::error!(%stream, id, %error, "a stored body cannot be read");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(bodies)
}

/// Whether the database answers and cannot read what it holds.
fn is_damage(error: &StoreError) -> bool {
    matches!(error, StoreError::Refused { .. } | StoreError::Corrupt { .. })
}

/// Lets the next run over everything write the records whatever is stored.
pub(super) async fn mistrust(
    store: &dyn Store,
    workspace: &Workspace,
    stream: Stream,
    ids: &[String],
) -> Result<(), StoreError> {
    for chunk in ids.chunks(CHUNK as usize) {
        let ids: Vec<&str> = chunk.iter().map(String::as_str).collect();
        store.mistrust(workspace, stream, &ids).await?;
    }
    Ok(())
}
