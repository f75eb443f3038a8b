//! What vanishes from the workspace: no search shows it, a run over everything does.

use std::collections::BTreeMap;

use intercom_api::Method;
use intercom_store::{RunOutcome, Stream};
use intercom_sync::Extent;
use serde_json::json;

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::World;

async fn reasons(world: &World) -> BTreeMap<String, String> {
    let tombstones = world.store.tombstones(&world.workspace().await).await.expect("tombstones");
    tombstones.into_iter().map(|stone| (stone.id, stone.reason)).collect()
}

fn n_gone(report: &intercom_sync::RunReport, stream: Stream) -> u64 {
    report.stream(stream).expect("the stream is pulled").n_gone
}

fn delete_contacts(world: &World, ids: &[String]) {
    for id in ids {
        world.sim.with(|sim| sim.workspace_mut().delete_contact(id)).expect("it is there");
    }
}

pub(crate) async fn a_run_over_everything_finds_what_is_gone(on: &Database) {
    let world = World::new(on);
    let lead = world.create_contact(json!({"role": "lead", "email": "lead@gone.example"}));
    let lost = world.create_contact(json!({"role": "user", "email": "lost@gone.example"}));
    world.begin_conversation(&lead, "I am a lead");
    world.sync().await;
    assert!(world.customer("lost@gone.example").await.is_some());

    let ids = world.contact_ids();
    let (survivor, archived) = (ids[3].clone(), ids[4].clone());
    let now = world.sim.now() + 60;
    world.sim.with(|sim| sim.workspace_mut().merge_contacts(&lead, &survivor, now)).expect("both");
    delete_contacts(&world, std::slice::from_ref(&lost));
    world.call(Method::Post, &format!("/contacts/{archived}/archive"));
    let talk = world.records(Stream::Conversations).into_keys().next().expect("a conversation");
    world.call(Method::Delete, &format!("/conversations/{talk}"));
    world.advance(3_600);

    let report = world.sync_whole().await;
    assert!(report.is_complete());
    assert_eq!(n_gone(&report, Stream::Contacts), 3);
    assert_eq!(n_gone(&report, Stream::Conversations), 1);
    world.check_exact_mirror().await;
    let expected =
        [(&lead, "merged"), (&lost, "deleted"), (&archived, "deleted"), (&talk, "deleted")];
    let expected = expected.map(|(id, reason)| (id.clone(), reason.to_owned()));
    assert_eq!(reasons(&world).await, BTreeMap::from(expected));
    let aliases = world.store.aliases(&world.workspace().await).await.expect("aliases");
    assert_eq!(aliases, BTreeMap::from([(lead, survivor)]));
    let emptied = world.customer("lost@gone.example").await;
    assert!(emptied.is_none_or(|row| row.intercom_contact_ids.is_empty()));
    assert_eq!(world.last_run().await.kind, "full");

    world.advance(3_600);
    let quiet = world.sync_whole().await;
    assert_eq!((quiet.n_written(), n_gone(&quiet, Stream::Contacts)), (0, 0));
}

pub(crate) async fn a_run_over_changes_takes_nothing_for_gone(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    delete_contacts(&world, &world.contact_ids()[..3]);
    world.advance(3_600);
    let report = world.sync().await;
    assert_eq!(n_gone(&report, Stream::Contacts), 0);
    assert!(reasons(&world).await.is_empty());
}

pub(crate) async fn too_much_that_is_missing_is_kept_and_named(on: &Database) {
    let mut world = World::new(on);
    world.sync().await;
    delete_contacts(&world, &world.contact_ids()[..20]);
    world.advance(3_600);
    let report = world.sync_whole().await;
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    let reason = "20 of 60 stored records are missing from the whole list, more than 5 %";
    assert_eq!(contacts.kept_because.as_deref(), Some(reason));
    assert_eq!((contacts.n_gone, report.is_complete()), (0, false));
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!(end.outcome, RunOutcome::Partial);
    let detail = end.detail.expect("a reason");
    let start = format!("contacts: {reason}; nothing was taken for gone; see with `sync check` ");
    assert!(detail.starts_with(&start), "{detail}");
    assert!(detail.contains("raise max_missing_percent in the settings file"), "{detail}");
    assert!(reasons(&world).await.is_empty());

    world.settings.max_missing_percent = 40;
    let report = world.sync_whole().await;
    assert_eq!((n_gone(&report, Stream::Contacts), report.is_complete()), (20, true));
    world.check_exact_mirror().await;
}

pub(crate) async fn a_walk_that_breaks_off_takes_nothing_for_gone(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    delete_contacts(&world, &world.contact_ids()[..3]);
    world.advance(3_600);
    for n_answered in 1..5 {
        let silent = Meddler::silent_after(&world.sim, n_answered);
        let report = world.run_extent(Extent::Whole, silent).await.expect("the run ends");
        assert!(!report.is_complete());
        assert!(reasons(&world).await.is_empty(), "after {n_answered} answers");
    }
    assert_eq!(n_gone(&world.sync_whole().await, Stream::Contacts), 3);
    world.check_exact_mirror().await;
}

pub(crate) async fn what_a_list_leaves_out_and_is_still_there_is_kept(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    let hidden = world.contact_ids()[7].clone();
    let short = Meddler::rewriting(&world.sim, "ListContacts", move |page| {
        let contacts = page["data"].as_array_mut().expect("a list");
        contacts.retain(|contact| contact["id"] != hidden.as_str());
    });
    let report = world.run_extent(Extent::Whole, short).await.expect("the run ends");
    assert_eq!((n_gone(&report, Stream::Contacts), report.is_complete()), (0, true));
    assert_eq!(world.stored(Stream::Contacts).await.len(), 60);
}

pub(crate) async fn what_comes_back_is_unburied(on: &Database) {
    let world = World::new(on);
    let archived = world.create_contact(json!({"role": "user", "email": "back@member.example"}));
    world.sync().await;
    world.call(Method::Post, &format!("/contacts/{archived}/archive"));
    world.advance(3_600);
    world.sync_whole().await;
    assert_eq!(reasons(&world).await.len(), 1);
    world.call(Method::Post, &format!("/contacts/{archived}/unarchive"));
    world.advance(3_600);
    world.sync().await;
    assert!(reasons(&world).await.is_empty());
    assert!(world.customer("back@member.example").await.is_some());
    world.check_exact_mirror().await;
}

/// A merge renames the contact in its conversations, which do not say that they changed.
pub(crate) async fn a_run_over_everything_finds_silent_changes(on: &Database) {
    let world = World::new(on);
    let lead = world.create_contact(json!({"role": "lead"}));
    world.begin_conversation(&lead, "I am a lead");
    world.sync().await;
    world.advance(86_400);
    let (survivor, now) = (world.contact_ids()[3].clone(), world.sim.now());
    world.sim.with(|sim| sim.workspace_mut().merge_contacts(&lead, &survivor, now)).expect("both");
    let report = world.sync_whole().await;
    let conversations = report.stream(Stream::Conversations).expect("conversations are pulled");
    assert_eq!(conversations.n_changed, 1);
    world.check_exact_mirror().await;
}
