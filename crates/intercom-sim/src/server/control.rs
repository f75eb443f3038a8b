//! The simulator's own paths, under `/__sim`: its clock, what it counted, and what happens in a
//! workspace without a call of the API. They need no token and are not counted.

use std::collections::BTreeSet;
use std::time::Duration;

use intercom_api::{Method, Response};
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::faults::file::FaultsProblem;
use crate::faults::{Faults, RouteName};
use crate::server::{changes, refused};
use crate::simulator::Simulator;
use crate::transport::{ClockError, SimTransport};
use crate::workspace::change::ChangeError;

/// Where the paths begin.
pub(super) const ROOT: &str = "/__sim";

/// One of the simulator's own paths.
#[derive(Debug, Clone, Copy)]
pub struct OwnPath {
    /// Method and path, with parameters in braces.
    pub name: &'static str,
    /// What a request there does, with the body that it takes.
    pub purpose: &'static str,
    run: Run,
}

/// How a request is answered.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// By a function.
    Once(fn(&Asked<'_>) -> Answered),
    /// By moving the clock, in steps between which calls get their turn.
    Advance,
    /// By invented changes, between which calls get their turn.
    Live,
    /// By the whole workspace, which the server writes while it sends it.
    Dump,
}

/// The simulator's own paths, in the order in which they are explained.
pub fn own_paths() -> &'static [OwnPath] {
    PATHS
}

/// A body, or why there is none.
pub(super) type Answered = Result<Vec<u8>, Refusal>;

const fn path(
    name: &'static str,
    purpose: &'static str,
    run: fn(&Asked<'_>) -> Answered,
) -> OwnPath {
    OwnPath { name, purpose, run: Run::Once(run) }
}

const PATHS: &[OwnPath] = &[
    path("GET /__sim", "these paths", |_| Ok(list().to_string().into())),
    path("GET /__sim/routes", "the routes of the API that are simulated", routes),
    path("GET /__sim/stats", "calls by route and status", stats),
    OwnPath { name: "GET /__sim/dump", purpose: "the whole workspace", run: Run::Dump },
    path("GET /__sim/clock", "the workspace's time, in unix seconds", clock),
    OwnPath {
        name: "POST /__sim/clock",
        purpose: r#"advances it: {"advance": seconds}"#,
        run: Run::Advance,
    },
    OwnPath {
        name: "POST /__sim/live",
        purpose: r#"makes invented changes: {"n": changes}"#,
        run: Run::Live,
    },
    path(
        "POST /__sim/faults",
        r#"replaces the faults: {"toml": "…"} as in a file; an empty text ends them"#,
        replace_faults,
    ),
    path("GET /__sim/webhooks", "what became of the notifications", webhooks),
    path("POST /__sim/webhooks/ping", "sends a test notification", ping),
    path("POST /__sim/webhooks/resume", "delivers again after 410, 429 or a pause", resume),
    path(
        "POST /__sim/contacts",
        r#"creates one: {"role": "user", "email": "…"}, and any other field"#,
        changes::create_contact,
    ),
    path(
        "POST /__sim/contacts/{id}",
        r#"replaces fields, also those that the API does not write: {"updated_at": 5}"#,
        changes::update_contact,
    ),
    path("DELETE /__sim/contacts/{id}", "deletes it for good", changes::delete_contact),
    path("POST /__sim/contacts/{id}/archive", "archives it", changes::archive_contact),
    path("POST /__sim/contacts/{id}/unarchive", "brings it back", changes::unarchive_contact),
    path(
        "POST /__sim/contacts/{id}/merge",
        r#"makes it part of another one, whatever their roles: {"into": "id"}"#,
        changes::merge_contact,
    ),
    path("POST /__sim/contacts/{id}/tags", r#"tags it: {"name": "VIP"}"#, changes::tag_contact),
    path(
        "POST /__sim/contacts/{id}/companies",
        r#"makes it a member: {"company_id": "acme", "name": "Acme"}"#,
        changes::join_company,
    ),
    path(
        "POST /__sim/conversations",
        r#"begins one: {"contact_id": "id", "body": "…"}"#,
        changes::create_conversation,
    ),
    path(
        "POST /__sim/conversations/{id}",
        r#"replaces fields: {"priority": "high"}"#,
        changes::update_conversation,
    ),
    path("DELETE /__sim/conversations/{id}", "deletes it", changes::delete_conversation),
    path(
        "POST /__sim/conversations/{id}/reply",
        r#"its contact answers: {"body": "…"}; a teammate does with "from": "admin""#,
        changes::reply,
    ),
    path("POST /__sim/conversations/{id}/close", "a teammate closes it", changes::close),
    path("POST /__sim/conversations/{id}/open", "a teammate opens it again", changes::open),
    path(
        "POST /__sim/conversations/{id}/tags",
        r#"tags it: {"name": "VIP"}"#,
        changes::tag_conversation,
    ),
    path(
        "POST /__sim/companies",
        r#"creates or updates one: {"company_id": "acme", "plan": "Gold"}"#,
        changes::write_company,
    ),
    path("DELETE /__sim/companies/{id}", "deletes it", changes::delete_company),
    path("POST /__sim/tags", r#"creates one: {"name": "VIP"}"#, changes::write_tag),
    path("DELETE /__sim/tags/{id}", "deletes it", changes::delete_tag),
];

/// A request to one of the paths.
pub(super) struct Asked<'a> {
    transport: &'a SimTransport,
    /// What stands where the path has braces.
    parameters: Vec<&'a str>,
    pub(super) body: Value,
    pub(super) now: i64,
}

impl Asked<'_> {
    /// The id in the path.
    pub(super) fn id(&self) -> &str {
        self.parameters.first().copied().unwrap_or_default()
    }

    /// A text that the body must have.
    pub(super) fn text(&self, name: &str) -> Result<&str, Refusal> {
        let text = self.body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| Refusal::missing(name))
    }

    /// Changes the workspace, after what was due before and with what follows from it.
    pub(super) fn change(&self, act: impl FnOnce(&mut Simulator) -> Answered) -> Answered {
        self.transport.with(|simulator| {
            let answered = act(simulator);
            simulator.catch_up(self.now);
            answered
        })
    }

    /// Does what a call of the API would do.
    pub(super) fn act(
        &self,
        simulator: &mut Simulator,
        (method, path): (Method, &str),
        body: &Value,
    ) -> Answered {
        simulator.act((method, path), body, self.now)
    }
}

