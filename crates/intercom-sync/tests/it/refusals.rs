//! What the API refuses, and what errors say about it.

use std::error::Error;
use std::sync::Arc;

use intercom_client::{Client, ClientSettings, HttpSettings, Origin, RetryPolicy, Transport};
use intercom_store::{RunCounts, RunId, RunOutcome, Stream};
use intercom_sync::{Extent, RunReport, Silent, Sync, SyncError};
use serde_json::{Value, json};

use crate::database::Database;
use crate::leases::{Gate, run_to};
use crate::meddler::{CONTACTS, CONVERSATIONS, ME, Meddler};
use crate::world::World;

/// The error and its causes; what an error quotes of its cause is there once.
pub(crate) fn in_words(error: &SyncError) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if words.last().is_none_or(|last| !last.ends_with(&text)) {
            words.push(text);
        }
        next = error.source();
    }
    words.join(": ")
}

pub(crate) async fn a_revoked_token_is_one_clear_error(on: &Database) {
    let world = World::new(on);
    let stranger = Arc::new(world.sim.without_token());
    let error = world.run_over(stranger).await.expect_err("the run fails");
    let words = in_words(&error);
    assert!(words.starts_with("the workspace could not be identified: RetrieveMe"), "{words}");
    assert!(words.contains("401"), "{words}");

    let revoked = Meddler::refusing(&world.sim, CONTACTS, 401, "Access Token Invalid");
    let error = world.run_over(revoked.clone()).await.expect_err("the run fails");
    let words = in_words(&error);
    assert!(words.starts_with("contacts could not be fetched: SearchContacts"), "{words}");
    assert!(words.contains("401"), "{words}");
    // `/me`, the admins, and the conversations beside the contacts.
    assert_eq!(revoked.n_sent(), 1 + 1 + 1 + 8, "nothing is tried again");
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!(end.outcome, RunOutcome::Failed);
    let remedy = error.remedy().expect("somebody can do something");
    assert!(remedy.starts_with("check the access token in INTERCOM_ACCESS_TOKEN"), "{remedy}");
    assert_eq!(end.detail, Some(format!("{words}; {remedy}")));
}

pub(crate) async fn a_stream_the_token_may_not_read_is_left_out_and_named(on: &Database) {
    let world = World::new(on);
    let message = "missing scope: read conversations";
    let limited = Meddler::refusing(&world.sim, CONVERSATIONS, 403, message);
    let report = world.run_over(limited).await.expect("the run ends");
    let conversations = report.stream(Stream::Conversations).expect("a report");
    let reason = conversations.skipped_because.as_deref().expect("a reason");
    assert!(reason.contains("SearchConversations") && reason.contains(message), "{reason}");
    assert_eq!((report.metrics.errors, report.is_complete()), (1, false));
    assert!(report.metrics.new_contacts > 40);
    assert_eq!(world.stored(Stream::Contacts).await.len(), 60);
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!(end.outcome, RunOutcome::Partial);
    let detail = end.detail.expect("a reason");
    assert!(detail.starts_with("conversations left out: SearchConversations"), "{detail}");

    assert!(world.sync().await.is_complete());
    world.check_mirror().await;
}

pub(crate) async fn a_run_that_could_not_begin_is_noted(on: &Database) {
    let world = Arc::new(World::new(on));
    let revoked = || Meddler::refusing(&world.sim, ME, 401, "Access Token Invalid");
    world.run_over(revoked()).await.expect_err("the token is refused");
    assert_eq!(on.number("SELECT COUNT(*) FROM sync_runs").await, 0, "nobody knows whose it was");

    // A run that works is the last one, whoever is refused beside it.
    let gate = Gate::new(&world);
    let run = run_to(&gate, &world).await;
    world.run_over(revoked()).await.expect_err("the token is refused");
    let last = world.last_run().await;
    assert_eq!((last.id, last.end), (RunId(1), None));
    gate.opened.notify_one();
    run.await.expect("no panic").expect("the run ends");

    for (extent, kind) in [(Extent::Changed, "incremental"), (Extent::Whole, "full")] {
        world.run_extent(extent, revoked()).await.expect_err("the token is refused");
        let run = world.last_run().await;
        assert_eq!((&*run.kind, run.counts), (kind, RunCounts::default()));
        let end = run.end.expect("it has ended");
        assert_eq!(end.outcome, RunOutcome::Refused);
        let detail = end.detail.expect("a reason");
        assert!(detail.contains("check the access token"), "{detail}");
    }
    world.run_over(Meddler::silent_after(&world.sim, 0)).await.expect_err("nobody answers");
    let silent = world.last_run().await.end.map(|end| end.outcome);
    assert_eq!(silent, Some(RunOutcome::Failed));
    assert!(world.sync().await.is_complete());
    assert_eq!(
        (&*world.last_run().await.kind, world.last_run().await.id),
        ("incremental", RunId(5))
    );
}

