//! Leases: of work in a workspace, and of the calls of a token.

use std::time::Duration;

use super::{SqlStore, millis};
use crate::dialect::{Dialect, Query};
use crate::error::Fault;
use crate::lease::Fence;
use crate::{Lease, LeaseOutcome, LedgerChange, RateLedgerRow, Workspace};

pub(super) async fn acquire<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    name: &str,
    holder: &str,
    lease_for: Duration,
) -> Result<LeaseOutcome, Fault> {
    let clock = D::CLOCK;
    let mut transaction = D::begin(&store.writer).await?;
    let taken = Query::<D>::new(format!(
        "INSERT INTO leases (workspace_id, name, holder, epoch, expires_at) \
         VALUES ($1, $2, $3, 1, {clock} + $4) \
         ON CONFLICT (workspace_id, name) DO UPDATE SET holder = excluded.holder, \
         epoch = leases.epoch + 1, expires_at = excluded.expires_at \
         WHERE leases.expires_at <= {clock} RETURNING name, epoch, expires_at"
    ))
    .bind(&workspace.id)
    .bind(name)
    .bind(holder)
    .bind(millis(lease_for))
    .fetch_first(&mut transaction, "leases", |row| {
        Ok(Lease { name: row.next()?, epoch: row.next()?, expires_at: row.next()? })
    })
    .await?;
    let outcome = match taken {
        Some(lease) => {
            let fence = Fence { name: lease.name.clone(), epoch: lease.epoch };
            let workspace = Workspace { fence: Some(fence), ..workspace.clone() };
            LeaseOutcome::Acquired { lease, workspace }
        }
        None => Query::<D>::new(
            "SELECT holder, expires_at FROM leases WHERE workspace_id = $1 AND name = $2",
        )
        .bind(&workspace.id)
        .bind(name)
        .fetch_first(&mut transaction, "leases", |row| {
            Ok(LeaseOutcome::Held { holder: row.next()?, until: row.next()? })
        })
        .await?
        .ok_or(sqlx::Error::RowNotFound)?,
    };
    D::commit(transaction).await?;
    Ok(outcome)
}

pub(super) async fn renew<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    lease: &Lease,
    lease_for: Duration,
) -> Result<Option<Lease>, Fault> {
    let mut transaction = D::begin(&store.writer).await?;
    let renewed = Query::<D>::new(format!(
        "UPDATE leases SET expires_at = {} + $4 \
         WHERE workspace_id = $1 AND name = $2 AND epoch = $3 RETURNING name, epoch, expires_at",
        D::CLOCK
    ))
    .bind(&workspace.id)
    .bind(&lease.name)
    .bind(lease.epoch)
    .bind(millis(lease_for))
    .fetch_first(&mut transaction, "leases", |row| {
        Ok(Lease { name: row.next()?, epoch: row.next()?, expires_at: row.next()? })
    })
    .await?;
    D::commit(transaction).await?;
    Ok(renewed)
}

/// The row stays: epochs go on from it.
pub(super) async fn release<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    lease: &Lease,
) -> Result<bool, Fault> {
    let mut transaction = D::begin(&store.writer).await?;
    let n_released = Query::<D>::new(
        "UPDATE leases SET expires_at = 0, epoch = epoch + 1 \
         WHERE workspace_id = $1 AND name = $2 AND epoch = $3",
    )
    .bind(&workspace.id)
    .bind(&lease.name)
    .bind(lease.epoch)
    .execute(&mut transaction)
    .await?;
    D::commit(transaction).await?;
    Ok(n_released > 0)
}

/// Keeps the lease from being taken over until the transaction ends, unless that has happened.
pub(super) async fn hold<D: Dialect>(
    connection: &mut D::Connection,
    workspace: &Workspace,
    fence: &Fence,
) -> Result<(), Fault> {
    let n_held = Query::<D>::new(
        "UPDATE leases SET epoch = epoch WHERE workspace_id = $1 AND name = $2 AND epoch = $3",
    )
    .bind(&workspace.id)
    .bind(&fence.name)
    .bind(fence.epoch)
    .execute(connection)
    .await?;
    if n_held == 0 { Err(Fault::LeaseLost(fence.name.clone())) } else { Ok(()) }
}

pub(super) async fn change_ledger<D: Dialect>(
    store: &SqlStore<D>,
    token_digest: &str,
    change: &mut LedgerChange<'_>,
) -> Result<(), Fault> {
    let mut transaction = D::begin(&store.writer).await?;
    // Writing first locks the row, on which the clock is then read.
    Query::<D>::new(
        "INSERT INTO rate_leases (token_digest, ledger, changed_at) VALUES ($1, '', 0) \
         ON CONFLICT (token_digest) DO UPDATE SET changed_at = rate_leases.changed_at",
    )
    .bind(token_digest)
    .execute(&mut transaction)
    .await?;
    let (before, now): (String, i64) = Query::<D>::new(format!(
        "SELECT ledger, {} FROM rate_leases WHERE token_digest = $1",
        D::CLOCK
    ))
    .bind(token_digest)
    .fetch_first(&mut transaction, "rate_leases", |row| Ok((row.next()?, row.next()?)))
    .await?
    .ok_or(sqlx::Error::RowNotFound)?;
    let after = change(Duration::from_millis(u64::try_from(now).unwrap_or(0)), &before);
    Query::<D>::new("UPDATE rate_leases SET ledger = $2, changed_at = $3 WHERE token_digest = $1")
        .bind(token_digest)
        .bind(after.as_str())
        .bind(now)
        .execute(&mut transaction)
        .await?;
    Ok(D::commit(transaction).await?)
}

pub(super) async fn ledgers<D: Dialect>(store: &SqlStore<D>) -> Result<Vec<RateLedgerRow>, Fault> {
    let instant = |millis: i64| Duration::from_millis(u64::try_from(millis).unwrap_or(0));
    Ok(Query::<D>::new(format!(
        "SELECT token_digest, ledger, changed_at, {} FROM rate_leases \
         ORDER BY changed_at DESC, token_digest",
        D::CLOCK
    ))
    .fetch(&mut *store.read().await?, "rate_leases", move |row| {
        Ok(RateLedgerRow {
            token_digest: row.next()?,
            ledger: row.next()?,
            changed_at: instant(row.next()?),
            now: instant(row.next()?),
        })
    })
    .await?)
}
