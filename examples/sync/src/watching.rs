//! `sync watch`: runs by the clock until the program is stopped.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, SecondsFormat, Utc};
use intercom_store::Stream;
use intercom_sync::{
    Extent, Progress, RunMetrics, RunReport, Schedule, Silent, SyncError, Watcher,
};
use program::{BadSetting, Environment, causes, say_json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{Instant, timeout};

use crate::advising::remedy;
use crate::alerting::Teller;
use crate::arguments::{Common, LogFormat, Watch};
use crate::running::{left_behind, skipped};
use crate::serving::{self, Observed};
use crate::stopping;
use crate::telling::tell;
use crate::wiring::{Verdict, Wiring, sync_settings};

/// How long the end of a watch waits for a message under way.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) async fn run(
    common: &Common,
    arguments: &Watch,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let settings = sync_settings(common, &environment)?;
    let schedule = Schedule::new(&arguments.cron, &arguments.full_cron).context(BadSetting)?;
    let teller = Teller::new(common, &environment)?;
    let wiring = Wiring::new(common, &environment).await?;
    let clock = clock(common, now);
    let metrics = Arc::new(RunMetrics::default());
    if let Some(address) = arguments.metrics_listen {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("--metrics-listen {address}: the port cannot be opened"))?;
        let url = format!("http://{}/metrics", listener.local_addr()?);
        tell(common.log_format, &format!("metrics are at {url}"));
        let observed = Observed {
            store: Arc::clone(&wiring.store),
            client: wiring.client.clone(),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
        };
        tokio::spawn(serving::serve(listener, observed));
    }
    let (runs, ended) = unbounded_channel();
    let told = Told { format: common.log_format, metrics, failed: Mutex::new(None), runs };
    let sync = wiring.sync(settings.clone());
    let store = Arc::clone(&wiring.store);
    let telling = tokio::spawn(teller.after_each_run(store, wiring.sync(settings), ended, now));
    sync.watch(schedule, clock.as_ref(), stopping::asked(), &told).await;
    drop(told);
    // What is cut off here is told by the next run.
    let _cut_off = timeout(LAST_WORDS, telling).await;
    wiring.close().await;
    tell(common.log_format, "the watch has ended; what is committed stays");
    Ok(Verdict::Done)
}

/// A clock that tells the time to every thread.
pub(crate) type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The system's clock; with `--now` one that runs on from there.
fn clock(common: &Common, now: DateTime<Utc>) -> Clock {
    let started = Instant::now();
    match common.now {
        Some(_) => Arc::new(move || now + started.elapsed()),
        None => Arc::new(system),
    }
}

#[expect(clippy::disallowed_methods, reason = "the program's clock, unless --now is given")]
fn system() -> DateTime<Utc> {
    std::time::SystemTime::now().into()
}

/// Tells what the watch does, and counts it.
struct Told {
    format: LogFormat,
    metrics: Arc<RunMetrics>,
    /// What was told last as the reason for a failure; only the watch writes it.
    failed: Mutex<Option<String>>,
    /// When each run ended, for whoever tells alerts.
    runs: UnboundedSender<DateTime<Utc>>,
}

impl Progress for Told {
    fn pulled(&self, stream: Stream, fetched: u64, total: Option<u64>) {
        Silent.pulled(stream, fetched, total);
    }
    fn finished(&self, stream: Stream, fetched: u64) {
        Silent.finished(stream, fetched);
    }
    fn projected(&self, stream: Stream, done: u64) {
        Silent.projected(stream, done);
    }
    fn customers(&self, done: u64) {
        Silent.customers(done);
    }
}

impl Watcher for Told {
    fn waits(&self, at: DateTime<Utc>, extent: Extent) {
        let at = at.to_rfc3339_opts(SecondsFormat::Secs, true);
        tell(self.format, &format!("the next run, over {}, is due at {at}", what(extent)));
    }

    fn starts(&self, now: DateTime<Utc>, extent: Extent) {
        let now = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        tell(self.format, &format!("a run over {} starts at {now}", what(extent)));
    }

    fn ended(&self, now: DateTime<Utc>, ended: &Result<RunReport, SyncError>) {
        self.metrics.count_run(now, ended);
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        match ended {
            Ok(report) => {
                *failed = None;
                tell(self.format, &report.log_entry().to_string());
                for left in left_behind(report) {
                    tell(self.format, &format!("left behind: {left}"));
                }
                for skipped in skipped(report) {
                    tell(self.format, &format!("skipped: {skipped}"));
                }
                // Where standard output cannot be written, the watch goes on.
                let _told = say_json(&report.metrics);
            }
            Err(error) => {
                let again = if failed.is_some() { " again" } else { "" };
                let reason = causes(error);
                let remedy = remedy(error).map(|remedy| format!("; {remedy}")).unwrap_or_default();
                tell(self.format, &format!("the run failed{again}: {reason}{remedy}"));
                *failed = Some(reason);
            }
        }
        // Nobody listens any more when the program ends.
        let _sent = self.runs.send(now);
    }
}

fn what(extent: Extent) -> &'static str {
    match extent {
        Extent::Changed => "what changed",
        Extent::Whole => "everything",
    }
}
