//! Objects as the API sends them: stored fields, columns and what other objects add.

use intercom_api::ApiVersion;
use serde_json::{Map, Value, json};

use crate::json::{self, Object};
use crate::workspace::Workspace;
use crate::workspace::company::Company;
use crate::workspace::contact::{Applied, Contact, render_preview};
use crate::workspace::conversation::{Conversation, MAX_PARTS};
use crate::workspace::journal::{Note, Subject};
use crate::workspace::table::Slot;

/// Whether a conversation is sent with its parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WithParts {
    Yes,
    No,
}

/// The version from which parts tell the state in which they left the conversation.
const STATES_SINCE: ApiVersion = ApiVersion::V2_13;

/// Adds the state after each part, which follows from those before it.
fn add_states(parts: &mut [Map<String, Value>]) {
    let mut state = "open";
    for part in parts {
        state = match part.get("part_type").and_then(Value::as_str) {
            Some("close") => "closed",
            Some("snoozed") => "snoozed",
            Some("open" | "unsnoozed" | "assign_and_reopen") => "open",
            _ => state,
        };
        part.entry("state").or_insert_with(|| state.into());
    }
}

impl Workspace {
    /// A contact as API version 2.16 shows it; archived ones included.
    pub fn contact(&self, id: &str) -> Option<Value> {
        let contact = self.contacts.get(self.contacts.find(id)?)?;
        let mut out = Vec::new();
        self.render_contact(&mut out, contact, ApiVersion::V2_16);
        serde_json::from_slice(&out).ok()
    }

    /// A conversation with its parts as API version 2.16 shows it.
    pub fn conversation(&self, id: &str) -> Option<Value> {
        let conversation = self.conversations.get(self.conversations.find(id)?)?;
        let mut out = Vec::new();
        self.render_conversation(&mut out, conversation, ApiVersion::V2_16, WithParts::Yes);
        serde_json::from_slice(&out).ok()
    }

    pub(crate) fn render_contact(&self, out: &mut Vec<u8>, contact: &Contact, version: ApiVersion) {
        let tags: Vec<&str> = contact.tags.iter().filter_map(|a| self.tag_id(a)).collect();
        let companies: Vec<&str> = contact
            .companies
            .iter()
            .filter_map(|slot| Some(&*self.companies.get(*slot)?.id))
            .collect();
        let notes = self.note_ids(contact);
        json::object(out, |object| {
            contact.render(object, &self.profile.id_code, version >= ApiVersion::V2_16);
            render_preview(object, "tags", "tag", &contact.id, tags.into_iter());
            render_preview(object, "companies", "company", &contact.id, companies.into_iter());
            let notes = notes.iter().map(String::as_str);
            render_preview(object, "notes", "note", &contact.id, notes);
        });
    }

    fn note_ids(&self, contact: &Contact) -> Vec<String> {
        if contact.n_notes == 0 {
            return Vec::new();
        }
        let Some(slot) = self.contacts.find(&contact.id) else { return Vec::new() };
        self.notes_about(Subject::Contact(slot)).map(|note| note.id.to_string()).collect()
    }

    /// Notes about something, newest first.
    pub(crate) fn notes_about(&self, subject: Subject) -> impl Iterator<Item = &Note> {
        self.notes.iter().rev().filter(move |note| note.subject == subject)
    }

    fn tag_id(&self, applied: &Applied) -> Option<&str> {
        self.tags.get(applied.tag).map(|tag| &*tag.id)
    }

    pub(crate) fn render_conversation(
        &self,
        out: &mut Vec<u8>,
        conversation: &Conversation,
        version: ApiVersion,
        with_parts: WithParts,
    ) {
        json::object(out, |object| {
            conversation.render(object, version >= ApiVersion::V2_16);
            object.object("contacts", |contacts| {
                contacts.field("type", "contact.list");
                let ids = conversation.contact_ids().map(|id| self.canonical(id));
                contacts.list("contacts", ids, |out, id| {
                    json::object(out, |contact| self.render_contact_reference(contact, id));
                });
            });
            object.object("tags", |tags| {
                tags.field("type", "tag.list");
                tags.list("tags", &conversation.tags, |out, applied| {
                    self.render_applied(out, applied);
                });
            });
            if with_parts == WithParts::Yes {
                self.render_parts(object, conversation, version);
            }
        });
    }

