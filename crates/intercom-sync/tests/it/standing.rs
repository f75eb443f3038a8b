//! How things stand between runs.

use std::sync::Arc;

use intercom_store::Stream;
use intercom_sync::{Extent, Silent, SyncError, Unfinished, last_runs, read_up_to};

use crate::database::Database;
use crate::leases::{Gate, run_to};
use crate::world::World;

pub(crate) async fn a_run_is_running_while_its_process_lives(on: &Database) {
    let world = Arc::new(World::new(on));
    let gate = Gate::new(&world);
    let run = run_to(&gate, &world).await;
    let states = async || {
        let runs = last_runs(&*world.store, &world.workspace().await, 5).await.expect("runs");
        runs.into_iter().map(|(_, unfinished)| unfinished).collect::<Vec<_>>()
    };
    assert_eq!(states().await, [Some(Unfinished::Running)]);

    // Killed: nobody gives the lease back.
    run.abort();
    run.await.expect_err("the run is cut off");
    assert_eq!(states().await, [Some(Unfinished::Running)], "nobody can know yet");
    on.expire_leases().await;
    assert_eq!(states().await, [Some(Unfinished::Interrupted)]);

    let next = Gate::new(&world);
    let run = run_to(&next, &world).await;
    assert_eq!(states().await, [Some(Unfinished::Running), Some(Unfinished::Interrupted)]);
    next.opened.notify_one();
    run.await.expect("no panic").expect("the run ends");
    assert_eq!(states().await, [None, Some(Unfinished::Interrupted)]);
}

/// What is stored of three streams less what the runs have counted, at one instant.
const UNCOUNTED: &str = "(SELECT COUNT(*) FROM admins) + (SELECT COUNT(*) FROM contacts) \
                         + (SELECT COUNT(*) FROM conversations) \
                         - (SELECT SUM(n_inserted) FROM sync_runs)";

pub(crate) async fn what_is_committed_is_counted_however_a_run_ends(on: &Database) {
    let world = Arc::new(World::new(on));
    let gate = Gate::new(&world);
    let run = run_to(&gate, &world).await;
    assert_eq!(on.number(&format!("SELECT {UNCOUNTED}")).await, 0, "while it works");
    run.abort();
    run.await.expect_err("the run is cut off");
    let killed = world.last_run().await;
    assert!(killed.end.is_none() && killed.counts.n_inserted > 0, "{killed:?}");
    assert_eq!(on.number(&format!("SELECT {UNCOUNTED}")).await, 0, "when it is killed");

    on.expire_leases().await;
    let gate = Gate::new(&world);
    let sync = world.sync_over(gate.clone());
    let stopped =
        sync.run_until(gate.reached.notified(), Extent::Changed, world.now(), &Silent).await;
    assert!(matches!(stopped, Err(SyncError::Stopped)), "{stopped:?}");
    let stopped = world.last_run().await;
    assert_eq!(stopped.end.map(|end| end.counts), Some(stopped.counts));
    assert_eq!(on.number(&format!("SELECT {UNCOUNTED}")).await, 0, "when it is stopped");

    let report = world.sync().await;
    let done = world.last_run().await.counts;
    assert_eq!(on.number(&format!("SELECT {UNCOUNTED}")).await, 0, "when it has ended");
    assert_eq!(done.n_customers.unsigned_abs(), report.metrics.contacts_synced);
    assert_eq!(done.n_fetched.unsigned_abs(), report.n_fetched());
}

pub(crate) async fn parts_are_as_far_behind_as_conversations(on: &Database) {
    let mut world = World::with_parts(on);
    let all = std::mem::take(&mut world.settings.streams);
    world.settings.streams =
        all.iter().copied().filter(|stream| *stream != Stream::Parts).collect();
    world.sync().await;
    let workspace = world.workspace().await;
    let at =
        async |stream| read_up_to(&*world.store, &workspace, stream).await.expect("an instant");
    assert!(at(Stream::Conversations).await.is_some());
    assert_eq!(at(Stream::Parts).await, None, "no part was ever read");

    world.settings.streams = all;
    world.sync().await;
    let at =
        async |stream| read_up_to(&*world.store, &workspace, stream).await.expect("an instant");
    let conversations = at(Stream::Conversations).await;
    assert_eq!(at(Stream::Parts).await, conversations);

    // One whose parts are due holds the stream back to when it changed.
    let id = world.conversation_ids()[0].clone();
    on.execute(&format!(
        "INSERT INTO parts_due (workspace_id, conversation_id, mark) \
         SELECT workspace_id, id, 1 FROM conversations WHERE id = '{id}'"
    ))
    .await;
    let changed =
        on.number(&format!("SELECT updated_at FROM conversations WHERE id = '{id}'")).await;
    assert_eq!(at(Stream::Parts).await, conversations.map(|at| at.min(changed)));
}
