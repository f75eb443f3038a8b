//! What lasts and has been seen, and how much waits to be told.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use super::{SqlStore, Write, customers, during, outbox};
use crate::dialect::{Dialect, Query, Reader, execute_rows};
use crate::error::Fault;
use crate::{
    AlertMark, AlertMemory, AlertStore, AlertedCustomers, Effect, QueueDepth, StoreError, Workspace,
};

#[async_trait]
impl<D: Dialect> AlertStore for SqlStore<D> {
    async fn alert_memory(
        &self,
        workspace: &Workspace,
        subjects: &[&str],
        contact_ids: &[&str],
    ) -> Result<Vec<AlertMemory>, StoreError> {
        memory(self, workspace, subjects, contact_ids)
            .await
            .map_err(during("read what lasts", workspace))
    }

    async fn note_alerts(
        &self,
        workspace: &Workspace,
        marks: &[&AlertMark],
        effects: &[&Effect],
    ) -> Result<u64, StoreError> {
        note(self, workspace, marks, effects).await.map_err(during("note alerts", workspace))
    }

    async fn alerted_customers(
        &self,
        workspace: &Workspace,
        since: i64,
        limit: u32,
    ) -> Result<BTreeMap<String, AlertedCustomers>, StoreError> {
        alerted(self, workspace, since, limit).await.map_err(during("count alerts", workspace))
    }

    async fn queue_depth(
        &self,
        workspace: &Workspace,
        queue: &str,
    ) -> Result<QueueDepth, StoreError> {
        depth(self, workspace, queue).await.map_err(during("count effects", workspace))
    }
}

/// Two selections instead of one with OR: each has its index. The second one asks the index of the
/// contacts for nothing but what it has, else SQLite reads all that lasts in the workspace.
async fn memory<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    subjects: &[&str],
    contact_ids: &[&str],
) -> Result<Vec<AlertMemory>, Fault> {
    let columns = "known.subject, known.kind, known.contact_id, known.since, known.value";
    let sql = format!(
        "SELECT {columns} FROM {} CROSS JOIN alert_state known \
         WHERE known.workspace_id = $1 AND known.subject = given.value \
         UNION SELECT {columns} FROM {} CROSS JOIN alert_state spoken CROSS JOIN alert_state known \
         WHERE spoken.workspace_id = $1 AND spoken.contact_id = given.value \
         AND known.workspace_id = $1 AND known.subject = spoken.subject \
         AND known.kind = spoken.kind ORDER BY 1, 2",
        D::each(2),
        D::each(3)
    );
    Ok(Query::<D>::new(sql)
        .bind(&workspace.id)
        .bind(subjects)
        .bind(contact_ids)
        .fetch(&mut *store.read().await?, "alert_state", |row| {
            Ok(AlertMemory {
                subject: row.next()?,
                kind: row.next()?,
                contact_id: row.next()?,
                since: row.next()?,
                value: row.next()?,
            })
        })
        .await?)
}

async fn note<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    marks: &[&AlertMark],
    effects: &[&Effect],
) -> Result<u64, Fault> {
    let mut write = store.write_durably(workspace).await?;
    mark(&mut write, workspace, marks).await?;
    let n_written = outbox::insert(&mut write, workspace, effects).await?;
    store.commit(write).await?;
    Ok(n_written)
}

