//! Whole lists that meet faults: nothing is lost and nothing comes twice, or the error says that
//! the list is not complete.

use std::collections::{BTreeMap, BTreeSet};

use intercom_api::{Paging, Safety};
use intercom_client::{AnswerFault, Client, Error};
use intercom_sim::{Faults, SimTransport, Simulator};
use serde_json::Value;
use tokio::time::Instant;

use super::cell::{DEADLINE, End, Setting};
use super::faults::{Fault, Frequency, Kind, MAX_BODY, PROMPT, SLOW};
use super::memory::{Memory, RATE_LIMIT};
use super::rows::{self, Walk};
use super::world::World;

/// What a walk came to.
struct Walked {
    /// The ids of the entries, or their whole text.
    entries: Vec<String>,
    result: Result<(), Error>,
    n_calls: u64,
    /// The workspace afterwards, and who has walked through it.
    transport: SimTransport,
    client: Client,
}

async fn run(walk: &Walk, simulator: Simulator) -> Walked {
    let (transport, client) = Memory.begin(simulator, walk.row.version);
    go(walk, transport, client).await
}

async fn go(walk: &Walk, transport: SimTransport, client: Client) -> Walked {
    let (before, begun_at) = (transport.stats(), Instant::now());
    let (entries, result) = (walk.walk)(client.clone()).await;
    let stats = transport.stats();
    let n_calls = stats.requests - before.requests;
    assert_eq!(stats.over_limit, 0, "{}: a call past the window", walk.row.name);
    assert!(begun_at.elapsed() <= DEADLINE * u32::try_from(n_calls).expect("few calls"));
    let id = |entry: String| match serde_json::from_str::<Value>(&entry) {
        Ok(fields) => fields["id"].as_str().map_or(entry, str::to_owned),
        Err(error) => panic!("{}: {error}", walk.row.name),
    };
    let entries = entries.into_iter().map(id).collect();
    Walked { entries, result, n_calls, transport, client }
}

fn faulty(world: &World, file: &str) -> Simulator {
    let mut simulator = world.simulator.clone();
    simulator.set_faults(file.parse().expect("the fault is well written"));
    simulator
}

/// The route of a walk as the simulator names it.
fn route(clean: &Walked, world: &World) -> String {
    let before = &world.simulator.stats().routes;
    let after = clean.transport.stats().routes;
    let route = after.into_iter().find(|(route, calls)| before.get(route) != Some(calls));
    route.expect("the calls are counted").0
}

/// The error that a call of a walk ends with when every attempt meets the fault; `None` when it is
/// answered all the same.
fn error(walk: &Walk, fault: Fault) -> Option<End> {
    let limit = u64::try_from(MAX_BODY).expect("it fits");
    match fault.kind {
        Kind::Busy => Some(End::Refused(429)),
        Kind::Failing(status) | Kind::Final(status) => Some(End::Refused(status)),
        Kind::Page | Kind::Damaged(_) => Some(End::Unreadable),
        Kind::Lost(lost) | Kind::Broken(lost) => Some(End::NoAnswer(lost)),
        Kind::TooLarge => Some(End::NoAnswer(AnswerFault::BodyTooLarge { limit })),
        Kind::Harmless if fault.text.contains("stale") => {
            let has_cursor = match walk.paging {
                Paging::BodyCursor | Paging::QueryCursor | Paging::Scroll | Paging::NextCursor => {
                    true
                }
                Paging::NextUrl | Paging::PageNumber | Paging::Single => false,
            };
            has_cursor.then_some(End::Refused(400))
        }
        Kind::Harmless | Kind::Change => None,
    }
}

/// Whether a call that meets the fault once is repeated.
fn is_repeated(walk: &Walk, kind: Kind) -> bool {
    match kind {
        Kind::Busy => true,
        Kind::Failing(_) | Kind::Lost(_) | Kind::Broken(_) | Kind::Damaged(_) => {
            walk.row.safety() == Safety::Read
        }
        // With fewer entries a page, where that does not move the place of the next.
        Kind::TooLarge => match walk.paging {
            Paging::BodyCursor | Paging::QueryCursor | Paging::NextCursor => true,
            Paging::NextUrl | Paging::PageNumber | Paging::Scroll | Paging::Single => false,
        },
        Kind::Final(_) | Kind::Page | Kind::Harmless | Kind::Change => false,
    }
}

