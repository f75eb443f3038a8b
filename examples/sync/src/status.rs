//! `sync status`: what the store knows of the runs, without a call.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use intercom_store::{Backlog, Census, RunRow, Store, Stream, Workspace};
use intercom_sync::{CallBudget, Unfinished, advice, call_budgets, last_runs, read_up_to};
use program::{Environment, say, say_json};
use serde::Serialize;

use crate::arguments::{Common, Json};
use crate::telling::{counted, lasting};
use crate::wiring::{self, Verdict};

/// Runs that are shown.
const RUNS: u32 = 5;

/// Records put aside that are named.
const NAMED: usize = 50;

/// Contacts without a usable e-mail address that are named.
const WITHOUT_EMAIL_NAMED: u32 = 10;

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
    /// Conversations whose parts have yet to be looked at.
    parts_due: u64,
    rows: Census,
    backlog: Backlog,
    /// The last ones.
    quarantine: Vec<Unreadable>,
    /// Contacts that stand for no customer; they stay in the mirror.
    without_email: WithoutEmail,
    /// Of every token that is used with the database, whichever workspace it belongs to.
    calls: Vec<CallBudget>,
}

#[derive(Serialize)]
struct Run {
    run: i64,
    kind: String,
    started_at: String,
    /// Absent while the run works, or when it died.
    took_seconds: Option<i64>,
    /// `running`, `interrupted` when its process died, or how it ended.
    outcome: &'static str,
    /// So far, while it works or when it was interrupted; so are the next two.
    fetched: i64,
    written: i64,
    customers: i64,
    detail: Option<String>,
}

#[derive(Serialize)]
struct WithoutEmail {
    n: i64,
    /// The first ones.
    named: Vec<Unreadable>,
}

#[derive(Serialize)]
struct Unreadable {
    stream: Stream,
    id: Option<String>,
    reason: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<&'static str>,
}

pub(crate) async fn run(
    common: &Common,
    arguments: &Json,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let store = wiring::open_existing(common, &environment).await?;
    let mut all = Vec::new();
    for workspace in store.workspaces().await? {
        all.push(status(store.as_ref(), &workspace, now).await?);
    }
    if arguments.json {
        say_json(&all)?;
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
        if let Some(at) = read_up_to(store, workspace, stream).await? {
            lag_seconds.insert(stream.name(), now.timestamp().saturating_sub(at).max(0));
        }
    }
    let mut quarantine = store.quarantined(workspace).await?;
    quarantine.sort_by_key(|row| std::cmp::Reverse(row.last_seen_at));
    quarantine.truncate(NAMED);
    let unreadable = quarantine.into_iter().map(|row| Unreadable {
        stream: row.stream,
        advice: advice(&row),
        id: row.record_id,
        reason: row.reason,
    });
    Ok(Status {
        workspace: workspace.id().to_owned(),
        name: workspace.name().map(str::to_owned),
        timezone: workspace.timezone().map(str::to_owned),
        runs: last_runs(store, workspace, RUNS).await?.into_iter().map(shown).collect(),
        lag_seconds,
        parts_due: store.parts_wait(workspace).await?.n_due,
        rows: store.census(workspace).await?,
        backlog: store.backlog(workspace).await?,
        quarantine: unreadable.collect(),
        without_email: without_email(store, workspace).await?,
        calls: call_budgets(store).await?,
    })
}

async fn without_email(store: &dyn Store, workspace: &Workspace) -> anyhow::Result<WithoutEmail> {
    let (n, first) = store.without_address(workspace, WITHOUT_EMAIL_NAMED).await?;
    let named = first.into_iter().map(|contact| Unreadable {
        stream: Stream::Contacts,
        id: Some(contact.contact_id),
        reason: if contact.is_malformed { "not an e-mail address" } else { "no e-mail address" }
            .into(),
        advice: None,
    });
    Ok(WithoutEmail { n, named: named.collect() })
}

