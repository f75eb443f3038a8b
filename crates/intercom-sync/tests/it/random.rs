//! Edits, waits and runs in any order: what a run over everything and a quiet one after it leave is
//! the workspace, and what is made of it is what one clean run makes of it.
//!
//! Plans are the same each time, so what fails here fails again; a plan that fails is made smaller
//! until nothing of it can be left out, and shown.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use chrono_tz::Tz;
use intercom_api::{Method, Request, Response};
use intercom_client::{Transport, TransportError};
use intercom_sim::{
    Change, DateMode, Fault, FaultAnswer, Faults, Frequency, Invention, Probability, RateHeaders,
    RouteName, SimSettings, SimTransport, TooManyRequests,
};
use intercom_store::Stream;
use intercom_sync::Extent;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::block_in_place;

use crate::clean::check_derived;
use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::{World, invention, sim_settings};

const N_CASES: u32 = 12;

/// Runs of a failing plan that are made smaller; each takes about a second.
const MOST_SHRUNK: u32 = 300;

const TWO_DAYS: i64 = 2 * 86_400;

#[derive(Clone, Copy, Debug)]
enum Step {
    Edit {
        n_changes: u32,
    },
    /// Several contacts that change in the same second.
    EditAtOnce {
        n_contacts: usize,
    },
    Merge {
        pick: usize,
    },
    Delete {
        pick: usize,
    },
    Archive {
        pick: usize,
    },
    DeleteConversation {
        pick: usize,
    },
    Wait {
        seconds: i64,
    },
    Run,
    RunWhole,
    /// A run after which no answer comes.
    BreakOff {
        n_answered: u32,
    },
    /// A process that dies while it waits for an answer.
    Kill {
        extent: Extent,
        n_answered: u32,
    },
    /// A run during which the workspace changes.
    RunWhileEdited,
    /// A run with answers that are damaged, refused, or that come from a workspace which changes.
    RunWithFaults {
        extent: Extent,
        seed: u64,
    },
}

#[derive(Clone, Debug)]
struct Plan {
    /// Of the invented workspace.
    seed: u64,
    date_mode: DateMode,
    timezone: Tz,
    index_lag: u32,
    /// How far runs reach back: no change may hang on it.
    overlap_for: u32,
    per_page: u32,
    /// Into how many windows first loads are cut.
    load_windows: u32,
    steps: Vec<Step>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pick = 0_usize..1_000;
    let extent = prop_oneof![3 => Just(Extent::Changed), 1 => Just(Extent::Whole)];
    let step = prop_oneof![
        3 => (1_u32..6).prop_map(|n_changes| Step::Edit { n_changes }),
        1 => (2_usize..9).prop_map(|n_contacts| Step::EditAtOnce { n_contacts }),
        1 => pick.clone().prop_map(|pick| Step::Merge { pick }),
        1 => pick.clone().prop_map(|pick| Step::Delete { pick }),
        1 => pick.clone().prop_map(|pick| Step::Archive { pick }),
        1 => pick.prop_map(|pick| Step::DeleteConversation { pick }),
        2 => (0_i64..400).prop_map(|seconds| Step::Wait { seconds }),
        2 => (0_i64..100_000).prop_map(|seconds| Step::Wait { seconds }),
        3 => Just(Step::Run),
        1 => Just(Step::RunWhole),
        2 => (1_u32..12).prop_map(|n_answered| Step::BreakOff { n_answered }),
        2 => (extent.clone(), 1_u32..12)
            .prop_map(|(extent, n_answered)| Step::Kill { extent, n_answered }),
        1 => Just(Step::RunWhileEdited),
        2 => (extent, any::<u64>()).prop_map(|(extent, seed)| Step::RunWithFaults { extent, seed }),
    ];
    proptest::collection::vec(step, 1..20)
}

fn plans() -> impl Strategy<Value = Plan> {
    let date_mode = prop_oneof![Just(DateMode::Day), Just(DateMode::Second)];
    let timezone = prop_oneof![
        3 => proptest::sample::select(chrono_tz::TZ_VARIANTS.as_slice()),
        1 => Just(chrono_tz::Pacific::Kiritimati),
        1 => Just(chrono_tz::Pacific::Pago_Pago),
    ];
    let overlap_for = prop_oneof![Just(0_u32), Just(900)];
    let settings = (0_u32..=300, overlap_for, 3_u32..20, 1_u32..7);
    (1_u64..1 << 20, date_mode, timezone, settings, steps()).prop_map(
        |(seed, date_mode, timezone, settings, steps)| {
            let (index_lag, overlap_for, per_page, load_windows) = settings;
            Plan {
                seed,
                date_mode,
                timezone,
                index_lag,
                overlap_for,
                per_page,
                load_windows,
                steps,
            }
        },
    )
}

