//! Limits of custom attributes and of the metadata of events.

use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, post, put, simulator};

fn create(sim: &mut Simulator, fields: &Value) -> String {
    let (status, body) = post(sim, "/contacts", fields);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

fn define(sim: &mut Simulator, model: &str, name: &str) -> (u16, Value) {
    post(sim, "/data_attributes", &json!({"name": name, "model": model, "data_type": "string"}))
}

#[test]
fn unknown_attributes_are_refused_on_contacts_and_companies() {
    let mut sim = simulator(0, 0);
    let unknown = json!({"nobody_defined_this": 1});
    for (path, fields) in [
        ("/contacts", json!({"email": "a@example.com", "custom_attributes": unknown})),
        ("/companies", json!({"company_id": "c1", "custom_attributes": unknown})),
    ] {
        let (status, answer) = post(&mut sim, path, &fields);
        assert_eq!((status, code(&answer)), (400, "parameter_invalid"), "{path}");
        assert_eq!(answer["errors"][0]["field"], "nobody_defined_this");
    }
    assert_eq!(sim.workspace().n_contacts(), 0);
    // Names are case-sensitive.
    assert_eq!(define(&mut sim, "contact", "Mood").0, 200);
    let fields = json!({"email": "a@example.com", "custom_attributes": {"mood": "good"}});
    assert_eq!(post(&mut sim, "/contacts", &fields).0, 400);
}

#[test]
fn texts_end_at_255_characters_and_nothing_is_nested() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    assert_eq!(define(&mut sim, "contact", "Mood").0, 200);
    let path = format!("/contacts/{id}");
    for (value, expected) in [
        (json!("é".repeat(255)), 200),
        (json!("é".repeat(256)), 400),
        (json!("x".repeat(1_000_000)), 400),
        (json!({"a": 1}), 400),
        (json!(["a"]), 400),
        (json!([]), 400),
        (json!(null), 200),
        (json!(""), 200),
    ] {
        let fields = json!({"custom_attributes": {"Mood": value}});
        let (status, answer) = put(&mut sim, &path, &fields);
        assert_eq!(status, expected, "{}", answer["errors"]);
    }
}

#[test]
fn a_model_has_250_attributes_and_archiving_one_frees_its_place() {
    let mut sim = simulator(0, 0);
    let (_, known) = get(&mut sim, "/data_attributes?model=contact");
    let n_known = known["data"].as_array().map_or(0, Vec::len);
    let mut first = Value::Null;
    for number in n_known..250 {
        let (status, attribute) = define(&mut sim, "contact", &format!("Extra {number}"));
        assert_eq!(status, 200, "{attribute}");
        first = if first.is_null() { attribute["id"].clone() } else { first };
    }
    let (status, answer) = define(&mut sim, "contact", "One more");
    assert_eq!((status, code(&answer)), (400, "custom_data_limit_reached"));
    let path = format!("/data_attributes/{first}");
    assert_eq!(put(&mut sim, &path, &json!({"archived": true})).0, 200);
    assert_eq!(define(&mut sim, "contact", "One more").0, 200);
}

#[test]
fn a_name_is_taken_once_whatever_the_model() {
    let mut sim = simulator(0, 0);
    assert_eq!(define(&mut sim, "company", "Tier").0, 200);
    for model in ["contact", "company"] {
        let (status, answer) = define(&mut sim, model, "Tier");
        assert_eq!((status, code(&answer)), (400, "parameter_invalid"), "{model}");
        let message = answer["errors"][0]["message"].as_str().expect("a message");
        assert!(message.contains("already have 'Tier' in your company data"), "{message}");
    }
    for (name, expected) in
        [("paid_subscriber", 200), ("The One Ring", 200), ("Price €", 200), ("a.b", 400), ("", 400)]
    {
        assert_eq!(define(&mut sim, "contact", name).0, expected, "{name}");
    }
}

#[test]
fn the_type_of_an_attribute_stays_what_it_was() {
    let mut sim = simulator(0, 0);
    let (_, attribute) = define(&mut sim, "contact", "Mood");
    let path = format!("/data_attributes/{}", attribute["id"]);
    let (status, answer) = put(&mut sim, &path, &json!({"data_type": "integer"}));
    assert_eq!((status, &answer["data_type"]), (200, &json!("string")));
}

fn submit(sim: &mut Simulator, fields: &Value) -> (u16, String) {
    let (status, answer) = post(sim, "/events", fields);
    (status, code(&answer).to_owned())
}

#[test]
fn a_lead_has_events_by_its_id_only() {
    let mut sim = simulator(0, 0);
    let fields = json!({"role": "lead", "email": "a@example.com", "external_id": "e1"});
    let id = create(&mut sim, &fields);
    let event = |key: &str, value: &str| json!({"event_name": "x", "created_at": NOW, key: value});
    assert_eq!(submit(&mut sim, &event("email", "a@example.com")).0, 404);
    assert_eq!(submit(&mut sim, &event("user_id", "e1")).0, 404);
    assert_eq!(submit(&mut sim, &event("id", &id)).0, 202);
    let user = create(&mut sim, &json!({"email": "a@example.com"}));
    assert_eq!(submit(&mut sim, &event("email", "a@example.com")).0, 202);
    let (_, listed) = get(&mut sim, &format!("/events?type=user&intercom_user_id={user}"));
    assert_eq!(listed["events"].as_array().map(Vec::len), Some(1));
}

#[test]
fn repeated_events_are_taken_and_kept_once_a_second() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    for (at, name) in [(NOW, "x"), (NOW, "x"), (NOW, "y"), (NOW - 1, "x")] {
        let event = json!({"event_name": name, "created_at": at, "id": id});
        assert_eq!(submit(&mut sim, &event).0, 202);
    }
    let (_, listed) = get(&mut sim, &format!("/events?type=user&intercom_user_id={id}"));
    assert_eq!(listed["events"].as_array().map(Vec::len), Some(3));
}

