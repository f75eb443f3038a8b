//! Notifications of what changes: topics, items, signatures, and the rules of their delivery.

use chrono::DateTime;
use intercom_api::{ContactId, Id, Method, Timestamp};
use intercom_sim::{Notification, Outcome, SimSettings, Simulator, WebhookState};
use intercom_webhook::{Delivery, Item, Received, Receiver, ReceiverSettings};
use serde_json::{Value, json};

use crate::support::{NOW, delete, get, post, put, simulator, simulator_with};

const SECRET: &str = "the client secret";

fn subscribed() -> Simulator {
    let mut sim = simulator(8, 12);
    sim.subscribe(SECRET.to_owned().into());
    sim
}

/// Receives a notification as an endpoint would; its item has to decode.
fn receive(notification: &Notification, now: i64) -> Option<Item> {
    let receiver = Receiver::new(ReceiverSettings::new(SECRET.to_owned().into()));
    let delivery = Delivery {
        method: Method::Post,
        signature: Some(notification.signature.as_bytes()),
        body: &notification.body,
    };
    let at = DateTime::from_timestamp(now, 0).expect("a time");
    let received = receiver.expect("the settings work").receive(&delivery, at);
    match received.expect("the notification is accepted") {
        Received::Notification(received) => {
            assert_eq!(received.topic, notification.topic);
            assert_eq!(received.id.as_ref().map(Id::as_str), Some(&*notification.id));
            assert_eq!(received.delivery_attempts, Some(notification.attempt));
            let item = received.item().expect("the item decodes");
            assert!(!matches!(item, Item::Other(_)), "{}", notification.topic);
            Some(item)
        }
        Received::Ping(_) => None,
        Received::Probe => panic!("a POST is no probe"),
    }
}

/// The topics of what is due, each received and delivered.
fn topics(sim: &mut Simulator) -> Vec<String> {
    let due = sim.take_notifications(NOW);
    for notification in &due {
        receive(notification, NOW);
        sim.conclude(&notification.id, Outcome::Delivered, NOW);
    }
    due.iter().map(|notification| notification.topic.to_string()).collect()
}

fn item(notification: &Notification) -> Value {
    let body: Value = serde_json::from_slice(&notification.body).expect("a body is JSON");
    body["data"]["item"].clone()
}

#[test]
fn contacts_are_told_from_their_creation_to_their_end() {
    let mut sim = subscribed();
    let lead = json!({"role": "lead", "name": "Jo"});
    let id = post(&mut sim, "/contacts", &lead).1["id"].as_str().expect("an id").to_owned();
    assert_eq!(topics(&mut sim), ["contact.lead.created"]);
    let path = format!("/contacts/{id}");
    for (patch, expected) in [
        (
            json!({"email": "jo@example.com"}),
            &["contact.lead.added_email", "contact.lead.updated"][..],
        ),
        (json!({"name": "Joe"}), &["contact.lead.updated"]),
        (json!({"name": "Joe"}), &[]),
        (json!({"role": "user"}), &["contact.lead.signed_up"]),
        (json!({"email": "joe@example.com"}), &["contact.email.updated", "contact.user.updated"]),
    ] {
        assert_eq!(put(&mut sim, &path, &patch).0, 200);
        assert_eq!(topics(&mut sim), expected, "{patch}");
    }
    post(&mut sim, &format!("{path}/archive"), &json!({}));
    assert_eq!(topics(&mut sim), ["contact.archived"]);
    post(&mut sim, &format!("{path}/unarchive"), &json!({}));
    assert_eq!(topics(&mut sim), ["contact.unarchive"]);
    let tag = post(&mut sim, "/tags", &json!({"name": "vip"})).1;
    post(&mut sim, &format!("{path}/tags"), &json!({"id": tag["id"]}));
    assert_eq!(topics(&mut sim), ["contact.user.tag.created"]);
    delete(&mut sim, &format!("{path}/tags/{}", tag["id"].as_str().expect("an id")));
    assert_eq!(topics(&mut sim), ["contact.user.tag.deleted"]);
    delete(&mut sim, &path);
    let gone = sim.take_notifications(NOW);
    let expected = json!({"type": "contact", "id": id, "external_id": null, "deleted": true});
    assert_eq!((gone[0].topic.as_str(), item(&gone[0])), ("contact.deleted", expected));
    // Looking changes nothing.
    get(&mut sim, "/contacts");
    assert!(topics(&mut sim).is_empty());
}

