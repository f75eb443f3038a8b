//! Track.

use intercom_api::ApiVersion;
use intercom_transform::Settings;

use crate::model::{ACCEPTED, WRITTEN, run};

fn v2() -> Settings {
    Settings { version: ApiVersion::V2_10, ..Settings::default() }
}

const ORDER: &str = r#"{"type":"track","userId":"u1","event":"Order","timestamp":"2023-11-22T10:12:44.757+05:30","properties":{"a":1,"price":{"amount":5,"currency":"eur"},"b":{"c":2,"d":null},"link":{"url":"https://x.example","value":"X"},"e":3,"f":4,"paid_date":"2023-11-22"}}"#;

#[test]
fn an_event_keeps_its_five_most_important_keys() {
    insta::assert_snapshot!(run(ORDER, &v2(), &[ACCEPTED]));
}

#[test]
fn the_profile_sends_every_key() {
    insta::assert_snapshot!(run(ORDER, &Settings::rudderstack(), &[ACCEPTED]));
}

#[test]
fn an_unknown_user_is_created_and_the_event_sent_again() {
    let unknown = (404, r#"{"type":"error.list","errors":[{"code":"not_found"}]}"#);
    insta::assert_snapshot!(run(ORDER, &v2(), &[unknown, WRITTEN, ACCEPTED]));
}
