//! Answers of 1.4 decode, and encode as they came.

use intercom_api::v1::{
    CloseConversation, ConvertLead, CreateAdminMessage, CreateNote, CreateUserMessage, JobState,
    ListAdmins, ListCompanies, ListConversations, ListJobErrors, ListLeads, ListSegments, ListTags,
    ListUserEventSummaries, ListUserEvents, ListUserNotes, ListUsers, MessageType,
    RequestPermanentDeletion, RetrieveAppCounts, RetrieveCompany, RetrieveConversation,
    RetrieveCounts, RetrieveJob, RetrieveLead, RetrieveMe, RetrieveUser, ScrollUsers, TagUsers,
};
use intercom_api::{Operation, Response, Timestamp};
use serde::Serialize;
use serde_json::{Value, json};

/// Decodes and encodes again; nulls are not kept.
fn check<O: Operation>(body: &Value) -> O::Output
where
    O::Output: Serialize,
{
    let response = Response::new(200, body.to_string());
    let decoded = O::decode(&response).expect("an answer");
    let encoded = serde_json::to_value(&decoded).expect("json");
    assert_eq!(without_nulls(&encoded), without_nulls(body));
    decoded
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name.clone(), without_nulls(value))).collect()
        }
        Value::Array(items) => items.iter().map(without_nulls).collect(),
        other => other.clone(),
    }
}

fn user() -> Value {
    json!({
        "type": "user", "id": "5ba682d23d7cf92bef87bfd4", "user_id": "u1", "anonymous": false,
        "email": "ada@example.com", "phone": "+100", "name": "Ada", "pseudonym": null,
        "avatar": { "type": "avatar", "image_url": "https://example.com/ada.png" },
        "app_id": "ws1", "owner_id": "7", "created_at": 1460985141, "signed_up_at": 1392731331,
        "remote_created_at": 1392731331, "updated_at": 1480075457, "last_request_at": null,
        "last_seen_ip": "192.0.2.1", "user_agent_data": "agent", "session_count": 0,
        "unsubscribed_from_emails": false, "has_hard_bounced": false, "do_not_track": null,
        "referrer": "https://example.org", "utm_campaign": null, "utm_source": "mail",
        "location_data": {
            "type": "location_data", "city_name": "Cork", "continent_code": "EU",
            "country_code": "IRL", "country_name": "Ireland", "latitude": 51.9, "longitude": -8,
            "postal_code": null, "region_name": "Cork", "timezone": "Europe/Dublin",
        },
        "social_profiles": {
            "type": "social_profile.list",
            "social_profiles": [{ "name": "Forum", "id": "1", "username": "ada", "url": "u" }],
        },
        "companies": {
            "type": "company.list",
            "companies": [{ "type": "company", "company_id": "g1", "id": "5b", "name": "Acme" }],
        },
        "segments": { "type": "segment.list", "segments": [{ "type": "segment", "id": "5c" }] },
        "tags": { "type": "tag.list", "tags": [{ "type": "tag", "id": "202" }] },
        "custom_attributes": { "plan": "pro", "seats": 3, "last_order_at": 1475569818 },
        "unheard_of": { "since": 2030 },
    })
}

fn lead() -> Value {
    json!({
        "type": "contact", "id": "5811f6bbe6b4704ddfa84ac0", "user_id": "7717-7570",
        "anonymous": true, "pseudonym": "Green Kettle", "signed_up_at": null,
        "tags": { "type": "tag.list", "tags": [] },
    })
}

#[test]
fn users() {
    let decoded = check::<RetrieveUser>(&user());
    assert_eq!(decoded.signed_up_at, Some(Timestamp::from_unix(1_392_731_331)));
    assert_eq!(decoded.extra["unheard_of"], json!({ "since": 2030 }));
    check::<ListUsers>(&json!({
        "type": "user.list", "users": [user(), lead()], "total_count": 105, "limited": false,
        "pages": { "type": "pages", "next": "https://api.intercom.io/users?page=2", "page": 1,
            "per_page": 50, "total_pages": 3 },
    }));
    check::<ScrollUsers>(&json!({ "type": "user.list", "users": [user()], "scroll_param": "a-b" }));
    let deletion = check::<RequestPermanentDeletion>(&json!({ "id": 10 }));
    assert_eq!(deletion.id.expect("an id").as_str(), "10");
}

#[test]
fn leads() {
    let decoded = check::<RetrieveLead>(&lead());
    assert_eq!(decoded.kind.as_deref(), Some("contact"));
    check::<ListLeads>(&json!({ "type": "contact.list", "contacts": [lead()], "pages": {} }));
    check::<ConvertLead>(&user());
    // The sample of the reference names the entries of a scroll differently; nothing is lost.
    let list = check::<ListLeads>(&json!({ "type": "contact.list", "users": [lead()] }));
    assert_eq!(list.contacts, None);
}

