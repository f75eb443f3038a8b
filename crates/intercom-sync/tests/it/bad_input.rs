//! Input that nobody expects of a sound workspace, and databases that fail: each is named, and
//! nothing is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use intercom_sim::{Invention, Patience};
use intercom_store::{QuarantinedRow, RunOutcome, Stream};
use intercom_sync::{Extent, Newcomers, Silent, SyncError, advice};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::{CONTACTS, CONVERSATIONS, Meddler};
use crate::refusals::in_words;
use crate::world::{World, derived, invention, sim_settings};

/// The tables that a refused run must leave as they are.
const WRITTEN: [&str; 6] =
    ["workspaces", "contacts", "conversations", "sync_runs", "leases", "customer_history"];

async fn n_rows(on: &Database) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in WRITTEN {
        counts.push(on.number(&format!("SELECT COUNT(*) FROM {table}")).await);
    }
    counts
}

pub(crate) async fn another_workspace_is_refused_before_anything_is_written(on: &Database) {
    let first = World::new(on);
    first.sync().await;
    let before = n_rows(on).await;

    let other = Invention { seed: 2, ..invention(20, 30) };
    let mut other = World::invent(other, sim_settings(), Arc::clone(&on.store));
    other.settings.newcomers = Newcomers::FirstOnly;
    let transport = Meddler::silent_after(&other.sim, 100);
    let error = other.run_over(transport.clone()).await.expect_err("the run is refused");
    let expected = "the token belongs to workspace sim00002, and the database mirrors sim00001; \
                    nothing of it was stored; use another token or database, or welcome newcomers \
                    (`sync run --add-workspace`)";
    assert_eq!(in_words(&error), expected);
    assert_eq!(transport.n_sent(), 1, "only `/me` was asked");
    // Only that it was refused is noted with the workspace that is known.
    let refused = first.last_run().await.end.expect("it has ended");
    assert_eq!((refused.outcome, refused.detail.as_deref()), (RunOutcome::Refused, Some(expected)));
    let mut expected = before;
    expected[3] += 1;
    assert_eq!(n_rows(on).await, expected);

    // The one that is known is read as ever; the other one when that is wished.
    let mut first = first;
    first.settings.newcomers = Newcomers::FirstOnly;
    first.advance(60);
    assert!(first.sync().await.is_complete());
    other.settings.newcomers = Newcomers::Welcome;
    assert!(other.sync().await.is_complete());
    other.check_exact_mirror().await;
    first.check_exact_mirror().await;
}

pub(crate) async fn another_workspace_is_neither_compared_nor_previewed(on: &Database) {
    let first = World::new(on);
    first.sync().await;
    let other = Invention { seed: 2, ..invention(20, 30) };
    let mut other = World::invent(other, sim_settings(), Arc::clone(&on.store));
    other.settings.newcomers = Newcomers::FirstOnly;
    let transport = Meddler::silent_after(&other.sim, 100);
    let sync = other.sync_over(transport.clone());
    let refused = [
        sync.verify(&Silent).await.err(),
        sync.verify_before_repair(&Silent).await.err(),
        sync.verify_parts(&Silent).await.err(),
        sync.preview(Extent::Changed).await.err(),
    ];
    for error in refused {
        let error = error.expect("a refusal");
        let told = "the token belongs to workspace sim00002, and the database mirrors sim00001; ";
        assert!(error.to_string().starts_with(told), "{error}");
    }
    assert_eq!(transport.n_sent(), 4, "only `/me` was asked");

    // Whoever welcomes it can look ahead.
    other.settings.newcomers = Newcomers::Welcome;
    let sync = other.sync_over(Arc::new(other.sim.clone()));
    let previews = sync.preview(Extent::Changed).await.expect("previews");
    assert!(previews.iter().any(|preview| preview.n_records == 20), "{previews:?}");
    let never = sync.verify(&Silent).await.expect_err("nothing to compare with");
    assert!(matches!(never, SyncError::NeverSynchronised { .. }), "{never:?}");
}

pub(crate) async fn of_two_runs_begun_at_once_one_works_and_one_says_so(on: &Database) {
    let world = World::new(on);
    let beside = world.beside(on.another_store().await);
    let run = async |world: &World| world.run_over(Arc::new(world.sim.clone())).await;
    let (one, two) = tokio::join!(run(&world), run(&beside));
    let refused = |error: &SyncError| matches!(error, SyncError::Held { .. });
    match (&one, &two) {
        (Ok(done), Err(error)) | (Err(error), Ok(done)) => {
            assert!(done.is_complete() && refused(error), "{error:?}");
        }
        // One after the other.
        (Ok(one), Ok(two)) => assert!(one.is_complete() && two.is_complete()),
        (Err(one), Err(two)) => panic!("neither worked: {one:?}, {two:?}"),
    }
    world.advance(60);
    let quiet = world.sync().await;
    assert_eq!((quiet.n_written(), quiet.is_complete()), (0, true));
    world.check_exact_mirror().await;
}

