//! What a search accepts, refuses and finds.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, ids, post, put, read, request, simulator};

/// One filter on its own.
fn leaf(field: &str, operator: &str, value: &Value) -> Value {
    json!({"query": {"field": field, "operator": operator, "value": value}})
}

fn check(sim: &mut Simulator, path: &str, body: &Value, expected: (u16, &str)) {
    let (status, answer) = post(sim, path, body);
    assert_eq!((status, code(&answer)), expected, "{path} {body}");
}

#[test]
fn contact_filters_take_the_operators_of_their_kind() {
    let mut sim = simulator(40, 60);
    let accepted = [
        ("email", "=", json!("a@example.com")),
        ("email", "!=", json!("a@example.com")),
        ("email", "IN", json!(["a@example.com", "b@example.com"])),
        ("email", "NIN", json!(["a@example.com"])),
        ("name", "~", json!("an")),
        ("name", "!~", json!("an")),
        ("name", "^", json!("A")),
        ("name", "$", json!("z")),
        ("role", "=", json!("user")),
        ("external_id", "=", json!(17)),
        ("owner_id", "=", json!("814860")),
        ("phone", "=", json!(null)),
        ("created_at", "=", json!(NOW)),
        ("created_at", ">", json!("1306054154")),
        ("created_at", "<", json!(1_704_067_200.0)),
        ("unsubscribed_from_emails", "=", json!(true)),
        ("unsubscribed_from_emails", "!=", json!("false")),
        ("tag_id", "=", json!("7001")),
        ("tag_id", "!=", json!("7001")),
        ("segment_id", "=", json!("none")),
        ("location.country", "=", json!("Japan")),
        ("custom_attributes.plan_type", "=", json!("team")),
        ("custom_attributes.teammates_count", ">=", json!(8)),
        ("custom_attributes.teammates_count", "<=", json!("8")),
        ("custom_attributes.stripe_plan_price", ">", json!(29.5)),
        ("custom_attributes.stripe_delinquent", "=", json!(true)),
        ("custom_attributes.Registration Date", ">", json!(NOW - 86_400 * 30)),
        ("andoid_sdk_version", "=", json!("1")),
    ];
    for (field, operator, value) in accepted {
        check(&mut sim, "/contacts/search", &leaf(field, operator, &value), (200, ""));
    }
    let refused = [
        ("created_at", "!=", json!(NOW), "parameter_invalid"),
        ("created_at", ">=", json!(NOW), "parameter_invalid"),
        ("created_at", "<=", json!(NOW), "parameter_invalid"),
        ("created_at", "IN", json!([NOW]), "parameter_invalid"),
        ("created_at", "NIN", json!([NOW]), "parameter_invalid"),
        ("created_at", "~", json!("17"), "parameter_invalid"),
        ("created_at", ">", json!("yesterday"), "parameter_invalid"),
        ("created_at", ">", json!(1.5), "parameter_invalid"),
        ("created_at", ">", json!(true), "parameter_invalid"),
        ("created_at", ">", json!(null), "parameter_invalid"),
        ("created_at", ">", json!(i64::MAX), "parameter_invalid"),
        ("custom_attributes.Registration Date", ">=", json!(NOW), "parameter_invalid"),
        ("tag_id", "IN", json!(["7001"]), "parameter_invalid"),
        ("tag_id", ">", json!("7001"), "parameter_invalid"),
        ("email", ">", json!("a"), "parameter_invalid"),
        ("email", "==", json!("a"), "parameter_invalid"),
        ("email", "=", json!(true), "parameter_invalid"),
        ("email", "=", json!(["a"]), "parameter_invalid"),
        ("email", "IN", json!("a"), "parameter_invalid"),
        ("email", "IN", json!([]), "parameter_invalid"),
        ("unsubscribed_from_emails", "=", json!("maybe"), "parameter_invalid"),
        ("unsubscribed_from_emails", ">", json!(true), "parameter_invalid"),
        ("custom_attributes.teammates_count", "=", json!("many"), "parameter_invalid"),
        ("custom_attributes.nobody_defined_this", "=", json!(1), "invalid_field"),
        ("companies", "=", json!("x"), "invalid_field"),
        ("notes", "=", json!("x"), "invalid_field"),
        ("state", "=", json!("closed"), "invalid_field"),
        ("", "=", json!("x"), "invalid_field"),
    ];
    for (field, operator, value, expected) in refused {
        check(&mut sim, "/contacts/search", &leaf(field, operator, &value), (400, expected));
    }
}

