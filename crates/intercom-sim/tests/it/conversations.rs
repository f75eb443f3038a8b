//! Conversations and what happens to them.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, ids, post, put, read, request, send, send_in, simulator};

const ADMIN: &str = "814860";

/// A contact and an open conversation that it began, sixty seconds ago.
fn began(sim: &mut Simulator) -> (String, String) {
    let contact = sim.workspace_mut().create_contact(
        json!({"role": "user", "name": "Ada", "email": "ada@example.com", "external_id": "e1"}),
        NOW - 60,
    );
    let contact = contact.expect("the fields fit");
    let message = json!({"from": {"type": "user", "id": contact}, "body": "Hello?"});
    let create = request(Method::Post, "/conversations", Some(&message));
    let (status, body) = read(&sim.handle(&create, NOW - 60));
    assert_eq!(status, 200, "{body}");
    (contact, body["conversation_id"].as_str().expect("an id").to_owned())
}

fn manage(sim: &mut Simulator, id: &str, fields: &Value) -> (u16, Value) {
    let mut body = json!({"type": "admin", "admin_id": ADMIN});
    for (name, value) in fields.as_object().expect("an object") {
        body[name] = value.clone();
    }
    post(sim, &format!("/conversations/{id}/parts"), &body)
}

fn part_types(conversation: &Value) -> Vec<&str> {
    let parts = conversation["conversation_parts"]["conversation_parts"].as_array();
    parts.into_iter().flatten().filter_map(|part| part["part_type"].as_str()).collect()
}

#[test]
fn a_conversation_lives_from_question_to_close_and_back() {
    let mut sim = simulator(0, 0);
    let (contact, id) = began(&mut sim);
    let (_, body) = get(&mut sim, &format!("/conversations/{id}"));
    assert_eq!((&body["state"], &body["open"]), (&json!("open"), &json!(true)));
    assert_eq!(body["waiting_since"], NOW - 60);
    assert_eq!(body["source"]["author"]["email"], "ada@example.com");
    assert_eq!(body["contacts"]["contacts"][0]["external_id"], "e1");

    let (status, body) =
        manage(&mut sim, &id, &json!({"message_type": "assignment", "assignee_id": "814863"}));
    assert_eq!((status, &body["admin_assignee_id"]), (200, &json!(814_863)));
    let reply = json!({
        "message_type": "comment", "type": "admin", "admin_id": ADMIN, "body": "Hi Ada",
    });
    let (status, body) = post(&mut sim, &format!("/conversations/{id}/reply"), &reply);
    assert_eq!((status, &body["waiting_since"]), (200, &Value::Null));
    let (_, body) = manage(&mut sim, &id, &json!({"message_type": "close", "body": "Bye"}));
    assert_eq!((&body["state"], &body["open"]), (&json!("closed"), &json!(false)));
    let statistics = &body["statistics"];
    assert_eq!(statistics["time_to_first_close"], 60);
    assert_eq!(statistics["last_closed_by_id"], ADMIN);
    assert_eq!(statistics["count_conversation_parts"], 3);

    // The contact answers by its external id, which opens the conversation again.
    let answer =
        json!({"message_type": "comment", "type": "user", "user_id": "e1", "body": "More"});
    let (_, body) = post(&mut sim, &format!("/conversations/{id}/reply"), &answer);
    assert_eq!((&body["state"], &body["statistics"]["count_reopens"]), (&json!("open"), &json!(1)));
    assert_eq!(body["waiting_since"], NOW);
    assert_eq!(part_types(&body), ["assignment", "comment", "close", "open"]);
    let last = &body["conversation_parts"]["conversation_parts"][3];
    assert_eq!(last["author"]["id"], *contact);
    assert_eq!(last["author"]["name"], "Ada");
    assert_eq!(body["updated_at"], NOW);

    let (_, body) =
        manage(&mut sim, &id, &json!({"message_type": "snoozed", "snoozed_until": NOW + 3_600}));
    assert_eq!((&body["state"], &body["snoozed_until"]), (&json!("snoozed"), &json!(NOW + 3_600)));
    let (_, body) = manage(&mut sim, &id, &json!({"message_type": "open"}));
    assert_eq!((&body["state"], &body["snoozed_until"]), (&json!("open"), &Value::Null));
    let (_, body) = manage(
        &mut sim,
        &id,
        &json!({"message_type": "assignment", "type": "team", "assignee_id": "2102"}),
    );
    assert_eq!(body["team_assignee_id"], 2_102);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut sim = simulator(0, 0);
    let (_, id) = began(&mut sim);
    for (fields, expected) in [
        (json!({}), (400, "parameter_not_found")),
        (json!({"message_type": "explode"}), (400, "parameter_invalid")),
        (json!({"message_type": "snoozed"}), (400, "parameter_not_found")),
        (json!({"message_type": "assignment"}), (400, "parameter_not_found")),
        (json!({"message_type": "assignment", "assignee_id": "1"}), (404, "assignee_not_found")),
        (json!({"message_type": "close", "admin_id": "1"}), (404, "admin_not_found")),
    ] {
        let (status, body) = manage(&mut sim, &id, &fields);
        assert_eq!((status, code(&body)), expected, "{fields}");
    }
    let path = format!("/conversations/{id}/reply");
    for (reply, status) in [
        (json!({"type": "admin", "admin_id": ADMIN, "message_type": "comment"}), 400),
        (json!({"type": "robot", "body": "x"}), 400),
        (json!({"type": "admin", "admin_id": ADMIN, "message_type": "shout", "body": "x"}), 400),
        (json!({"type": "admin", "admin_id": ADMIN, "message_type": 7, "body": "x"}), 400),
        (json!({"type": "user", "body": "x"}), 400),
        (json!({"type": "user", "intercom_user_id": "nobody", "body": "x"}), 404),
    ] {
        assert_eq!(post(&mut sim, &path, &reply).0, status, "{reply}");
    }
    let close = json!({"admin_id": ADMIN, "message_type": "close"});
    assert_eq!(post(&mut sim, "/conversations/0/parts", &close).0, 404);
    assert_eq!(get(&mut sim, "/conversations/0").0, 404);
}

