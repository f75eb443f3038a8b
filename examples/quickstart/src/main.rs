//! `quickstart`: an invented workspace, a sync, revenue and a report, in one process.

mod arguments;
mod document;
mod progress;
mod session;
mod tables;

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use intercom_engagement::{CaseloadParams, caseload};
use intercom_sync::RunReport;
use program::{causes, complain, exit_code};
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, LogFormat};
use document::{Document, LaterSync};
use session::Session;

/// How often a living workspace is synced.
const INTERVAL: Duration = Duration::from_secs(10);
/// Changes invented between two syncs of a living workspace.
const CHANGES: u32 = 12;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Arguments = match program::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    log_to_stderr(arguments.log_format);
    let ended = tokio::select! {
        ended = run(&arguments) => ended,
        _ = tokio::signal::ctrl_c() => {
            complain("stopped; what is committed stays");
            return ExitCode::SUCCESS;
        }
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: {}", causes(error.as_ref())));
            exit_code(&error)
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    #[expect(clippy::disallowed_methods, reason = "the program's clock, unless --now is given")]
    let started_at = arguments.now.unwrap_or_else(|| std::time::SystemTime::now().into());
    let session = Session::start(arguments, started_at).await?;
    let first = session.sync(started_at).await?;
    let top = session.top_customers(10).await?;
    let stored = session.stored().await?;
    let report =
        caseload(&stored.sessions, &stored.directory, &CaseloadParams::default(), started_at);
    if !arguments.json {
        say(&format!("{}\n", tables::sync(&first)?))?;
        say(&format!("The customers with the highest MRR\n{}\n", tables::top_mrr(&top)))?;
        let members = tables::counted(report.total_members, "member", "members");
        say(&format!("Caseload: {members} by last session\n{}\n", tables::caseload(&report)))?;
    }
    let moved = tables::customers(session.move_to_enterprise(3).await?);
    let second = session.sync(session.now_after(&first)).await?;
    let movements = session.movements(started_at, second.started_at).await?;
    if arguments.json {
        let document = Document {
            first_sync: first.metrics,
            second_sync: second.metrics,
            mrr_movements: &movements,
            alerts: second.alerts.iter().map(Into::into).collect(),
            top_mrr: top,
            caseload: &report,
        };
        say(&serde_json::to_string(&document)?)?;
    } else {
        say(&format!("{moved} moved to another plan; the second sync"))?;
        say(&format!("{}\n{}", tables::sync(&second)?, saving(&first, &second)))?;
        say(&tables::found(&movements, &second.alerts))?;
    }
    anyhow::ensure!(first.is_complete() && second.is_complete(), "a sync left something behind");
    if arguments.once { Ok(()) } else { live(arguments, &session).await }
}

/// Syncs a living workspace until the program is stopped.
async fn live(arguments: &Arguments, session: &Session) -> anyhow::Result<()> {
    if !arguments.json {
        say("\nThe workspace lives; a sync every ten seconds until Ctrl-C.")?;
    }
    loop {
        tokio::time::sleep(INTERVAL).await;
        session.live(CHANGES);
        let now = session.now();
        let report = session.sync(now).await?;
        if arguments.json {
            say(&serde_json::to_string(&LaterSync { at: now, sync: report.metrics })?)?;
        } else {
            say(&line(now, &report))?;
        }
    }
}

/// One sync of a living workspace, in a line.
fn line(now: DateTime<Utc>, report: &RunReport) -> String {
    format!(
        "{}  fetched {:>5}, written {:>3}, customers changed {:>3}, alerts {:>2}, {:.1} s",
        now.format("%H:%M:%S"),
        report.n_fetched(),
        report.n_written(),
        report.metrics.contacts_synced,
        report.alerts.len(),
        report.metrics.sync_duration_seconds,
    )
}

/// How little the second sync did.
fn saving(first: &RunReport, second: &RunReport) -> String {
    format!(
        "It fetched {} where the first fetched {}, and wrote {} of them.\n\
         (The API compares the dates of contacts by whole days, so today's come again.)",
        tables::counted(second.n_fetched(), "record", "records"),
        first.n_fetched(),
        second.n_written()
    )
}

fn say(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}").context("standard output is closed")
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}
