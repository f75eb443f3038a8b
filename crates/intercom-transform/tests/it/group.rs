//! Group.

use intercom_api::ApiVersion;
use intercom_transform::Settings;

use crate::model::{COMPANY, FOUND, WRITTEN, run};

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
