//! Deletion of users.

use intercom_transform::settings::Deletion;
use intercom_transform::{NoteKind, Reason, Settings};

use crate::model::{Answer, FOUND, NOBODY, WRITTEN, drive, planned, run, run_all, v1, v2};

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

#[test]
fn a_user_is_found_and_deleted() {
    let cases: [(&str, &str, &[_]); 6] = [
        (
            "by id",
            r#"{"type":"delete","userId":"u1","traits":{"email":"jo@example.com"}}"#,
            &[FOUND, WRITTEN],
        ),
        (
            "by address",
            r#"{"type":"delete","traits":{"email":"Jo@Example.com"}}"#,
            &[FOUND, (404, "{}")],
        ),
        ("nobody", r#"{"type":"delete","userId":"u1"}"#, &[NOBODY]),
        (
            "several users",
            r#"{"type":"delete","userAttributes":[{"userId":"a"},{"phone":"1"},{"email":"b@x.example"}]}"#,
            &[FOUND, WRITTEN, NOBODY],
        ),
        ("no list", r#"{"type":"delete","userAttributes":{"userId":"a"}}"#, &[]),
        ("nobody in particular", r#"{"type":"delete","anonymousId":"a"}"#, &[]),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn all_data_of_a_person_can_be_requested_to_be_deleted() {
    let line = r#"{"type":"delete","userId":"u1"}"#;
    let settings = Settings { deletion: Deletion::Request, ..v1() };
    insta::assert_snapshot!(run(line, &settings, &[FOUND, WRITTEN]));
}

#[test]
fn an_address_of_several_people_deletes_nobody() {
    let line = r#"{"type":"delete","traits":{"email":"jo@example.com"}}"#;
    let several = (200, r#"{"total_count":2,"data":[{"id":"c1","external_id":"a"},{"id":"c2"}]}"#);
    insta::assert_snapshot!(run(line, &v2(), &[several]));
}
