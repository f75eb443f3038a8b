//! What happens to a ticket besides its own changes: replies, notes, tags, linked conversations.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::conversation_actions::{Author, admin, contact, message_type};
use crate::routes::tickets::named;
use crate::routes::{Call, conversations, required_id, required_text};
use crate::workspace::contact::Applied;
use crate::workspace::happening::Happening;
use crate::workspace::table::Slot;

/// The category whose tickets contacts do not see.
const BACK_OFFICE: &str = "Back-office";
/// The category that conversations are linked to, and how many.
const TRACKER: &str = "Tracker";
const MAX_LINKED: usize = 2_500;

pub(super) fn reply(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.workspace.tickets.find(call.parameter(0));
    let slot = slot.ok_or_else(|| Refusal::not_found("Resource"))?;
    let body = call.body()?;
    let (author, part_type) = match required_text(&body, "type")? {
        "admin" => {
            let author = Author::Admin(admin(call, &body)?);
            (author, message_type(&body, &["comment", "note", "quick_reply"])?)
        }
        "user" | "contact" | "lead" if category(call, slot) == Some(BACK_OFFICE) => {
            let message = "User replies are not allowed on Backoffice tickets";
            return Err(Refusal::new(400, "parameter_mismatch", message));
        }
        "user" | "contact" | "lead" => (contact(call, &body)?, "comment"),
        _ => return Err(Refusal::invalid("type must be admin or user").field("type")),
    };
    let text = required_text(&body, "body")?;
    let id = call.workspace.next_number().to_string();
    let mut by = Map::new();
    let (kind, author_id) = match author {
        Author::Admin(id) => ("admin", id),
        Author::Contact { id, role } => (role, id),
    };
    by.insert("type".to_owned(), kind.into());
    by.insert("id".to_owned(), author_id.into());
    call.workspace.complete_author(&mut by);
    let part = json!({
        "type": "ticket_part", "id": id, "part_type": part_type, "body": text,
        "created_at": call.now, "updated_at": call.now, "author": by,
        "attachments": [], "redacted": false,
    });
    let answer = Answer::ok(|out| json::value(out, &part));
    let now = call.now;
    call.workspace.tickets.change(slot, |ticket| {
        ticket.updated_at = now;
        ticket.parts.push(part);
    });
    Ok(answer)
}

fn category(call: &Call<'_>, slot: Slot) -> Option<&'static str> {
    let ticket = call.workspace.tickets.get(slot)?;
    call.workspace.ticket_types.get(ticket.kind).map(|kind| kind.category)
}

pub(super) fn add_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    let body = call.body()?;
    let tag = call.tag(&required_id(&body, "id")?)?;
    admin(call, &body)?;
    let now = call.now;
    call.workspace.tickets.change(slot, |ticket| {
        if !ticket.tags.iter().any(|applied| applied.tag == tag) {
            ticket.tags.push(Applied { tag, applied_at: now });
            ticket.updated_at = now;
        }
    });
    let ticket = call.workspace.tickets.get(slot);
    let applied = ticket.and_then(|ticket| ticket.tags.iter().find(|known| known.tag == tag));
    let applied = applied.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::ok(|out| call.workspace.render_applied(out, applied)))
}

pub(super) fn remove_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    admin(call, &call.body()?)?;
    let not_found = || Refusal::new(404, "tag_not_found", "Tag not found");
    let place = call.workspace.tags.find(call.parameter(1)).ok_or_else(not_found)?;
    let now = call.now;
    let removed = call.workspace.tickets.change(slot, |ticket| {
        let at = ticket.tags.iter().position(|applied| applied.tag == place)?;
        ticket.updated_at = now;
        Some(ticket.tags.remove(at))
    });
    let removed = removed.flatten().ok_or_else(not_found)?;
    Ok(Answer::ok(|out| call.workspace.render_applied(out, &removed)))
}

/// Creates a ticket in the background; the simulator has done it when it answers.
pub(super) fn enqueue(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let answer = super::tickets::create(call)?;
    let ticket = json::read_object(&answer.body);
    let resource_id = ticket.get("id").and_then(Value::as_str).map(str::to_owned);
    call.session.last_job += 1;
    let id = call.session.last_job;
    let resource_type = "ticket";
    call.workspace.tell(Happening::Job { id, resource_type, resource_id });
    Ok(Answer::object(|object| {
        object.field("type", "job").field("id", &id.to_string());
        object.field("url", &call.url(&format!("/jobs/status/{id}")));
        object.field("status", "pending").field("resource_type", resource_type);
        object.raw("resource_id", b"null").raw("resource_url", b"null");
    }))
}

/// The tracker that the path names.
fn tracker(call: &Call<'_>, verb: &str) -> Result<Slot, Refusal> {
    let slot = named(call)?;
    if category(call, slot) == Some(TRACKER) {
        return Ok(slot);
    }
    let message = format!("Only tracker tickets support {verb} conversations");
    Err(Refusal::new(400, "invalid_ticket_type", message))
}

pub(super) fn link(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = tracker(call, "linking")?;
    let id = required_id(&call.body()?, "conversation_id")?;
    let conversation = call.workspace.conversations.find(&id);
    let conversation = conversation
        .ok_or_else(|| Refusal::new(404, "conversation_not_found", "Conversation not found"))?;
    let is_linked = |(_, ticket): (Slot, &crate::workspace::ticket::Ticket)| {
        ticket.linked.contains(&conversation)
    };
    if call.workspace.tickets.iter().any(is_linked) {
        let message = "A conversation can only have one tracker ticket";
        return Err(Refusal::new(400, "already_linked_to_tracker", message));
    }
    let n_linked = call.workspace.tickets.get(slot).map_or(0, |ticket| ticket.linked.len());
    if n_linked >= MAX_LINKED {
        let message = "Ticket has reached the maximum number of conversations that can be linked";
        return Err(Refusal::new(400, "linked_conversation_limit_exceeded", message));
    }
    set_linked(call, slot, conversation, true);
    conversations::render(call, conversation)
}

pub(super) fn unlink(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = tracker(call, "unlinking")?;
    let conversation = call.workspace.conversations.find(call.parameter(1));
    let ticket = call.workspace.tickets.get(slot);
    let is_linked = |at: &Slot| ticket.is_some_and(|ticket| ticket.linked.contains(at));
    let conversation = conversation.filter(is_linked).ok_or_else(|| {
        let message = "Conversation is not linked to this ticket";
        Refusal::new(404, "conversation_not_found", message)
    })?;
    set_linked(call, slot, conversation, false);
    conversations::render(call, conversation)
}

/// Links a conversation to a ticket on both sides, or takes the link away.
fn set_linked(call: &mut Call<'_>, slot: Slot, conversation: Slot, is_linked: bool) {
    let now = call.now;
    call.workspace.tickets.change(slot, |ticket| {
        ticket.linked.retain(|known| *known != conversation);
        if is_linked {
            ticket.linked.push(conversation);
        }
        ticket.updated_at = now;
    });
    let ticket = call.workspace.tickets.get(slot);
    let entry = json!({"type": "ticket", "id": ticket.map(|t| &*t.id), "category": TRACKER});
    let data = if is_linked { vec![entry] } else { Vec::new() };
    let linked = json!({
        "type": "list", "total_count": data.len(), "has_more": false, "data": data,
    });
    let mut patch = Map::new();
    patch.insert("linked_objects".to_owned(), linked);
    call.workspace.conversations.change(conversation, |conversation| {
        conversation.updated_at = now;
        conversation.apply(patch)
    });
}
