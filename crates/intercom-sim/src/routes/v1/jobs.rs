//! Bulk jobs: many users or events in one request.
//!
//! Nothing published says how long a job takes, so the clock decides: each request to a job is a
//! task that waits two seconds, runs for two more, and takes effect when it is completed. A job is
//! completed as soon as its tasks are, which a further request undoes until the job closes after 15
//! minutes. Items that are refused are listed as errors; they do not make the job fail.

use intercom_api::ApiVersion;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::contact_lists::numbered_page;
use crate::routes::contacts::set_archived;
use crate::routes::v1::subject::{self, Who};
use crate::routes::v1::{events, users};
use crate::routes::{Call, Session, pages};
use crate::simulator::SimSettings;
use crate::workspace::Workspace;

/// How long a task waits, and how long it runs, in seconds.
const STEP: i64 = 2;
/// For so many seconds a job takes further requests.
const OPEN_FOR: i64 = 900;

/// A job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    id: String,
    kind: Kind,
    created_at: i64,
    tasks: Vec<Task>,
    failures: Vec<Failure>,
}

/// What a job is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Users,
    Events,
}

impl Kind {
    const fn data_type(self) -> &'static str {
        match self {
            Self::Users => "user",
            Self::Events => "event",
        }
    }
}

#[derive(Debug, Clone)]
struct Task {
    id: String,
    created_at: i64,
    n_items: usize,
    /// What is still to be done.
    items: Vec<Item>,
}

#[derive(Debug, Clone, Deserialize)]
struct Item {
    method: String,
    #[serde(default)]
    data_type: Option<String>,
    data: Box<RawValue>,
}

#[derive(Debug, Clone)]
struct Failure {
    id: u64,
    at: i64,
    item: Item,
    refusal: Refusal,
}

#[derive(Deserialize)]
struct Submission {
    items: Vec<Item>,
    #[serde(default)]
    job: Option<Existing>,
}

#[derive(Deserialize)]
struct Existing {
    id: String,
}

/// How far a job or task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Pending,
    Running,
    Completed,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
        }
    }
}

impl Task {
    const fn started_at(&self) -> i64 {
        self.created_at + STEP
    }

    const fn completed_at(&self) -> i64 {
        self.started_at() + STEP
    }

    fn state(&self, now: i64) -> State {
        if now < self.started_at() {
            State::Pending
        } else if now < self.completed_at() {
            State::Running
        } else {
            State::Completed
        }
    }

    fn render(&self, object: &mut Object<'_>, now: i64) {
        let state = self.state(now);
        object.field("id", &self.id).field("item_count", &self.n_items);
        object.field("state", state.as_str()).field("created_at", &self.created_at);
        let started_at = (state >= State::Running).then(|| self.started_at());
        let completed_at = (state == State::Completed).then(|| self.completed_at());
        object.field("started_at", &started_at).field("completed_at", &completed_at);
    }
}

impl Job {
    fn state(&self, now: i64) -> State {
        let of_tasks = || self.tasks.iter().map(|task| task.state(now));
        match (of_tasks().min(), of_tasks().max()) {
            (Some(State::Completed), _) | (None, _) => State::Completed,
            (_, Some(State::Pending)) => State::Pending,
            _ => State::Running,
        }
    }

    fn render(&self, object: &mut Object<'_>, app_id: &str, (now, origin): (i64, &str)) {
        let is_completed = self.state(now) == State::Completed;
        let last = self.tasks.iter().map(Task::completed_at).max();
        let completed_at = last.filter(|_| is_completed);
        let steps = self
            .tasks
            .iter()
            .flat_map(|task| [task.created_at, task.started_at(), task.completed_at()]);
        let updated_at = steps.filter(|at| *at <= now).max().unwrap_or(self.created_at);
        object.field("type", "job").field("id", &self.id).field("app_id", app_id);
        object.field("name", "api_bulk_job").field("state", self.state(now).as_str());
        object.field("created_at", &self.created_at).field("updated_at", &updated_at);
        object.field("closing_at", &(self.created_at + OPEN_FOR));
        object.field("completed_at", &completed_at);
        object.object("links", |links| {
            let url = format!("{origin}/jobs/{}", self.id);
            links.field("error", &format!("{url}/error")).field("self", &url);
        });
        object.list("tasks", &self.tasks, |out, task| json::object(out, |o| task.render(o, now)));
    }
}

pub(super) fn submit_users(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    submit(call, Kind::Users)
}

pub(super) fn submit_events(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    submit(call, Kind::Events)
}