pub(crate) async fn an_api_error_in_a_stream_costs_only_that_stream(on: &Database) {
    let world = World::new(on);
    let broken = Meddler::refusing(&world.sim, "ListAdmins", 500, "Internal Server Error");
    let report = world.break_off(broken).await;
    check_named(&world, &report, Stream::Admins, "ListAdmins").await;
    world.check_mirror().await;
    assert!(report.metrics.new_contacts > 40, "{:?}", report.metrics);

    world.advance(3_600);
    world.update_contact(&world.contact_ids()[0], json!({"name": "Changed"}));
    let broken = Meddler::refusing(&world.sim, CONVERSATIONS, 503, "Service Unavailable");
    let report = world.break_off(broken).await;
    check_named(&world, &report, Stream::Conversations, "SearchConversations").await;
    world.check_mirror().await;
    assert_eq!(report.metrics.updated_contacts, 1);

    // Customers wait for contacts, of which only some may have been read.
    world.advance(3_600);
    world.update_contact(&world.contact_ids()[0], json!({"name": "Changed again"}));
    let broken = Meddler::refusing(&world.sim, CONTACTS, 500, "Internal Server Error");
    let report = world.break_off(broken).await;
    check_named(&world, &report, Stream::Contacts, "SearchContacts").await;
    assert_eq!(report.metrics.contacts_synced, 0);
    let report = world.sync().await;
    assert_eq!((report.is_complete(), report.metrics.updated_contacts), (true, 1));
    world.check_mirror().await;
}

/// Only this stream is left behind, for a reason that names the call; the run is noted as partial.
async fn check_named(world: &World, report: &RunReport, stream: Stream, operation: &str) {
    assert_eq!(report.metrics.errors, 1);
    for report in &report.streams {
        let reason = report.broke_off_because.as_deref();
        let is_named = reason.is_some_and(|reason| reason.contains(operation));
        assert_eq!(is_named, report.stream == stream, "{report:?}");
    }
    let end = world.last_run().await.end.expect("the run ended");
    assert_eq!(end.outcome, RunOutcome::Partial);
    let start = format!("{stream} not read to the end: {operation}");
    assert!(end.detail.as_deref().is_some_and(|detail| detail.starts_with(&start)), "{end:?}");
}

pub(crate) async fn no_error_shows_whose_data_it_is(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    world.advance(86_400);
    for id in world.contact_ids() {
        world.update_contact(&id, json!({"custom_attributes": {"round": 2}}));
    }
    let sim = &world.sim;
    let told = "no access for somebody@member.example";
    let spoiled: [Arc<dyn Transport>; 8] = [
        Meddler::silent_after(sim, 0),
        Meddler::silent_after(sim, 3),
        Meddler::refusing(sim, ME, 401, told),
        Meddler::refusing(sim, CONTACTS, 400, told),
        Meddler::rewriting(sim, ME, |me| me["app"] = Value::Null),
        Meddler::rewriting(sim, ME, move |me| me["app"]["id_code"] = json!([told])),
        Meddler::rewriting(sim, CONTACTS, |page| page["data"] = page["data"][0].clone()),
        Meddler::rewriting(sim, CONTACTS, |page| page["pages"] = page["data"].clone()),
    ];
    for transport in spoiled {
        match world.run_over(transport).await {
            Err(error) => {
                check_tells_nothing(&world, &format!("{} {error:?} {error:#?}", in_words(&error)));
            }
            Ok(report) => {
                assert!(!report.is_complete());
                check_tells_nothing(&world, &format!("{report:?}"));
                check_tells_nothing(&world, &format!("{:?}", world.last_run().await));
            }
        }
    }
    let odd = Meddler::rewriting(sim, CONTACTS, |page| page["data"][0]["created_at"] = json!("x"));
    let report = world.run_over(odd).await.expect("the run ends");
    check_tells_nothing(&world, &format!("{report:?} {}", report.log_entry()));
    let entries = world.store.quarantined(&world.workspace().await).await.expect("entries");
    assert!(!entries.is_empty());
    entries.iter().for_each(|entry| check_tells_nothing(&world, &entry.reason));
    check_hides_its_token(&world).await;
}

/// Neither an e-mail address nor the name of a contact.
fn check_tells_nothing(world: &World, text: &str) {
    assert!(!text.contains('@'), "{text}");
    for contact in world.records(Stream::Contacts).values() {
        let contact: Value = serde_json::from_str(contact).expect("JSON");
        if let Some(name) = contact["name"].as_str().filter(|name| name.len() > 4) {
            assert!(!text.contains(name), "{name:?} is in {text}");
        }
    }
}

async fn check_hides_its_token(world: &World) {
    let token = "dG9rOjEyMzQ1Njc4";
    let mut http = HttpSettings::new(token.into());
    // Nobody listens on the port for discarding.
    http.origin = Origin::parse("http://127.0.0.1:9").expect("an origin");
    let retry = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let client = Client::http(http, ClientSettings { retry, ..ClientSettings::default() });
    let client = client.expect("the settings fit");
    let sync = Sync::new(client, Arc::clone(&world.store), world.settings.clone());
    let error = sync.run(world.now(), &Silent).await.expect_err("nobody answers");
    let text = format!("{} {error:?}", in_words(&error));
    assert!(text.contains("RetrieveMe") && !text.contains(token), "{text}");
}

/// What nobody can help but by waiting is said, too.
pub(crate) async fn a_workspace_that_cannot_be_identified_is_told_with_advice(on: &Database) {
    let world = World::new(on);
    for (status, message, advice) in [
        (429, "Exceeded rate limit", "other programs use up the rate limit"),
        (503, "Service Unavailable", "the API is out of order"),
    ] {
        let refused = Meddler::refusing(&world.sim, ME, status, message);
        let error = world.run_over(refused).await.expect_err("the run fails");
        let remedy = error.remedy().expect("advice");
        assert!(remedy.starts_with(advice), "{status}: {remedy}");
    }
}
