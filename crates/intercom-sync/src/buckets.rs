//! The daily record of how many members stand in each bucket, which nobody can rebuild later.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use intercom_engagement::{Bucket, CaseloadParams, Directory, caseload};
use intercom_store::{Store, Workspace};

use crate::error::SyncError;

/// Records today's caseload buckets; the last run of a day counts.
pub(crate) async fn record(
    store: &dyn Store,
    workspace: &Workspace,
    zone: Tz,
    now: DateTime<Utc>,
) -> Result<(), SyncError> {
    let sessions = store.sessions(workspace).await?;
    // Nobody is named: the names of a large workspace would fill the memory.
    let names = Directory::default();
    let report = caseload(&sessions, &names, &CaseloadParams::default(), now);
    let count = |bucket| i64::try_from(report.summary.get(bucket)).unwrap_or(i64::MAX);
    let buckets = Bucket::ALL.map(|bucket| (bucket.key(), count(bucket)));
    let day = now.with_timezone(&zone).date_naive();
    store.record_buckets(workspace, "caseload", day, &buckets, now.timestamp()).await?;
    Ok(())
}
