//! A whole run: streams, projections, customers, the day's buckets.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::FutureExt;
use futures_util::future::join_all;
use intercom_client::Client;
use intercom_store::{
    Lost, RunCounts, RunEnd, RunId, RunOutcome, RunRow, StillAside, Store, Stream, Workspace,
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::alerting::{Ending, tell_ending, tell_unidentified};
use crate::buckets;
use crate::customers::{CustomersReport, Refresher};
use crate::error::SyncError;
use crate::forget::Blocked;
use crate::identify::identify;
use crate::lease::under_lease;
use crate::progress::Progress;
use crate::project;
use crate::pull::Puller;
use crate::refused::{self, Refused};
use crate::report::{Metrics, RunReport, Skipped, StreamReport};
use crate::rules;
use crate::settings::SyncSettings;
use crate::streams::pull_or_skip;

/// So many records are named that earlier runs have put aside.
const STILL_ASIDE_NAMED: u32 = 5;

/// A workspace, the store it is mirrored in, and the rules.
pub struct Sync {
    client: Client,
    store: Arc<dyn Store>,
    settings: Arc<SyncSettings>,
}

impl Sync {
    /// A sync of the workspace that `client` has the token of.
    pub fn new(client: Client, store: Arc<dyn Store>, settings: SyncSettings) -> Self {
        Self { client, store, settings: Arc::new(settings) }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    pub(crate) fn settings(&self) -> &SyncSettings {
        &self.settings
    }

    /// Asks which workspace the token belongs to and makes it known to the store.
    ///
    /// # Errors
    /// [`SyncError::Identify`] when the API refuses, [`SyncError::UnknownWorkspace`] when it does
    /// not say, [`SyncError::OtherWorkspace`] when the store mirrors others, [`SyncError::Store`].
    pub async fn workspace(&self, now: DateTime<Utc>) -> Result<Workspace, SyncError> {
        identify(&self.client, self.store.as_ref(), self.settings.newcomers, now).await
    }

    /// Pulls what changed, projects it, and refreshes the customers it touches.
    ///
    /// Safe to repeat and to interrupt at any point: the next run goes on from the last committed
    /// page. A workspace has one run at a time, whichever process makes it; when that process dies,
    /// another can go on a minute later.
    ///
    /// # Errors
    /// [`SyncError::Held`] while another process works on the workspace;
    /// [`SyncError`] when going on is senseless: the token is refused, the store fails, another
    /// process has taken the workspace over; what was committed stays. A stream that the API does
    /// not answer for, one that the token may not read, and a record that cannot be read do not
    /// end the run: the report names them.
    pub async fn run(
        &self,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        self.run_over(Extent::Changed, now, progress).await
    }

    /// The same over everything or what changed.
    ///
    /// What is deleted, merged or archived shows in no search: a run over everything finds it, and
    /// what changed without a later `updated_at`.
    ///
    /// # Errors
    /// As for [`Sync::run`].
    pub async fn run_over(
        &self,
        extent: Extent,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        self.run_until(pending(), extent, now, progress).await
    }

    /// The same, unless `stop` comes to its end first: then the run ends at its last committed
    /// page, is noted as stopped, and gives the workspace back at once.
    ///
    /// # Errors
    /// [`SyncError::Stopped`]; otherwise as for [`Sync::run`].
    pub async fn run_until(
        &self,
        stop: impl Future<Output = ()>,
        extent: Extent,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        let started = Instant::now();
        let mut stop = pin!(stop);
        let identified = tokio::select! {
            identified = self.workspace(now) => identified,
            () = &mut stop => return Err(SyncError::Stopped),
        };
        let workspace = match identified {
            Ok(workspace) => workspace,
            Err(error) => {
                let took_for = started.elapsed();
                self.note_refused(&Refused { extent, error: &error, at: now, took_for }).await;
                return Err(error);
            }
        };
        let work =
            async |leased: Workspace| self.run_leased(&leased, stop, extent, now, progress).await;
        let holder = (self.settings.holder.as_str(), self.settings.lease_for);
        under_lease(self.store.as_ref(), &workspace, holder, work).await
    }

    async fn run_leased(
        &self,
        workspace: &Workspace,
        stop: impl Future<Output = ()>,
        extent: Extent,
        now: DateTime<Utc>,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        let started = Instant::now();
        let store = self.store.as_ref();
        let kind = kind_of_next(store, workspace, extent).await?;
        let run = store.start_run(workspace, kind.name(), now.timestamp()).await?;
        // At the highest level, so that whatever is logged says where it belongs.
        let span = tracing::error_span!("run", workspace = workspace.id(), run = run.0);
        let start = Start { run, kind, extent, now };
        self.run_started(workspace, stop, start, started, progress).instrument(span).await
    }

    async fn run_started(
        &self,
        workspace: &Workspace,
        stop: impl Future<Output = ()>,
        start: Start,
        started: Instant,
        progress: &dyn Progress,
    ) -> Result<RunReport, SyncError> {
        let Start { run, kind, now, .. } = start;
        let store = self.store.as_ref();
        tracing::info!(kind = kind.name(), "a sync starts");
        let mut streams = Vec::with_capacity(self.settings.streams.len());
        // Every write is a transaction, and a page commits with its bookmark: cut off anywhere, the
        // run leaves a place to go on from.
        let worked = tokio::select! {
            worked = self.work(workspace, start, progress, &mut streams) => worked,
            () = stop => Err(SyncError::Stopped),
        };
        match worked {
            Ok(done) => {
                let work = Work { streams, done };
                self.finish(workspace, start, work, started.elapsed()).await
            }
            Err(error) => {
                let end = RunEnd {
                    finished_at: (now + started.elapsed()).timestamp(),
                    outcome: RunOutcome::Failed,
                    counts: self.committed(workspace, run, &streams).await,
                    detail: Some(error.told()),
                };
                // The first error is the one to report; a store that fails here failed there.
                if let Err(second) = store.finish_run(workspace, run, &end).await {
                    tracing::warn!(error = %second, "the failed run is not noted");
                }
                if !matches!(error, SyncError::Stopped) {
                    self.tell(workspace, &end, now).await;
                }
                Err(error)
            }
        }
    }

    /// What a run that was cut off has committed. The store has counted it; where it does not say,
    /// the streams that came to an end of their own do.
    async fn committed(
        &self,
        workspace: &Workspace,
        run: RunId,
        streams: &[StreamReport],
    ) -> RunCounts {
        let runs = self.store.last_runs(workspace, 1).await.unwrap_or_default();
        let noted = runs.into_iter().find(|row| row.id == run);
        noted.map_or_else(|| counts(streams), |row| row.counts)
    }

    /// Every stream that was begun is in `streams`, also after an error.
    async fn work(
        &self,
        workspace: &Workspace,
        start: Start,
        progress: &dyn Progress,
        streams: &mut Vec<StreamReport>,
    ) -> Result<Done, SyncError> {
        let Start { run, kind, extent, now } = start;
        let store = self.store.as_ref();
        let settings = &self.settings;
        let observed_at = now.timestamp();
        let client = &self.client;
        let blocked = &Blocked::read(store, workspace).await?;
        let puller = Puller {
            client,
            store,
            workspace,
            settings,
            progress,
            extent,
            blocked,
            run,
            observed_at,
        };
        for side_by_side in settings.streams.chunk_by(|a, b| is_large(*a) && is_large(*b)) {
            let begin = |stream: &Stream| StreamReport::new(*stream);
            let mut reports: Vec<StreamReport> = side_by_side.iter().map(begin).collect();
            let pulling = reports.iter_mut().map(|report| {
                let span = tracing::error_span!("stream", stream = report.stream.name());
                pull_or_skip(&puller, report).instrument(span).boxed()
            });
            let pulled: Result<(), SyncError> = join_all(pulling).await.into_iter().collect();
            streams.extend(reports);
            pulled?;
        }
        let projector =
            project::Projector { store, workspace, settings, progress, run, observed_at };
        let restating_since = rules::settle(&projector).await?;
        if extent == Extent::Whole {
            let Lost { n_contacts, n_customers } = store.restore(workspace).await?;
            if n_contacts + n_customers > 0 {
                tracing::warn!(n_contacts, n_customers, "what somebody has deleted is made again");
            }
        }
        let projected = projector.run(streams).await?;
        // Figures that depend on the date move also for customers nothing happened to.
        store.pass_time(workspace, observed_at).await?;
        let customers = if breaks_off(streams, Stream::Contacts) {
            // Of two contacts that share or exchange an e-mail only one may have been read: what
            // that would say of the customer is nothing that ever was. They wait for the rest.
            tracing::warn!("customers are not refreshed until the contacts are read to the end");
            CustomersReport::default()
        } else {
            let refresher =
                Refresher { store, workspace, settings, progress, run, kind, restating_since, now };
            refresher.run().await?
        };
        let zone = settings.timezone.or_else(|| zone_of(workspace)).unwrap_or_else(|| {
            tracing::warn!("the zone of the workspace is unknown; days are those of UTC");
            Tz::UTC
        });
        buckets::record(store, workspace, zone, now).await?;
        Ok(Done { customers, skipped: projected.skipped })
    }

    async fn finish(
        &self,
        workspace: &Workspace,
        start: Start,
        work: Work,
        took_for: Duration,
    ) -> Result<RunReport, SyncError> {
        let Start { run, now, .. } = start;
        let totals = self.store.customer_totals(workspace).await?;
        let mut report = work.report(now, took_for, mean_quality(&totals));
        let streams = &self.settings.streams;
        report.still_aside =
            self.store.still_aside(workspace, streams, run, STILL_ASIDE_NAMED).await?;
        let outcome = if report.is_complete() { RunOutcome::Done } else { RunOutcome::Partial };
        let shortfalls: Vec<String> =
            report.streams.iter().flat_map(StreamReport::shortfalls).collect();
        let end = RunEnd {
            finished_at: (now + took_for).timestamp(),
            outcome,
            counts: RunCounts {
                n_skipped: whole(report.metrics.skipped_contacts),
                n_customers: whole(report.metrics.contacts_synced),
                ..counts(&report.streams)
            },
            detail: (!shortfalls.is_empty()).then(|| shortfalls.join("; ")),
        };
        self.store.finish_run(workspace, run, &end).await?;
        self.tell(workspace, &end, now).await;
        tracing::info!(
            fetched = report.n_fetched(),
            written = report.n_written(),
            customers = report.metrics.contacts_synced,
            "a sync is complete"
        );
        Ok(report)
    }

    /// What was done stands, also when nobody can be told how it ended.
    async fn tell(&self, workspace: &Workspace, end: &RunEnd, started_at: DateTime<Utc>) {
        let ending = Ending { outcome: end.outcome, detail: end.detail.as_deref(), started_at };
        if let Err(error) = tell_ending(self.store.as_ref(), workspace, &ending).await {
            tracing::warn!(%error, "how the run ended is not told");
        }
    }

    async fn note_refused(&self, refused: &Refused<'_>) {
        let store = self.store.as_ref();
        if let Err(error) = refused::note(store, &self.settings, refused).await {
            tracing::warn!(%error, "the refused run is not noted");
        }
        let (detail, started_at) = (refused.error.told(), refused.at);
        let ending = Ending { outcome: RunOutcome::Failed, detail: Some(&detail), started_at };
        if let Err(error) = tell_unidentified(store, &ending).await {
            tracing::warn!(%error, "how the run ended is not told");
        }
    }
}

/// How much a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// What changed since the last run.
    #[default]
    Changed,
    /// Everything; what is stored and no more there is buried.
    Whole,
}

/// What a run is known by from its start on.
#[derive(Clone, Copy)]
struct Start {
    run: RunId,
    kind: RunKind,
    extent: Extent,
    now: DateTime<Utc>,
}

/// What a run is called to which everything was new.
pub(crate) const FIRST_RUN: &str = "first";

/// What a run is called that reads everything once more.
pub(crate) const FULL_RUN: &str = "full";

/// Whether everything a run meets is new to the store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
    First,
    Incremental,
    Full,
}

