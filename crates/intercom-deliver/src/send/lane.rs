//! A lane: the events of some users, one after the other.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use intercom_api::{
    BuildError, ContactId, ErrorCode, Exchange, Method, Request, Response, Safety, Step,
};
use intercom_transform::{
    Class, Event, Failure, Notes, Outcome, Plan, Purpose, Rejection, Scratch, Tape, plan,
};
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::sleep;

use super::Shared;
use super::pauses::{Ticket, Verdict};
use super::records::{Became, Record};
use crate::planned::{open, push_json, push_outcome, push_text_field};

/// The lines of a lane that share look-ups and seconds.
const LINES_PER_BATCH: u64 = 4096;
/// How often a line may fail that alone fails.
const MAX_ALONE: u32 = 8;

/// A line to send.
pub(super) struct Job {
    pub(super) number: u64,
    pub(super) hash: u64,
    pub(super) text: Vec<u8>,
    pub(super) user: u64,
    /// An earlier run finished it: it only takes its second.
    pub(super) is_finished: bool,
    pub(super) _room: OwnedSemaphorePermit,
}

/// The events of some users.
pub(super) struct Lane {
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    tape: Tape,
    scratch: Scratch,
    /// Users with a line that was left behind.
    held: BTreeSet<u64>,
}

/// How a line ended.
enum Ending {
    Done(Outcome, Box<Plan>),
    /// It can never be sent.
    Unsendable(String),
    LeftBehind(&'static str),
}

/// Why an attempt is to be repeated.
struct Trouble {
    reach: Reach,
    asked: Option<Duration>,
    reason: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Nobody's line would be accepted.
    Everybody,
    /// The API fails, for this line or for all.
    Unknown,
    /// Only this line is meant.
    Alone,
}

#[derive(Serialize)]
struct Refusal<'a> {
    code: &'static str,
    class: Class,
    path: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
}

impl Lane {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let stop = shared.stop.subscribe();
        let (tape, scratch) = (Tape::default(), Scratch::new());
        Self { shared, stop, tape, scratch, held: BTreeSet::new() }
    }

    /// Works until there are no more lines. Once the work is to stop, lines are only counted.
    pub(super) async fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut n_lines: u64 = 0;
        while let Some(job) = jobs.recv().await {
            if n_lines.is_multiple_of(LINES_PER_BATCH) {
                self.scratch.begin_batch();
            }
            n_lines += 1;
            // Also what is finished is planned: later events of the user must find its second taken.
            let planned = self.plan(&job);
            if job.is_finished {
                continue;
            }
            let record = match planned {
                Ok(plan) => self.deliver(&job, &plan).await,
                Err(rejection) => rejected(job.number, job.hash, &rejection, Some(&job.text)),
            };
            // The keeper outlives the lanes.
            let _ = self.shared.records.send(record).await;
        }
    }

    fn plan(&mut self, job: &Job) -> Result<Plan, Rejection> {
        let event = Event::parse(&job.text, &mut self.tape)?;
        plan(&event, &self.shared.settings, &mut self.scratch)
    }

    async fn deliver(&mut self, job: &Job, plan: &Plan) -> Record {
        let ending = match self.held.contains(&job.user) {
            true => Ending::LeftBehind("an earlier line of the user was left behind"),
            false => self.drive(job, plan).await,
        };
        match ending {
            Ending::Done(outcome, plan) => done(job, &outcome, &plan),
            Ending::Unsendable(message) => {
                let refusal = Refusal {
                    code: "call_failed",
                    class: Class::Instrumentation,
                    path: "",
                    message: &message,
                    status: None,
                };
                rejected(job.number, job.hash, &refusal, Some(&job.text))
            }
            Ending::LeftBehind(reason) => {
                self.held.insert(job.user);
                left_behind(job, reason)
            }
        }
    }

    /// Drives a plan until it ends in a way that repeating would not change.
    async fn drive(&mut self, job: &Job, planned: &Plan) -> Ending {
        let mut n_alone = 0;
        loop {
            let shared = &self.shared;
            let Some(ticket) = shared.pauses.enter(&mut self.stop).await else {
                return Ending::LeftBehind("the work was stopped");
            };
            let mut watched = Watched { plan: planned.clone(), accepted: &shared.accepted };
            let driven = shared.client.drive(&mut watched).await;
            let plan = watched.plan;
            let trouble = match driven {
                Ok(outcome) => match trouble(&outcome, &shared.accepted) {
                    None => {
                        shared.pauses.succeeded();
                        self.scratch.remember(&plan);
                        return Ending::Done(outcome, Box::new(plan));
                    }
                    Some(trouble) => trouble,
                },
                Err(error) if error.is_passing() => {
                    Trouble { reach: Reach::Everybody, asked: None, reason: causes(&error) }
                }
                Err(error) => return Ending::Unsendable(causes(&error)),
            };
            // While others are served, it is this line that the API cannot bear.
            let is_alone = match trouble.reach {
                Reach::Alone => true,
                Reach::Unknown => shared.pauses.has_served(ticket) || shared.answers().await,
                Reach::Everybody => false,
            };
            n_alone += u32::from(is_alone);
            if n_alone == MAX_ALONE {
                tracing::error!(line = job.number, "The line is left behind: {}.", trouble.reason);
                return Ending::LeftBehind("it failed again and again");
            }
            if !self.wait(job, ticket, &trouble, n_alone).await {
                return Ending::LeftBehind("nothing succeeded for too long");
            }
        }
    }

    /// Waits alone, or makes everybody wait; `false` when it is not worth it any more.
    async fn wait(&mut self, job: &Job, ticket: Ticket, trouble: &Trouble, n_alone: u32) -> bool {
        if trouble.reach == Reach::Alone {
            let own = Duration::from_secs(1 << n_alone.min(6));
            tokio::select! {
                () = sleep(trouble.asked.unwrap_or(own)) => {}
                _ = self.stop.wait_for(|stop| *stop) => {}
            }
            return true;
        }
        let pauses = &self.shared.pauses;
        match pauses.failed(ticket, job.number, trouble.asked, &trouble.reason) {
            Verdict::Wait => true,
            Verdict::GiveUp => {
                if !self.shared.gave_up.send_replace(true) {
                    tracing::error!(line = job.number, "Delivery gives up: {}.", trouble.reason);
                }
                self.shared.stop.send_replace(true);
                false
            }
        }
    }
}

