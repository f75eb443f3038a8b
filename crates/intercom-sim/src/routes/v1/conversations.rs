//! Conversations: list, read, mark as read; how 1.4 shows them.

use intercom_api::ApiVersion;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json as text;
use crate::routes::conversations::{change, plain_body};
use crate::routes::pages::{self, NumberedPage};
use crate::routes::v1::people::is_ascending;
use crate::routes::v1::subject::{self, Who};
use crate::routes::{Call, conversations};
use crate::search::PageLimits;
use crate::workspace::conversation::{Conversation, State};
use crate::workspace::render::WithParts;
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 20, max: 60 };

/// Whose conversations a list shows.
enum Filter {
    Admin { id: i64, is_open: Option<bool> },
    User { id: Box<str>, is_unread: Option<bool> },
}

impl Filter {
    fn read(call: &Call<'_>) -> Result<Option<Self>, Refusal> {
        match call.query("type") {
            None => Ok(None),
            Some("admin") => {
                let id = call.query("admin_id").ok_or_else(|| Refusal::missing("admin_id"))?;
                let is_known =
                    call.workspace.admin(id).is_some() || call.workspace.team(id).is_some();
                let number = id.parse().ok().filter(|_| is_known);
                let not_found = || Refusal::new(404, "admin_not_found", "Admin not found");
                let id = number.ok_or_else(not_found)?;
                Ok(Some(Self::Admin { id, is_open: flag(call, "open")? }))
            }
            Some("user") => {
                let slot = subject::find_in_query(call, Who::Everybody)?;
                let contact = call.workspace.contacts.get(slot);
                let id = contact.ok_or_else(|| Refusal::not_found("User"))?.id.clone();
                Ok(Some(Self::User { id, is_unread: flag(call, "unread")? }))
            }
            Some(_) => Err(Refusal::invalid("type must be admin or user").field("type")),
        }
    }

    fn passes(&self, call: &Call<'_>, found: &Conversation) -> bool {
        match self {
            Self::Admin { id, is_open } => {
                let is_own = [found.admin_assignee_id, found.team_assignee_id].contains(&Some(*id));
                is_own && is_open.is_none_or(|open| open == (found.state != State::Closed))
            }
            Self::User { id, is_unread } => {
                let is_own = found.contact_ids().any(|c| call.workspace.canonical(c) == &**id);
                let is_read = || found.body.pick(&["read"]) == Some(Value::Bool(true));
                is_own && is_unread.is_none_or(|unread| unread != is_read())
            }
        }
    }
}

fn flag(call: &Call<'_>, name: &str) -> Result<Option<bool>, Refusal> {
    match call.query(name) {
        None => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(_) => Err(Refusal::invalid(format!("{name} must be true or false")).field(name)),
    }
}

/// Conversations without their parts, the one that changed last first unless the query says
/// otherwise.
pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let call = &*call;
    let (filter, is_ascending) = (Filter::read(call)?, is_ascending(call)?);
    let table = &call.workspace.conversations;
    let index = match call.query("sort") {
        None | Some("updated_at") => table.updated(),
        Some("created_at") => table.created(),
        Some(_) => {
            let message = "sort must be created_at or updated_at";
            return Err(Refusal::invalid(message).field("sort"));
        }
    };
    let all = index.slots(0..index.len());
    let found: Option<Vec<Slot>> = filter.map(|filter| {
        all.filter(|slot| table.get(*slot).is_some_and(|found| filter.passes(call, found)))
            .collect()
    });
    let total = found.as_ref().map_or(index.len(), Vec::len);
    let page = NumberedPage::asked(call, PAGE, total)?;
    let range = match is_ascending {
        true => page.range(),
        false => total - page.range().end..total - page.range().start,
    };
    let mut shown: Vec<Slot> = match &found {
        Some(found) => found.get(range).unwrap_or_default().to_vec(),
        None => index.slots(range).collect(),
    };
    if !is_ascending {
        shown.reverse();
    }
    Ok(Answer::object(|object| {
        object.field("type", "conversation.list");
        object.list("conversations", shown, |out, slot| {
            text::value(out, &rendered(call, slot, WithParts::No));
        });
        page.render(object, &pages::filtered(call, "/conversations"));
    }))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    Ok(answer(call, slot))
}

/// Says that the user has read the conversation.
pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = change(call)?;
    Ok(answer(call, slot))
}