impl RunKind {
    /// Runs are first ones until one has come to its end and every contact is loaded.
    fn after(last: Option<&RunRow>, is_loaded: bool, extent: Extent) -> Self {
        let Some(last) = last else { return Self::First };
        let came_to_its_end = last.end.as_ref().is_some_and(|end| end.outcome.came_to_its_end());
        match last.kind == Self::First.name() && !(came_to_its_end && is_loaded) {
            true => Self::First,
            false => match extent {
                Extent::Changed => Self::Incremental,
                Extent::Whole => Self::Full,
            },
        }
    }

    /// Whether runs of the kind with this name read everything.
    pub(crate) fn reads_everything(name: &str) -> bool {
        [Self::First, Self::Full].iter().any(|kind| kind.name() == name)
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::First => FIRST_RUN,
            Self::Incremental => "incremental",
            Self::Full => FULL_RUN,
        }
    }
}

/// The kind of the workspace's next run.
pub(crate) async fn kind_of_next(
    store: &dyn Store,
    workspace: &Workspace,
    extent: Extent,
) -> Result<RunKind, SyncError> {
    let last = store.last_runs(workspace, 1).await?.pop();
    let contacts = store.bookmark(workspace, Stream::Contacts).await?;
    let is_loaded = contacts.is_some_and(|bookmark| bookmark.watermark.is_some());
    Ok(RunKind::after(last.as_ref(), is_loaded, extent))
}

