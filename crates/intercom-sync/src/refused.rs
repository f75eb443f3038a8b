//! Runs that could not begin: noted where it is known whose they would have been.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_store::{RunCounts, RunEnd, RunOutcome, Store, Workspace};

use crate::error::SyncError;
use crate::lease::under_lease;
use crate::run::{Extent, kind_of_next};
use crate::settings::SyncSettings;

/// A run that does not know its workspace.
pub(crate) struct Refused<'a> {
    pub(crate) extent: Extent,
    pub(crate) error: &'a SyncError,
    pub(crate) at: DateTime<Utc>,
    /// How long it was tried.
    pub(crate) took_for: Duration,
}

/// Notes it in the workspace of the store, if that has only one and no process works on it.
pub(crate) async fn note(
    store: &dyn Store,
    settings: &SyncSettings,
    refused: &Refused<'_>,
) -> Result<(), SyncError> {
    let known = store.workspaces().await?;
    let [workspace] = known.as_slice() else { return Ok(()) };
    let at = refused.at.timestamp();
    let end = RunEnd {
        finished_at: (refused.at + refused.took_for).timestamp(),
        outcome: outcome(refused.error),
        counts: RunCounts::default(),
        detail: Some(refused.error.told()),
    };
    // Runs are numbered under the lease, so that the last one is whose process has it.
    let note = async |leased: Workspace| {
        let kind = kind_of_next(store, &leased, refused.extent).await?;
        let run = store.start_run(&leased, kind.name(), at).await?;
        Ok(store.finish_run(&leased, run, &end).await?)
    };
    let holder = (settings.holder.as_str(), settings.lease_for);
    match under_lease(store, workspace, holder, note).await {
        // Their run is the one to look at.
        Err(SyncError::Held { .. }) => Ok(()),
        noted => noted,
    }
}

/// An API that does not answer, or not well, refuses nothing.
fn outcome(error: &SyncError) -> RunOutcome {
    match error {
        SyncError::UnknownWorkspace | SyncError::OtherWorkspace { .. } => RunOutcome::Refused,
        SyncError::Identify(source) if matches!(source.status(), Some(400..500)) => {
            RunOutcome::Refused
        }
        _ => RunOutcome::Failed,
    }
}