#[test]
fn items_are_those_of_the_api_with_dates_as_texts() {
    let mut sim = subscribed();
    let fields = json!({"role": "user", "email": "jo@example.com", "signed_up_at": NOW - 60});
    let contact = post(&mut sim, "/contacts", &fields).1;
    let due = sim.take_notifications(NOW);
    let found = item(&due[0]);
    assert_eq!(found["created_at"], "2025-11-21T17:00:00.000+00:00");
    assert_eq!(found["signed_up_at"], "2025-11-21T16:59:00.000+00:00");
    assert_eq!((&found["id"], &found["email"]), (&contact["id"], &contact["email"]));
    let Some(Item::Contact(decoded)) = receive(&due[0], NOW) else { panic!("a contact") };
    assert_eq!(decoded.created_at.map(Timestamp::as_unix), Some(NOW));
    let body: Value = serde_json::from_slice(&due[0].body).expect("a body is JSON");
    insta::assert_json_snapshot!(
        [&body["type"], &body["app_id"], &body["id"], &body["delivery_attempts"],
         &body["first_sent_at"], &body["created_at"], &body["data"]["type"]],
        @r#"
    [
      "notification_event",
      "sim00001",
      "notif_69209a90-0000-4000-8000-000000000001",
      1,
      1763744400,
      1763744400,
      "notification_event_data"
    ]
    "#
    );
    assert!(!format!("{due:?}").contains("example.com"), "no personal data in logs");
}

#[test]
fn companies_and_their_contacts_are_told() {
    let mut sim = subscribed();
    let company = post(&mut sim, "/companies", &json!({"company_id": "c-1", "name": "Acme"})).1;
    assert_eq!(topics(&mut sim), ["company.created"]);
    post(&mut sim, "/companies", &json!({"company_id": "c-1", "name": "Acme & Co"}));
    assert_eq!(topics(&mut sim), ["company.updated"]);
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let path = format!("/contacts/{contact}/companies");
    post(&mut sim, &path, &json!({"id": company["id"]}));
    let due = sim.take_notifications(NOW);
    assert_eq!(due.len(), 1);
    let Some(Item::CompanyContact(attached)) = receive(&due[0], NOW) else { panic!("both") };
    assert_eq!(
        attached.contact.and_then(|c| c.id).as_ref().map(ContactId::as_str),
        Some(&*contact)
    );
    let id = company["id"].as_str().expect("an id");
    delete(&mut sim, &format!("{path}/{id}"));
    assert_eq!(topics(&mut sim), ["company.contact.detached"]);
    delete(&mut sim, &format!("/companies/{id}"));
    assert_eq!(topics(&mut sim), ["company.deleted"]);
}

#[test]
fn conversations_are_told_with_the_parts_they_are_about() {
    let mut sim = subscribed();
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let admin = get(&mut sim, "/admins").1["admins"][0]["id"].clone();
    let begin = json!({"from": {"type": "user", "id": contact}, "body": "Help"});
    let id = post(&mut sim, "/conversations", &begin).1["conversation_id"].clone();
    assert_eq!(topics(&mut sim), ["conversation.user.created"]);
    let path = format!("/conversations/{}", id.as_str().expect("an id"));
    let reply = json!({"type": "user", "message_type": "comment", "intercom_user_id": contact,
        "body": "<p>Anybody <b>there</b>?</p>"});
    post(&mut sim, &format!("{path}/reply"), &reply);
    let due = sim.take_notifications(NOW);
    let parts = item(&due[0])["conversation_parts"].clone();
    assert_eq!((parts["total_count"].as_u64(), due.len()), (Some(1), 1));
    assert_eq!(parts["conversation_parts"][0]["body"], "Anybody there?");
    assert_eq!(due[0].topic.as_str(), "conversation.user.replied");
    receive(&due[0], NOW);
    let by = |message: Value| {
        let mut fields = message;
        fields["admin_id"] = admin.clone();
        fields["type"] = json!("admin");
        fields
    };
    let note = json!({"message_type": "note", "body": "Look"});
    let comment = json!({"message_type": "comment", "body": "Yes"});
    for (action, fields, topic) in [
        ("reply", comment, "conversation.admin.replied"),
        ("reply", note, "conversation.admin.noted"),
        (
            "parts",
            json!({"message_type": "assignment", "assignee_id": admin}),
            "conversation.admin.assigned",
        ),
        (
            "parts",
            json!({"message_type": "snoozed", "snoozed_until": NOW + 60}),
            "conversation.admin.snoozed",
        ),
        ("parts", json!({"message_type": "close"}), "conversation.admin.closed"),
        ("parts", json!({"message_type": "open"}), "conversation.admin.opened"),
    ] {
        let status = post(&mut sim, &format!("{path}/{action}"), &by(fields)).0;
        assert_eq!((status, topics(&mut sim)), (200, vec![topic.to_owned()]));
    }
    let tag = post(&mut sim, "/tags", &json!({"name": "urgent"})).1;
    post(&mut sim, &format!("{path}/tags"), &by(json!({"id": tag["id"]})));
    assert_eq!(topics(&mut sim), ["conversation_part.tag.created"]);
    put(&mut sim, &path, &json!({"read": true}));
    assert_eq!(topics(&mut sim), ["conversation.read"]);
    delete(&mut sim, &path);
    assert_eq!(topics(&mut sim), ["conversation.deleted"]);
}

