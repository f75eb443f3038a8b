//! Dates in every form.

use intercom_transform::Settings;
use intercom_transform::settings::UndatedEvents;

use crate::model::{ACCEPTED, NOBODY, WRITTEN, rudderstack_oauth, run, v2};

/// The second of an event with this timestamp, as JSON.
fn second(timestamp: &str, settings: &Settings) -> Option<i64> {
    let line = format!(r#"{{"type":"track","userId":"u","event":"E","timestamp":{timestamp}}}"#);
    let told = run(&line, settings, &[ACCEPTED]);
    let (_, at) = told.split_once(r#""created_at":"#)?;
    at.split(',').next()?.parse().ok()
}

#[test]
fn every_form_becomes_seconds() {
    let cases: [(&str, Option<i64>); 45] = [
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
        ("\"20231122T044244Z\"", Some(1_700_628_164)),
        ("\"20231122T101244.757+0530\"", Some(1_700_628_164)),
        ("\"20231122t0442\"", Some(1_700_628_120)),
        ("\"20231122T04:42:44Z\"", Some(1_700_628_164)),
        ("\"2023-11-22T044244Z\"", Some(1_700_628_164)),
        ("\"20230230T101200Z\"", None),
        ("\"20231122T\"", None),
        ("\"20231122T04\"", None),
        ("\"20231122T0442441\"", None),
        ("\"20231122 044244\"", None),
        ("\"2023-1122T044244Z\"", None),
    ];
    for (sent, expected) in cases {
        // What cannot be read would otherwise have been now.
        let undated = Settings { undated_events: UndatedEvents::AsSent, ..v2() };
        for settings in [undated, rudderstack_oauth()] {
            assert_eq!(second(sent, &settings), expected, "{sent}");
        }
    }
}

/// Unix time as eight digits cannot be told from a calendar date, and is what senders of digits mean.
#[test]
fn eight_digits_are_unix_time() {
    for settings in [v2(), rudderstack_oauth()] {
        assert_eq!(second("\"20240704\"", &settings), Some(20_240_704));
        assert_eq!(second("20240704", &settings), Some(20_240_704));
    }
    let line = r#"{"type":"identify","userId":"u","traits":{"born_at":"20240704","met_at":"20240704T101200Z","code":"20240704","slot":"20240704T1012Z"}}"#;
    insta::assert_snapshot!(run(line, &v2(), &[NOBODY, WRITTEN]));
}
