//! What happened, from what an object was and what it is.

use std::collections::BTreeSet;

use intercom_webhook::Topic;
use serde_json::{Map, Value, json};

use crate::webhooks::happenings::subscription;
use crate::webhooks::item::{self, View};
use crate::workspace::company::Company;
use crate::workspace::contact::{Contact, Role};
use crate::workspace::conversation::Conversation;
use crate::workspace::table::Slot;

/// What happened, in the order in which it is told.
type Happened = Vec<(Topic, Value)>;

pub(super) fn of_contact(
    view: View<'_>,
    slot: Slot,
    before: Option<&Contact>,
    now: i64,
    happened: &mut Happened,
) {
    match (before, view.workspace.contacts.get(slot)) {
        (None, None) => {}
        (None, Some(after)) => {
            let topic = match after.role {
                Role::User => Topic::ContactUserCreated,
                Role::Lead => Topic::ContactLeadCreated,
            };
            happened.push((topic, item::contact(view, after)));
            memberships(view, None, after, now, happened);
        }
        (Some(before), None) => happened.push(gone(view, before)),
        (Some(before), Some(after)) => {
            for topic in contact_topics(before, after) {
                happened.push((topic, item::contact(view, after)));
            }
            if let Some(topic) = consent(before, after) {
                let contact = item::contact(view, after);
                happened.push((topic, subscription(&contact, &[], now)));
            }
            memberships(view, Some(before), after, now, happened);
        }
    }
}

/// A contact that was merged is told with the one that remains, a deleted one by its ids.
fn gone(view: View<'_>, before: &Contact) -> (Topic, Value) {
    let into = view.workspace.canonical(&before.id);
    let remaining =
        view.workspace.contacts.find(into).and_then(|slot| view.workspace.contacts.get(slot));
    match remaining {
        Some(remaining) if into != &*before.id => {
            let mut merged = item::contact(view, remaining);
            merged["merged_from"] = json!({"type": "contact", "id": *before.id});
            (Topic::ContactMerged, merged)
        }
        Some(_) | None => (Topic::ContactDeleted, item::deleted_contact(before)),
    }
}

fn contact_topics(before: &Contact, after: &Contact) -> Vec<Topic> {
    let mut topics = Vec::new();
    match (before.is_archived, after.is_archived) {
        (false, true) => topics.push(Topic::ContactArchived),
        (true, false) => topics.push(Topic::ContactUnarchive),
        (false, false) | (true, true) => {}
    }
    if (before.role, after.role) == (Role::Lead, Role::User) {
        topics.push(Topic::ContactLeadSignedUp);
    }
    if before.email != after.email {
        topics.push(match (after.role, &before.email) {
            (Role::Lead, None) => Topic::ContactLeadAddedEmail,
            (Role::Lead | Role::User, _) => Topic::ContactEmailUpdated,
        });
    }
    let is_updated = before.email != after.email
        || before.external_id != after.external_id
        || before.owner_id != after.owner_id
        || before.body.to_map() != after.body.to_map();
    if is_updated {
        topics.push(match after.role {
            Role::User => Topic::ContactUserUpdated,
            Role::Lead => Topic::ContactLeadUpdated,
        });
    }
    topics
}

/// Whether a contact subscribed to all messages, or unsubscribed from them.
fn consent(before: &Contact, after: &Contact) -> Option<Topic> {
    let is_out = |contact: &Contact| {
        contact.body.pick(&["unsubscribed_from_emails"]) == Some(Value::Bool(true))
    };
    match (is_out(before), is_out(after)) {
        (false, true) => Some(Topic::ContactUnsubscribed),
        (true, false) => Some(Topic::ContactSubscribed),
        (false, false) | (true, true) => None,
    }
}

/// Tags and companies that a contact got or lost.
fn memberships(
    view: View<'_>,
    before: Option<&Contact>,
    after: &Contact,
    now: i64,
    happened: &mut Happened,
) {
    let tags = |contact: &Contact| -> BTreeSet<u32> {
        contact.tags.iter().map(|applied| applied.tag).collect()
    };
    let (had, has) = (before.map(tags).unwrap_or_default(), tags(after));
    let (created, deleted) = match after.role {
        Role::User => (Topic::ContactUserTagCreated, Topic::ContactUserTagDeleted),
        Role::Lead => (Topic::ContactLeadTagCreated, Topic::ContactLeadTagDeleted),
    };
    for (topic, place) in differences(&had, &has, &created, &deleted) {
        let tagged = json!({
            "type": "contact_tag", "created_at": now, "tag": item::tag(view, place),
            "contact": item::contact(view, after),
        });
        happened.push((topic, tagged));
    }
    let companies =
        |contact: &Contact| -> BTreeSet<Slot> { contact.companies.iter().copied().collect() };
    let (had, has) = (before.map(companies).unwrap_or_default(), companies(after));
    let (attached, detached) = (Topic::CompanyContactAttached, Topic::CompanyContactDetached);
    for (topic, slot) in differences(&had, &has, &attached, &detached) {
        if let Some(company) = view.workspace.companies.get(slot) {
            let (company, contact) = (item::company(view, company), item::contact(view, after));
            happened.push((topic, json!({"company": company, "contact": contact})));
        }
    }
}

/// What was added and what was taken away, each with its topic.
fn differences<T: Ord + Copy>(
    had: &BTreeSet<T>,
    has: &BTreeSet<T>,
    added: &Topic,
    removed: &Topic,
) -> Vec<(Topic, T)> {
    let new = has.difference(had).map(|entry| (added.clone(), *entry));
    new.chain(had.difference(has).map(|entry| (removed.clone(), *entry))).collect()
}

