//! `sync verify`: the workspace against the store, and repairs on request.

use chrono::{DateTime, Utc};
use intercom_store::{Lost, Stream};
use intercom_sync::{Differences, Extent, StreamComparison, Sync, SyncError};
use program::{Environment, say, say_json};

use crate::arguments::{Common, Verify};
use crate::progress;
use crate::running::{in_order, left_behind};
use crate::stopping;
use crate::telling::{counted, tell};
use crate::wiring::{Verdict, Wiring, sync_settings};

pub(crate) async fn run(
    common: &Common,
    arguments: &Verify,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let mut settings = sync_settings(common, &environment)?;
    if !arguments.streams.is_empty() {
        settings.streams = in_order(&settings, &arguments.streams);
    }
    let wiring = Wiring::existing(common, &environment).await?;
    let sync = wiring.sync(settings);
    let ended = tokio::select! {
        verdict = compare_and_repair(&sync, common, arguments, now) => verdict,
        () = stopping::asked() => {
            tell(common.log_format, "stopped; comparing writes nothing, a repair goes on where it ended");
            Ok(Verdict::LeftBehind)
        }
    };
    wiring.close().await;
    ended
}

async fn compare_and_repair(
    sync: &Sync,
    common: &Common,
    arguments: &Verify,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    // Parts that differ are written as they are compared: each costs a call of its own.
    let repaired_at = arguments.repair.then_some(now);
    let comparisons = compare(sync, common, arguments, repaired_at).await?;
    let lost = sync.lost().await?;
    if !lost.is_nothing() {
        tell(common.log_format, &in_words(lost));
    }
    if lost.is_nothing() && comparisons.iter().all(StreamComparison::is_equal) {
        return Ok(Verdict::Done);
    }
    if !arguments.repair {
        tell(common.log_format, "the store differs; `sync verify --repair` reads everything anew");
        return Ok(Verdict::LeftBehind);
    }
    let told = progress::on_stderr(common.log_format);
    let repaired = sync.run_over(Extent::Whole, now, told.as_ref()).await;
    told.clear();
    let repaired = repaired?;
    tell(common.log_format, &repaired.log_entry().to_string());
    for left in left_behind(&repaired) {
        tell(common.log_format, &format!("left behind: {left}"));
    }
    let comparisons = compare(sync, common, arguments, None).await?;
    let is_equal = comparisons.iter().all(StreamComparison::is_equal);
    let is_equal = is_equal && sync.lost().await?.is_nothing();
    if !is_equal {
        tell(common.log_format, "the store still differs");
    }
    Ok(if is_equal { Verdict::Done } else { Verdict::LeftBehind })
}

fn in_words(lost: Lost) -> String {
    let Lost { n_contacts, n_customers } = lost;
    let contacts = counted(n_contacts, "contact", "contacts");
    let customers = counted(n_customers, "customer", "customers");
    format!(
        "lost from the database, though their bodies are there: the rows of {contacts} and \
         {customers}"
    )
}

async fn compare(
    sync: &Sync,
    common: &Common,
    arguments: &Verify,
    repair_at: Option<DateTime<Utc>>,
) -> anyhow::Result<Vec<StreamComparison>> {
    let told = progress::on_stderr(common.log_format);
    let compared = async {
        let mut comparisons = match repair_at {
            Some(_) => sync.verify_before_repair(told.as_ref()).await?,
            None => sync.verify(told.as_ref()).await?,
        };
        if arguments.parts || arguments.streams.contains(&Stream::Parts) {
            comparisons.retain(|of_stream| of_stream.stream != Stream::Parts);
            comparisons.push(match repair_at {
                Some(now) => sync.repair_parts(now, told.as_ref()).await?,
                None => sync.verify_parts(told.as_ref()).await?,
            });
        } else if let Some(now) = repair_at
            && comparisons.iter().any(|of_stream| of_stream.stream == Stream::Parts)
        {
            sync.repair_damaged_parts(now, told.as_ref()).await?;
        }
        Ok::<_, SyncError>(comparisons)
    };
    let compared = compared.await;
    told.clear();
    let comparisons = compared?;
    if arguments.json {
        say_json(&comparisons)?;
    } else {
        for comparison in &comparisons {
            say(&lines(comparison))?;
        }
    }
    Ok(comparisons)
}

/// What was compared, and a line for each way in which it differs.
fn lines(comparison: &StreamComparison) -> String {
    let stream = comparison.stream;
    if let Some(reason) = &comparison.skipped_because {
        return format!("✗ {stream}: not compared: {reason}");
    }
    let mark = if comparison.is_equal() { "✓" } else { "✗" };
    let (n, equal) = (comparison.n_walked, comparison.n_equal);
    let mut text = match stream == Stream::Parts && n == 0 && comparison.damaged.n > 0 {
        true => format!("{mark} {stream}: not compared with the workspace, which takes `--parts`"),
        false => format!("{mark} {stream}: {n} in the workspace, {equal} stored as they are"),
    };
    for (differences, what) in [
        (&comparison.missing, "missing from the store"),
        (&comparison.different, "stored otherwise"),
        (&comparison.damaged, "stored with a body that is lost or damaged"),
        (&comparison.extra, "stored, but not in the workspace's list"),
        (
            &comparison.pending,
            "changed since the last run, or left behind by it; the next one reads it",
        ),
    ] {
        if differences.n > 0 {
            text.push_str(&format!("\n    {} {what}: {}", differences.n, ids(differences)));
        }
    }
    if comparison.n_forgotten > 0 {
        let n = comparison.n_forgotten;
        text.push_str(&format!("\n    {n} withheld, of people who were forgotten"));
    }
    if comparison.n_unreadable > 0 {
        text.push_str(&format!("\n    {} cannot be read", comparison.n_unreadable));
        if !comparison.unreadable.is_empty() {
            let first = comparison.unreadable.clone();
            let named = Differences { n: comparison.n_unreadable, first };
            text.push_str(&format!(": {}", ids(&named)));
        }
    }
    text
}

fn ids(differences: &Differences) -> String {
    let shown = differences.first.join(", ");
    match differences.n.saturating_sub(differences.first.len() as u64) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
