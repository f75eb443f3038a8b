//! Answers that are no pages.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use intercom_client::{AnswerFault, Transport, TransportError};
use intercom_store::{RunOutcome, Stream};
use serde_json::{Value, json};

use crate::database::Database;
use crate::meddler::{CONTACTS, ME, Meddler};
use crate::refusals::in_words;
use crate::world::{PER_PAGE, World};

/// The contacts break off with these words and leave whole pages, the conversations are read all
/// the same, and the next run has everything.
async fn check_breaks_off(world: &World, transport: Arc<dyn Transport>, expected: &[&str]) {
    let report = world.break_off(transport).await;
    let contacts = report.stream(Stream::Contacts).expect("a report");
    let words = contacts.broke_off_because.clone().expect("a reason");
    for expected in expected {
        assert!(words.contains(expected), "{expected:?} is not in {words:?}");
    }
    world.check_mirror_of(&[Stream::Conversations]).await;
    assert_eq!((report.metrics.errors, report.metrics.contacts_synced), (1, 0));
    let workspace = world.workspace().await;
    let n_stored = world.stored(Stream::Contacts).await.len();
    assert_eq!(n_stored % PER_PAGE as usize, 0, "{n_stored} contacts");
    assert_eq!(world.store.quarantined(&workspace).await.expect("entries"), []);
    let end = world.last_run().await.end.expect("the run ended");
    let detail = format!("contacts not read to the end: {words}");
    assert_eq!((end.outcome, end.detail), (RunOutcome::Partial, Some(detail)));

    assert!(world.sync().await.is_complete());
    world.check_mirror().await;
}

fn cut(body: &[u8]) -> Vec<u8> {
    body[..body.len() / 2].to_vec()
}

pub(crate) async fn a_truncated_page_is_one_clear_error(on: &Database) {
    let world = World::new(on);
    let truncated = Meddler::new(&world.sim, |_, request, mut response| {
        if request.operation == CONTACTS {
            response.body = cut(&response.body).into();
        }
        Ok(response)
    });
    check_breaks_off(&world, truncated.clone(), &["SearchContacts", "4 attempts", "too early"])
        .await;
    // `/me`, the admins, and the conversations beside the contacts.
    assert_eq!(truncated.n_sent(), 1 + 1 + 4 + 8);
}

pub(crate) async fn a_page_truncated_once_is_fetched_again(on: &Database) {
    let world = World::new(on);
    let is_cut = AtomicBool::new(false);
    let once = Meddler::new(&world.sim, move |_, request, mut response| {
        if request.operation == CONTACTS && !is_cut.swap(true, Ordering::Relaxed) {
            response.body = cut(&response.body).into();
        }
        Ok(response)
    });
    assert!(world.run_over(once).await.expect("the run ends").is_complete());
    world.check_mirror().await;
}

pub(crate) async fn a_page_of_another_shape_is_one_clear_error(on: &Database) {
    let world = World::new(on);
    let odd = Meddler::rewriting(&world.sim, CONTACTS, |page| page["data"] = json!(5));
    check_breaks_off(&world, odd, &["SearchContacts", "`data`", "another type"]).await;
}

pub(crate) async fn a_repeated_cursor_is_one_clear_error(on: &Database) {
    let world = World::new(on);
    let first = OnceLock::new();
    let circle = move |next: &mut Value| *next = first.get_or_init(|| next.clone()).clone();
    let circle = Meddler::leading(&world.sim, CONTACTS, circle);
    check_breaks_off(&world, circle, &["SearchContacts", "cursor after page 2", "seen before"])
        .await;
}

/// The second page of three is left out, and the cursor that led past it is stored.
pub(crate) async fn what_a_repeated_cursor_skipped_is_found_by_the_next_run(on: &Database) {
    let world = World::new(on);
    let past_the_second = world.cursors(Stream::Contacts, PER_PAGE)[1].clone();
    let next = json!({"page": 3, "starting_after": past_the_second});
    let circle = move |led_to: &mut Value| *led_to = next.clone();
    let circle = Meddler::leading(&world.sim, CONTACTS, circle);
    let report = world.break_off(circle).await;
    let reason = report.stream(Stream::Contacts).and_then(|it| it.broke_off_because.clone());
    assert!(reason.is_some_and(|reason| reason.contains("seen before")));
    assert_eq!(world.stored(Stream::Contacts).await.len(), 35);

    let report = world.sync().await;
    assert_eq!(report.stream(Stream::Contacts).map(|contacts| contacts.n_inserted), Some(25));
    world.check_mirror().await;
}

pub(crate) async fn a_token_without_a_workspace_is_one_clear_error(on: &Database) {
    let world = World::new(on);
    let anonymous = Meddler::rewriting(&world.sim, ME, |me| me["app"] = Value::Null);
    let error = world.run_over(anonymous).await.expect_err("the run fails");
    let expected = "the workspace of this token is unknown: /me names no workspace";
    assert_eq!(in_words(&error), expected);
    assert_eq!(world.store.workspaces().await.expect("workspaces"), []);
}

pub(crate) async fn parts_too_long_to_be_read_are_named_with_the_limit(on: &Database) {
    let world = World::with_parts(on);
    let id = world.conversation_ids()[3].clone();
    let path = format!("/conversations/{id}");
    let too_long = Meddler::new(&world.sim, move |_, request, response| {
        let fault = AnswerFault::BodyTooLarge { limit: 32 << 20 };
        match request.path == path {
            true => Err(TransportError::MaybeSent { fault, source: None }),
            false => Ok(response),
        }
    });
    let report = world.break_off(too_long).await;
    let parts = report.stream(Stream::Parts).and_then(|parts| parts.left_behind.clone());
    let fault = "the body of the answer is longer than 32 MiB";
    let expected = format!("the parts of 1 mirrored conversation: {id} ({fault})");
    assert_eq!(parts, Some(expected));
}
