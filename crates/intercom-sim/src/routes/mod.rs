//! The routes and what they have in common.

mod activities;
mod activity_logs;
mod calls;
mod companies;
mod contact_lists;
mod contacts;
pub(crate) mod conversation_actions;
pub(crate) mod conversations;
mod data_attributes;
pub(crate) mod events;
mod exports;
mod fields;
mod merging;
pub(crate) mod pages;
mod participants;
mod people;
mod redaction;
mod reporting;
mod scroll;
mod subject;
mod subscriptions;
mod tags;
mod ticket_actions;
mod tickets;
pub(crate) mod v1;

use std::borrow::Cow;
use std::collections::BTreeSet;

use intercom_api::{ApiVersion, Method, Scope, VersionRange, required_scope};
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::simulator::SimSettings;
use crate::workspace::Workspace;
use crate::workspace::misfit::{self, Misfit};
use crate::workspace::table::Slot;

/// One call of the API.
pub(crate) struct Call<'a> {
    pub(crate) workspace: &'a mut Workspace,
    pub(crate) settings: &'a SimSettings,
    pub(crate) session: &'a mut Session,
    pub(crate) now: i64,
    /// Where the URLs in the answer point: scheme, host and port.
    pub(crate) origin: &'a str,
    pub(crate) version: ApiVersion,
    /// What stands in the path where the route has braces, decoded.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: &'a [(Cow<'static, str>, String)],
    pub(crate) body: &'a [u8],
}

/// What the server remembers between calls, besides the workspace.
#[derive(Debug, Clone, Default)]
pub(crate) struct Session {
    pub(crate) scrolls: scroll::Scrolls,
    /// The largest id of a job that was handed out.
    pub(crate) last_job: u64,
    pub(crate) exports: Vec<exports::Export>,
    pub(crate) reports: Vec<reporting::ReportExport>,
    /// Conversations that were deleted, the last one last.
    pub(crate) deleted: Vec<conversations::Deleted>,
    /// The bulk jobs of 1.4, the last one last.
    pub(crate) bulk_jobs: Vec<v1::jobs::Job>,
}

/// A route of the API.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// The path with its parameters in braces.
    pub(crate) path: &'static str,
    /// The versions that have it.
    pub(crate) versions: VersionRange,
    pub(crate) run: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
}

impl Route {
    /// The route as statistics and faults name it: routes of 1.4 say so, because paths coincide.
    pub(crate) fn name(&self) -> String {
        let line = if self.is_legacy() { "1.4 " } else { "" };
        format!("{line}{} {}", self.method, self.path)
    }

    /// The scope that it asks for.
    pub(crate) fn scope(&self) -> Option<Scope> {
        let path = if self.is_legacy() { v1::twin(self.path) } else { self.path };
        required_scope(self.method, path)
    }

    fn is_legacy(&self) -> bool {
        self.versions == LEGACY
    }
}