/// What a run did before it is summed up.
struct Work {
    streams: Vec<StreamReport>,
    done: Done,
}

/// What followed from the streams.
struct Done {
    customers: CustomersReport,
    skipped: Skipped,
}

impl Work {
    fn report(
        self,
        started_at: DateTime<Utc>,
        took_for: Duration,
        avg_quality_score: Option<f64>,
    ) -> RunReport {
        let Self { streams, done: Done { customers, skipped } } = self;
        let is_short = |stream: &&StreamReport| !stream.shortfalls().is_empty();
        let left_out = streams.iter().filter(is_short).count();
        let quarantined: u64 = streams.iter().map(|stream| stream.n_quarantined).sum();
        let metrics = Metrics {
            contacts_synced: customers.n_new + customers.n_updated,
            new_contacts: customers.n_new,
            updated_contacts: customers.n_updated,
            skipped_contacts: skipped.n,
            errors: quarantined + left_out as u64,
            sync_duration_seconds: to_tenth(took_for.as_secs_f64()),
            avg_quality_score,
        };
        let CustomersReport { alerts, digest, .. } = customers;
        let still_aside = StillAside::default();
        RunReport { started_at, took_for, streams, metrics, skipped, still_aside, alerts, digest }
    }
}

fn breaks_off(streams: &[StreamReport], stream: Stream) -> bool {
    let mut reports = streams.iter().filter(|report| report.stream == stream);
    reports.any(|report| report.broke_off_because.is_some())
}

fn counts(streams: &[StreamReport]) -> RunCounts {
    let sum = |of: fn(&StreamReport) -> u64| whole(streams.iter().map(of).sum());
    RunCounts {
        n_fetched: sum(|stream| stream.n_fetched),
        n_inserted: sum(|stream| stream.n_inserted),
        n_changed: sum(|stream| stream.n_changed),
        n_quarantined: sum(|stream| stream.n_quarantined),
        ..RunCounts::default()
    }
}

/// Streams that are worth reading side by side, on the same rate limit.
fn is_large(stream: Stream) -> bool {
    matches!(stream, Stream::Contacts | Stream::Conversations)
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
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
