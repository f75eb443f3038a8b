//! The shapes of objects: which fields they have, how these are spelled, what writes make of them.

use std::collections::BTreeSet;

use intercom_api::{ApiVersion, Method};
use serde_json::{Value, json};

use crate::support::{NOW, code, get, ids, post, put, send_in, simulator};

fn names(object: &Value) -> BTreeSet<&str> {
    object.as_object().expect("an object").keys().map(String::as_str).collect()
}

/// Which of some fields an object lacks.
fn lacks<'f>(object: &Value, fields: &[&'f str]) -> Vec<&'f str> {
    let names = names(object);
    fields.iter().copied().filter(|field| !names.contains(field)).collect()
}

#[test]
fn ids_are_hexadecimal_for_contacts_and_companies_and_numbers_for_conversations() {
    let mut sim = simulator(30, 30);
    let is_object_id = |id: &String| id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit());
    let (_, contacts) = get(&mut sim, "/contacts");
    assert!(ids(&contacts, "data").iter().all(is_object_id));
    let (_, companies) = post(&mut sim, "/companies/list", &json!({}));
    assert!(ids(&companies, "data").iter().all(is_object_id));
    let (_, conversations) = get(&mut sim, "/conversations");
    let is_number = |id: &String| id.parse::<u64>().is_ok();
    assert!(ids(&conversations, "conversations").iter().all(is_number));
    let new = json!({"role": "lead"});
    assert!(is_object_id(&ids(&json!({"data": [post(&mut sim, "/contacts", &new).1]}), "data")[0]));
}

#[test]
fn a_conversation_has_its_fields_and_nineteen_figures() {
    let mut sim = simulator(30, 30);
    let all: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let has_figures = |id: &&String| {
        let found = sim.workspace().conversation(id).expect("it is listed");
        found["statistics"].is_object() && found["source"].is_object()
    };
    let id = all.iter().find(has_figures).expect("one with figures").clone();
    let (_, shown) = get(&mut sim, &format!("/conversations/{id}"));
    let fields = [
        "created_at",
        "updated_at",
        "waiting_since",
        "snoozed_until",
        "open",
        "state",
        "read",
        "priority",
        "title",
        "source",
        "contacts",
        "teammates",
        "tags",
        "first_contact_reply",
        "conversation_rating",
        "statistics",
        "sla_applied",
        "linked_objects",
        "ai_agent",
        "custom_attributes",
        "conversation_parts",
    ];
    assert_eq!(lacks(&shown, &fields), Vec::<&str>::new());
    let source = [
        "type",
        "id",
        "delivered_as",
        "subject",
        "body",
        "author",
        "attachments",
        "url",
        "redacted",
    ];
    assert_eq!(lacks(&shown["source"], &source), Vec::<&str>::new());
    assert_eq!(
        (&shown["contacts"]["type"], &shown["tags"]["type"]),
        (&json!("contact.list"), &json!("tag.list"))
    );
    assert_eq!(names(&shown["statistics"]).iter().filter(|name| **name != "type").count(), 19);
    let parts = &shown["conversation_parts"];
    let n_parts = parts["conversation_parts"].as_array().map(Vec::len);
    assert_eq!(n_parts.map(|n| json!(n)), Some(parts["total_count"].clone()));
    let (_, listed) = get(&mut sim, "/conversations");
    let without: Vec<&str> =
        names(&shown).difference(&names(&listed["conversations"][0])).copied().collect();
    assert_eq!(without, ["conversation_parts"], "lists have no parts");
}

#[test]
fn parts_have_their_fields_and_their_state_since_2_13() {
    let mut sim = simulator(1, 0);
    let contact = ids(&get(&mut sim, "/contacts").1, "data").remove(0);
    let begin = json!({"from": {"type": "user", "id": contact}, "body": "Help"});
    let id = post(&mut sim, "/conversations", &begin).1["conversation_id"].clone();
    let path = format!("/conversations/{}", id.as_str().expect("an id"));
    for (action, body) in [
        ("reply", json!({"type": "admin", "admin_id": "814860", "body": "Yes"})),
        ("parts", json!({"message_type": "close", "admin_id": "814860"})),
        (
            "reply",
            json!({"type": "admin", "admin_id": "814860", "message_type": "note", "body": "x"}),
        ),
        ("parts", json!({"message_type": "open", "admin_id": "814860"})),
    ] {
        assert_eq!(post(&mut sim, &format!("{path}/{action}"), &body).0, 200);
    }
    let mut states = |version| -> Vec<Value> {
        let (_, shown) = send_in(&mut sim, version, Method::Get, &path, None);
        let parts = shown["conversation_parts"]["conversation_parts"].as_array();
        let parts = parts.expect("a list");
        let fields = [
            "part_type",
            "body",
            "author",
            "assigned_to",
            "notified_at",
            "redacted",
            "created_at",
            "updated_at",
            "attachments",
        ];
        assert_eq!(lacks(&parts[0], &fields), Vec::<&str>::new());
        assert_eq!(
            lacks(&parts[0]["author"], &["type", "id", "name", "email"]),
            Vec::<&str>::new()
        );
        parts.iter().map(|part| part["state"].clone()).collect()
    };
    assert_eq!(states(ApiVersion::V2_15), ["open", "closed", "closed", "open"]);
    assert_eq!(states(ApiVersion::V2_12), [Value::Null, Value::Null, Value::Null, Value::Null]);
}

