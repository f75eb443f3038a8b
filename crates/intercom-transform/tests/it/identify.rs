//! Identify.

use intercom_api::ApiVersion;
use intercom_transform::Settings;

use crate::model::{FOUND, NOBODY, WRITTEN, drive, planned, run};

fn v2() -> Settings {
    Settings { version: ApiVersion::V2_10, ..Settings::default() }
}

const JO: &str = r#"{"type":"identify","userId":"u1","traits":{"email":"Jo@Example.com","firstName":"Jo","lastName":"Ng","createdAt":"2020-01-01T00:00:00Z","seats":3,"address":{"city":"Oslo"}},"context":{"traits":{"theme":"dark","seats":1}}}"#;

#[test]
fn a_person_who_is_not_found_is_created() {
    insta::assert_snapshot!(run(JO, &v2(), &[NOBODY, WRITTEN]));
}

#[test]
fn a_person_who_is_found_is_updated() {
    insta::assert_snapshot!(run(JO, &v2(), &[FOUND, WRITTEN]));
}

#[test]
fn the_profile_takes_attributes_from_the_context_only() {
    insta::assert_snapshot!(run(JO, &Settings::rudderstack(), &[NOBODY, WRITTEN]));
}

#[test]
fn nobody_in_particular_is_refused() {
    let line = r#"{"type":"identify","anonymousId":"a1","traits":{"age":1}}"#;
    insta::assert_snapshot!(run(line, &v2(), &[]));
}

#[test]
fn of_several_companies_of_one_name_none_is_left() {
    let line =
        r#"{"type":"identify","userId":"u1","traits":{"company":{"name":"A & B","remove":true}}}"#;
    let found = |companies: &[crate::model::Answer]| -> Vec<String> {
        let mut plan = planned(line, &Settings::default()).expect("it can be delivered");
        let (requests, _) = drive(&mut plan, companies);
        requests.iter().map(|request| format!("{} {}", request.method, request.target())).collect()
    };
    let one = found(&[FOUND, (200, r#"{"data":[{"id":"co1"}]}"#), WRITTEN, WRITTEN]);
    assert_eq!(one[1], "GET /companies?name=A+%26+B");
    assert_eq!(one[2], "DELETE /contacts/c1/companies/co1");
    let two = found(&[FOUND, (200, r#"{"data":[{"id":"co1"},{"id":"co2"}]}"#), WRITTEN]);
    assert_eq!(two[2], "PUT /contacts/c1");
}
