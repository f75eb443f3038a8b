//! The outbox.

use std::time::Duration;

use super::{SqlStore, Write, millis};
use crate::dialect::{Dialect, Query, execute_rows};
use crate::error::Fault;
use crate::{
    Claim, ClaimedEffect, DeadEffect, Effect, EffectEnd, SweepOutcome, SweepRules, Workspace,
};

/// Effects of one transaction are numbered from the transaction's change number times this.
const NUMBERS_PER_CHANGE: i64 = 1 << 20;

pub(super) async fn enqueue<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    effects: &[&Effect],
) -> Result<u64, Fault> {
    let mut write = store.write_durably(workspace).await?;
    let n_written = insert(&mut write, workspace, effects).await?;
    store.commit(write).await?;
    Ok(n_written)
}

/// Numbers follow the change number, so that none comes twice, also after a sweep.
pub(super) async fn insert<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    effects: &[&Effect],
) -> sqlx::Result<u64> {
    if effects.is_empty() {
        return Ok(0);
    }
    let now = now::<D>(&mut write.transaction).await?;
    let first = write.change_number.saturating_mul(NUMBERS_PER_CHANGE);
    let numbered: Vec<(i64, &Effect)> = (first..).zip(effects.iter().copied()).collect();
    execute_rows::<D, _>(
        &mut write.transaction,
        "INSERT INTO outbox (workspace_id, effect_id, kind, queue, dedupe_key, payload, state, \
         due_at, created_at)",
        &numbered,
        "ON CONFLICT (workspace_id, kind, dedupe_key) DO NOTHING",
        |row, (effect_id, effect)| {
            row.bind(&workspace.id)
                .bind(*effect_id)
                .bind(&effect.kind)
                .bind(&effect.queue)
                .bind(&effect.dedupe_key)
                .bind(&effect.payload)
                .bind("due")
                .bind(now.saturating_add(millis(effect.after)))
                .bind(now);
        },
    )
    .await
}

async fn now<D: Dialect>(connection: &mut D::Connection) -> sqlx::Result<i64> {
    Query::<D>::new(format!("SELECT {}", D::CLOCK))
        .fetch_first(connection, "outbox", crate::dialect::only_column)
        .await?
        .ok_or(sqlx::Error::RowNotFound)
}

pub(super) async fn claim<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    queue: &str,
    limit: u32,
    lease_for: Duration,
) -> Result<Vec<ClaimedEffect>, Fault> {
    let clock = D::CLOCK;
    let mut transaction = D::begin(&store.durable).await?;
    // Materialised: a subquery in the condition may run again for every row, and each time claim
    // as many.
    let mut claimed = Query::<D>::new(format!(
        "WITH chosen AS MATERIALIZED (SELECT effect_id FROM outbox WHERE workspace_id = $1 \
         AND queue = $2 AND state IN ('due', 'resting') AND due_at <= {clock} \
         AND NOT EXISTS (SELECT 1 FROM outbox rest WHERE rest.workspace_id = $1 \
         AND rest.queue = $2 AND rest.state = 'resting' AND rest.due_at > {clock}) \
         ORDER BY effect_id LIMIT $3 {skip_locked}) \
         UPDATE outbox SET state = 'claimed', epoch = epoch + 1, attempts = attempts + 1, \
         lease_until = {clock} + $4 WHERE workspace_id = $1 AND effect_id IN \
         (SELECT effect_id FROM chosen) \
         RETURNING effect_id, epoch, kind, dedupe_key, payload, attempts",
        skip_locked = D::SKIP_LOCKED
    ))
    .bind(&workspace.id)
    .bind(queue)
    .bind(i64::from(limit))
    .bind(millis(lease_for))
    .fetch(&mut transaction, "outbox", |row| {
        Ok(ClaimedEffect {
            claim: Claim { effect_id: row.next()?, epoch: row.next()? },
            kind: row.next()?,
            dedupe_key: row.next()?,
            payload: row.next()?,
            attempts: row.next()?,
        })
    })
    .await?;
    D::commit(transaction).await?;
    claimed.sort_by_key(|effect| effect.claim);
    Ok(claimed)
}

