//! Lines that are no events.

use intercom_transform::{Event, Tape};

fn fault(line: &[u8]) -> String {
    let mut tape = Tape::default();
    match Event::parse(line, &mut tape) {
        Ok(event) => format!("{event:?}"),
        Err(rejection) => format!("{} at {:?}", rejection.code(), rejection.path),
    }
}

#[test]
fn a_broken_line_names_the_place() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "truncated at \"\""),
        (b"[1]", "not_an_object at \"\""),
        (br#"{"a":1}x"#, "not_json at \"\""),
        (br#"{"traits":{"x":[1,{"y":tru}]}}"#, "not_json at \"traits.x[1].y\""),
        (br#"{"traits":{"x":1,"y":"abc"#, "truncated at \"traits.y\""),
        (br#"{"a":"\ud800"}"#, "lone_surrogate at \"a\""),
        (b"{\"a\":{\"b\":\"\xff\"}}", "not_utf8 at \"a.b\""),
        (br#"{"a":01}"#, "not_json at \"a\""),
        (
            br#"{"a":"line
break"}"#,
            "not_json at \"a\"",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(fault(line), expected, "{}", String::from_utf8_lossy(line));
    }
}

#[test]
fn a_line_is_nested_at_most_128_levels() {
    let nested = |depth: usize| {
        let (open, close) = (r#"{"a":"#.repeat(depth), "}".repeat(depth));
        fault(format!("{open}1{close}").as_bytes())
    };
    assert!(nested(128).starts_with("Event"), "{}", nested(128));
    assert!(nested(129).starts_with("too_deep at \"a.a.a."), "{}", nested(129));
    assert!(nested(10_000).starts_with("too_deep"));
}

#[test]
fn events_are_kept_in_order_by_whom_they_name() {
    let key = |line: &str| {
        let mut tape = Tape::default();
        let event = Event::parse(line.as_bytes(), &mut tape).expect("it is an event");
        event.ordering_key().map(std::borrow::Cow::into_owned)
    };
    let cases = [
        (r#"{"userId":"u","anonymousId":"a","identifiers":{"email":"e"}}"#, Some("u")),
        (r#"{"userId":7}"#, Some("7")),
        (r#"{"userId":"","anonymousId":"a"}"#, Some("a")),
        (r#"{"identifiers":{"email":"e","external_id":"x"}}"#, Some("e")),
        (r#"{"identifiers":{},"context":{"externalId":[{"id":"r"}]}}"#, None),
        (r#"{"context":{"externalId":[{"id":"r"},{"id":"s"}]}}"#, Some("r")),
        (r#"{"context":{"externalId":[{"id":""}]}}"#, None),
        (r#"{"traits":{"email":"e"}}"#, None),
    ];
    for (line, expected) in cases {
        assert_eq!(key(line).as_deref(), expected, "{line}");
    }
}
