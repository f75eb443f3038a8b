//! Identify with versions 2.

use intercom_api::ApiVersion;
use intercom_transform::Settings;
use intercom_transform::settings::Region;

use crate::model::{
    COMPANY, FOUND, NOBODY, WRITTEN, drive, planned, rudderstack_oauth, run, run_all, v2,
};

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
fn the_oauth_destination_takes_attributes_from_the_message_and_looks_up_one_field() {
    insta::assert_snapshot!(run(JO, &rudderstack_oauth(), &[NOBODY, WRITTEN]));
}

#[test]
fn the_standard_fields() {
    let full = r#"{"type":"identify","userId":42,"traits":{"email":"jo@example.com","phone":"+47 1","avatar":"https://x.example/a.png","role":"user","ownerId":"12","unsubscribedFromEmails":false,"lastSeenAt":1700000000,"createdAt":"1600000000123","name":"Jo \"J\" Ng","timestamp":"t","originalTimestamp":"o","profile":{"email":"nested"},"created_at":5}}"#;
    let cases: [(&str, &str, &[_]); 6] = [
        ("all of them", full, &[NOBODY, WRITTEN]),
        (
            "name of one part",
            r#"{"type":"identify","userId":"u","traits":{"last_name":"Ng"}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "name from both places",
            r#"{"type":"identify","userId":"u","traits":{"firstname":"Jo"},"context":{"traits":{"lastName":"Ng"}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "avatar by its other names",
            r#"{"type":"identify","userId":"u","traits":{"avatar_URL":"https://x.example/1"},"context":{"traits":{"avatarURL":"https://x.example/2"}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "ids of a trait",
            r#"{"type":"identify","context":{"traits":{"id":"t1"}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "what cannot be read",
            r#"{"type":"identify","userId":"u","traits":{"ownerId":"abc","createdAt":"nope","unsubscribedFromEmails":"perhaps"}}"#,
            &[NOBODY, WRITTEN],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn owners_are_texts_from_2_16_on() {
    let line = r#"{"type":"identify","userId":"u","traits":{"ownerId":12}}"#;
    let settings = Settings { version: ApiVersion::V2_16, ..Settings::default() };
    insta::assert_snapshot!(run(line, &settings, &[NOBODY, WRITTEN]), @r#"
    2.16 POST /contacts/search {"query":{"operator":"AND","value":[{"field":"external_id","operator":"=","value":"u"}]}}
    2.16 POST /contacts {"external_id":"u","owner_id":"12"}
    → delivered
    "#);
}

#[test]
fn an_event_about_nobody_or_with_a_wrong_type_is_refused_before_the_first_call() {
    let cases: [(&str, &str, &[_]); 8] = [
        ("nobody", r#"{"type":"identify","anonymousId":"a1","traits":{"age":1}}"#, &[]),
        ("an empty id", r#"{"type":"identify","userId":"","traits":{"email":""}}"#, &[]),
        ("an id that is an object", r#"{"type":"identify","userId":{"a":1}}"#, &[]),
        (
            "an e-mail address that is a list",
            r#"{"type":"identify","userId":"u","traits":{"email":["a@b.example"]}}"#,
            &[],
        ),
        (
            "a name that is an object",
            r#"{"type":"identify","userId":"u","context":{"traits":{"name":{"a":1}}}}"#,
            &[],
        ),
        (
            "a phone that is a boolean",
            r#"{"type":"identify","userId":"u","traits":{"phone":true}}"#,
            &[],
        ),
        ("a role that is a number", r#"{"type":"identify","userId":"u","traits":{"role":1}}"#, &[]),
        ("traits that are a list", r#"{"type":"identify","userId":"u","traits":[1,2]}"#, &[]),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn the_profile_refuses_after_the_look_up_and_sends_values_as_they_came() {
    let cases: [(&str, &str, &[_]); 4] = [
        ("nobody", r#"{"type":"identify","anonymousId":"a1","context":{"traits":{"age":1}}}"#, &[]),
        (
            "found, but no id",
            r#"{"type":"identify","context":{"traits":{"phone":"+47"}},"integrations":{"Intercom":{"lookup":"phone"}}}"#,
            &[FOUND],
        ),
        (
            "an e-mail address that is an object",
            r#"{"type":"identify","userId":"u","context":{"traits":{"email":{"x":1}}}}"#,
            &[WRITTEN],
        ),
        (
            "an external id for an e-mail address",
            r#"{"type":"identify","userId":"u","context":{"externalId":[{"type":"foo","id":"EXT"}]}}"#,
            &[NOBODY, WRITTEN],
        ),
    ];
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases));
}

#[test]
fn an_empty_text_hides_what_is_further_down_with_the_profile_only() {
    let cases: [(&str, &str, &[_]); 4] = [
        (
            "an empty address",
            r#"{"type":"Identify","userId":"u1","traits":{"email":""},"context":{"traits":{"email":"jo@example.com"}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "an empty name and a phone of zero",
            r#"{"type":"identify","userId":"u1","traits":{"name":"","phone":0},"context":{"traits":{"name":"Jo","phone":"1"}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "false in either place",
            r#"{"type":"IDENTIFY","userId":"u1","traits":{"role":""},"context":{"traits":{"unsubscribedFromEmails":false,"role":"lead","ownerId":0}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "an empty id",
            r#"{"type":"identify","userId":"","traits":{"id":"t1","email":"jo@example.com"}}"#,
            &[NOBODY, WRITTEN],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases));
}

#[test]
fn an_anonymous_id_that_is_none_is_refused_where_it_stands_in() {
    let line = r#"{"type":"identify","anonymousId":{"a":1},"traits":{"email":"jo@example.com"}}"#;
    let settings = Settings { send_anonymous_id: true, ..v2() };
    let told = run(line, &settings, &[]);
    assert!(told.starts_with("→ rejected wrong_type [anonymousId]"), "{told}");
    assert!(run(line, &v2(), &[NOBODY, WRITTEN]).contains("→ delivered"));
}

#[test]
fn an_anonymous_id_stands_in_where_it_may() {
    let line = r#"{"type":"identify","anonymousId":"a1","traits":{"age":1}}"#;
    let settings = Settings { send_anonymous_id: true, ..v2() };
    insta::assert_snapshot!(run(line, &settings, &[WRITTEN]), @r#"
    2.10 POST /contacts {"external_id":"a1","custom_attributes":{"age":1}}
    → delivered
    "#);
}

#[test]
fn a_company_is_attached_or_left() {
    let cases: [(&str, &str, &[_]); 7] = [
        (
            "attached",
            r#"{"type":"identify","userId":"u","traits":{"company":{"id":7,"name":"Acme","plan":"pro","hq":{"city":"Oslo"}}}}"#,
            &[FOUND, WRITTEN, COMPANY, WRITTEN],
        ),
        (
            "attached by name",
            r#"{"type":"identify","userId":"u","traits":{"company":{"name":"Acme"}}}"#,
            &[NOBODY, WRITTEN, COMPANY, WRITTEN],
        ),
        (
            "left",
            r#"{"type":"identify","userId":"u","traits":{"company":{"id":"a/7","remove":true}}}"#,
            &[FOUND, COMPANY, WRITTEN, WRITTEN],
        ),
        (
            "left by name, found in a list",
            r#"{"type":"identify","userId":"u","traits":{"company":{"name":"A & B","remove":true}}}"#,
            &[FOUND, (200, r#"{"type":"list","data":[{"id":"co2"}]}"#), WRITTEN, WRITTEN],
        ),
        (
            "left, but unknown",
            r#"{"type":"identify","userId":"u","traits":{"company":{"id":"7","remove":true}}}"#,
            &[FOUND, (404, "{}"), WRITTEN],
        ),
        (
            "left by nobody",
            r#"{"type":"identify","userId":"u","traits":{"company":{"id":"7","remove":true}}}"#,
            &[NOBODY, WRITTEN],
        ),
        (
            "neither id nor name",
            r#"{"type":"identify","userId":"u","traits":{"company":{"plan":"pro"}}}"#,
            &[NOBODY, WRITTEN],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn the_profile_never_attaches() {
    let line = r#"{"type":"identify","userId":"u","context":{"traits":{"company":{"id":7,"name":"Acme"}}}}"#;
    insta::assert_snapshot!(run(line, &Settings::rudderstack(), &[FOUND, WRITTEN]), @r#"
    2.10 POST /contacts/search {"query":{"operator":"AND","value":[{"field":"external_id","operator":"=","value":"u"}]}}
    2.10 PUT /contacts/c1 {"external_id":"u"}
    → delivered
    "#);
}

#[test]
fn regions_hold_for_every_version_but_in_the_profile() {
    let eu = |settings| Settings { region: Region::Eu, ..settings };
    for version in [ApiVersion::V1_4, ApiVersion::V2_10] {
        assert_eq!(eu(v2()).origin(version), "https://api.eu.intercom.io");
    }
    assert_eq!(eu(Settings::rudderstack()).origin(ApiVersion::V1_4), "https://api.intercom.io");
    assert_eq!(eu(Settings::rudderstack()).origin(ApiVersion::V2_10), "https://api.eu.intercom.io");
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

#[test]
fn a_company_that_is_gone_needs_no_leaving_unless_the_profile_wants_it() {
    let line = r#"{"type":"identify","userId":"u1","context":{"traits":{"company":{"id":"c9","remove":true}}}}"#;
    let gone = (404, r#"{"type":"error.list","errors":[{"code":"company_not_found"}]}"#);
    let outcome = |settings: &Settings, answers: &[crate::model::Answer]| {
        let mut plan = planned(line, settings).expect("it can be delivered");
        drive(&mut plan, answers).1.code()
    };
    let (default, profile) = (Settings::default(), Settings::rudderstack());
    assert_eq!(outcome(&default, &[FOUND, gone, WRITTEN]), "delivered");
    assert_eq!(outcome(&profile, &[FOUND, gone]), "aborted");
    let found = (200, r#"{"id":"co1"}"#);
    assert_eq!(outcome(&default, &[FOUND, found, gone, WRITTEN]), "delivered");
    assert_eq!(outcome(&profile, &[FOUND, found, gone]), "aborted");
}
