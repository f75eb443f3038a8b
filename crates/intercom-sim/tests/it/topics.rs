//! Every topic that the simulator raises, each with an item that decodes.

use std::collections::BTreeSet;

use chrono::DateTime;
use intercom_api::{ApiVersion, Method};
use intercom_sim::{Outcome, SimSettings, Simulator};
use intercom_webhook::{Delivery, Item, Received, Receiver, ReceiverSettings, Topic};
use serde_json::{Value, json};

use crate::support::{NOW, delete, get, post, put, simulator, simulator_with};

const SECRET: &str = "the client secret";
const ADMIN: &str = "814860";

/// Topics that nothing in a simulated workspace raises, by what is missing.
const SILENT: &[(&str, &str)] = &[
    ("admin.", "nobody logs in, joins or goes away while the workspace runs"),
    ("article.", "there is no help centre"),
    ("call.", "calls follow from conversations and are over when they appear"),
    ("ticket.contact.attached", "no route adds contacts to a ticket"),
    ("ticket.contact.detached", "no route takes contacts away from a ticket"),
    ("ticket.rating.provided", "no route rates a ticket"),
    ("visitor.signed_up", "there are no visitors"),
];

/// What was told so far.
#[derive(Default)]
struct Told(BTreeSet<String>);

impl Told {
    /// Receives what is due, as an endpoint would; its topics in order.
    fn receive(&mut self, sim: &mut Simulator, now: i64) -> Vec<String> {
        let mut topics = Vec::new();
        for notification in sim.take_notifications(now) {
            let receiver = Receiver::new(ReceiverSettings::new(SECRET.to_owned().into()));
            let delivery = Delivery {
                method: Method::Post,
                signature: Some(notification.signature.as_bytes()),
                body: &notification.body,
            };
            let at = DateTime::from_timestamp(now, 0).expect("a time");
            let received = receiver.expect("the settings work").receive(&delivery, at);
            if let Received::Notification(received) = received.expect("it is accepted") {
                let item = received.item().expect("the item decodes");
                assert!(!matches!(item, Item::Other(_)), "{}", notification.topic);
                if let Item::ContactTag(tagged) = &item {
                    assert!(tagged.tag.is_some() && tagged.contact.is_some());
                    assert!(tagged.created_at.is_some());
                }
            }
            sim.conclude(&notification.id, Outcome::Delivered, now);
            topics.push(notification.topic.to_string());
        }
        self.0.extend(topics.iter().cloned());
        topics
    }

    /// What happened since the last time has these topics.
    fn check(&mut self, sim: &mut Simulator, expected: &[&str]) {
        assert_eq!(self.receive(sim, NOW), expected);
    }
}

fn subscribed() -> Simulator {
    let mut sim = simulator(8, 12);
    sim.subscribe(SECRET.to_owned().into());
    sim
}

fn id(answer: &(u16, Value)) -> String {
    answer.1["id"].as_str().expect("an id").to_owned()
}

