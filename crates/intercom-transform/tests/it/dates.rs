//! Dates in every form.

use intercom_transform::Settings;
use intercom_transform::settings::UndatedEvents;

use crate::model::{ACCEPTED, rudderstack_oauth, run, v2};

/// The second of an event with this timestamp, as JSON.
fn second(timestamp: &str, settings: &Settings) -> Option<i64> {
    let line = format!(r#"{{"type":"track","userId":"u","event":"E","timestamp":{timestamp}}}"#);
    let told = run(&line, settings, &[ACCEPTED]);
    let (_, at) = told.split_once(r#""created_at":"#)?;
    at.split(',').next()?.parse().ok()
}

#[test]
fn every_form_becomes_seconds() {
    let cases: [(&str, Option<i64>); 34] = [
        ("1700000000", Some(1_700_000_000)),
        ("1700000000999", Some(1_700_000_000)),
        ("1700000000999999", Some(1_700_000_000)),
        ("1700000000.9", Some(1_700_000_000)),
        ("1.7e9", Some(1_700_000_000)),
        ("\"1700000000\"", Some(1_700_000_000)),
        ("\" 1700000000999 \"", Some(1_700_000_000)),
        ("-1.5", Some(-2)),
        ("0", Some(0)),
        ("99999999999999999999", None),
        ("1e300", None),
        ("true", None),
        ("{}", None),
        ("\"\"", None),
        ("\"2023-11-22T10:12:44.757+05:30\"", Some(1_700_628_164)),
        ("\"2023-11-22T04:42:44Z\"", Some(1_700_628_164)),
        ("\"2023-11-22 04:42:44\"", Some(1_700_628_164)),
        ("\"2023-11-22T04:42:44+0000\"", Some(1_700_628_164)),
        ("\"2023-11-21T23:42:44-05\"", Some(1_700_628_164)),
        ("\"2023-11-22T04:42\"", Some(1_700_628_120)),
        ("\"Wed, 22 Nov 2023 04:42:44 +0000\"", Some(1_700_628_164)),
        ("\"2020-02-29\"", Some(1_582_934_400)),
        ("\"2019-02-29\"", None),
        ("\"1900-02-29\"", None),
        ("\"2000-02-29\"", Some(951_782_400)),
        ("\"0000-01-01\"", Some(-62_167_219_200)),
        ("\"9999-12-31T23:59:59Z\"", Some(253_402_300_799)),
        ("\"2016-12-31T23:59:60Z\"", Some(1_483_228_799)),
        ("\"1969-12-31T23:59:58.500Z\"", Some(-2)),
        ("\"2020-13-01\"", None),
        ("\"2020-01-01T24:00:00Z\"", None),
        ("\"2020-01-01T10:00:00+24:00\"", None),
        ("\"2020-01-01T10:00:00.Z\"", None),
        ("\"20\u{e9}0-01-01\"", None),
    ];
    for (sent, expected) in cases {
        // What cannot be read would otherwise have been now.
        let undated = Settings { undated_events: UndatedEvents::AsSent, ..v2() };
        for settings in [undated, rudderstack_oauth()] {
            assert_eq!(second(sent, &settings), expected, "{sent}");
        }
    }
}
