//! Answers: what the crate does not know is kept.

use intercom_api::contacts::{Contact, RetrieveContact};
use intercom_api::conversations::{Conversation, ConversationState, RetrieveConversation};
use intercom_api::events::CreateEvent;
use intercom_api::tags::{DeleteTag, ListTags};
use intercom_api::tickets::RetrieveTicket;
use intercom_api::{AdminId, Operation, Response, TeamId};
use serde_json::{Value, json, to_value};

fn contact(body: &Value) -> Contact {
    RetrieveContact::decode(&Response::new(200, body.to_string())).expect("a contact")
}

fn conversation(body: &Value) -> Conversation {
    RetrieveConversation::decode(&Response::new(200, body.to_string())).expect("a conversation")
}

#[test]
fn unknown_fields_are_kept_at_every_depth() {
    let body = json!({
        "id": "5ba6", "brand_new": {"deep": [1, 2.5, "x"]},
        "location": {"type": "location", "continent_code": "EU"},
        "tags": {"data": [{"id": "1", "type": "tag", "fresh": true}], "has_more": false},
    });
    let decoded = contact(&body);
    assert_eq!(decoded.extra["brand_new"]["deep"][0], 1);
    assert_eq!(to_value(decoded).expect("json"), body);
}

#[test]
fn unknown_values_of_enumerations_are_kept() {
    let body = json!({"id": "1", "state": "hibernating"});
    let decoded = conversation(&body);
    assert_eq!(decoded.state, Some(ConversationState::Other("hibernating".to_owned())));
    assert_eq!(to_value(decoded).expect("json"), body);
    assert_eq!(conversation(&json!({"state": "open"})).state, Some(ConversationState::Open));
}

#[test]
fn null_and_absent_are_nothing() {
    let decoded = contact(&json!({"id": "5ba6", "email": null, "tags": null}));
    assert_eq!((decoded.email, decoded.tags, decoded.name), (None, None, None));
}

#[test]
fn an_empty_id_is_nothing() {
    let decoded = contact(&json!({"id": "5ba6", "owner_id": "", "workspace_id": null}));
    assert_eq!((decoded.owner_id, decoded.workspace_id), (None, None));
    let body = r#"{"id":"1","source":{"id":{}}}"#;
    let error = RetrieveConversation::decode(&Response::new(200, body)).expect_err("no id");
    assert_eq!(error.path, "source.id");
}

#[test]
fn versions_spell_ids_differently() {
    for owner in [json!(42), json!("42")] {
        let decoded = contact(&json!({"owner_id": owner}));
        assert_eq!(decoded.owner_id.as_ref().map(AdminId::as_str), Some("42"));
        assert_eq!(to_value(decoded).expect("json")["owner_id"], owner);
    }
}

#[test]
fn nulls_in_lists_are_left_out() {
    let body = r#"{"type":"list","data":[null,{"id":"1"}]}"#;
    let tags = ListTags::decode(&Response::new(200, body)).expect("a list");
    assert_eq!(tags.data.map(|tags| tags.len()), Some(1));
}

#[test]
fn an_answer_without_a_body_is_no_error_where_none_is_expected() {
    for body in ["", "{}", "accepted"] {
        assert_eq!(CreateEvent::decode(&Response::new(202, body)), Ok(()));
        assert_eq!(DeleteTag::decode(&Response::new(200, body)), Ok(()));
    }
}

#[test]
fn custom_attributes_hold_anything() {
    let attributes = json!({"plan": "pro", "seats": 3, "Subs": [{"id": "s1"}], "gone": null});
    let decoded = contact(&json!({"custom_attributes": attributes}));
    let decoded = decoded.custom_attributes.expect("attributes");
    assert_eq!(decoded.get("seats"), Some(&json!(3)));
    assert_eq!(decoded.get("gone"), None);
    assert_eq!(to_value(decoded).expect("json"), attributes);
}

#[test]
fn assignees_of_tickets_and_conversations_are_numbers_or_texts() {
    for (admin, team) in [(json!("7"), json!("8")), (json!(7), json!(8))] {
        let body = json!({"id": "1", "admin_assignee_id": admin, "team_assignee_id": team});
        let response = Response::new(200, body.to_string());
        let ticket = RetrieveTicket::decode(&response).expect("a ticket");
        assert_eq!(ticket.admin_assignee_id.as_ref().map(AdminId::as_str), Some("7"));
        assert_eq!(ticket.team_assignee_id.as_ref().map(TeamId::as_str), Some("8"));
        assert_eq!(to_value(ticket).expect("json"), body);
        let decoded = conversation(&body);
        assert_eq!(decoded.admin_assignee_id.as_ref().map(AdminId::as_str), Some("7"));
        assert_eq!(decoded.team_assignee_id.as_ref().map(TeamId::as_str), Some("8"));
        assert_eq!(to_value(decoded).expect("json"), body);
    }
    for nobody in [json!(null), json!("")] {
        let body = json!({"admin_assignee_id": nobody, "team_assignee_id": nobody});
        let ticket = RetrieveTicket::decode(&Response::new(200, body.to_string()));
        let ticket = ticket.expect("a ticket");
        assert_eq!((ticket.admin_assignee_id, ticket.team_assignee_id), (None, None));
    }
}