type Run = fn(&mut Call<'_>) -> Result<Answer, Refusal>;

const fn get(path: &'static str, run: Run) -> Route {
    Route { method: Method::Get, path, versions: VersionRange::ALL, run }
}

const fn post(path: &'static str, run: Run) -> Route {
    Route { method: Method::Post, path, versions: VersionRange::ALL, run }
}

const fn put(path: &'static str, run: Run) -> Route {
    Route { method: Method::Put, path, versions: VersionRange::ALL, run }
}

const fn delete(path: &'static str, run: Run) -> Route {
    Route { method: Method::Delete, path, versions: VersionRange::ALL, run }
}

const fn since(since: ApiVersion, route: Route) -> Route {
    Route { versions: VersionRange::since(since), ..route }
}

/// The versions of the routes in [`v1`].
const LEGACY: VersionRange = VersionRange::new(ApiVersion::V1_4, ApiVersion::V1_4);

const fn legacy(route: Route) -> Route {
    Route { versions: LEGACY, ..route }
}

/// Every route of 2.x; the first that fits answers, so fixed segments stand before parameters.
const ROUTES: &[Route] = &[
    get("/me", people::me),
    get("/admins", people::admins),
    get("/admins/activity_logs", activity_logs::list),
    since(ApiVersion::V2_16, post("/admins/activity_logs/search", activity_logs::search)),
    since(
        ApiVersion::V2_16,
        get("/admins/activity_log_event_types", activity_logs::kinds_of_entries),
    ),
    get("/admins/{id}", people::admin),
    get("/teams", people::teams),
    get("/teams/{id}", people::team),
    get("/segments", people::segments),
    get("/segments/{id}", people::segment),
    post("/contacts/search", contacts::search),
    since(ApiVersion::Preview, get("/contacts/activities", activities::list)),
    get("/contacts", contacts::list),
    post("/contacts", contacts::create),
    post("/contacts/merge", merging::merge),
    get("/contacts/find_by_external_id/{external_id}", contacts::find_by_external_id),
    get("/contacts/{id}", contacts::show),
    put("/contacts/{id}", contacts::update),
    delete("/contacts/{id}", contacts::delete),
    post("/contacts/{id}/archive", contacts::archive),
    post("/contacts/{id}/unarchive", contacts::unarchive),
    since(ApiVersion::V2_13, post("/contacts/{id}/block", merging::block)),
    since(ApiVersion::V2_16, get("/contacts/{id}/merge_history", merging::history)),
    get("/contacts/{id}/tags", contact_lists::tags),
    post("/contacts/{id}/tags", contact_lists::add_tag),
    delete("/contacts/{id}/tags/{tag_id}", contact_lists::remove_tag),
    get("/contacts/{id}/notes", contact_lists::notes),
    post("/contacts/{id}/notes", contact_lists::add_note),
    get("/contacts/{id}/companies", contact_lists::companies),
    post("/contacts/{id}/companies", contact_lists::add_company),
    delete("/contacts/{id}/companies/{company_id}", contact_lists::remove_company),
    get("/contacts/{id}/segments", contact_lists::segments),
    get("/contacts/{id}/subscriptions", subscriptions::of_contact),
    post("/contacts/{id}/subscriptions", subscriptions::attach),
    delete("/contacts/{id}/subscriptions/{subscription_id}", subscriptions::detach),
    get("/subscription_types", subscriptions::list),
    get("/notes/{id}", contact_lists::note),
    post("/conversations/search", conversations::search),
    get("/conversations", conversations::list),
    post("/conversations", conversations::create),
    since(ApiVersion::V2_16, get("/conversations/attributes", data_attributes::of_conversations)),
    since(ApiVersion::V2_16, get("/conversations/deleted", conversations::deleted)),
    post("/conversations/redact", redaction::redact),
    get("/conversations/{id}", conversations::show),
    put("/conversations/{id}", conversations::update),
    since(ApiVersion::V2_11, delete("/conversations/{id}", conversations::delete)),
    post("/conversations/{id}/reply", conversation_actions::reply),
    post("/conversations/{id}/parts", conversation_actions::manage),
    post("/conversations/{id}/tags", conversation_actions::add_tag),
    delete("/conversations/{id}/tags/{tag_id}", conversation_actions::remove_tag),
    post("/conversations/{id}/customers", participants::attach),
    delete("/conversations/{id}/customers/{contact_id}", participants::detach),
    post("/messages", conversation_actions::message),
    get("/companies", companies::find),
    post("/companies", companies::create_or_update),
    post("/companies/list", companies::list),
    since(ApiVersion::Preview, post("/companies/search", companies::search)),
    get("/companies/scroll", companies::scroll),
    get("/companies/{id}", companies::show),
    put("/companies/{id}", companies::update),
    delete("/companies/{id}", companies::delete),
    get("/companies/{id}/contacts", companies::contacts),
    get("/companies/{id}/segments", companies::segments),
    get("/companies/{id}/notes", companies::notes),
    since(ApiVersion::V2_9, get("/ticket_types", tickets::types)),
    since(ApiVersion::V2_9, get("/ticket_types/{id}", tickets::show_type)),
    since(ApiVersion::V2_10, post("/tickets/search", tickets::search)),
    since(ApiVersion::V2_14, post("/tickets/enqueue", ticket_actions::enqueue)),
    since(ApiVersion::V2_9, post("/tickets", tickets::create)),
    since(ApiVersion::V2_10, post("/tickets/{id}/reply", ticket_actions::reply)),
    since(ApiVersion::V2_10, post("/tickets/{id}/tags", ticket_actions::add_tag)),
    since(ApiVersion::V2_10, delete("/tickets/{id}/tags/{tag_id}", ticket_actions::remove_tag)),
    since(ApiVersion::V2_16, post("/tickets/{id}/linked_conversations", ticket_actions::link)),
    since(
        ApiVersion::V2_16,
        delete("/tickets/{id}/linked_conversations/{conversation_id}", ticket_actions::unlink),
    ),
    since(ApiVersion::V2_9, get("/tickets/{id}", tickets::show)),
    since(ApiVersion::V2_9, put("/tickets/{id}", tickets::update)),
    since(ApiVersion::V2_16, delete("/tickets/{id}", tickets::delete)),
    get("/tags", tags::list),
    post("/tags", tags::write),
    get("/tags/{id}", tags::show),
    delete("/tags/{id}", tags::delete),
    get("/data_attributes", data_attributes::list),
    post("/data_attributes", data_attributes::create),
    put("/data_attributes/{id}", data_attributes::update),
    post("/events", events::create),
    get("/events", events::list),
    post("/events/summaries", events::write_summary),
    get("/jobs/status/{id}", people::job),
    post("/export/content/data", exports::create),
    get("/export/content/data/{job_identifier}", exports::show),
    post("/export/cancel/{job_identifier}", exports::cancel),
    get("/download/content/data/{job_identifier}", exports::download),
    since(ApiVersion::V2_14, post("/export/reporting_data/enqueue", reporting::enqueue)),
    since(ApiVersion::V2_14, get("/export/reporting_data/get_datasets", reporting::datasets)),
    since(ApiVersion::V2_14, get("/export/reporting_data/{job_identifier}", reporting::show)),
    since(ApiVersion::V2_14, get("/download/reporting_data/{job_identifier}", reporting::download)),
    since(ApiVersion::V2_14, get("/calls", calls::list)),
    since(ApiVersion::V2_14, post("/calls/search", calls::search)),
    since(ApiVersion::V2_14, get("/calls/{id}", calls::show)),
    since(ApiVersion::V2_14, get("/calls/{id}/recording", calls::recording)),
    since(ApiVersion::V2_14, get("/calls/{id}/transcript", calls::transcript)),
];

/// The name of every route.
pub(crate) fn names() -> impl Iterator<Item = String> {
    ROUTES.iter().chain(v1::ROUTES).map(Route::name)
}

/// The route of a path, and what its parameters are. What the version's own line does not have may
/// be a route of the other, which the version does not have either.
pub(crate) fn find(
    version: ApiVersion,
    method: Method,
    path: &str,
) -> Option<(&'static Route, Vec<String>)> {
    let path = path.strip_suffix('/').unwrap_or(path);
    let (own, other) = match LEGACY.contains(version) {
        true => (v1::ROUTES, ROUTES),
        false => (ROUTES, v1::ROUTES),
    };
    let all = own.iter().chain(other).filter(|route| route.method == method);
    let mut fitting = all.filter_map(|route| Some((route, parameters(route, path)?)));
    fitting.next()
}

/// Why no route answers: the path takes other methods, or none of the simulator's routes has it.
pub(crate) fn missing(version: ApiVersion, path: &str) -> Refusal {
    let path = path.strip_suffix('/').unwrap_or(path);
    let own = if LEGACY.contains(version) { v1::ROUTES } else { ROUTES };
    let fitting = own.iter().filter(|route| route.versions.contains(version));
    let fitting = fitting.filter(|route| parameters(route, path).is_some());
    let methods: BTreeSet<&str> = fitting.map(|route| route.method.as_str()).collect();
    if methods.is_empty() {
        let message = "this route is not simulated; GET /__sim/routes lists those that are";
        return Refusal::new(404, "route_not_simulated", message);
    }
    let methods = methods.into_iter().collect::<Vec<_>>().join(", ");
    let message = format!("this path takes {methods}");
    Refusal::new(405, "method_not_allowed", message).header("Allow", methods)
}

fn parameters(route: &Route, path: &str) -> Option<Vec<String>> {
    let mut parameters = Vec::new();
    let mut given = path.split('/');
    for expected in route.path.split('/') {
        let segment = given.next()?;
        if expected.starts_with('{') {
            let decoded = percent_decode(segment)?;
            if decoded.is_empty() {
                return None;
            }
            parameters.push(decoded);
        } else if segment != expected {
            return None;
        }
    }
    given.next().is_none().then_some(parameters)
}

fn percent_decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        if first == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            rest = tail;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
        } else {
            bytes.push(first);
        }
    }
    String::from_utf8(bytes).ok()
}