impl Shared {
    /// Whether the API answers at all, whatever it says.
    async fn answers(&self) -> bool {
        let probe = Request::raw(Method::Get, Safety::Read, "/me", self.client.version());
        self.client.send(probe).await.is_ok_and(|answer| answer.status < 500)
    }
}

/// A plan whose accepted calls are remembered: what the token may do, it may do for every line.
struct Watched<'a> {
    plan: Plan,
    accepted: &'a AtomicU32,
}

impl Exchange for Watched<'_> {
    type Output = Outcome;

    fn next(&mut self) -> Result<Step<Outcome>, BuildError> {
        self.plan.next()
    }

    fn reply(&mut self, response: Response) {
        if let Some(purpose) = self.plan.purpose().filter(|_| response.is_success()) {
            self.accepted.fetch_or(bit(purpose), Ordering::Relaxed);
        }
        self.plan.reply(response);
    }
}

fn bit(purpose: Purpose) -> u32 {
    1 << purpose as u32
}

/// Why an outcome is not the last word; `None` when it is.
fn trouble(outcome: &Outcome, accepted: &AtomicU32) -> Option<Trouble> {
    let (asked, failure) = match outcome {
        Outcome::Retryable { after, failure } | Outcome::Throttled { after, failure } => {
            (*after, failure)
        }
        Outcome::Aborted { failure, .. } => (None, failure),
        Outcome::Delivered | Outcome::Suppressed | Outcome::Rejected(_) => return None,
    };
    let is_aborted = matches!(outcome, Outcome::Aborted { .. });
    let (reach, what) = match failure.status() {
        401 => (Reach::Everybody, "the API refuses the token".to_owned()),
        402 | 403 => (Reach::Everybody, missing_right(failure, accepted)?),
        _ if is_aborted => return None,
        429 => (Reach::Everybody, "the rate limit is used up".to_owned()),
        408 | 425 | 500.. => (Reach::Unknown, "the API fails".to_owned()),
        _ => (Reach::Alone, "the API is not ready for the event".to_owned()),
    };
    Some(Trouble { reach, asked, reason: format!("{what} ({})", failure.status()) })
}

