//! Drives plans with mocked answers.

use std::collections::BTreeMap;

use anyhow::Context;
use intercom_api::{Exchange, Request, Response, Step};
use intercom_transform::{
    Class, Event, Outcome, Plan, Rejection, Scratch, Settings, Tape, plan, router,
};
use serde_json::{Value, json};

use super::cases::{Call, Mock, MockedAnswer};

/// A plan that asks more often than this goes in circles.
const MAX_CALLS: usize = 100;

/// What a case gave.
#[derive(Debug, Clone)]
pub(super) struct Produced {
    pub(super) calls: Vec<Produce>,
    /// How it ended, by the name that programs know.
    pub(super) outcome: &'static str,
    /// Who has to act, where somebody has.
    pub(super) class: Option<&'static str>,
    /// The text of the error.
    pub(super) error: Option<String>,
}

/// A call that was made, with its body as it was written.
#[derive(Debug, Clone)]
pub(super) struct Produce {
    pub(super) call: Call,
    pub(super) body: Option<String>,
}

/// What plans are made with and sent to.
pub(super) struct Bench<'a> {
    pub(super) settings: Settings,
    pub(super) token: &'a str,
    pub(super) mocks: &'a [Mock],
    /// What a search finds that the case says nothing of.
    pub(super) unknown: Unknown,
    /// How errors are worded.
    pub(super) wording: Wording,
}

/// What a search finds that a case says nothing of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Nobody,
    /// A contact whose id is what was searched for.
    Namesake,
}

/// How errors are worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wording {
    /// Our own way.
    Own,
    /// As the other system says it while transforming.
    Router,
    /// As the other system says it when it delivers.
    Delivery,
}

impl Bench<'_> {
    /// Plans and drives one event.
    pub(super) fn run(&self, message: &str) -> anyhow::Result<Produced> {
        let (mut tape, mut scratch) = (Tape::default(), Scratch::new());
        let line = on_one_line(message);
        let planned = Event::parse(line.as_bytes(), &mut tape)
            .and_then(|event| plan(&event, &self.settings, &mut scratch));
        match planned {
            Ok(plan) => self.drive(plan),
            Err(rejection) => Ok(self.ended(Vec::new(), &Outcome::Rejected(rejection))),
        }
    }

    /// Drives a plan to its end.
    pub(super) fn drive(&self, mut plan: Plan) -> anyhow::Result<Produced> {
        let mut answers = Answers::new(self.mocks, self.unknown);
        let mut calls = Vec::new();
        loop {
            let request = match plan.next()? {
                Step::Done(outcome) => return Ok(self.ended(calls, &outcome)),
                Step::Send(request) => request,
            };
            anyhow::ensure!(calls.len() < MAX_CALLS, "more than {MAX_CALLS} calls");
            let made = written(&request, &self.settings, self.token)?;
            plan.reply(answers.next(&made.call));
            calls.push(made);
        }
    }

    fn ended(&self, calls: Vec<Produce>, outcome: &Outcome) -> Produced {
        let class = match outcome {
            Outcome::Aborted { class, .. } => Some(*class),
            Outcome::Rejected(rejection) => Some(rejection.class()),
            _ => None,
        };
        let class = class.map(|class| match class {
            Class::Instrumentation => "instrumentation",
            Class::Configuration => "configuration",
        });
        let destination = self.settings.destination;
        let error = match self.wording {
            Wording::Own => text(outcome),
            Wording::Router => router::message(outcome, destination),
            Wording::Delivery => router::delivery_message(outcome, destination),
        };
        Produced { calls, outcome: outcome.code(), class, error }
    }
}

/// JSON without the white space between its parts, its keys in the order they have.
fn on_one_line(json: &str) -> String {
    let (mut is_text, mut is_escaped) = (false, false);
    let mut line = String::with_capacity(json.len());
    for character in json.chars() {
        if is_text || !character.is_ascii_whitespace() {
            line.push(character);
        }
        if character == '"' && !is_escaped {
            is_text = !is_text;
        }
        is_escaped = is_text && character == '\\' && !is_escaped;
    }
    line
}