impl Call<'_> {
    /// The URL of a path, which may have a query.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// A parameter of the path.
    fn parameter(&self, position: usize) -> &str {
        self.parameters.get(position).map_or("", String::as_str)
    }

    /// A parameter of the query; an empty one counts as absent.
    fn query(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let found = pairs.find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty())
    }

    /// The body, which must be an object.
    fn body(&self) -> Result<Map<String, Value>, Refusal> {
        match serde_json::from_slice(self.body) {
            Ok(Value::Object(fields)) => Ok(fields),
            Ok(_) => Err(Refusal::new(400, "bad_request", "the body must be a JSON object")),
            Err(_) => Err(Refusal::new(400, "bad_request", "the body is not valid JSON")),
        }
    }

    /// The contact named by the first parameter.
    fn contact(&self) -> Result<Slot, Refusal> {
        let found = self.workspace.find_contact(self.parameter(0));
        found.ok_or_else(|| Refusal::not_found("User"))
    }

    /// The conversation named by the first parameter.
    fn conversation(&self) -> Result<Slot, Refusal> {
        let found = self.workspace.conversations.find(self.parameter(0));
        found.ok_or_else(|| Refusal::not_found("Resource"))
    }

    /// The tag that the body names by id.
    fn tag(&self, id: &str) -> Result<u32, Refusal> {
        self.workspace.tags.find(id).ok_or_else(|| Refusal::not_found("Resource"))
    }
}

/// An id that the body must have.
fn required_id(body: &Map<String, Value>, name: &str) -> Result<String, Refusal> {
    body.get(name).and_then(misfit::id).ok_or_else(|| Refusal::missing(name))
}

/// A text that the body must have.
fn required_text<'b>(body: &'b Map<String, Value>, name: &str) -> Result<&'b str, Refusal> {
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::missing(name))
}

impl From<Misfit> for Refusal {
    fn from(misfit: Misfit) -> Self {
        Self::invalid(misfit.to_string()).field(misfit.field)
    }
}