/// An answer to a request below [`ROOT`].
pub(super) enum Answer {
    Whole(Response),
    /// The whole workspace is to be sent, piece by piece.
    Dump,
}

/// Answers a request to a path below [`ROOT`].
pub(super) async fn answer(
    transport: &SimTransport,
    (method, path): (&str, &str),
    body: &[u8],
) -> Answer {
    let body = if body.is_empty() { b"{}" } else { body };
    let found = PATHS.iter().find_map(|own| Some((own, fit(own.name, method, path)?)));
    let Some((own, parameters)) = found else { return Answer::Whole(unknown(path)) };
    let body: Value = match serde_json::from_slice(body) {
        Ok(body @ Value::Object(_)) => body,
        Ok(_) => return Answer::Whole(refused(&bad("the body must be a JSON object"))),
        Err(error) => {
            return Answer::Whole(refused(&bad(format!("the body is not JSON: {error}"))));
        }
    };
    let now = transport.now();
    transport.with(|simulator| simulator.catch_up(now));
    let asked = Asked { transport, parameters, body, now };
    let answered = match own.run {
        Run::Once(run) => run(&asked),
        Run::Advance => advance(&asked).await,
        Run::Live => live(&asked).await,
        Run::Dump => return Answer::Dump,
    };
    Answer::Whole(match answered {
        Ok(body) => Response::new(200, body),
        Err(refusal) => refused(&refusal),
    })
}

/// What stands in a path where the name of another has braces, if they fit.
fn fit<'a>(name: &str, method: &str, path: &'a str) -> Option<Vec<&'a str>> {
    let (own_method, own_path) = name.split_once(' ')?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let (own, given) = (own_path.split('/'), path.split('/'));
    if own_method != method || own.clone().count() != given.clone().count() {
        return None;
    }
    let mut parameters = Vec::new();
    for (expected, segment) in own.zip(given) {
        if expected.starts_with('{') && !segment.is_empty() {
            parameters.push(segment);
        } else if expected != segment {
            return None;
        }
    }
    Some(parameters)
}

/// 405 with the methods of the path, or 404 with the paths that there are.
fn unknown(path: &str) -> Response {
    let methods = PATHS.iter().filter_map(|own| own.name.split_once(' ')).map(|(method, _)| method);
    let mut fitting = methods.collect::<BTreeSet<_>>();
    fitting.retain(|method| PATHS.iter().any(|own| fit(own.name, method, path).is_some()));
    if !fitting.is_empty() {
        let methods = fitting.into_iter().collect::<Vec<_>>().join(", ");
        let refusal = Refusal::new(405, "method_not_allowed", format!("this path takes {methods}"));
        return refused(&refusal.header("Allow", methods));
    }
    let mut body = list();
    let message = "the simulator has no such path of its own; it has those in `paths`";
    let error = json!({"code": "not_found", "message": message});
    body["type"] = "error.list".into();
    body["request_id"] = "none".into();
    body["errors"] = json!([error]);
    Response::new(404, body.to_string())
}

