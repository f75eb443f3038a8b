//! Conversations: search, list, create, read, update, delete.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json as text;
use crate::routes::data_attributes::{self, Unknown};
use crate::routes::fields::{self, Takes};
use crate::routes::pages::NumberedPage;
use crate::routes::{Call, pages, required_id, required_text};
use crate::search::cursor::SortUnit;
use crate::search::fields::{CONVERSATION_FIELDS, Column, INBOX_RULES};
use crate::search::filter::Source;
use crate::search::grammar::{Attributes, Grammar, Precision};
use crate::search::{Page, PageLimits, Search, Sort, read_cursor};
use crate::workspace::catalogue::Model;
use crate::workspace::conversation::{Conversation, DEFAULTS};
use crate::workspace::render::WithParts;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 20, max: 150 };
const DELETED_PAGE: PageLimits = PageLimits { default: 20, max: 60 };

pub(super) fn search(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let grammar = Grammar {
        fields: CONVERSATION_FIELDS,
        rules: INBOX_RULES,
        precision: Precision::Second,
        attributes: Attributes::None,
        version: call.version,
        workspace: call.workspace,
    };
    let search = Search::parse(&body, &grammar, PAGE, Column::UpdatedAt)?;
    let page = search.page::<Conversation>(call.workspace, call.now)?;
    Ok(answer(call, &page))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let per_page = call.query("per_page").map(Value::from);
    let cursor = call.query("starting_after").map(|c| read_cursor(c, SortUnit::Instant));
    let search = Search {
        filter: None,
        sort: Sort {
            source: Source::Column(Column::CreatedAt),
            unit: SortUnit::Instant,
            is_ascending: false,
        },
        per_page: PAGE.length(per_page.as_ref())?,
        cursor: cursor.transpose()?,
    };
    let page = search.page::<Conversation>(call.workspace, call.now)?;
    Ok(answer(call, &page))
}

fn answer(call: &Call<'_>, page: &Page) -> Answer {
    Answer::object(|object| {
        object.field("type", "conversation.list");
        let slots = page.slots.iter();
        let found = slots.filter_map(|slot| call.workspace.conversations.get(*slot));
        object.list("conversations", found, |out, conversation| {
            let workspace = &*call.workspace;
            workspace.render_conversation(out, conversation, call.version, WithParts::No);
        });
        pages::by_cursor(object, page);
    })
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let answer = render(call, slot)?;
    if call.query("display_as") != Some("plaintext") {
        return Ok(answer);
    }
    let mut object = text::read_object(&answer.body);
    if let Some(source) = object.get_mut("source") {
        plain_body(source);
    }
    let parts = object.get_mut("conversation_parts").and_then(|p| p.get_mut("conversation_parts"));
    parts.and_then(Value::as_array_mut).into_iter().flatten().for_each(plain_body);
    Ok(Answer::ok(|out| text::value(out, &object)))
}

/// Replaces an HTML body by its text.
pub(crate) fn plain_body(part: &mut Value) {
    let Some(body) = part.get("body").and_then(Value::as_str) else { return };
    let mut is_tag = false;
    let plain: String = body
        .replace("</p><p>", "\n\n")
        .chars()
        .filter(|c| {
            let was_tag = is_tag;
            is_tag = (is_tag || *c == '<') && *c != '>';
            !was_tag && !is_tag
        })
        .collect();
    part["body"] = plain.into();
}

/// A conversation with its parts.
pub(super) fn render(call: &Call<'_>, slot: Slot) -> Result<Answer, Refusal> {
    let found = call.workspace.conversations.get(slot);
    let found = found.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::ok(|out| {
        call.workspace.render_conversation(out, found, call.version, WithParts::Yes);
    }))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let message = required_text(&body, "body")?;
    let from = body.get("from").and_then(Value::as_object);
    let from = from.ok_or_else(|| Refusal::missing("from"))?;
    let contact = call.workspace.find_contact(&required_id(from, "id")?);
    let contact = contact.ok_or_else(|| Refusal::not_found("User"))?;
    let subject = body.get("subject").and_then(Value::as_str).unwrap_or_default();
    let (id, message_id) = open(call, contact, message, subject);
    Ok(Answer::object(|object| {
        object.field("type", "user_message").field("id", &message_id);
        object.field("created_at", &call.now).field("body", message);
        object.field("message_type", "inapp").field("conversation_id", &id);
    }))
}

