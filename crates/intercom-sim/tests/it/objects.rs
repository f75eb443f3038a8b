//! What the answers look like.

use serde_json::json;

use crate::support::{get, ids, post, simulator};

#[test]
fn a_search_answers_contacts_with_their_lists() {
    let mut sim = simulator(60, 100);
    let query = json!({"query": {"field": "role", "operator": "=", "value": "user"}});
    let (status, body) = post(&mut sim, "/contacts/search", &query);
    assert_eq!(status, 200);
    assert_eq!(body["type"], "list");
    let first = &body["data"][0];
    assert_eq!(first["type"], "contact");
    assert_eq!(first["tags"]["type"], "list");
    assert!(first["custom_attributes"].is_object());
}

#[test]
fn a_search_answers_conversations_without_parts() {
    let mut sim = simulator(60, 100);
    let query = json!({
        "query": {"field": "state", "operator": "=", "value": "closed"},
        "sort": {"field": "updated_at", "order": "ascending"},
        "pagination": {"per_page": 3},
    });
    let (status, body) = post(&mut sim, "/conversations/search", &query);
    assert_eq!(status, 200);
    assert_eq!(ids(&body, "conversations").len(), 3);
    assert!(body["conversations"][0].get("conversation_parts").is_none());
    let id = body["conversations"][0]["id"].as_str().expect("an id").to_owned();
    let (status, body) = get(&mut sim, &format!("/conversations/{id}"));
    assert_eq!(status, 200);
    let parts = body["conversation_parts"]["conversation_parts"].as_array().expect("parts");
    assert_eq!(body["statistics"]["count_conversation_parts"], parts.len());
}
