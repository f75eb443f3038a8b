//! Single records that nobody can read: put aside, named, and not in the way of the others.

use std::sync::Arc;

use intercom_store::{QuarantinedRow, RunOutcome, StillAside, Stream};
use intercom_sync::{Extent, RunReport};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::{CONTACTS, CONVERSATIONS, Meddler};
use crate::world::World;

/// Rewrites one contact, wherever it is on a page.
fn spoiling(world: &World, id: &str, spoil: fn(&mut Value)) -> Arc<Meddler> {
    let id = id.to_owned();
    Meddler::rewriting(&world.sim, CONTACTS, move |page| {
        let contacts = page["data"].as_array_mut().expect("a list");
        contacts.iter_mut().filter(|contact| contact["id"] == id).for_each(spoil);
    })
}

/// A run over everything that meets the contact spoilt.
async fn run_whole(world: &World, id: &str, spoil: fn(&mut Value)) -> RunReport {
    let id = id.to_owned();
    let transport = Meddler::rewriting(&world.sim, "ListContacts", move |page| {
        let contacts = page["data"].as_array_mut().expect("a list");
        contacts.iter_mut().filter(|contact| contact["id"] == id).for_each(spoil);
    });
    world.run_extent(Extent::Whole, transport).await.expect("the run ends")
}

async fn run(world: &World, transport: Arc<Meddler>) -> RunReport {
    world.run_over(transport).await.expect("the run ends")
}

async fn quarantined(world: &World) -> Vec<QuarantinedRow> {
    world.store.quarantined(&world.workspace().await).await.expect("entries")
}

/// One record is put aside, for a reason that says where, and the run is complete but for it.
async fn check_one_put_aside(world: &World, report: &RunReport, id: Option<&str>, reason: &str) {
    let entries = quarantined(world).await;
    let [entry] = entries.as_slice() else { panic!("{} entries", entries.len()) };
    assert_eq!((entry.stream, entry.record_id.as_deref()), (Stream::Contacts, id));
    assert!(entry.reason.contains(reason), "{}", entry.reason);
    assert_eq!(report.stream(Stream::Contacts).map(|contacts| contacts.n_quarantined), Some(1));
    assert_eq!(report.metrics.errors, 1);
    assert!(!report.is_complete());
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!((end.outcome, end.counts.n_quarantined), (RunOutcome::Partial, 1));
}

pub(crate) async fn an_entry_without_a_readable_id_costs_only_itself(on: &Database) {
    let world = World::new(on);
    let odd = &world.contact_ids()[7];
    let odd = spoiling(&world, odd, |contact| contact["id"] = json!({"odd": 1}));
    let report = run(&world, odd).await;
    check_one_put_aside(&world, &report, None, "not mirrored: at `id`").await;
    assert_eq!(world.stored(Stream::Contacts).await.len(), 59);
    assert_eq!(world.stored(Stream::Conversations).await.len(), 200);
}

fn date_of_text(contact: &mut Value) {
    contact["created_at"] = json!("last spring");
}

pub(crate) async fn a_date_that_is_text_is_put_aside_and_named(on: &Database) {
    let world = World::new(on);
    let odd = &world.contact_ids()[7];
    let report = run(&world, spoiling(&world, odd, date_of_text)).await;
    check_one_put_aside(&world, &report, Some(odd), "not mirrored: at `created_at`").await;
    assert_eq!(world.stored(Stream::Contacts).await.len(), 59);
}

pub(crate) async fn an_entry_that_is_fixed_leaves_the_quarantine(on: &Database) {
    let world = World::new(on);
    let odd = &world.contact_ids()[7];
    run(&world, spoiling(&world, odd, date_of_text)).await;
    world.advance(86_400);
    world.update_contact(odd, json!({"name": "Fixed"}));
    let report = world.sync().await;
    assert!(report.is_complete());
    assert_eq!(quarantined(&world).await, []);
    assert_eq!(world.stored(Stream::Contacts).await.len(), 60);
}