#[test]
fn conversation_filters_match_exact_seconds_and_take_every_comparison() {
    let mut sim = simulator(40, 60);
    let accepted = [
        ("updated_at", ">=", json!(NOW)),
        ("updated_at", "<=", json!(NOW)),
        ("updated_at", "!=", json!(NOW)),
        ("created_at", "IN", json!([NOW, NOW - 1])),
        ("state", "=", json!("closed")),
        ("open", "=", json!(true)),
        ("source.type", "NIN", json!(["email"])),
        ("source.body", "~", json!("cancel")),
        ("contact_ids", "IN", json!(["a", "b"])),
        ("admin_assignee_id", "=", json!(814_860)),
        ("statistics.last_close_at", ">", json!(0)),
        ("statistics.count_reopens", ">=", json!(1)),
        ("conversation_rating.score", "<", json!(3)),
        ("tag_ids", "IN", json!(["7001"])),
    ];
    for (field, operator, value) in accepted {
        check(&mut sim, "/conversations/search", &leaf(field, operator, &value), (200, ""));
    }
    let refused = [
        ("statistics.count_reopens", ">", json!("few"), "parameter_invalid"),
        ("state", ">", json!("closed"), "parameter_invalid"),
        ("role", "=", json!("user"), "invalid_field"),
        ("custom_attributes.Channel", "=", json!("Phone"), "invalid_field"),
    ];
    for (field, operator, value, expected) in refused {
        check(&mut sim, "/conversations/search", &leaf(field, operator, &value), (400, expected));
    }
}

#[test]
fn groups_are_limited_in_depth_and_width() {
    let mut sim = simulator(40, 60);
    let part = json!({"field": "role", "operator": "=", "value": "user"});
    let group = |operator: &str, parts: Vec<Value>| json!({"operator": operator, "value": parts});
    let wide = |n: usize| json!({"query": group("OR", vec![part.clone(); n])});
    let one = group("OR", vec![part.clone()]);
    let two = group("AND", vec![one.clone(), part.clone()]);
    let three = group("AND", vec![two.clone()]);
    let cases = [
        (json!({"query": part}), 200),
        (json!({"query": one}), 200),
        (json!({"query": two}), 200),
        (json!({"query": three}), 400),
        (wide(15), 200),
        (wide(16), 400),
        (wide(0), 400),
        (json!({"query": {}}), 400),
        (json!({"query": null}), 400),
        (json!({}), 400),
        (json!({"query": "role = user"}), 400),
        (json!({"query": {"operator": "AND", "value": part}}), 400),
        (json!({"query": {"operator": "XOR", "value": [part]}}), 400),
        (json!({"query": {"operator": "AND", "value": ["role"]}}), 400),
        (json!({"query": {"field": "role", "value": "user"}}), 400),
        (json!([part]), 400),
    ];
    for (body, status) in cases {
        let code = if status == 200 { "" } else { "parameter_invalid" };
        let code = if body.is_array() { "bad_request" } else { code };
        check(&mut sim, "/contacts/search", &body, (status, code));
    }
}

#[test]
fn pages_are_limited_and_cursors_are_checked() {
    let mut sim = simulator(40, 60);
    let page = |page: Value| {
        let query = json!({"field": "role", "operator": "=", "value": "user"});
        json!({"query": query, "pagination": page})
    };
    for (pagination, expected) in [
        (json!({"per_page": 1}), (200, "")),
        (json!({"per_page": 150}), (200, "")),
        (json!({"per_page": "20"}), (200, "")),
        (json!({"per_page": null, "starting_after": null}), (200, "")),
        (json!({"per_page": 151}), (400, "parameter_invalid")),
        (json!({"per_page": 0}), (400, "parameter_invalid")),
        (json!({"per_page": -3}), (400, "parameter_invalid")),
        (json!({"per_page": "many"}), (400, "parameter_invalid")),
        (json!({"starting_after": "nonsense"}), (400, "client_error")),
        (json!({"starting_after": "W10="}), (400, "client_error")),
        (json!({"starting_after": ""}), (400, "client_error")),
        (json!({"starting_after": 7}), (400, "client_error")),
        (json!(7), (400, "parameter_invalid")),
    ] {
        check(&mut sim, "/contacts/search", &page(pagination), expected);
    }
}

