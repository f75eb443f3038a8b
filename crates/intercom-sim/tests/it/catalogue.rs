//! Admins, teams, tags, attribute definitions, events.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, delete, get, ids, post, put, read, request, simulator};

#[test]
fn me_is_an_admin_of_the_workspace() {
    let mut sim = simulator(1, 0);
    let (_, me) = get(&mut sim, "/me");
    assert_eq!((&me["type"], &me["app"]["type"]), (&json!("admin"), &json!("app")));
    assert_eq!(me["app"]["timezone"], "America/New_York");
    assert_eq!(me["app"]["region"], "US");
    let (_, contacts) = get(&mut sim, "/contacts");
    assert_eq!(contacts["data"][0]["workspace_id"], me["app"]["id_code"]);
}

#[test]
fn admins_and_teams_refer_to_each_other() {
    let mut sim = simulator(0, 0);
    let (_, admins) = get(&mut sim, "/admins");
    let first = &admins["admins"][0];
    let team = first["team_ids"][0].as_i64().expect("a team");
    let (_, team) = get(&mut sim, &format!("/teams/{team}"));
    let members = team["admin_ids"].as_array().expect("a list");
    let id = first["id"].as_str().expect("an id");
    assert!(members.contains(&json!(id.parse::<i64>().expect("a number"))));
    assert_eq!(get(&mut sim, &format!("/admins/{id}")).1["name"], first["name"]);
    assert_eq!(get(&mut sim, "/teams").1["teams"].as_array().map(Vec::len), Some(3));
    let (status, body) = get(&mut sim, "/admins/1");
    assert_eq!((status, code(&body)), (404, "admin_not_found"));
    let (status, body) = get(&mut sim, "/teams/1");
    assert_eq!((status, code(&body)), (404, "team_not_found"));
}

#[test]
fn a_deleted_tag_is_taken_off_everything_that_has_it() {
    let mut sim = simulator(150, 150);
    let known: Vec<String> = sim.workspace().contact_ids().map(str::to_owned).collect();
    // Beside those that are born with it: one gets it, one loses it, one hides, one is gone.
    let on = json!({"id": "7003"});
    for id in &known[..4] {
        assert_eq!(post(&mut sim, &format!("/contacts/{id}/tags"), &on).0, 200);
    }
    assert_eq!(delete(&mut sim, &format!("/contacts/{}/tags/7003", known[1])).0, 200);
    assert_eq!(post(&mut sim, &format!("/contacts/{}/archive", known[2]), &json!({})).0, 200);
    assert_eq!(delete(&mut sim, &format!("/contacts/{}", known[3])).0, 200);
    let dump =
        |sim: &Simulator| -> Value { serde_json::from_slice(&sim.dump()).expect("a dump is JSON") };
    let tagged = |dump: &Value, list: &str, key: &str| -> Vec<String> {
        let rows = dump[list].as_array().expect("a list").iter();
        let has = |row: &&Value| ids(&row["tags"], key).iter().any(|id| id == "7003");
        rows.filter(has).map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
    };
    let before = dump(&sim);
    let contacts = tagged(&before, "contacts", "data");
    assert!(contacts.contains(&known[0]) && contacts.contains(&known[2]), "{contacts:?}");
    assert!(contacts.len() > 5 && !tagged(&before, "conversations", "tags").is_empty());
    let answer = sim.handle(&request(Method::Delete, "/tags/7003", None), NOW + 50);
    assert_eq!(answer.status, 200);
    let after = dump(&sim);
    for (list, key) in [("contacts", "data"), ("conversations", "tags"), ("companies", "tags")] {
        assert_eq!(tagged(&after, list, key), [""; 0], "{list}");
    }
    let changed = after["contacts"].as_array().expect("a list").iter();
    let changed = changed.filter(|contact| contact["updated_at"] == NOW + 50);
    assert!(changed.map(|contact| &contact["id"]).eq(&contacts), "no more and no less");
}

#[test]
fn tags_are_created_renamed_applied_and_deleted() {
    let mut sim = simulator(2, 0);
    let contact = sim.workspace().contact_ids().next().expect("two contacts").to_owned();
    let users = json!({"name": "Fresh", "users": [{"id": contact}]});
    let (status, tag) = post(&mut sim, "/tags", &users);
    assert_eq!((status, &tag["name"]), (200, &json!("Fresh")));
    let id = tag["id"].as_str().expect("an id").to_owned();
    assert_eq!(post(&mut sim, "/tags", &json!({"name": "fresh"})).1["id"], *id);
    let renamed = json!({"id": id, "name": "Stale"});
    assert_eq!(post(&mut sim, "/tags", &renamed).1["name"], "Stale");
    assert_eq!(get(&mut sim, &format!("/tags/{id}")).1["name"], "Stale");
    let tags = format!("/contacts/{contact}/tags");
    assert!(ids(&get(&mut sim, &tags).1, "data").contains(&id));
    assert_eq!(post(&mut sim, "/tags", &json!({})).0, 400);
    assert_eq!(delete(&mut sim, &format!("/tags/{id}")).0, 200);
    assert!(!ids(&get(&mut sim, &tags).1, "data").contains(&id));
    assert_eq!(delete(&mut sim, &format!("/tags/{id}")).0, 404);
}

