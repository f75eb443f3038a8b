//! Ids and instants.

use intercom_api::{AdminId, ContactId, DateTimeText, Id, Timestamp};
use serde_json::{from_str, to_string};

#[test]
fn an_id_is_written_as_it_was_read() {
    for json in ["\"5ba6\"", "\"42\"", "42", "-7"] {
        let id: Id = from_str(json).expect("an id");
        assert_eq!(to_string(&id).expect("json"), json);
    }
}

#[test]
fn an_id_is_the_same_however_it_is_spelled() {
    let (text, number): (AdminId, AdminId) =
        (from_str("\"42\"").expect("an id"), from_str("42").expect("an id"));
    assert_eq!(text, number);
    assert_eq!(text.as_str(), "42");
    assert_eq!(to_string(&number.0.spelled_as_text()).expect("json"), "\"42\"");
    assert_eq!(to_string(&text.0.spelled_as_number()).expect("json"), "42");
}

#[test]
fn an_id_that_is_no_number_stays_a_text() {
    let id = Id::new("5ba6").expect("an id").spelled_as_number();
    assert_eq!(to_string(&id).expect("json"), "\"5ba6\"");
}

#[test]
fn what_is_no_id_is_refused() {
    let long = "x".repeat(513);
    for text in ["", &long] {
        let error = ContactId::new(text).expect_err("not an id");
        assert_eq!(
            error.to_string(),
            format!("an id must have 1 to 512 bytes, not {}", text.len())
        );
    }
    for json in ["\"\"", "1.5", "true", "null", "{}"] {
        assert!(from_str::<Id>(json).is_err(), "{json}");
    }
    assert!(ContactId::new("x".repeat(512)).is_ok());
}

#[test]
fn a_number_beyond_64_bits_signed_is_kept() {
    let id: Id = from_str("18446744073709551615").expect("an id");
    assert_eq!(id.as_str(), "18446744073709551615");
}

#[test]
fn seconds_are_read_from_numbers_and_digits() {
    for json in ["1700000000", "1700000000.0", "\"1700000000\""] {
        let at: Timestamp = from_str(json).expect("seconds");
        assert_eq!(to_string(&at).expect("json"), "1700000000");
        assert_eq!(at.to_string(), "2023-11-14T22:13:20Z");
    }
}

#[test]
fn what_is_no_instant_is_refused() {
    for json in ["1.5", "\"tomorrow\"", "1e300", "true", "[]"] {
        assert!(from_str::<Timestamp>(json).is_err(), "{json}");
    }
}

#[test]
fn seconds_beyond_the_calendar_have_no_date() {
    let at = Timestamp::from_unix(i64::MAX);
    assert_eq!(at.to_datetime(), None);
    assert_eq!(at.to_string(), i64::MAX.to_string());
}

#[test]
fn a_text_instant_is_kept_as_received() {
    let json = "\"2024-02-29T23:59:59.000+02:00\"";
    let at: DateTimeText = from_str(json).expect("a text");
    assert_eq!(to_string(&at).expect("json"), json);
    let utc = at.to_datetime().expect("rfc 3339");
    assert_eq!(utc.to_rfc3339(), "2024-02-29T21:59:59+00:00");
    assert_eq!(DateTimeText("2023-02-29T00:00:00Z".to_owned()).to_datetime(), None);
}
