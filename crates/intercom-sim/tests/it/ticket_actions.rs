//! Replies to tickets, their tags, tickets in the background, and conversations that trackers link.

use intercom_api::Method;
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{code, get, ids, post, send, simulator};

const ADMIN: &str = "814860";

fn ticket(sim: &mut Simulator, kind: &str) -> String {
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let body = json!({"ticket_type_id": kind, "contacts": [{"id": contact}]});
    let (status, ticket) = post(sim, "/tickets", &body);
    assert_eq!(status, 200, "{ticket}");
    format!("/tickets/{}", ticket["id"].as_str().expect("an id"))
}

#[test]
fn tickets_are_answered_but_not_by_contacts_who_do_not_see_them() {
    let mut sim = simulator(1, 0);
    let contact = ids(&get(&mut sim, "/contacts").1, "data").remove(0);
    let (path, chore) = (ticket(&mut sim, "501"), ticket(&mut sim, "502"));
    let by_admin = |kind: &str| json!({"type": "admin", "admin_id": ADMIN, "message_type": kind, "body": "Look"});
    let by_user = json!({"type": "user", "intercom_user_id": contact, "message_type": "comment",
        "body": "Thanks"});
    for (body, kind) in
        [(by_admin("note"), "note"), (by_admin("comment"), "comment"), (by_user.clone(), "comment")]
    {
        let (status, part) = post(&mut sim, &format!("{path}/reply"), &body);
        assert_eq!((status, &part["part_type"]), (200, &json!(kind)), "{part}");
        assert!(part["author"]["id"].is_string());
    }
    assert_eq!(get(&mut sim, &path).1["ticket_parts"]["total_count"], 4);
    assert_eq!(post(&mut sim, &format!("{chore}/reply"), &by_admin("note")).0, 200);
    let (status, answer) = post(&mut sim, &format!("{chore}/reply"), &by_user);
    assert_eq!((status, code(&answer)), (400, "parameter_mismatch"));
    let (status, answer) = post(&mut sim, "/tickets/0/reply", &by_admin("note"));
    assert_eq!((status, code(&answer)), (404, "not_found"));
}

#[test]
fn tickets_are_tagged_and_untagged() {
    let mut sim = simulator(1, 0);
    let path = format!("{}/tags", ticket(&mut sim, "501"));
    let tag = json!({"id": "7003", "admin_id": ADMIN});
    for _ in 0..2 {
        let (status, tag) = post(&mut sim, &path, &tag);
        assert_eq!((status, &tag["name"]), (200, &json!("Newsletter")));
    }
    let by = json!({"admin_id": ADMIN});
    let mut untag = |target: &str| send(&mut sim, Method::Delete, target, Some(&by));
    assert_eq!(untag(&format!("{path}/7003")).1["id"], "7003");
    let (status, answer) = untag(&format!("{path}/7003"));
    assert_eq!((status, code(&answer)), (404, "tag_not_found"));
    let (status, answer) = untag("/tickets/0/tags/7003");
    assert_eq!((status, code(&answer)), (404, "ticket_not_found"));
}

#[test]
fn a_ticket_in_the_background_is_a_job() {
    let mut sim = simulator(1, 0);
    let contact = ids(&get(&mut sim, "/contacts").1, "data").remove(0);
    let body = json!({"ticket_type_id": "501", "contacts": [{"id": contact}]});
    let (status, job) = post(&mut sim, "/tickets/enqueue", &body);
    assert_eq!((status, &job["status"]), (200, &json!("pending")));
    let path = format!("/jobs/status/{}", job["id"].as_str().expect("an id"));
    assert_eq!(get(&mut sim, &path).1["status"], "success");
    let open = json!({"query": {"field": "open", "operator": "=", "value": true}});
    assert_eq!(post(&mut sim, "/tickets/search", &open).1["total_count"], 1);
    assert_eq!(post(&mut sim, "/tickets/enqueue", &json!({})).0, 400);
}

#[test]
fn a_tracker_links_conversations_and_lets_go_of_them() {
    let mut sim = simulator(1, 2);
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let (tracker, other) = (ticket(&mut sim, "503"), ticket(&mut sim, "503"));
    let bug = ticket(&mut sim, "501");
    let mut link = |path: &str, id: &str| -> (u16, Value) {
        post(&mut sim, &format!("{path}/linked_conversations"), &json!({"conversation_id": id}))
    };
    let (status, linked) = link(&tracker, &known[0]);
    assert_eq!((status, &linked["linked_objects"]["total_count"]), (200, &json!(1)));
    for (path, id, expected) in [
        (&*other, &*known[0], (400, "already_linked_to_tracker")),
        (&bug, &known[1], (400, "invalid_ticket_type")),
        (&tracker, "0", (404, "conversation_not_found")),
        ("/tickets/0", &known[1], (404, "ticket_not_found")),
        (&tracker, "", (400, "parameter_not_found")),
    ] {
        let (status, answer) = link(path, id);
        assert_eq!((status, code(&answer)), expected, "{path} {id}");
    }
    let mut unlink = |path: &str, id: &str| {
        let target = format!("{path}/linked_conversations/{id}");
        send(&mut sim, Method::Delete, &target, None)
    };
    assert_eq!(code(&unlink(&tracker, &known[1]).1), "conversation_not_found");
    assert_eq!(code(&unlink(&bug, &known[0]).1), "invalid_ticket_type");
    let (status, freed) = unlink(&tracker, &known[0]);
    assert_eq!((status, &freed["linked_objects"]["total_count"]), (200, &json!(0)));
}
