//! `sync run`: one run, told while it works and summed up at its end.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_store::{AsideEntry, StillAside, Stream};
use intercom_sync::{
    Extent, Newcomers, PutAside, RunReport, Skipped, StreamPreview, Sync, SyncError, SyncSettings,
};
use program::{Environment, complain, say_json};

use crate::alerting::Teller;
use crate::arguments::{Common, Run};
use crate::progress;
use crate::stopping;
use crate::telling::{counted, tell};
use crate::wiring::{Verdict, Wiring, sync_settings};

pub(crate) async fn run(
    common: &Common,
    arguments: &Run,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let mut settings = sync_settings(common, &environment)?;
    if !arguments.streams.is_empty() {
        settings.streams = in_order(&settings, &arguments.streams);
    }
    settings.lease_for = Duration::from_secs(arguments.lease_for);
    if arguments.add_workspace {
        settings.newcomers = Newcomers::Welcome;
    }
    let teller = Teller::new(common, &environment)?;
    let wiring = Wiring::new(common, &environment).await?;
    let sync = wiring.sync(settings);
    let extent = if arguments.full { Extent::Whole } else { Extent::Changed };
    let ended = match arguments.dry_run {
        true => preview(&sync, extent).await,
        false => mirror(common, &wiring, &sync, &teller, (extent, now)).await,
    };
    wiring.close().await;
    ended
}

/// Makes the run and tells of it.
async fn mirror(
    common: &Common,
    wiring: &Wiring,
    sync: &Sync,
    teller: &Teller,
    (extent, now): (Extent, DateTime<Utc>),
) -> anyhow::Result<Verdict> {
    let told = progress::on_stderr(common.log_format);
    let ended = sync.run_until(stopping::asked(), extent, now, told.as_ref()).await;
    told.clear();
    let report = match ended {
        Ok(report) => report,
        Err(SyncError::Stopped) => {
            complain("stopped; what is committed stays, and the same command goes on there");
            return Ok(Verdict::LeftBehind);
        }
        Err(error) => {
            // That it failed waits to be told, too.
            teller.after_a_run(wiring.store.as_ref(), sync, now).await;
            return Err(error.into());
        }
    };
    say_json(&report.metrics)?;
    tell(common.log_format, &report.log_entry().to_string());
    for left in left_behind(&report) {
        tell(common.log_format, &format!("left behind: {left}"));
    }
    for skipped in skipped(&report) {
        tell(common.log_format, &format!("skipped: {skipped}"));
    }
    teller.after_a_run(wiring.store.as_ref(), sync, now).await;
    Ok(if report.leaves_nothing_behind() { Verdict::Done } else { Verdict::LeftBehind })
}

/// Says what a run would fetch: a JSON object a stream, and the sum in words.
async fn preview(sync: &Sync, extent: Extent) -> anyhow::Result<Verdict> {
    let previews = sync.preview(extent).await?;
    for preview in &previews {
        say_json(preview)?;
    }
    let sum = |of: fn(&StreamPreview) -> u64| -> u64 { previews.iter().map(of).sum() };
    complain(&format!(
        "a run would fetch {} with {}; nothing was written",
        counted(sum(|preview| preview.n_records), "record", "records"),
        counted(sum(|preview| preview.n_calls), "call", "calls")
    ));
    let is_whole = previews.iter().all(|preview| preview.skipped_because.is_none());
    Ok(if is_whole { Verdict::Done } else { Verdict::LeftBehind })
}

/// The streams asked for, in the order in which a run reads them.
pub(crate) fn in_order(settings: &SyncSettings, asked: &[Stream]) -> Vec<Stream> {
    settings.streams.iter().copied().filter(|stream| asked.contains(stream)).collect()
}

/// What this run and earlier ones did not bring, a line each.
pub(crate) fn left_behind(report: &RunReport) -> Vec<String> {
    let mut lines = Vec::new();
    for report in &report.streams {
        let stream = report.stream;
        lines.extend(report.shortfalls());
        for PutAside { id, reason } in &report.put_aside {
            let id = id.as_deref().unwrap_or("without an id");
            lines.push(format!("{stream} {id}: {reason}"));
        }
        let n_more = report.n_quarantined.saturating_sub(report.put_aside.len() as u64);
        if n_more > 0 {
            lines.push(format!("{stream}: and {n_more} more put aside, see `sync status`"));
        }
    }
    let StillAside { n, named } = &report.still_aside;
    for AsideEntry { stream, record_id, reason } in named {
        let id = record_id.as_deref().unwrap_or("without an id");
        lines.push(format!("{stream} {id}, put aside by an earlier run: {reason}"));
    }
    let n_more = n.saturating_sub(named.len() as u64);
    if n_more > 0 {
        lines.push(format!("{n_more} more put aside by earlier runs, see `sync status`"));
    }
    lines
}

/// The contacts that stand for no customer, a line each.
pub(crate) fn skipped(report: &RunReport) -> Vec<String> {
    let Skipped { n, named } = &report.skipped;
    let line = |PutAside { id, reason }: &PutAside| {
        format!("contacts {}: {reason}", id.as_deref().unwrap_or("without an id"))
    };
    let mut lines: Vec<String> = named.iter().map(line).collect();
    let n_more = n.saturating_sub(named.len() as u64);
    if n_more > 0 {
        lines.push(format!("contacts: and {n_more} more, see `sync status`"));
    }
    lines
}
