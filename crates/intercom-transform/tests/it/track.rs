//! Track.

use intercom_transform::settings::UndatedEvents;
use intercom_transform::{Scratch, Settings};

use crate::model::{
    ACCEPTED, NOW, WRITTEN, rudderstack_oauth, rudderstack_v1, run, run_all, run_in, v1, v2,
};

const ORDER: &str = r#"{"type":"track","userId":"u1","event":"Order","timestamp":"2023-11-22T10:12:44.757+05:30","properties":{"a":1,"price":{"amount":5,"currency":"eur"},"b":{"c":2,"d":null},"link":{"url":"https://x.example","value":"X"},"e":3,"f":4,"paid_date":"2023-11-22"}}"#;
const UNKNOWN: (u16, &str) = (404, r#"{"type":"error.list","errors":[{"code":"not_found"}]}"#);

#[test]
fn an_event_keeps_its_five_most_important_keys() {
    insta::assert_snapshot!(run(ORDER, &v2(), &[ACCEPTED]));
}

#[test]
fn the_profile_sends_every_key() {
    insta::assert_snapshot!(run(ORDER, &Settings::rudderstack(), &[ACCEPTED]));
    insta::assert_snapshot!(run(ORDER, &rudderstack_v1(), &[ACCEPTED]));
}

#[test]
fn an_unknown_user_is_created_and_the_event_sent_again() {
    insta::assert_snapshot!(run(ORDER, &v2(), &[UNKNOWN, WRITTEN, ACCEPTED]));
}

#[test]
fn an_unknown_user_ends_the_plan_where_the_settings_say_so() {
    let cases: [(&str, &str, &[_]); 1] = [("unknown", ORDER, &[UNKNOWN])];
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases));
    insta::assert_snapshot!(run_all(&v1(), &cases));
    let twice = run(ORDER, &v2(), &[UNKNOWN, WRITTEN, UNKNOWN]);
    assert!(twice.contains("→ aborted"), "{twice}");
}