/// What the token or the workspace may not do for any line, and what to do about it; `None` when a
/// call of the kind was accepted before, so that it is this line which is refused.
fn missing_right(failure: &Failure, accepted: &AtomicU32) -> Option<String> {
    let action = failure.purpose.action();
    if failure.status() == 402 || failure.error.has_code(&ErrorCode::ApiPlanRestricted) {
        return Some(format!(
            "the workspace's plan does not allow the API to {action}; see its subscription"
        ));
    }
    let grant = "grant it to the app in Intercom's Developer Hub";
    if let Some(scope) = failure.error.missing_scope() {
        return Some(format!("the token needs the scope {scope} to {action}; {grant}"));
    }
    if accepted.load(Ordering::Relaxed) & bit(failure.purpose) != 0 {
        return None;
    }
    Some(match failure.presumed_scope() {
        Some(scope) => {
            format!("the token may not {action}, perhaps for want of the scope {scope}; {grant}")
        }
        None => format!("the token may not {action}; see the app's permissions"),
    })
}

/// An error and its causes. The client's errors name operations and routes only.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

fn done(job: &Job, outcome: &Outcome, plan: &Plan) -> Record {
    if let Some(failure) = outcome.failure() {
        return refused(job, outcome, failure, plan.notes());
    }
    if let Outcome::Rejected(rejection) = outcome {
        return rejected(job.number, job.hash, rejection, Some(&job.text));
    }
    let mut text = Vec::new();
    open(&mut text, job.number);
    push_outcome(&mut text, outcome);
    push_text_field(&mut text, "contact_id", plan.contact_id().map(ContactId::as_str));
    close(&mut text, plan.notes());
    Record { line: job.number, hash: job.hash, became: Became::Delivered, outcome: text }
}

/// The API refused a call, and would again.
fn refused(job: &Job, outcome: &Outcome, failure: &Failure, notes: &Notes) -> Record {
    let mut text = Vec::new();
    open(&mut text, job.number);
    push_outcome(&mut text, outcome);
    close(&mut text, notes);
    let class = match outcome {
        Outcome::Aborted { class, .. } => *class,
        _ => Class::Instrumentation,
    };
    let message = failure.to_string();
    let status = Some(failure.status());
    let refusal = Refusal { code: "refused", class, path: "", message: &message, status };
    let line = rejected_line(job.number, &refusal, Some(&job.text));
    Record { line: job.number, hash: job.hash, became: Became::Rejected(line), outcome: text }
}

/// What becomes of a line that cannot be delivered.
pub(super) fn rejected(
    line: u64,
    hash: u64,
    reason: &impl Serialize,
    event: Option<&[u8]>,
) -> Record {
    let mut text = Vec::new();
    open(&mut text, line);
    push_text_field(&mut text, "outcome", Some("rejected"));
    text.extend_from_slice(b",\"rejection\":");
    push_json(&mut text, reason);
    text.extend_from_slice(b"}\n");
    let became = Became::Rejected(rejected_line(line, reason, event));
    Record { line, hash, became, outcome: text }
}

fn left_behind(job: &Job, reason: &str) -> Record {
    let mut text = Vec::new();
    open(&mut text, job.number);
    push_text_field(&mut text, "outcome", Some("left_behind"));
    push_text_field(&mut text, "reason", Some(reason));
    text.extend_from_slice(b"}\n");
    Record { line: job.number, hash: job.hash, became: Became::LeftBehind, outcome: text }
}

/// A line for the rejected: the reason, and the event as it came, or as a text where it is no JSON.
fn rejected_line(line: u64, reason: &impl Serialize, event: Option<&[u8]>) -> Vec<u8> {
    let mut text = Vec::new();
    open(&mut text, line);
    text.extend_from_slice(b",\"rejection\":");
    push_json(&mut text, reason);
    if let Some(event) = event {
        let event = event.trim_ascii();
        if Event::parse(event, &mut Tape::default()).is_ok() {
            text.extend_from_slice(b",\"event\":");
            text.extend_from_slice(event);
        } else {
            push_text_field(&mut text, "text", Some(&String::from_utf8_lossy(event)));
        }
    }
    text.extend_from_slice(b"}\n");
    text
}

fn close(out: &mut Vec<u8>, notes: &Notes) {
    if !notes.is_empty() {
        out.extend_from_slice(b",\"notes\":");
        push_json(out, notes);
    }
    out.extend_from_slice(b"}\n");
}
