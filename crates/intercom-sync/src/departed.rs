//! Customers whose e-mail address no contact has any more.

use std::fmt;

use chrono::{DateTime, Utc};
use intercom_api::contacts::Contact;
use intercom_store::{Store, Stream, Workspace};
use serde::Serialize;

use crate::customers::Known;
use crate::error::SyncError;
use crate::explain::printable;
use crate::past::{HistoryLine, history};
use crate::settings::SyncSettings;

/// What is left of a customer under an address that no contact has any more.
///
/// It holds personal data, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Departed {
    /// The address, in lower case.
    pub email: String,
    /// The contact that spoke for the customer last.
    pub contact_id: Option<String>,
    /// The contact into which that one was merged.
    pub merged_into: Option<String>,
    /// The address by which that contact, or the one it was merged into, is a customer today.
    pub email_now: Option<String>,
    /// How the customer changed, latest first.
    pub history: Vec<HistoryLine>,
}

impl fmt::Debug for Departed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Departed")
            .field("contact_id", &self.contact_id)
            .field("merged_into", &self.merged_into)
            .field("history", &self.history)
            .finish_non_exhaustive()
    }
}

/// What the history says of an e-mail address, in any case; `None` when it says nothing.
///
/// # Errors
/// [`SyncError::Store`], [`SyncError::Profile`].
pub async fn departed(
    store: &dyn Store,
    workspace: &Workspace,
    settings: &SyncSettings,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Option<Departed>, SyncError> {
    let email = email.trim().to_lowercase();
    let history = history(store, workspace, settings, &email).await?;
    if history.states.is_empty() {
        return Ok(None);
    }
    let states = history.states.iter().rev().filter_map(|row| row.state.as_ref());
    let contact_id = states.filter_map(|state| state.intercom_contact_id.clone()).next();
    let merged_into = contact_id.as_ref().and_then(|id| history.remaining(id)).map(str::to_owned);
    let email_now = match merged_into.as_ref().or(contact_id.as_ref()) {
        Some(contact_id) => email_of(store, workspace, contact_id, now).await?,
        None => None,
    };
    let history = history.lines();
    Ok(Some(Departed { email, contact_id, merged_into, email_now, history }))
}

/// The address by which a contact is a customer, if it is one.
async fn email_of(
    store: &dyn Store,
    workspace: &Workspace,
    contact_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<String>, SyncError> {
    let bodies = store.bodies(workspace, Stream::Contacts, &[contact_id]).await?;
    let body = bodies.get(contact_id).and_then(|it| serde_json::from_slice::<Contact>(it).ok());
    let Some(email) = body.and_then(|contact| contact.email) else { return Ok(None) };
    let email = email.trim().to_lowercase();
    let known = Known::read(store, workspace, &[&email], now).await?;
    let is_there = known.contacts(&email).iter().any(|it| it.id.as_str() == contact_id);
    Ok(is_there.then_some(email))
}

impl fmt::Display for Departed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: no contact has this e-mail address any more", printable(&self.email))?;
        if let Some(contact_id) = &self.contact_id {
            let now = match &self.email_now {
                Some(email) => format!("has the address {}", printable(email)),
                None => "is no customer by any address".to_owned(),
            };
            write!(f, "\n  contact {} spoke for it and ", printable(contact_id))?;
            match &self.merged_into {
                Some(into) => {
                    write!(f, "was merged into contact {}, which {now}", printable(into))?;
                }
                None => write!(f, "{now}")?,
            }
        }
        for line in &self.history {
            write!(f, "\n{line}")?;
        }
        Ok(())
    }
}