    /// A tag with the instant it was applied.
    pub(crate) fn render_applied(&self, out: &mut Vec<u8>, applied: &Applied) {
        json::object(out, |object| {
            if let Some(tag) = self.tags.get(applied.tag) {
                tag.render(object);
            }
            object.field("applied_at", &applied.applied_at);
            object.object("applied_by", |by| {
                by.field("type", "admin").field("id", &self.admins.first().map(|a| &*a.id));
            });
        });
    }

    /// A contact as other objects name it.
    pub(crate) fn render_contact_reference(&self, object: &mut Object<'_>, id: &str) {
        object.field("type", "contact").field("id", id);
        object.field("external_id", &self.external_id(id));
    }

    fn external_id(&self, contact_id: &str) -> Option<&str> {
        self.contacts.get(self.contacts.find(contact_id)?)?.external_id.as_deref()
    }

    fn render_parts(
        &self,
        object: &mut Object<'_>,
        conversation: &Conversation,
        version: ApiVersion,
    ) {
        let mut parts = conversation.parts();
        if version >= STATES_SINCE {
            add_states(&mut parts);
        }
        let shown = parts.len().saturating_sub(MAX_PARTS);
        object.object("conversation_parts", |list| {
            list.field("type", "conversation_part.list").field("total_count", &parts.len());
            list.list("conversation_parts", parts.into_iter().skip(shown), |out, part| {
                json::value(out, &self.complete_part(part));
            });
        });
    }

    /// A part with the fields that are not stored.
    fn complete_part(&self, mut part: Map<String, Value>) -> Value {
        let created_at = part.get("created_at").cloned().unwrap_or_default();
        let defaults = json!({
            "type": "conversation_part", "part_type": "comment", "body": null,
            "updated_at": created_at.clone(), "notified_at": created_at, "assigned_to": null,
            "author": null, "attachments": [], "external_id": null, "redacted": false,
            "email_message_metadata": null, "metadata": {}, "app_package_code": null,
        });
        if let Value::Object(defaults) = defaults {
            for (name, value) in defaults {
                part.entry(name).or_insert(value);
            }
        }
        if let Some(Value::Object(author)) = part.get_mut("author") {
            self.complete_author(author);
        }
        Value::Object(part)
    }

    /// Adds name and e-mail to an author that is stored as type and id.
    pub(crate) fn complete_author(&self, author: &mut Map<String, Value>) {
        if author.contains_key("name") {
            return;
        }
        let id = author.get("id").and_then(Value::as_str).unwrap_or_default();
        let is_admin = author.get("type").and_then(Value::as_str) == Some("admin");
        let (name, email) = if is_admin {
            let admin = self.admin(id);
            let text = |field| admin.and_then(|admin| admin.text(field)).map(str::to_owned);
            (text("name"), text("email"))
        } else {
            let slot = self.contacts.find(self.canonical(id));
            let contact = slot.and_then(|slot| self.contacts.get(slot));
            let email = contact.and_then(|contact| contact.email.as_deref()).map(str::to_owned);
            (contact.and_then(Contact::name), email)
        };
        author.insert("name".to_owned(), name.into());
        author.insert("email".to_owned(), email.into());
    }

    pub(crate) fn render_company(&self, out: &mut Vec<u8>, company: &Company) {
        json::object(out, |object| {
            company.render(object, &self.profile.id_code);
            object.object("tags", |tags| {
                tags.field("type", "tag.list");
                let applied = company.tags.iter().filter_map(|place| self.tags.get(*place));
                tags.list("tags", applied, |out, tag| json::object(out, |o| tag.render(o)));
            });
            object.raw("segments", br#"{"type":"segment.list","segments":[]}"#);
        });
    }

    pub(crate) fn render_note(&self, out: &mut Vec<u8>, note: &Note) {
        json::object(out, |object| {
            object.field("type", "note").field("id", &note.id.to_string());
            object.field("created_at", &note.created_at);
            let (name, id) = match note.subject {
                Subject::Contact(slot) => ("contact", self.contact_id(slot)),
                Subject::Company(slot) => ("company", self.companies.get(slot).map(|c| &*c.id)),
            };
            object.object(name, |subject| {
                subject.field("type", name).field("id", &id);
            });
            let author = note.author_id.as_deref().and_then(|id| self.admin(id));
            object.field("author", &author.map(|admin| &admin.fields));
            object.field("body", &*note.body);
        });
    }

    fn contact_id(&self, slot: Slot) -> Option<&str> {
        self.contacts.get(slot).map(|contact| &*contact.id)
    }
}
