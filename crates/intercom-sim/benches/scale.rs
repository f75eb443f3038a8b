//! What a large workspace costs: `cargo bench -p intercom-sim`.
//!
//! Prints how long it takes to invent a workspace and to prepare its searches, what it holds in
//! memory, how long the first and the further pages of usual searches take while the workspace
//! changes all the time, and how long writes take. 50,000 contacts and 250,000 conversations
//! unless said otherwise; full size is
//!
//! ```text
//! cargo bench -p intercom-sim -- --contacts 1000000 --conversations 5000000
//! ```
//!
//! `--pages N` reads so many pages of each walk, `--changes N` makes so many changes between two.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::time::{Duration, Instant};

use intercom_api::{ApiVersion, Method, Request, Safety};
use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
use serde_json::{Value, json};

const DAY: i64 = 86_400;

fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let number = |name: &str, default: u32| {
        let mut arguments = std::env::args();
        let found = arguments.by_ref().find(|argument| argument == name);
        found.and_then(|_| arguments.next()).map_or(default, |number| number.parse().unwrap())
    };
    let invention = Invention {
        contacts: number("--contacts", 50_000),
        conversations: number("--conversations", 250_000),
        ..Invention::default()
    };
    let (n_pages, n_changes) = (number("--pages", 10), number("--changes", 5));
    let now = invention.now;

    let started_at = Instant::now();
    let mut workspace = Workspace::invent(&invention);
    println!("{:<52} {:>8.1} s", "inventing", started_at.elapsed().as_secs_f64());
    let started_at = Instant::now();
    workspace.prepare_searches(now, &mut |_| {});
    println!("{:<52} {:>8.1} s", "preparing searches", started_at.elapsed().as_secs_f64());
    if let Some(held) = held() {
        println!("{:<52} {:>8.2} GB at most", "memory", held / 1e6);
    }

    let settings = SimSettings { rate_limit: None, ..SimSettings::default() };
    let mut sim = Simulator::new(workspace, settings);
    println!("\n{:<52} {:>11} {:>11} {:>9}", "searches", "first page", "others, max", "total");
    for (name, path, query, sort) in searches(&mut sim, now) {
        let (times, total) = walk(&mut sim, path, &query, sort, n_pages, n_changes, now);
        let others = times.iter().skip(1).max().copied().unwrap_or_default();
        println!("{name:<52} {:>8.2} ms {:>8.2} ms {total:>9}", millis(times[0]), millis(others));
    }
    println!();
    writes(&mut sim, now);
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The most memory the process had so far in kilobytes, where the system tells.
fn held() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn send(sim: &mut Simulator, method: Method, path: &str, body: &Value, now: i64) -> Value {
    let mut request = Request::raw(method, Safety::Read, path, ApiVersion::V2_14);
    if !body.is_null() {
        request.body = Some(body.to_string().into());
    }
    let answer = sim.handle(&request, now);
    assert!(answer.status < 300, "{path} {} {body}", answer.status);
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// The times of the pages and the count of all results; the workspace changes before each page.
fn walk(
    sim: &mut Simulator,
    path: &str,
    query: &Value,
    (field, order): (&str, &str),
    n_pages: u32,
    n_changes: u32,
    now: i64,
) -> (Vec<Duration>, u64) {
    let mut body = json!({
        "query": query, "sort": {"field": field, "order": order}, "pagination": {"per_page": 50},
    });
    let (mut times, mut total) = (Vec::new(), 0);
    for _ in 0..n_pages {
        sim.live(n_changes, now);
        let mut request = Request::raw(Method::Post, Safety::Read, path, ApiVersion::V2_14);
        request.body = Some(body.to_string().into());
        let started_at = Instant::now();
        let answer = sim.handle(&request, now);
        times.push(started_at.elapsed());
        assert_eq!(answer.status, 200, "{query}");
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        total = answer["total_count"].as_u64().unwrap();
        match answer["pages"]["next"]["starting_after"].as_str() {
            Some(after) => body["pagination"]["starting_after"] = after.into(),
            None => break,
        }
    }
    (times, total)
}

type Search = (&'static str, &'static str, Value, (&'static str, &'static str));

const CONTACTS: &str = "/contacts/search";
const CONVERSATIONS: &str = "/conversations/search";
const UP: (&str, &str) = ("updated_at", "ascending");
const DOWN: (&str, &str) = ("updated_at", "descending");
const CREATED: (&str, &str) = ("created_at", "descending");

fn is(field: &str, operator: &str, value: &Value) -> Value {
    json!({"field": field, "operator": operator, "value": value})
}

fn all(parts: &Value) -> Value {
    json!({"operator": "AND", "value": parts})
}

fn any(parts: &Value) -> Value {
    json!({"operator": "OR", "value": parts})
}

fn searches(sim: &mut Simulator, now: i64) -> Vec<Search> {
    let known: Vec<String> =
        sim.workspace().contact_ids().step_by(997).take(3).map(str::to_owned).collect();
    let one = sim.workspace().contact(&known[0]).unwrap();
    let segments = send(sim, Method::Get, "/segments", &Value::Null, now);
    let active = segments["segments"][3]["id"].clone();
    let since = |days: i64| json!(now - days * DAY);
    let mut searches = by_index(&known, &one, since);
    searches.extend(by_columns(&active, since));
    searches.extend(of_conversations(&known[1], since));
    searches
}

fn by_index(known: &[String], one: &Value, since: impl Fn(i64) -> Value) -> Vec<Search> {
    vec![
        ("contacts: updated > 300 days ago, asc", CONTACTS, is("updated_at", ">", &since(300)), UP),
        (
            "contacts: updated > 300 days ago, desc",
            CONTACTS,
            is("updated_at", ">", &since(300)),
            DOWN,
        ),
        (
            "contacts: created 500 to 100 days ago",
            CONTACTS,
            all(&json!([is("created_at", ">", &since(500)), is("created_at", "<", &since(100))])),
            CREATED,
        ),
        ("contacts: id", CONTACTS, is("id", "=", &json!(known[0])), CREATED),
        ("contacts: id IN", CONTACTS, is("id", "IN", &json!(known)), CREATED),
        ("contacts: email", CONTACTS, is("email", "=", &one["email"].clone()), CREATED),
        (
            "contacts: external_id",
            CONTACTS,
            is("external_id", "=", &one["external_id"].clone()),
            CREATED,
        ),
    ]
}

fn by_columns(active: &Value, since: impl Fn(i64) -> Value) -> Vec<Search> {
    vec![
        ("contacts: role = user", CONTACTS, is("role", "=", &json!("user")), CREATED),
        (
            "contacts: role = user and updated > 300 days ago",
            CONTACTS,
            all(&json!([is("role", "=", &json!("user")), is("updated_at", ">", &since(300))])),
            UP,
        ),
        ("contacts: name =", CONTACTS, is("name", "=", &json!("Ada Bauer")), CREATED),
        ("contacts: name ~", CONTACTS, is("name", "~", &json!("bauer")), CREATED),
        ("contacts: tag_id", CONTACTS, is("tag_id", "=", &json!("7003")), CREATED),
        ("contacts: segment_id", CONTACTS, is("segment_id", "=", active), CREATED),
        (
            "contacts: custom attribute = text",
            CONTACTS,
            is("custom_attributes.plan_type", "=", &json!("team")),
            CREATED,
        ),
        (
            "contacts: custom attribute > number",
            CONTACTS,
            is("custom_attributes.storage_percent", ">", &json!(80)),
            CREATED,
        ),
        (
            "contacts: (lead or tag) and updated > 600 days ago",
            CONTACTS,
            all(&json!([
                any(&json!([is("role", "=", &json!("lead")), is("tag_id", "=", &json!("7001"))])),
                is("updated_at", ">", &since(600)),
            ])),
            DOWN,
        ),
        (
            "contacts: role = user by last_seen_at",
            CONTACTS,
            is("role", "=", &json!("user")),
            ("last_seen_at", "descending"),
        ),
        (
            "contacts: email ~ (part of a text)",
            CONTACTS,
            is("email", "~", &json!("ada.b")),
            CREATED,
        ),
    ]
}

fn of_conversations(contact: &str, since: impl Fn(i64) -> Value) -> Vec<Search> {
    vec![
        (
            "conversations: updated > 30 days ago, asc",
            CONVERSATIONS,
            is("updated_at", ">", &since(30)),
            UP,
        ),
        ("conversations: state = open", CONVERSATIONS, is("state", "=", &json!("open")), DOWN),
        (
            "conversations: closed and updated > 300 days ago",
            CONVERSATIONS,
            all(&json!([is("state", "=", &json!("closed")), is("updated_at", ">", &since(300))])),
            UP,
        ),
        (
            "conversations: admin_assignee_id",
            CONVERSATIONS,
            is("admin_assignee_id", "=", &json!(814_863)),
            DOWN,
        ),
        (
            "conversations: contact_ids",
            CONVERSATIONS,
            is("contact_ids", "=", &json!(contact)),
            DOWN,
        ),
        ("conversations: tag_ids", CONVERSATIONS, is("tag_ids", "=", &json!("7003")), DOWN),
        (
            "conversations: (open or snoozed < 3 days) and created",
            CONVERSATIONS,
            all(&json!([
                any(&json!([is("open", "=", &json!(true)), is("snoozed_until", "<", &since(-3))])),
                is("created_at", ">", &since(300)),
            ])),
            DOWN,
        ),
        (
            "conversations: source.body ~ (part of a text)",
            CONVERSATIONS,
            is("source.body", "~", &json!("cancel")),
            DOWN,
        ),
    ]
}

/// How long one of many changes takes.
fn writes(sim: &mut Simulator, now: i64) {
    const N: u32 = 2_000;
    let each = |name: &str, work: &mut dyn FnMut(u32)| {
        let started_at = Instant::now();
        (0..N).for_each(work);
        let micros = started_at.elapsed().as_secs_f64() * 1e6 / f64::from(N);
        println!("{name:<52} {micros:>8.1} us each");
    };
    let step = sim.workspace().n_contacts() / N as usize;
    let known: Vec<String> =
        sim.workspace().contact_ids().step_by(step.max(1)).map(str::to_owned).collect();
    each("invented changes", &mut |_| sim.live(1, now));
    each("PUT /contacts/{id}", &mut |number| {
        let path = format!("/contacts/{}", known[number as usize % known.len()]);
        send(sim, Method::Put, &path, &json!({"name": format!("Name {number}")}), now);
    });
    each("POST /contacts", &mut |number| {
        let body = json!({"role": "user", "email": format!("bench-{number}@example.com")});
        send(sim, Method::Post, "/contacts", &body, now);
    });
}
