//! What a check finds, beside what a run does.

use std::sync::Arc;

use intercom_client::Transport;
use intercom_store::{Fate, Gone, Stream};
use intercom_sync::{Finding, State};

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::World;

/// What is found of one stream.
async fn found(world: &World, transport: Arc<dyn Transport>, stream: Stream) -> Finding {
    let findings = world.sync_over(transport).check().await.expect("findings");
    let of_stream = findings.into_iter().find(|finding| finding.subject == stream.name());
    of_stream.expect("the stream is looked at")
}

pub(crate) async fn what_can_be_read_is_compared_with_what_is_stored(on: &Database) {
    let mut world = World::new(on);
    let contacts =
        async |world: &World| found(world, Arc::new(world.sim.clone()), Stream::Contacts).await;
    assert_eq!(contacts(&world).await.detail, "readable, 60");
    world.sync().await;
    assert_eq!(contacts(&world).await.detail, "readable, 60, and 60 stored");

    let ids = world.contact_ids();
    for id in &ids[..20] {
        world.sim.with(|sim| sim.workspace_mut().delete_contact(id)).expect("it is there");
    }
    let fewer = contacts(&world).await;
    assert_eq!(fewer.state, State::Bad);
    let told = "readable, 40, but 60 stored: 20 of them would be missing, more than 5 %, and \
                `sync run --full` would take none for gone";
    assert_eq!(fewer.detail, told);
    assert!(fewer.remedy.is_some_and(|remedy| remedy.contains("max_missing_percent")));
    world.advance(3_600);
    let kept = world.sync_whole().await;
    let kept = kept.stream(Stream::Contacts).and_then(|contacts| contacts.kept_because.clone());
    assert!(kept.is_some_and(|why| why.starts_with("20 of 60 stored records are missing")));

    // Contacts that are archived keep their row, and no list shows them.
    let archived: Vec<Gone> =
        ids[..20].iter().map(|id| Gone { id: id.clone(), fate: Fate::Archived }).collect();
    let (workspace, now) = (world.workspace().await, world.now().timestamp());
    world.store.bury(&workspace, Stream::Contacts, &archived, now).await.expect("buried");
    let equal = contacts(&world).await;
    assert_eq!((equal.state, &*equal.detail), (State::Good, "readable, 40, and 40 stored"));

    for id in &ids[20..50] {
        world.sim.with(|sim| sim.workspace_mut().delete_contact(id)).expect("it is there");
    }
    world.settings.max_missing_percent = 75;
    let allowed = contacts(&world).await;
    assert_eq!((allowed.state, &*allowed.detail), (State::Good, "readable, 10, and 40 stored"));
}

pub(crate) async fn a_fault_of_one_stream_is_told_as_what_a_run_makes_of_it(on: &Database) {
    let mut world = World::new(on);
    world.settings.streams = vec![Stream::Contacts, Stream::Tags];
    let broken = || Meddler::refusing(&world.sim, "ListTags", 500, "Internal Server Error");
    let tags = found(&world, broken(), Stream::Tags).await;
    let remedy = "try again later; a run would leave tags behind and read the others";
    assert_eq!((tags.state, tags.remedy.as_deref()), (State::Bad, Some(remedy)));
    let report = world.break_off(broken()).await;
    assert!(report.stream(Stream::Tags).is_some_and(|tags| tags.broke_off_because.is_some()));
    world.check_mirror_of(&[Stream::Contacts]).await;

    let broken = Meddler::refusing(&world.sim, "ListContacts", 500, "Internal Server Error");
    let contacts = found(&world, broken, Stream::Contacts).await;
    assert!(
        contacts.remedy.is_some_and(|remedy| remedy.ends_with("customers would wait for them"))
    );

    // What ends a run is told as that.
    let revoked = Meddler::refusing(&world.sim, "ListTags", 401, "Access Token Invalid");
    let tags = found(&world, revoked, Stream::Tags).await;
    assert!(tags.remedy.is_some_and(|remedy| remedy.starts_with("check the access token")));
}
