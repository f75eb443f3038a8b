//! One run at a time: a workspace is leased for as long as a run works on it.

use std::pin::pin;
use std::time::Duration;

use chrono::DateTime;
use intercom_store::{Lease, LeaseOutcome, Store, Workspace};
use tokio::time::sleep;

use crate::error::SyncError;

/// The lease of the one run a workspace has at a time.
pub(crate) const NAME: &str = "sync";

/// Two renewals may fail before the lease expires.
const RENEWALS: u32 = 3;

/// Works on a workspace under its lease, which lasts for `lease_for` when nobody renews it; writes through the workspace given to `work` fail once
/// another process has taken it over.
pub(crate) async fn under_lease<T>(
    store: &dyn Store,
    workspace: &Workspace,
    (holder, lease_for): (&str, Duration),
    work: impl AsyncFnOnce(Workspace) -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let (lease, leased) = match store.acquire_lease(workspace, NAME, holder, lease_for).await? {
        LeaseOutcome::Acquired { lease, workspace } => (lease, workspace),
        LeaseOutcome::Held { holder, until } => {
            let workspace = workspace.id().to_owned();
            let until = DateTime::from_timestamp_millis(until).unwrap_or_default();
            return Err(SyncError::Held { workspace, holder, until });
        }
    };
    let mut work = pin!(work(leased));
    let mut renewals = pin!(renew(store, workspace, &lease, lease_for));
    let ended = tokio::select! {
        biased;
        ended = &mut work => ended,
        lost = &mut renewals => Err(lost),
    };
    if let Err(error) = store.release_lease(workspace, &lease).await {
        tracing::warn!(%error, "the lease is not given back; it expires by itself");
    }
    ended
}

/// Renews the lease until it is lost.
async fn renew(
    store: &dyn Store,
    workspace: &Workspace,
    lease: &Lease,
    lease_for: Duration,
) -> SyncError {
    loop {
        sleep(lease_for / RENEWALS).await;
        match store.renew_lease(workspace, lease, lease_for).await {
            Ok(Some(_)) => {}
            Ok(None) => return SyncError::LeaseLost { workspace: workspace.id().to_owned() },
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the lease is not renewed; another attempt follows");
            }
            Err(error) => return error.into(),
        }
    }
}
