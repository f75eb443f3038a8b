//! Identify with 1.4.

use intercom_transform::Settings;

use crate::model::{WRITTEN, rudderstack_v1, run, run_all, v1};

#[test]
fn one_request_with_everything() {
    let line = r#"{"type":"identify","userId":"u1","context":{"userAgent":"Browser/1","traits":{"email":"jo@example.com","name":"Jo","phone":"1","createdAt":"2020-01-01T00:00:00Z","role":"user","address":{"city":"Oslo","last_visit_at":"2020-01-01"},"newSession":true}}}"#;
    insta::assert_snapshot!(run(line, &v1(), &[WRITTEN]));
    insta::assert_snapshot!(run(line, &rudderstack_v1(), &[WRITTEN]));
}

#[test]
fn companies_are_entries_of_the_user() {
    let company = |company: &str| {
        format!(r#"{{"type":"identify","userId":"u1","traits":{{"company":{company}}}}}"#)
    };
    let lines = [
        r#"{"id":7,"name":"N","remove":true,"industry":"I","plan":"p","d":{"a":[1, 2]},"n":null,"b":false}"#,
        r#"{"name":"Test Comp"}"#,
        r#""Acme""#,
        r#"[{"id":1},{"id":2,"name":"Two"}]"#,
        r#"{"plan":"p"}"#,
    ]
    .map(company);
    let told = |settings: &Settings| {
        lines.each_ref().map(|line| run(line, settings, &[WRITTEN])).join("\n")
    };
    insta::assert_snapshot!(told(&v1()));
    insta::assert_snapshot!(told(&rudderstack_v1()));
}

#[test]
fn switches_of_the_request() {
    let settings = Settings { update_last_request_at: false, send_anonymous_id: true, ..v1() };
    let cases: [(&str, &str, &[_]); 3] = [
        (
            "anonymous",
            r#"{"type":"identify","anonymousId":"a1","traits":{"new_session":"true"}}"#,
            &[WRITTEN],
        ),
        (
            "no session",
            r#"{"type":"identify","userId":"u","traits":{"new_session":false}}"#,
            &[WRITTEN],
        ),
        ("nobody", r#"{"type":"identify","traits":{"a":1}}"#, &[]),
    ];
    insta::assert_snapshot!(run_all(&settings, &cases));
}
