//! What tests plan and drive with.

use std::fmt::Write as _;

use intercom_api::{ApiVersion, Exchange, Request, Response, Step};
use intercom_transform::settings::Destination;
use intercom_transform::{Event, Outcome, Plan, Rejection, Scratch, Settings, Tape, plan};

/// When events are planned.
pub(crate) const NOW: i64 = 1_772_366_400;

/// What settings the crate recommends, for version 2.10.
pub(crate) fn v2() -> Settings {
    Settings { version: ApiVersion::V2_10, now: Some(NOW), ..Settings::default() }
}

/// The same for 1.4.
pub(crate) fn v1() -> Settings {
    Settings { version: ApiVersion::V1_4, ..v2() }
}

/// The migration profile for 1.4.
pub(crate) fn rudderstack_v1() -> Settings {
    Settings { version: ApiVersion::V1_4, ..Settings::rudderstack() }
}

/// The migration profile for the destination `intercom_v2`.
pub(crate) fn rudderstack_oauth() -> Settings {
    Settings { destination: Destination::IntercomV2, ..Settings::rudderstack() }
}

/// Several lines, each planned and driven for itself, under their titles.
pub(crate) fn run_all(settings: &Settings, cases: &[(&str, &str, &[Answer])]) -> String {
    let told = |(title, line, answers): &(&str, &str, &[Answer])| {
        format!("# {title}\n{}", run(line, settings, answers))
    };
    cases.iter().map(told).collect::<Vec<_>>().join("\n")
}

/// An answer of the API.
pub(crate) type Answer = (u16, &'static str);

/// Nobody found.
pub(crate) const NOBODY: Answer = (200, r#"{"type":"list","total_count":0,"data":[]}"#);
/// One contact found, of whom nothing but the id is told.
pub(crate) const FOUND: Answer = (200, r#"{"type":"list","total_count":1,"data":[{"id":"c1"}]}"#);
/// Something was written.
pub(crate) const WRITTEN: Answer = (200, r#"{"id":"c1"}"#);
/// A company was written or found.
pub(crate) const COMPANY: Answer = (200, r#"{"id":"co1"}"#);
/// An event was taken.
pub(crate) const ACCEPTED: Answer = (202, "");

/// Plans one line.
pub(crate) fn planned(line: &str, settings: &Settings) -> Result<Plan, Rejection> {
    planned_in(line, settings, &mut Scratch::new())
}

/// Plans one line of a batch.
pub(crate) fn planned_in(
    line: &str,
    settings: &Settings,
    scratch: &mut Scratch,
) -> Result<Plan, Rejection> {
    let mut tape = Tape::default();
    let event = Event::parse(line.as_bytes(), &mut tape)?;
    plan(&event, settings, scratch)
}

/// Drives a plan with answers and returns its requests; every answer must be used.
pub(crate) fn drive(plan: &mut Plan, answers: &[Answer]) -> (Vec<Request>, Outcome) {
    let (mut requests, mut answers) = (Vec::new(), answers.iter());
    loop {
        match plan.next().expect("the request can be built") {
            Step::Send(request) => {
                let Some((status, body)) = answers.next() else {
                    panic!("no answer is left for {}", request.target());
                };
                requests.push(request);
                plan.reply(Response::new(*status, *body));
            }
            Step::Done(outcome) => {
                assert_eq!(answers.len(), 0, "answers are left");
                return (requests, outcome);
            }
        }
    }
}

/// A line planned and driven, as text: requests, outcome, notes.
pub(crate) fn run(line: &str, settings: &Settings, answers: &[Answer]) -> String {
    run_in(line, settings, &mut Scratch::new(), answers)
}

/// The same for a line of a batch, which learns from it.
pub(crate) fn run_in(
    line: &str,
    settings: &Settings,
    scratch: &mut Scratch,
    answers: &[Answer],
) -> String {
    let mut plan = match planned_in(line, settings, scratch) {
        Ok(plan) => plan,
        Err(rejection) => return refusal(&rejection),
    };
    let (requests, outcome) = drive(&mut plan, answers);
    scratch.remember(&plan);
    let mut text = String::new();
    for request in &requests {
        text.push_str(&show(request));
    }
    let _ = match &outcome {
        Outcome::Rejected(rejection) => write!(text, "{}", refusal(rejection)),
        outcome => match outcome.failure() {
            Some(failure) => writeln!(text, "→ {} {failure}", outcome.code()),
            None => writeln!(text, "→ {}", outcome.code()),
        },
    };
    for note in plan.notes().iter() {
        let _ = writeln!(text, "· {}", serde_json::to_string(&note).expect("a note is JSON"));
    }
    text
}

fn show(request: &Request) -> String {
    let body = request.body.as_deref().unwrap_or_default();
    let body: serde_json::Value = match body {
        [] => serde_json::Value::Null,
        body => serde_json::from_slice(body).expect("a body is JSON"),
    };
    // The order of keys matters to Intercom and is shown as sent.
    let sent = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    assert_eq!(body.is_null(), sent.is_empty());
    format!("{} {} {} {sent}\n", request.version, request.method, request.target())
}

fn refusal(rejection: &Rejection) -> String {
    format!("→ rejected {} [{}] {rejection}\n", rejection.code(), rejection.path)
}
