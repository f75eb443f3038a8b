//! Records that are gone: out of the mirror and of what was projected from it.

use std::collections::BTreeMap;

use super::{SqlStore, Write, projections};
use crate::dialect::{Dialect, Query, Reader, execute_rows, only_column};
use crate::error::Fault;
use crate::{Fate, Gone, Stream, Tombstone, Workspace};

pub(super) async fn ids<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    after: &str,
    limit: u32,
) -> Result<Vec<String>, Fault> {
    let is_there = if stream == Stream::Contacts { "AND archived_at IS NULL" } else { "" };
    let sql = format!(
        "SELECT id FROM {} WHERE workspace_id = $1 AND id > $2 {is_there} ORDER BY id LIMIT $3",
        stream.name()
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(after)
        .bind(i64::from(limit))
        .fetch(&mut *store.read().await?, stream.name(), only_column)
        .await?)
}

pub(super) async fn bury<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    gone: &[Gone],
    now: i64,
) -> Result<u64, Fault> {
    let mut write = store.write(workspace).await?;
    let n_buried = bury_in(&mut write, workspace, stream, gone, now).await?;
    store.commit(write).await?;
    Ok(n_buried)
}

/// Buries within a transaction.
pub(super) async fn bury_in<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    gone: &[Gone],
    now: i64,
) -> sqlx::Result<u64> {
    let fates: BTreeMap<&str, &Fate> =
        gone.iter().map(|gone| (gone.id.as_str(), &gone.fate)).collect();
    let ids: Vec<&str> = fates.keys().copied().collect();
    match stream {
        Stream::Contacts => projections::forget_contacts(write, workspace, &ids).await?,
        Stream::Conversations => {
            projections::forget_conversations(write, workspace, &ids).await?;
            super::parts::note_gone(write, workspace, &ids, now).await?;
        }
        Stream::Parts
        | Stream::Admins
        | Stream::Companies
        | Stream::Teams
        | Stream::Tags
        | Stream::Segments
        | Stream::DataAttributes => {}
    }
    let keeps_row = |fate: &Fate| stream == Stream::Contacts && *fate == Fate::Archived;
    let is_kept = |id: &&str| fates.get(id).is_some_and(|fate| keeps_row(fate));
    let (kept, removed): (Vec<&str>, Vec<&str>) = ids.iter().copied().partition(is_kept);
    let sql =
        format!("DELETE FROM {} WHERE workspace_id = $1 AND id {}", stream.name(), D::is_one_of(2));
    let mut n_buried = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(removed.as_slice())
        .execute(&mut write.transaction)
        .await?;
    if !kept.is_empty() {
        n_buried += archive(write, workspace, &kept, now).await?;
    }
    let fates: Vec<(&str, &Fate)> = fates.into_iter().collect();
    raise_tombstones(write, workspace, stream, &fates, now).await?;
    remember_aliases(write, workspace, &fates, now).await?;
    Ok(n_buried)
}

/// The version of a projection that no archived contact is behind.
const NEVER: i64 = i64::MAX;

async fn archive<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    ids: &[&str],
    now: i64,
) -> sqlx::Result<u64> {
    let sql = format!(
        "UPDATE contacts SET archived_at = $1, projected_version = $2, change_number = $3 \
         WHERE workspace_id = $4 AND archived_at IS NULL AND id {}",
        D::is_one_of(5)
    );
    Query::<D>::new(sql)
        .bind(now)
        .bind(NEVER)
        .bind(write.change_number)
        .bind(&workspace.id)
        .bind(ids)
        .execute(&mut write.transaction)
        .await
}

/// A contact that was archived and is so no more; whether there is one.
pub(super) async fn unarchive<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    id: &str,
) -> sqlx::Result<bool> {
    let n_changed = Query::<D>::new(
        "UPDATE contacts SET archived_at = NULL, projected_version = 0, change_number = $1 \
         WHERE workspace_id = $2 AND id = $3 AND archived_at IS NOT NULL",
    )
    .bind(write.change_number)
    .bind(&workspace.id)
    .bind(id)
    .execute(&mut write.transaction)
    .await?;
    // Also one that was never stored: it may yet be received.
    if n_changed > 0 || !is_final(write, workspace, Stream::Contacts, id).await? {
        unbury(write, workspace, Stream::Contacts, &[id]).await?;
    }
    Ok(n_changed > 0)
}

/// Whether a record was deleted or merged, which nothing follows.
pub(super) async fn is_final<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    id: &str,
) -> sqlx::Result<bool> {
    let reason: Option<String> = Query::<D>::new(
        "SELECT reason FROM tombstones WHERE workspace_id = $1 AND stream = $2 AND id = $3",
    )
    .bind(&workspace.id)
    .bind(stream.name())
    .bind(id)
    .fetch_first(&mut write.transaction, "tombstones", only_column)
    .await?;
    Ok(reason.is_some_and(|reason| reason != Fate::Archived.name()))
}

