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
    let sql = format!(
        "SELECT id FROM {} WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3",
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
    let ids: Vec<&str> = gone.iter().map(|gone| gone.id.as_str()).collect();
    let mut write = store.write(workspace).await?;
    match stream {
        Stream::Contacts => projections::forget_contacts(&mut write, workspace, &ids).await?,
        Stream::Conversations => {
            projections::forget_conversations(&mut write, workspace, &ids).await?;
            super::parts::note_gone(&mut write, workspace, &ids, now).await?;
        }
        Stream::Parts
        | Stream::Admins
        | Stream::Companies
        | Stream::Teams
        | Stream::Tags
        | Stream::Segments
        | Stream::DataAttributes => {}
    }
    let sql =
        format!("DELETE FROM {} WHERE workspace_id = $1 AND id {}", stream.name(), D::is_one_of(2));
    let n_buried = Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(ids.as_slice())
        .execute(&mut write.transaction)
        .await?;
    let fates: BTreeMap<&str, &Fate> =
        gone.iter().map(|gone| (gone.id.as_str(), &gone.fate)).collect();
    let fates: Vec<(&str, &Fate)> = fates.into_iter().collect();
    raise_tombstones(&mut write, workspace, stream, &fates, now).await?;
    remember_aliases(&mut write, workspace, &fates, now).await?;
    store.commit(write).await?;
    Ok(n_buried)
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
        "ON CONFLICT (workspace_id, stream, id) DO UPDATE SET reason = excluded.reason",
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
