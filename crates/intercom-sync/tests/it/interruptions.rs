//! Runs that break off, and what the next run makes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use intercom_sim::{DateMode, Invention, SimSettings};
use intercom_store::{RunOutcome, Stream};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::{CONTACTS, Meddler, Unsorted, goes_on, refusal, starting_after};
use crate::world::{PER_PAGE, World, derived, invention, sim_settings};

pub(crate) async fn a_run_cut_off_at_any_request_is_completed_by_the_next(on: &Database) {
    let mut n_interrupted = 0;
    for n_answered in 1.. {
        let invention = Invention { seed: n_answered.into(), ..invention(60, 120) };
        let world = World::invent(invention, sim_settings(), Arc::clone(&on.store));
        let cut_off = Meddler::silent_after(&world.sim, n_answered);
        let report = world.run_over(cut_off).await.expect("the run ends");
        if report.is_complete() {
            break;
        }
        n_interrupted += 1;
        for (stream, operation) in [
            (Stream::Admins, "ListAdmins"),
            (Stream::Contacts, "SearchContacts"),
            (Stream::Conversations, "SearchConversations"),
        ] {
            let reason = report.stream(stream).and_then(|it| it.broke_off_because.clone());
            assert!(reason.is_none_or(|words| words.contains(operation)), "{report:?}");
        }
        for (stream, n_records) in [(Stream::Contacts, 60), (Stream::Conversations, 120)] {
            let n_stored = world.stored(stream).await.len();
            let is_whole = n_stored % PER_PAGE as usize == 0 || n_stored == n_records;
            assert!(is_whole, "{n_stored} {stream} after {n_answered} answers");
        }
        world.advance(60);
        world.sync().await;
        world.check_mirror().await;

        let memory = intercom_store::open("sqlite::memory:").await.expect("a store");
        let clean = World::invent(invention, sim_settings(), memory);
        clean.advance(60);
        clean.sync().await;
        assert!(derived(&world).await == derived(&clean).await, "after {n_answered} answers");
    }
    // `/me`, the admins, three pages of contacts and five of conversations.
    assert_eq!(n_interrupted, 9);
}

/// Two pages of contacts are stored when the run breaks off.
async fn interrupted(on: &Database) -> World {
    let world = World::new(on);
    let cut_off = Meddler::silent_of_contacts_after(&world.sim, 2);
    world.break_off(cut_off).await;
    assert_eq!(world.stored(Stream::Contacts).await.len(), 50);
    world
}

pub(crate) async fn a_cut_off_run_is_noted_with_what_it_did(on: &Database) {
    let world = interrupted(on).await;
    let run = world.last_run().await;
    let end = run.end.expect("the run ended");
    assert_eq!((run.kind.as_str(), end.outcome), ("first", RunOutcome::Partial));
    let n_admins = on.number("SELECT COUNT(*) FROM admins").await;
    // The conversations are read beside the contacts, to their end.
    assert_eq!(end.counts.n_inserted, 50 + 200 + n_admins);
    let detail = end.detail.expect("a reason");
    assert!(detail.contains("SearchContacts"), "{detail}");

    let resumed = world.sync().await;
    assert_eq!(resumed.stream(Stream::Contacts).map(|contacts| contacts.n_fetched), Some(10));
    assert_eq!(world.last_run().await.kind, "first");
    world.sync().await;
    assert_eq!(world.last_run().await.kind, "incremental");
}

/// Refuses the first cursor that a walk over the contacts goes on from, after so many.
fn refusing_a_cursor(world: &World, n_accepted: u32) -> Arc<Meddler> {
    let n_seen = AtomicU32::new(0);
    Meddler::new(&world.sim, move |_, request, response| {
        let is_cursor = request.operation == CONTACTS && goes_on(request);
        match is_cursor && n_seen.fetch_add(1, Ordering::Relaxed) == n_accepted {
            true => Ok(refusal(400, "Invalid starting_after param")),
            false => Ok(response),
        }
    })
}

