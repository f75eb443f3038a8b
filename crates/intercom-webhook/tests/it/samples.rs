//! Invented notifications, in the shapes that Intercom sends.

use chrono::{DateTime, Utc};
use intercom_api::Method;
use intercom_webhook::{Delivery, Received, Receiver, ReceiverSettings, Rejection, sign};
use secrecy::SecretString;
use serde_json::{Value, json};

pub const SECRET: &str = "8b1c-the-client-secret";
pub const CREATED_AT: i64 = 1_768_018_294;

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(CREATED_AT + 2, 0).unwrap()
}

pub fn settings() -> ReceiverSettings {
    ReceiverSettings::new(SecretString::from(SECRET))
}

/// A notification as it is sent.
pub fn notification(topic: &str, item: &Value) -> Value {
    json!({
        "type": "notification_event",
        "app_id": "ab12cd34",
        "data": {"type": "notification_event_data", "item": item},
        "links": {},
        "id": "notif_3690afb3",
        "topic": topic,
        "delivery_status": "pending",
        "delivery_attempts": 1,
        "delivered_at": 0,
        "first_sent_at": CREATED_AT,
        "created_at": CREATED_AT,
        "self": null
    })
}

/// Receives a body, signed with the right secret.
pub fn receive_with(settings: ReceiverSettings, body: &[u8]) -> Result<Received, Rejection> {
    let signature = sign(&SecretString::from(SECRET), body);
    let signature = Some(signature.as_bytes());
    let delivery = Delivery { method: Method::Post, signature, body };
    Receiver::new(settings).unwrap().receive(&delivery, now())
}

pub fn receive(body: &[u8]) -> Result<Received, Rejection> {
    receive_with(settings(), body)
}

/// A contact as notifications have it: dates are texts.
pub fn contact() -> Value {
    json!({
        "type": "contact",
        "id": "6961d162fb0e",
        "workspace_id": "ab12cd34",
        "external_id": "u-7",
        "role": "user",
        "email": "jo@example.com",
        "phone": null,
        "name": "Jo Example",
        "avatar": null,
        "owner_id": null,
        "created_at": "2026-01-10T04:11:14.436+00:00",
        "updated_at": "2026-01-10T04:11:34.135+00:00",
        "signed_up_at": null,
        "custom_attributes": {"plan": "gold"},
        "tags": {"type": "list", "data": [], "url": "/contacts/6961d162fb0e/tags", "total_count": 0, "has_more": false},
        "sms_consent": false
    })
}
