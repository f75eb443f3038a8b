//! `sync status`: what the store knows of the runs, without a call.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use intercom_store::{Backlog, Census, RunOutcome, RunRow, Store, Stream, Workspace};
use serde::Serialize;

use crate::arguments::{Common, Json};
use crate::environment::Environment;
use crate::wiring::{self, Verdict, say};

/// Runs that are shown.
const RUNS: u32 = 5;

/// Records put aside that are named.
const NAMED: usize = 10;

/// What is known of one workspace.
#[derive(Serialize)]
struct Status {
    workspace: String,
    name: Option<String>,
    timezone: Option<String>,
    /// Latest first.
    runs: Vec<Run>,
    /// Seconds since the instant up to which a stream has been read; absent when it never was.
    lag_seconds: BTreeMap<&'static str, i64>,
    rows: Census,
    backlog: Backlog,
    /// The last ones.
    quarantine: Vec<Unreadable>,
}

#[derive(Serialize)]
struct Run {
    run: i64,
    kind: String,
    started_at: String,
    /// Absent while the run works, or when it died.
    took_seconds: Option<i64>,
    outcome: &'static str,
    fetched: i64,
    written: i64,
    customers: i64,
    detail: Option<String>,
}

#[derive(Serialize)]
struct Unreadable {
    stream: Stream,
    id: Option<String>,
    reason: String,
}

pub(crate) async fn run(
    common: &Common,
    arguments: &Json,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let store = wiring::open(common, &environment).await?;
    let mut all = Vec::new();
    for workspace in store.workspaces().await? {
        all.push(status(store.as_ref(), &workspace, now).await?);
    }
    if arguments.json {
        say(&serde_json::to_string(&all)?)?;
    } else if all.is_empty() {
        say("the database holds no workspace yet; `sync run` makes one")?;
    } else {
        for status in &all {
            say(&in_words(status))?;
        }
    }
    Ok(Verdict::Done)
}

async fn status(
    store: &dyn Store,
    workspace: &Workspace,
    now: DateTime<Utc>,
) -> anyhow::Result<Status> {
    let mut lag_seconds = BTreeMap::new();
    for stream in Stream::ALL {
        let bookmark = store.bookmark(workspace, stream).await?;
        if let Some(watermark) = bookmark.and_then(|bookmark| bookmark.watermark) {
            lag_seconds.insert(stream.name(), now.timestamp().saturating_sub(watermark).max(0));
        }
    }
    let mut quarantine = store.quarantined(workspace).await?;
    quarantine.sort_by_key(|row| std::cmp::Reverse(row.last_seen_at));
    quarantine.truncate(NAMED);
    let unreadable = quarantine.into_iter().map(|row| Unreadable {
        stream: row.stream,
        id: row.record_id,
        reason: row.reason,
    });
    Ok(Status {
        workspace: workspace.id().to_owned(),
        name: workspace.name().map(str::to_owned),
        timezone: workspace.timezone().map(str::to_owned),
        runs: store.last_runs(workspace, RUNS).await?.into_iter().map(shown).collect(),
        lag_seconds,
        rows: store.census(workspace).await?,
        backlog: store.backlog(workspace).await?,
        quarantine: unreadable.collect(),
    })
}

fn shown(row: RunRow) -> Run {
    let RunRow { id, kind, started_at, end } = row;
    let counts = end.as_ref().map(|end| end.counts).unwrap_or_default();
    Run {
        run: id.0,
        kind,
        started_at: instant(started_at),
        took_seconds: end.as_ref().map(|end| end.finished_at - started_at),
        outcome: end.as_ref().map_or("running or died", |end| RunOutcome::name(end.outcome)),
        fetched: counts.n_fetched,
        written: counts.n_inserted + counts.n_changed,
        customers: counts.n_customers,
        detail: end.and_then(|end| end.detail),
    }
}

fn in_words(status: &Status) -> String {
    let name = status.name.as_deref().unwrap_or("without a name");
    let zone = status.timezone.as_deref().unwrap_or("unknown");
    let mut lines = vec![format!("workspace {} ({name}), zone {zone}", status.workspace)];
    lines.push("runs, latest first".to_owned());
    for run in &status.runs {
        let took = run.took_seconds.map_or_else(String::new, |took| format!(" in {took} s"));
        lines.push(format!(
            "  {:>5}  {}  {:<11} {}{took}: {} fetched, {} written, {} customers",
            run.run, run.started_at, run.kind, run.outcome, run.fetched, run.written, run.customers
        ));
        lines.extend(run.detail.iter().map(|detail| format!("         {detail}")));
    }
    lines.push("streams".to_owned());
    for (stream, n) in &status.rows.records {
        let lag = status.lag_seconds.get(stream.name());
        let lag = lag.map_or_else(|| "never read".to_owned(), |lag| format!("{lag} s behind"));
        lines.push(format!("  {:<18} {n:>9} rows, {lag}", stream.name()));
    }
    let Backlog { n_quarantined, n_due, n_claimed, n_dead } = status.backlog;
    lines.push(format!(
        "{} customers, {} records gone, {n_quarantined} put aside; outbox: {n_due} due, \
         {n_claimed} claimed, {n_dead} given up",
        status.rows.n_customers, status.rows.n_tombstones
    ));
    for entry in &status.quarantine {
        let id = entry.id.as_deref().unwrap_or("without an id");
        lines.push(format!("  put aside: {} {id}: {}", entry.stream, entry.reason));
    }
    lines.join("\n")
}

fn instant(unix: i64) -> String {
    let at = DateTime::from_timestamp(unix, 0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