pub(crate) async fn a_refused_cursor_lets_the_walk_go_on_at_the_last_change(on: &Database) {
    let world = interrupted(on).await;
    let once = refusing_a_cursor(&world, 0);
    let report = world.run_over(once).await.expect("the run ends");
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!(contacts.n_inserted, 10);
    // Those of the same day.
    assert!((1..=10).contains(&contacts.n_unchanged), "{contacts:?}");
    world.check_mirror().await;
}

pub(crate) async fn a_cursor_that_is_refused_in_a_walk_does_not_end_it(on: &Database) {
    let world = World::new(on);
    let report = world.run_over(refusing_a_cursor(&world, 1)).await.expect("the run ends");
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!(contacts.n_inserted, 60);
    // Those of the same day come again.
    assert!((61..=70).contains(&contacts.n_fetched), "{contacts:?}");
    world.check_mirror().await;
}

pub(crate) async fn a_refused_cursor_of_an_unsorted_walk_starts_it_anew(on: &Database) {
    let world = World::new(on);
    let cut_off = Unsorted(Meddler::silent_of_contacts_after(&world.sim, 2));
    world.break_off(Arc::new(cut_off)).await;
    let report = world.run_over(Arc::new(Unsorted(refusing_a_cursor(&world, 0)))).await;
    let report = report.expect("the run ends");
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!((contacts.n_inserted, contacts.n_unchanged), (10, 50));
    world.check_mirror().await;
}

pub(crate) async fn a_walk_whose_cursors_are_all_refused_gets_to_its_end(on: &Database) {
    let world = World::new(on);
    let always = Meddler::new(&world.sim, |_, request, response| match goes_on(request) {
        true => Ok(refusal(400, "Invalid starting_after param")),
        false => Ok(response),
    });
    assert!(world.run_over(always).await.expect("the run ends").is_complete());
    world.check_mirror().await;
}

pub(crate) async fn a_stored_cursor_that_leads_in_a_circle_starts_the_walk_anew(on: &Database) {
    let world = interrupted(on).await;
    let is_bent = AtomicBool::new(false);
    let once = Meddler::new(&world.sim, move |_, request, mut response| {
        let stored = request.operation == CONTACTS && goes_on(request);
        if stored && !is_bent.swap(true, Ordering::Relaxed) {
            let mut body: Value = serde_json::from_slice(&response.body).expect("JSON");
            let next = json!({"page": 3, "starting_after": starting_after(request)});
            body["pages"]["next"] = next;
            body["data"] = json!([]);
            response.body = body.to_string().into();
        }
        Ok(response)
    });
    check_begins_anew(&world, once, 1).await;
}

async fn check_begins_anew(world: &World, transport: Arc<Meddler>, n_pages_in_vain: u64) {
    let report = world.run_over(transport).await.expect("the run ends");
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!(contacts.n_pages, 3 + n_pages_in_vain);
    assert_eq!((contacts.n_inserted, contacts.n_unchanged), (10, 50));
    world.check_mirror().await;
}

/// What changes behind the cursor of an unsorted walk is not met again by that walk.
pub(crate) async fn a_server_that_does_not_sort_hides_no_change(on: &Database) {
    // By day, the next run would read all of today anyway.
    let settings = SimSettings { date_mode: DateMode::Second, ..sim_settings() };
    let world = World::with(on, settings);
    let cut_off = Unsorted(Meddler::silent_of_contacts_after(&world.sim, 2));
    world.break_off(Arc::new(cut_off)).await;
    let stored = world.stored(Stream::Contacts).await;
    assert_eq!(stored.len(), 50);
    world.advance(60);
    for id in stored.keys() {
        world.update_contact(id, json!({"custom_attributes": {"round": 1}}));
    }
    for n_changed in [0, 50] {
        world.advance(2 * 3_600);
        let unsorted = Unsorted(Arc::new(world.sim.clone()));
        let report = world.run_over(Arc::new(unsorted)).await.expect("the run ends");
        let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
        assert_eq!(contacts.n_changed, n_changed);
    }
    world.check_mirror().await;
}