/// Later runs name it too, without being less than complete: they could not bring it.
pub(crate) async fn what_stays_put_aside_is_named_by_every_run(on: &Database) {
    let world = World::new(on);
    let odd = world.contact_ids()[7].clone();
    let spoilt = || spoiling(&world, &odd, number_for_a_place);
    run(&world, spoilt()).await;
    for report in [run(&world, spoilt()).await, run_whole(&world, &odd, number_for_a_place).await] {
        assert!(report.is_complete() && !report.leaves_nothing_behind(), "{report:?}");
        let StillAside { n: 1, named } = &report.still_aside else { panic!("{report:?}") };
        assert_eq!(
            (named[0].stream, named[0].record_id.as_deref()),
            (Stream::Contacts, Some(&*odd))
        );
        assert!(named[0].reason.starts_with("mirrored but not projected"), "{named:?}");
        let end = world.last_run().await.end.expect("the run ended");
        assert_eq!(end.outcome, RunOutcome::Done);
    }
    world.advance(86_400);
    world.update_contact(&odd, json!({"name": "Fixed"}));
    assert!(world.sync().await.leaves_nothing_behind());
}

/// What shows no id can be told from nothing that comes later: a walk over everything that does not
/// meet it ends it.
pub(crate) async fn what_a_whole_walk_does_not_meet_is_put_aside_no_more(on: &Database) {
    let world = World::new(on);
    let odd = world.contact_ids()[7].clone();
    let without_id: fn(&mut Value) = |contact| contact["id"] = json!({"odd": 1});
    run(&world, spoiling(&world, &odd, without_id)).await;
    assert_eq!(world.sync().await.still_aside.n, 1);
    // Met again, it is this run's.
    let report = run_whole(&world, &odd, without_id).await;
    assert_eq!((report.metrics.errors, report.still_aside.n), (1, 0));
    assert_eq!(world.sync().await.still_aside.n, 1);
    assert!(world.sync_whole().await.leaves_nothing_behind());
    assert_eq!(quarantined(&world).await, []);
    assert!(world.sync().await.leaves_nothing_behind());
}

fn number_for_a_place(contact: &mut Value) {
    contact["location"] = json!(5);
}

const BESIDE: &str = "beside@member.example";

/// A contact that has just changed, so that the next run sees it again.
fn recent(world: &World) -> String {
    world.create_contact(json!({"role": "user", "email": BESIDE}))
}

pub(crate) async fn a_nested_field_of_another_type_is_mirrored_and_put_aside(on: &Database) {
    let world = World::new(on);
    let odd = recent(&world);
    let report = run(&world, spoiling(&world, &odd, number_for_a_place)).await;
    let reason = "mirrored but not projected: at `location`";
    check_one_put_aside(&world, &report, Some(&odd), reason).await;
    let stored = world.stored(Stream::Contacts).await;
    assert_eq!(stored.len(), 61);
    assert!(stored[&odd].contains(r#""location":5"#));
    assert_eq!(world.customer(BESIDE).await, None);
    assert!(report.metrics.new_contacts > 40, "the others became customers");
}

pub(crate) async fn a_record_put_aside_is_not_forgotten_when_it_is_seen_again(on: &Database) {
    let world = World::new(on);
    let odd = recent(&world);
    for _ in 0..3 {
        run(&world, spoiling(&world, &odd, number_for_a_place)).await;
        assert_eq!(quarantined(&world).await.len(), 1);
        world.advance(30);
    }
    let fixed = world.sync().await;
    assert!(fixed.is_complete());
    assert_eq!(quarantined(&world).await, []);
    assert!(world.customer(BESIDE).await.is_some());
}

pub(crate) async fn a_customer_outlives_a_body_that_nobody_can_read(on: &Database) {
    let world = World::new(on);
    let odd = recent(&world);
    world.sync().await;
    let before = world.customer(BESIDE).await;
    assert!(before.is_some());
    world.advance(30);
    world.update_contact(&odd, json!({"name": "Changed"}));
    let report = run(&world, spoiling(&world, &odd, number_for_a_place)).await;
    assert!(!report.is_complete());
    assert_eq!(world.customer(BESIDE).await, before);
}

pub(crate) async fn an_unknown_state_is_kept(on: &Database) {
    let world = World::new(on);
    let parked = Meddler::rewriting(&world.sim, CONVERSATIONS, |page| {
        page["conversations"][0]["state"] = json!("parked");
    });
    let report = run(&world, parked).await;
    assert!(report.is_complete());
    assert_eq!(quarantined(&world).await, []);
    let stored = world.stored(Stream::Conversations).await;
    assert_eq!(stored.values().filter(|body| body.contains(r#""state":"parked""#)).count(), 8);
}