pub(crate) async fn a_record_of_five_megabytes_is_a_record(on: &Database) {
    let world = World::empty(on);
    let essay = |letter: &str| json!({"custom_attributes": {"essay": letter.repeat(5_000_000)}});
    let email = "essay@member.example";
    let id = world.create_contact(json!({"role": "user", "email": email}));
    world.update_contact(&id, essay("a"));
    assert!(world.sync().await.is_complete());
    world.check_exact_mirror().await;
    assert!(world.customer(email).await.is_some());

    world.advance(60);
    world.update_contact(&id, essay("c"));
    assert!(world.sync().await.is_complete());
    world.check_exact_mirror().await;
    let history = world.store.attribute_history(&world.workspace().await, &id).await;
    let lengths: Vec<_> = history
        .expect("history")
        .into_iter()
        .map(|row| (row.old.map(|old| old.len()), row.new.map(|new| new.len())))
        .collect();
    assert_eq!(lengths, [(Some(5_000_002), Some(5_000_002))]);
}

/// No page of several long records fits into an answer, and one record alone does not either.
pub(crate) async fn what_no_answer_can_hold_is_named_and_the_rest_is_read(on: &Database) {
    let patience = Patience { max_body_bytes: 64 * 1024, ..Patience::default() };
    for extent in [Extent::Changed, Extent::Whole] {
        let seed = extent as u64 + 1;
        let invention = Invention { seed, ..invention(60, 40) };
        let world = World::invent(invention, sim_settings(), Arc::clone(&on.store));
        let essay = |length| json!({"custom_attributes": {"essay": "x".repeat(length)}});
        let ids = world.contact_ids();
        ids[10..20].iter().for_each(|id| world.update_contact(id, essay(30_000)));
        world.update_contact(&ids[15], essay(100_000));
        let run = async || {
            let impatient = Arc::new(world.sim.with_patience(patience));
            world.run_extent(extent, impatient).await.expect("the run ends")
        };
        let report = run().await;
        let contacts = report.stream(Stream::Contacts).expect("a report");
        assert_eq!((contacts.n_quarantined, contacts.shortfalls()), (1, vec![]), "{contacts:?}");
        let named = &contacts.put_aside[0];
        assert_eq!(named.id.as_ref(), Some(&ids[15]));
        assert_eq!(named.reason, "not mirrored: its JSON is longer than 65536 bytes");
        let (mut expected, stored) =
            (world.records(Stream::Contacts), world.stored(Stream::Contacts).await);
        expected.remove(&ids[15]);
        assert!(stored == expected, "{} of {} are stored", stored.len(), expected.len());
        world.check_mirror_of(&[Stream::Conversations]).await;
        assert!(report.metrics.new_contacts > 40, "{:?}", report.metrics);

        // It stays named, and takes its place when it can be read.
        world.advance(3_600);
        run().await;
        let rows = world.store.quarantined(&world.workspace().await).await.expect("entries");
        assert_eq!(rows.len(), 1, "{rows:?}");
        assert!(advice(&rows[0]).is_some_and(|advice| advice.contains("`sync run --full`")));
        let other =
            QuarantinedRow { reason: "not mirrored: at `id`".to_owned(), ..rows[0].clone() };
        assert_eq!(advice(&other), None);
        world.advance(3_600);
        world.update_contact(&ids[15], essay(10));
        run().await;
        let rows = world.store.quarantined(&world.workspace().await).await.expect("entries");
        assert_eq!(rows, []);
        world.check_exact_mirror().await;
    }
}

/// Number, text, list, object, nothing: what an attribute was stays in the history.
pub(crate) async fn an_attribute_may_change_its_type(on: &Database) {
    let world = World::empty(on);
    let email = "ada@member.example";
    let id = world.create_contact(json!({"role": "user", "email": email}));
    let values = [
        json!(4_900),
        json!("49.00"),
        json!([49, "EUR"]),
        json!({"type": "list", "data": []}),
        json!(true),
        Value::Null,
    ];
    world.sync().await;
    for name in ["plan_price", "Stripe Subscriptions", "stripe_delinquent", "Plan"] {
        for value in &values {
            world.advance(600);
            world.update_contact(&id, json!({"custom_attributes": {name: value}}));
            assert!(world.sync().await.is_complete(), "{name} = {value}");
            world.check_exact_mirror().await;
            assert!(world.customer(email).await.is_some(), "{name} = {value}");
        }
        let history = world.store.attribute_history(&world.workspace().await, &id).await;
        let rows = history.expect("history").into_iter().filter(|row| row.attribute == name);
        let (old, new): (Vec<_>, Vec<_>) = rows.map(|row| (row.old, row.new)).unzip();
        assert_eq!(old[0], None, "{name}");
        assert_eq!(old[1..], new[..new.len() - 1], "{name}");
        let read = |text: &Option<String>| match text {
            Some(text) => serde_json::from_str(text).expect("history is JSON"),
            None => Value::Null,
        };
        assert_eq!(new.iter().map(read).collect::<Vec<Value>>(), values, "{name}");
    }
}

