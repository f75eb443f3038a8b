//! `deliver send`.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write, stdin, stdout};
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use intercom_client::{Client, ClientSettings, HttpSettings, Origin};
use intercom_deliver::{
    Answers, Extent, Journal, SendCounts, SendOptions, SendReport, Sinks, dry_run, send_lines,
};
use intercom_transform::Settings;
use program::{BadSetting, Environment, complain};

use crate::arguments::Send;
use crate::progress::{Progress, counted};
use crate::settings;

/// Sends standard input, and says on standard error what became of it; `false` when something was
/// left behind.
pub(crate) async fn run(arguments: &Send, now: DateTime<Utc>) -> anyhow::Result<bool> {
    let environment = Environment::read()?;
    let settings = settings::read(arguments.settings.as_deref(), &environment, now)?;
    if arguments.dry_run {
        return show(arguments, &settings);
    }
    let client = client(arguments, &settings, &environment).context(BadSetting)?;
    let journal = arguments.journal.as_deref();
    let journal = journal
        .map(|path| Journal::open(path).with_context(|| path.display().to_string()))
        .transpose()?;
    let rejected = arguments.rejected.as_deref().map(append).transpose()?;
    let progress = Progress::new();
    let shown = progress.clone();
    let told = move |counts: SendCounts| shown.show(counts.n_lines, counts.n_rejected);
    let sinks = Sinks {
        outcomes: Box::new(stdout()),
        rejected: rejected.map(|file| Box::new(file) as Box<dyn Write + std::marker::Send>),
        told: Box::new(told),
    };
    let lanes = NonZeroUsize::new(arguments.concurrency.into()).unwrap_or(NonZeroUsize::MIN);
    let patience = Duration::from_secs(arguments.max_pause);
    let options = SendOptions { lanes, patience, started_at: now };
    let sent = send_lines(stdin(), client, settings, sinks, journal, options, interrupted()).await;
    progress.clear();
    let report = sent?;
    complain(&summary(&report, arguments));
    Ok(report.is_complete())
}

/// Ends with Ctrl-C; a second one ends the program at once, which the journal is made for.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the process can still be ended from outside.
        std::future::pending::<()>().await;
    }
    complain("stopping; the lines in flight are finished first (Ctrl-C again ends at once)");
    tokio::spawn(async {
        if tokio::signal::ctrl_c().await.is_ok() {
            std::process::exit(1);
        }
    });
}

/// Shows what would be sent.
fn show(arguments: &Send, settings: &Settings) -> anyhow::Result<bool> {
    let journal = arguments.journal.as_deref();
    let journal = journal
        .map(|path| Journal::look(path).with_context(|| path.display().to_string()))
        .transpose()?;
    let counts = dry_run(stdin(), &mut stdout(), settings, &Answers::Both, journal)?;
    complain(&format!(
        "{} read, {} would be sent, {} rejected; nothing was sent",
        counted(counts.n_lines, "line", "lines"),
        counts.n_planned,
        counts.n_rejected
    ));
    Ok(counts.n_rejected == 0)
}

fn client(
    arguments: &Send,
    settings: &Settings,
    environment: &Environment,
) -> anyhow::Result<Client> {
    let base_url = arguments.base_url.clone().or_else(|| environment.get("INTERCOM_API_BASE"));
    let base_url = base_url.unwrap_or_else(|| settings.origin(settings.version).to_owned());
    let origin = Origin::parse(&base_url)?;
    let mut http = HttpSettings { origin, ..HttpSettings::new(environment.token()?) };
    if let Some(user_agent) = &settings.user_agent {
        http.user_agent.clone_from(user_agent);
    }
    let client = ClientSettings { version: settings.version, ..ClientSettings::default() };
    Ok(Client::http(http, client)?)
}

/// Opens a file for further lines; what a killed process left of a line is cut off.
fn append(path: &Path) -> anyhow::Result<File> {
    let open = || -> std::io::Result<File> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        let (n_whole, part) = last_line(&mut file)?;
        // What does not look like a line of ours is somebody else's and stays.
        if part.starts_with(b"{\"line\":") {
            file.set_len(n_whole)?;
        } else if !part.is_empty() {
            file.write_all(b"\n")?;
        }
        Ok(file)
    };
    open().with_context(|| format!("{} cannot be written", path.display()))
}

/// The part of a file behind its last line's end, and how many bytes are in front of it.
fn last_line(file: &mut File) -> std::io::Result<(u64, Vec<u8>)> {
    const STEP: u64 = 64 * 1024;
    let n_bytes = file.metadata()?.len();
    let mut start = n_bytes;
    loop {
        start = start.saturating_sub(STEP);
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        file.read_to_end(&mut part)?;
        if let Some(at) = part.iter().rposition(|byte| *byte == b'\n') {
            let rest = part.split_off(at + 1);
            return Ok((n_bytes - rest.len() as u64, rest));
        }
        if start == 0 {
            return Ok((0, part));
        }
    }
}

/// What became of the lines, and where those are that are left.
fn summary(report: &SendReport, arguments: &Send) -> String {
    let counts = report.counts;
    let read = counted(counts.n_lines, "line", "lines");
    let mut said = format!("{read} read, {} delivered", counts.n_delivered);
    if counts.n_skipped > 0 {
        said += &format!(", {} finished by earlier runs", counts.n_skipped);
    }
    let place = arguments.rejected.as_ref().map_or_else(
        || "named in the outcomes".to_owned(),
        |path| format!("in {}", path.display()),
    );
    said += &match counts.n_rejected {
        0 => ", none rejected".to_owned(),
        n => format!(", {n} rejected ({place})"),
    };
    if let Some(first) = counts.first_left_behind {
        said += &format!(", {} left behind (the first is line {first})", counts.n_left_behind);
    }
    said += match report.extent {
        Extent::Whole => "",
        Extent::Stopped => "; stopped, the rest of the input was not read",
        Extent::GaveUp => "; gave up, the rest of the input was not read",
    };
    let is_left = counts.n_left_behind > 0 || report.extent != Extent::Whole;
    if is_left && arguments.journal.is_some() {
        said += "; the same command goes on there";
    }
    said
}
