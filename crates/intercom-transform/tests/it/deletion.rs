//! Deletion.

use intercom_transform::{NoteKind, Reason, Settings};

use crate::model::{Answer, WRITTEN, drive, planned};

const NAMED: Answer = (200, r#"{"data":[{"id":"c1","external_id":"u1"}]}"#);

fn event(users: &str) -> String {
    format!(r#"{{"type":"delete","userAttributes":[{users}]}}"#)
}

#[test]
fn every_user_of_a_list_is_looked_up_and_deleted() {
    let line = event(&vec![r#"{"userId":"u1"}"#; 30].join(","));
    let mut plan = planned(&line, &Settings::default()).expect("it can be delivered");
    let (requests, outcome) = drive(&mut plan, &[NAMED, WRITTEN].repeat(30));
    assert_eq!(requests.len(), 60);
    assert_eq!(requests[1].target(), "/contacts/c1");
    assert!(outcome.is_delivered());
}

#[test]
fn a_list_that_is_too_long_is_refused_and_not_cut() {
    let line = event(&vec![r#"{"userId":"u1"}"#; 1001].join(","));
    let rejection = planned(&line, &Settings::default()).expect_err("too many");
    assert_eq!(rejection.path, "userAttributes");
    assert_eq!(rejection.reason, Reason::TooManyUsers { limit: 1000 });
}

#[test]
fn an_address_alone_finds_a_person_unless_the_profile_skips_it() {
    let line = event(r#"{"email":"Jo@example.com"}"#);
    let mut plan = planned(&line, &Settings::default()).expect("it can be delivered");
    let (requests, _) = drive(&mut plan, &[(200, r#"{"data":[{"id":"c1"}]}"#), WRITTEN]);
    assert_eq!(requests[1].target(), "/contacts/c1");

    let mut plan = planned(&line, &Settings::rudderstack()).expect("it can be delivered");
    assert_eq!(drive(&mut plan, &[]).0, []);
    let notes: Vec<NoteKind> = plan.notes().iter().map(|note| note.kind).collect();
    assert_eq!(notes, [NoteKind::NothingToDelete]);
}
