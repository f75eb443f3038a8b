//! Items by topic, in the shapes that are sent.

use intercom_webhook::{Item, Notification};
use serde_json::{Value, json};

use crate::samples::{contact, notification};

fn read(topic: &str, item: &Value) -> Item {
    let body = notification(topic, item).to_string();
    Notification::read(body.as_bytes()).unwrap().item().unwrap()
}

fn misfit(topic: &str, item: &Value) -> String {
    let body = notification(topic, item).to_string();
    let error = Notification::read(body.as_bytes()).unwrap().item().unwrap_err();
    format!("{error}: {}", error.source)
}

#[test]
fn contact_with_dates_as_texts() {
    let topics = ["contact.user.created", "contact.lead.updated", "contact.archived"];
    for topic in topics.into_iter().chain(["contact.unarchive", "contact.email.updated"]) {
        let Item::Contact(found) = read(topic, &contact()) else { panic!("{topic}") };
        assert_eq!(found.created_at.unwrap().as_unix(), 1_768_018_274);
        assert_eq!(found.external_id.as_deref(), Some("u-7"));
        assert_eq!(found.signed_up_at, None);
        assert!(found.extra.contains_key("sms_consent"), "unknown fields are kept");
    }
}

#[test]
fn merged_contact() {
    let mut item = contact();
    item["merged_from"] = json!({"type": "contact", "id": "6a3b2c4d"});
    let Item::MergedContact(merged) = read("contact.merged", &item) else { panic!() };
    assert_eq!(merged.merged_from.unwrap().id.unwrap().as_str(), "6a3b2c4d");
    assert_eq!(merged.contact.id.unwrap().as_str(), "6961d162fb0e");
    let Item::MergedContact(older) = read("contact.merged", &contact()) else { panic!() };
    assert_eq!(older.merged_from, None);
}

#[test]
fn tagged_contact() {
    let tag = json!({"type": "tag", "id": 1287, "name": "independent"});
    let item = json!({"type": "contact_tag", "created_at": 1_392_731_331, "tag": tag, "contact": contact()});
    for topic in ["contact.user.tag.created", "contact.lead.tag.deleted"] {
        let Item::ContactTag(tagged) = read(topic, &item) else { panic!("{topic}") };
        assert_eq!(tagged.tag.unwrap().name.as_deref(), Some("independent"));
        assert_eq!(tagged.contact.unwrap().id.unwrap().as_str(), "6961d162fb0e");
        assert_eq!(tagged.created_at.unwrap().as_unix(), 1_392_731_331);
    }
}

#[test]
fn subscribing_contact() {
    let types =
        json!({"type": "list", "data": [{"type": "subscription", "id": "19", "state": "live"}]});
    let item =
        json!({"type": "granular_unsubscribe", "contact": contact(), "subscription_types": types});
    let Item::ContactSubscription(found) = read("granular.unsubscribe", &item) else { panic!() };
    assert_eq!(
        found.subscription_types.unwrap().data.unwrap()[0].id.as_ref().unwrap().as_str(),
        "19"
    );
    let item = json!({"type": "contact_subscribe", "contact": contact(), "subscription_types": {"data": []}});
    assert!(matches!(read("contact.subscribed", &item), Item::ContactSubscription(_)));
}

#[test]
fn companies() {
    let company = json!({
        "type": "company", "id": "6961d175205c", "company_id": "c-6", "name": null,
        "created_at": "2026-01-10T04:11:34.013+00:00", "monthly_spend": 0, "tag_ids": []
    });
    let Item::Company(found) = read("company.updated", &company) else { panic!() };
    assert_eq!(found.company_id.as_deref(), Some("c-6"));
    let item = json!({"company": company, "contact": contact()});
    for topic in ["company.contact.attached", "company.contact.detached"] {
        let Item::CompanyContact(found) = read(topic, &item) else { panic!("{topic}") };
        assert_eq!(found.company.unwrap().id.unwrap().as_str(), "6961d175205c");
        assert_eq!(found.contact.unwrap().id.unwrap().as_str(), "6961d162fb0e");
    }
}

#[test]
fn conversations_have_the_parts_they_are_about() {
    let part = json!({"type": "conversation_part", "id": "331786931", "part_type": "comment",
        "body": "Hello", "created_at": 1_553_378_082, "author": {"type": "user", "id": "5c95"}});
    let item = json!({
        "type": "conversation", "id": "21330067382", "created_at": 1_553_378_082, "open": true,
        "statistics": {"first_contact_reply_at": "2026-01-10T07:56:29.000Z", "count_reopens": 1},
        "conversation_parts": {"conversation_parts": [part], "total_count": 1},
        "tags_added": {"type": "tag.list", "tags": [{"type": "tag", "id": "25", "name": "developer"}]}
    });
    let topics =
        ["conversation.user.replied", "conversation_part.tag.created", "conversation.read"];
    for topic in topics {
        let Item::Conversation(found) = read(topic, &item) else { panic!("{topic}") };
        let parts = found.conversation_parts.unwrap().conversation_parts.unwrap();
        assert_eq!(parts[0].body.as_deref(), Some("Hello"));
        let first_reply_at = found.statistics.unwrap().first_contact_reply_at.unwrap();
        assert_eq!(first_reply_at.as_unix(), 1_768_031_789);
        assert!(found.extra.contains_key("tags_added"));
    }
}