/// Ends come first: what moves to another subject ends under the old one. Of two beginnings of one
/// condition the last counts.
pub(super) async fn mark<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    marks: &[&AlertMark],
) -> sqlx::Result<()> {
    let mut ended = Vec::new();
    let mut began = BTreeMap::new();
    for mark in marks {
        match mark {
            AlertMark::Ended { subject, kind } => ended.push((subject, kind)),
            AlertMark::Began(memory) => {
                began.insert((&memory.subject, &memory.kind), memory);
            }
        }
    }
    // One by one: SQLite compares a list of several columns with every row of the table.
    for (subject, kind) in ended {
        Query::<D>::new(
            "DELETE FROM alert_state WHERE workspace_id = $1 AND subject = $2 AND kind = $3",
        )
        .bind(&workspace.id)
        .bind(subject)
        .bind(kind)
        .execute(&mut write.transaction)
        .await?;
    }
    let began: Vec<&AlertMemory> = began.into_values().collect();
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO alert_state (workspace_id, subject, kind, contact_id, since, value)",
        &began,
        "ON CONFLICT (workspace_id, subject, kind) DO UPDATE SET \
         contact_id = excluded.contact_id, since = excluded.since, value = excluded.value",
        |row, memory| {
            row.bind(&workspace.id)
                .bind(&memory.subject)
                .bind(&memory.kind)
                .bind(&memory.contact_id)
                .bind(memory.since)
                .bind(&memory.value);
        },
    )
    .await?;
    Ok(())
}

async fn alerted<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    since: i64,
    limit: u32,
) -> Result<BTreeMap<String, AlertedCustomers>, Fault> {
    let mut connection = store.read().await?;
    let counted: Vec<(String, i64)> = Query::<D>::new(
        "SELECT kind, COUNT(*) FROM alert_state JOIN intercom_customers \
         ON intercom_customers.workspace_id = alert_state.workspace_id AND email = subject \
         WHERE alert_state.workspace_id = $1 AND since >= $2 GROUP BY kind",
    )
    .bind(&workspace.id)
    .bind(since)
    .fetch(&mut connection, "alert_state", |row: &mut Reader<'_, D>| Ok((row.next()?, row.next()?)))
    .await?;
    let mut alerted = BTreeMap::new();
    for (kind, n_customers) in counted {
        let top = customers::top_alerted::<D>(&mut connection, workspace, &kind, since, limit);
        let top = top.await?;
        let n_customers = u64::try_from(n_customers).unwrap_or(0);
        alerted.insert(kind, AlertedCustomers { n_customers, top });
    }
    Ok(alerted)
}

async fn depth<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    queue: &str,
) -> Result<QueueDepth, Fault> {
    let clock = D::CLOCK;
    let rows: Vec<(String, i64, i64, i64, i64)> = Query::<D>::new(format!(
        "SELECT state, CAST(CASE WHEN due_at <= {clock} THEN 1 ELSE 0 END AS BIGINT), COUNT(*), \
         CAST(MIN(CASE state WHEN 'claimed' THEN lease_until ELSE due_at END) - {clock} AS BIGINT), \
         CAST(MAX(due_at) - {clock} AS BIGINT) FROM outbox \
         WHERE workspace_id = $1 AND queue = $2 AND state <> 'done' GROUP BY 1, 2"
    ))
    .bind(&workspace.id)
    .bind(queue)
    .fetch(&mut *store.read().await?, "outbox", |row| {
        Ok((row.next()?, row.next()?, row.next()?, row.next()?, row.next()?))
    })
    .await?;
    let duration = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    let mut depth = QueueDepth::default();
    for (state, is_due, n_effects, first_in, last_in) in rows {
        let n_effects = u64::try_from(n_effects).unwrap_or(0);
        let rest = duration(first_in);
        match (&*state, is_due) {
            ("due" | "resting", 1) => depth.n_due += n_effects,
            ("due", _) => {
                depth.n_resting += n_effects;
                depth.next_due_in = Some(rest);
            }
            ("resting", _) => {
                depth.n_resting += n_effects;
                depth.rests_for = Some(duration(last_in));
            }
            ("claimed", _) => {
                depth.n_claimed += n_effects;
                let given_up_in = depth.next_given_up_in.map_or(rest, |other| other.min(rest));
                depth.next_given_up_in = Some(given_up_in);
            }
            _ => depth.n_dead += n_effects,
        }
    }
    if depth.rests_for.is_some() {
        depth.n_resting += depth.n_due;
        depth.n_due = 0;
        depth.next_due_in = depth.rests_for;
    }
    Ok(depth)
}