fn submit(call: &mut Call<'_>, kind: Kind) -> Result<Answer, Refusal> {
    call.body()?;
    let Submission { items, job } = serde_json::from_slice(call.body).map_err(|_| {
        let message = "items must be a list of objects with method, data_type and data";
        Refusal::invalid(message).field("items")
    })?;
    for item in &items {
        let is_known = match kind {
            Kind::Users => matches!(&*item.method, "post" | "delete"),
            Kind::Events => item.method == "post",
        };
        if !is_known {
            return Err(Refusal::invalid("the method of an item is unknown").field("method"));
        }
        if item.data_type.as_deref().is_some_and(|given| given != kind.data_type()) {
            let message = format!("data_type must be {}", kind.data_type());
            return Err(Refusal::invalid(message).field("data_type"));
        }
    }
    let now = call.now;
    let place = match job {
        Some(Existing { id }) => open_job(call, &id, kind)?,
        None => {
            let id = format!("job_{:016x}", call.workspace.next_number());
            let (tasks, failures) = (Vec::new(), Vec::new());
            call.session.bulk_jobs.push(Job { id, kind, created_at: now, tasks, failures });
            call.session.bulk_jobs.len() - 1
        }
    };
    let id = format!("task_{:016x}", call.workspace.next_number());
    let job = call.session.bulk_jobs.get_mut(place).ok_or_else(job_not_found)?;
    job.tasks.push(Task { id, created_at: now, n_items: items.len(), items });
    let app_id = &call.workspace.profile.id_code;
    Ok(Answer::object(|object| job.render(object, app_id, (now, call.origin))))
}

/// The place of a job that takes further items.
fn open_job(call: &Call<'_>, id: &str, kind: Kind) -> Result<usize, Refusal> {
    let place = call.session.bulk_jobs.iter().position(|job| job.id == id);
    let place = place.ok_or_else(job_not_found)?;
    let fits = call
        .session
        .bulk_jobs
        .get(place)
        .is_some_and(|job| job.kind == kind && call.now < job.created_at + OPEN_FOR);
    if !fits {
        let message = "the job is closed, or about something else";
        return Err(Refusal::new(400, "bad_request", message));
    }
    Ok(place)
}

fn job_not_found() -> Refusal {
    Refusal::new(404, "job_not_found", "Job Not Found")
}

fn named<'c>(call: &'c Call<'_>) -> Result<&'c Job, Refusal> {
    let found = call.session.bulk_jobs.iter().find(|job| job.id == call.parameter(0));
    found.ok_or_else(job_not_found)
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let job = named(call)?;
    let app_id = &call.workspace.profile.id_code;
    Ok(Answer::object(|object| job.render(object, app_id, (call.now, call.origin))))
}

/// The items that were refused.
pub(super) fn errors(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let job = named(call)?;
    let page = numbered_page(call, job.failures.len())?;
    Ok(Answer::object(|object| {
        object.field("app_id", &*call.workspace.profile.id_code).field("job_id", &job.id);
        let shown = job.failures.get(page.range()).unwrap_or_default();
        object.list("items", shown, |out, failure| {
            json::object(out, |object| failure.render(object, job.kind));
        });
        page.render_pages(object, &pages::filtered(call, &format!("/jobs/{}/error", job.id)));
    }))
}

impl Failure {
    fn render(&self, object: &mut Object<'_>, kind: Kind) {
        object.field("type", "job_item").field("id", &self.id.to_string());
        object.field("updated_at", &self.at).field("method", &self.item.method);
        object.field("data_type", kind.data_type());
        object.raw("data", self.item.data.get().as_bytes());
        object.object("error", |error| {
            error.field("code", self.refusal.code).field("message", &self.refusal.message);
        });
    }
}

/// Does what jobs have to have done by `now`.
pub(crate) fn work(
    workspace: &mut Workspace,
    settings: &SimSettings,
    session: &mut Session,
    now: i64,
) {
    while let Some((at, place, task)) = next_due(session, now) {
        let Some(job) = session.bulk_jobs.get_mut(place) else { return };
        let kind = job.kind;
        let items = job.tasks.get_mut(task).map(|task| std::mem::take(&mut task.items));
        for item in items.into_iter().flatten() {
            let mut call = Call {
                // Nobody sees the answers.
                origin: "",
                workspace,
                settings,
                session,
                now: at,
                version: ApiVersion::V1_4,
                parameters: Vec::new(),
                query: &[],
                body: item.data.get().as_bytes(),
            };
            if let Err(refusal) = apply(&mut call, kind, &item.method) {
                let id = workspace.next_number();
                if let Some(job) = session.bulk_jobs.get_mut(place) {
                    job.failures.push(Failure { id, at, item, refusal });
                }
            }
        }
    }
}

/// The first task that should be completed and is not: when, its job, its place there.
fn next_due(session: &Session, now: i64) -> Option<(i64, usize, usize)> {
    let jobs = session.bulk_jobs.iter().enumerate();
    let tasks = jobs.flat_map(|(place, job)| {
        let waiting = job.tasks.iter().enumerate().filter(|(_, task)| !task.items.is_empty());
        waiting.map(move |(task, waiting)| (waiting.completed_at(), place, task))
    });
    tasks.filter(|(at, _, _)| *at <= now).min()
}

fn apply(call: &mut Call<'_>, kind: Kind, method: &str) -> Result<(), Refusal> {
    if kind == Kind::Events {
        return events::create(call).map(|_| ());
    }
    let body = call.body()?;
    if method == "delete" {
        let slot = subject::find_in(call, Who::Users, &body)?;
        set_archived(call, slot, true);
        return Ok(());
    }
    users::create_or_update(call, &body).map(|_| ())
}
