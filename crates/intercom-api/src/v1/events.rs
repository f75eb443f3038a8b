//! Events.

use serde::Serialize;

use crate::attributes::Extra;
use crate::handle::ContactHandle;
use crate::id::{ContactId, Id};
use crate::metadata::Metadata;
use crate::operation::Safety;
use crate::redact::opaque_debug;
use crate::timestamp::{DateTimeText, Timestamp};
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::person::Pages;

/// `POST /events`: says that a user did something; answers 202 without a body.
///
/// Of `id`, `user_id` and `email` at least one is needed, `id` for a lead. The same name and second
/// of the same user is the same event, so it may be repeated as long as it says when it happened.
///
/// Source: reference 1.3, "Submitting Events"; intercom-ruby, `event_spec.rb`, for `id`. All of
/// them call the instant `created_at`; the legacy event transformation sends `created`, with
/// `user_id` and `email` together.
#[derive(Clone, PartialEq, Serialize)]
pub struct SubmitEvent {
    /// `event_name`.
    pub event_name: String,
    /// `created_at`, unix seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// `created`, unix seconds: what the legacy event transformation calls `created_at`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// `id`: Intercom's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ContactId>,
    /// `user_id`: what the customer's own system calls the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<Id>,
    /// `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// `metadata`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Metadata>,
    /// Further fields of the body: unknown ones, and null for one to be cleared.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SubmitEvent {
    /// With what has to be sent, beside one of the ids.
    pub fn new(event_name: String) -> Self {
        Self {
            event_name,
            created_at: None,
            created: None,
            id: None,
            user_id: None,
            email: None,
            metadata: None,
            extra: Extra::new(),
        }
    }
}

operation! {
    SubmitEvent(Idempotent, Post, "/events") -> ();
    |call, request| {
        if call.created_at.is_none() && call.created.is_none() {
            request.safety = Safety::Once;
        }
        request.set_json(call)?;
    }
}
opaque_debug!(SubmitEvent { id });

/// `GET /events`: the events of a user or lead in the last 90 days.
///
/// Source: the undated reference, "List user events", for the parameters; intercom-ruby,
/// `event_spec.rb`, for the next page.
#[derive(Clone, PartialEq)]
pub struct ListUserEvents {
    /// Whose events.
    pub user: ContactHandle,
    /// `per_page`: 50 by default.
    pub per_page: Option<i64>,
}

impl ListUserEvents {
    /// With what has to be sent.
    pub fn new(user: ContactHandle) -> Self {
        Self { user, per_page: None }
    }
}

operation! {
    ListUserEvents(Read, Get, "/events") -> EventList;
    |call, request| {
        request.set_query("type", "user");
        call.user.set_query(request);
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListUserEvents: NextUrl, "events" of Event }
opaque_debug!(ListUserEvents { user });

/// `GET /events` with `summary`: how often a user or lead did what, ever.
///
/// Source: reference 1.4, "View User Event Summaries".
#[derive(Clone, PartialEq)]
pub struct ListUserEventSummaries {
    /// Whose events.
    pub user: ContactHandle,
}

impl ListUserEventSummaries {
    /// With what has to be sent.
    pub fn new(user: ContactHandle) -> Self {
        Self { user }
    }
}

operation! {
    ListUserEventSummaries(Read, Get, "/events") -> EventSummaryList;
    |call, request| {
        request.set_query("type", "user");
        call.user.set_query(request);
        request.set_query("summary", "true");
    }
}
paged! { ListUserEventSummaries: Single, "events" of EventSummary }
opaque_debug!(ListUserEventSummaries { user });

object! {
    /// An event.
    ///
    /// Source: intercom-java 2.x, `events.json`; the undated reference, "List user events", which
    /// sends no ids.
    pub struct Event [id, intercom_user_id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `event_name`.
        event_name: String,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `user_id`: what the customer's own system calls the user.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        user_id: Id,
        /// `email`.
        email: String,
        /// `intercom_user_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        intercom_user_id: ContactId,
        /// `metadata`.
        metadata: Metadata,
    }
}

object! {
    /// A page of events.
    ///
    /// Source: the undated reference, "List user events"; intercom-java 2.x, `events.json`.
    pub struct EventList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `events`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        events: Vec<Event>,
        /// `pages`; the URLs go on by `before` and `since`, in milliseconds.
        pages: Pages,
    }
}

object! {
    /// How often something was done.
    ///
    /// Source: reference 1.4, "View User Event Summaries"; intercom-java 2.x, `event_summary.json`.
    pub struct EventSummary {
        /// `name`.
        name: String,
        /// `count`.
        count: i64,
        /// `first`: when it was first done.
        first: DateTimeText,
        /// `last`: when it was last done.
        last: DateTimeText,
        /// `description`.
        description: String,
    }
}

object! {
    /// How often a user or lead did what.
    ///
    /// Source: reference 1.4, "View User Event Summaries"; intercom-java 2.x, `event_summary.json`.
    pub struct EventSummaryList [intercom_user_id] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `email`.
        email: String,
        /// `intercom_user_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        intercom_user_id: ContactId,
        /// `user_id`: what the customer's own system calls the user.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        user_id: Id,
        /// `events`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        events: Vec<EventSummary>,
    }
}