#[test]
fn names_and_subjects_of_events() {
    let cases: [(&str, &str, &[_]); 9] = [
        ("no name", r#"{"type":"track","userId":"u"}"#, &[]),
        ("an empty name", r#"{"type":"track","userId":"u","event":""}"#, &[]),
        ("a number", r#"{"type":"track","userId":"u","event":42}"#, &[ACCEPTED]),
        (
            "resource and action",
            r#"{"type":"track","userId":"u","resource":"Collection","action":"Sampled"}"#,
            &[ACCEPTED],
        ),
        (
            "resource and action among properties",
            r#"{"type":"track","userId":"u","properties":{"resource":"tour","action":"opened"}}"#,
            &[ACCEPTED],
        ),
        ("nobody", r#"{"type":"track","anonymousId":"a","event":"E"}"#, &[]),
        (
            "an address among properties",
            r#"{"type":"track","event":"E","properties":{"email":"p@x.example"}}"#,
            &[ACCEPTED],
        ),
        (
            "Intercom's own id",
            r#"{"type":"track","event":"E","integrations":{"Intercom":{"id":"ic1"}}}"#,
            &[ACCEPTED],
        ),
        (
            "an id of something else",
            r#"{"type":"track","userId":"u","event":"E","properties":{"id":"order-1"}}"#,
            &[ACCEPTED],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    let other = [cases[0], cases[5], cases[8]];
    insta::assert_snapshot!(run_all(&rudderstack_oauth(), &other));
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &[cases[0], cases[5], cases[8]]));
}

#[test]
fn times_of_events() {
    let cases: [(&str, &str, &[_]); 6] = [
        (
            "original timestamp",
            r#"{"type":"track","userId":"u","event":"E","originalTimestamp":"2020-01-01T00:00:00.999Z"}"#,
            &[ACCEPTED],
        ),
        (
            "unreadable, then readable",
            r#"{"type":"track","userId":"u","event":"E","timestamp":"soon","originalTimestamp":1577836800}"#,
            &[ACCEPTED],
        ),
        (
            "only when it was received",
            r#"{"type":"track","userId":"u","event":"E","receivedAt":"2020-01-01T00:00:00Z"}"#,
            &[ACCEPTED],
        ),
        ("none", r#"{"type":"track","userId":"u","event":"E"}"#, &[ACCEPTED]),
        (
            "unreadable",
            r#"{"type":"track","userId":"u","event":"E","timestamp":"soon"}"#,
            &[ACCEPTED],
        ),
        (
            "of a cloud source",
            r#"{"type":"track","userId":"u","event":"E","channel":"sources","timestamp":1,"properties":{"timestamp":"2021-01-01T00:00:00Z"}}"#,
            &[ACCEPTED],
        ),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn an_event_without_a_time_is_now_or_refused() {
    let none = r#"{"type":"track","userId":"u","event":"E"}"#;
    let unreadable = r#"{"type":"track","userId":"u","event":"E","timestamp":"soon","sentAt":{}}"#;
    let source = r#"{"type":"track","userId":"u","event":"E","channel":"sources","timestamp":7,"properties":{"timestamp":null}}"#;
    let row = r#"{"type":"track","context":{"mappedToDestination":true},"traits":{"user_id":"u","event_name":"E"}}"#;
    let cases: [(&str, &str, &[_]); 4] = [
        ("none", none, &[ACCEPTED]),
        ("unreadable", unreadable, &[ACCEPTED]),
        ("of a cloud source that names none", source, &[ACCEPTED]),
        ("a row", row, &[ACCEPTED]),
    ];
    insta::assert_snapshot!(run_all(&v2(), &cases));
    insta::assert_snapshot!(run_all(&rudderstack_v1(), &cases));
    let refusing = Settings { undated_events: UndatedEvents::Refuse, ..v2() };
    let refused = "→ rejected missing_time [timestamp] timestamp: the event does not say when it \
                   was: Intercom takes none without a time\n";
    for settings in [refusing, Settings { now: None, ..v2() }, Settings { now: None, ..v1() }] {
        for line in [none, unreadable, row] {
            assert_eq!(run(line, &settings, &[]), refused);
        }
    }
}

#[test]
fn events_without_a_time_get_seconds_of_their_own() {
    let line = r#"{"type":"track","userId":"u","event":"E"}"#;
    let mut scratch = Scratch::new();
    let seconds = [0, 1, 2].map(|n| {
        let told = run_in(line, &v2(), &mut scratch, &[ACCEPTED]);
        told.contains(&format!("\"created_at\":{},", NOW + n))
    });
    assert_eq!(seconds, [true; 3]);
}

#[test]
fn events_of_a_user_in_one_second_get_seconds_of_their_own() {
    let event = |user: &str, name: &str, id: &str| {
        format!(
            r#"{{"type":"track","messageId":"{id}","userId":"{user}","event":"{name}","timestamp":1700000000}}"#
        )
    };
    let seconds = |settings: &Settings| {
        let mut scratch = Scratch::new();
        let lines = [
            ("u", "E", "m1"),
            ("u", "E", "m2"),
            ("u", "E", "m1"),
            ("u", "E", "m2"),
            ("u", "E", "m3"),
            ("u", "Other", "m4"),
            ("v", "E", "m5"),
        ];
        lines.map(|(user, name, id)| {
            let told = run_in(&event(user, name, id), settings, &mut scratch, &[ACCEPTED]);
            let at = told.find("1700000").expect("the event has a time");
            told[at + 8..at + 10].parse::<u32>().expect("two digits")
        })
    };
    // An event that is sent again keeps its second, so that Intercom knows it.
    assert_eq!(seconds(&v2()), [0, 1, 0, 1, 2, 0, 0]);
    assert_eq!(seconds(&Settings::rudderstack()), [0; 7]);
}

#[test]
fn properties_that_are_no_object() {
    let list = r#"{"type":"track","userId":"u","event":"E","properties":[1,{"a":2}]}"#;
    let text = r#"{"type":"track","userId":"u","event":"E","properties":"h\u00e9"}"#;
    let cases: [(&str, &str, &[_]); 2] = [("list", list, &[ACCEPTED]), ("text", text, &[ACCEPTED])];
    insta::assert_snapshot!(run_all(&Settings::rudderstack(), &cases));
    let cases: [(&str, &str, &[_]); 2] = [("list", list, &[]), ("text", text, &[])];
    insta::assert_snapshot!(run_all(&v2(), &cases));
}

#[test]
fn the_profile_takes_one_time_and_no_first_second() {
    let event = |timestamp: &str| {
        let line = format!(
            r#"{{"type":"track","userId":"u","event":"E","timestamp":{timestamp},"originalTimestamp":1577836800}}"#
        );
        run(&line, &Settings::rudderstack(), &[ACCEPTED])
    };
    assert!(event("null").contains(r#""created_at":1577836800"#));
    assert!(!event(r#""soon""#).contains("created_at"));
    assert!(!event(r#""1970-01-01T00:00:00Z""#).contains("created_at"));
}