fn list() -> Value {
    let paths = PATHS.iter().map(|own| json!({"path": own.name, "purpose": own.purpose}));
    json!({"type": "list", "paths": paths.collect::<Vec<_>>()})
}

pub(super) fn bad(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "bad_request", message)
}

fn stats(asked: &Asked<'_>) -> Answered {
    Ok(json!(asked.transport.stats()).to_string().into())
}

fn clock(asked: &Asked<'_>) -> Answered {
    Ok(json!({"now": asked.now}).to_string().into())
}

fn replace_faults(asked: &Asked<'_>) -> Answered {
    let text = asked.body.get("toml").and_then(Value::as_str);
    let text = text.ok_or_else(|| bad(r#"the body must be {"toml": "…"}"#))?;
    let faults: Faults = text.parse().map_err(|problem: FaultsProblem| bad(problem.to_string()))?;
    let n_faults = faults.list.len();
    asked.transport.with(|simulator| simulator.set_faults(faults));
    Ok(json!({"faults": n_faults}).to_string().into())
}

fn routes(_: &Asked<'_>) -> Answered {
    let names = RouteName::all().collect::<Vec<_>>();
    let names = names.iter().map(RouteName::as_str).collect::<Vec<_>>();
    Ok(json!({"type": "list", "routes": names}).to_string().into())
}

/// So many conversations wake up without letting a call through, unless more do in one second.
const WAKING: usize = 500;

/// Moves the clock. A week wakes up every snoozed conversation there is, of a large workspace a
/// hundred thousand, so the clock goes there in steps: each wakes up a few, and calls in between
/// see the workspace as it is at that time.
async fn advance(asked: &Asked<'_>) -> Answered {
    let seconds = asked.body.get("advance").and_then(Value::as_i64);
    let mut left = seconds.ok_or_else(|| bad(r#"the body must be {"advance": seconds}"#))?;
    let (transport, clock) = (asked.transport, asked.transport.clock());
    let refusal = |error: ClockError| bad(error.to_string());
    clock.can_advance(left).map_err(refusal)?;
    loop {
        let now = transport.now();
        let wake_at = transport.with(|simulator| simulator.workspace().wakes_at(WAKING));
        let step = wake_at.map_or(left, |at| at.saturating_sub(now).max(1)).min(left);
        let now = clock.try_advance(step).map_err(refusal)?;
        transport.with(|simulator| simulator.catch_up(now));
        left -= step;
        if left == 0 {
            return Ok(json!({"now": now}).to_string().into());
        }
        give_turn().await;
    }
}

/// So many changes are made without letting a call through.
const SLICE: u32 = 25;
/// How long calls get their turn.
const TURN: Duration = Duration::from_millis(1);

async fn give_turn() {
    tokio::time::sleep(TURN).await;
    // On a busy machine the time is over before anybody else was let through.
    tokio::task::yield_now().await;
}

async fn live(asked: &Asked<'_>) -> Answered {
    let n = asked.body.get("n").map_or(Some(1), Value::as_u64).filter(|n| *n <= 100_000);
    let n = n.and_then(|n| u32::try_from(n).ok());
    let n = n.ok_or_else(|| bad(r#"the body must be {"n": changes}, at most 100000"#))?;
    for begun in (0..n).step_by(SLICE as usize) {
        if begun > 0 {
            give_turn().await;
        }
        asked.transport.with(|simulator| simulator.live(SLICE.min(n - begun), asked.now));
    }
    asked.change(|_| Ok(json!({"changed": n}).to_string().into()))
}

fn webhooks(asked: &Asked<'_>) -> Answered {
    let stats = asked.transport.with(|simulator| simulator.webhook_stats(asked.now));
    Ok(json!(stats).to_string().into())
}

fn ping(asked: &Asked<'_>) -> Answered {
    asked.transport.with(|simulator| simulator.ping(asked.now));
    webhooks(asked)
}

fn resume(asked: &Asked<'_>) -> Answered {
    asked.transport.with(Simulator::resume_webhooks);
    webhooks(asked)
}

impl From<ChangeError> for Refusal {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Unknown { .. } => Self::new(404, "not_found", error.to_string()),
            ChangeError::Patch | ChangeError::Field(_) => bad(error.to_string()),
        }
    }
}
