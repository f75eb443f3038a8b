//! How things stand between runs.

use std::sync::Arc;

use intercom_store::Stream;
use intercom_sync::{Unfinished, last_runs, read_up_to};

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