#[test]
fn companies() {
    let company = json!({
        "type": "company", "id": "531ee472", "company_id": "6", "app_id": "ws1", "name": "Acme",
        "plan": { "type": "plan", "id": "1", "name": "Pro" }, "size": 85, "industry": "Tools",
        "website": "https://acme.example", "monthly_spend": 49, "session_count": 26,
        "user_count": 10, "created_at": 1394533506, "remote_created_at": 1394531169,
        "updated_at": 1396874658, "last_request_at": 1396874658,
        "tags": { "type": "tag.list", "tags": [{ "type": "tag", "id": "1", "name": "VIP" }] },
        "segments": { "type": "segment.list", "segments": [] },
        "custom_attributes": { "paid": true }, "unheard_of": 1,
    });
    check::<RetrieveCompany>(&company);
    check::<ListCompanies>(&json!({
        "type": "company.list", "total_count": 1, "companies": [company, { "plan": "pro" }],
        "pages": { "page": 1, "per_page": 50, "total_pages": 1 },
    }));
}

#[test]
fn events() {
    let list = check::<ListUserEvents>(&json!({
        "type": "event.list",
        "events": [
            { "type": "event", "id": "cc7e", "created_at": 1513931185, "event_name": "ordered",
                "user_id": "25", "email": "ada@example.com", "intercom_user_id": "5303",
                "metadata": { "z": 1, "a": { "amount": 5, "currency": "eur" } } },
            { "event_name": "left", "created_at": 1391691571, "user_id": "25", "metadata": {} },
        ],
        "pages": { "since": "https://api.intercom.io/events?since=1" },
    }));
    assert_eq!(list.events.map(|events| events.len()), Some(2));
    check::<ListUserEventSummaries>(&json!({
        "type": "event.summary", "email": "ada@example.com", "intercom_user_id": "5303",
        "user_id": "25",
        "events": [{ "name": "ordered", "first": "2016-12-22T03:54:57.000Z",
            "last": "2018-10-10T06:51:02.000Z", "count": 8, "description": null }],
    }));
}

#[test]
fn metadata_keeps_its_order() {
    let body = r#"{"events":[{"metadata":{"z":1,"a":2,"m":3}}]}"#;
    let list = ListUserEvents::decode(&Response::new(200, body)).expect("events");
    assert_eq!(serde_json::to_string(&list).expect("json"), body);
}

#[test]
fn tags_and_segments() {
    let tag = json!({ "type": "tag", "name": "VIP", "id": "17513" });
    check::<TagUsers>(&tag);
    check::<ListTags>(&json!({ "type": "tag.list", "tags": [tag, { "id": "2" }] }));
    check::<ListSegments>(&json!({
        "type": "segment.list",
        "segments": [{ "type": "segment", "id": "53", "name": "New", "person_type": "user",
            "count": 3, "created_at": 1394621988, "updated_at": 1394622004 }],
        "pages": {},
    }));
}

#[test]
fn notes() {
    let note = json!({
        "type": "note", "id": "16", "created_at": 1389913941, "body": "<p>Likes tea</p>",
        "author": { "type": "admin", "id": "21", "name": "Bo", "email": "bo@example.com",
            "companies": [] },
        "user": { "type": "user", "id": "5310" },
    });
    check::<CreateNote>(&note);
    check::<ListUserNotes>(&json!({ "type": "note.list", "notes": [note], "pages": {} }));
}

#[test]
fn counts() {
    let total = |count: i64| json!({ "count": count });
    let app = check::<RetrieveAppCounts>(&json!({
        "type": "count.hash", "company": total(55), "user": total(5), "lead": total(17),
        "tag": total(12), "segment": total(7),
    }));
    assert_eq!(app.lead.and_then(|lead| lead.count), Some(17));
    let counts = check::<RetrieveCounts>(&json!({
        "type": "count", "conversation": { "open": 30, "closed": 17, "unassigned": 0,
            "assigned": 30, "admin": [{ "id": "1", "name": "Bo", "open": 0, "closed": 1 }] },
    }));
    assert_eq!(counts.conversation.and_then(|counts| counts.open), Some(30));
    check::<RetrieveCounts>(&json!({ "type": "count", "user": { "tag": [{ "VIP": 3 }] } }));
    check::<RetrieveCounts>(&json!({
        "type": "count", "company": { "tag": [{ "VIP": 0 }, { "New": 2 }] },
        "pages": { "pages": { "next": "https://api.intercom.io/counts?page=2", "page": 1 } },
    }));
}

