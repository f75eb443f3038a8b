//! The metadata of events.

use intercom_transform::Settings;
use intercom_transform::settings::{ListRule, MetadataSettings, MisnamedDates};

use crate::model::{ACCEPTED, run, v2};

const MANY: &str = r#"{"type":"track","userId":"u","event":"E","properties":{"k0":0,"k1":1,"p":{"amount":0,"currency":null,"x":{"y":1}},"l":{"url":""},"l2":{"url":"u","value":{"deep":[1]}},"only":{"amount":1},"list":[{"amount":1,"currency":"usd"}],"deep":{"price":{"amount":1,"currency":"usd"}},"k2":2,"k3":3,"k4":4,"start_date":"2020-01-01","when":"2020-01-01T10:00:00Z","none":null,"empty":{}}}"#;

fn with(metadata: MetadataSettings) -> String {
    run(MANY, &Settings { metadata, ..v2() }, &[ACCEPTED])
}

#[test]
fn amounts_and_links_come_first_then_the_order_sent() {
    insta::assert_snapshot!(with(MetadataSettings::default()));
}

#[test]
fn a_priority_list_comes_second() {
    let priority = ["start_date", "k4", "absent", "only.amount"].map(str::to_owned).to_vec();
    insta::assert_snapshot!(with(MetadataSettings { priority, ..MetadataSettings::default() }));
}

#[test]
fn ten_keys_are_the_most_and_zero_is_no_limit() {
    let n_keys = |max_keys| {
        let told = with(MetadataSettings { max_keys, ..MetadataSettings::default() });
        let body = told.split_once("/events ").map(|(_, body)| body).expect("an event");
        let body: serde_json::Value =
            serde_json::from_str(body.lines().next().unwrap_or_default()).expect("JSON");
        body["metadata"].as_object().map_or(0, serde_json::Map::len)
    };
    assert_eq!([1, 5, 10, 11, 0].map(n_keys), [1, 5, 10, 10, 15]);
}

#[test]
fn dates_under_other_keys_can_be_renamed() {
    let metadata = MetadataSettings {
        max_keys: 0,
        lists: ListRule::Drop,
        misnamed_dates: MisnamedDates::Rename,
        ..MetadataSettings::default()
    };
    insta::assert_snapshot!(with(metadata));
}

#[test]
fn the_profile_sends_whole_numbers_first_as_javascript_lists_them() {
    let line = r#"{"type":"track","userId":"u","event":"E","timestamp":7,"properties":{"b":1,"10":2,"2":{"z":3,"1":4},"02":5,"4294967295":6,"a":{"amount":1,"currency":"eur"},"0":{"url":"u","value":"v"},"-1":7}}"#;
    let metadata = |settings: &Settings| {
        let told = run(line, settings, &[ACCEPTED]);
        let (_, metadata) = told.split_once("\"metadata\":").expect("metadata");
        metadata.lines().next().unwrap_or_default().to_owned()
    };
    let rich = r#""0":{"url":"u","value":"v"},"a":{"amount":1,"currency":"eur"}"#;
    assert_eq!(
        metadata(&Settings::rudderstack()),
        format!(r#"{{{rich},"2.1":4,"2.z":3,"10":2,"b":1,"02":5,"4294967295":6,"-1":7}}}}"#)
    );
    let all = MetadataSettings { max_keys: 0, ..MetadataSettings::default() };
    assert_eq!(
        metadata(&Settings { metadata: all, ..v2() }),
        r#"{"a":{"amount":1,"currency":"eur"},"0":{"url":"u","value":"v"},"b":1,"10":2,"2.z":3,"2.1":4,"02":5,"4294967295":6,"-1":7}}"#
    );
}

#[test]
fn a_name_that_is_too_long_is_noted_whatever_its_value() {
    let name = "n".repeat(1025);
    let told = run(
        &format!(
            r#"{{"type":"track","userId":"u","event":"E","timestamp":7,"properties":{{"{name}":{{"amount":1,"currency":"eur"}},"{name}x":1}}}}"#
        ),
        &v2(),
        &[ACCEPTED],
    );
    assert!(told.contains(r#""metadata":{}}"#), "{told}");
    assert_eq!(told.matches("name_dropped").count(), 2, "{told}");
}

#[test]
fn the_profile_sends_all_of_it() {
    insta::assert_snapshot!(run(MANY, &Settings::rudderstack(), &[ACCEPTED]));
}
