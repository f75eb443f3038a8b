//! Runs by the clock: what changed every few hours, everything once a week.

use std::future::pending;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use croner::Cron;
use futures_util::FutureExt;
use intercom_store::{RunEnd, RunOutcome, RunRow, Workspace};
use tokio::time::sleep;

use crate::error::SyncError;
use crate::progress::Progress;
use crate::report::{RunReport, tells_of_more_to_bring};
use crate::run::{Extent, FULL_RUN, RunKind, Sync};
use crate::standing::{Unfinished, last_runs};

/// The clock is looked at this often at least: a machine that slept is late by no more.
const GLANCE: Duration = Duration::from_secs(30);

/// Runs that are looked through for the last one over everything: more than a week of them, also
/// when one is due every minute.
const LOOKED_THROUGH: u32 = 11_000;

/// When runs are due, by the clock of UTC.
#[derive(Debug, Clone)]
pub struct Schedule {
    changes: Cron,
    full: Cron,
}

/// A pattern that is no schedule.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is not a cron pattern such as \"0 */6 * * *\": {why}")]
pub struct ScheduleError {
    /// What was given.
    pattern: String,
    why: String,
}

impl Schedule {
    /// Every six hours.
    pub const CHANGES: &str = "0 */6 * * *";

    /// Sundays at 02:00.
    pub const FULL: &str = "0 2 * * SUN";

    /// A schedule of two cron patterns: minute, hour, day, month, day of the week.
    ///
    /// # Errors
    /// [`ScheduleError`] when a pattern cannot be read, or never comes true.
    pub fn new(changes: &str, full: &str) -> Result<Self, ScheduleError> {
        let read = |pattern: &str| {
            let error = |why: croner::errors::CronError| ScheduleError {
                pattern: pattern.to_owned(),
                why: why.to_string(),
            };
            let cron = Cron::from_str(pattern).map_err(error)?;
            cron.find_next_occurrence(&DateTime::UNIX_EPOCH, false).map_err(error)?;
            Ok(cron)
        };
        Ok(Self { changes: read(changes)?, full: read(full)? })
    }

    /// The first instant behind `after` at which a run is due; `None` when there is none.
    #[must_use]
    pub fn next(&self, extent: Extent, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let cron = match extent {
            Extent::Changed => &self.changes,
            Extent::Whole => &self.full,
        };
        cron.find_next_occurrence(&after, false).ok()
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self::new(Self::CHANGES, Self::FULL).expect("both are patterns")
    }
}

/// Which run is due when, given those that have started.
///
/// A run that lasts past its successor's time is followed by it at once, however many were missed;
/// one that was due while nobody watched is made up for. A run over everything that did not read
/// everything, whoever made it, is followed by another at the next time at which any run is due.
#[derive(Debug, Clone)]
pub struct Agenda {
    schedule: Schedule,
    changes_at: Option<DateTime<Utc>>,
    full_at: Option<DateTime<Utc>>,
}

impl Agenda {
    /// The agenda of a workspace whose last run, and last run over everything, started at these
    /// instants. One that never had a run is due at once.
    #[must_use]
    pub fn new(
        schedule: Schedule,
        last: Option<DateTime<Utc>>,
        last_full: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Self {
        let changes_at = match last {
            Some(last) => schedule.next(Extent::Changed, last.min(now)),
            None => Some(now),
        };
        let full_at = schedule.next(Extent::Whole, last_full.unwrap_or(now).min(now));
        Self { schedule, changes_at, full_at }
    }

    /// The next run; at the same instant, that over everything.
    #[must_use]
    pub fn next(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Extent)> {
        let full = self.full_at.map(|at| (at, Extent::Whole));
        let changes = self.changes_at.map(|at| (at, Extent::Changed));
        match (full, changes) {
            // Both are due: one run does for both.
            (Some(full), Some(_)) if full.0 <= now => Some(full),
            (Some(full), Some(changes)) => Some(if full.0 <= changes.0 { full } else { changes }),
            (full, changes) => full.or(changes),
        }
    }

    /// Notes that a run has started.
    pub fn started(&mut self, extent: Extent, at: DateTime<Utc>) {
        self.changes_at = self.schedule.next(Extent::Changed, at);
        if extent == Extent::Whole {
            self.full_at = self.schedule.next(Extent::Whole, at);
        }
    }

    /// Notes that a run over everything has not read everything: the next run is over everything
    /// again.
    pub fn fell_short(&mut self) {
        let next = [self.full_at, self.changes_at];
        self.full_at = next.into_iter().flatten().min();
    }
}

/// Hears what a watch does.
pub trait Watcher: Progress {
    /// The next run is due at `at`.
    fn waits(&self, at: DateTime<Utc>, extent: Extent);

    /// A run starts.
    fn starts(&self, now: DateTime<Utc>, extent: Extent);

