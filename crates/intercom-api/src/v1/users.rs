//! Users.

use serde::Serialize;

use crate::attributes::{Attributes, Extra};
use crate::handle::ContactHandle;
use crate::id::{ContactId, Id, SegmentId, TagId};
use crate::operation::Safety;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::companies::UserCompany;
use crate::v1::person::{Avatar, Pages, Person, UniqueHandle};

/// `POST /users`: creates the user or updates the one that `id`, `user_id` or `email` finds.
///
/// May be repeated unless it counts a session.
///
/// Source: reference 1.1, "Create or Update User", and 1.0, "Updating the Last Seen Time";
/// intercom-go v2 `requestUser`; the legacy event transformation for several identifiers at once.
#[derive(Clone, Default, PartialEq, Serialize)]
pub struct CreateOrUpdateUser {
    /// `id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ContactId>,
    /// `user_id`: what the customer's own system calls the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `phone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `avatar`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<Avatar>,
    /// `signed_up_at`, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_up_at: Option<Timestamp>,
    /// `remote_created_at`, unix seconds: an older name of `signed_up_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote_created_at: Option<Timestamp>,
    /// `last_request_at`, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_request_at: Option<Timestamp>,
    /// `update_last_request_at`: the user was seen when the request arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub update_last_request_at: Option<bool>,
    /// `new_session`: adds one to the user's sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_session: Option<bool>,
    /// `last_seen_ip`, from which the location is derived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_ip: Option<String>,
    /// `last_seen_user_agent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_seen_user_agent: Option<String>,
    /// `unsubscribed_from_emails`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribed_from_emails: Option<bool>,
    /// `companies` to attach the user to, or to detach it from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companies: Option<Vec<UserCompany>>,
    /// `custom_attributes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_attributes: Option<Attributes>,
    /// Further fields of the body: unknown ones, and null for one to be cleared.
    #[serde(flatten)]
    pub extra: Extra,
}

operation! {
    CreateOrUpdateUser(Idempotent, Post, "/users") -> Person;
    |call, request| {
        if call.new_session == Some(true) {
            request.safety = Safety::Once;
        }
        request.set_json(call)?;
    }
}
opaque_debug!(CreateOrUpdateUser { id });

/// `GET /users` with a `user_id`, or `GET /users/{user_id}` with Intercom's id.
///
/// The users who share an e-mail address are a list: [`ListUsers::email`].
///
/// Source: reference 1.2, "View a User"; changelog 1.1 for the e-mail address.
#[derive(Clone, PartialEq)]
pub struct RetrieveUser {
    /// Which user.
    pub user: UniqueHandle,
}

impl RetrieveUser {
    /// With what has to be sent.
    pub fn new(user: UniqueHandle) -> Self {
        Self { user }
    }
}

operation! { RetrieveUser(Read, Get, "/users" or "/users/{user_id}" by user) -> Person }
opaque_debug!(RetrieveUser { user });

/// `GET /users`; at most 10 000 of them, see [`ScrollUsers`].
///
/// Source: reference 1.2, "List Users", and 1.4, "List by Tag, Segment, Company". Sorting and
/// `created_since` are for the list of all users; tag and segment exclude each other.
#[derive(Clone, Default, PartialEq)]
pub struct ListUsers {
    /// `email`: the users who have this address, leads excluded.
    pub email: Option<String>,
    /// `phone`.
    pub phone: Option<String>,
    /// `tag_id`.
    pub tag_id: Option<TagId>,
    /// `segment_id`.
    pub segment_id: Option<SegmentId>,
    /// `created_since`, in days before today.
    pub created_since: Option<i64>,
    /// `sort`: `created_at`, `last_request_at`, `signed_up_at` or `updated_at`.
    pub sort: Option<String>,
    /// `order`: `asc` or `desc`, which is the default.
    pub order: Option<String>,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`: at most 60, 50 by default.
    pub per_page: Option<i64>,
}

operation! {
    ListUsers(Read, Get, "/users") -> UserList;
    |call, request| {
        set_query(request, "email", call.email.as_ref());
        set_query(request, "phone", call.phone.as_ref());
        set_query(request, "tag_id", call.tag_id.as_ref());
        set_query(request, "segment_id", call.segment_id.as_ref());
        set_query(request, "created_since", call.created_since.as_ref());
        set_query(request, "sort", call.sort.as_ref());
        set_query(request, "order", call.order.as_ref());
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListUsers: NextUrl, "users" of Person }
opaque_debug!(ListUsers);

/// `GET /users/scroll`: all users, a hundred at a time, until a page is empty.
///
/// A workspace has one open scroll, which ends after a minute without a request.
///
/// Source: reference 1.1, "Scroll over all users".
#[derive(Clone, Default, PartialEq)]
pub struct ScrollUsers {
    /// `scroll_param` of the page before; none to begin.
    pub scroll_param: Option<String>,
}

operation! {
    ScrollUsers(Once, Get, "/users/scroll") -> UserList;
    |call, request| { set_query(request, "scroll_param", call.scroll_param.as_ref()); }
}
paged! { ScrollUsers: Scroll, "users" of Person }
opaque_debug!(ScrollUsers);

/// `DELETE /users` or `DELETE /users/{user_id}`: archives the user, and answers with it.
///
/// Source: reference 1.1, "Archive a user"; intercom-node, `user.js`.
#[derive(Clone, PartialEq)]
pub struct DeleteUser {
    /// Which user.
    pub user: ContactHandle,
}

impl DeleteUser {
    /// With what has to be sent.
    pub fn new(user: ContactHandle) -> Self {
        Self { user }
    }
}

operation! { DeleteUser(Idempotent, Delete, "/users" or "/users/{user_id}" by user) -> Person }
opaque_debug!(DeleteUser { user });

/// `POST /user_delete_requests`: has a user or lead deleted for good, within 90 days.
///
/// Wants Intercom's id; with an id of the customer's own nothing is found, hence nothing deleted.
///
/// Source: reference 1.3, "Permanently delete a user".
#[derive(Clone, PartialEq, Serialize)]
pub struct RequestPermanentDeletion {
    /// `intercom_user_id`.
    pub intercom_user_id: ContactId,
}

impl RequestPermanentDeletion {
    /// With what has to be sent.
    pub fn new(intercom_user_id: ContactId) -> Self {
        Self { intercom_user_id }
    }
}

operation! {
    RequestPermanentDeletion(Idempotent, Post, "/user_delete_requests") -> DeletionRequest; body
}
opaque_debug!(RequestPermanentDeletion { intercom_user_id });

object! {
    /// A page of users; leads are among them in a list by tag, segment or company.
    ///
    /// Source: reference 1.2, "List Users"; changelog 1.1 for `limited`; reference 1.1, "Scroll
    /// over all users", for `scroll_param`.
    pub struct UserList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `users`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        users: Vec<Person>,
        /// `total_count`.
        total_count: i64,
        /// `limited`.
        limited: bool,
        /// `pages`.
        pages: Pages,
        /// `scroll_param`, of a scroll.
        scroll_param: String,
    }
}

object! {
    /// The receipt of a permanent deletion.
    ///
    /// Source: reference 1.3, "Permanently delete a user"; intercom-java 2.x,
    /// `permanent_delete_response.json`.
    pub struct DeletionRequest [id] {
        /// `id` of the request; a number.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
    }
}
