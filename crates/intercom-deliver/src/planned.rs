//! One line of the input becomes one line of plans.

use std::io::Write;

use intercom_api::{BuildError, Exchange, Request, Step};
use intercom_transform::{
    Assumption, Event, Notes, Outcome, Plan, Preview, Purpose, Scratch, Settings, Tape, plan,
    preview,
};
use serde::Serialize;

use crate::lines::{Line, MAX_LINE_BYTES};
use crate::replies::Replies;

/// What answers the requests of a plan that is only shown.
#[derive(Debug, Clone, Default)]
pub enum Answers {
    /// Both assumptions, one after the other.
    #[default]
    Both,
    /// One assumption.
    Assumed(Assumption),
    /// Recorded answers.
    Recorded(Replies),
}

/// What became of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rendered {
    Planned,
    Rejected,
    /// Nothing was on the line, and nothing was written.
    Blank,
}

/// Memory for rendering lines; one for each thread.
pub(crate) struct Renderer<'a> {
    settings: &'a Settings,
    answers: &'a Answers,
    tape: Tape,
    scratch: Scratch,
}

/// A line that was too long to be kept.
#[derive(Serialize)]
pub(crate) struct TooLong {
    code: &'static str,
    class: &'static str,
    path: &'static str,
    message: String,
}

impl TooLong {
    pub(crate) fn new(bytes: u64) -> Self {
        let message = format!("the line has {bytes} bytes, more than {MAX_LINE_BYTES}");
        Self { code: "line_too_long", class: "instrumentation", path: "", message }
    }
}

impl<'a> Renderer<'a> {
    pub(crate) fn new(settings: &'a Settings, answers: &'a Answers) -> Self {
        Self { settings, answers, tape: Tape::default(), scratch: Scratch::new() }
    }

    /// Later lines do not know of earlier ones.
    pub(crate) fn begin_batch(&mut self) {
        self.scratch.begin_batch();
    }

    /// Writes what becomes of a line, with a line's end.
    pub(crate) fn render(
        &mut self,
        number: u64,
        line: Line<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Rendered, BuildError> {
        let text = match line {
            line if line.is_blank() => return Ok(Rendered::Blank),
            Line::Text(text) => text,
            Line::TooLong { bytes } => {
                open(out, number);
                push_rejection(out, &TooLong::new(bytes));
                return Ok(Rendered::Rejected);
            }
        };
        open(out, number);
        let event = match Event::parse(text, &mut self.tape) {
            Ok(event) => event,
            Err(rejection) => {
                push_rejection(out, &rejection);
                return Ok(Rendered::Rejected);
            }
        };
        push_text_field(out, "type", event.kind().as_deref());
        push_text_field(out, "message_id", event.message_id().as_deref());
        match plan(&event, self.settings, &mut self.scratch) {
            Ok(plan) => {
                push_plans(out, &plan, self.answers)?;
                Ok(Rendered::Planned)
            }
            Err(rejection) => {
                push_rejection(out, &rejection);
                Ok(Rendered::Rejected)
            }
        }
    }
}

fn push_plans(out: &mut Vec<u8>, plan: &Plan, answers: &Answers) -> Result<(), BuildError> {
    out.extend_from_slice(b",\"plans\":[");
    match answers {
        Answers::Both => {
            let found = preview(plan, Assumption::Found)?;
            let missing = preview(plan, Assumption::Missing)?;
            if found == missing {
                push_plan(out, "either", &found);
            } else {
                push_plan(out, "found", &found);
                out.push(b',');
                push_plan(out, "missing", &missing);
            }
        }
        Answers::Assumed(Assumption::Found) => {
            push_plan(out, "found", &preview(plan, Assumption::Found)?);
        }
        Answers::Assumed(Assumption::Missing) => {
            push_plan(out, "missing", &preview(plan, Assumption::Missing)?);
        }
        Answers::Recorded(replies) => push_replayed(out, plan, replies)?,
    }
    out.extend_from_slice(b"]}\n");
    Ok(())
}

/// A plan that is answered from a file, up to the first request without an answer.
fn push_replayed(out: &mut Vec<u8>, plan: &Plan, replies: &Replies) -> Result<(), BuildError> {
    let mut plan = plan.clone();
    let mut requests: Vec<(Purpose, Request)> = Vec::new();
    let outcome = loop {
        let purpose = plan.purpose();
        let (request, purpose) = match (plan.next()?, purpose) {
            (Step::Send(request), Some(purpose)) => (request, purpose),
            (Step::Done(outcome), _) => break Some(outcome),
            (Step::Send(_), None) => break None,
        };
        let is_alike = |(_, earlier): &&(Purpose, Request)| {
            earlier.method == request.method && earlier.target() == request.target()
        };
        let n_before = requests.iter().filter(is_alike).count();
        let answer = replies.answer(&request, n_before);
        requests.push((purpose, request));
        match answer {
            Some(answer) => plan.reply(answer),
            None => break None,
        }
    };
    open_plan(out, "replies", &requests, plan.notes());
    match outcome {
        Some(outcome) => push_outcome(out, &outcome),
        None => out.extend_from_slice(b",\"outcome\":\"unanswered\""),
    }
    out.push(b'}');
    Ok(())
}

fn push_plan(out: &mut Vec<u8>, assume: &str, preview: &Preview) {
    open_plan(out, assume, &preview.requests, &preview.notes);
    push_outcome(out, &preview.outcome);
    out.push(b'}');
}

fn open_plan(out: &mut Vec<u8>, assume: &str, requests: &[(Purpose, Request)], notes: &Notes) {
    out.extend_from_slice(b"{\"assume\":");
    push_json(out, assume);
    out.extend_from_slice(b",\"requests\":[");
    for (index, (purpose, request)) in requests.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push_request(out, *purpose, request);
    }
    out.extend_from_slice(b"],\"notes\":");
    push_json(out, notes);
}

