//! One run at a time: a workspace is leased for as long as a run works on it.

use std::pin::pin;
use std::time::Duration;

use chrono::DateTime;
use intercom_store::{Lease, LeaseOutcome, Store, StoreError, Workspace};
use tokio::time::sleep;

use crate::error::SyncError;

/// The lease of the one run a workspace has at a time.
pub(crate) const NAME: &str = "sync";

/// Two renewals may fail before the lease expires.
const RENEWALS: u32 = 3;

/// Between attempts to give a lease back.
const PAUSES_BEFORE_GIVING_UP: [Duration; 3] =
    [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

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
    give_back(|| store.release_lease(workspace, &lease)).await;
    ended
}

/// Gives the lease back: until it expires by itself, nobody else could work.
async fn give_back<R: Future<Output = Result<bool, StoreError>>>(release: impl Fn() -> R) {
    let mut left = PAUSES_BEFORE_GIVING_UP.iter();
    while let Err(error) = release().await {
        let pause = left.next().filter(|_| error.is_transient());
        let Some(&pause) = pause else {
            tracing::warn!(%error, "the lease is not given back; it expires by itself");
            break;
        };
        sleep(pause).await;
    }
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

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::future::ready;

    use super::*;

    /// How often a lease is offered that is taken back at the attempt `succeeds`.
    async fn attempts(succeeds: usize, error: impl Fn() -> StoreError) -> usize {
        let n = Cell::new(0);
        give_back(|| {
            n.set(n.get() + 1);
            ready(if n.get() == succeeds { Ok(true) } else { Err(error()) })
        })
        .await;
        n.get()
    }

    #[tokio::test(start_paused = true)]
    async fn a_lease_is_given_back_again_while_the_database_is_busy() {
        let (operation, workspace) = ("give back a lease", "ab12".to_owned());
        let busy =
            || StoreError::Busy { operation, workspace: workspace.clone(), source: "".into() };
        assert_eq!(attempts(3, busy).await, 3);
        assert_eq!(attempts(usize::MAX, busy).await, 4);
        let source = || "no such table".into();
        let refused =
            || StoreError::Refused { operation, workspace: workspace.clone(), source: source() };
        assert_eq!(attempts(usize::MAX, refused).await, 1);
    }
}
