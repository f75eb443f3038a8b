//! Runs.

use super::{SqlStore, Write};
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::{RunCounts, RunEnd, RunId, RunOutcome, RunRow, Workspace};

pub(super) async fn start<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    kind: &str,
    now: i64,
) -> Result<RunId, Fault> {
    let mut write = store.write(workspace).await?;
    let id = Query::<D>::new(
        "INSERT INTO sync_runs (workspace_id, run_id, kind, started_at) \
         SELECT $1, COALESCE(MAX(run_id), 0) + 1, $2, $3 FROM sync_runs WHERE workspace_id = $1 \
         RETURNING run_id",
    )
    .bind(&workspace.id)
    .bind(kind)
    .bind(now)
    .fetch_first(&mut write.transaction, "sync_runs", only_column)
    .await?
    .ok_or(sqlx::Error::RowNotFound)?;
    store.commit(write).await?;
    Ok(RunId(id))
}

/// Counts what a run commits with a transaction.
pub(super) async fn count<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    run: RunId,
    done: &RunCounts,
) -> sqlx::Result<()> {
    if *done == RunCounts::default() {
        return Ok(());
    }
    Query::<D>::new(
        "UPDATE sync_runs SET n_fetched = n_fetched + $1, n_inserted = n_inserted + $2, \
         n_changed = n_changed + $3, n_quarantined = n_quarantined + $4, \
         n_customers = n_customers + $5 \
         WHERE workspace_id = $6 AND run_id = $7 AND finished_at IS NULL",
    )
    .bind(done.n_fetched)
    .bind(done.n_inserted)
    .bind(done.n_changed)
    .bind(done.n_quarantined)
    .bind(done.n_customers)
    .bind(&workspace.id)
    .bind(run.0)
    .execute(&mut write.transaction)
    .await?;
    Ok(())
}

/// The same for customers, which are written without their run.
pub(super) async fn count_customers<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    run: RunId,
    n_customers: u64,
) -> Result<(), Fault> {
    if n_customers == 0 {
        return Ok(());
    }
    let done = RunCounts { n_customers: whole(n_customers), ..RunCounts::default() };
    let mut write = store.write(workspace).await?;
    count(&mut write, workspace, run, &done).await?;
    Ok(store.commit(write).await?)
}

/// A count as databases keep it.
pub(super) fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(super) async fn finish<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    run: RunId,
    end: &RunEnd,
) -> Result<(), Fault> {
    let mut write = store.write(workspace).await?;
    Query::<D>::new(
        "UPDATE sync_runs SET finished_at = $1, outcome = $2, n_fetched = $3, n_inserted = $4, \
         n_changed = $5, n_skipped = $6, n_quarantined = $7, n_customers = $8, detail = $9 \
         WHERE workspace_id = $10 AND run_id = $11",
    )
    .bind(end.finished_at)
    .bind(end.outcome.name())
    .bind(end.counts.n_fetched)
    .bind(end.counts.n_inserted)
    .bind(end.counts.n_changed)
    .bind(end.counts.n_skipped)
    .bind(end.counts.n_quarantined)
    .bind(end.counts.n_customers)
    .bind(&end.detail)
    .bind(&workspace.id)
    .bind(run.0)
    .execute(&mut write.transaction)
    .await?;
    Ok(store.commit(write).await?)
}

pub(super) async fn last<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    limit: u32,
) -> Result<Vec<RunRow>, Fault> {
    Ok(Query::<D>::new(
        "SELECT kind, run_id, started_at, finished_at, outcome, n_fetched, n_inserted, n_changed, \
         n_skipped, n_quarantined, n_customers, detail FROM sync_runs \
         WHERE workspace_id = $1 ORDER BY run_id DESC LIMIT $2",
    )
    .bind(&workspace.id)
    .bind(i64::from(limit))
    .fetch(&mut *store.read().await?, "sync_runs", read)
    .await?)
}

fn read<D: Dialect>(row: &mut Reader<'_, D>) -> sqlx::Result<RunRow> {
    let (kind, id, started_at) = (row.next()?, RunId(row.next()?), row.next()?);
    let finished_at: Option<i64> = row.next()?;
    let outcome = row.next::<Option<String>>()?.as_deref().and_then(RunOutcome::from_name);
    let counts = RunCounts {
        n_fetched: row.next()?,
        n_inserted: row.next()?,
        n_changed: row.next()?,
        n_skipped: row.next()?,
        n_quarantined: row.next()?,
        n_customers: row.next()?,
    };
    let detail = row.next()?;
    let end = finished_at.zip(outcome).map(|(finished_at, outcome)| RunEnd {
        finished_at,
        outcome,
        counts,
        detail,
    });
    Ok(RunRow { id, kind, started_at, counts, end })
}