#[test]
fn metadata_holds_scalars_links_and_amounts() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    for (value, expected) in [
        (json!("text"), 202),
        (json!(1.5), 202),
        (json!(true), 202),
        (json!(null), 202),
        (json!("https://example.com"), 202),
        (json!({"url": "https://example.com", "value": "order"}), 202),
        (json!({"amount": 2_900, "currency": "eur"}), 202),
        (json!({"amount": 29.5, "currency": "eur"}), 400),
        (json!({"amount": -1, "currency": "eur"}), 400),
        (json!({"amount": 1}), 400),
        (json!({"a": {"b": 1}}), 400),
        (json!({}), 400),
        (json!(["a"]), 400),
    ] {
        let event = json!({
            "event_name": "paid", "created_at": NOW, "id": id, "metadata": {"order": value},
        });
        assert_eq!(submit(&mut sim, &event).0, expected, "{event}");
    }
}

#[test]
fn attributes_have_the_types_that_requests_name() {
    let mut sim = simulator(0, 0);
    for (requested, expected) in [
        ("string", "string"),
        ("integer", "integer"),
        ("float", "float"),
        ("boolean", "boolean"),
        ("date", "date"),
        ("datetime", "date"),
    ] {
        let name = format!("Kind {requested}");
        let fields = json!({"name": name, "model": "contact", "data_type": requested});
        let (status, attribute) = post(&mut sim, "/data_attributes", &fields);
        assert_eq!((status, &attribute["data_type"]), (200, &json!(expected)));
    }
    for (options, expected) in [
        (json!([]), 400),
        (json!(["one"]), 400),
        (json!([{"value": "one"}]), 400),
        (json!("one, two"), 400),
        (json!([{"value": "one"}, {"value": "two"}]), 200),
    ] {
        let fields = json!({
            "name": "Choice", "model": "contact", "data_type": "options", "options": options,
        });
        let (status, attribute) = post(&mut sim, "/data_attributes", &fields);
        assert_eq!(status, expected, "{attribute}");
    }
}

#[test]
fn a_repeated_event_costs_a_call() {
    let mut sim = crate::support::simulator_with(0, 0, intercom_sim::SimSettings::default());
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    let event = json!({"event_name": "x", "created_at": NOW, "id": id});
    let mut left = || {
        let submit = crate::support::request(intercom_api::Method::Post, "/events", Some(&event));
        let response = sim.handle(&submit, NOW);
        assert_eq!(response.status, 202);
        response.headers.get("X-RateLimit-Remaining").and_then(|left| left.parse::<u32>().ok())
    };
    let (first, second) = (left(), left());
    assert_eq!(first.map(|left| left - 1), second);
}

#[test]
fn an_attribute_comes_back_only_where_there_is_a_place() {
    let mut sim = simulator(0, 0);
    let (_, known) = get(&mut sim, "/data_attributes?model=contact");
    let n_known = known["data"].as_array().map_or(0, Vec::len);
    let mut last = Value::Null;
    for number in n_known..250 {
        last = define(&mut sim, "contact", &format!("Extra {number}")).1["id"].clone();
    }
    let path = format!("/data_attributes/{last}");
    assert_eq!(put(&mut sim, &path, &json!({"archived": true})).0, 200);
    let (_, added) = define(&mut sim, "contact", "One more");
    let (status, answer) = put(&mut sim, &path, &json!({"archived": false}));
    assert_eq!((status, code(&answer)), (400, "custom_data_limit_reached"));
    let added = format!("/data_attributes/{}", added["id"]);
    assert_eq!(put(&mut sim, &added, &json!({"archived": false})).0, 200, "it never left");
    assert_eq!(put(&mut sim, &added, &json!({"archived": true})).0, 200);
    assert_eq!(put(&mut sim, &path, &json!({"archived": false})).0, 200);
}

#[test]
fn an_attribute_with_options_takes_nothing_else() {
    let mut sim = simulator(0, 0);
    let fields = json!({
        "name": "Tier", "model": "contact", "data_type": "options", "options": ["gold", "7"],
    });
    assert_eq!(post(&mut sim, "/data_attributes", &fields).0, 200);
    let path = format!("/contacts/{}", create(&mut sim, &json!({"email": "a@example.com"})));
    for (value, expected) in [
        (json!("gold"), 200),
        (json!(7), 200),
        (json!(null), 200),
        (json!("silver"), 400),
        (json!("Gold"), 400),
        (json!(""), 400),
        (json!(true), 400),
    ] {
        let write = json!({"custom_attributes": {"Tier": value}});
        let (status, answer) = put(&mut sim, &path, &write);
        assert_eq!(status, expected, "{write}");
        if status == 400 {
            assert_eq!(
                (code(&answer), &answer["errors"][0]["field"]),
                ("parameter_invalid", &json!("Tier"))
            );
        }
    }
}

#[test]
fn an_event_happens_between_1970_and_2106() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, &json!({"email": "a@example.com"}));
    for (at, expected) in [
        (0, 202),
        (NOW + 86_400, 202),
        (i64::from(u32::MAX), 202),
        (i64::from(u32::MAX) + 1, 400),
        (NOW * 1_000, 400),
        (-1, 400),
    ] {
        let event = json!({"event_name": "x", "created_at": at, "id": id});
        let (status, answer) = submit(&mut sim, &event);
        assert_eq!(status, expected, "{event}");
        assert_eq!(answer == "parameter_invalid", status == 400, "{event}");
    }
}
