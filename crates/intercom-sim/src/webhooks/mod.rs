//! Webhooks: what changes in the workspace becomes signed notifications.
//!
//! Whoever changes the workspace, a call of the API, `--activity` or a test, tells nothing to this
//! module: the tables remember what they held before, and the difference is what happened. Several
//! changes of one object between two looks are one.

mod happenings;
mod item;
mod outbox;
mod tickets;
mod topics;

use std::fmt;

use intercom_webhook::{Topic, sign};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::simulator::Simulator;
use crate::webhooks::item::View;
use crate::webhooks::outbox::{Entry, Outbox};

pub use outbox::{Outcome, WebhookState, WebhookStats};

/// A notification as it goes over the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its id, the same for each attempt.
    pub id: String,
    /// What happened.
    pub topic: Topic,
    /// The body, to be sent byte for byte.
    pub body: Vec<u8>,
    /// The value of [`SIGNATURE_HEADER`](intercom_webhook::SIGNATURE_HEADER).
    pub signature: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl fmt::Debug for Notification {
    /// Without the body, which holds the data of a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("id", &self.id)
            .field("topic", &self.topic)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A subscription to everything that happens.
#[derive(Debug, Clone)]
pub(crate) struct Webhooks {
    secret: SecretString,
    outbox: Outbox,
    n_notifications: u64,
    /// When the subscription was tested last, or began.
    pinged_at: Option<i64>,
}

/// How often the subscription is tested without being asked.
const PING_EVERY: i64 = 86_400;

impl Webhooks {
    /// Sends a test of the subscription when the last one is a day old.
    fn ping_in_time(&mut self, now: i64) {
        let since = *self.pinged_at.get_or_insert(now);
        if now.saturating_sub(since) >= PING_EVERY {
            self.ping(now);
        }
    }

    fn ping(&mut self, now: i64) {
        self.pinged_at = Some(now);
        let item = json!({"type": "ping", "message": "a test of the subscription"});
        self.push(Topic::Ping, item, now);
    }

    fn push(&mut self, topic: Topic, item: Value, now: i64) {
        self.n_notifications += 1;
        let seconds = now & 0xffff_ffff;
        let id = format!("notif_{seconds:08x}-0000-4000-8000-{:012x}", self.n_notifications);
        self.outbox.push(Entry::new(id, topic, item, now));
    }

    fn sealed(&self, entry: Entry, app_id: &str) -> Notification {
        let Entry { id, topic, item, created_at, first_sent_at, attempt, .. } = entry;
        let body = json!({
            "type": "notification_event", "app_id": app_id,
            "data": {"type": "notification_event_data", "item": item},
            "links": {}, "id": id, "topic": topic.as_str(), "delivery_status": "pending",
            "delivery_attempts": attempt, "delivered_at": 0, "first_sent_at": first_sent_at,
            "created_at": created_at, "self": null,
        });
        let body = body.to_string().into_bytes();
        let signature = sign(&self.secret, &body);
        Notification { id, topic, body, signature, attempt }
    }
}

impl Simulator {
    /// Subscribes to all topics that the simulator knows: from here on, what changes becomes
    /// notifications, signed with the app's client secret. A second time replaces secret and
    /// outbox.
    pub fn subscribe(&mut self, secret: SecretString) {
        let workspace = self.workspace_mut();
        workspace.contacts.record();
        workspace.companies.record();
        workspace.conversations.record();
        workspace.tickets.record();
        workspace.record_happenings();
        let outbox = Outbox::default();
        self.webhooks = Some(Webhooks { secret, outbox, n_notifications: 0, pinged_at: None });
    }

    /// The notifications that are due at `now` (unix seconds), each once per attempt. What becomes
    /// of them is told by [`conclude`](Self::conclude); untold, they stay in flight.
    pub fn take_notifications(&mut self, now: i64) -> Vec<Notification> {
        self.catch_up(now);
        let Some(webhooks) = &mut self.webhooks else { return Vec::new() };
        let due = webhooks.outbox.take(now);
        let app_id = &self.workspace.profile.id_code;
        due.into_iter().map(|entry| webhooks.sealed(entry, app_id)).collect()
    }

    /// Tells what became of a notification.
    pub fn conclude(&mut self, id: &str, outcome: Outcome, now: i64) {
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.outbox.conclude(id, outcome, now);
        }
    }

    /// Sends a test of the subscription, as the API's own page does on demand. One is sent every
    /// day without being asked for.
    pub fn ping(&mut self, now: i64) {
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.ping(now);
        }
    }

    /// Delivers again after a 410, a 429 or too many errors.
    pub fn resume_webhooks(&mut self) {
        if let Some(webhooks) = &mut self.webhooks {
            webhooks.outbox.resume();
        }
    }

    /// What became of the notifications so far.
    pub fn webhook_stats(&self, now: i64) -> WebhookStats {
        self.webhooks.as_ref().map_or_else(WebhookStats::default, |w| w.outbox.stats(now))
    }

    /// Writes down what has changed since it was called last.
    pub(crate) fn notice(&mut self, now: i64) {
        if self.settings.index_lag > 0 {
            self.workspace.date_changes(now, self.settings.index_lag);
        }
        let Some(webhooks) = &mut self.webhooks else { return };
        let contacts = self.workspace.contacts.take_recorded();
        let companies = self.workspace.companies.take_recorded();
        let conversations = self.workspace.conversations.take_recorded();
        let tickets = self.workspace.tickets.take_recorded();
        let happenings = self.workspace.take_happenings();
        let mut happened = Vec::new();
        let (version, origin) = (self.settings.webhook_version, self.origin.as_str());
        let view = View { workspace: &self.workspace, version, origin };
        for (slot, before) in contacts {
            topics::of_contact(view, slot, before.as_ref(), now, &mut happened);
        }
        for (slot, before) in companies {
            topics::of_company(view, slot, before.as_ref(), &mut happened);
        }
        for (slot, before) in conversations {
            topics::of_conversation(view, slot, before.as_ref(), &mut happened);
        }
        for (slot, before) in tickets {
            tickets::of_ticket(view, slot, before.as_ref(), &mut happened);
        }
        happened.extend(happenings.iter().filter_map(|one| happenings::told(view, one, now)));
        webhooks.ping_in_time(now);
        for (topic, item) in happened {
            webhooks.push(topic, item, now);
        }
    }
}