#[test]
fn a_merge_is_told_with_the_contact_that_remains() {
    let mut sim = subscribed();
    let create = |sim: &mut Simulator, role: &str| {
        let id = sim.workspace_mut().create_contact(json!({"role": role}), NOW);
        id.expect("the fields fit")
    };
    let (lead, user) = (create(&mut sim, "lead"), create(&mut sim, "user"));
    topics(&mut sim);
    sim.workspace_mut().merge_contacts(&lead, &user, NOW).expect("both are there");
    let due = sim.take_notifications(NOW);
    assert_eq!(due.len(), 1, "{due:?}");
    let Some(Item::MergedContact(merged)) = receive(&due[0], NOW) else { panic!("a merge") };
    let from = merged.merged_from.and_then(|from| from.id);
    assert_eq!(from.as_ref().map(ContactId::as_str), Some(&*lead));
    assert_eq!(merged.contact.id.as_ref().map(ContactId::as_str), Some(&*user));
}

#[test]
fn a_living_workspace_and_faults_are_told_and_every_item_decodes() {
    let faults = "[[fault]]\nroute = \"GET /me\"\nanswer = \"delete\"".parse();
    let settings = SimSettings {
        rate_limit: None,
        faults: faults.expect("the fault is well written"),
        ..SimSettings::default()
    };
    let mut sim = simulator_with(60, 60, settings);
    sim.live(5, NOW);
    assert!(topics(&mut sim).is_empty(), "nobody has subscribed");
    sim.subscribe(SECRET.to_owned().into());
    sim.live(400, NOW);
    let told = topics(&mut sim);
    for topic in [
        "contact.user.created",
        "contact.user.updated",
        "contact.user.tag.created",
        "conversation.user.replied",
        "conversation.admin.closed",
    ] {
        assert!(told.iter().any(|known| known == topic), "{topic} in {told:?}");
    }
    get(&mut sim, "/me");
    assert_eq!(topics(&mut sim), ["contact.deleted"]);
}

fn one(sim: &mut Simulator) {
    sim.workspace_mut().create_contact(json!({"role": "user"}), NOW).expect("the fields fit");
}

/// Takes all that is due and lets it end; returns the attempts.
fn attempt(sim: &mut Simulator, outcome: Outcome, now: i64) -> Vec<u32> {
    let due = sim.take_notifications(now);
    due.iter().for_each(|notification| sim.conclude(&notification.id, outcome, now));
    due.iter().map(|notification| notification.attempt).collect()
}

#[test]
fn a_failure_is_tried_again_once_after_a_minute() {
    let mut sim = subscribed();
    one(&mut sim);
    let first = sim.take_notifications(NOW).remove(0);
    assert!(sim.take_notifications(NOW).is_empty(), "it is under way");
    assert_eq!(sim.webhook_stats(NOW).in_flight, 1);
    sim.conclude(&first.id, Outcome::of_status(500), NOW + 2);
    assert!(sim.take_notifications(NOW + 61).is_empty());
    let second = sim.take_notifications(NOW + 62).remove(0);
    assert_eq!((&second.id, second.attempt), (&first.id, 2));
    let body: Value = serde_json::from_slice(&second.body).expect("a body is JSON");
    assert_eq!((&body["first_sent_at"], &body["created_at"]), (&json!(NOW), &json!(NOW)));
    receive(&second, NOW + 62);
    sim.conclude(&second.id, Outcome::Failed, NOW + 62);
    assert!(sim.take_notifications(NOW + 10_000).is_empty());
    let stats = sim.webhook_stats(NOW);
    assert_eq!((stats.attempts, stats.failed, stats.dropped, stats.delivered), (2, 2, 1, 0));
}

