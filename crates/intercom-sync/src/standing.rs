//! How things stand between runs: up to when a stream has been read, who works, what to do about
//! what was put aside.

use intercom_store::{PartsWait, QuarantinedRow, RunRow, Store, StoreError, Stream, Workspace};

use crate::lease;
use crate::record::{NOT_MIRRORED, TOO_LONG};

/// What has become of a run that is not noted as ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfinished {
    /// A process works on it.
    Running,
    /// Its process died: nobody has the workspace, or another run has it.
    Interrupted,
}

/// The last runs, latest first; those that are not noted as ended with what has become of them.
///
/// # Errors
/// As for every reading method of [`Store`].
pub async fn last_runs(
    store: &dyn Store,
    workspace: &Workspace,
    limit: u32,
) -> Result<Vec<(RunRow, Option<Unfinished>)>, StoreError> {
    // Asked first: a run that ends meanwhile is then noted as ended.
    let is_held = store.lease_holder(workspace, lease::NAME).await?.is_some();
    let runs = store.last_runs(workspace, limit).await?;
    // A run is numbered under the lease, so that only the last one can have it.
    let states = (0..).zip(runs).map(|(place, run)| {
        let unfinished = match place == 0 && is_held {
            true => Unfinished::Running,
            false => Unfinished::Interrupted,
        };
        let is_over = run.end.is_some();
        (run, (!is_over).then_some(unfinished))
    });
    Ok(states.collect())
}

/// Everything of a stream that changed before this has been read (Unix seconds); `None` when it
/// never was.
///
/// The parts of conversations have been read as far as the conversations, but for those whose parts
/// are still due.
///
/// # Errors
/// As for every reading method of [`Store`].
pub async fn read_up_to(
    store: &dyn Store,
    workspace: &Workspace,
    stream: Stream,
) -> Result<Option<i64>, StoreError> {
    let bookmarked = match stream {
        Stream::Parts => Stream::Conversations,
        stream => stream,
    };
    let bookmark = store.bookmark(workspace, bookmarked).await?;
    let watermark = bookmark.and_then(|bookmark| bookmark.watermark);
    if stream != Stream::Parts {
        return Ok(watermark);
    }
    let PartsWait { n_due, due_since, is_begun } = store.parts_wait(workspace).await?;
    let is_read = is_begun || n_due == 0;
    Ok(watermark.filter(|_| is_read).map(|at| due_since.map_or(at, |since| since.min(at))))
}

/// What to do about an entry that was put aside, where its reason leaves that open.
#[must_use]
pub fn advice(entry: &QuarantinedRow) -> Option<&'static str> {
    let reason = entry.reason.strip_prefix(NOT_MIRRORED)?.strip_prefix(": ")?;
    reason.starts_with(TOO_LONG).then_some(
        "it is read again when it changes; `sync run --full` tries at once, so shorten it in \
         Intercom first",
    )
}
