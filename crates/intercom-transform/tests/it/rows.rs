//! Rows of a warehouse, mapped to fields of Intercom.

use intercom_transform::Settings;

use crate::model::{ACCEPTED, COMPANY, NOBODY, WRITTEN, rudderstack_v1, run_all, v1, v2};

const BY_USER: &str = r#"{"type":"identify","userId":"row","context":{"mappedToDestination":"true","externalId":[{"id":"X1","type":"INTERCOM-customer","identifierType":"user_id"}]},"traits":{"name":"N","nothing":null,"custom_attributes":{"a":{"b":1},"email":"x","list":[1]}}}"#;
const BY_EMAIL: &str = r#"{"type":"identify","userId":"row","context":{"mappedToDestination":"true","externalId":[{"id":"Jo@X.example","identifierType":"email"}]},"traits":{"email":"other","external_id":"keep"}}"#;
const BY_ID: &str = r#"{"type":"identify","context":{"mappedToDestination":"true","externalId":[{"id":7,"identifierType":"external_id"}]},"traits":{"name":"N"}}"#;
const COMPANY_ROW: &str = r#"{"type":"group","groupId":"g1","context":{"mappedToDestination":"true","externalId":[{"id":"X1","identifierType":"company_id"}]},"traits":{"name":"N","plan":"p","custom_attributes":{"a":{"b":1}}}}"#;
const EVENT_ROW: &str = r#"{"type":"track","timestamp":1700000000,"context":{"mappedToDestination":"true"},"traits":{"user_id":"u","event_name":"E","metadata":{"a":{"b":1},"p":{"amount":1,"currency":"x"}}}}"#;

#[test]
fn rows_are_sent_as_they_are_mapped() {
    let cases: [(&str, &str, &[_]); 7] = [
        ("by user id", BY_USER, &[NOBODY, WRITTEN]),
        ("by address", BY_EMAIL, &[NOBODY, WRITTEN]),
        ("by external id", BY_ID, &[NOBODY, WRITTEN]),
        ("company", COMPANY_ROW, &[COMPANY]),
        ("event", EVENT_ROW, &[ACCEPTED]),
        (
            "nobody",
            r#"{"type":"identify","context":{"mappedToDestination":true},"traits":{"name":"N"}}"#,
            &[],
        ),
        (
            "no event",
            r#"{"type":"track","context":{"mappedToDestination":true},"traits":{"user_id":"u"}}"#,
            &[],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases[..5]));
    let cases: [(&str, &str, &[_]); 3] = [
        ("by user id", BY_USER, &[WRITTEN]),
        ("company", COMPANY_ROW, &[COMPANY]),
        ("event", EVENT_ROW, &[ACCEPTED]),
    ];
    insta::assert_snapshot!(run_all(&v1(), &cases));
    insta::assert_snapshot!(run_all(&rudderstack_v1(), &cases));
}
