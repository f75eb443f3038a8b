//! Notes on users.

use serde::Serialize;

use crate::attributes::Extra;
use crate::handle::ContactHandle;
use crate::id::{AdminId, NoteId};
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::person::{Pages, Participant};

/// `POST /notes`: writes a note on a user.
///
/// Source: reference 1.2, "Create a Note".
#[derive(Clone, PartialEq, Serialize)]
pub struct CreateNote {
    /// `user`.
    #[serde(serialize_with = "crate::handle::as_subject")]
    pub user: ContactHandle,
    /// `body`.
    pub body: String,
    /// `admin_id`: who writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_id: Option<AdminId>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CreateNote {
    /// With what has to be sent.
    pub fn new(user: ContactHandle, body: String) -> Self {
        Self { user, body, admin_id: None, extra: Extra::new() }
    }
}

operation! { CreateNote(Once, Post, "/notes") -> Note; body }
opaque_debug!(CreateNote { user, admin_id });

/// `GET /notes`: the notes on a user.
///
/// Source: reference 1.4, "List Notes for a User", which calls Intercom's id `id`; intercom-java
/// 2.x takes `intercom_user_id` as well.
#[derive(Clone, PartialEq)]
pub struct ListUserNotes {
    /// Whose notes.
    pub user: ContactHandle,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`.
    pub per_page: Option<i64>,
}

impl ListUserNotes {
    /// With what has to be sent.
    pub fn new(user: ContactHandle) -> Self {
        Self { user, page: None, per_page: None }
    }
}

operation! {
    ListUserNotes(Read, Get, "/notes") -> NoteList;
    |call, request| {
        match &call.user {
            ContactHandle::Id(id) => request.set_query("id", id.as_str()),
            other => other.set_query(request),
        }
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListUserNotes: NextUrl, "notes" of Note }
opaque_debug!(ListUserNotes { user });

/// `GET /notes/{note_id}`.
///
/// Source: intercom-node, `note.js`; intercom-java 2.x `Note.find`.
#[derive(Clone, PartialEq)]
pub struct RetrieveNote {
    /// `note_id`.
    pub note_id: NoteId,
}

impl RetrieveNote {
    /// With what has to be sent.
    pub fn new(note_id: NoteId) -> Self {
        Self { note_id }
    }
}

operation! { RetrieveNote(Read, Get, "/notes/{note_id}": note_id) -> Note }
opaque_debug!(RetrieveNote { note_id });

object! {
    /// A note.
    ///
    /// Source: reference 1.2, "Create a Note"; intercom-java 2.x, `note.json`.
    pub struct Note [id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: NoteId,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `body`, in HTML.
        body: String,
        /// `author`; absent without an `admin_id`.
        author: Participant,
        /// `user`.
        user: Participant,
    }
}

object! {
    /// A page of notes.
    ///
    /// Source: reference 1.4, "List Notes for a User".
    pub struct NoteList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `notes`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        notes: Vec<Note>,
        /// `pages`.
        pages: Pages,
    }
}
