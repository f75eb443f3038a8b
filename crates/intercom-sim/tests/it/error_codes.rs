//! Every error code that a simulated route raises, with its status.

use std::collections::BTreeSet;

use intercom_api::{ApiVersion, Method};
use intercom_sim::{Plan, SimSettings, Simulator};
use serde_json::{Value, json};

use crate::support::{
    NOW, code, get, ids, post, read, request, send_in, simulator, simulator_with,
};

const ADMIN: &str = "814860";

/// The codes of the official examples whose routes the simulator has, and those that official
/// clients know besides.
pub(crate) const CODES: &[(&str, u16)] = &[
    ("admin_not_found", 404),
    ("already_linked_to_tracker", 400),
    ("api_plan_restricted", 403),
    ("assignee_not_found", 404),
    ("bad_request", 400),
    ("client_error", 400),
    ("company_not_found", 404),
    ("conflict", 409),
    ("contact_company_limit_exceeded", 400),
    ("contact_merged", 410),
    ("conversation_id_limit_exceeded", 400),
    ("conversation_not_found", 404),
    ("conversation_part_or_message_not_found", 404),
    ("custom_data_limit_reached", 400),
    ("data_invalid", 422),
    ("field_not_found", 404),
    ("forbidden", 403),
    ("intercom_version_invalid", 400),
    ("invalid_field", 400),
    ("invalid_merge", 400),
    ("invalid_sort_order", 400),
    ("invalid_ticket_type", 400),
    ("job_not_found", 404),
    ("linked_conversation_limit_exceeded", 400),
    ("not_found", 404),
    ("parameter_invalid", 400),
    ("parameter_invalid", 422),
    ("parameter_mismatch", 400),
    ("parameter_not_found", 400),
    ("parameter_not_found", 422),
    ("rate_limit_exceeded", 429),
    ("request_timeout", 408),
    ("scroll_exists", 400),
    ("server_error", 500),
    ("service_unavailable", 503),
    ("tag_has_dependent_objects", 400),
    ("tag_not_found", 404),
    ("team_not_found", 404),
    ("ticket_not_found", 404),
    ("ticket_state_id_invalid", 400),
    ("unauthorized", 401),
];

/// What was answered, by code and status.
#[derive(Default)]
struct Answers(BTreeSet<(String, u16)>);

impl Answers {
    fn add(&mut self, (status, body): (u16, Value)) {
        assert!(status >= 400, "{body}");
        assert_eq!(body["type"], "error.list");
        assert!(body["request_id"].is_string() && body["errors"][0]["message"].is_string());
        self.0.insert((code(&body).to_owned(), status));
    }
}

fn create(sim: &mut Simulator, fields: &Value) -> String {
    post(sim, "/contacts", fields).1["id"].as_str().expect("an id").to_owned()
}

fn of_contacts(sim: &mut Simulator, answers: &mut Answers) {
    let lead = create(sim, &json!({"role": "lead", "email": "a@example.com"}));
    let user = create(sim, &json!({"email": "a@example.com"}));
    answers.add(post(sim, "/contacts", &json!({"email": "a@example.com"})));
    answers.add(post(sim, "/contacts", &json!({})));
    answers.add(post(sim, "/contacts", &json!({"email": "nonsense"})));
    answers.add(post(sim, "/contacts/merge", &json!({"from": user, "into": lead})));
    assert_eq!(post(sim, "/contacts/merge", &json!({"from": lead, "into": user})).0, 200);
    answers.add(get(sim, &format!("/contacts/{lead}")));
    answers.add(get(sim, "/contacts/nobody"));
    answers.add(get(sim, "/contacts?starting_after=x"));
    let search = |field: &str, order: &str| {
        json!({
            "query": {"field": field, "operator": "=", "value": "x"},
            "sort": {"field": "name", "order": order},
        })
    };
    answers.add(post(sim, "/contacts/search", &search("notes", "ascending")));
    answers.add(post(sim, "/contacts/search", &search("name", "asc")));
    let mut block = request(Method::Post, &format!("/contacts/{user}/block"), None);
    block.version = ApiVersion::V2_12;
    answers.add(read(&sim.handle(&block, NOW)));
    answers.add(get(sim, "/companies/none"));
    answers.add(get(sim, "/companies"));
    assert_eq!(get(sim, "/companies/scroll").0, 200);
    answers.add(get(sim, "/companies/scroll"));
}

fn of_catalogues(sim: &mut Simulator, answers: &mut Answers) {
    answers.add(get(sim, "/admins/1"));
    answers.add(get(sim, "/teams/1"));
    answers.add(get(sim, "/jobs/status/none"));
    answers.add(get(sim, "/data_attributes?model=conversation"));
    let tag = json!({"field": "name", "operator": "=", "value": "x"});
    answers.add(post(sim, "/calls/search", &json!({"query": tag})));
    let (_, tags) = get(sim, "/tags");
    let first = ids(&tags, "data").remove(0);
    answers.add(crate::support::delete(sim, &format!("/tags/{first}")));
    answers.add(crate::support::put(sim, "/data_attributes/1", &json!({"archived": true})));
}