#[test]
fn attached_conversation_is_known_by_its_id() {
    let of = |conversation: Value| {
        let item = json!({"conversation": conversation, "contact": contact()});
        match read("conversation.contact.attached", &item) {
            Item::ConversationContact(found) => {
                assert!(found.contact.is_some());
                found.conversation_id.map(|id| id.as_str().to_owned())
            }
            other => panic!("{other:?}"),
        }
    };
    let record = json!({"parts": [], "model": {"id": 215_472_621_202_693_i64, "app_id": 32}});
    assert_eq!(of(record).as_deref(), Some("215472621202693"));
    assert_eq!(of(json!({"type": "conversation", "id": "21"})).as_deref(), Some("21"));
    assert_eq!(of(Value::Null), None);
    assert_eq!(of(json!({"id": ""})), None);
}

#[test]
fn deleted_objects_have_their_ids() {
    let id = |topic: &str, item: Value| match read(topic, &item) {
        Item::Deleted(gone) => gone.id.unwrap().as_str().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        id(
            "contact.deleted",
            json!({"id": "69", "external_id": "1", "type": "contact", "deleted": true})
        ),
        "69"
    );
    assert_eq!(
        id("company.deleted", json!({"id": "6961", "type": "company", "deleted": true})),
        "6961"
    );
    assert_eq!(
        id("conversation.deleted", json!({"type": "conversation", "conversation_id": "2154"})),
        "2154"
    );
}

#[test]
fn tickets_come_in_three_shapes() {
    let ticket = json!({"type": "ticket", "id": "2154", "ticket_id": "66", "admin_assignee_id": "0",
        "ticket_state": {"type": "ticket_state", "id": "45", "category": "submitted"}});
    let Item::Ticket(alone) = read("ticket.state.updated", &ticket) else { panic!() };
    assert_eq!(alone.ticket.unwrap().id.unwrap().as_str(), "2154");
    assert_eq!(alone.ticket_part, None);

    let part = json!({"type": "ticket_part", "id": "37", "part_type": "assignment", "created_at": 1_768_114_432});
    let item = json!({"type": "ticket_ticket_part", "ticket": ticket, "ticket_part": part});
    let Item::Ticket(with_part) = read("ticket.team.assigned", &item) else { panic!() };
    assert_eq!(with_part.ticket.unwrap().id.unwrap().as_str(), "2154");
    assert!(with_part.ticket_part.is_some());

    let summary = json!({"type": "ticket", "id": 215_472_629_353_977_i64, "state": "submitted", "ticket_type": "Tickets"});
    let item = json!({"ticket": summary, "contact": contact()});
    let Item::TicketContact(found) = read("ticket.contact.attached", &item) else { panic!() };
    assert_eq!(found.ticket.unwrap().id.unwrap().as_str(), "215472629353977");
}

#[test]
fn admins_events_and_jobs() {
    let admin = json!({"type": "admin", "id": 1_234_567, "name": "Bo", "team_ids": [9_680_998], "away_mode_enabled": true});
    let Item::Admin(found) = read("admin.away_mode_updated", &admin) else { panic!() };
    assert_eq!(found.id.unwrap().as_str(), "1234567");
    let entry = json!({"type": "admin_activity_log_event", "id": "f9", "activity_type": "app_name_change", "created_at": 1_768_016_203});
    assert!(matches!(read("admin.activity_log_event.created", &entry), Item::ActivityLog(_)));
    let event = json!({"type": "event", "event_name": "invited-friend", "created_at": 1_391_691_571, "user_id": "12"});
    let Item::Event(found) = read("event.created", &event) else { panic!() };
    assert_eq!(found.event_name.as_deref(), Some("invited-friend"));
    assert!(matches!(read("job.completed", &json!({"type": "job", "id": "j1"})), Item::Job(_)));
}

#[test]
fn items_of_other_topics_are_kept_whole() {
    for topic in ["content_stat.email", "article.deleted", "visitor.signed_up"] {
        let item = json!({"type": "user", "id": "6961", "email": "jo@example.com"});
        let Item::Other(kept) = read(topic, &item) else { panic!("{topic}") };
        assert_eq!(kept.0, item);
        assert_eq!(format!("{kept:?}"), "Opaque");
    }
}

#[test]
fn an_item_of_another_shape_names_the_path() {
    let mut strange = contact();
    strange["location"] = json!({"country": {"name": "Ireland"}});
    insta::assert_snapshot!(misfit("contact.user.updated", &strange), @"contact.user.updated (notif_3690afb3): the item does not decode at `location.country`: a value of another type or shape than expected at line 1 column 183");
    insta::assert_snapshot!(misfit("contact.user.tag.created", &json!({"contact": {"created_at": "jo@example.com"}})), @"contact.user.tag.created (notif_3690afb3): the item does not decode at `contact.created_at`: a value of another type or shape than expected at line 1 column 41");
    insta::assert_snapshot!(misfit("ticket.created", &json!([1])), @"ticket.created (notif_3690afb3): the item does not decode at `.`: a value of another type or shape than expected at line 1 column 0");
    insta::assert_snapshot!(misfit("ping", &json!("text")), @"ping (notif_3690afb3): the item does not decode at `.`: a value of another type or shape than expected at line 1 column 6");
}