/// A request with the headers that whoever sends it adds.
fn written(request: &Request, settings: &Settings, token: &str) -> anyhow::Result<Produce> {
    let body = request.body.as_deref().map(std::str::from_utf8).transpose()?;
    let json: Option<Value> = body.map(serde_json::from_str).transpose().with_context(|| {
        format!("the body of {} {} is no json", request.method, request.target())
    })?;
    let mut headers = BTreeMap::from([
        ("Accept".to_owned(), request.accept.to_string()),
        ("Authorization".to_owned(), format!("Bearer {token}")),
        ("Intercom-Version".to_owned(), request.version.to_string()),
    ]);
    if body.is_some() {
        headers.insert("Content-Type".to_owned(), request.content_type.to_string());
    }
    if let Some(user_agent) = &settings.user_agent {
        headers.insert("User-Agent".to_owned(), user_agent.clone());
    }
    let call = Call {
        method: request.method.to_string(),
        url: format!("{}{}", settings.origin(request.version), request.target()),
        headers,
        body: json,
    };
    Ok(Produce { call, body: body.map(str::to_owned) })
}

/// An error in our own words, without the path of a rejection.
fn text(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Rejected(Rejection { reason, .. }) => Some(reason.to_string()),
        outcome => outcome.failure().map(ToString::to_string),
    }
}

/// The answers of a case: by method and address, in order, the last one again and again.
struct Answers<'a> {
    mocks: Vec<(&'a Mock, bool)>,
    unknown: Unknown,
}

impl<'a> Answers<'a> {
    fn new(mocks: &'a [Mock], unknown: Unknown) -> Self {
        Self { mocks: mocks.iter().map(|mock| (mock, false)).collect(), unknown }
    }

    fn next(&mut self, call: &Call) -> Response {
        let fits = |mock: &Mock| {
            mock.request.method.eq_ignore_ascii_case(&call.method)
                && plain(&mock.request.url) == plain(&call.url)
        };
        if let Some((mock, used)) = self.mocks.iter_mut().find(|(mock, used)| !used && fits(mock)) {
            *used = true;
            return mock.response.response();
        }
        match self.mocks.iter().rev().find(|(mock, _)| fits(mock)) {
            Some((mock, _)) => mock.response.response(),
            None => accepted(call, self.unknown),
        }
    }
}

impl MockedAnswer {
    fn response(&self) -> Response {
        let body = self.body.as_ref().map_or("null", |body| body.get());
        let body = match serde_json::from_str(body) {
            Ok(Value::Null) => String::new(),
            Ok(Value::String(text)) => text,
            _ => body.to_owned(),
        };
        let headers = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Response { headers: headers.collect(), ..Response::new(self.status, body) }
    }
}

/// What a call is answered with that the case says nothing of: everything that is written is
/// accepted.
fn accepted(call: &Call, unknown: Unknown) -> Response {
    let path = call.url.splitn(4, '/').nth(3).unwrap_or_default();
    let searched = || call.body.as_ref()?.pointer("/query/value/0/value");
    match (&*call.method, path) {
        ("POST", "contacts/search") => match searched().filter(|_| unknown == Unknown::Namesake) {
            Some(id) => {
                let found = json!({"id": id, "external_id": id});
                Response::new(200, json!({"total_count": 1, "data": [found]}).to_string())
            }
            None => Response::new(200, r#"{"type":"list","total_count":0,"data":[]}"#),
        },
        ("POST", "events") => Response::new(202, ""),
        ("GET", _) => Response::new(
            404,
            r#"{"type":"error.list","errors":[{"code":"not_found","message":"Not Found"}]}"#,
        ),
        _ => Response::new(200, r#"{"id":"NEW"}"#),
    }
}

/// An address without its encoding: the cases spell it as if there were none.
fn plain(url: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = url.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let pair = [ahead.next(), ahead.next()];
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        match (byte, digit(pair[0]), digit(pair[1])) {
            (b'%', Some(high), Some(low)) => {
                out.extend(u8::try_from(high * 16 + low));
                bytes = ahead;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
