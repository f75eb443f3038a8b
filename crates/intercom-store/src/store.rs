//! What a store does.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::NaiveDate;
use intercom_engagement::{Directory, Sessions};

use crate::{
    AlertStore, AttributeHistoryRow, Backlog, Bookmark, BucketHistoryRow, Census, Claim,
    ClaimedEffect, CustomerCandidate, CustomerHistoryRow, CustomerRow, CustomerTotals,
    CustomerWrite, CustomersOutcome, DeadEffect, DirtyCustomer, Effect, EffectEnd, FiguresStore,
    ForgetStore, Gone, InspectStore, Lease, LeaseOutcome, LoadWindow, NotificationStore,
    PageOutcome, PageWrite, PartsStore, PendingBody, PendingPlace, ProjectionOutcome,
    ProjectionWrite, QuarantinedRow, RateLedgerRow, RunEnd, RunId, RunRow, StoreError, Stored,
    Stream, SupportCounts, SweepOutcome, SweepRules, Tombstone, Workspace, WorkspaceProfile,
};

/// What becomes of a shared rate ledger, given the database's clock and the ledger as text.
pub type LedgerChange<'c> = dyn FnMut(Duration, &str) -> String + Send + 'c;

/// A mirrored workspace, what was projected from it, and its history.
///
/// Every writing method is one transaction: it happens whole or not at all. Writers of one workspace
/// take turns; readers never wait for them. Every method fails with [`StoreError::Unavailable`],
/// [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::Refused`] or [`StoreError::Corrupt`],
/// and under a lease with [`StoreError::LeaseLost`]; the first two are
/// [transient](StoreError::is_transient), and because writing the same again changes nothing, a
/// caller may simply repeat the call.
#[async_trait]
pub trait Store:
    AlertStore
    + FiguresStore
    + ForgetStore
    + InspectStore
    + NotificationStore
    + PartsStore
    + Send
    + Sync
{
    /// Makes a workspace known and keeps what is newly known about it.
    async fn ensure_workspace(
        &self,
        profile: &WorkspaceProfile,
        now: i64,
    ) -> Result<Workspace, StoreError>;

    /// Every workspace, by id.
    async fn workspaces(&self) -> Result<Vec<Workspace>, StoreError>;

    /// How far a stream has been read; `None` when it never was.
    async fn bookmark(
        &self,
        workspace: &Workspace,
        stream: Stream,
    ) -> Result<Option<Bookmark>, StoreError>;

    /// The windows of the first load that a stream is in, by time; empty when it is in none.
    async fn load_windows(
        &self,
        workspace: &Workspace,
        stream: Stream,
    ) -> Result<Vec<LoadWindow>, StoreError>;

    /// What is stored of the given records, without their bodies.
    async fn stored(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<BTreeMap<String, Stored>, StoreError>;

    /// The bodies of the given records, as received.
    async fn bodies(
        &self,
        workspace: &Workspace,
        stream: Stream,
        ids: &[&str],
    ) -> Result<BTreeMap<String, Bytes>, StoreError>;

    /// Writes a page and its bookmarks.
    ///
    /// A record is written when its hash differs from the stored one and it is not older. It is then
    /// pending until it is projected, and the changes of its attributes are kept.
    async fn commit_page(
        &self,
        workspace: &Workspace,
        stream: Stream,
        page: &PageWrite,
    ) -> Result<PageOutcome, StoreError>;

    /// Up to `limit` ids of stored records behind `after`, in order.
    async fn ids(
        &self,
        workspace: &Workspace,
        stream: Stream,
        after: &str,
        limit: u32,
    ) -> Result<Vec<String>, StoreError>;

    /// Takes records that are gone out of the mirror and of what was projected from it, marks the
    /// customers they touch, and remembers what became of them. A contact that is archived keeps
    /// its row.
    ///
    /// One that is received again is unburied, unless it is an echo: the search shows what is gone
    /// for some minutes, so for an hour after `now` only what has changed since `now` counts.
    async fn bury(
        &self,
        workspace: &Workspace,
        stream: Stream,
        gone: &[Gone],
        now: i64,
    ) -> Result<u64, StoreError>;

    /// The records that are gone, by stream and id.
    async fn tombstones(&self, workspace: &Workspace) -> Result<Vec<Tombstone>, StoreError>;

    /// The contacts that were merged, each with the one that remains.
    async fn aliases(&self, workspace: &Workspace) -> Result<BTreeMap<String, String>, StoreError>;

    /// Up to `limit` bodies behind `after` that the given version of the projection has not seen;
    /// fewer when they are large, so that they fit into memory.
    async fn pending(
        &self,
        workspace: &Workspace,
        stream: Stream,
        version: i64,
        after: Option<&PendingPlace>,
        limit: u32,
    ) -> Result<Vec<PendingBody>, StoreError>;

    /// Writes the results of a projection and marks the customers they touch, those whose contact
    /// has changed its e-mail included.
    async fn commit_projection(
        &self,
        workspace: &Workspace,
        write: &ProjectionWrite,
    ) -> Result<ProjectionOutcome, StoreError>;

    /// Up to `limit` customers to compute again, those behind the e-mail `after` in its order.
    async fn dirty_customers(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<DirtyCustomer>, StoreError>;

    /// Marks every customer: figures that depend on the date have moved, or a policy has changed.
    async fn mark_all_customers(&self, workspace: &Workspace) -> Result<u64, StoreError>;

    /// The contacts with the given e-mails, by e-mail and id.
    async fn customer_candidates(
        &self,
        workspace: &Workspace,
        emails: &[&str],
    ) -> Result<Vec<CustomerCandidate>, StoreError>;

    /// The conversations of the customers with the given e-mails, counted; recent is what happened
    /// from `since` on. A customer without conversations is absent.
    async fn support_counts(
        &self,
        workspace: &Workspace,
        emails: &[&str],
        since: i64,
    ) -> Result<BTreeMap<String, SupportCounts>, StoreError>;

    /// What we last wrote about the customers with the given e-mails.
    async fn customers_by_emails(
        &self,
        workspace: &Workspace,
        emails: &[&str],
    ) -> Result<BTreeMap<String, CustomerRow>, StoreError>;

    /// Writes customers, appends what changed to their history and clears their marks.
    ///
    /// Of the shared table only our columns are touched: a value overwrites, and the absence of one
    /// empties the column only if it still holds what we last wrote there.
    async fn commit_customers(
        &self,
        workspace: &Workspace,
        writes: &[CustomerWrite],
        now: i64,
    ) -> Result<CustomersOutcome, StoreError>;

    /// The customers with the highest MRR among those who pay in the currency most customers pay
    /// in, highest first, each with its e-mail.
    async fn top_customers(
        &self,
        workspace: &Workspace,
        limit: u32,
    ) -> Result<Vec<(String, CustomerRow)>, StoreError>;

    /// All customers, summed up.
    async fn customer_totals(&self, workspace: &Workspace) -> Result<CustomerTotals, StoreError>;

    /// Up to `limit` customers of the shared table behind the e-mail `after`, in order, with our
    /// columns as they stand there. A customer that only others know has no contact.
    async fn customers_after(
        &self,
        workspace: &Workspace,
        after: &str,
        limit: u32,
    ) -> Result<Vec<(String, CustomerRow)>, StoreError>;

    /// How many rows there are.
    async fn census(&self, workspace: &Workspace) -> Result<Census, StoreError>;

    /// What waits for somebody.
    async fn backlog(&self, workspace: &Workspace) -> Result<Backlog, StoreError>;

    /// The coaching sessions with the first contact of each conversation, by time.
    async fn sessions(&self, workspace: &Workspace) -> Result<Sessions, StoreError>;

    /// The names of members and coaches.
    async fn directory(&self, workspace: &Workspace) -> Result<Directory, StoreError>;

    /// Numbers a run and notes that it has started.
    async fn start_run(
        &self,
        workspace: &Workspace,
        kind: &str,
        now: i64,
    ) -> Result<RunId, StoreError>;

    /// Notes how a run ended.
    async fn finish_run(
        &self,
        workspace: &Workspace,
        run: RunId,
        end: &RunEnd,
    ) -> Result<(), StoreError>;

    /// The last runs, latest first.
    async fn last_runs(&self, workspace: &Workspace, limit: u32)
    -> Result<Vec<RunRow>, StoreError>;

    /// The entries that nobody could read, by stream and time.
    async fn quarantined(&self, workspace: &Workspace) -> Result<Vec<QuarantinedRow>, StoreError>;

    /// Keeps how many members stood in each bucket of a report on a day; the last word of the day
    /// counts.
    async fn record_buckets(
        &self,
        workspace: &Workspace,
        report: &str,
        day: NaiveDate,
        buckets: &[(&str, i64)],
        now: i64,
    ) -> Result<(), StoreError>;

    /// The buckets of a report from a day on, by day and bucket.
    async fn bucket_history(
        &self,
        workspace: &Workspace,
        report: &str,
        from: NaiveDate,
    ) -> Result<Vec<BucketHistoryRow>, StoreError>;

    /// What was tracked of a customer, oldest first.
    async fn customer_history(
        &self,
        workspace: &Workspace,
        email: &str,
    ) -> Result<Vec<CustomerHistoryRow>, StoreError>;

    /// How the attributes of a contact have changed, oldest first.
    async fn attribute_history(
        &self,
        workspace: &Workspace,
        contact_id: &str,
    ) -> Result<Vec<AttributeHistoryRow>, StoreError>;

    /// Takes the lease `name` of the workspace, if nobody has it or it has expired.
    ///
    /// Time is the database's, so that processes agree on it.
    async fn acquire_lease(
        &self,
        workspace: &Workspace,
        name: &str,
        holder: &str,
        lease_for: Duration,
    ) -> Result<LeaseOutcome, StoreError>;

    /// Makes a lease last from now on; `None` when another process has taken it over.
    async fn renew_lease(
        &self,
        workspace: &Workspace,
        lease: &Lease,
        lease_for: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Gives a lease back; `false` when another process has taken it over.
    async fn release_lease(&self, workspace: &Workspace, lease: &Lease)
    -> Result<bool, StoreError>;

    /// Changes what the processes that share a token know of its rate limit, one process at a time.
    ///
    /// `change` is given the database's clock (a duration since 1970) and the text that the last
    /// change left, empty at first. When the call fails the text is what it was.
    async fn change_rate_ledger(
        &self,
        token_digest: &str,
        change: &mut LedgerChange<'_>,
    ) -> Result<(), StoreError>;

    /// What is known of the rate limit of every token, the last used first; nothing is changed.
    async fn rate_ledgers(&self) -> Result<Vec<RateLedgerRow>, StoreError>;

    /// Writes effects; how many had no effect of the same kind and key before them.
    async fn enqueue(&self, workspace: &Workspace, effects: &[&Effect]) -> Result<u64, StoreError>;

    /// Claims up to `limit` due effects of a queue, in the order in which they were written; none
    /// while the queue rests.
    async fn claim_effects(
        &self,
        workspace: &Workspace,
        queue: &str,
        limit: u32,
        lease_for: Duration,
    ) -> Result<Vec<ClaimedEffect>, StoreError>;

    /// Says how a claimed effect ended; `false` when the claim has been taken back meanwhile, and
    /// the effect is somebody else's.
    async fn finish_effect(
        &self,
        workspace: &Workspace,
        claim: Claim,
        end: &EffectEnd,
    ) -> Result<bool, StoreError>;

    /// Takes back the claims of workers that vanished, and forgets what happened long ago.
    async fn sweep_effects(
        &self,
        workspace: &Workspace,
        rules: SweepRules,
    ) -> Result<SweepOutcome, StoreError>;

    /// The effects that will not happen without somebody's help, oldest first.
    async fn dead_effects(&self, workspace: &Workspace) -> Result<Vec<DeadEffect>, StoreError>;

    /// Makes a dead effect due, with all its attempts before it; `false` when it is not dead.
    async fn revive_effect(
        &self,
        workspace: &Workspace,
        effect_id: i64,
    ) -> Result<bool, StoreError>;

    /// Waits for running operations and closes the connections; SQLite then leaves a single file.
    /// Whatever is asked later is [`StoreError::Unavailable`].
    async fn close(&self);
}