#[test]
fn a_company_has_whole_spend_and_its_plan_as_an_object() {
    let mut sim = simulator(0, 0);
    let mut write = |fields: Value| {
        let mut body = json!({"company_id": "c1", "name": "Acme"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("one").clone());
        post(&mut sim, "/companies", &body).1
    };
    let company = write(json!({}));
    let fields = [
        "id",
        "company_id",
        "app_id",
        "name",
        "monthly_spend",
        "size",
        "plan",
        "user_count",
        "session_count",
        "last_request_at",
        "remote_created_at",
        "created_at",
        "updated_at",
        "website",
        "industry",
        "custom_attributes",
        "tags",
        "segments",
    ];
    assert_eq!(lacks(&company, &fields), Vec::<&str>::new());
    assert_eq!((&company["plan"], &company["created_at"]), (&json!({}), &json!(NOW)));
    for (given, kept) in
        [(12.9, 12), (0.9, 0), (2_147_483_647.0, 2_147_483_647), (1e12, 2_147_483_647)]
    {
        assert_eq!(write(json!({"monthly_spend": given}))["monthly_spend"], kept, "{given}");
    }
    let plan = json!({"type": "plan", "id": "1", "name": "Team"});
    assert_eq!(write(json!({"plan": "Team"}))["plan"], plan);
    let remote = write(json!({"remote_created_at": NOW - 60}));
    assert_eq!(
        (&remote["remote_created_at"], &remote["created_at"]),
        (&json!(NOW - 60), &json!(NOW))
    );
}

#[test]
fn catalogues_come_on_one_page_under_keys_of_their_own() {
    let mut sim = simulator(1, 0);
    for (path, kind, key) in [
        ("/tags", "list", "data"),
        ("/segments", "segment.list", "segments"),
        ("/teams", "team.list", "teams"),
        ("/admins", "admin.list", "admins"),
        ("/data_attributes", "list", "data"),
    ] {
        let (status, body) = get(&mut sim, path);
        assert_eq!((status, &body["type"]), (200, &json!(kind)), "{path}");
        assert!(body[key].as_array().is_some_and(|entries| !entries.is_empty()), "{path}");
        assert!(body["pages"].is_null(), "{path}");
    }
}

#[test]
fn pages_say_where_they_stand_and_the_last_has_no_next() {
    let mut sim = simulator(3, 3);
    let everything = json!({"field": "created_at", "operator": ">", "value": 0});
    for (path, key, kind) in [
        ("/contacts/search", "data", "list"),
        ("/conversations/search", "conversations", "conversation.list"),
    ] {
        let ask = |page: Value| json!({"query": everything, "pagination": page});
        let (_, first) = post(&mut sim, path, &ask(json!({"per_page": 2})));
        assert_eq!((&first["type"], &first["total_count"]), (&json!(kind), &json!(3)));
        let pages = &first["pages"];
        assert_eq!(pages["type"], "pages");
        assert_eq!([&pages["page"], &pages["per_page"], &pages["total_pages"]], [1, 2, 2]);
        assert_eq!(pages["next"]["page"], 2);
        let after = json!({"per_page": 2, "starting_after": pages["next"]["starting_after"]});
        let (_, last) = post(&mut sim, path, &ask(after));
        assert_eq!(ids(&last, key).len(), 1);
        assert!(last["pages"]["next"].is_null());
        let nothing = json!({"field": "created_at", "operator": "<", "value": 1});
        let (_, empty) = post(&mut sim, path, &json!({"query": nothing}));
        assert_eq!((&empty["total_count"], &empty["pages"]["total_pages"]), (&json!(0), &json!(0)));
        assert!(empty["pages"]["next"].is_null());
    }
}

#[test]
fn companies_are_listed_by_their_last_request() {
    let mut sim = simulator(300, 0);
    let (_, page) = post(&mut sim, "/companies/list", &json!({"per_page": 60}));
    let companies = page["data"].as_array().expect("a list").iter();
    let seen: Vec<i64> = companies.map(|c| c["last_request_at"].as_i64().unwrap_or(0)).collect();
    assert!(seen.len() > 2 && seen.is_sorted_by(|a, b| a >= b), "{seen:?}");
    let (status, body) = post(&mut sim, "/companies/list", &json!({"per_page": 61}));
    assert_eq!((status, code(&body)), (400, "parameter_invalid"));
    assert_eq!(body["errors"][0]["message"], "Per Page is too big");
}

#[test]
fn lists_of_contacts_and_companies_have_sixty_entries_at_most() {
    let mut sim = simulator(30, 0);
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let company = post(&mut sim, "/companies/list", &json!({})).1["data"][0]["id"].clone();
    let company = company.as_str().expect("an id");
    for path in [
        format!("/contacts/{contact}/companies"),
        format!("/contacts/{contact}/notes"),
        format!("/companies/{company}/contacts"),
    ] {
        let (status, page) = get(&mut sim, &path);
        assert_eq!((status, &page["pages"]["per_page"]), (200, &json!(50)), "{path}");
        assert_eq!(get(&mut sim, &format!("{path}?per_page=60")).0, 200, "{path}");
        assert_eq!(get(&mut sim, &format!("{path}?per_page=61")).0, 400, "{path}");
    }
}

#[test]
fn events_are_paged_in_both_directions() {
    let mut sim = simulator(1, 0);
    let contact = ids(&get(&mut sim, "/contacts").1, "data").remove(0);
    for number in 0..5 {
        let event = json!({
            "event_name": format!("step {number}"), "created_at": NOW - 100 + number, "id": contact,
        });
        assert_eq!(post(&mut sim, "/events", &event).0, 202);
    }
    let path = format!("/events?type=user&intercom_user_id={contact}&per_page=2");
    let (_, first) = get(&mut sim, &path);
    assert_eq!(first["events"][0]["event_name"], "step 4", "the latest comes first");
    let next = first["pages"]["next"].as_str().expect("a URL");
    let (_, query) = next.split_once("intercom.io").expect("a host");
    let (_, second) = get(&mut sim, query);
    assert_eq!(second["events"][0]["event_name"], "step 2");
    let since = second["events"][0]["id"].as_str().expect("an id");
    let (_, newer) = get(&mut sim, &format!("{path}&since={since}"));
    assert_eq!(newer["events"], first["events"]);
    assert_eq!(get(&mut sim, &format!("{path}&since=x")).0, 400);
}

#[test]
fn companies_without_a_filter_are_refused_and_with_a_foreign_id_not_found() {
    let mut sim = simulator(1, 0);
    for (path, expected) in [
        ("/companies", (400, "bad_request")),
        ("/companies?name=", (400, "bad_request")),
        ("/companies?name=Nobody", (404, "company_not_found")),
        ("/companies?tag_id=1", (404, "not_found")),
    ] {
        let (status, body) = get(&mut sim, path);
        assert_eq!((status, code(&body)), expected, "{path}");
    }
}

#[test]
fn a_stranger_cannot_join_a_conversation_whatever_names_it() {
    let mut sim = simulator(1, 1);
    let id = sim.workspace().conversation_ids().next().expect("one").to_owned();
    let path = format!("/conversations/{id}/customers");
    for customer in [
        json!({"email": "nobody@example.com"}),
        json!({"user_id": "nobody"}),
        json!({"intercom_user_id": "nobody"}),
    ] {
        let body = json!({"admin_id": "814860", "customer": customer});
        let (status, answer) = post(&mut sim, &path, &body);
        assert_eq!((status, code(&answer)), (404, "not_found"), "{customer}");
    }
    let contact = sim.workspace().contact_ids().next().expect("one").to_owned();
    put(&mut sim, &format!("/contacts/{contact}"), &json!({"external_id": "e1"}));
    let body = json!({"admin_id": "814860", "customer": {"user_id": "e1"}});
    assert_eq!(post(&mut sim, &path, &body).0, 200);
}

#[test]
fn lists_have_lengths_of_their_own() {
    let mut sim = simulator(1, 1);
    let preview = ApiVersion::Preview;
    let all = json!({"query": {"field": "created_at", "operator": ">", "value": 0}});
    for (method, path, default, most) in [
        (Method::Post, "/contacts/search", 50, 150),
        (Method::Post, "/conversations/search", 20, 150),
        (Method::Post, "/tickets/search", 20, 150),
        (Method::Post, "/companies/search", 15, 150),
        (Method::Get, "/contacts", 50, 150),
        (Method::Get, "/conversations", 20, 150),
        (Method::Get, "/conversations/deleted", 20, 60),
        (Method::Post, "/companies/list", 15, 60),
        (Method::Get, "/calls", 25, 25),
    ] {
        let mut ask = |per_page: Option<u64>| {
            let body = match (method, path) {
                (Method::Post, "/companies/list") => Some(json!({"per_page": per_page})),
                (Method::Post, _) => {
                    let mut body = all.clone();
                    body["pagination"] = json!({"per_page": per_page});
                    Some(body)
                }
                _ => None,
            };
            let query = per_page.filter(|_| body.is_none()).map(|n| format!("?per_page={n}"));
            let target = format!("{path}{}", query.unwrap_or_default());
            send_in(&mut sim, preview, method, &target, body.as_ref())
        };
        for (asked, given) in [(None, default), (Some(most), most)] {
            let (status, page) = ask(asked);
            assert_eq!((status, &page["pages"]["per_page"]), (200, &json!(given)), "{path}");
        }
        assert_eq!(ask(Some(most + 1)).0, 400, "{path}");
    }
}
