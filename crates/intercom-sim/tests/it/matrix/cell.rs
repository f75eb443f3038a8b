//! One cell of the matrix: a row, a fault, and what came of them.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use intercom_api::admins::RetrieveMe;
use intercom_api::tags::ListTags;
use intercom_api::{ApiVersion, Method, Safety};
use intercom_client::{AnswerFault, Client, Error, Reach, Transport, TransportError};
use intercom_sim::{Faults, SimTransport, Simulator};
use serde_json::json;
use tokio::time::Instant;

use super::faults::{self, Fault, Frequency, Kind};
use super::rows::Row;
use super::world::World;
use crate::support::{NOW, request};

/// The longest a call of the matrix may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(180);

/// How a call ends.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum End {
    /// With an output, here as text in which what happened since [`NOW`] has no time.
    Value(String),
    Refused(u16),
    NoAnswer(AnswerFault),
    Unreadable,
}

impl End {
    pub(super) fn value(text: &str) -> Self {
        Self::Value(timeless(text))
    }

    /// How a call ended; panics unless the error's reach is the one of its variant.
    pub(super) fn of(result: Result<String, Error>) -> Self {
        let error = match result {
            Ok(text) => return Self::value(&text),
            Err(error) => error,
        };
        let (end, reach) = match &error {
            Error::Refused { error, .. } => (Self::Refused(error.status), Reach::Answered),
            Error::Unreadable { .. } => (Self::Unreadable, Reach::Answered),
            Error::MaybeSent { source: TransportError::MaybeSent { fault, .. }, .. } => {
                (Self::NoAnswer(*fault), Reach::MaybeSent)
            }
            _ => panic!("no fault ends like this: {error}"),
        };
        assert_eq!(error.reach(), reach, "{error}");
        end
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(text) => write!(f, "Value({} bytes: {:.300})", text.len(), text),
            Self::Refused(status) => write!(f, "Refused({status})"),
            Self::NoAnswer(fault) => write!(f, "NoAnswer({fault:?})"),
            Self::Unreadable => f.write_str("Unreadable"),
        }
    }
}

/// An end of a call, and the workspace after it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) end: End,
    pub(super) state: String,
}

impl Expected {
    pub(super) fn new(end: End, state: &str) -> Self {
        Self { end, state: state.to_owned() }
    }
}

/// What is known of a row without faults.
pub(super) struct Known {
    /// How a call ends, and how one ends that repeats it.
    pub(super) first: End,
    pub(super) second: End,
    /// The workspace before the call and after it.
    pub(super) before: String,
    pub(super) after: String,
    /// The body of its answer.
    pub(super) body: Bytes,
    /// The route as the simulator names it.
    pub(super) route: String,
}

/// A way to reach a simulator.
pub(super) trait Setting {
    /// A client of this simulator, and the simulator.
    fn begin(&self, simulator: Simulator, version: ApiVersion) -> (SimTransport, Client);

    /// What this way makes of a fault's end: a network may tell less than the simulator knows.
    fn seen(&self, end: End) -> End {
        end
    }
}

impl Known {
    pub(super) async fn of(row: &Row, world: &World, setting: &dyn Setting) -> Self {
        let before = state(&world.simulator, world, row);
        let (transport, client) = setting.begin(world.simulator.clone(), row.version);
        let answer = transport.send(&row.request).await.expect("there is no fault");
        assert!(answer.status < 300, "{}: {}", row.name, String::from_utf8_lossy(&answer.body));
        drop(client);
        let calls = |transport: &SimTransport| transport.stats().routes;
        let (transport, client) = setting.begin(world.simulator.clone(), row.version);
        let routes = calls(&transport);
        let first = End::of((row.call)(client.clone()).await);
        let after = transport.with(|simulator| state(simulator, world, row));
        let route = calls(&transport).into_iter().find(|(name, n)| routes.get(name) != Some(n));
        let second = End::of((row.call)(client).await);
        let again = transport.with(|simulator| state(simulator, world, row));
        match row.safety() {
            Safety::Read => {
                let dump = transport.with(|simulator| simulator.dump());
                assert!(dump == world.simulator.dump(), "{} reads", row.name);
            }
            // What may be repeated changes nothing more.
            Safety::Idempotent => assert!(after == again, "{} is idempotent", row.name),
            Safety::Once => {}
        }
        let (route, _) = route.expect("the call is counted");
        Self { first, second, before, after, body: answer.body, route }
    }
}

/// Checks how a row ends that meets a fault so often.
pub(super) async fn check(
    row: &Row,
    known: &Known,
    world: &World,
    (fault, frequency): (Fault, Frequency),
    setting: &dyn Setting,
) {
    let expected = if fault.kind == Kind::Change {
        vec![changed(row, world, (fault, frequency), setting).await]
    } else {
        faults::expected(row, known, fault, frequency)
    };
    let (end, transport) = send(row, &known.route, world, (fault, frequency), setting).await;
    let what = format!("{} {} {frequency:?}", row.name, fault.text);
    let ends: Vec<&End> = expected.iter().map(|expected| &expected.end).collect();
    let seen = |end: &End| setting.seen(end.clone());
    let fits: Vec<_> = expected.iter().filter(|e| seen(&e.end) == seen(&end)).collect();
    assert!(!fits.is_empty(), "{what}: {end:?} is none of {ends:?}");
    let state = transport.with(|simulator| state(simulator, world, row));
    assert!(fits.iter().any(|e| e.state == state), "{what}: another effect");
    if frequency == Frequency::Sometimes {
        let (again, _) = send(row, &known.route, world, (fault, frequency), setting).await;
        assert!(seen(&again) == seen(&end), "{what}: the seed repeats it");
    }
}