/// How long the search may show what is gone, in seconds.
const ECHO_FOR: i64 = 3_600;

/// Whether a record is only shown still, and did not come back.
pub(super) fn is_echo(buried_at: i64, updated_at: Option<i64>, observed_at: i64) -> bool {
    let is_older = updated_at.is_some_and(|updated_at| updated_at < buried_at);
    is_older && observed_at < buried_at.saturating_add(ECHO_FOR)
}

/// When those of the given records were buried that are.
pub(super) async fn buried<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> sqlx::Result<BTreeMap<String, i64>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let sql = format!(
        "SELECT id, observed_at FROM tombstones WHERE workspace_id = $1 AND stream = $2 AND id {}",
        D::is_one_of(3)
    );
    let rows = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(stream.name())
        .bind(ids)
        .fetch(&mut write.transaction, "tombstones", |row: &mut Reader<'_, D>| {
            Ok((row.next()?, row.next()?))
        })
        .await?;
    Ok(rows.into_iter().collect())
}

async fn raise_tombstones<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    fates: &[(&str, &Fate)],
    now: i64,
) -> sqlx::Result<u64> {
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO tombstones (workspace_id, stream, id, reason, observed_at)",
        fates,
        // A merge is also told as a deletion.
        "ON CONFLICT (workspace_id, stream, id) DO UPDATE SET reason = \
         CASE WHEN tombstones.reason = 'merged' THEN 'merged' ELSE excluded.reason END, \
         observed_at = excluded.observed_at",
        |row, (id, fate)| {
            row.bind(&workspace.id).bind(stream.name()).bind(*id).bind(fate.name()).bind(now);
        },
    )
    .await
}

/// An alias leads to the contact that remains, however often contacts are merged.
async fn remember_aliases<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    fates: &[(&str, &Fate)],
    now: i64,
) -> sqlx::Result<()> {
    for &(old_id, fate) in fates {
        let Fate::MergedInto(contact_id) = fate else { continue };
        Query::<D>::new(
            "INSERT INTO contact_aliases (workspace_id, old_id, contact_id, observed_at) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, old_id) DO UPDATE SET \
             contact_id = excluded.contact_id, observed_at = excluded.observed_at",
        )
        .bind(&workspace.id)
        .bind(old_id)
        .bind(contact_id)
        .bind(now)
        .execute(&mut write.transaction)
        .await?;
        Query::<D>::new(
            "UPDATE contact_aliases SET contact_id = $3, observed_at = $4 \
             WHERE workspace_id = $1 AND contact_id = $2",
        )
        .bind(&workspace.id)
        .bind(old_id)
        .bind(contact_id)
        .bind(now)
        .execute(&mut write.transaction)
        .await?;
    }
    Ok(())
}

/// A record that is received again was not gone for good.
pub(super) async fn unbury<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    stream: Stream,
    ids: &[&str],
) -> sqlx::Result<()> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "DELETE FROM tombstones WHERE workspace_id = $1 AND stream = $2 AND id {}",
        D::is_one_of(3)
    );
    Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(stream.name())
        .bind(ids)
        .execute(&mut write.transaction)
        .await?;
    if stream == Stream::Contacts {
        let sql = format!(
            "DELETE FROM contact_aliases WHERE workspace_id = $1 AND old_id {}",
            D::is_one_of(2)
        );
        Query::<D>::new(sql).bind(&workspace.id).bind(ids).execute(&mut write.transaction).await?;
    }
    Ok(())
}

pub(super) async fn tombstones<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Vec<Tombstone>, Fault> {
    Ok(Query::<D>::new(
        "SELECT id, stream, reason, observed_at FROM tombstones WHERE workspace_id = $1 \
         ORDER BY stream, id",
    )
    .bind(&workspace.id)
    .fetch(&mut *store.read().await?, "tombstones", |row: &mut Reader<'_, D>| {
        let id = row.next()?;
        let name: String = row.next()?;
        let stream = Stream::ALL.into_iter().find(|stream| stream.name() == name);
        let stream = stream.ok_or_else(|| sqlx::Error::Decode("an unknown stream".into()))?;
        Ok(Tombstone { stream, id, reason: row.next()?, observed_at: row.next()? })
    })
    .await?)
}

pub(super) async fn aliases<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<BTreeMap<String, String>, Fault> {
    let rows =
        Query::<D>::new("SELECT old_id, contact_id FROM contact_aliases WHERE workspace_id = $1")
            .bind(&workspace.id)
            .fetch(&mut *store.read().await?, "contact_aliases", |row: &mut Reader<'_, D>| {
                Ok((row.next()?, row.next()?))
            })
            .await?;
    Ok(rows.into_iter().collect())
}
