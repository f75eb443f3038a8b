//! The routes of API 1.4, over the same workspace as those of 2.x.
//!
//! A user is a contact of role user, a lead (a "contact" of 1.4) one of role lead; tags, companies,
//! conversations, notes, segments and events are the same objects in both lines. A path of one line
//! is refused in the other with `intercom_version_invalid`.
//!
//! The shapes are those that `intercom_api::v1` was written from. What none of its sources says is
//! decided here:
//!
//! - A `user_id` that nobody has finds the one user of the same e-mail address who has no `user_id`
//!   yet. Several users of one address are a 409 unless a `user_id` tells them apart.
//! - Writing to an archived user brings it back. A look-up by e-mail address that finds nobody
//!   answers an empty list, every other one 404.
//! - A lead's `user_id` is made of its id, so that it stays the same; a lead that 2.x gave an
//!   external id goes by that. A lead that becomes a user keeps its id.
//! - Unknown custom attributes are defined by the value written first. Lists and objects, names
//!   with `.` or `$`, and more than 250 attributes are refused, as in 2.x.
//! - Lists refuse more than 60 entries a page and pages behind the 10,000th entry; `limited` says
//!   that there are more. `created_since` counts back from the second of the call.
//! - A permanent deletion happens at once; one of an unknown id is accepted and deletes nothing.
//! - `GET /counts` of a type without `count` answers how many there are.
//! - Assignment rules give an unassigned conversation to the first team, or else the first admin.
//! - Bulk jobs: see [`jobs`].
//!
//! There is nothing about visitors, because `intercom_api::v1` has no operation for them.

mod admins;
mod companies;
mod conversations;
mod counts;
mod events;
pub(crate) mod jobs;
mod leads;
mod messages;
mod notes;
mod people;
mod person;
mod replies;
mod subject;
mod tags;
mod users;
mod write;

use super::{Route, delete, get, legacy, people as segments, post, put};

/// Every route of 1.4; the first that fits answers, so fixed segments stand before parameters.
pub(super) const ROUTES: &[Route] = &[
    legacy(get("/me", admins::me)),
    legacy(get("/admins", admins::list)),
    legacy(get("/admins/{id}", admins::show)),
    legacy(get("/users", users::find)),
    legacy(post("/users", users::write)),
    legacy(delete("/users", users::archive_named)),
    legacy(get("/users/scroll", users::scroll)),
    legacy(get("/users/{id}", users::show)),
    legacy(delete("/users/{id}", users::archive)),
    legacy(post("/user_delete_requests", users::delete)),
    legacy(get("/contacts", leads::find)),
    legacy(post("/contacts", leads::write)),
    legacy(post("/contacts/convert", leads::convert)),
    legacy(get("/contacts/scroll", leads::scroll)),
    legacy(get("/contacts/{id}", leads::show)),
    legacy(delete("/contacts/{id}", leads::archive)),
    legacy(get("/companies", companies::find)),
    legacy(post("/companies", companies::write)),
    legacy(get("/companies/scroll", companies::scroll)),
    legacy(get("/companies/{id}", companies::show)),
    legacy(get("/companies/{id}/users", companies::users)),
    legacy(get("/tags", tags::list)),
    legacy(post("/tags", tags::write)),
    legacy(delete("/tags/{id}", tags::delete)),
    legacy(get("/segments", segments::segments)),
    legacy(get("/segments/{id}", segments::segment)),
    legacy(get("/notes", notes::list)),
    legacy(post("/notes", notes::create)),
    legacy(get("/notes/{id}", notes::show)),
    legacy(get("/counts", counts::show)),
    legacy(get("/events", events::list)),
    legacy(post("/events", events::create)),
    legacy(post("/bulk/users", jobs::submit_users)),
    legacy(post("/bulk/events", jobs::submit_events)),
    legacy(get("/jobs/{id}", jobs::show)),
    legacy(get("/jobs/{id}/error", jobs::errors)),
    legacy(post("/messages", messages::create)),
    legacy(get("/conversations", conversations::list)),
    legacy(get("/conversations/{id}", conversations::show)),
    legacy(put("/conversations/{id}", conversations::update)),
    legacy(post("/conversations/{id}/reply", replies::reply)),
    legacy(post("/conversations/{id}/run_assignment_rules", replies::run_assignment_rules)),
];

/// The path of 2.x that does the same work: a call of 1.4 needs the same scope.
pub(super) fn twin(path: &str) -> &str {
    match path {
        "/users/{id}" => "/contacts/{id}",
        "/users"
        | "/users/scroll"
        | "/user_delete_requests"
        | "/bulk/users"
        | "/contacts/scroll" => "/contacts",
        "/bulk/events" => "/events",
        "/notes" => "/contacts/{id}/notes",
        "/jobs/{id}" | "/jobs/{id}/error" => "/jobs/status/{id}",
        path => path,
    }
}
