//! Attributes that an event sets once and for all.

use intercom_transform::{ONE_TIME_ATTRIBUTES, Settings};

use crate::model::{ACCEPTED, FOUND, NOBODY, WRITTEN, run, run_all, v1, v2};

fn with(settings: Settings) -> Settings {
    let one_time_attributes = ONE_TIME_ATTRIBUTES.map(str::to_owned).to_vec();
    Settings { one_time_attributes, ..settings }
}

const TOUR: &str = r#"{"type":"track","userId":"u1","event":"opened_tour","timestamp":1700000000}"#;

#[test]
fn an_event_sets_its_attribute_after_it_was_sent() {
    let cases: [(&str, &str, &[_]); 5] = [
        ("set", TOUR, &[ACCEPTED, FOUND, WRITTEN]),
        ("nobody there", TOUR, &[ACCEPTED, NOBODY]),
        (
            "refused",
            TOUR,
            &[
                ACCEPTED,
                FOUND,
                (
                    400,
                    r#"{"errors":[{"code":"parameter_invalid","message":"Custom attribute 'opened_tour' does not exist"}]}"#,
                ),
            ],
        ),
        (
            "composed",
            r#"{"type":"track","userId":"u1","action":"sampled","resource":"collection","timestamp":1}"#,
            &[ACCEPTED, FOUND, WRITTEN],
        ),
        (
            "another event",
            r#"{"type":"track","userId":"u1","event":"closed_tour","timestamp":1}"#,
            &[ACCEPTED],
        ),
    ];
    insta::assert_snapshot!(run_all(&with(v2()), &cases));
    insta::assert_snapshot!(run(TOUR, &with(v1()), &[ACCEPTED, WRITTEN]));
    assert!(!run(TOUR, &v2(), &[ACCEPTED]).contains("attribute"));
}

#[test]
fn the_version_in_use_is_kept_at_each_identify() {
    let line =
        r#"{"type":"identify","userId":"u1","context":{"app":{"version":"1.2"},"traits":{"a":1}}}"#;
    insta::assert_snapshot!(run(line, &with(v2()), &[NOBODY, WRITTEN]));
    let told =
        run(&line.replace(r#""a":1"#, r#""last_known_version":"9""#), &with(v1()), &[WRITTEN]);
    assert!(told.contains(r#""custom_attributes":{"last_known_version":"9"}"#), "{told}");
}
