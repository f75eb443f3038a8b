//! Conversations in the shapes of 1.4, and replies that assign, close, open and snooze.

use intercom_api::Method;
use serde_json::{Value, json};

use super::Legacy;
use crate::support::{NOW, ids};

/// A workspace with one conversation: its path, and the id of an admin.
fn with_conversation() -> (Legacy, String, String) {
    let mut api = Legacy::new(0, 0);
    api.post("/users", &json!({"user_id": "u", "email": "a@b.example", "name": "Ada"}));
    let message = json!({"from": {"type": "user", "user_id": "u"}, "body": "Tea?"});
    assert_eq!(api.post("/messages", &message).0, 200);
    let (_, list) = api.get("/conversations");
    let path = format!("/conversations/{}", ids(&list, "conversations")[0]);
    let (_, me) = api.get("/me");
    (api, path, me["id"].as_str().expect("an id").to_owned())
}

fn reply(admin: &str, message_type: &str) -> Value {
    json!({"type": "admin", "admin_id": admin, "message_type": message_type})
}

#[test]
fn both_lines_show_the_same_conversation() {
    let (mut api, path, _) = with_conversation();
    let (_, old) = api.get(&path);
    let (_, new) = api.modern(Method::Get, &path, None);
    assert_eq!(old["id"], new["id"]);
    assert_eq!(old["conversation_message"]["body"], new["source"]["body"]);
    assert_eq!(old["conversation_message"]["type"], "conversation_message");
    assert_eq!(old["user"]["id"], new["contacts"]["contacts"][0]["id"]);
    assert_eq!(old["customers"], json!([old["user"]]));
    assert_eq!(old["assignee"], json!({"type": "nobody_admin", "id": null}));
    assert_eq!(old["conversation_rating"]["rating"], Value::Null);
    let (_, plain) = api.get(&format!("{path}?display_as=plaintext"));
    assert_eq!(plain["conversation_message"]["body"], "Tea?");
    let (_, list) = api.get("/conversations?display_as=plaintext");
    let entry = &list["conversations"][0];
    assert_eq!(entry["conversation_message"]["body"], "Tea?");
    assert_eq!(entry.get("conversation_parts"), None, "lists leave the parts out");
}

#[test]
fn replies_change_the_state() {
    let (mut api, path, admin) = with_conversation();
    let target = format!("{path}/reply");
    let mut answer = |body: Value| {
        let (status, answer) = api.post(&target, &body);
        assert_eq!(status, 200, "{body}: {answer}");
        let parts = answer["conversation_parts"]["conversation_parts"].as_array();
        let last = parts.and_then(|parts| parts.last()).cloned().unwrap_or_default();
        (answer, last)
    };
    let by_email = json!({"type": "user", "message_type": "comment", "email": "a@b.example",
        "body": "Hello?"});
    let (_, last) = answer(by_email);
    assert_eq!((&last["part_type"], &last["author"]["name"]), (&json!("comment"), &json!("Ada")));
    let mut note = reply(&admin, "note");
    note["body"] = json!("Likes tea");
    assert_eq!(answer(note).1["part_type"], "note");
    let mut assignment = reply(&admin, "assignment");
    assignment["assignee_id"] = json!(admin);
    let (assigned, _) = answer(assignment.clone());
    assert_eq!(assigned["assignee"], json!({"type": "admin", "id": admin}));
    assignment["assignee_id"] = json!("0");
    assert_eq!(answer(assignment).0["assignee"]["type"], "nobody_admin");
    // The reference sends no type, and the instant as a text.
    let until = (NOW + 60).to_string();
    let snooze = json!({"admin_id": admin, "message_type": "snoozed", "snoozed_until": until});
    let (snoozed, _) = answer(snooze);
    assert_eq!((&snoozed["state"], &snoozed["open"]), (&json!("snoozed"), &json!(true)));
    assert_eq!(answer(reply(&admin, "open")).0["state"], "open");
    assert_eq!(answer(reply(&admin, "close")).0["state"], "closed");
    let (_, new) = api.modern(Method::Get, &path, None);
    assert_eq!(new["state"], "closed");
    assert_eq!(new["statistics"]["count_conversation_parts"], 7);
}

