//! Objects as notifications have them.

use chrono::{DateTime, SecondsFormat};
use intercom_api::ApiVersion;
use serde_json::{Map, Value, json};

use crate::json;
use crate::routes::conversations::plain_body;
use crate::workspace::Workspace;
use crate::workspace::company::Company;
use crate::workspace::contact::Contact;
use crate::workspace::conversation::Conversation;
use crate::workspace::render::WithParts;
use crate::workspace::ticket::Ticket;

/// The version from which conversations are told in plain text.
const PLAIN_SINCE: ApiVersion = ApiVersion::V2_15;

/// The workspace as notifications show it: in the version that the app is configured for.
#[derive(Clone, Copy)]
pub(super) struct View<'w> {
    pub(super) workspace: &'w Workspace,
    pub(super) version: ApiVersion,
    /// Where URLs point.
    pub(super) origin: &'w str,
}

/// A contact, whose dates are texts.
pub(super) fn contact(view: View<'_>, contact: &Contact) -> Value {
    let render = |out: &mut Vec<u8>| view.workspace.render_contact(out, contact, view.version);
    object(render, dates_as_texts)
}

/// A company, whose dates are texts.
pub(super) fn company(view: View<'_>, company: &Company) -> Value {
    object(|out| view.workspace.render_company(out, company), dates_as_texts)
}

/// A ticket.
pub(super) fn ticket(view: View<'_>, ticket: &Ticket) -> Value {
    object(|out| view.workspace.render_ticket(out, ticket, view.version), |_| ())
}

/// A conversation with some of its parts.
pub(super) fn conversation(
    view: View<'_>,
    conversation: &Conversation,
    is_shown: impl Fn(usize) -> bool,
) -> Value {
    let render = |out: &mut Vec<u8>| {
        view.workspace.render_conversation(out, conversation, view.version, WithParts::Yes);
    };
    let plain = |message: &mut Value| {
        if view.version >= PLAIN_SINCE {
            plain_body(message);
        }
    };
    object(render, |fields| {
        fields.get_mut("source").into_iter().for_each(plain);
        let list = fields.get_mut("conversation_parts").and_then(Value::as_object_mut);
        let Some(list) = list else { return };
        let total = list.get("total_count").and_then(Value::as_u64).unwrap_or(0);
        let Some(Value::Array(parts)) = list.get_mut("conversation_parts") else { return };
        // Of a long conversation only the last parts are rendered.
        let total = usize::try_from(total).unwrap_or(parts.len());
        let mut position = total.saturating_sub(parts.len());
        parts.retain_mut(|part| {
            plain(part);
            position += 1;
            is_shown(position - 1)
        });
        let n_shown = parts.len();
        list.insert("total_count".to_owned(), n_shown.into());
    })
}

/// What identifies a contact that is gone.
pub(super) fn deleted_contact(contact: &Contact) -> Value {
    let external_id = &contact.external_id;
    json!({"type": "contact", "id": *contact.id, "external_id": external_id, "deleted": true})
}

/// What identifies a company that is gone.
pub(super) fn deleted_company(company: &Company) -> Value {
    let company_id = &company.company_id;
    json!({"type": "company", "id": *company.id, "company_id": company_id, "deleted": true})
}

/// What identifies a conversation that is gone.
pub(super) fn deleted_conversation(conversation: &Conversation) -> Value {
    json!({"type": "conversation", "conversation_id": *conversation.id})
}

/// A tag of the workspace; one that is gone has no name.
pub(super) fn tag(view: View<'_>, place: u32) -> Value {
    match view.workspace.tags.get(place) {
        Some(tag) => Value::Object(json::read_object(&json::object_text(|o| tag.render(o)))),
        None => json!({"type": "tag", "id": place.to_string()}),
    }
}

/// An object that is rendered as the API does, with what notifications change about it.
pub(super) fn object(
    render: impl FnOnce(&mut Vec<u8>),
    change: impl FnOnce(&mut Map<String, Value>),
) -> Value {
    let mut text = Vec::new();
    render(&mut text);
    let mut fields = json::read_object(&text);
    change(&mut fields);
    Value::Object(fields)
}

fn dates_as_texts(fields: &mut Map<String, Value>) {
    for (name, value) in fields {
        let seconds = value.as_i64().filter(|_| name.ends_with("_at"));
        if let Some(at) = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0)) {
            *value = at.to_rfc3339_opts(SecondsFormat::Millis, false).into();
        }
    }
}
