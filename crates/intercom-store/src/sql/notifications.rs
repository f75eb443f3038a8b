//! Notifications: each once, the later one about a record counts.

use async_trait::async_trait;

use super::{SqlStore, Write, during, gone, parts};
use crate::dialect::{Dialect, Query, only_column};
use crate::error::Fault;
use crate::{
    Fate, Gone, MirrorNotification, NotificationOutcome, NotificationStore, NotifiedChange,
    StoreError, Stream, Workspace,
};

/// How long notifications are remembered, in seconds: they are repeated within hours.
const REMEMBER_FOR: i64 = 7 * 86_400;

#[async_trait]
impl<D: Dialect> NotificationStore for SqlStore<D> {
    async fn apply_notification(
        &self,
        workspace: &Workspace,
        told: &MirrorNotification,
        now: i64,
    ) -> Result<NotificationOutcome, StoreError> {
        apply(self, workspace, told, now).await.map_err(during("apply a notification", workspace))
    }
}

async fn apply<D: Dialect>(
    store: &SqlStore<D>,
    workspace: &Workspace,
    told: &MirrorNotification,
    now: i64,
) -> Result<NotificationOutcome, Fault> {
    let mut write = store.write(workspace).await?;
    let is_outdated = knows_later(&mut write, workspace, told).await?;
    let outcome = match remember(&mut write, workspace, told, now).await? {
        false => NotificationOutcome::Repeated,
        true if is_outdated => NotificationOutcome::Outdated,
        true => {
            change(&mut write, workspace, told).await?;
            NotificationOutcome::Applied
        }
    };
    store.commit(write).await?;
    Ok(outcome)
}

/// Whether a later notification about the record was received. Nothing follows a deletion or a merge.
async fn knows_later<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    told: &MirrorNotification,
) -> sqlx::Result<bool> {
    match &told.change {
        NotifiedChange::Gone(Fate::Archived) | NotifiedChange::Unarchived => {}
        NotifiedChange::Gone(Fate::Deleted | Fate::MergedInto(_))
        | NotifiedChange::PartsChanged => {
            return Ok(false);
        }
    }
    let latest: Option<Option<i64>> = Query::<D>::new(
        "SELECT MAX(happened_at) FROM webhook_seen \
         WHERE workspace_id = $1 AND stream = $2 AND record_id = $3",
    )
    .bind(&workspace.id)
    .bind(told.stream.name())
    .bind(&told.record_id)
    .fetch_first(&mut write.transaction, "webhook_seen", only_column)
    .await?;
    Ok(latest.flatten().is_some_and(|latest| latest > told.happened_at))
}

/// Whether the notification is received for the first time.
async fn remember<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    told: &MirrorNotification,
    now: i64,
) -> sqlx::Result<bool> {
    Query::<D>::new("DELETE FROM webhook_seen WHERE workspace_id = $1 AND seen_at < $2")
        .bind(&workspace.id)
        .bind(now.saturating_sub(REMEMBER_FOR))
        .execute(&mut write.transaction)
        .await?;
    let n_written = Query::<D>::new(
        "INSERT INTO webhook_seen (workspace_id, notification_id, stream, record_id, happened_at, \
         seen_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&workspace.id)
    .bind(&told.notification_id)
    .bind(told.stream.name())
    .bind(&told.record_id)
    .bind(told.happened_at)
    .bind(now)
    .execute(&mut write.transaction)
    .await?;
    Ok(n_written > 0)
}

async fn change<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    told: &MirrorNotification,
) -> sqlx::Result<()> {
    let MirrorNotification { stream, record_id, .. } = told;
    match &told.change {
        NotifiedChange::Gone(fate) => {
            let is_final = gone::is_final(write, workspace, *stream, record_id).await?;
            if *fate != Fate::Archived || !is_final {
                let gone = [Gone { id: record_id.clone(), fate: fate.clone() }];
                gone::bury_in(write, workspace, *stream, &gone, told.happened_at).await?;
            }
        }
        NotifiedChange::Unarchived => {
            gone::unarchive(write, workspace, record_id).await?;
        }
        NotifiedChange::PartsChanged => {
            let ids = [record_id.as_str()];
            let stored = super::pages::read_stored::<D>(
                &mut write.transaction,
                workspace,
                Stream::Conversations,
                &ids,
            )
            .await?;
            if !stored.is_empty() {
                look_again(write, workspace, record_id).await?;
            }
        }
    }
    Ok(())
}

/// Makes the parts of a stored conversation due whatever the ledger says.
async fn look_again<D: Dialect>(
    write: &mut Write<D>,
    workspace: &Workspace,
    conversation_id: &str,
) -> sqlx::Result<()> {
    parts::mark(write, workspace, &[conversation_id]).await?;
    Query::<D>::new(
        "UPDATE parts_ledger SET updated_at = NULL WHERE workspace_id = $1 AND conversation_id = $2",
    )
    .bind(&workspace.id)
    .bind(conversation_id)
    .execute(&mut write.transaction)
    .await?;
    Ok(())
}