#[test]
fn a_team_is_an_assignee_and_takes_the_place_of_an_admin() {
    let mut api = Legacy::new(1, 1);
    let (_, admins) = api.get("/admins");
    let all = admins["admins"].as_array().expect("admins");
    let id = |kind: &str| {
        let found = all.iter().find(|admin| admin["type"] == kind).expect("one");
        found["id"].as_str().expect("an id").to_owned()
    };
    let (admin, team) = (id("admin"), id("team"));
    let (_, list) = api.get("/conversations");
    let path = format!("/conversations/{}", ids(&list, "conversations")[0]);
    for (assignee, kind) in [(&admin, "admin"), (&team, "team"), (&admin, "admin")] {
        let mut body = reply(&admin, "assignment");
        body["assignee_id"] = json!(assignee);
        let (_, assigned) = api.post(&format!("{path}/reply"), &body);
        assert_eq!(assigned["assignee"], json!({"type": kind, "id": assignee}));
        let (_, again) = api.post(&format!("{path}/run_assignment_rules"), &json!({}));
        assert_eq!(again["assignee"], assigned["assignee"], "rules leave it alone");
    }
    let (_, own) = api.get(&format!("/conversations?type=admin&admin_id={admin}"));
    assert!(own["total_count"].as_u64() >= Some(1));
    let (_, of_team) = api.get(&format!("/conversations?type=admin&admin_id={team}"));
    assert_eq!(of_team["total_count"], 0);
}

#[test]
fn lists_are_filtered_by_admin_and_by_user() {
    let (mut api, path, admin) = with_conversation();
    api.post("/users", &json!({"user_id": "v"}));
    let mut body = reply(&admin, "assignment");
    body["assignee_id"] = json!(admin);
    api.post(&format!("{path}/reply"), &body);
    let of = |api: &mut Legacy, query: &str| {
        let (status, list) = api.get(&format!("/conversations?{query}"));
        assert_eq!(status, 200, "{query}: {list}");
        list["total_count"].as_u64()
    };
    let by_admin = format!("type=admin&admin_id={admin}");
    assert_eq!(of(&mut api, &format!("{by_admin}&open=true")), Some(1));
    assert_eq!(of(&mut api, &format!("{by_admin}&open=false")), Some(0));
    for (query, expected) in [
        ("type=user&user_id=u", 1),
        ("type=user&email=a@b.example", 1),
        ("type=user&user_id=v", 0),
        ("type=user&user_id=u&unread=true", 1),
        ("type=user&user_id=u&unread=false", 0),
    ] {
        assert_eq!(of(&mut api, query), Some(expected), "{query}");
    }
    let (_, read) = api.send(Method::Put, &path, Some(&json!({"read": true})));
    assert_eq!(read["read"], true);
    assert_eq!(of(&mut api, "type=user&user_id=u&unread=true"), Some(0));
}

#[test]
fn the_latest_conversation_of_a_user_is_called_last() {
    let (mut api, path, _) = with_conversation();
    let body = json!({"type": "user", "message_type": "comment", "user_id": "u", "body": "Hm"});
    let (status, answered) = api.post("/conversations/last/reply", &body);
    assert_eq!(
        (status, format!("/conversations/{}", answered["id"].as_str().expect("an id"))),
        (200, path)
    );
    api.post("/users", &json!({"user_id": "v"}));
    let body = json!({"type": "user", "message_type": "comment", "user_id": "v", "body": "Hm"});
    assert_eq!(api.refused(Method::Post, "/conversations/last/reply", Some(&body)).0, 404);
}

#[test]
fn calls_that_are_refused() {
    let (mut api, path, admin) = with_conversation();
    let target = format!("{path}/reply");
    for (body, status) in [
        (json!({"type": "user", "user_id": "none", "body": "Hi"}), 404),
        (json!({"type": "user", "body": "Hi"}), 400),
        (json!({"type": "user", "user_id": "u"}), 400),
        (json!({"type": "admin", "admin_id": "none", "body": "Hi"}), 404),
        (json!({"type": "admin", "admin_id": admin, "message_type": "shout", "body": "Hi"}), 400),
        (json!({"type": "admin", "admin_id": admin, "message_type": "assignment"}), 400),
        (
            json!({"type": "admin", "admin_id": admin, "message_type": "assignment",
            "assignee_id": "none"}),
            404,
        ),
        (json!({"type": "admin", "admin_id": admin, "message_type": "snoozed"}), 400),
    ] {
        assert_eq!(api.refused(Method::Post, &target, Some(&body)).0, status, "{body}");
    }
    for (query, status) in [
        ("type=team", 400),
        ("type=admin", 400),
        ("type=admin&admin_id=none", 404),
        ("type=user", 400),
        ("type=user&user_id=none", 404),
        ("sort=name", 400),
        ("order=up", 400),
    ] {
        let target = format!("/conversations?{query}");
        assert_eq!(api.refused(Method::Get, &target, None).0, status, "{query}");
    }
    for (body, status) in [
        (json!({"body": "Hi"}), 400),
        (json!({"from": {"type": "bot"}, "body": "Hi"}), 400),
        (json!({"from": {"type": "user", "user_id": "none"}, "body": "Hi"}), 404),
        (json!({"from": {"type": "user", "user_id": "u"}}), 400),
        (
            json!({"from": {"type": "admin", "id": admin}, "to": {"type": "user", "user_id": "u"},
            "message_type": "email", "body": "Hi"}),
            422,
        ),
    ] {
        assert_eq!(api.refused(Method::Post, "/messages", Some(&body)).0, status, "{body}");
    }
}