#[test]
fn fields_and_tags_are_written() {
    let mut sim = simulator(0, 0);
    let (_, id) = began(&mut sim);
    let path = format!("/conversations/{id}");
    let patch = json!({"read": true, "title": "Call", "custom_attributes": {"Channel": "Phone"}});
    let (status, body) = put(&mut sim, &path, &patch);
    assert_eq!((status, &body["title"]), (200, &json!("Call")));
    assert_eq!(body["custom_attributes"]["Channel"], "Phone");
    let unknown = json!({"custom_attributes": {"Mood": "good"}});
    assert_eq!(put(&mut sim, &path, &unknown).0, 400);
    let tag = json!({"id": "7001", "admin_id": ADMIN});
    assert_eq!(post(&mut sim, &format!("{path}/tags"), &tag).1["name"], "VIP");
    assert_eq!(get(&mut sim, &path).1["tags"]["tags"][0]["id"], "7001");
    let query = json!({"query": {"field": "tag_ids", "operator": "IN", "value": ["7001"]}});
    assert_eq!(post(&mut sim, "/conversations/search", &query).1["total_count"], 1);
    assert_eq!(crate::support::delete(&mut sim, &format!("{path}/tags/7001")).0, 200);
    assert_eq!(crate::support::delete(&mut sim, &format!("{path}/tags/7001")).0, 404);
}

#[test]
fn at_most_five_hundred_parts_are_shown_and_only_by_id() {
    let mut sim = simulator(50, 1_000);
    let query = json!({"query": {
        "field": "statistics.count_conversation_parts", "operator": ">", "value": 500,
    }});
    let (_, found) = post(&mut sim, "/conversations/search", &query);
    assert!(found["conversations"][0].get("conversation_parts").is_none());
    let id = ids(&found, "conversations").remove(0);
    let (_, body) = get(&mut sim, &format!("/conversations/{id}"));
    assert_eq!(part_types(&body).len(), 500);
    let total = body["conversation_parts"]["total_count"].as_u64();
    assert_eq!(total, body["statistics"]["count_conversation_parts"].as_u64());
    assert_eq!(part_types(&body).last(), Some(&"close"), "the most recent ones are kept");
    let (_, plain) = get(&mut sim, &format!("/conversations/{id}?display_as=plaintext"));
    let body = plain["source"]["body"].as_str().expect("a body");
    assert!(!body.contains('<'), "{body}");
}

