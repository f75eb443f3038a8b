//! Workspaces: the root of every key.

use super::SqlStore;
use crate::dialect::{Dialect, Query, Reader};
use crate::error::Fault;
use crate::{Workspace, WorkspaceProfile};

pub(super) async fn ensure<D: Dialect>(
    store: &SqlStore<D>,
    profile: &WorkspaceProfile,
    now: i64,
) -> Result<Workspace, Fault> {
    let mut transaction = D::begin(&store.writer).await?;
    let workspace = Query::<D>::new(
        "INSERT INTO workspaces (workspace_id, name, timezone, first_seen_at) \
         VALUES ($1, $2, $3, $4) \
         ON CONFLICT (workspace_id) DO UPDATE SET \
         name = COALESCE(excluded.name, workspaces.name), \
         timezone = COALESCE(excluded.timezone, workspaces.timezone) \
         RETURNING workspace_id, name, timezone",
    )
    .bind(&profile.id)
    .bind(&profile.name)
    .bind(&profile.timezone)
    .bind(now)
    .fetch_first(&mut transaction, "workspaces", read)
    .await?
    .ok_or(sqlx::Error::RowNotFound)?;
    D::commit(transaction).await?;
    Ok(workspace)
}

pub(super) async fn all<D: Dialect>(store: &SqlStore<D>) -> Result<Vec<Workspace>, Fault> {
    Ok(Query::<D>::new("SELECT workspace_id, name, timezone FROM workspaces ORDER BY workspace_id")
        .fetch(&mut *store.read().await?, "workspaces", read)
        .await?)
}

fn read<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<Workspace> {
    Ok(Workspace { id: row.next()?, name: row.next()?, timezone: row.next()?, fence: None })
}