pub(super) fn of_company(
    view: View<'_>,
    slot: Slot,
    before: Option<&Company>,
    happened: &mut Happened,
) {
    match (before, view.workspace.companies.get(slot)) {
        (None, None) => {}
        (None, Some(after)) => {
            happened.push((Topic::CompanyCreated, item::company(view, after)));
        }
        (Some(before), None) => {
            happened.push((Topic::CompanyDeleted, item::deleted_company(before)));
        }
        // A company does not change when contacts join it.
        (Some(before), Some(after)) => {
            let is_updated = before.name != after.name
                || before.company_id != after.company_id
                || before.tags != after.tags
                || before.body.to_map() != after.body.to_map();
            if is_updated {
                happened.push((Topic::CompanyUpdated, item::company(view, after)));
            }
        }
    }
}

pub(super) fn of_conversation(
    view: View<'_>,
    slot: Slot,
    before: Option<&Conversation>,
    happened: &mut Happened,
) {
    match (before, view.workspace.conversations.get(slot)) {
        (None, None) => {}
        (None, Some(after)) => {
            let author = after.body.pick(&["source", "author", "type"]);
            let topic = match author.as_ref().and_then(Value::as_str) {
                Some("admin" | "team" | "bot") => Topic::ConversationAdminSingleCreated,
                _ => Topic::ConversationUserCreated,
            };
            happened.push((topic, item::conversation(view, after, |_| true)));
        }
        (Some(before), None) => {
            happened.push((Topic::ConversationDeleted, item::deleted_conversation(before)));
        }
        (Some(before), Some(after)) => changed(view, before, after, happened),
    }
}

fn changed(view: View<'_>, before: &Conversation, after: &Conversation, happened: &mut Happened) {
    let (known, parts) = (before.parts(), after.parts());
    for (position, part) in parts.iter().enumerate() {
        let topic = match known.get(position) {
            None => part_topic(part),
            Some(known) if is_redacted(part) && !is_redacted(known) => {
                Some(Topic::ConversationPartRedacted)
            }
            Some(_) => None,
        };
        if let Some(topic) = topic {
            let item = item::conversation(view, after, |shown| shown == position);
            happened.push((topic, item));
        }
    }
    let whole = || item::conversation(view, after, |_| false);
    let source_redacted = |conversation: &Conversation| {
        conversation.body.pick(&["source", "redacted"]) == Some(Value::Bool(true))
    };
    if !source_redacted(before) && source_redacted(after) {
        happened.push((Topic::ConversationPartRedacted, whole()));
    }
    let tags = |conversation: &Conversation| -> BTreeSet<u32> {
        conversation.tags.iter().map(|applied| applied.tag).collect()
    };
    let (had, has) = (tags(before), tags(after));
    let added: Vec<Value> = has.difference(&had).map(|tag| item::tag(view, *tag)).collect();
    if !added.is_empty() {
        let mut tagged = whole();
        tagged["tags_added"] = json!({"type": "tag.list", "tags": added});
        happened.push((Topic::ConversationPartTagCreated, tagged));
    }
    if before.is_priority != after.is_priority {
        happened.push((Topic::ConversationPriorityUpdated, whole()));
    }
    let is_read =
        |conversation: &Conversation| conversation.body.pick(&["read"]) == Some(Value::Bool(true));
    if !is_read(before) && is_read(after) {
        happened.push((Topic::ConversationRead, whole()));
    }
    let rating =
        |conversation: &Conversation| conversation.body.pick(&["conversation_rating", "rating"]);
    if rating(after).is_some_and(|rating| !rating.is_null()) && rating(before) != rating(after) {
        happened.push((Topic::ConversationRatingAdded, whole()));
    }
    let ids = |conversation: &Conversation| -> BTreeSet<Box<str>> {
        conversation.contact_ids().map(Box::from).collect()
    };
    let (had, has) = (ids(before), ids(after));
    let attached = has.difference(&had).map(|id| (Topic::ConversationContactAttached, id));
    let detached = had.difference(&has).map(|id| (Topic::ConversationContactDetached, id));
    for (topic, id) in attached.chain(detached) {
        let slot = view.workspace.contacts.find(id);
        if let Some(contact) = slot.and_then(|slot| view.workspace.contacts.get(slot)) {
            let contact = item::contact(view, contact);
            happened.push((topic, json!({"conversation": whole(), "contact": contact})));
        }
    }
}

fn is_redacted(part: &Map<String, Value>) -> bool {
    part.get("redacted") == Some(&Value::Bool(true))
}

/// What a part tells; attribute changes and the like have no topic.
fn part_topic(part: &Map<String, Value>) -> Option<Topic> {
    let part_type = part.get("part_type").and_then(Value::as_str).unwrap_or("comment");
    let author = part.get("author").and_then(|author| author.get("type")).and_then(Value::as_str);
    let has_body = part.get("body").is_some_and(|body| !body.is_null());
    Some(match (part_type, author) {
        ("comment" | "open", Some("user" | "lead" | "contact")) if has_body => {
            Topic::ConversationUserReplied
        }
        ("comment", Some("bot")) => Topic::ConversationOperatorReplied,
        ("comment", _) => Topic::ConversationAdminReplied,
        ("note", _) => Topic::ConversationAdminNoted,
        ("close", _) => Topic::ConversationAdminClosed,
        ("open", _) => Topic::ConversationAdminOpened,
        ("assignment", _) => Topic::ConversationAdminAssigned,
        ("assign_and_reopen", _) => Topic::ConversationAdminOpenAssigned,
        ("snoozed", _) => Topic::ConversationAdminSnoozed,
        ("unsnoozed", _) => Topic::ConversationAdminUnsnoozed,
        _ => return None,
    })
}