#[test]
fn messages_are_checked_and_acknowledged() {
    let mut sim = simulator(0, 0);
    let (contact, _) = began(&mut sim);
    let message = |fields: Value| {
        let mut body = json!({
            "message_type": "inapp", "body": "Hi", "from": {"type": "admin", "id": ADMIN},
            "to": {"type": "user", "id": contact},
        });
        for (name, value) in fields.as_object().expect("an object") {
            body[name] = value.clone();
        }
        body
    };
    for (fields, status) in [
        (json!({}), 200),
        (json!({"body": null}), 400),
        (json!({"message_type": "pigeon"}), 400),
        (json!({"message_type": "email"}), 422),
        (json!({"message_type": "email", "subject": "Hello"}), 200),
        (json!({"to": {"type": "user", "id": "nobody"}}), 404),
        (json!({"from": {"type": "admin", "id": "1"}}), 404),
    ] {
        assert_eq!(post(&mut sim, "/messages", &message(fields.clone())).0, status, "{fields}");
    }
}

#[test]
fn deleted_conversations_are_listed_since_2_16() {
    let mut sim = simulator(5, 5);
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let remove = |sim: &mut Simulator, id: &str, query: &str| {
        let path = format!("/conversations/{id}{query}");
        assert_eq!(send_in(sim, ApiVersion::V2_16, Method::Delete, &path, None).0, 200);
    };
    remove(&mut sim, &known[0], "");
    remove(&mut sim, &known[1], "?retain_metrics=false");
    let (_, page) = get(&mut sim, "/conversations/deleted?per_page=1");
    assert_eq!((&page["type"], &page["total_count"]), (&json!("conversations.list"), &json!(2)));
    let last = json!({
        "type": "conversation", "id": known[1], "metrics_retained": false, "deleted_at": NOW,
    });
    assert_eq!(page["conversations"], json!([last]));
    assert!(page["pages"]["next"].is_string());
    let (_, page) = get(&mut sim, "/conversations/deleted?order=asc");
    assert_eq!(page["conversations"][0]["id"], *known[0]);
    assert_eq!(page["conversations"][0]["metrics_retained"], true);
    let path = "/conversations/deleted";
    let (status, answer) = send_in(&mut sim, ApiVersion::V2_15, Method::Get, path, None);
    assert_eq!((status, code(&answer)), (400, "intercom_version_invalid"));
}

#[test]
fn contacts_join_a_conversation_and_leave_it_but_for_the_last() {
    let mut sim = simulator(0, 0);
    let (ada, id) = began(&mut sim);
    let fields = json!({"role": "user", "email": "grace@example.com"});
    let grace = sim.workspace_mut().create_contact(fields, NOW).expect("the fields fit");
    let path = format!("/conversations/{id}/customers");
    let attach = json!({"admin_id": ADMIN, "customer": {"email": "grace@example.com"}});
    for _ in 0..2 {
        let (status, body) = post(&mut sim, &path, &attach);
        let both = json!([{"type": "user", "id": ada}, {"type": "user", "id": grace}]);
        assert_eq!((status, &body["customers"]), (200, &both));
    }
    let mut detach = |contact: &str| {
        let by = json!({"admin_id": ADMIN});
        send(&mut sim, Method::Delete, &format!("{path}/{contact}"), Some(&by))
    };
    let (status, body) = detach(&ada);
    let left = &body["contacts"]["contacts"];
    assert_eq!((status, &left[0]["id"], &left[1]), (200, &json!(grace), &Value::Null));
    let (status, body) = detach(&ada);
    assert_eq!((status, code(&body)), (404, "not_found"));
    let (status, body) = detach(&grace);
    assert_eq!((status, code(&body)), (422, "parameter_invalid"));
    let nobody = json!({"customer": {"intercom_user_id": "nobody"}});
    assert_eq!(post(&mut sim, &path, &nobody).0, 404);
    assert_eq!(post(&mut sim, &path, &json!({})).0, 400);
}

