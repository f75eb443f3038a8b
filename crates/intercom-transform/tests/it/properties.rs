//! What holds for any event.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use intercom_transform::settings::{
    AttributeDates, AttributeSettings, Forbidden, ListRule, LongTextRule, MetadataSettings,
    MisnamedDates, NullRule,
};
use intercom_transform::{Event, Settings, Tape, echo};

use crate::model::{ACCEPTED, WRITTEN, drive, planned, v1, v2};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        "[a-z_.$\"\\\\é\u{1}😀]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-c_.$\"é]{1,3}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_object() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("[a-c_.$\"é]{1,3}", any_json(), 0..8)
        .prop_map(|map| map.into_iter().collect())
}

/// Flattening as it is described: depth first, `.` between names, `[n]` for elements.
fn flat(path: &str, value: &Value, out: &mut Map<String, Value>) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (name, value) in map {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flat(&path, value, out);
            }
        }
        Value::Array(list) if !list.is_empty() => {
            for (index, value) in list.iter().enumerate() {
                flat(&format!("{path}[{index}]"), value, out);
            }
        }
        leaf => {
            out.insert(path.to_owned(), leaf.clone());
        }
    }
}

fn body(line: &Value, settings: &Settings, answers: &[(u16, &'static str)]) -> Value {
    let mut plan = planned(&line.to_string(), settings).expect("it is a whole event");
    let (requests, _) = drive(&mut plan, answers);
    let body = requests.last().and_then(|request| request.body.as_deref());
    serde_json::from_slice(body.expect("the last request has a body")).expect("it is JSON")
}

fn everything_kept() -> Settings {
    let attributes = AttributeSettings {
        lists: ListRule::Flatten,
        empty: Forbidden::Keep,
        nulls: NullRule::Keep,
        long_texts: LongTextRule::Keep,
        names: Forbidden::Keep,
        dates: AttributeDates::AsSent,
        misnamed_dates: MisnamedDates::Ignore,
    };
    Settings { attributes, ..v1() }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_and_written_again_is_the_same(value in any_object()) {
        let line = Value::Object(value).to_string();
        let mut tape = Tape::default();
        let event = Event::parse(line.as_bytes(), &mut tape).expect("it is JSON");
        let mut out = Vec::new();
        echo(&event, &mut out);
        prop_assert_eq!(String::from_utf8(out).expect("it is text"), line);
    }

    #[test]
    fn any_bytes_are_json_or_not_as_another_parser_says(line in "[\\[\\]{}:,\"\\\\a-fu0-9eE.+\\- tru\u{7f}é\n]{0,24}") {
        let line = format!(r#"{{"a":{line}}}"#);
        let mut tape = Tape::default();
        let ours = Event::parse(line.as_bytes(), &mut tape).is_ok();
        // Numbers beyond a float are JSON, too.
        let is_huge = line.contains(['e', 'E']);
        let theirs = serde_json::from_str::<Value>(&line).is_ok();
        prop_assert!(ours == theirs || (ours && is_huge), "{line}");
    }

    #[test]
    fn attributes_are_flattened_as_described(traits in any_object()) {
        let mut expected = Map::new();
        flat("", &Value::Object(traits.clone()), &mut expected);
        expected.remove("");
        let line = json!({ "type": "identify", "userId": "u", "traits": traits });
        let sent = body(&line, &everything_kept(), &[WRITTEN]);
        // Objects are compared without order; of colliding names one of the values is there.
        let sent = sent.get("custom_attributes").cloned().unwrap_or_else(|| json!({}));
        let sent = sent.as_object().expect("attributes are an object");
        prop_assert_eq!(sent.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    }

    #[test]
    fn metadata_never_exceeds_its_limit_nor_loses_a_key_without_a_note(
        properties in any_object(),
        max_keys in 1_usize..=10,
    ) {
        let metadata = MetadataSettings { max_keys, ..MetadataSettings::default() };
        let settings = Settings { metadata, ..v2() };
        let line = json!({ "type": "track", "userId": "u", "event": "E", "properties": properties });
        let plan = planned(&line.to_string(), &settings).expect("it is a whole event");
        let sent = body(&line, &settings, &[ACCEPTED]);
        let sent = sent["metadata"].as_object().expect("metadata is an object");
        prop_assert!(sent.len() <= max_keys);
        let n_dropped = plan.notes().iter().filter(|note| {
            let note = serde_json::to_value(note).expect("a note is JSON");
            let kind = note["note"].as_str().unwrap_or_default().to_owned();
            kind.ends_with("_dropped") || kind == "key_collision"
        });
        let mut whole = Map::new();
        flat("", &Value::Object(properties), &mut whole);
        whole.remove("");
        prop_assert!(sent.len() + n_dropped.count() >= whole.len());
    }

    #[test]
    fn a_date_is_the_same_second_in_every_form(second in -60_000_000_000_i64..99_999_999_999) {
        let at = chrono::DateTime::from_timestamp(second, 0).expect("a year of four digits");
        let mut forms = vec![
            json!(second),
            json!(second.to_string()),
            json!(at.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            json!(at.format("%Y-%m-%dT%H:%M:%S.987+00:00").to_string()),
            json!(at.format("%Y%m%dT%H%M%SZ").to_string()),
            json!(at.format("%Y%m%dT%H%M%S,987+0000").to_string()),
        ];
        if second.abs() >= 100_000_000 {
            forms.push(json!(second * 1000 + 7));
        }
        for form in forms {
            let line = json!({ "type": "track", "userId": "u", "event": "E", "timestamp": form });
            let sent = body(&line, &v2(), &[ACCEPTED]);
            prop_assert_eq!(&sent["created_at"], &json!(second), "{}", line);
        }
    }
}
