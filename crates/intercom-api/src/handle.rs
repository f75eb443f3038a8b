//! The ways to say which contact a request is about.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::id::ContactId;
use crate::request::Request;

/// A contact by one of the three things that identify it.
///
/// `Debug` shows Intercom's id, never an e-mail address or an id of the customer's own.
#[derive(Clone, PartialEq, Eq)]
pub enum ContactHandle {
    /// Intercom's id; the only one that every lead has.
    Id(ContactId),
    /// The `external_id`: what the customer's own system calls the user.
    UserId(String),
    /// The e-mail address.
    Email(String),
}

impl ContactHandle {
    fn entry(&self) -> (&'static str, &str) {
        match self {
            Self::Id(id) => ("intercom_user_id", id.as_str()),
            Self::UserId(id) => ("user_id", id),
            Self::Email(email) => ("email", email),
        }
    }

    /// Writes the handle into the query.
    pub(crate) fn set_query(&self, request: &mut Request) {
        let (key, value) = self.entry();
        request.set_query(key, value);
    }
}

impl fmt::Debug for ContactHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "Id({id})"),
            Self::UserId(_) => f.write_str("UserId(..)"),
            Self::Email(_) => f.write_str("Email(..)"),
        }
    }
}

impl Serialize for ContactHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (key, value) = self.entry();
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(key, value)?;
        map.end()
    }
}

/// Writes the handle as events spell it: Intercom's id is called `id` there.
pub(crate) fn as_subject<S: Serializer>(
    handle: &ContactHandle,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let (key, value) = handle.entry();
    let key = if matches!(handle, ContactHandle::Id(_)) { "id" } else { key };
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}

/// Writes handles as new tickets spell them: `id`, `external_id` or `email`.
pub(crate) fn as_ticket_contacts<S: Serializer>(
    handles: &[ContactHandle],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let spelled = handles.iter().map(|handle| {
        let (_, value) = handle.entry();
        let key = match handle {
            ContactHandle::Id(_) => "id",
            ContactHandle::UserId(_) => "external_id",
            ContactHandle::Email(_) => "email",
        };
        BTreeMap::from([(key, value)])
    });
    serializer.collect_seq(spelled)
}
