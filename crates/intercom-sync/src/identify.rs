//! Which workspace a token belongs to.

use chrono::{DateTime, Utc};
use intercom_api::admins::RetrieveMe;
use intercom_client::Client;
use intercom_store::{Store, Workspace, WorkspaceProfile};

use crate::error::SyncError;

/// Asks `/me` and makes the workspace known to the store.
pub(crate) async fn identify(
    client: &Client,
    store: &dyn Store,
    now: DateTime<Utc>,
) -> Result<Workspace, SyncError> {
    let me = client.execute(&RetrieveMe).await.map_err(SyncError::Identify)?;
    let app = me.app.ok_or(SyncError::UnknownWorkspace)?;
    let id = app.id_code.ok_or(SyncError::UnknownWorkspace)?.to_string();
    let profile = WorkspaceProfile { id, name: app.name, timezone: app.timezone };
    Ok(store.ensure_workspace(&profile, now.timestamp()).await?)
}
