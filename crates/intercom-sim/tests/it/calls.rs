//! Phone calls, found by themselves or by their conversations.

use intercom_api::Method;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, ids, post, request, simulator};

#[test]
fn calls_are_listed_and_read_with_what_was_said() {
    let mut sim = simulator(50, 1_200);
    let (_, page) = get(&mut sim, "/calls");
    assert_eq!((ids(&page, "data").len(), &page["total_count"]), (25, &json!(30)));
    assert_eq!(ids(&get(&mut sim, "/calls?page=2").1, "data").len(), 5);
    assert_eq!(get(&mut sim, "/calls?per_page=26").0, 400);
    let id = ids(&page, "data").remove(0);
    let (status, call) = get(&mut sim, &format!("/calls/{id}"));
    assert_eq!((status, &call), (200, &page["data"][0]));
    let conversation = call["conversation_id"].as_str().expect("an id");
    assert_eq!(get(&mut sim, &format!("/conversations/{conversation}")).0, 200);
    let show = |what: &str| request(Method::Get, &format!("/calls/{id}/{what}"), None);
    let recording = sim.handle(&show("recording"), NOW);
    let location = recording.headers.get("Location").expect("a URL");
    assert!(recording.status == 302 && location.contains(&id), "{location}");
    let transcript = sim.handle(&show("transcript"), NOW);
    assert_eq!(transcript.headers.get("Content-Type"), Some("text/plain; charset=utf-8"));
    assert!(transcript.body.starts_with(b"[00:00:06] Teammate 1: "));
    for (path, message) in [
        ("/calls/2", "Not Found"),
        ("/calls/x", "Not Found"),
        ("/calls/0/transcript", "Not Found"),
        ("/calls/2/recording", "Recording Not Found"),
    ] {
        let (status, answer) = get(&mut sim, path);
        assert_eq!((status, code(&answer)), (404, "not_found"), "{path}");
        assert_eq!(answer["errors"][0]["message"], message);
    }
}

#[test]
fn calls_of_at_most_twenty_conversations_are_found_at_once() {
    let mut sim = simulator(50, 400);
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let (_, calls) = get(&mut sim, "/calls");
    let phoned = calls["data"][0]["conversation_id"].clone();
    let search = |ids: Value| json!({"conversation_ids": ids});
    let ids = json!([phoned, "0", known[0], known[1]]);
    let (status, found) = post(&mut sim, "/calls/search", &search(ids));
    assert_eq!((status, &found["data"][0]["conversation_id"]), (200, &phoned));
    assert_eq!(found["data"][0]["transcript_status"], "completed");
    assert!(found["data"][0]["transcript"][0]["text"].is_string());
    assert_eq!(post(&mut sim, "/calls/search", &search(json!(known[..20]))).0, 200);
    for refused in [json!(known[..21]), json!([]), json!("1"), Value::Null] {
        let (status, answer) = post(&mut sim, "/calls/search", &search(refused));
        assert_eq!((status, code(&answer)), (400, "conversation_id_limit_exceeded"));
    }
}