#[test]
fn attributes_are_defined_before_they_are_written() {
    let mut sim = simulator(1, 0);
    let contact = sim.workspace().contact_ids().next().expect("one contact").to_owned();
    let definition = json!({"name": "Mood", "model": "contact", "data_type": "string"});
    let (status, attribute) = post(&mut sim, "/data_attributes", &definition);
    assert_eq!((status, &attribute["full_name"]), (200, &json!("custom_attributes.Mood")));
    let write = json!({"custom_attributes": {"Mood": "good"}});
    assert_eq!(put(&mut sim, &format!("/contacts/{contact}"), &write).0, 200);
    let query = json!({"field": "custom_attributes.Mood", "operator": "=", "value": "good"});
    let search = json!({"query": query});
    assert_eq!(post(&mut sim, "/contacts/search", &search).1["total_count"], 1);
    for (fields, message) in [
        (json!({"name": "mood", "model": "company", "data_type": "string"}), "already"),
        (json!({"name": "a.b", "model": "contact", "data_type": "string"}), "letters"),
        (json!({"name": "Size", "model": "contact", "data_type": "options"}), "two options"),
        (json!({"name": "Size", "model": "contact", "data_type": "blob"}), "blob"),
        (json!({"name": "Size", "model": "planet", "data_type": "string"}), "model"),
    ] {
        let (status, body) = post(&mut sim, "/data_attributes", &fields);
        let text = body["errors"][0]["message"].as_str().unwrap_or_default();
        assert!(status == 400 && text.contains(message), "{fields}: {text}");
    }
    let id = &attribute["id"];
    let (_, body) = put(&mut sim, &format!("/data_attributes/{id}"), &json!({"archived": true}));
    assert_eq!(body["archived"], true);
    assert_eq!(put(&mut sim, &format!("/contacts/{contact}"), &write).0, 400);
    let (status, body) = put(&mut sim, "/data_attributes/1", &json!({}));
    assert_eq!((status, code(&body)), (404, "field_not_found"));
}

#[test]
fn conversation_attributes_moved_in_2_16() {
    let mut sim = simulator(0, 0);
    let mut list = request(Method::Get, "/data_attributes?model=conversation", None);
    let (status, body) = read(&sim.handle(&list, NOW));
    assert_eq!((status, code(&body)), (422, "parameter_invalid"));
    list.version = ApiVersion::V2_15;
    let (_, body) = read(&sim.handle(&list, NOW));
    assert_eq!(body["data"][0]["name"], "Channel");
    let (_, body) = get(&mut sim, "/conversations/attributes");
    assert_eq!(body["data"][0]["name"], "Channel");
    let (_, body) = get(&mut sim, "/data_attributes?model=company");
    assert!(body["data"].as_array().expect("a list").iter().all(|a| a["model"] == "company"));
}

#[test]
fn events_are_taken_once_and_listed_for_ninety_days() {
    let mut sim = simulator(0, 0);
    let fields = json!({"email": "a@example.com", "external_id": "e1", "role": "user"});
    let contact = sim.workspace_mut().create_contact(fields, NOW).expect("the fields fit");
    let event =
        |name: &str, at: i64| json!({"event_name": name, "created_at": at, "user_id": "e1"});
    let (status, body) = post(&mut sim, "/events", &event("opened", NOW));
    assert_eq!((status, body), (202, Value::Null));
    for event in [
        event("opened", NOW),
        event("opened", NOW - 1),
        event("closed", NOW - 91 * 86_400),
        json!({"event_name": "opened", "created_at": NOW - 2, "email": "A@example.com"}),
        json!({"event_name": "opened", "created_at": NOW - 3, "id": contact}),
    ] {
        assert_eq!(post(&mut sim, "/events", &event).0, 202, "{event}");
    }
    let (_, page) = get(&mut sim, "/events?type=user&user_id=e1&per_page=3");
    assert_eq!(page["events"].as_array().map(Vec::len), Some(3));
    assert_eq!(page["events"][0]["created_at"], NOW);
    let next = page["pages"]["next"].as_str().expect("a url");
    let (_, query) = next.split_once('?').expect("a query");
    let (_, rest) = get(&mut sim, &format!("/events?{query}"));
    assert_eq!(rest["events"].as_array().map(Vec::len), Some(1), "the old one is not listed");
    assert_eq!(rest["pages"]["next"], Value::Null);
    let (_, summary) = get(&mut sim, "/events?type=user&email=a@example.com&summary=true");
    assert_eq!(summary["events"][0]["name"], "closed");
    assert_eq!(summary["events"][1]["count"], 4);

    // Ten entries of the metadata are kept, in the order of sending.
    let entries: Vec<String> = (0..12).rev().map(|n| format!("\"k{n:02}\":{n}")).collect();
    let mut request = request(Method::Post, "/events", None);
    let text = r#"{"event_name":"full","created_at":1763744400,"user_id":"e1","metadata":{"#;
    request.body = Some(format!("{text}{}}}}}", entries.join(",")).into());
    assert_eq!(sim.handle(&request, NOW).status, 202);
    let (_, page) = get(&mut sim, "/events?type=user&user_id=e1&per_page=1");
    let metadata = page["events"][0]["metadata"].as_object().expect("an object");
    assert!(metadata.len() == 10 && metadata.contains_key("k11") && !metadata.contains_key("k01"));

    for (event, status) in [
        (json!({"event_name": "x", "created_at": NOW}), 400),
        (json!({"event_name": "x", "user_id": "e1"}), 400),
        (json!({"created_at": NOW, "user_id": "e1"}), 400),
        (json!({"event_name": "x", "created_at": NOW, "user_id": "nobody"}), 404),
        (json!({"event_name": "x", "created_at": NOW, "user_id": "e1", "metadata": 1}), 400),
    ] {
        assert_eq!(post(&mut sim, "/events", &event).0, status, "{event}");
    }
    assert_eq!(get(&mut sim, "/events?user_id=e1").0, 400);
}