#[test]
fn a_snoozed_conversation_opens_by_itself_when_its_time_has_come() {
    let mut sim = simulator(0, 0);
    sim.subscribe("the client secret".to_owned().into());
    let (_, id) = began(&mut sim);
    for until in [NOW, NOW - 1, 0] {
        let (status, body) =
            manage(&mut sim, &id, &json!({"message_type": "snoozed", "snoozed_until": until}));
        assert_eq!((status, code(&body)), (400, "parameter_invalid"), "{until}");
        assert_eq!(body["errors"][0]["field"], "snoozed_until");
    }
    let snooze = json!({"message_type": "snoozed", "snoozed_until": NOW + 3_600});
    assert_eq!(manage(&mut sim, &id, &snooze).0, 200);
    sim.take_notifications(NOW);
    let show = request(Method::Get, &format!("/conversations/{id}"), None);
    let (_, body) = read(&sim.handle(&show, NOW + 3_599));
    assert_eq!((&body["state"], &body["open"]), (&json!("snoozed"), &json!(true)));
    let query = json!({"query": {"field": "state", "operator": "=", "value": "snoozed"}});
    let search = request(Method::Post, "/conversations/search", Some(&query));
    assert_eq!(read(&sim.handle(&search, NOW + 3_599)).1["total_count"], 1);
    assert!(sim.take_notifications(NOW + 3_599).is_empty());

    let due = sim.take_notifications(NOW + 4_000);
    let topics: Vec<&str> = due.iter().map(|one| one.topic.as_str()).collect();
    assert_eq!(topics, ["conversation.admin.unsnoozed"]);
    assert_eq!(read(&sim.handle(&search, NOW + 4_000)).1["total_count"], 0);
    let (_, body) = read(&sim.handle(&show, NOW + 4_000));
    assert_eq!((&body["state"], &body["snoozed_until"]), (&json!("open"), &Value::Null));
    assert_eq!(body["updated_at"], NOW + 3_600, "when it woke, not when somebody looked");
    assert_eq!(part_types(&body), ["snoozed", "unsnoozed"]);
    let part = &body["conversation_parts"]["conversation_parts"][1];
    assert_eq!(
        (&part["created_at"], &part["author"]["type"]),
        (&json!(NOW + 3_600), &json!("bot"))
    );
    assert!(sim.take_notifications(NOW + 5_000).is_empty(), "once");
}

#[test]
fn one_that_is_opened_before_its_time_does_not_wake() {
    let mut sim = simulator(0, 0);
    let (_, id) = began(&mut sim);
    for fields in [
        json!({"message_type": "snoozed", "snoozed_until": NOW + 60}),
        json!({"message_type": "close"}),
        json!({"message_type": "snoozed", "snoozed_until": NOW + 600}),
    ] {
        assert_eq!(manage(&mut sim, &id, &fields).0, 200, "{fields}");
    }
    let show = request(Method::Get, &format!("/conversations/{id}"), None);
    assert_eq!(read(&sim.handle(&show, NOW + 60)).1["state"], "snoozed");
    assert_eq!(read(&sim.handle(&show, NOW + 600)).1["state"], "open");
}

#[test]
fn priorities_are_searched_in_the_words_of_either_line() {
    let mut sim = simulator(0, 0);
    let (contact, urgent) = began(&mut sim);
    let patch = json!({"priority": "priority"});
    sim.workspace_mut().update_conversation(&urgent, patch, NOW).expect("the patch fits");
    let usual = json!({"from": {"type": "user", "id": contact}, "body": "Hello?"});
    let (_, body) = post(&mut sim, "/conversations", &usual);
    let usual = body["conversation_id"].as_str().expect("an id").to_owned();
    for (operator, value, expected) in [
        ("=", json!("priority"), &urgent),
        ("=", json!("high"), &urgent),
        ("!=", json!("none"), &urgent),
        ("IN", json!(["high"]), &urgent),
        ("=", json!("none"), &usual),
        ("=", json!("not_priority"), &usual),
        ("NIN", json!(["high", "urgent"]), &usual),
    ] {
        let query = json!({"field": "priority", "operator": operator, "value": value});
        for version in [ApiVersion::V2_16, ApiVersion::V2_11] {
            let search = json!({"query": query});
            let path = "/conversations/search";
            let (_, found) = send_in(&mut sim, version, Method::Post, path, Some(&search));
            assert_eq!(ids(&found, "conversations"), [expected.as_str()], "{version} {query}");
        }
    }
}
