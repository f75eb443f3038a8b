//! A whole run: streams, projections, customers, the day's buckets.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use intercom_api::admins::ListAdmins;
use intercom_api::contacts::SearchContacts;
use intercom_api::conversations::SearchConversations;
use intercom_api::{Operator, Query, SearchRequest, Timestamp};
use intercom_client::Client;
use intercom_store::{RunCounts, RunEnd, RunId, RunOutcome, Store, Stream, Workspace};
use tokio::time::Instant;

use crate::buckets;
use crate::customers::{self, CustomersReport};
use crate::error::SyncError;
use crate::identify::identify;
use crate::progress::Progress;
use crate::project;
use crate::pull::Puller;
use crate::report::{Metrics, RunReport, StreamReport};
use crate::settings::SyncSettings;

/// A workspace, the store it is mirrored in, and the rules.
pub struct Sync {
    client: Client,
    store: Arc<dyn Store>,
    settings: SyncSettings,
}

impl Sync {
    /// A sync of the workspace that `client` has the token of.
    pub fn new(client: Client, store: Arc<dyn Store>, settings: SyncSettings) -> Self {
        Self { client, store, settings }
    }

    /// Asks which workspace the token belongs to and makes it known to the store.
    ///
    /// # Errors
    /// [`SyncError::Identify`] when the API refuses, [`SyncError::UnknownWorkspace`] when it does
    /// not say, [`SyncError::Store`].
    pub async fn workspace(&self, now: DateTime<Utc>) -> Result<Workspace, SyncError> {
        identify(&self.client, self.store.as_ref(), now).await
    }

    /// Pulls what changed, projects it, and refreshes the customers it touches.
    ///
    /// Safe to repeat and to interrupt at any point: the next run goes on from the last committed
    /// page. One run at a time per workspace.
    ///
    /// # Errors
    /// [`SyncError`] when the run cannot go on; what it had committed stays. A stream that the
    /// token may not read, or a record that cannot be read, does not end the run: the report names
    /// it.
    pub async fn run(
        &self,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        let started = Instant::now();
        let workspace = self.workspace(now).await?;
        let store = self.store.as_ref();
        let is_first = store.customer_totals(&workspace).await?.n_customers == 0;
        let kind = if is_first { "first" } else { "incremental" };
        self.mark_customers_of_a_new_day(&workspace, now).await?;
        let run = store.start_run(&workspace, kind, now.timestamp()).await?;
        tracing::info!(kind, "a sync starts");
        match self.work(&workspace, run, now, progress).await {
            Ok(work) => self.finish(&workspace, run, work, now, started.elapsed()).await,
            Err(error) => {
                let end = RunEnd {
                    finished_at: (now + started.elapsed()).timestamp(),
                    outcome: RunOutcome::Failed,
                    counts: RunCounts::default(),
                    detail: Some(error.to_string()),
                };
                // The first error is the one to report; a store that fails here failed there.
                if let Err(second) = store.finish_run(&workspace, run, &end).await {
                    tracing::warn!(error = %second, "the failed run is not noted");
                }
                Err(error)
            }
        }
    }