fn of_conversations(sim: &mut Simulator, answers: &mut Answers) {
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let parts = format!("/conversations/{}/parts", known[0]);
    let by = |fields: Value| {
        let mut body = json!({"admin_id": ADMIN, "type": "admin"});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("one").clone());
        body
    };
    let assign = by(json!({"message_type": "assignment", "assignee_id": "1"}));
    answers.add(post(sim, &parts, &assign));
    let redact = json!({"type": "source", "conversation_id": known[0], "source_id": "1"});
    answers.add(post(sim, "/conversations/redact", &redact));
    let untag = format!("/conversations/{}/tags/7001", known[0]);
    let untagged = crate::support::delete(sim, &untag);
    answers.add(if untagged.0 == 200 { crate::support::delete(sim, &untag) } else { untagged });
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let message = json!({
        "message_type": "email", "body": "Hi", "from": {"type": "admin", "id": ADMIN},
        "to": {"type": "user", "id": contact},
    });
    answers.add(post(sim, "/messages", &message));
}

fn of_tickets(sim: &mut Simulator, answers: &mut Answers) {
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    let mut ticket = |kind: &str| {
        let body = json!({"ticket_type_id": kind, "contacts": [{"id": contact}]});
        let id = post(sim, "/tickets", &body).1["id"].clone();
        format!("/tickets/{}", id.as_str().expect("an id"))
    };
    let (bug, chore, tracker) = (ticket("501"), ticket("502"), ticket("503"));
    answers.add(get(sim, "/tickets/0"));
    answers.add(crate::support::put(sim, &bug, &json!({"ticket_state_id": "1"})));
    let reply = json!({"type": "user", "intercom_user_id": contact, "body": "Hi"});
    answers.add(post(sim, &format!("{chore}/reply"), &reply));
    let link = |path: &str| format!("{path}/linked_conversations");
    let first = json!({"conversation_id": known[0]});
    answers.add(post(sim, &link(&bug), &first));
    answers.add(post(sim, &link(&tracker), &json!({"conversation_id": "0"})));
    assert_eq!(post(sim, &link(&tracker), &first).0, 200);
    answers.add(post(sim, &link(&tracker), &first));
}

/// Refusals that a setting, a token or a fault demands.
fn of_surroundings(answers: &mut Answers) {
    let me = request(Method::Get, "/me", None);
    let with = |settings: SimSettings| simulator_with(0, 0, settings);
    let mut sim = with(SimSettings { plan: Plan::Ended, ..SimSettings::default() });
    answers.add(get(&mut sim, "/conversations"));
    answers.add(read(&sim.handle_unauthorized(&me, NOW)));
    let mut sim = with(SimSettings { rate_limit: Some(0), ..SimSettings::default() });
    answers.add(get(&mut sim, "/me"));
    let scopes = Some(BTreeSet::new());
    let mut sim = with(SimSettings { scopes, ..SimSettings::default() });
    answers.add(get(&mut sim, "/conversations"));
    for status in ["408", "422", "500", "503"] {
        let faults = format!("[[fault]]\nanswer = \"{status}\"").parse();
        let faults = faults.expect("the fault is well written");
        let mut sim = with(SimSettings { faults, ..SimSettings::default() });
        answers.add(get(&mut sim, "/me"));
    }
}

/// What only a full workspace refuses.
fn of_limits(answers: &mut Answers) {
    let mut sim = simulator(1, 2_501);
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let path = format!("/contacts/{contact}/companies");
    let mut last = (0, Value::Null);
    for number in 0..=1_000 {
        let fields = json!({"company_id": format!("c{number}"), "name": "Acme"});
        let id = post(&mut sim, "/companies", &fields).1["id"].clone();
        last = post(&mut sim, &path, &json!({"id": id}));
        if last.0 != 200 {
            break;
        }
    }
    answers.add(last);
    let mut last = (200, Value::Null);
    let mut number = 0;
    while last.0 == 200 && number <= 250 {
        let fields =
            json!({"name": format!("Extra {number}"), "model": "contact", "data_type": "string"});
        last = post(&mut sim, "/data_attributes", &fields);
        number += 1;
    }
    answers.add(last);
    let body = json!({"ticket_type_id": "503", "contacts": [{"id": contact}]});
    let ticket = post(&mut sim, "/tickets", &body).1["id"].clone();
    let path = format!("/tickets/{}/linked_conversations", ticket.as_str().expect("an id"));
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    for (number, id) in known.iter().enumerate() {
        let linked = post(&mut sim, &path, &json!({"conversation_id": id}));
        assert_eq!(linked.0, if number < 2_500 { 200 } else { 400 }, "{number}");
        if linked.0 == 400 {
            answers.add(linked);
        }
    }
}

#[test]
fn every_code_is_raised_with_its_status_in_the_envelope() {
    let mut answers = Answers::default();
    let mut sim = simulator(20, 20);
    of_contacts(&mut sim, &mut answers);
    of_catalogues(&mut sim, &mut answers);
    of_conversations(&mut sim, &mut answers);
    of_tickets(&mut sim, &mut answers);
    of_surroundings(&mut answers);
    of_limits(&mut answers);
    let preview = ApiVersion::Preview;
    let search = json!({"query": {"field": "segment_id", "operator": "=", "value": "x"}});
    answers.add(send_in(&mut sim, preview, Method::Post, "/companies/search", Some(&search)));
    let expected: BTreeSet<(String, u16)> =
        CODES.iter().map(|(code, status)| ((*code).to_owned(), *status)).collect();
    let missing: Vec<_> = expected.difference(&answers.0).collect();
    let more: Vec<_> = answers.0.difference(&expected).collect();
    assert_eq!((missing, more), (vec![], vec![]));
}