pub(crate) async fn a_quiet_last_run_leaves_the_workspace(on: &Database) {
    check(on, two_changes_in_a_second()).await;
    let config = Config {
        cases: N_CASES,
        max_shrink_iters: MOST_SHRUNK,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let tested = block_in_place(|| {
        runner.run(&plans(), |plan| {
            Handle::current().block_on(check(on, plan));
            Ok(())
        })
    });
    if let Err(error) = tested {
        panic!("{error}");
    }
}

/// Found by the property: of two changes in one second, an index that lags shows none or both.
fn two_changes_in_a_second() -> Plan {
    let steps = vec![
        Step::Run,
        Step::Wait { seconds: 71 },
        Step::Edit { n_changes: 2 },
        Step::Edit { n_changes: 4 },
        Step::BreakOff { n_answered: 2 },
        Step::Edit { n_changes: 2 },
        Step::EditAtOnce { n_contacts: 7 },
    ];
    let (date_mode, timezone) = (DateMode::Second, chrono_tz::Mexico::BajaNorte);
    let (index_lag, overlap_for, per_page, load_windows) = (276, 0, 8, 1);
    Plan { seed: 0, date_mode, timezone, index_lag, overlap_for, per_page, load_windows, steps }
}

/// In a database of its own: a smaller plan begins anew.
async fn check(beside: &Database, plan: Plan) {
    let on = &beside.another().await;
    let index_lag = i64::from(plan.index_lag);
    let settings = SimSettings {
        date_mode: plan.date_mode,
        timezone: Some(plan.timezone),
        index_lag: plan.index_lag,
        ..sim_settings()
    };
    let invention = Invention { seed: plan.seed, ..invention(12, 30) };
    let mut world = World::invent(invention, settings, Arc::clone(&on.store));
    world.settings.per_page = plan.per_page;
    world.settings.overlap_for = plan.overlap_for;
    world.settings.load_windows = Some(plan.load_windows);
    world.settings.max_missing_percent = 100;
    for step in plan.steps {
        take(on, &world, step).await;
    }
    world.advance(index_lag + 1);
    world.sync().await;
    check_no_change_is_lost(&world).await;
    world.advance(1);
    assert!(world.sync_whole().await.is_complete());
    world.advance(60);
    let quiet = world.sync().await;
    assert_eq!((quiet.n_written(), quiet.is_complete()), (0, true));
    world.check_exact_mirror().await;
    check_what_is_gone(&world).await;
    // Figures that depend on the date have been computed again then.
    world.advance(TWO_DAYS + index_lag);
    assert!(world.sync().await.is_complete());
    check_derived(on, &world).await;
    on.remove().await;
}

/// Every record is stored as it was at its last change, but for what changed without one: a merge
/// renames a contact in its conversations.
async fn check_no_change_is_lost(world: &World) {
    for stream in [Stream::Contacts, Stream::Conversations] {
        let stored = world.stored(stream).await;
        for (id, record) in world.records(stream) {
            let changed_at = |record: &str| {
                let record: Value = serde_json::from_str(record).expect("JSON");
                record["updated_at"].as_i64()
            };
            let found = stored.get(&id).map(|record| changed_at(record));
            assert_eq!(found, Some(changed_at(&record)), "{stream} {id}");
        }
    }
}

/// Nothing that is there has a tombstone, and aliases lead where the workspace leads.
async fn check_what_is_gone(world: &World) {
    let workspace = world.workspace().await;
    for stone in world.store.tombstones(&workspace).await.expect("tombstones") {
        let there = world.records(stone.stream);
        assert!(!there.contains_key(&stone.id), "{} {}", stone.stream, stone.id);
    }
    for (old, contact) in world.store.aliases(&workspace).await.expect("aliases") {
        let answer = world.ask(Method::Get, &format!("/contacts/{old}"));
        match answer.status {
            410 => {
                let link = answer.headers.get("Link").expect("a merged contact has a link");
                assert!(link.contains(&contact), "{old} leads to {link}, not to {contact}");
            }
            // The contact that remained is gone as well.
            404 => assert!(!world.records(Stream::Contacts).contains_key(&contact)),
            status => panic!("{old} is answered with {status}"),
        }
    }
}

async fn take(on: &Database, world: &World, step: Step) {
    match step {
        Step::Edit { n_changes } => edit(world, n_changes),
        Step::EditAtOnce { n_contacts } => {
            for id in listed(world, Stream::Contacts).iter().take(n_contacts) {
                world.update_contact(id, json!({"custom_attributes": {"round": n_contacts}}));
            }
        }
        Step::Merge { pick } => merge(world, pick),
        Step::Delete { pick } => {
            if let Some(id) = picked(world, Stream::Contacts, pick) {
                world.sim.with(|sim| sim.workspace_mut().delete_contact(&id)).expect("it is there");
            }
        }
        Step::Archive { pick } => {
            if let Some(id) = picked(world, Stream::Contacts, pick) {
                world.call(Method::Post, &format!("/contacts/{id}/archive"));
            }
        }
        Step::DeleteConversation { pick } => {
            if let Some(id) = picked(world, Stream::Conversations, pick) {
                world.call(Method::Delete, &format!("/conversations/{id}"));
            }
        }
        Step::Wait { seconds } => world.advance(seconds),
        Step::Run => drop(world.sync().await),
        Step::RunWhole => drop(world.sync_whole().await),
        Step::BreakOff { n_answered } => {
            let cut_off = Meddler::silent_after(&world.sim, n_answered);
            // With few pages the run may end before the answers do.
            drop(world.run_over(cut_off).await);
        }
        Step::Kill { extent, n_answered } => kill(on, world, extent, n_answered).await,
        Step::RunWhileEdited => {
            let sim = world.sim.clone();
            let busy = Meddler::new(&world.sim, move |_, _, response| {
                sim.clock().advance(2);
                let now = sim.now();
                sim.with(|sim| sim.live(1, now));
                Ok(response)
            });
            world.run_over(busy).await.expect("the run ends");
        }
        Step::RunWithFaults { extent, seed } => {
            world.sim.with(|sim| sim.set_faults(faults(seed)));
            // It may fail, as long as a later one does not.
            drop(world.run_extent(extent, Arc::new(world.sim.clone())).await);
            world.sim.with(|sim| sim.set_faults(Faults::default()));
        }
    }
}

fn edit(world: &World, n_changes: u32) {
    let now = world.sim.now();
    world.sim.with(|sim| sim.live(n_changes, now));
}

fn listed(world: &World, stream: Stream) -> Vec<String> {
    world.records(stream).into_keys().collect()
}

fn picked(world: &World, stream: Stream, pick: usize) -> Option<String> {
    let ids = listed(world, stream);
    (!ids.is_empty()).then(|| ids[pick % ids.len()].clone())
}

fn merge(world: &World, pick: usize) {
    let ids = listed(world, Stream::Contacts);
    if ids.len() > 1 {
        let (from, into) = (&ids[pick % ids.len()], &ids[(pick + 1) % ids.len()]);
        let now = world.sim.now();
        world.sim.with(|sim| sim.workspace_mut().merge_contacts(from, into, now)).expect("both");
    }
}

fn faults(seed: u64) -> Faults {
    let contacts: RouteName = "POST /contacts/search".parse().expect("a route");
    let sometimes = |answer, probability| {
        let probability = Probability::new(probability).expect("a probability");
        Fault { frequency: Frequency::Probability(probability), ..Fault::new(answer) }
    };
    let answer = |name: &str| name.parse::<FaultAnswer>().expect("an answer");
    // At once: what a wait teaches is another test's.
    let busy = TooManyRequests { headers: RateHeaders::Absent, retry_after: Some(0) };
    let change = |change| Fault {
        route: Some(contacts.clone()),
        ..sometimes(FaultAnswer::Change(change), 0.2)
    };
    let list = vec![
        change(Change::Create),
        change(Change::Update),
        change(Change::Merge),
        change(Change::Delete),
        sometimes(answer("500"), 0.1),
        sometimes(answer("truncated"), 0.05),
        sometimes(answer("empty"), 0.03),
        sometimes(answer("reset"), 0.03),
        sometimes(answer("stale-cursor"), 0.1),
        sometimes(FaultAnswer::TooManyRequests(busy), 0.05),
    ];
    Faults { seed, list }
}

/// A transport that answers so many requests and then never again.
struct Mute {
    inner: SimTransport,
    n_left: AtomicU32,
    is_reached: Notify,
}

#[async_trait]
impl Transport for Mute {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let left = |n: u32| n.checked_sub(1);
        if self.n_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err() {
            self.is_reached.notify_one();
            std::future::pending::<()>().await;
        }
        self.inner.send(request).await
    }
}

async fn kill(on: &Database, world: &World, extent: Extent, n_answered: u32) {
    let (inner, n_left) = (world.sim.clone(), AtomicU32::new(n_answered));
    let mute = Arc::new(Mute { inner, n_left, is_reached: Notify::new() });
    tokio::select! {
        ended = world.run_extent(extent, mute.clone()) => drop(ended.expect("nothing failed")),
        () = mute.is_reached.notified() => {}
    }
    on.expire_leases().await;
}