fn contacts(told: &mut Told) {
    let mut sim = subscribed();
    let lead = id(&post(&mut sim, "/contacts", &json!({"role": "lead"})));
    told.check(&mut sim, &["contact.lead.created"]);
    let path = format!("/contacts/{lead}");
    let tag = json!({"id": "7003"});
    post(&mut sim, &format!("{path}/tags"), &tag);
    told.check(&mut sim, &["contact.lead.tag.created"]);
    delete(&mut sim, &format!("{path}/tags/7003"));
    told.check(&mut sim, &["contact.lead.tag.deleted"]);
    put(&mut sim, &path, &json!({"email": "a@example.com"}));
    told.check(&mut sim, &["contact.lead.added_email", "contact.lead.updated"]);
    let user = id(&post(&mut sim, "/contacts", &json!({"email": "a@example.com"})));
    told.check(&mut sim, &["contact.user.created"]);
    post(&mut sim, "/contacts/merge", &json!({"from": lead, "into": user}));
    told.check(&mut sim, &["contact.merged"]);
    let path = format!("/contacts/{user}");
    put(&mut sim, &path, &json!({"email": "b@example.com"}));
    told.check(&mut sim, &["contact.email.updated", "contact.user.updated"]);
    put(&mut sim, &path, &json!({"unsubscribed_from_emails": true}));
    told.check(&mut sim, &["contact.user.updated", "contact.unsubscribed"]);
    put(&mut sim, &path, &json!({"unsubscribed_from_emails": false}));
    told.check(&mut sim, &["contact.user.updated", "contact.subscribed"]);
    let kind = json!({"id": "93", "consent_type": "opt_in"});
    post(&mut sim, &format!("{path}/subscriptions"), &kind);
    told.check(&mut sim, &["granular.subscribe"]);
    delete(&mut sim, &format!("{path}/subscriptions/93"));
    told.check(&mut sim, &["granular.unsubscribe"]);
    post(&mut sim, &format!("{path}/tags"), &tag);
    told.check(&mut sim, &["contact.user.tag.created"]);
    delete(&mut sim, &format!("{path}/tags/7003"));
    told.check(&mut sim, &["contact.user.tag.deleted"]);
    let event = json!({"event_name": "asked", "created_at": NOW, "id": user});
    post(&mut sim, "/events", &event);
    post(&mut sim, "/events", &event);
    told.check(&mut sim, &["event.created"]);
    for (action, topic) in [("archive", "contact.archived"), ("unarchive", "contact.unarchive")] {
        post(&mut sim, &format!("{path}/{action}"), &json!({}));
        told.check(&mut sim, &[topic]);
    }
    delete(&mut sim, &path);
    told.check(&mut sim, &["contact.deleted"]);
    let lead = id(&post(&mut sim, "/contacts", &json!({"role": "lead"})));
    told.receive(&mut sim, NOW);
    put(&mut sim, &format!("/contacts/{lead}"), &json!({"role": "user"}));
    told.check(&mut sim, &["contact.lead.signed_up"]);
}

fn companies(told: &mut Told) {
    let mut sim = subscribed();
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let company = id(&post(&mut sim, "/companies", &json!({"company_id": "c1", "name": "Acme"})));
    told.check(&mut sim, &["company.created"]);
    put(&mut sim, &format!("/companies/{company}"), &json!({"size": 12}));
    told.check(&mut sim, &["company.updated"]);
    let path = format!("/contacts/{contact}/companies");
    post(&mut sim, &path, &json!({"id": company}));
    told.check(&mut sim, &["company.contact.attached"]);
    delete(&mut sim, &format!("{path}/{company}"));
    told.check(&mut sim, &["company.contact.detached"]);
    delete(&mut sim, &format!("/companies/{company}"));
    told.check(&mut sim, &["company.deleted"]);
}

/// A part as the inbox, not the API, adds it.
fn append(sim: &mut Simulator, id: &str, kind: &str, author: &str) {
    let conversation = sim.workspace().conversation(id).expect("it is there");
    let mut parts = conversation["conversation_parts"]["conversation_parts"].clone();
    parts.as_array_mut().expect("a list").push(json!({
        "id": "77", "part_type": kind, "body": "<p>Hi</p>", "created_at": NOW,
        "author": {"type": author, "id": ADMIN, "name": null, "email": null},
    }));
    let patch = json!({"conversation_parts": {"conversation_parts": parts}});
    sim.workspace_mut().update_conversation(id, patch, NOW).expect("the patch fits");
}

