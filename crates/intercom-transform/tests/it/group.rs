//! Group.

use intercom_transform::Settings;

use crate::model::{
    COMPANY, FOUND, NOBODY, WRITTEN, drive, planned, rudderstack_oauth, rudderstack_v1, run,
    run_all, v1, v2,
};

const ACME: &str = r#"{"type":"group","userId":"u1","groupId":"g1","traits":{"name":"Acme","size":"12","monthlySpend":0,"email":"hello@acme.example","hq":{"city":"Oslo"},"tags":["vip"]},"context":{"traits":{"email":"Jo@Example.com","tags":"new"}}}"#;

#[test]
fn a_company_is_written_and_its_user_attached() {
    insta::assert_snapshot!(run(ACME, &v2(), &[COMPANY, FOUND, WRITTEN, WRITTEN, WRITTEN]));
}

#[test]
fn a_company_is_written_even_if_its_user_is_unknown() {
    insta::assert_snapshot!(run(ACME, &v2(), &[COMPANY, NOBODY, WRITTEN, WRITTEN]));
}

#[test]
fn the_profile_looks_the_user_up_first() {
    insta::assert_snapshot!(run(
        ACME,
        &Settings::rudderstack(),
        &[FOUND, COMPANY, WRITTEN, WRITTEN]
    ));
}

#[test]
fn the_oauth_destination_writes_the_company_first() {
    insta::assert_snapshot!(run(ACME, &rudderstack_oauth(), &[COMPANY, FOUND, WRITTEN, WRITTEN]));
}

#[test]
fn with_1_4_the_user_is_written_with_the_company() {
    insta::assert_snapshot!(run(ACME, &v1(), &[COMPANY, WRITTEN, WRITTEN, WRITTEN]));
    insta::assert_snapshot!(run(ACME, &rudderstack_v1(), &[COMPANY, WRITTEN, WRITTEN]));
}

#[test]
fn fields_of_companies() {
    let cases: [(&str, &str, &[_]); 7] = [
        (
            "all of them",
            r#"{"type":"group","groupId":9,"traits":{"name":"N","website":"w","plan":"p","size":12,"industry":"i","monthlySpend":"10.5","remoteCreatedAt":"2020-01-01T00:00:00Z","userCount":3,"sessionCount":1,"segments":[1],"createdAt":"x","userId":"company","id":9,"employees":5}}"#,
            &[COMPANY],
        ),
        (
            "what cannot be read",
            r#"{"type":"group","groupId":"g","traits":{"size":"big","monthlySpend":"much","remoteCreatedAt":"then"}}"#,
            &[COMPANY],
        ),
        (
            "traits of the context only",
            r#"{"type":"group","groupId":"g","context":{"traits":{"name":"CN","size":4,"foo":1}}}"#,
            &[COMPANY],
        ),
        (
            "the id among traits",
            r#"{"type":"group","traits":{"groupId":"tg","name":"N"}}"#,
            &[COMPANY],
        ),
        ("no id", r#"{"type":"group","traits":{"name":"N"}}"#, &[]),
        ("an id that is a list", r#"{"type":"group","groupId":[1]}"#, &[]),
        (
            "tags of every kind",
            r#"{"type":"group","groupId":"g","traits":{"tags":["a",null,{"x":1},"a","b"]},"context":{"traits":{"tags":5}}}"#,
            &[COMPANY, WRITTEN, WRITTEN],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn refusals_of_the_profiles() {
    let line =
        r#"{"type":"group","traits":{"name":"N"},"context":{"traits":{"email":"jo@example.com"}}}"#;
    let after = (200, r#"{"type":"list","data":[]}"#);
    insta::assert_snapshot!(run(line, &Settings::rudderstack(), &[after]));
    insta::assert_snapshot!(run(line, &rudderstack_oauth(), &[]));
    insta::assert_snapshot!(run(line, &rudderstack_v1(), &[COMPANY, WRITTEN]));
    let nobody = r#"{"type":"group","groupId":"g1","traits":{"name":"N"}}"#;
    insta::assert_snapshot!(run(nobody, &rudderstack_oauth(), &[COMPANY]));
}

#[test]
fn a_company_without_an_id_is_refused() {
    insta::assert_snapshot!(run(ACME, &v2(), &[(200, "{}")]));
}

#[test]
fn the_companys_address_finds_a_contact_only_where_nothing_names_a_user() {
    let searched = |line| {
        let mut plan = planned(line, &Settings::default()).expect("it can be delivered");
        let (requests, _) = drive(&mut plan, &[COMPANY, NOBODY]);
        let body = requests[1].body.clone().unwrap_or_default();
        String::from_utf8_lossy(&body).into_owned()
    };
    let alone =
        searched(r#"{"type":"group","groupId":"g1","traits":{"email":"Info@acme.example"}}"#);
    assert!(alone.contains(r#""value":"info@acme.example""#), "{alone}");
    let beside = searched(
        r#"{"type":"group","groupId":"g1","userId":"u1","traits":{"email":"info@acme.example"}}"#,
    );
    assert!(!beside.contains("acme") && beside.contains(r#""value":"u1""#), "{beside}");
}

#[test]
fn no_trait_of_the_company_finds_a_user_who_is_named() {
    let line = r#"{"type":"group","groupId":"g1","userId":"u1","traits":{"phone":"+47 1"},"integrations":{"Intercom":{"lookup":"phone"}}}"#;
    let mut plan = planned(line, &Settings::default()).expect("it can be delivered");
    let (requests, _) = drive(&mut plan, &[COMPANY, NOBODY]);
    let body = requests[1].body.clone().unwrap_or_default();
    let text = String::from_utf8_lossy(&body).into_owned();
    assert!(!text.contains("phone") && text.contains(r#""value":"u1""#), "{text}");
}