#[test]
fn a_410_ends_the_subscription_and_a_429_holds_everything_back() {
    let mut sim = subscribed();
    one(&mut sim);
    assert_eq!(attempt(&mut sim, Outcome::of_status(429), NOW), [1]);
    one(&mut sim);
    assert_eq!(sim.webhook_stats(NOW).state, WebhookState::Throttled { until: NOW + 60 });
    assert!(attempt(&mut sim, Outcome::Delivered, NOW + 59).is_empty());
    // The second 429 costs twice as much.
    assert_eq!(attempt(&mut sim, Outcome::Throttled, NOW + 60), [1, 2]);
    assert!(attempt(&mut sim, Outcome::Delivered, NOW + 179).is_empty());
    // Two 429 to what was under way together double it once.
    assert_eq!(attempt(&mut sim, Outcome::Delivered, NOW + 180).len(), 2);
    one(&mut sim);
    assert_eq!(attempt(&mut sim, Outcome::of_status(410), NOW + 300), [1]);
    one(&mut sim);
    assert!(attempt(&mut sim, Outcome::Delivered, NOW + 100_000).is_empty());
    assert_eq!(sim.webhook_stats(NOW).state, WebhookState::Disabled);
    sim.resume_webhooks();
    one(&mut sim);
    assert_eq!(attempt(&mut sim, Outcome::Delivered, NOW), [1]);
}

#[test]
fn a_burst_of_429_is_one_step() {
    let mut sim = subscribed();
    let mut now = NOW;
    for _ in 0..20 {
        one(&mut sim);
    }
    for (step, seconds) in [60, 120, 240, 480].into_iter().enumerate() {
        let due = sim.take_notifications(now);
        assert_eq!(due.len(), 20, "step {step}");
        for (seconds, notification) in (0..).zip(&due) {
            // The answers come one after the other, the last ones after a few seconds.
            sim.conclude(&notification.id, Outcome::of_status(429), now + seconds / 5);
        }
        let until = now + seconds;
        assert_eq!(sim.webhook_stats(now).state, WebhookState::Throttled { until });
        assert!(sim.take_notifications(until - 1).is_empty());
        now = until;
    }
    assert_eq!(attempt(&mut sim, Outcome::Delivered, now).len(), 20);
    assert_eq!(sim.webhook_stats(now).dropped, 0);
    // A success begins anew.
    one(&mut sim);
    assert_eq!(attempt(&mut sim, Outcome::Throttled, now), [1]);
    assert_eq!(sim.webhook_stats(now).state, WebhookState::Throttled { until: now + 60 });
}

#[test]
fn what_is_held_back_for_two_hours_is_dropped() {
    let mut sim = subscribed();
    one(&mut sim);
    let (mut now, mut n_attempts) = (NOW, 0);
    while sim.webhook_stats(now).waiting > 0 || n_attempts == 0 {
        n_attempts += attempt(&mut sim, Outcome::Throttled, now).len();
        now += 30;
    }
    assert_eq!((n_attempts, sim.webhook_stats(now).dropped), (8, 1));
    assert!((7_200..7_800).contains(&(now - NOW)), "{}", now - NOW);
}

#[test]
fn a_thousand_errors_pause_and_a_week_of_errors_suspends() {
    let mut sim = subscribed();
    for _ in 0..1_001 {
        sim.ping(NOW);
    }
    assert_eq!(attempt(&mut sim, Outcome::Failed, NOW).len(), 1_001);
    assert_eq!(sim.webhook_stats(NOW).state, WebhookState::Paused { until: NOW + 900 });
    assert!(attempt(&mut sim, Outcome::Failed, NOW + 899).is_empty());
    assert_eq!(attempt(&mut sim, Outcome::Delivered, NOW + 900).len(), 1_001);
    for day in 0..8 {
        sim.ping(NOW + day * 86_400);
        attempt(&mut sim, Outcome::Failed, NOW + 1_000 + day * 86_400);
    }
    assert_eq!(sim.webhook_stats(NOW).state, WebhookState::Suspended);
}

#[test]
fn the_same_calls_give_the_same_notifications() {
    let run = || {
        let mut sim = subscribed();
        sim.live(50, NOW);
        sim.ping(NOW);
        sim.take_notifications(NOW)
    };
    assert!(run() == run());
}