fn shown((row, unfinished): (RunRow, Option<Unfinished>)) -> Run {
    let RunRow { id, kind, started_at, counts, end } = row;
    let outcome = match (&end, unfinished) {
        (Some(end), _) => end.outcome.name(),
        (None, Some(Unfinished::Running)) => "running",
        (None, Some(Unfinished::Interrupted) | None) => "interrupted",
    };
    Run {
        run: id.0,
        kind,
        started_at: instant(started_at),
        took_seconds: end.as_ref().map(|end| end.finished_at - started_at),
        outcome,
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
        let took = match run.took_seconds.map(i64::unsigned_abs) {
            Some(0) => " in less than a second".to_owned(),
            Some(took) => format!(" in {}", lasting(took)),
            None => String::new(),
        };
        lines.push(format!(
            "  {:>5}  {}  {:<11} {}{took}: {} fetched, {} written, {}",
            run.run,
            run.started_at,
            run.kind,
            run.outcome,
            run.fetched,
            run.written,
            counted(run.customers.unsigned_abs(), "customer", "customers")
        ));
        lines.extend(run.detail.iter().map(|detail| format!("         {detail}")));
    }
    lines.push("streams".to_owned());
    for (stream, n) in &status.rows.records {
        let lag = match status.lag_seconds.get(stream.name()) {
            // The oldest of them may be years old, whatever was read.
            _ if *stream == Stream::Parts && status.parts_due > 0 => {
                let of = counted(status.parts_due, "conversation", "conversations");
                format!("those of {of} yet to be read")
            }
            Some(lag) => format!("{} behind", lasting(lag.unsigned_abs())),
            None => "never read".to_owned(),
        };
        let rows = if *n == 1 { "row" } else { "rows" };
        lines.push(format!("  {:<18} {n:>9} {rows}, {lag}", stream.name()));
    }
    let Backlog { n_quarantined, n_due, n_claimed, n_dead } = status.backlog;
    lines.push(format!(
        "{}, {} gone, {n_quarantined} put aside; outbox: {n_due} due, \
         {n_claimed} claimed, {n_dead} given up",
        counted(status.rows.n_customers.unsigned_abs(), "customer", "customers"),
        counted(status.rows.n_tombstones.unsigned_abs(), "record", "records")
    ));
    for entry in &status.quarantine {
        let id = entry.id.as_deref().unwrap_or("without an id");
        lines.push(format!("  put aside: {} {id}: {}", entry.stream, entry.reason));
        lines.extend(entry.advice.map(|advice| format!("    → {advice}")));
    }
    let n_named = i64::try_from(status.quarantine.len()).unwrap_or(i64::MAX);
    if n_quarantined > n_named {
        let n_more = n_quarantined - n_named;
        lines.push(format!("  and {n_more} more in the table `quarantine`"));
    }
    let WithoutEmail { n, named } = &status.without_email;
    if *n > 0 {
        let contacts = counted(n.unsigned_abs(), "contact without", "contacts without");
        lines.push(format!("{contacts} a usable e-mail address, in the mirror and no customers"));
    }
    for entry in named {
        let id = entry.id.as_deref().unwrap_or("without an id");
        lines.push(format!("  skipped: {} {id}: {}", entry.stream, entry.reason));
    }
    let n_more = n - i64::try_from(named.len()).unwrap_or(i64::MAX);
    if n_more > 0 {
        lines.push(format!("  and {n_more} more"));
    }
    lines.extend(status.calls.iter().map(calls));
    lines.join("\n")
}

/// The rate limit of a token, in a line.
fn calls(budget: &CallBudget) -> String {
    let CallBudget { token, used, under_way, idle_seconds, .. } = budget;
    let mut line = match (budget.limit, used) {
        (Some(u32::MAX), _) => format!("calls of token {token}…: the API announces no limit"),
        (Some(limit), Some(used)) => {
            format!("calls of token {token}…: {used} of {limit} of this window used")
        }
        _ => format!("calls of token {token}…: no answer has told the limit yet"),
    };
    if *under_way > 0 {
        line += &format!(", {under_way} under way");
    }
    if let Some(seconds) = budget.closed_for_seconds {
        line += &format!(", none may start for {}", lasting(seconds));
    }
    match budget.resets_in_seconds {
        Some(seconds) => line + &format!(", the window ends in {seconds} s"),
        None => line + &format!(", the last call was {} ago", lasting(*idle_seconds)),
    }
}

fn instant(unix: i64) -> String {
    let at = DateTime::from_timestamp(unix, 0).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