/// A walk that meets a fault, always at its second call or later.
async fn check(walk: &Walk, clean: &Walked, world: &World, fault: Fault, frequency: Frequency) {
    // The first call has no cursor that could be stale.
    let n_spared = u32::from(!fault.text.contains("stale"));
    let file = frequency.file(fault, &route(clean, world), n_spared);
    let found = run(walk, faulty(world, &file)).await;
    let what = format!("{} {} {frequency:?}", walk.row.name, fault.text);
    let fatal = error(walk, fault);
    let has_to_end = match frequency {
        Frequency::Always => fatal.is_none(),
        Frequency::Once => fatal.is_none() || is_repeated(walk, fault.kind),
        Frequency::Sometimes => found.result.is_ok(),
    };
    match found.result {
        Ok(()) => {
            assert!(has_to_end, "{what}: it should end with {fatal:?}");
            assert_eq!(found.entries, clean.entries, "{what}");
        }
        Err(error) => {
            assert_eq!(Some(End::of(Err(error))), fatal, "{what}");
            assert!(!has_to_end, "{what}: it should go on");
            assert!(clean.entries.starts_with(&found.entries), "{what}: not a part of it");
            // A scroll ends with an empty page.
            let has_empty_page = walk.paging == Paging::Scroll;
            let is_cut = found.entries.len() < clean.entries.len();
            assert!(is_cut || has_empty_page, "{what}: an error behind the end");
        }
    }
}

fn set(entries: &[String]) -> BTreeSet<&str> {
    entries.iter().map(String::as_str).collect()
}

/// A walk in the middle of which the workspace changes.
async fn check_change(
    walk: &Walk,
    clean: &Walked,
    world: &World,
    (fault, frequency): (Fault, Frequency),
) {
    let what = format!("{} {} {frequency:?}", walk.row.name, fault.text);
    let file = frequency.file(fault, &route(clean, world), 1);
    let found = run(walk, faulty(world, &file)).await;
    if let Err(error) = found.result {
        // The contact whose list it is has gone.
        assert!(matches!(error.status(), Some(404 | 410)), "{what}: {error}");
        return;
    }
    found.transport.with(|simulator| simulator.set_faults(Faults::default()));
    let after = go(walk, found.transport, found.client).await;
    let (before, after, seen) = (set(&clean.entries), set(&after.entries), set(&found.entries));
    let n_lost = before.intersection(&after).filter(|entry| !seen.contains(*entry)).count();
    let n_changes = usize::try_from(found.n_calls - 1).expect("few calls");
    let counts_entries = matches!(walk.paging, Paging::PageNumber | Paging::NextUrl);
    let may_slip =
        counts_entries && (fault.text.contains("delete") || fault.text.contains("merge"));
    assert!(n_lost <= if may_slip { n_changes } else { 0 }, "{what}: {n_lost} lost");
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    found.entries.iter().for_each(|entry| *times.entry(entry).or_default() += 1);
    let n_twice = times.values().filter(|n| **n > 1).count();
    let may_come_again = walk.is_by_update || counts_entries;
    assert!(n_twice <= if may_come_again { n_changes } else { 0 }, "{what}: {n_twice} twice");
    let invented = seen.iter().find(|e| !before.contains(**e) && !after.contains(**e));
    let is_created_and_gone = n_changes > 1;
    assert!(invented.is_none() || is_created_and_gone, "{what}: {invented:?} was never there");
}

#[tokio::test(start_paused = true)]
async fn every_list_under_every_fault_is_complete_or_says_that_it_is_not() {
    let world = World::crowded(Some(RATE_LIMIT));
    for walk in rows::walks::all(&world) {
        let clean = run(&walk, world.simulator.clone()).await;
        clean.result.as_ref().expect("there is no fault");
        assert!(clean.n_calls >= 2, "{}: {} calls", walk.row.name, clean.n_calls);
        assert_eq!(set(&clean.entries).len(), clean.entries.len(), "{}: twice", walk.row.name);
        for fault in PROMPT.into_iter().chain(SLOW) {
            for frequency in Frequency::ALL {
                match fault.kind {
                    Kind::Change => check_change(&walk, &clean, &world, (fault, frequency)).await,
                    _ => check(&walk, &clean, &world, fault, frequency).await,
                }
            }
        }
    }
}
