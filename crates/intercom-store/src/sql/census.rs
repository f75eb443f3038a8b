//! Counting rows.

use super::SqlStore;
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::{Backlog, Census, Stream, Workspace};

pub(super) async fn census<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Census, Fault> {
    let mut census = Census::default();
    for stream in Stream::ALL {
        census.records.insert(stream, count(store, workspace, stream.name()).await?);
    }
    let archived = Query::<D>::new(
        "SELECT COUNT(*) FROM contacts WHERE workspace_id = $1 AND archived_at IS NOT NULL",
    )
    .bind(&workspace.id)
    .fetch_first(&mut *store.read().await?, "contacts", only_column)
    .await?;
    census.n_archived = archived.unwrap_or(0);
    census.n_customers = count(store, workspace, "intercom_customers").await?;
    census.n_tombstones = count(store, workspace, "tombstones").await?;
    Ok(census)
}

pub(super) async fn backlog<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Backlog, Fault> {
    let mut backlog = Backlog {
        n_quarantined: count(store, workspace, "quarantine").await?,
        ..Backlog::default()
    };
    let states = Query::<D>::new(
        "SELECT state, COUNT(*) FROM outbox WHERE workspace_id = $1 AND state <> 'done' \
         GROUP BY state",
    )
    .bind(&workspace.id)
    .fetch(&mut *store.read().await?, "outbox", |row: &mut Reader<'_, D>| {
        Ok((row.next::<String>()?, row.next::<i64>()?))
    })
    .await?;
    for (state, n) in states {
        match state.as_str() {
            "due" | "resting" => backlog.n_due += n,
            "claimed" => backlog.n_claimed = n,
            "dead" => backlog.n_dead = n,
            _ => {}
        }
    }
    Ok(backlog)
}

async fn count<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    table: &'static str,
) -> Result<i64, Fault> {
    let sql = format!("SELECT COUNT(*) FROM {table} WHERE workspace_id = $1");
    let count = Query::<D>::new(sql)
        .bind(&workspace.id)
        .fetch_first(&mut *store.read().await?, table, only_column)
        .await?;
    Ok(count.unwrap_or(0))
}