fn conversation() -> Value {
    json!({
        "type": "conversation", "id": "147", "created_at": 1466703132, "updated_at": 1468236397,
        "sent_at": 1466703132, "waiting_since": 1468236397, "snoozed_until": null,
        "user": { "type": "user", "id": "576c" },
        "customers": [{ "type": "lead", "id": "5bfd" }],
        "assignee": { "type": "nobody_admin", "id": null },
        "conversation_message": {
            "type": "conversation_message", "id": "33", "subject": "", "body": "<p>Tea?</p>",
            "delivered_as": "customer_initiated", "author": { "type": "lead", "id": "5bfd" },
            "attachments": [{ "type": "upload", "name": "a.csv", "url": "https://example.com/a",
                "content_type": "text/csv", "filesize": 147, "width": null, "height": null }],
            "url": "https://example.com/",
        },
        "customer_first_reply": { "type": "conversation", "created_at": 1543370575, "url": "u" },
        "conversation_parts": {
            "type": "conversation_part.list",
            "conversation_parts": [{ "type": "conversation_part", "id": "14",
                "part_type": "comment", "body": "<p>Yes</p>", "created_at": 1468031160,
                "updated_at": 1468031160, "notified_at": 1468031160, "assigned_to": null,
                "author": { "type": "bot", "id": "8" }, "attachments": [], "external_id": null }],
            "total_count": 1,
        },
        "conversation_rating": { "rating": 5, "remark": "good", "created_at": 1519928682,
            "customer": { "type": "user", "id": "576c" },
            "teammate": { "type": "admin", "id": "1" } },
        "open": true, "state": "open", "read": false,
        "tags": { "type": "tag.list", "tags": [{ "type": "tag", "id": "1", "name": "a tag",
            "applied_at": 1542820819, "applied_by": { "type": "admin", "id": "54" } }] },
        "unheard_of": [1],
    })
}

#[test]
fn conversations() {
    let decoded = check::<RetrieveConversation>(&conversation());
    let assignee = decoded.assignee.expect("an assignee");
    assert_eq!((assignee.kind.as_deref(), assignee.id), (Some("nobody_admin"), None));
    check::<CloseConversation>(&conversation());
    check::<ListConversations>(&json!({
        "type": "conversation.list", "conversations": [conversation()],
        "pages": { "type": "pages", "page": 1, "per_page": 20, "total_pages": 40 },
    }));
}

#[test]
fn messages() {
    let message = check::<CreateAdminMessage>(&json!({
        "type": "admin_message", "id": "2001", "created_at": 1401916877, "message_type": "email",
        "subject": "Tea", "body": "Hi", "template": "plain",
        "owner": { "type": "admin", "id": "39", "name": "Bo", "email": "bo@example.com" },
    }));
    assert_eq!(message.message_type, Some(MessageType::Email));
    check::<CreateUserMessage>(&json!({
        "type": "user_message", "id": "2002", "created_at": 1401917202, "body": "Hi",
        "message_type": "carrier_pigeon",
    }));
}

#[test]
fn admins() {
    let list = check::<ListAdmins>(&json!({
        "type": "admin.list",
        "admins": [
            { "type": "admin", "id": "12", "name": "Bo", "email": "bo@example.com",
                "away_mode_enabled": true, "away_mode_reassign": false,
                "avatar": { "image_url": "https://example.com/bo.png" }, "team_ids": [123, 456] },
            { "type": "team", "id": "123", "name": "Tea", "admin_ids": [12] },
        ],
    }));
    let admins = list.admins.expect("admins");
    assert_eq!(admins[0].team_ids.as_ref().map(Vec::len), Some(2));
    check::<RetrieveMe>(&json!({
        "type": "admin", "id": "12", "email_verified": true, "job_title": "Cook",
        "app": { "type": "app", "id_code": "ws1", "name": "Acme", "region": "EU",
            "created_at": 1713520645, "identity_verification": false, "secure": false },
    }));
}

#[test]
fn jobs() {
    let job = check::<RetrieveJob>(&json!({
        "app_id": "ws1", "id": "job_5ca1", "name": "api_bulk_job", "state": "completed",
        "created_at": 1446033421, "completed_at": 1446048736, "closing_at": 1446034321,
        "updated_at": 1446048736,
        "links": { "error": "https://api.intercom.io/jobs/job_5ca1/error",
            "self": "https://api.intercom.io/jobs/job_5ca1" },
        "tasks": [{ "id": "task_1", "item_count": 2, "created_at": 1446033421,
            "started_at": 1446033709, "completed_at": 1446033709, "state": "dreaming" }],
    }));
    assert_eq!(job.state, Some(JobState::Completed));
    let errors = check::<ListJobErrors>(&json!({
        "app_id": "ws1", "job_id": "job_5ca1", "pages": {},
        "items": [{ "type": "job_item", "id": "1", "updated_at": 1446033709, "method": "post",
            "data_type": "user", "data": { "user_id": "u1", "email": "not an address" },
            "error": { "code": "parameter_invalid", "message": "email is invalid" } }],
    }));
    let items = errors.items.expect("items");
    assert_eq!(
        format!("{:?}", items[0]),
        r#"FailedJobItem { id: Some("1"), method: Some("post"), data_type: Some("user"), .. }"#
    );
}

#[test]
fn debug_shows_no_person() {
    let shown = format!("{:?}", check::<RetrieveUser>(&user()));
    assert_eq!(
        shown,
        "Person { kind: Some(\"user\"), id: Some(ContactId(\"5ba682d23d7cf92bef87bfd4\")), \
         app_id: Some(WorkspaceId(\"ws1\")), owner_id: Some(AdminId(\"7\")), .. }"
    );
    let shown = format!("{:?}", check::<RetrieveConversation>(&conversation()));
    assert!(!shown.contains("Tea") && !shown.contains("Yes"), "{shown}");
}
