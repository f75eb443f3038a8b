//! What stays put aside after the run that has met it.

use super::SqlStore;
use crate::dialect::{Dialect, Query, Reader, only_column};
use crate::error::Fault;
use crate::{AsideEntry, RunId, StillAside, Stream, Workspace};

pub(super) async fn still<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    streams: &[Stream],
    (run, limit): (RunId, u32),
) -> Result<StillAside, Fault> {
    let names: Vec<&str> = streams.iter().map(|stream| stream.name()).collect();
    let unmet = format!(
        "FROM quarantine WHERE workspace_id = $1 AND (run_id IS NULL OR run_id <> $2) \
         AND stream {}",
        D::is_one_of(3)
    );
    let mut connection = store.read().await?;
    let n: i64 = Query::<D>::new(format!("SELECT COUNT(*) {unmet}"))
        .bind(&workspace.id)
        .bind(run.0)
        .bind(names.as_slice())
        .fetch_first(&mut *connection, "quarantine", only_column)
        .await?
        .unwrap_or(0);
    if n == 0 {
        return Ok(StillAside::default());
    }
    let named = Query::<D>::new(format!(
        "SELECT stream, record_id, reason {unmet} \
         ORDER BY last_seen_at DESC, stream, record_id, content_hash LIMIT $4"
    ))
    .bind(&workspace.id)
    .bind(run.0)
    .bind(names.as_slice())
    .bind(i64::from(limit))
    .fetch(&mut *connection, "quarantine", |row: &mut Reader<'_, D>| {
        let name: String = row.next()?;
        let stream = Stream::ALL.into_iter().find(|stream| stream.name() == name);
        Ok(AsideEntry {
            stream: stream.ok_or_else(|| sqlx::Error::Decode("an unknown stream".into()))?,
            record_id: row.next()?,
            reason: row.next()?,
        })
    })
    .await?;
    Ok(StillAside { n: u64::try_from(n).unwrap_or(0), named })
}

pub(super) async fn release_unmet<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    stream: Stream,
    run: RunId,
) -> Result<u64, Fault> {
    let mut write = store.write(workspace).await?;
    let table = stream.name();
    let mut n_released = Query::<D>::new(format!(
        "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 \
         AND (run_id IS NULL OR run_id <> $3) \
         AND NOT EXISTS (SELECT 1 FROM {table} r WHERE r.workspace_id = $1 \
         AND r.id = quarantine.record_id AND r.content_hash = quarantine.content_hash)"
    ))
    .bind(&workspace.id)
    .bind(table)
    .bind(run.0)
    .execute(&mut write.transaction)
    .await?;
    if stream == Stream::Conversations {
        n_released += Query::<D>::new(
            "DELETE FROM quarantine WHERE workspace_id = $1 AND stream = $2 \
             AND record_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM conversations c \
             WHERE c.workspace_id = $1 AND c.id = quarantine.record_id)",
        )
        .bind(&workspace.id)
        .bind(Stream::Parts.name())
        .execute(&mut write.transaction)
        .await?;
    }
    store.commit(write).await?;
    Ok(n_released)
}
