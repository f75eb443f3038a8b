//! Which workspace a token belongs to.

use chrono::{DateTime, Utc};
use intercom_api::admins::RetrieveMe;
use intercom_api::contacts::ListContacts;
use intercom_client::Client;
use intercom_store::{Store, Workspace, WorkspaceProfile};

use crate::error::SyncError;
use crate::settings::Newcomers;

/// Asks which workspace it is and makes it known to the store.
pub(crate) async fn identify(
    client: &Client,
    store: &dyn Store,
    newcomers: Newcomers,
    now: DateTime<Utc>,
) -> Result<Workspace, SyncError> {
    let profile = admitted(client, store, newcomers).await?;
    Ok(store.ensure_workspace(&profile, now.timestamp()).await?)
}

/// Asks which workspace it is, and refuses one that the store would not take in; nothing is written.
pub(crate) async fn admitted(
    client: &Client,
    store: &dyn Store,
    newcomers: Newcomers,
) -> Result<WorkspaceProfile, SyncError> {
    let profile = profile(client).await?;
    if newcomers == Newcomers::FirstOnly {
        refuse_another(store, &profile.id).await?;
    }
    Ok(profile)
}

/// Asks `/me`. When the token may not ask, a contact says which workspace it is, and nobody says
/// its zone.
pub(crate) async fn profile(client: &Client) -> Result<WorkspaceProfile, SyncError> {
    match client.execute(&RetrieveMe).await {
        Ok(me) => {
            let app = me.app.ok_or(SyncError::UnknownWorkspace)?;
            let id = app.id_code.ok_or(SyncError::UnknownWorkspace)?.to_string();
            Ok(WorkspaceProfile { id, name: app.name, timezone: app.timezone })
        }
        Err(refused) if refused.status() == Some(403) => {
            tracing::warn!(error = %refused, "/me is refused; a contact names the workspace");
            let id = workspace_of_a_contact(client).await;
            let id = id.ok_or(SyncError::Identify(refused))?;
            Ok(WorkspaceProfile { id, ..WorkspaceProfile::default() })
        }
        Err(error) => Err(SyncError::Identify(error)),
    }
}

async fn refuse_another(store: &dyn Store, id: &str) -> Result<(), SyncError> {
    let known = store.workspaces().await?;
    if known.is_empty() || known.iter().any(|workspace| workspace.id() == id) {
        return Ok(());
    }
    let known = known.iter().map(|workspace| workspace.id().to_owned()).collect();
    Err(SyncError::OtherWorkspace { workspace: id.to_owned(), known })
}

async fn workspace_of_a_contact(client: &Client) -> Option<String> {
    let list = ListContacts { per_page: Some(1), ..ListContacts::default() };
    let contacts = client.execute(&list).await.ok()?;
    let contact = contacts.data?.into_iter().next()?;
    contact.workspace_id.map(|id| id.as_str().to_owned())
}