/// Each page ends with its first entries once more.
fn repeating(world: &World, operation: &'static str, list: &'static str) -> Arc<Meddler> {
    type Page = BTreeMap<String, Box<RawValue>>;
    Meddler::new(&world.sim, move |_, request, mut response| {
        if request.operation == operation {
            let mut page: Page = serde_json::from_slice(&response.body).expect("an object");
            let entries = page[list].get().to_owned();
            let mut entries: Vec<&RawValue> = serde_json::from_str(&entries).expect("a list");
            entries.extend(entries.clone().into_iter().take(7));
            let entries = to_raw_value(&entries).expect("JSON");
            page.insert(list.to_owned(), entries);
            response.body = serde_json::to_vec(&page).expect("JSON").into();
        }
        Ok(response)
    })
}

pub(crate) async fn an_id_that_comes_twice_on_a_page_is_one_record(on: &Database) {
    let world = World::new(on);
    for (operation, list) in [(CONTACTS, "data"), (CONVERSATIONS, "conversations")] {
        let report = world.run_over(repeating(&world, operation, list)).await.expect("it ends");
        assert!(report.is_complete());
        world.check_exact_mirror().await;
        for id in world.contact_ids() {
            world.advance(1);
            world.update_contact(&id, json!({"custom_attributes": {"round": list}}));
        }
    }
    // One change, one row of history, however often it was sent.
    let n_changes = on.number("SELECT COUNT(*) FROM attribute_history").await;
    assert!(world.run_over(repeating(&world, CONTACTS, "data")).await.is_ok());
    let n_added = on.number("SELECT COUNT(*) FROM attribute_history").await - n_changes;
    assert_eq!(n_added, 60);
}

pub(crate) async fn a_full_disk_is_named_and_what_was_stored_stays(on: &Database) {
    let tables = ["contact_bodies", "conversation_bodies", "sessions", "intercom_customers"];
    for (seed, table) in (3_u64..).zip(tables) {
        let invention = Invention { seed, ..invention(60, 120) };
        let world = World::invent(invention, sim_settings(), Arc::clone(&on.store));
        on.fill_up(table).await;
        for attempt in 1..=3 {
            let run = world.run_over(Arc::new(world.sim.clone())).await;
            let words = in_words(&run.expect_err("the run fails"));
            let is_told = words.contains("the disk of the database is full");
            assert!(is_told, "{table}, attempt {attempt}: {words}");
            let detail = world.last_run().await.end.and_then(|end| end.detail);
            assert_eq!(detail, Some(words), "the failed run is noted");
            assert_eq!(n_without_body(on).await, 0, "nothing is half written");
        }

        on.make_room(table).await;
        world.advance(60);
        assert!(world.sync().await.is_complete());
        world.check_exact_mirror().await;
        let memory = intercom_store::open("sqlite::memory:").await.expect("a store");
        let clean = World::invent(invention, sim_settings(), memory);
        clean.advance(60);
        clean.sync().await;
        assert!(derived(&world).await == derived(&clean).await, "{table}");
    }
}

async fn n_without_body(on: &Database) -> i64 {
    let mut n_missing = 0;
    for (table, bodies) in
        [("contacts", "contact_bodies"), ("conversations", "conversation_bodies")]
    {
        let sql = format!(
            "SELECT COUNT(*) FROM {table} r LEFT JOIN {bodies} b \
             ON b.workspace_id = r.workspace_id AND b.id = r.id WHERE b.id IS NULL"
        );
        n_missing += on.number(&sql).await;
    }
    n_missing
}

pub(crate) async fn a_store_that_fails_in_one_stream_keeps_the_others(on: &Database) {
    let world = World::new(on);
    on.fill_up("conversation_bodies").await;
    world.run_over(Arc::new(world.sim.clone())).await.expect_err("the run fails");
    assert_eq!(world.stored(Stream::Contacts).await.len(), 60);
    assert_eq!(world.stored(Stream::Conversations).await.len(), 0);
    on.make_room("conversation_bodies").await;
    let report = world.sync().await;
    let n_inserted = |stream| report.stream(stream).map(|of_stream| of_stream.n_inserted);
    assert_eq!(n_inserted(Stream::Contacts), Some(0));
    assert_eq!(n_inserted(Stream::Conversations), Some(200));
}