/// Opens a conversation that an admin began, returning its id and the id of the message.
pub(super) fn open_by_admin(
    call: &mut Call<'_>,
    admin: &str,
    contact: Slot,
    (body, subject): (&str, &str),
) -> (String, String) {
    let message_id = call.workspace.next_number().to_string();
    let contact_id = call.workspace.contacts.get(contact).map(|contact| contact.id.clone());
    let mut author = Map::new();
    author.insert("type".to_owned(), "admin".into());
    author.insert("id".to_owned(), admin.into());
    call.workspace.complete_author(&mut author);
    let source = json!({
        "type": "conversation", "id": message_id, "delivered_as": "admin_initiated",
        "subject": subject, "body": format!("<p>{body}</p>"), "author": author,
        "attachments": [], "url": null, "redacted": false,
    });
    let slot = call.workspace.add_conversation(call.now, |conversation| {
        conversation.contacts = contact_id.unwrap_or_default();
        let mut fields = Map::new();
        fields.insert("source".to_owned(), source);
        conversation.body = crate::workspace::body::Body::from_map(fields, &DEFAULTS);
        conversation.change_statistics(|_| {});
    });
    let conversation = call.workspace.conversations.get(slot);
    (conversation.map_or_else(String::new, |found| found.id.to_string()), message_id)
}

/// Opens a conversation that a contact began, returning its id and the id of the message.
pub(super) fn open(
    call: &mut Call<'_>,
    contact: Slot,
    body: &str,
    subject: &str,
) -> (String, String) {
    let message_id = call.workspace.next_number().to_string();
    let now = call.now;
    let Some(contact) = call.workspace.contacts.get(contact) else {
        return (String::new(), message_id);
    };
    let mut author = Map::new();
    author.insert("type".to_owned(), contact.role.as_str().into());
    author.insert("id".to_owned(), (*contact.id).into());
    let contact_id = contact.id.clone();
    call.workspace.complete_author(&mut author);
    let source = json!({
        "type": "conversation", "id": message_id, "delivered_as": "customer_initiated",
        "subject": subject, "body": format!("<p>{body}</p>"), "author": author,
        "attachments": [], "url": null, "redacted": false,
    });
    let slot = call.workspace.add_conversation(now, |conversation| {
        conversation.contacts = contact_id;
        conversation.waiting_since = u32::try_from(now).ok();
        let mut fields = Map::new();
        fields.insert("source".to_owned(), source);
        let first = json!({"created_at": now, "type": "conversation", "url": null});
        fields.insert("first_contact_reply".to_owned(), first);
        conversation.body = crate::workspace::body::Body::from_map(fields, &DEFAULTS);
        conversation.change_statistics(|_| {});
    });
    let conversation = call.workspace.conversations.get(slot);
    (conversation.map_or_else(String::new, |found| found.id.to_string()), message_id)
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = change(call)?;
    render(call, slot)
}

/// Writes what the body says about the conversation of the path.
pub(super) fn change(call: &mut Call<'_>) -> Result<Slot, Refusal> {
    let slot = call.conversation()?;
    let mut body = call.body()?;
    body.retain(|name, _| matches!(name.as_str(), "read" | "title" | "custom_attributes"));
    fields::check(&mut body, &[("read", Takes::Flag), ("title", Takes::Text)])?;
    if let Some(attributes) = body.get("custom_attributes") {
        let (model, unknown) = (Model::Conversation, Unknown::Refused);
        data_attributes::check(call.workspace, model, attributes, unknown)?;
    }
    let now = call.now;
    let changed = call.workspace.conversations.change(slot, |conversation| {
        conversation.updated_at = now;
        conversation.apply(body)
    });
    changed.unwrap_or(Ok(()))?;
    Ok(slot)
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    call.workspace.conversations.remove(slot);
    call.session.deleted.push(Deleted {
        id: call.parameter(0).to_owned(),
        are_metrics_retained: call.query("retain_metrics") != Some("false"),
        deleted_at: call.now,
    });
    Ok(Answer::object(|object| {
        object.field("id", call.parameter(0)).field("object", "conversation");
        object.field("deleted", &true);
    }))
}

/// A conversation that was deleted by a call.
#[derive(Debug, Clone)]
pub(crate) struct Deleted {
    id: String,
    are_metrics_retained: bool,
    deleted_at: i64,
}

/// The deleted conversations, the last one first unless the order is ascending.
pub(super) fn deleted(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let all = &call.session.deleted;
    let page = NumberedPage::asked(call, DELETED_PAGE, all.len())?;
    let is_ascending = call.query("order") == Some("asc");
    let at = |place: usize| all.get(if is_ascending { place } else { all.len() - 1 - place });
    Ok(Answer::object(|object| {
        object.field("type", "conversations.list");
        object.list("conversations", page.range().filter_map(at), |out, deleted| {
            text::object(out, |object| {
                object.field("type", "conversation").field("id", &deleted.id);
                object.field("metrics_retained", &deleted.are_metrics_retained);
                object.field("deleted_at", &deleted.deleted_at);
            });
        });
        page.render(object, &pages::filtered(call, "/conversations/deleted"));
    }))
}
