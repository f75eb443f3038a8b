//! What happened without changing an object: events, subscriptions, jobs.

use intercom_webhook::Topic;
use serde_json::{Value, json};

use crate::routes::events;
use crate::webhooks::item::{self, View};
use crate::workspace::happening::Happening;
use crate::workspace::subscription::TYPES;

/// The topic and the item of something that happened; `None` when the contact is gone since.
pub(super) fn told(view: View<'_>, happening: &Happening, now: i64) -> Option<(Topic, Value)> {
    Some(match happening {
        Happening::Event { contact, event } => {
            let contact = view.workspace.contacts.get(*contact)?;
            let item = item::object(|out| events::render(out, contact, event), |_| ());
            (Topic::EventCreated, item)
        }
        Happening::Subscription { contact, kind, is_attached } => {
            let contact = view.workspace.contacts.get(*contact)?;
            let kind = TYPES.get(*kind)?;
            let kind = item::object(|out| crate::json::object(out, |o| kind.render(o)), |_| ());
            let topic = match is_attached {
                true => Topic::GranularSubscribe,
                false => Topic::GranularUnsubscribe,
            };
            (topic, subscription(&item::contact(view, contact), &[kind], now))
        }
        Happening::Job { id, resource_type, resource_id } => {
            let url = |path: String| format!("{}{path}", view.origin);
            let resource = resource_id.as_ref();
            let item = json!({
                "type": "job", "id": id.to_string(), "url": url(format!("/jobs/status/{id}")),
                "status": "success", "resource_type": resource_type, "resource_id": resource_id,
                "resource_url": resource.map(|id| url(format!("/{resource_type}s/{id}"))),
            });
            (Topic::JobCompleted, item)
        }
    })
}

/// A contact and the types of messages that it is about; none when it is all of them.
pub(super) fn subscription(contact: &Value, kinds: &[Value], now: i64) -> Value {
    let kinds = json!({"type": "list", "data": kinds});
    json!({
        "type": "contact_subscription", "contact": contact, "subscription_types": kinds,
        "created_at": now,
    })
}