fn conversations(told: &mut Told) {
    let mut sim = subscribed();
    let contacts: Vec<String> = sim.workspace().contact_ids().map(str::to_owned).collect();
    let message = json!({
        "message_type": "inapp", "body": "Hi", "from": {"type": "admin", "id": ADMIN},
        "to": {"type": "user", "id": contacts[0]},
        "create_conversation_without_contact_reply": true,
    });
    assert!(post(&mut sim, "/messages", &message).1["conversation_id"].is_string());
    told.check(&mut sim, &["conversation.admin.single.created"]);
    let begin = json!({"from": {"type": "user", "id": contacts[0]}, "body": "Help"});
    let id = post(&mut sim, "/conversations", &begin).1["conversation_id"].clone();
    let id = id.as_str().expect("an id").to_owned();
    told.check(&mut sim, &["conversation.user.created"]);
    let path = format!("/conversations/{id}");
    let by = |kind: &str, fields: Value| {
        let mut body = json!({"admin_id": ADMIN, "type": "admin", "message_type": kind});
        body.as_object_mut().expect("an object").extend(fields.as_object().expect("one").clone());
        body
    };
    let user = json!({"type": "user", "intercom_user_id": contacts[0], "body": "Anybody?"});
    let until = json!({"snoozed_until": NOW + 60});
    for (action, body, topic) in [
        ("reply", user, "conversation.user.replied"),
        ("reply", by("comment", json!({"body": "Yes"})), "conversation.admin.replied"),
        ("reply", by("note", json!({"body": "Hm"})), "conversation.admin.noted"),
        ("parts", by("assignment", json!({"assignee_id": ADMIN})), "conversation.admin.assigned"),
        ("parts", by("snoozed", until), "conversation.admin.snoozed"),
        ("parts", by("close", json!({})), "conversation.admin.closed"),
        ("parts", by("open", json!({})), "conversation.admin.opened"),
        ("tags", by("", json!({"id": "7003"})), "conversation_part.tag.created"),
    ] {
        let (status, answer) = post(&mut sim, &format!("{path}/{action}"), &body);
        assert_eq!(status, 200, "{answer}");
        told.check(&mut sim, &[topic]);
    }
    for (kind, author, topic) in [
        ("comment", "bot", "conversation.operator.replied"),
        ("unsnoozed", "admin", "conversation.admin.unsnoozed"),
        ("assign_and_reopen", "admin", "conversation.admin.open.assigned"),
    ] {
        append(&mut sim, &id, kind, author);
        told.check(&mut sim, &[topic]);
    }
    let (_, shown) = get(&mut sim, &path);
    let part = shown["conversation_parts"]["conversation_parts"][0]["id"].clone();
    let redact =
        json!({"type": "conversation_part", "conversation_id": id, "conversation_part_id": part});
    assert_eq!(post(&mut sim, "/conversations/redact", &redact).0, 200);
    told.check(&mut sim, &["conversation_part.redacted"]);
    for (patch, topic) in [
        (json!({"read": true}), "conversation.read"),
        (json!({"priority": "priority"}), "conversation.priority.updated"),
        (json!({"conversation_rating": {"rating": 5}}), "conversation.rating.added"),
    ] {
        sim.workspace_mut().update_conversation(&id, patch, NOW).expect("the patch fits");
        told.check(&mut sim, &[topic]);
    }
    let join = json!({"admin_id": ADMIN, "customer": {"intercom_user_id": contacts[1]}});
    post(&mut sim, &format!("{path}/customers"), &join);
    told.check(&mut sim, &["conversation.contact.attached"]);
    let leave = json!({"admin_id": ADMIN});
    let customer = format!("{path}/customers/{}", contacts[1]);
    crate::support::send(&mut sim, Method::Delete, &customer, Some(&leave));
    told.check(&mut sim, &["conversation.contact.detached"]);
    delete(&mut sim, &path);
    told.check(&mut sim, &["conversation.deleted"]);
}

