//! Edits, waits and runs in any order: what a quiet last run leaves is the workspace.

use std::sync::Arc;

use chrono_tz::Tz;
use intercom_sim::{DateMode, Invention, SimSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::{World, invention, sim_settings};

const N_CASES: u64 = 16;

#[derive(Clone, Copy, Debug)]
enum Step {
    Edit {
        n_changes: u32,
    },
    Wait {
        seconds: i64,
    },
    Run,
    /// A run after which no answer comes.
    BreakOff {
        n_answered: u32,
    },
    /// A run during which the workspace changes.
    RunWhileEdited,
}

#[derive(Clone, Debug)]
struct Plan {
    date_mode: DateMode,
    timezone: Tz,
    index_lag: u32,
    per_page: u32,
    steps: Vec<Step>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let step = prop_oneof![
        3 => (1_u32..6).prop_map(|n_changes| Step::Edit { n_changes }),
        2 => (0_i64..400).prop_map(|seconds| Step::Wait { seconds }),
        2 => (0_i64..100_000).prop_map(|seconds| Step::Wait { seconds }),
        3 => Just(Step::Run),
        2 => (1_u32..12).prop_map(|n_answered| Step::BreakOff { n_answered }),
        1 => Just(Step::RunWhileEdited),
    ];
    let date_mode = prop_oneof![Just(DateMode::Day), Just(DateMode::Second)];
    let timezone = proptest::sample::select(chrono_tz::TZ_VARIANTS.as_slice());
    let steps = proptest::collection::vec(step, 4..14);
    (date_mode, timezone, 0_u32..=300, 3_u32..20, steps).prop_map(
        |(date_mode, timezone, index_lag, per_page, steps)| Plan {
            date_mode,
            timezone,
            index_lag,
            per_page,
            steps,
        },
    )
}

pub(crate) async fn a_quiet_last_run_leaves_the_workspace(on: &Database) {
    let mut runner = TestRunner::default();
    for seed in 1..=N_CASES {
        let plan = plans().new_tree(&mut runner).expect("a plan").current();
        // Shown when the case fails: the plan and the seed are all there is to it.
        eprintln!("seed {seed}: {plan:?}");
        check(on, seed, plan).await;
    }
}

async fn check(on: &Database, seed: u64, plan: Plan) {
    let Plan { date_mode, timezone, index_lag, per_page, steps } = plan;
    let settings = SimSettings { date_mode, timezone: Some(timezone), index_lag, ..sim_settings() };
    let invention = Invention { seed, ..invention(12, 30) };
    let mut world = World::invent(invention, settings, Arc::clone(&on.store));
    world.settings.per_page = per_page;
    for step in steps {
        take(&world, step).await;
    }
    world.advance(index_lag.into());
    world.sync().await;
    world.check_mirror().await;
}

async fn take(world: &World, step: Step) {
    match step {
        Step::Edit { n_changes } => edit(world, n_changes),
        Step::Wait { seconds } => world.advance(seconds),
        Step::Run => drop(world.sync().await),
        Step::BreakOff { n_answered } => {
            let cut_off = Meddler::silent_after(&world.sim, n_answered);
            // With few pages the run may end before the answers do.
            drop(world.run_over(cut_off).await);
        }
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
    }
}

fn edit(world: &World, n_changes: u32) {
    let now = world.sim.now();
    world.sim.with(|sim| sim.live(n_changes, now));
}
