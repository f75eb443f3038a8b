//! Group.

use intercom_api::ApiVersion;
use intercom_transform::Settings;

use crate::model::{COMPANY, FOUND, NOBODY, WRITTEN, drive, planned, run};

const ACME: &str = r#"{"type":"group","userId":"u1","groupId":"g1","traits":{"name":"Acme","size":"12","monthlySpend":0,"email":"hello@acme.example","hq":{"city":"Oslo"},"tags":["vip"]},"context":{"traits":{"email":"Jo@Example.com","tags":"new"}}}"#;

#[test]
fn a_company_is_written_and_its_user_attached() {
    let settings = Settings { version: ApiVersion::V2_10, ..Settings::default() };
    insta::assert_snapshot!(run(ACME, &settings, &[COMPANY, FOUND, WRITTEN, WRITTEN, WRITTEN]));
}

#[test]
fn the_profile_looks_the_user_up_first() {
    let settings = Settings::rudderstack();
    insta::assert_snapshot!(run(ACME, &settings, &[FOUND, COMPANY, WRITTEN, WRITTEN]));
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
