//! One run at a time: a workspace is leased for as long as a run works on it.

use std::pin::pin;
use std::time::Duration;

use chrono::DateTime;
use intercom_store::{Lease, LeaseOutcome, Store, Workspace};
use tokio::time::sleep;

use crate::error::SyncError;

/// The lease of the one run a workspace has at a time.
const NAME: &str = "sync";

/// How long a process may be silent before another may take the workspace over.
const LEASE_FOR: Duration = Duration::from_secs(60);

/// Two renewals may fail before the lease expires.
const RENEW_AFTER: Duration = Duration::from_secs(20);

/// Works on a workspace under its lease; writes through the workspace given to `work` fail once
/// another process has taken it over.
pub(crate) async fn under_lease<T>(
    store: &dyn Store,
    workspace: &Workspace,
    holder: &str,
    work: impl AsyncFnOnce(Workspace) -> Result<T, SyncError>,
) -> Result<T, SyncError> {
    let (lease, leased) = match store.acquire_lease(workspace, NAME, holder, LEASE_FOR).await? {
        LeaseOutcome::Acquired { lease, workspace } => (lease, workspace),
        LeaseOutcome::Held { holder, until } => {
            let workspace = workspace.id().to_owned();
            let until = DateTime::from_timestamp_millis(until).unwrap_or_default();
            return Err(SyncError::Held { workspace, holder, until });
        }
    };
    let mut work = pin!(work(leased));
    let mut renewals = pin!(renew(store, workspace, &lease));
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
async fn renew(store: &dyn Store, workspace: &Workspace, lease: &Lease) -> SyncError {
    loop {
        sleep(RENEW_AFTER).await;
        match store.renew_lease(workspace, lease, LEASE_FOR).await {
            Ok(Some(_)) => {}
            Ok(None) => return SyncError::LeaseLost { workspace: workspace.id().to_owned() },
            Err(error) if error.is_transient() => {
                tracing::warn!(%error, "the lease is not renewed; another attempt follows");
            }
            Err(error) => return error.into(),
        }
    }
}
