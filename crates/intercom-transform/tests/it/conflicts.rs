//! Contacts that exist although they were not found.

use intercom_transform::Settings;
use intercom_transform::settings::Archived;

use crate::model::{NOBODY, WRITTEN, run, run_all, v2};

const JO: &str = r#"{"type":"identify","userId":"u1","traits":{"email":"jo@example.com"}}"#;
const CONFLICT: (u16, &str) = (
    409,
    r#"{"type":"error.list","errors":[{"code":"conflict","message":"A contact matching those details already exists with id=5ba682d23d7cf92bef87bfd4"}]}"#,
);
const ARCHIVED: (u16, &str) = (
    409,
    r#"{"type":"error.list","errors":[{"code":"conflict","message":"An archived contact matching those details already exists with id=5ba682d23d7cf92bef87bfd4"}]}"#,
);
const SAME: (u16, &str) = (200, r#"{"id":"5ba682d23d7cf92bef87bfd4","external_id":"u1"}"#);
const FREE: (u16, &str) = (200, r#"{"id":"5ba682d23d7cf92bef87bfd4","external_id":null}"#);
const OTHER: (u16, &str) = (200, r#"{"id":"5ba682d23d7cf92bef87bfd4","external_id":"u9"}"#);

#[test]
fn the_contact_that_a_conflict_names_is_read_and_updated_if_it_is_the_users() {
    let cases: [(&str, &str, &[_]); 8] = [
        ("the same user", JO, &[NOBODY, CONFLICT, SAME, WRITTEN]),
        ("nobody's contact", JO, &[NOBODY, CONFLICT, FREE, WRITTEN]),
        ("another user", JO, &[NOBODY, CONFLICT, OTHER]),
        ("archived", JO, &[NOBODY, ARCHIVED, SAME, FREE, WRITTEN]),
        ("archived and not readable", JO, &[NOBODY, ARCHIVED, (404, "{}"), SAME, WRITTEN]),
        ("archived, another user", JO, &[NOBODY, ARCHIVED, OTHER]),
        (
            "nobody is named",
            JO,
            &[NOBODY, (409, r#"{"errors":[{"code":"conflict","message":"conflict"}]}"#)],
        ),
        ("a conflict again", JO, &[NOBODY, CONFLICT, SAME, CONFLICT]),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn an_answer_that_does_not_say_whose_the_contact_is_changes_nobody() {
    for unreadable in [(200, "<html>"), (200, ""), (200, "[]")] {
        let told = run(JO, &v2(), &[NOBODY, CONFLICT, unreadable]);
        assert!(told.contains("→ retryable"), "{told}");
        let told = run(JO, &v2(), &[NOBODY, ARCHIVED, (404, "{}"), unreadable]);
        assert!(told.contains("→ retryable"), "{told}");
    }
}

#[test]
fn the_profile_tries_again_later() {
    let told = run(JO, &Settings::rudderstack(), &[NOBODY, CONFLICT]);
    assert!(told.contains("→ retryable"), "{told}");
    let found = (200, r#"{"data":[{"id":"c1"}]}"#);
    let told = run(JO, &Settings::rudderstack(), &[found, CONFLICT]);
    assert!(told.contains("→ aborted"), "{told}");
}

#[test]
fn archived_contacts_can_be_left_alone() {
    let settings = Settings { archived: Archived::Abort, ..v2() };
    let told = run(JO, &settings, &[NOBODY, ARCHIVED]);
    assert!(told.contains("→ aborted"), "{told}");
}

#[test]
fn refusals_show_ids_only_where_they_are_asked_for() {
    let mut plan = crate::model::planned(JO, &v2()).expect("it is a whole event");
    let (_, outcome) = crate::model::drive(&mut plan, &[NOBODY, CONFLICT, OTHER]);
    let shown = format!("{outcome:?} {plan:?}");
    assert!(!shown.contains("u1") && !shown.contains("u9"), "{shown}");
    let intercom_transform::Outcome::Rejected(rejection) = outcome else {
        panic!("another user's contact is not the user");
    };
    insta::assert_json_snapshot!(rejection, @r#"
    {
      "code": "identity_conflict",
      "class": "instrumentation",
      "path": "",
      "message": "identity_conflict: contact 5ba682d23d7cf92bef87bfd4 belongs to another user than the one of the event",
      "contact_id": "5ba682d23d7cf92bef87bfd4",
      "external_id_wanted": "u1",
      "external_id_found": "u9"
    }
    "#);
}