fn push_request(out: &mut Vec<u8>, purpose: Purpose, request: &Request) {
    out.extend_from_slice(b"{\"purpose\":");
    push_json(out, &purpose);
    push_text_field(out, "method", Some(request.method.as_str()));
    match request.query.is_empty() {
        true => push_text_field(out, "path", Some(&request.path)),
        false => push_text_field(out, "path", Some(&request.target())),
    }
    push_text_field(out, "version", Some(request.version.as_str()));
    if let Some(body) = &request.body {
        // Bodies are JSON already, of one line like the event that they come from.
        out.extend_from_slice(b",\"body\":");
        out.extend_from_slice(body);
    }
    out.push(b'}');
}

/// How a plan ended, as fields of an object that is open.
pub(crate) fn push_outcome(out: &mut Vec<u8>, outcome: &Outcome) {
    push_text_field(out, "outcome", Some(outcome.code()));
    if let Outcome::Rejected(rejection) = outcome {
        out.extend_from_slice(b",\"rejection\":");
        push_json(out, rejection);
    }
    if let Some(failure) = outcome.failure() {
        push_text_field(out, "error", Some(&failure.to_string()));
        let _ = write!(out, ",\"status\":{}", failure.status());
    }
}

fn push_rejection(out: &mut Vec<u8>, rejection: &impl Serialize) {
    out.extend_from_slice(b",\"rejection\":");
    push_json(out, rejection);
    out.extend_from_slice(b"}\n");
}

/// Opens the object of a line.
pub(crate) fn open(out: &mut Vec<u8>, number: u64) {
    // Memory takes every write.
    let _ = write!(out, "{{\"line\":{number}");
}

/// A further field, if there is a value.
pub(crate) fn push_text_field(out: &mut Vec<u8>, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        let _ = write!(out, ",\"{name}\":");
        push_json(out, value);
    }
}

pub(crate) fn push_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("texts, numbers and lists of them are JSON");
}