fn tickets(told: &mut Told) {
    let mut sim = subscribed();
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let team = get(&mut sim, "/teams").1["teams"][0]["id"].clone();
    let body = json!({"ticket_type_id": "501", "contacts": [{"id": contact}]});
    let (_, ticket) = post(&mut sim, "/tickets", &body);
    told.check(&mut sim, &["ticket.created"]);
    let path = format!("/tickets/{}", ticket["id"].as_str().expect("an id"));
    let state = &ticket["ticket_type"]["ticket_states"]["data"][1]["id"];
    for (change, topic) in [
        (json!({"ticket_state_id": state}), "ticket.state.updated"),
        (json!({"assignee_id": ADMIN}), "ticket.admin.assigned"),
        (json!({"assignee_id": team}), "ticket.team.assigned"),
        (json!({"ticket_attributes": {"Blocking": true}}), "ticket.attribute.updated"),
        (json!({"open": false}), "ticket.closed"),
    ] {
        assert_eq!(put(&mut sim, &path, &change).0, 200, "{change}");
        told.check(&mut sim, &[topic]);
    }
    let admin = |kind: &str| json!({"type": "admin", "admin_id": ADMIN, "message_type": kind, "body": "Hi"});
    let user = json!({"type": "user", "intercom_user_id": contact, "body": "Hi"});
    for (reply, topic) in [
        (admin("note"), "ticket.note.created"),
        (admin("comment"), "ticket.admin.replied"),
        (user, "ticket.contact.replied"),
    ] {
        assert_eq!(post(&mut sim, &format!("{path}/reply"), &reply).0, 200);
        told.check(&mut sim, &[topic]);
    }
    assert_eq!(post(&mut sim, "/tickets/enqueue", &body).0, 200);
    told.check(&mut sim, &["ticket.created", "job.completed"]);
}

#[test]
fn every_topic_is_raised_or_said_to_be_silent() {
    let mut told = Told::default();
    contacts(&mut told);
    companies(&mut told);
    conversations(&mut told);
    tickets(&mut told);
    let mut sim = subscribed();
    sim.ping(NOW);
    told.check(&mut sim, &["ping"]);
    let silent = |topic: &str| SILENT.iter().any(|(start, _)| topic.starts_with(start));
    let missing: Vec<&str> = Topic::KNOWN
        .iter()
        .map(Topic::as_str)
        .filter(|topic| {
            let is_told = told.0.contains(*topic) || *topic == "conversation.admin.single.created";
            is_told == silent(topic)
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}

#[test]
fn a_subscription_is_tested_every_day() {
    // Without conversations, which wake from their snooze in the meantime.
    let mut sim = simulator(8, 0);
    sim.subscribe(SECRET.to_owned().into());
    let mut told = Told::default();
    assert!(told.receive(&mut sim, NOW).is_empty());
    assert!(told.receive(&mut sim, NOW + 86_399).is_empty());
    assert_eq!(told.receive(&mut sim, NOW + 86_400), ["ping"]);
    sim.ping(NOW + 90_000);
    assert_eq!(told.receive(&mut sim, NOW + 90_000), ["ping"]);
    assert!(told.receive(&mut sim, NOW + 2 * 86_400).is_empty(), "one was sent on demand");
}

#[test]
fn conversations_are_told_in_plain_text_since_2_15() {
    for (webhook_version, question, answer) in [
        (ApiVersion::V2_14, "<p>Is it <b>me</b>?</p>", "<p>Yes</p>"),
        (ApiVersion::V2_15, "Is it me?", "Yes"),
        (ApiVersion::V2_16, "Is it me?", "Yes"),
    ] {
        let settings = SimSettings { rate_limit: None, webhook_version, ..SimSettings::default() };
        let mut sim = simulator_with(1, 0, settings);
        sim.subscribe(SECRET.to_owned().into());
        let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
        let begin = json!({"from": {"type": "user", "id": contact}, "body": "Is it <b>me</b>?"});
        let id = post(&mut sim, "/conversations", &begin).1["conversation_id"].clone();
        let path = format!("/conversations/{}/reply", id.as_str().expect("an id"));
        let reply = json!({"type": "admin", "admin_id": ADMIN, "body": "<p>Yes</p>"});
        assert_eq!(post(&mut sim, &path, &reply).0, 200);
        let due = sim.take_notifications(NOW);
        let item = |place: usize| -> Value {
            let body: Value = serde_json::from_slice(&due[place].body).expect("a body is JSON");
            body["data"]["item"].clone()
        };
        let last = due.len() - 1;
        assert_eq!(item(0)["source"]["body"], question, "{webhook_version}");
        let parts = item(last)["conversation_parts"]["conversation_parts"].clone();
        assert_eq!(parts[parts.as_array().map_or(0, Vec::len) - 1]["body"], answer);
    }
}