#[test]
fn defaults_differ_between_contacts_and_conversations() {
    let mut sim = simulator(200, 200);
    let any = leaf("created_at", ">", &json!(0));
    let (_, body) = post(&mut sim, "/contacts/search", &any);
    assert_eq!(ids(&body, "data").len(), 50);
    assert_eq!(body["pages"]["total_pages"], 4);
    let (_, body) = post(&mut sim, "/conversations/search", &any);
    assert_eq!(ids(&body, "conversations").len(), 20);
    let updated: Vec<i64> = body["conversations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|found| found["updated_at"].as_i64().expect("seconds"))
        .collect();
    assert!(updated.is_sorted_by(|a, b| a >= b), "descending by default: {updated:?}");
}

#[test]
fn unknown_sort_orders_are_refused_since_2_16_and_descend_before() {
    let body = json!({
        "query": {"field": "created_at", "operator": ">", "value": 0},
        "sort": {"field": "created_at", "order": "asc"},
    });
    let mut sim = simulator(5, 0);
    let mut request = request(Method::Post, "/contacts/search", Some(&body));
    for (version, expected) in
        [(ApiVersion::V2_16, 400), (ApiVersion::Preview, 400), (ApiVersion::V2_15, 200)]
    {
        request.version = version;
        let (status, answer) = read(&sim.handle(&request, NOW));
        assert_eq!(status, expected, "{version}");
        let codes = if expected == 400 { "invalid_sort_order" } else { "" };
        assert_eq!(code(&answer), codes);
    }
    let (_, newest) = read(&sim.handle(&request, NOW));
    let created = |at: usize| newest["data"][at]["created_at"].as_i64();
    assert!(created(0) >= created(4));
}

#[test]
fn an_owner_is_a_number_until_2_15_and_a_text_since_2_16() {
    let mut sim = simulator(1, 0);
    let (_, all) = get(&mut sim, "/contacts");
    let id = ids(&all, "data").remove(0);
    put(&mut sim, &format!("/contacts/{id}"), &json!({"owner_id": 814_863}));
    let mut show = request(Method::Get, &format!("/contacts/{id}"), None);
    assert_eq!(read(&sim.handle(&show, NOW)).1["owner_id"], "814863");
    show.version = ApiVersion::V2_15;
    assert_eq!(read(&sim.handle(&show, NOW)).1["owner_id"], 814_863);
    let by_number = leaf("owner_id", ">", &json!(814_862));
    let mut search = request(Method::Post, "/contacts/search", Some(&by_number));
    assert_eq!(sim.handle(&search, NOW).status, 400);
    search.version = ApiVersion::V2_15;
    assert_eq!(read(&sim.handle(&search, NOW)).1["total_count"], 1);
}

/// Searches and their independent counts over the same workspace.
#[test]
fn filters_find_what_a_plain_walk_finds() {
    type Rule = fn(&Value) -> bool;
    let mut sim = simulator(300, 0);
    let everything: Vec<Value> = sim
        .workspace()
        .contact_ids()
        .map(|id| sim.workspace().contact(id).expect("it is listed"))
        .collect();
    let cases: [(&str, &str, Value, Rule); 12] = [
        ("role", "=", json!("lead"), |c| c["role"] == "lead"),
        ("role", "!=", json!("lead"), |c| c["role"] == "user"),
        ("email", "=", json!(null), |c| c["email"].is_null()),
        ("email", "!=", json!(null), |c| !c["email"].is_null()),
        ("email_domain", "$", json!("EXAMPLE"), |c| {
            c["email_domain"].as_str().is_some_and(|d| d.to_lowercase().ends_with("example"))
        }),
        ("location.country", "IN", json!(["Japan", "Norway"]), |c| {
            c["location"]["country"] == "Japan" || c["location"]["country"] == "Norway"
        }),
        ("location.country", "NIN", json!(["Japan", "Norway"]), |c| {
            c["location"]["country"] != "Japan" && c["location"]["country"] != "Norway"
        }),
        ("unsubscribed_from_emails", "=", json!(false), |c| c["unsubscribed_from_emails"] == false),
        ("custom_attributes.teammates_count", ">=", json!(8), |c| {
            c["custom_attributes"]["teammates_count"].as_i64().is_some_and(|n| n >= 8)
        }),
        ("custom_attributes.integrations_enabled", "=", json!("slack"), |c| {
            let enabled = c["custom_attributes"]["integrations_enabled"].as_array();
            enabled.is_some_and(|enabled| enabled.contains(&json!("slack")))
        }),
        ("custom_attributes.stripe_subscription_status", "=", json!("past_due"), |c| {
            c["custom_attributes"]["stripe_subscription_status"] == "past_due"
        }),
        ("tag_id", "=", json!("7003"), |c| {
            let tags = c["tags"]["data"].as_array();
            tags.is_some_and(|tags| tags.iter().any(|tag| tag["id"] == "7003"))
        }),
    ];
    for (field, operator, value, rule) in cases {
        let (status, body) = post(&mut sim, "/contacts/search", &leaf(field, operator, &value));
        assert_eq!(status, 200, "{field} {operator} {value}: {body}");
        let expected = everything.iter().filter(|contact| rule(contact)).count();
        assert!(expected > 0, "{field} {operator} {value} finds nothing by hand");
        assert_eq!(body["total_count"], expected, "{field} {operator} {value}");
    }
}

#[test]
fn message_bodies_are_matched_by_words() {
    let mut sim = simulator(3, 0);
    let (_, all) = get(&mut sim, "/contacts");
    let contact = ids(&all, "data").remove(0);
    let message = json!({"from": {"type": "user", "id": contact}, "body": "I need support, now"});
    assert_eq!(post(&mut sim, "/conversations", &message).0, 200);
    for (operator, value, found) in [
        ("=", "support", 1),
        ("=", "SUPPORT", 1),
        ("=", "need support", 0),
        ("~", "supp", 0),
        ("^", "supp", 1),
        ("!~", "support", 0),
    ] {
        let body = leaf("source.body", operator, &json!(value));
        let (_, answer) = post(&mut sim, "/conversations/search", &body);
        assert_eq!(answer["total_count"], found, "{operator} {value}");
    }
}

#[test]
fn what_has_no_date_is_none_of_the_dates() {
    let mut sim = simulator(0, 0);
    let conversation = |sim: &mut Simulator, fields: Value| {
        let contact = sim.workspace_mut().create_contact(json!({"role": "user"}), NOW);
        let contact = contact.expect("the fields fit");
        let begin = json!({"from": {"type": "user", "id": contact}, "body": "Hi"});
        let (_, body) = post(sim, "/conversations", &begin);
        let id = body["conversation_id"].as_str().expect("an id").to_owned();
        sim.workspace_mut().update_conversation(&id, fields, NOW).expect("the patch fits");
        id
    };
    let later = conversation(&mut sim, json!({"waiting_since": NOW + 5}));
    let never = conversation(&mut sim, json!({"waiting_since": null}));
    let now = conversation(&mut sim, json!({"waiting_since": NOW}));
    for (operator, value, expected) in [
        ("=", json!(NOW), vec![&now]),
        ("!=", json!(NOW), vec![&later, &never]),
        ("NIN", json!([NOW, NOW + 5]), vec![&never]),
        ("IN", json!([NOW, NOW + 5]), vec![&later, &now]),
        ("!=", json!(null), vec![&later, &now]),
        ("=", json!(null), vec![&never]),
        (">", json!(NOW - 1), vec![&later, &now]),
    ] {
        let query = json!({"field": "waiting_since", "operator": operator, "value": value});
        let (_, found) = post(&mut sim, "/conversations/search", &json!({"query": query}));
        let mut found = ids(&found, "conversations");
        found.sort();
        assert!(found.iter().eq(expected), "{query}: {found:?}");
    }
}
