//! The statements, written once for every dialect.

mod alerts;
mod aside;
mod census;
mod customers;
mod figures;
mod forget;
mod gone;
mod history;
mod inspect;
mod leases;
mod marks;
mod notifications;
mod outbox;
mod pages;
mod parts;
mod projections;
mod reports;
mod runs;
mod windows;
mod workspaces;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::NaiveDate;
use intercom_engagement::{Directory, Sessions};

use crate::dialect::{Dialect, Query, only_column};
use crate::error::Fault;
use crate::{
    AttributeHistoryRow, Backlog, Bookmark, BucketHistoryRow, Census, Claim, ClaimedEffect,
    CustomerCandidate, CustomerHistoryRow, CustomerRow, CustomerTotals, CustomerWrite,
    CustomersOutcome, DeadEffect, DirtyCustomer, Effect, EffectEnd, Gone, Lease, LeaseOutcome,
    LedgerChange, LoadWindow, PageOutcome, PageWrite, PendingBody, PendingPlace, ProjectionOutcome,
    ProjectionWrite, QuarantinedRow, RateLedgerRow, RunEnd, RunId, RunRow, Store, StoreError,
    Stored, Stream, SupportCounts, SweepOutcome, SweepRules, Tombstone, Workspace,
    WorkspaceProfile,
};

/// A store on one database. The pools are the same where readers need no connections of their own.
pub(crate) struct SqlStore<D: Dialect> {
    // Dropped in this order: only a connection that may write can fold the log into the file.
    pub(crate) readers: D::Pool,
    /// For what must not be lost with the power: queue and outbox.
    pub(crate) durable: D::Pool,
    pub(crate) writer: D::Pool,
}

/// A writing transaction.
struct Write<D: Dialect> {
    transaction: D::Transaction,
    /// Larger than that of every earlier transaction on this workspace.
    change_number: i64,
}

impl<D: Dialect> SqlStore<D> {
    async fn read(&self) -> sqlx::Result<D::Reading> {
        D::read(&self.readers).await
    }

    /// Begins a writing transaction. Taking the change number locks the workspace until the end, so
    /// what the transaction reads of it stays true, and change numbers appear in order.
    async fn write(&self, workspace: &Workspace) -> Result<Write<D>, Fault> {
        self.write_over(&self.writer, workspace).await
    }

    /// The same; what is committed outlives a loss of power.
    async fn write_durably(&self, workspace: &Workspace) -> Result<Write<D>, Fault> {
        self.write_over(&self.durable, workspace).await
    }

    async fn write_over(&self, pool: &D::Pool, workspace: &Workspace) -> Result<Write<D>, Fault> {
        let mut transaction = D::begin(pool).await?;
        let change_number = Query::<D>::new(
            "UPDATE workspaces SET change_number = change_number + 1 WHERE workspace_id = $1 \
             RETURNING change_number",
        )
        .bind(&workspace.id)
        .fetch_first(&mut transaction, "workspaces", only_column)
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
        if let Some(fence) = &workspace.fence {
            leases::hold::<D>(&mut transaction, workspace, fence).await?;
        }
        Ok(Write { transaction, change_number })
    }

    async fn commit(&self, write: Write<D>) -> sqlx::Result<()> {
        D::commit(write.transaction).await?;
        D::refresh_statistics(&self.writer).await;
        Ok(())
    }
}

/// Milliseconds, as instants are kept.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2)
}

/// Adds the operation's name to a failure.
fn during<'a>(
    operation: &'static str,
    workspace: &'a Workspace,
) -> impl Fn(Fault) -> StoreError + 'a {
    move |fault| fault.during(operation, &workspace.id)
}

#[async_trait]
impl<D: Dialect> Store for SqlStore<D> {
    async fn ensure_workspace(
        &self,
        profile: &WorkspaceProfile,
        now: i64,
    ) -> Result<Workspace, StoreError> {
        workspaces::ensure(self, profile, now)
            .await
            .map_err(|fault| fault.during("keep the profile", &profile.id))
    }

    async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError> {
        workspaces::all(self).await.map_err(|fault| fault.during("list the profiles", "*"))
    }

    async fn bookmark(
        &self,
        workspace: &Workspace,
        stream: Stream,
    ) -> Result<Option<Bookmark>, StoreError> {
        pages::bookmark(self, workspace, stream).await.map_err(during("read a bookmark", workspace))
    }

    async fn load_windows(
        &self,
        workspace: &Workspace,
        stream: Stream,
    ) -> Result<Vec<LoadWindow>, StoreError> {
        windows::of_stream(self, workspace, stream)
            .await
            .map_err(during("read the windows of a load", workspace))
    }

