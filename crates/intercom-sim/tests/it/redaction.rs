//! Messages whose text is taken away.

use serde_json::json;

use crate::support::{code, get, ids, post, simulator};

#[test]
fn a_part_or_the_first_message_loses_its_text() {
    let mut sim = simulator(1, 0);
    let contact = ids(&get(&mut sim, "/contacts").1, "data").remove(0);
    let begin = json!({"from": {"type": "user", "id": contact}, "body": "my card is 4111"});
    let id = post(&mut sim, "/conversations", &begin).1["conversation_id"].clone();
    let path = format!("/conversations/{}", id.as_str().expect("an id"));
    let reply = json!({"type": "user", "intercom_user_id": contact, "message_type": "comment",
        "body": "and the code is 123"});
    post(&mut sim, &format!("{path}/reply"), &reply);
    let close = json!({"admin_id": "814860", "message_type": "close"});
    let (_, open) = post(&mut sim, &format!("{path}/parts"), &close);
    let parts = &open["conversation_parts"]["conversation_parts"];
    let part = |id: &serde_json::Value| json!({"type": "conversation_part", "conversation_id": open["id"], "conversation_part_id": id});
    let source = json!({
        "type": "source", "conversation_id": open["id"], "source_id": open["source"]["id"],
    });
    for body in [part(&parts[0]["id"]), source] {
        let (status, answer) = post(&mut sim, "/conversations/redact", &body);
        assert_eq!(status, 200, "{answer}");
    }
    let (_, after) = get(&mut sim, &path);
    let redacted = &after["conversation_parts"]["conversation_parts"][0];
    assert_eq!((&redacted["redacted"], &after["source"]["redacted"]), (&json!(true), &json!(true)));
    let text = after.to_string();
    assert!(!text.contains("4111") && !text.contains("code is"), "{text}");
    for (body, expected) in [
        (part(&parts[1]["id"]), (400, "conversation_part_not_redactable")),
        (part(&json!("1")), (404, "conversation_part_or_message_not_found")),
        (
            json!({"type": "source", "conversation_id": "0", "source_id": "1"}),
            (404, "conversation_part_or_message_not_found"),
        ),
        (json!({"type": "all", "conversation_id": open["id"]}), (400, "parameter_invalid")),
        (json!({"type": "source"}), (400, "parameter_not_found")),
    ] {
        let (status, answer) = post(&mut sim, "/conversations/redact", &body);
        assert_eq!((status, code(&answer)), expected, "{body}");
    }
}