pub(super) async fn finish<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    claim: Claim,
    end: &EffectEnd,
) -> Result<bool, Fault> {
    let (state, after, reason) = match end {
        EffectEnd::Done => ("done", Duration::ZERO, None),
        EffectEnd::Retry { after, reason } => ("due", *after, Some(reason)),
        // Due, too, and the rest of the queue waits for it.
        EffectEnd::QueueRests { after, reason } => ("resting", *after, Some(reason)),
        EffectEnd::Dead { reason } => ("dead", Duration::ZERO, Some(reason)),
    };
    let clock = D::CLOCK;
    let mut transaction = D::begin(&store.durable).await?;
    let n_finished = Query::<D>::new(format!(
        "UPDATE outbox SET state = $4, due_at = {clock} + $5, lease_until = NULL, reason = $6, \
         finished_at = {clock} WHERE workspace_id = $1 AND effect_id = $2 AND epoch = $3 \
         AND state = 'claimed'"
    ))
    .bind(&workspace.id)
    .bind(claim.effect_id)
    .bind(claim.epoch)
    .bind(state)
    .bind(millis(after))
    .bind(reason.cloned())
    .execute(&mut transaction)
    .await?;
    D::commit(transaction).await?;
    Ok(n_finished > 0)
}

pub(super) async fn sweep<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    rules: SweepRules,
) -> Result<SweepOutcome, Fault> {
    let clock = D::CLOCK;
    let vanished = "WHERE workspace_id = $1 AND state = 'claimed' AND lease_until <= $2";
    let mut transaction = D::begin(&store.durable).await?;
    let now = now::<D>(&mut transaction).await?;
    let n_dead = Query::<D>::new(format!(
        "UPDATE outbox SET state = 'dead', lease_until = NULL, finished_at = {clock}, \
         reason = 'its worker vanished' {vanished} AND attempts >= $3"
    ))
    .bind(&workspace.id)
    .bind(now)
    .bind(i64::from(rules.max_attempts))
    .execute(&mut transaction)
    .await?;
    let n_due_again = Query::<D>::new(format!(
        "UPDATE outbox SET state = 'due', lease_until = NULL, due_at = {clock}, \
         reason = 'its worker vanished' {vanished}"
    ))
    .bind(&workspace.id)
    .bind(now)
    .execute(&mut transaction)
    .await?;
    let n_forgotten = Query::<D>::new(
        "DELETE FROM outbox WHERE workspace_id = $1 AND state = 'done' AND finished_at <= $2",
    )
    .bind(&workspace.id)
    .bind(now.saturating_sub(millis(rules.remember_for)))
    .execute(&mut transaction)
    .await?;
    D::commit(transaction).await?;
    Ok(SweepOutcome { n_due_again, n_dead, n_forgotten })
}

pub(super) async fn dead<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
) -> Result<Vec<DeadEffect>, Fault> {
    Ok(Query::<D>::new(
        "SELECT kind, effect_id, queue, dedupe_key, payload, attempts, reason FROM outbox \
         WHERE workspace_id = $1 AND state = 'dead' ORDER BY effect_id",
    )
    .bind(&workspace.id)
    .fetch(&mut *store.read().await?, "outbox", |row| {
        Ok(DeadEffect {
            kind: row.next()?,
            effect_id: row.next()?,
            queue: row.next()?,
            dedupe_key: row.next()?,
            payload: row.next()?,
            attempts: row.next()?,
            reason: row.next()?,
        })
    })
    .await?)
}

pub(super) async fn revive<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    effect_id: i64,
) -> Result<bool, Fault> {
    let mut transaction = D::begin(&store.durable).await?;
    let n_revived = Query::<D>::new(format!(
        "UPDATE outbox SET state = 'due', attempts = 0, due_at = {}, finished_at = NULL \
         WHERE workspace_id = $1 AND effect_id = $2 AND state = 'dead'",
        D::CLOCK
    ))
    .bind(&workspace.id)
    .bind(effect_id)
    .execute(&mut transaction)
    .await?;
    D::commit(transaction).await?;
    Ok(n_revived > 0)
}
