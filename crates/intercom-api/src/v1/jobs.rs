//! Bulk jobs: many users or events in one request, gone in 2.0.

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::handle::ContactHandle;
use crate::id::{Id, JobId, WorkspaceId};
use crate::open::open_enum;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged};
use crate::v1::events::SubmitEvent;
use crate::v1::person::{Pages, Subject};
use crate::v1::users::CreateOrUpdateUser;

/// What a job does with one user.
///
/// Source: intercom-go v2 `JobItem`; intercom-node, `bulk.js`.
#[derive(Clone, PartialEq)]
pub enum UserJobItem {
    /// Creates or updates the user.
    Post(Box<CreateOrUpdateUser>),
    /// Archives the user.
    Delete(ContactHandle),
}

impl Serialize for UserJobItem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Post(user) => Item::new("post", "user", user).serialize(serializer),
            Self::Delete(user) => Item::new("delete", "user", Subject(user)).serialize(serializer),
        }
    }
}

/// `POST /bulk/users`: begins a job, or adds to one that is not closed; answers before it is done.
///
/// Source: intercom-go v2 `JobAPI.save`; intercom-node, `bulk.js`; intercom-php
/// `IntercomBulk`.
#[derive(Clone, PartialEq)]
pub struct SubmitUserJob {
    /// `items`.
    pub items: Vec<UserJobItem>,
    /// `job`: the one to add to.
    pub job_id: Option<JobId>,
}

impl SubmitUserJob {
    /// With what has to be sent.
    pub fn new(items: Vec<UserJobItem>) -> Self {
        Self { items, job_id: None }
    }
}

operation! {
    SubmitUserJob(Once, Post, "/bulk/users") -> Job;
    |call, request| { request.set_json(&Submission::new(&call.items, call.job_id.as_ref()))?; }
}
opaque_debug!(SubmitUserJob { job_id });

/// `POST /bulk/events`: begins a job, or adds to one that is not closed; answers before it is done.
///
/// Source: intercom-ruby, `event_spec.rb`; intercom-go v2 `JobAPI.save`.
#[derive(Clone, PartialEq)]
pub struct SubmitEventJob {
    /// `items`.
    pub items: Vec<SubmitEvent>,
    /// `job`: the one to add to.
    pub job_id: Option<JobId>,
}

impl SubmitEventJob {
    /// With what has to be sent.
    pub fn new(items: Vec<SubmitEvent>) -> Self {
        Self { items, job_id: None }
    }
}

operation! {
    SubmitEventJob(Once, Post, "/bulk/events") -> Job;
    |call, request| {
        let items: Vec<_> =
            call.items.iter().map(|event| Item::new("post", "event", event)).collect();
        request.set_json(&Submission::new(&items, call.job_id.as_ref()))?;
    }
}
opaque_debug!(SubmitEventJob { job_id });

/// `GET /jobs/{job_id}`.
///
/// Source: intercom-ruby, `job_spec.rb`; intercom-node, `job.js`.
#[derive(Clone, PartialEq)]
pub struct RetrieveJob {
    /// `job_id`.
    pub job_id: JobId,
}

impl RetrieveJob {
    /// With what has to be sent.
    pub fn new(job_id: JobId) -> Self {
        Self { job_id }
    }
}

operation! { RetrieveJob(Read, Get, "/jobs/{job_id}": job_id) -> Job }
opaque_debug!(RetrieveJob { job_id });

/// `GET /jobs/{job_id}/error`: the items that failed.
///
/// Source: intercom-ruby, `job_spec.rb`; intercom-java 2.x `Job.listJobErrorFeed`.
#[derive(Clone, PartialEq)]
pub struct ListJobErrors {
    /// `job_id`.
    pub job_id: JobId,
}

impl ListJobErrors {
    /// With what has to be sent.
    pub fn new(job_id: JobId) -> Self {
        Self { job_id }
    }
}

operation! { ListJobErrors(Read, Get, "/jobs/{job_id}/error": job_id) -> JobErrorList }
paged! { ListJobErrors: NextUrl, "items" of FailedJobItem }
opaque_debug!(ListJobErrors { job_id });

open_enum! {
    /// How far a job or task is.
    ///
    /// Source: intercom-go v2 `JobState`.
    pub enum JobState {
        /// `pending`.
        Pending = "pending",
        /// `running`.
        Running = "running",
        /// `completed`.
        Completed = "completed",
        /// `failed`.
        Failed = "failed",
    }
}

object! {
    /// A job.
    ///
    /// Source: intercom-ruby, `job_spec.rb`; intercom-go v2, `job.json`; an answer in
    /// intercom-php #174. All call the state `state`; the type in intercom-go v2 says `job_state`.
    pub struct Job [id, app_id, state] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: JobId,
        /// `app_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        app_id: WorkspaceId,
        /// `name`.
        name: String,
        /// `state`.
        state: JobState,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `closing_at`, unix seconds: until then items can be added.
        closing_at: Timestamp,
        /// `completed_at`, unix seconds.
        completed_at: Timestamp,
        /// `links`.
        links: JobLinks,
        /// `tasks`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        tasks: Vec<JobTask>,
    }
}

object! {
    /// Where a job is found.
    ///
    /// Source: intercom-ruby, `job_spec.rb`.
    pub struct JobLinks {
        /// `self`.
        #[serde(rename = "self")]
        job: String,
        /// `error`: the items that failed, see [`ListJobErrors`].
        error: String,
    }
}

object! {
    /// A part of a job.
    ///
    /// Source: intercom-ruby, `job_spec.rb`.
    pub struct JobTask [id, state] {
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `item_count`.
        item_count: i64,
        /// `state`.
        state: JobState,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `started_at`, unix seconds.
        started_at: Timestamp,
        /// `completed_at`, unix seconds.
        completed_at: Timestamp,
    }
}

object! {
    /// The items that failed.
    ///
    /// Source: intercom-ruby, `job_spec.rb`; intercom-java 2.x `JobItemCollection`.
    pub struct JobErrorList [job_id] {
        /// `app_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        app_id: WorkspaceId,
        /// `job_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        job_id: JobId,
        /// `items`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        items: Vec<FailedJobItem>,
        /// `pages`.
        pages: Pages,
    }
}

object! {
    /// An item that failed.
    ///
    /// Source: intercom-java 2.x `JobItem`.
    pub struct FailedJobItem [id, method, data_type] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `method`: `post` or `delete`.
        method: String,
        /// `data_type`: `user` or `event`.
        data_type: String,
        /// `error`.
        error: JobItemError,
        /// `data`, as it was sent.
        data: Value,
    }
}

object! {
    /// Why an item failed.
    ///
    /// Source: intercom-java 2.x `Error`, which is that of every refusal.
    pub struct JobItemError [code] {
        /// `code`.
        code: String,
        /// `message`.
        message: String,
    }
}

#[derive(Serialize)]
struct Item<T: Serialize> {
    method: &'static str,
    data_type: &'static str,
    data: T,
}

impl<T: Serialize> Item<T> {
    fn new(method: &'static str, data_type: &'static str, data: T) -> Self {
        Self { method, data_type, data }
    }
}

#[derive(Serialize)]
struct Submission<'a, T: Serialize> {
    items: &'a [T],
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Existing<'a>>,
}

#[derive(Serialize)]
struct Existing<'a> {
    id: &'a JobId,
}

impl<'a, T: Serialize> Submission<'a, T> {
    fn new(items: &'a [T], job_id: Option<&'a JobId>) -> Self {
        Self { items, job: job_id.map(|id| Existing { id }) }
    }
}
