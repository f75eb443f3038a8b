//! Contacts that stand for no customer, found by what stands where their address should be.

use std::fmt;

use intercom_projection::{Email, NoEmail};
use intercom_store::{Store, Workspace};
use serde::Serialize;

use crate::error::SyncError;
use crate::explain::printable;

/// Contacts that are in the mirror, and are no customers.
///
/// It holds what somebody asked for, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NoCustomer {
    /// What was asked for.
    pub asked: String,
    /// The contacts known by it, in order.
    pub contact_ids: Vec<String>,
    /// Whether it stands where their address should be, and is none.
    pub is_malformed: bool,
}

impl fmt::Debug for NoCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoCustomer")
            .field("contact_ids", &self.contact_ids)
            .field("is_malformed", &self.is_malformed)
            .finish_non_exhaustive()
    }
}

/// The contacts known by a text, such as a malformed address or an id, that stand for no customer;
/// `None` when there are none.
///
/// # Errors
/// [`SyncError::Store`].
pub async fn no_customer(
    store: &dyn Store,
    workspace: &Workspace,
    asked: &str,
) -> Result<Option<NoCustomer>, SyncError> {
    let asked = asked.trim();
    let mut contact_ids = store.personal(workspace, asked).await?.contact_ids;
    let ids: Vec<&str> = contact_ids.iter().map(String::as_str).collect();
    let customers = store.addresses(workspace, &ids).await?;
    contact_ids.retain(|id| !customers.contains_key(id));
    if contact_ids.is_empty() {
        return Ok(None);
    }
    contact_ids.sort();
    let is_malformed = asked.parse::<Email>() == Err(NoEmail::Invalid)
        && asked.contains('@')
        && !contact_ids.iter().any(|id| id == asked);
    Ok(Some(NoCustomer { asked: asked.to_owned(), contact_ids, is_malformed }))
}

impl fmt::Display for NoCustomer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = self.contact_ids.iter().map(|id| printable(id)).collect::<Vec<_>>().join(", ");
        let (noun, verb) = match self.contact_ids.len() {
            1 => ("contact", "is"),
            _ => ("contacts", "are"),
        };
        let asked = printable(&self.asked);
        write!(f, "{asked}: known of {noun} {ids}, which {verb} no customer")?;
        match self.is_malformed {
            true => write!(f, ": customers are matched by e-mail, and that is no e-mail address"),
            false => write!(f, ": archived, not projected yet, or without a usable e-mail address"),
        }
    }
}