    async fn work(
        &self,
        workspace: &Workspace,
        run: RunId,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<Work, SyncError> {
        let store = self.store.as_ref();
        let settings = &self.settings;
        let puller = Puller {
            client: &self.client,
            store,
            workspace,
            settings,
            progress,
            run,
            observed_at: now.timestamp(),
        };
        let mut streams = Vec::with_capacity(settings.streams.len());
        for &stream in &settings.streams {
            streams.push(pull_or_skip(&puller, stream).await?);
        }
        let observed_at = now.timestamp();
        let projector =
            project::Projector { store, workspace, settings, progress, run, observed_at };
        let projected = projector.run(&mut streams).await?;
        let customers = customers::refresh(store, workspace, settings, progress, now).await?;
        let zone = settings.timezone.or_else(|| zone_of(workspace)).unwrap_or(Tz::UTC);
        buckets::record(store, workspace, zone, now).await?;
        Ok(Work { streams, customers, n_skipped: projected.n_without_email })
    }

    /// Figures that depend on the date move at midnight, also of customers nothing happened to.
    async fn mark_customers_of_a_new_day(
        &self,
        workspace: &Workspace,
        now: DateTime<Utc>,
    ) -> Result<(), SyncError> {
        let runs = self.store.last_runs(workspace, 1).await?;
        let Some(last) = runs.first() else { return Ok(()) };
        let last_on = DateTime::from_timestamp(last.started_at, 0).map(|at| at.date_naive());
        if last_on != Some(now.date_naive()) {
            self.store.mark_all_customers(workspace).await?;
        }
        Ok(())
    }

    async fn finish(
        &self,
        workspace: &Workspace,
        run: RunId,
        work: Work,
        now: DateTime<Utc>,
        took_for: Duration,
    ) -> Result<RunReport, SyncError> {
        let totals = self.store.customer_totals(workspace).await?;
        let report = work.report(now, took_for, mean_quality(&totals));
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let sum = |of: fn(&StreamReport) -> u64| count(report.streams.iter().map(of).sum());
        let outcome = if report.is_complete() { RunOutcome::Done } else { RunOutcome::Partial };
        let end = RunEnd {
            finished_at: (now + took_for).timestamp(),
            outcome,
            counts: RunCounts {
                n_fetched: sum(|stream| stream.n_fetched),
                n_inserted: sum(|stream| stream.n_inserted),
                n_changed: sum(|stream| stream.n_changed),
                n_skipped: count(report.metrics.skipped_contacts),
                n_quarantined: sum(|stream| stream.n_quarantined),
                n_customers: count(report.metrics.contacts_synced),
            },
            detail: None,
        };
        self.store.finish_run(workspace, run, &end).await?;
        tracing::info!(
            fetched = report.n_fetched(),
            written = report.n_written(),
            customers = report.metrics.contacts_synced,
            "a sync is complete"
        );
        Ok(report)
    }
}

/// What a run did before it is summed up.
struct Work {
    streams: Vec<StreamReport>,
    customers: CustomersReport,
    n_skipped: u64,
}

impl Work {
    fn report(
        self,
        started_at: DateTime<Utc>,
        took_for: Duration,
        avg_quality_score: Option<f64>,
    ) -> RunReport {
        let Self { streams, customers, n_skipped } = self;
        let left_out = streams.iter().filter(|stream| stream.skipped_because.is_some()).count();
        let quarantined: u64 = streams.iter().map(|stream| stream.n_quarantined).sum();
        let metrics = Metrics {
            contacts_synced: customers.n_new + customers.n_updated,
            new_contacts: customers.n_new,
            updated_contacts: customers.n_updated,
            skipped_contacts: n_skipped,
            errors: quarantined + left_out as u64,
            sync_duration_seconds: to_tenth(took_for.as_secs_f64()),
            avg_quality_score,
        };
        RunReport { started_at, took_for, streams, metrics, alerts: customers.alerts }
    }
}

async fn pull_or_skip(puller: &Puller<'_>, stream: Stream) -> Result<StreamReport, SyncError> {
    let pulled = match stream {
        Stream::Admins => puller.all(stream, ListAdmins::default()).await,
        Stream::Contacts => {
            let search = |from| SearchContacts::new(changed_since(from, puller.settings));
            puller.changed(stream, search).await
        }
        Stream::Conversations => {
            let search = |from| SearchConversations::new(changed_since(from, puller.settings));
            puller.changed(stream, search).await
        }
    };
    match pulled {
        Err(SyncError::Fetch { source, .. }) if is_forbidden(&source) => {
            tracing::warn!(%stream, error = %source, "the token may not read this stream");
            let mut report = StreamReport::new(stream);
            report.skipped_because = Some(source.to_string());
            Ok(report)
        }
        ended => ended,
    }
}

fn is_forbidden(error: &intercom_client::Error) -> bool {
    matches!(error, intercom_client::Error::Refused { error, .. } if error.status == 403)
}

/// `=` and `>`: contacts are compared by whole days, of which `>` alone would skip the first.
fn changed_since(from: Timestamp, settings: &SyncSettings) -> SearchRequest {
    let query = Query::any([
        Query::field("updated_at", Operator::Equals, from),
        Query::field("updated_at", Operator::GreaterThan, from),
    ]);
    SearchRequest::new(query).ascending("updated_at").per_page(settings.per_page)
}

fn zone_of(workspace: &Workspace) -> Option<Tz> {
    workspace.timezone()?.parse().ok()
}

fn mean_quality(totals: &intercom_store::CustomerTotals) -> Option<f64> {
    if totals.n_customers <= 0 {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean of small scores, shown to the tenth")]
    let mean = totals.quality_sum as f64 / totals.n_customers as f64;
    Some(to_tenth(mean))
}

fn to_tenth(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