    /// A run has ended; after a failure the next one is made when it is due.
    fn ended(&self, now: DateTime<Utc>, ended: &Result<RunReport, SyncError>);
}

impl Sync {
    /// Runs by a schedule until `stop` comes to its end, one run at a time.
    ///
    /// A run that fails is told to the watcher and leaves its place to the next one. `clock` tells
    /// the time; waiting is tokio's.
    pub async fn watch(
        &self,
        schedule: Schedule,
        clock: &(dyn Fn() -> DateTime<Utc> + Send + core::marker::Sync),
        stop: impl Future<Output = ()>,
        watcher: &dyn Watcher,
    ) {
        let stop = Box::pin(stop).shared();
        let (mut agenda, mut workspace) = tokio::select! {
            known = self.agenda(schedule, clock()) => known,
            () = stop.clone() => return,
        };
        loop {
            let due = agenda.next(clock());
            if let Some((at, extent)) = due {
                watcher.waits(at, extent);
            }
            tokio::select! {
                () = wait_for(due.map(|(at, _)| at), clock) => {}
                () = stop.clone() => return,
            }
            let now = clock();
            // Somebody else may have made a run over everything meanwhile.
            let owes_everything = async {
                if workspace.is_none() {
                    workspace = self.workspace(now).await.ok();
                }
                self.owes_everything(workspace.as_ref()).await
            };
            let owes_everything = tokio::select! {
                owes_everything = owes_everything => owes_everything,
                () = stop.clone() => return,
            };
            if owes_everything {
                agenda.fell_short();
            }
            let extent = agenda.next(now).map_or(Extent::Changed, |(_, extent)| extent);
            agenda.started(extent, now);
            watcher.starts(now, extent);
            let ended = self.run_until(stop.clone(), extent, now, watcher).await;
            let fell_short = match &ended {
                Ok(report) => report.fell_short(),
                Err(_) => true,
            };
            if extent == Extent::Whole && fell_short {
                agenda.fell_short();
            }
            watcher.ended(clock(), &ended);
            if matches!(ended, Err(SyncError::Stopped)) {
                return;
            }
        }
    }

    /// Goes on where earlier runs ended. When that cannot be known a run is due, and says why.
    async fn agenda(&self, schedule: Schedule, now: DateTime<Utc>) -> (Agenda, Option<Workspace>) {
        let workspace = self.workspace(now).await.ok();
        let runs = match &workspace {
            Some(workspace) => {
                let runs = self.store().last_runs(workspace, LOOKED_THROUGH).await;
                runs.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let started = |run: &RunRow| DateTime::from_timestamp(run.started_at, 0);
        let came_to_its_end =
            |run: &&RunRow| run.end.as_ref().is_some_and(|end| end.outcome.came_to_its_end());
        let mut ended = runs.iter().filter(came_to_its_end);
        let last = ended.clone().next().and_then(started);
        let read_everything = |run: &&RunRow| {
            RunKind::reads_everything(&run.kind) && run.end.as_ref().is_some_and(is_whole)
        };
        let last_full = ended.find(read_everything).and_then(started);
        let mut agenda = Agenda::new(schedule, last, last_full, now);
        if self.owes_everything(workspace.as_ref()).await {
            agenda.fell_short();
        }
        (agenda, workspace)
    }

    /// Whether the last run that was to read everything has not. One that works may yet; one that
    /// was refused says nothing of what there is to read.
    async fn owes_everything(&self, workspace: Option<&Workspace>) -> bool {
        let Some(workspace) = workspace else { return false };
        let runs = last_runs(self.store(), workspace, LOOKED_THROUGH).await.unwrap_or_default();
        let is_over = |(run, unfinished): &(RunRow, Option<Unfinished>)| {
            let outcome = run.end.as_ref().map(|end| end.outcome);
            *unfinished != Some(Unfinished::Running) && outcome != Some(RunOutcome::Refused)
        };
        let mut over = runs.iter().filter(|run| is_over(run)).map(|(run, _)| run);
        let last = over.find(|run| RunKind::reads_everything(&run.kind));
        // Every run is a first one until one has come to its end.
        last.is_some_and(|run| run.kind == FULL_RUN && !run.end.as_ref().is_some_and(is_whole))
    }
}

/// Whether a run read all it could: records that were put aside were read, too.
fn is_whole(end: &RunEnd) -> bool {
    match end.outcome {
        RunOutcome::Done => true,
        RunOutcome::Partial => !end.detail.as_deref().is_some_and(tells_of_more_to_bring),
        RunOutcome::Failed | RunOutcome::Refused => false,
    }
}

async fn wait_for(
    at: Option<DateTime<Utc>>,
    clock: &(dyn Fn() -> DateTime<Utc> + Send + core::marker::Sync),
) {
    let Some(at) = at else { return pending().await };
    loop {
        let Ok(left) = (at - clock()).to_std() else { return };
        if left.is_zero() {
            return;
        }
        sleep(left.min(GLANCE)).await;
    }
}