/// A conversation with its parts.
pub(super) fn answer(call: &Call<'_>, slot: Slot) -> Answer {
    Answer::ok(|out| text::value(out, &rendered(call, slot, WithParts::Yes)))
}

fn rendered(call: &Call<'_>, slot: Slot, with_parts: WithParts) -> Value {
    let Some(conversation) = call.workspace.conversations.get(slot) else { return Value::Null };
    let mut out = Vec::new();
    call.workspace.render_conversation(&mut out, conversation, ApiVersion::V2_16, with_parts);
    let mut fields = text::read_object(&out);
    let mut of = |name: &str| fields.remove(name).unwrap_or_default();
    let customers = customers(call, conversation);
    let mut shown = json!({
        "type": "conversation", "id": of("id"), "created_at": conversation.created_at,
        "updated_at": of("updated_at"), "sent_at": conversation.created_at,
        "waiting_since": of("waiting_since"), "snoozed_until": of("snoozed_until"),
        "user": customers.first(), "customers": customers,
        "assignee": assignee(conversation), "conversation_message": message(of("source")),
        "customer_first_reply": of("first_contact_reply"),
        "conversation_rating": rating(of("conversation_rating")),
        "open": of("open"), "state": of("state"), "read": of("read"), "tags": of("tags"),
    });
    if with_parts == WithParts::Yes {
        shown["conversation_parts"] = parts(of("conversation_parts"));
    }
    if call.query("display_as") == Some("plaintext") {
        plain_body(&mut shown["conversation_message"]);
        let parts = shown.pointer_mut("/conversation_parts/conversation_parts");
        let parts = parts.and_then(Value::as_array_mut);
        parts.into_iter().flatten().for_each(plain_body);
    }
    shown
}

fn customers(call: &Call<'_>, conversation: &Conversation) -> Vec<Value> {
    let ids = conversation.contact_ids().map(|id| call.workspace.canonical(id));
    ids.map(|id| {
        let slot = call.workspace.contacts.find(id);
        let contact = slot.and_then(|slot| call.workspace.contacts.get(slot));
        json!({"type": contact.map_or("user", |contact| contact.role.as_str()), "id": id})
    })
    .collect()
}

/// An admin before a team; nobody has no id.
fn assignee(conversation: &Conversation) -> Value {
    match (conversation.admin_assignee_id, conversation.team_assignee_id) {
        (Some(id), _) => json!({"type": "admin", "id": id.to_string()}),
        (None, Some(id)) => json!({"type": "team", "id": id.to_string()}),
        (None, None) => json!({"type": "nobody_admin", "id": null}),
    }
}

fn kept(fields: Value, names: &[&str]) -> Map<String, Value> {
    let Value::Object(mut fields) = fields else { return Map::new() };
    fields.retain(|name, _| names.contains(&name.as_str()));
    fields
}

fn message(source: Value) -> Value {
    let names = ["id", "delivered_as", "subject", "body", "author", "attachments", "url"];
    let mut message = kept(source, &names);
    message.insert("type".to_owned(), "conversation_message".into());
    if let Some(author) = message.remove("author") {
        message.insert("author".to_owned(), kept(author, &["type", "id"]).into());
    }
    message.into()
}

fn rating(rating: Value) -> Value {
    let mut old = kept(rating, &["rating", "remark", "created_at", "contact", "teammate"]);
    let mut shown = json!({"customer": old.remove("contact").map(|c| kept(c, &["type", "id"]))});
    for name in ["rating", "remark", "created_at", "teammate"] {
        shown[name] = old.remove(name).unwrap_or_default();
    }
    shown
}

fn parts(list: Value) -> Value {
    let names = [
        "type",
        "id",
        "part_type",
        "body",
        "created_at",
        "updated_at",
        "notified_at",
        "assigned_to",
        "author",
        "attachments",
        "external_id",
    ];
    let mut list = kept(list, &["type", "conversation_parts", "total_count"]);
    if let Some(Value::Array(parts)) = list.get_mut("conversation_parts") {
        for part in parts {
            *part = kept(part.take(), &names).into();
        }
    }
    list.into()
}

/// Opens a conversation that a person began, returning the id of the message.
pub(super) fn open(call: &mut Call<'_>, person: Slot, body: &str) -> String {
    conversations::open(call, person, body, "").1
}