    async fn stored(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<BTreeMap<String, Stored>, StoreError> {
        pages::stored(self, workspace, stream, ids).await.map_err(during("read hashes", workspace))
    }

    async fn bodies(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<BTreeMap<String, Bytes>, StoreError> {
        pages::bodies(self, workspace, stream, ids).await.map_err(during("read bodies", workspace))
    }

    async fn commit_page(
        &self,
        workspace: &Workspace,
        stream: Stream,
        page: &PageWrite,
    ) -> Result<PageOutcome, StoreError> {
        pages::commit(self, workspace, stream, page)
            .await
            .map_err(during("write a page", workspace))
    }

    async fn ids(
        &self,
        workspace: &Workspace,
        stream: Stream,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError> {
        gone::ids(self, workspace, stream, after, limit)
            .await
            .map_err(during("read ids", workspace))
    }

    async fn bury(
        &self,
        workspace: &Workspace,
        stream: Stream,
        gone: &[Gone],
        now: i64,
    ) -> Result<u64, StoreError> {
        gone::bury(self, workspace, stream, gone, now)
            .await
            .map_err(during("bury records", workspace))
    }

    async fn tombstones(&self, workspace: &Workspace) -> Result<Vec<Tombstone>, StoreError> {
        gone::tombstones(self, workspace).await.map_err(during("read tombstones", workspace))
    }

    async fn aliases(&self, workspace: &Workspace) -> Result<BTreeMap<String, String>, StoreError> {
        gone::aliases(self, workspace).await.map_err(during("read aliases", workspace))
    }

    async fn pending(
        &self,
        workspace: &Workspace,
        stream: Stream,
        version: i64,
        after: Option<&PendingPlace>,
        limit: u32,
    ) -> Result<Vec<PendingBody>, StoreError> {
        projections::pending(self, workspace, stream, version, after, limit)
            .await
            .map_err(during("read pending bodies", workspace))
    }

    async fn commit_projection(
        &self,
        workspace: &Workspace,
        write: &ProjectionWrite,
    ) -> Result<ProjectionOutcome, StoreError> {
        projections::commit(self, workspace, write)
            .await
            .map_err(during("write a projection", workspace))
    }

    async fn dirty_customers(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DirtyCustomer>, StoreError> {
        marks::dirty(self, workspace, after, limit).await.map_err(during("read marks", workspace))
    }

    async fn mark_all_customers(&self, workspace: &Workspace) -> Result<u64, StoreError> {
        marks::mark_all(self, workspace).await.map_err(during("mark all customers", workspace))
    }

    async fn customer_candidates(
        &self,
        workspace: &Workspace,
        emails: &[&str],
    ) -> Result<Vec<CustomerCandidate>, StoreError> {
        customers::candidates(self, workspace, emails)
            .await
            .map_err(during("read contacts by e-mail", workspace))
    }

    async fn support_counts(
        &self,
        workspace: &Workspace,
        emails: &[&str],
        since: i64,
    ) -> Result<BTreeMap<String, SupportCounts>, StoreError> {
        reports::support_counts(self, workspace, emails, since)
            .await
            .map_err(during("count conversations", workspace))
    }

    async fn customers_by_emails(
        &self,
        workspace: &Workspace,
        emails: &[&str],
    ) -> Result<BTreeMap<String, CustomerRow>, StoreError> {
        customers::by_emails(self, workspace, emails)
            .await
            .map_err(during("read customers", workspace))
    }

    async fn commit_customers(
        &self,
        workspace: &Workspace,
        writes: &[CustomerWrite],
        now: i64,
    ) -> Result<CustomersOutcome, StoreError> {
        customers::commit(self, workspace, writes, now)
            .await
            .map_err(during("write customers", workspace))
    }

    async fn top_customers(
        &self,
        workspace: &Workspace,
        limit: u32,
    ) -> Result<Vec<(String, CustomerRow)>, StoreError> {
        customers::top(self, workspace, limit).await.map_err(during("rank customers", workspace))
    }

    async fn customer_totals(&self, workspace: &Workspace) -> Result<CustomerTotals, StoreError> {
        customers::totals(self, workspace).await.map_err(during("sum up customers", workspace))
    }

    async fn customers_after(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, CustomerRow)>, StoreError> {
        customers::after(self, workspace, after, limit)
            .await
            .map_err(during("list customers", workspace))
    }

    async fn census(&self, workspace: &Workspace) -> Result<Census, StoreError> {
        census::census(self, workspace).await.map_err(during("count rows", workspace))
    }

    async fn backlog(&self, workspace: &Workspace) -> Result<Backlog, StoreError> {
        census::backlog(self, workspace).await.map_err(during("count what waits", workspace))
    }

    async fn sessions(&self, workspace: &Workspace) -> Result<Sessions, StoreError> {
        reports::sessions(self, workspace).await.map_err(during("read sessions", workspace))
    }

    async fn directory(&self, workspace: &Workspace) -> Result<Directory, StoreError> {
        reports::directory(self, workspace).await.map_err(during("read names", workspace))
    }

    async fn start_run(
        &self,
        workspace: &Workspace,
        kind: &str,
        now: i64,
    ) -> Result<RunId, StoreError> {
        runs::start(self, workspace, kind, now).await.map_err(during("start a run", workspace))
    }

    async fn finish_run(
        &self,
        workspace: &Workspace,
        run: RunId,
        end: &RunEnd,
    ) -> Result<(), StoreError> {
        runs::finish(self, workspace, run, end).await.map_err(during("finish a run", workspace))
    }

    async fn last_runs(
        &self,
        workspace: &Workspace,
        limit: u32,
    ) -> Result<Vec<RunRow>, StoreError> {
        runs::last(self, workspace, limit).await.map_err(during("read runs", workspace))
    }

    async fn quarantined(&self, workspace: &Workspace) -> Result<Vec<QuarantinedRow>, StoreError> {
        pages::quarantined(self, workspace).await.map_err(during("read the quarantine", workspace))
    }

    async fn record_buckets(
        &self,
        workspace: &Workspace,
        report: &str,
        day: NaiveDate,
        buckets: &[(&str, i64)],
        now: i64,
    ) -> Result<(), StoreError> {
        history::record_buckets(self, workspace, report, day, buckets, now)
            .await
            .map_err(during("keep buckets", workspace))
    }

    async fn bucket_history(
        &self,
        workspace: &Workspace,
        report: &str,
        from: NaiveDate,
    ) -> Result<Vec<BucketHistoryRow>, StoreError> {
        history::buckets(self, workspace, report, from)
            .await
            .map_err(during("read the history of buckets", workspace))
    }

    async fn customer_history(
        &self,
        workspace: &Workspace,
        email: &str,
    ) -> Result<Vec<CustomerHistoryRow>, StoreError> {
        history::of_customer(self, workspace, email)
            .await
            .map_err(during("read the history of a customer", workspace))
    }

    async fn attribute_history(
        &self,
        workspace: &Workspace,
        contact_id: &str,
    ) -> Result<Vec<AttributeHistoryRow>, StoreError> {
        history::of_attributes(self, workspace, contact_id)
            .await
            .map_err(during("read the history of a contact", workspace))
    }

    async fn acquire_lease(
        &self,
        workspace: &Workspace,
        name: &str,
        holder: &str,
        lease_for: Duration,
    ) -> Result<LeaseOutcome, StoreError> {
        leases::acquire(self, workspace, name, holder, lease_for)
            .await
            .map_err(during("take a lease", workspace))
    }

    async fn renew_lease(
        &self,
        workspace: &Workspace,
        lease: &Lease,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        leases::renew(self, workspace, lease, lease_for)
            .await
            .map_err(during("renew a lease", workspace))
    }

    async fn release_lease(
        &self,
        workspace: &Workspace,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        leases::release(self, workspace, lease)
            .await
            .map_err(during("give back a lease", workspace))
    }

    async fn change_rate_ledger(
        &self,
        token_digest: &str,
        change: &mut LedgerChange<'_>,
    ) -> Result<(), StoreError> {
        leases::change_ledger(self, token_digest, change)
            .await
            .map_err(|fault| fault.during("lend calls", "*"))
    }

    async fn rate_ledgers(&self) -> Result<Vec<RateLedgerRow>, StoreError> {
        leases::ledgers(self).await.map_err(|fault| fault.during("read rate limits", "*"))
    }

    async fn enqueue(&self, workspace: &Workspace, effects: &[&Effect]) -> Result<u64, StoreError> {
        outbox::enqueue(self, workspace, effects).await.map_err(during("write effects", workspace))
    }

    async fn claim_effects(
        &self,
        workspace: &Workspace,
        queue: &str,
        limit: u32,
        lease_for: Duration,
    ) -> Result<Vec<ClaimedEffect>, StoreError> {
        outbox::claim(self, workspace, queue, limit, lease_for)
            .await
            .map_err(during("claim effects", workspace))
    }

    async fn finish_effect(
        &self,
        workspace: &Workspace,
        claim: Claim,
        end: &EffectEnd,
    ) -> Result<bool, StoreError> {
        outbox::finish(self, workspace, claim, end)
            .await
            .map_err(during("finish an effect", workspace))
    }

    async fn sweep_effects(
        &self,
        workspace: &Workspace,
        rules: SweepRules,
    ) -> Result<SweepOutcome, StoreError> {
        outbox::sweep(self, workspace, rules).await.map_err(during("sweep effects", workspace))
    }

    async fn dead_effects(&self, workspace: &Workspace) -> Result<Vec<DeadEffect>, StoreError> {
        outbox::dead(self, workspace).await.map_err(during("read dead effects", workspace))
    }

    async fn revive_effect(
        &self,
        workspace: &Workspace,
        effect_id: i64,
    ) -> Result<bool, StoreError> {
        outbox::revive(self, workspace, effect_id)
            .await
            .map_err(during("revive an effect", workspace))
    }

    /// The writer last: only a connection that may write can fold the log into the file.
    async fn close(&self) {
        D::close(&self.readers).await;
        D::close(&self.durable).await;
        D::close(&self.writer).await;
    }
}