/// Lets a row meet a fault. The client knows the rate limit from a call before.
async fn send(
    row: &Row,
    route: &str,
    world: &World,
    (fault, frequency): (Fault, Frequency),
    setting: &dyn Setting,
) -> (End, SimTransport) {
    let mut simulator = world.simulator.clone();
    let file = frequency.file(fault, route, 0);
    simulator.set_faults(file.parse().expect("the fault is well written"));
    let (transport, client) = setting.begin(simulator, row.version);
    learn(&client, row).await;
    let (before, begun_at) = (transport.stats(), Instant::now());
    let end = End::of((row.call)(client).await);
    let (stats, what) = (transport.stats(), format!("{} {}", row.name, fault.text));
    assert!(begun_at.elapsed() <= DEADLINE, "{what}");
    assert!((1..=4).contains(&(stats.requests - before.requests)), "{what}: {stats:?}");
    assert_eq!(stats.over_limit, 0, "{what}: a call past the window");
    (end, transport)
}

/// What a row comes to after the change that a fault makes, if the fault strikes.
async fn changed(
    row: &Row,
    world: &World,
    (fault, frequency): (Fault, Frequency),
    setting: &dyn Setting,
) -> Expected {
    let mut simulator = world.simulator.clone();
    let file = frequency.file(fault, "GET /me", 0);
    simulator.set_faults(file.parse().expect("the fault is well written"));
    simulator.handle(&request(Method::Get, "/me", None), NOW);
    simulator.set_faults(Faults::default());
    let (transport, client) = setting.begin(simulator, row.version);
    let end = End::of((row.call)(client).await);
    Expected { end, state: transport.with(|simulator| state(simulator, world, row)) }
}

/// Tells a client the rate limit, by another route than the row's.
async fn learn(client: &Client, row: &Row) {
    let learned = match row.name {
        "RetrieveMe" => client.execute(&ListTags).await.map(drop),
        _ => client.execute(&RetrieveMe).await.map(drop),
    };
    learned.expect("no fault is about it");
}

/// What a row that is no read can change in a workspace, as text without the times since [`NOW`].
fn state(simulator: &Simulator, world: &World, row: &Row) -> String {
    if row.safety() == Safety::Read {
        return String::new();
    }
    let mut state = String::from_utf8(simulator.dump()).expect("a dump is text");
    let mut simulator = simulator.clone();
    simulator.set_faults(Faults::default());
    let everything = json!({
        "query": {"field": "created_at", "operator": ">", "value": 1},
        "pagination": {"per_page": 150},
    });
    let contact = &world.contact;
    let mut probes = vec![
        (Method::Post, "/tickets/search".to_owned()),
        (Method::Get, format!("/contacts/{contact}/notes?per_page=60")),
        (Method::Get, format!("/events?type=user&intercom_user_id={contact}&summary=true")),
        (Method::Get, "/conversations/deleted?per_page=60".to_owned()),
    ];
    if row.name.ends_with("DataAttribute") {
        probes.push((Method::Get, "/data_attributes".to_owned()));
    }
    if row.name.ends_with("DataExport") {
        let last: u64 = world.job.trim_start_matches("export").parse().expect("a number");
        let jobs = (last..last + 4).map(|n| format!("/export/content/data/export{n:010}"));
        probes.extend(jobs.map(|target| (Method::Get, target)));
    }
    // Long after everything, and each in a rate window of its own.
    for (at, (method, target)) in (NOW + 1_000_000..).step_by(10).zip(probes) {
        let body = (method == Method::Post).then_some(&everything);
        let answer = simulator.handle(&request(method, &target, body), at);
        if answer.status < 300 {
            state.push('\n');
            state.push_str(&String::from_utf8_lossy(&answer.body));
        }
    }
    timeless(&state)
}

/// A text without the times that lie up to an hour after [`NOW`], the ids that begin with such a
/// time, and the durations until then.
fn timeless(text: &str) -> String {
    let (decimal, hexadecimal) = (NOW.to_string(), format!("{NOW:08x}"));
    let is_late = |seconds: i64| (NOW..NOW + 3_600).contains(&seconds);
    let text = masked(text, &decimal[..5], |found| {
        let seconds = found.get(..10)?.parse().ok()?;
        is_late(seconds).then_some(10)
    });
    let text = masked(&text, &hexadecimal[..4], |found| {
        let seconds = i64::from_str_radix(found.get(..8)?, 16).ok()?;
        is_late(seconds).then_some(8)
    });
    masked(&text, "time_to_", |found| found.find([',', '}']))
}

/// A text in which what begins with a prefix is left out, as long as told.
fn masked(text: &str, prefix: &str, length: impl Fn(&str) -> Option<usize>) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(place) = rest.find(prefix) {
        let (before, found) = rest.split_at(place);
        out.push_str(before);
        let n_skipped = length(found);
        out.push_str(if n_skipped.is_some() { "<then>" } else { prefix });
        rest = &found[n_skipped.unwrap_or(prefix.len())..];
    }
    out + rest
}
