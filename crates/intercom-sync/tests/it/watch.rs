//! Runs by the clock.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use intercom_client::Transport;
use intercom_store::Stream;
use intercom_sync::{Agenda, Extent, Progress, RunReport, Schedule, SyncError, Watcher};
use tokio::sync::Notify;

use crate::database::Database;
use crate::meddler::{Meddler, refusal};
use crate::world::World;

const MONTH: i64 = 31 * 86_400;

/// Hears which runs start, until there were enough.
struct Heard {
    extents: Mutex<Vec<Extent>>,
    n_runs: usize,
    enough: Notify,
}

impl Progress for Heard {
    fn pulled(&self, _: Stream, _: u64, _: Option<u64>) {}
    fn finished(&self, _: Stream, _: u64) {}
    fn projected(&self, _: Stream, _: u64) {}
    fn customers(&self, _: u64) {}
}

impl Watcher for Heard {
    fn waits(&self, _: DateTime<Utc>, _: Extent) {}

    fn starts(&self, _: DateTime<Utc>, extent: Extent) {
        self.extents.lock().expect("no panic").push(extent);
    }

    fn ended(&self, _: DateTime<Utc>, _: &Result<RunReport, SyncError>) {
        if self.extents.lock().expect("no panic").len() == self.n_runs {
            self.enough.notify_one();
        }
    }
}

/// The first runs of a watch whose clock goes on by an hour whenever somebody looks at it: one every
/// hour, over everything when a month begins.
async fn watched(world: &World, transport: Arc<dyn Transport>, n_runs: usize) -> Vec<Extent> {
    let heard = Heard { extents: Mutex::default(), n_runs, enough: Notify::new() };
    let schedule = Schedule::new("0 * * * *", "0 0 1 * *").expect("patterns");
    let seconds = AtomicI64::new(world.now().timestamp());
    let clock = || {
        DateTime::from_timestamp(seconds.fetch_add(3_600, Ordering::Relaxed), 0).expect("in range")
    };
    let sync = world.sync_over(transport);
    sync.watch(schedule, &clock, heard.enough.notified(), &heard).await;
    // What follows begins where the watch has ended.
    world.advance(seconds.into_inner() - world.now().timestamp());
    let mut extents = heard.extents.into_inner().expect("no panic");
    // Another may have begun before the watch has heard that it is to stop.
    extents.truncate(n_runs);
    extents
}

pub(crate) async fn a_run_over_everything_that_falls_short_is_tried_again(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    world.advance(MONTH);
    // The run over everything of the first day was missed.
    let sound = || Arc::new(world.sim.clone());
    let extents = watched(&world, sound(), 2).await;
    assert_eq!(extents, [Extent::Whole, Extent::Changed]);

    world.advance(MONTH);
    let broken = Meddler::refusing(&world.sim, "ListContacts", 500, "Internal Server Error");
    assert_eq!(watched(&world, broken, 3).await, [Extent::Whole; 3]);
    // A watch that begins anew knows of it.
    assert_eq!(watched(&world, sound(), 2).await, [Extent::Whole, Extent::Changed]);

    // What the token may not read, no other run brings.
    world.advance(MONTH);
    let limited = Meddler::refusing(&world.sim, "ListAdmins", 403, "missing scope: read admins");
    assert_eq!(watched(&world, limited, 2).await, [Extent::Whole, Extent::Changed]);
    // Nor does a watch that begins anew try to.
    assert_eq!(watched(&world, sound(), 1).await, [Extent::Changed]);
}

pub(crate) async fn a_run_over_everything_of_somebody_else_is_made_up_for(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    world.advance(3_600);
    let sound = || Arc::new(world.sim.clone());
    assert_eq!(watched(&world, sound(), 1).await, [Extent::Changed]);

    // Before the watch begins.
    let broken = || Meddler::refusing(&world.sim, "ListContacts", 500, "Internal Server Error");
    let by_hand = async || {
        let report = world.run_extent(Extent::Whole, broken()).await.expect("the run ends");
        assert!(!report.is_complete());
    };
    by_hand().await;
    assert_eq!(watched(&world, sound(), 2).await, [Extent::Whole, Extent::Changed]);

    // A watch that learns of it only when a run is due: its first question is not answered.
    by_hand().await;
    let late = Meddler::new(&world.sim, |number, _, response| match number {
        1 => Ok(refusal(401, "Access Token Invalid")),
        _ => Ok(response),
    });
    assert_eq!(watched(&world, late, 2).await, [Extent::Whole, Extent::Changed]);
}

#[test]
fn a_run_that_falls_short_brings_the_next_one_forward() {
    let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
    let sunday = at("2025-11-23T02:00:00Z");
    let mut agenda = Agenda::new(Schedule::default(), Some(sunday), Some(sunday), sunday);
    agenda.started(Extent::Whole, sunday);
    assert_eq!(agenda.next(sunday), Some((at("2025-11-23T06:00:00Z"), Extent::Changed)));
    agenda.fell_short();
    assert_eq!(agenda.next(sunday), Some((at("2025-11-23T06:00:00Z"), Extent::Whole)));
    agenda.started(Extent::Whole, at("2025-11-23T06:00:00Z"));
    let next = agenda.next(at("2025-11-30T02:00:00Z"));
    assert_eq!(next, Some((at("2025-11-30T02:00:00Z"), Extent::Whole)));
}
