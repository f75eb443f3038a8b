//! What happens to a conversation: replies, notes, closing, opening, snoozing, assigning, tags.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::json::Object;
use crate::routes::subject::{self, Who};
use crate::routes::{Call, conversations, required_id, required_text};
use crate::workspace::Workspace;
use crate::workspace::contact::Applied;
use crate::workspace::conversation::{Conversation, State, Statistics};
use crate::workspace::misfit;
use crate::workspace::packed::Packed;
use crate::workspace::table::Slot;

/// Something that is about to be added to a conversation.
pub(crate) struct NewPart {
    pub(crate) part_type: &'static str,
    pub(crate) body: Option<String>,
    pub(crate) author: Author,
    pub(crate) assigned_to: Option<Value>,
}

/// Who does something.
#[derive(Debug, Clone)]
pub(crate) enum Author {
    Admin(String),
    Contact { id: String, role: &'static str },
}

impl Workspace {
    /// Adds a part and brings state and statistics in step.
    pub(crate) fn add_part(&mut self, slot: Slot, part: &NewPart, now: i64) {
        let number = self.next_number();
        let (kind, id) = match &part.author {
            Author::Admin(id) => ("admin", id),
            Author::Contact { id, role } => (*role, id),
        };
        let mut stored = Map::new();
        stored.insert("id".to_owned(), number.to_string().into());
        stored.insert("part_type".to_owned(), part.part_type.into());
        stored.insert("created_at".to_owned(), now.into());
        stored.insert("author".to_owned(), json!({"type": kind, "id": id}));
        if let Some(body) = &part.body {
            stored.insert("body".to_owned(), body.as_str().into());
        }
        if let Some(assigned_to) = &part.assigned_to {
            stored.insert("assigned_to".to_owned(), assigned_to.clone());
        }
        self.conversations.change(slot, |conversation| {
            let mut parts = conversation.parts();
            parts.push(stored);
            conversation.parts = Packed::of(&parts);
            conversation.updated_at = now;
            record(conversation, part, now);
        });
    }
}

/// What a part changes about its conversation.
fn record(conversation: &mut Conversation, part: &NewPart, now: i64) {
    let at = u32::try_from(now).ok();
    let since = u32::try_from(now - conversation.created_at).ok();
    let by_admin = matches!(part.author, Author::Admin(_));
    let speaks = part.body.is_some() && part.part_type != "note";
    let assigned_at = match &conversation.figures {
        crate::workspace::conversation::Figures::Known(known) => known.last_assignment_at,
        _ => None,
    };
    conversation.change_statistics(|figures: &mut Statistics| {
        figures.count_conversation_parts += 1;
        if speaks && by_admin {
            figures.first_admin_reply_at = figures.first_admin_reply_at.or(at);
            figures.time_to_admin_reply = figures.time_to_admin_reply.or(since);
            figures.last_admin_reply_at = at;
            if assigned_at.is_some() {
                figures.last_assignment_admin_reply_at = at;
            }
        } else if speaks {
            figures.first_contact_reply_at = figures.first_contact_reply_at.or(at);
            figures.last_contact_reply_at = at;
        }
        match part.part_type {
            "close" => {
                figures.first_close_at = figures.first_close_at.or(at);
                figures.time_to_first_close = figures.time_to_first_close.or(since);
                figures.last_close_at = at;
                figures.time_to_last_close = since;
                figures.last_closed_by_id = match &part.author {
                    Author::Admin(id) => id.parse().ok(),
                    Author::Contact { .. } => None,
                };
            }
            "open" => figures.count_reopens += 1,
            "assignment" => {
                figures.count_assignments += 1;
                figures.first_assignment_at = figures.first_assignment_at.or(at);
                figures.time_to_assignment = figures.time_to_assignment.or(since);
                figures.last_assignment_at = at;
            }
            _ => {}
        }
    });
    match part.part_type {
        "close" => {
            conversation.state = State::Closed;
            conversation.waiting_since = None;
            conversation.snoozed_until = None;
        }
        "open" => {
            conversation.state = State::Open;
            conversation.snoozed_until = None;
        }
        _ => {}
    }
    if speaks && part.part_type != "close" {
        conversation.waiting_since = if by_admin { None } else { at };
    }
}

pub(super) fn reply(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let slot = conversation_or_last(call, &body)?;
    add_reply(call, slot, &body)?;
    conversations::render(call, slot)
}

/// Adds what a contact or an admin says.
pub(super) fn add_reply(
    call: &mut Call<'_>,
    slot: Slot,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    let text = body.get("body").and_then(Value::as_str).filter(|text| !text.is_empty());
    let message_type = message_type(body, &["comment", "note", "quick_reply"])?;
    let (author, part_type) = match body.get("type").and_then(Value::as_str) {
        Some("admin") => {
            let admin = admin(call, body)?;
            (Author::Admin(admin), if message_type == "note" { "note" } else { "comment" })
        }
        Some("user" | "lead" | "contact") => {
            let author = contact(call, body)?;
            let state = call.workspace.conversations.get(slot).map(|found| found.state);
            // A contact's answer opens the conversation again.
            (author, if state == Some(State::Open) { "comment" } else { "open" })
        }
        _ => return Err(Refusal::invalid("type must be admin or user").field("type")),
    };
    let text = text.ok_or_else(|| Refusal::missing("body"))?;
    let part = NewPart { part_type, body: Some(html(text)), author, assigned_to: None };
    call.workspace.add_part(slot, &part, call.now);
    Ok(())
}

/// The kind of a reply, which may be left out; the first one is the usual one.
pub(super) fn message_type<'k>(
    body: &Map<String, Value>,
    kinds: &[&'k str],
) -> Result<&'k str, Refusal> {
    let given = match body.get("message_type") {
        None | Some(Value::Null) => return Ok(kinds.first().copied().unwrap_or_default()),
        Some(given) => given.as_str(),
    };
    kinds.iter().copied().find(|kind| Some(*kind) == given).ok_or_else(|| {
        let message = format!("message_type must be one of {}", kinds.join(", "));
        Refusal::invalid(message).field("message_type")
    })
}

/// `/conversations/last/reply` answers the contact's latest conversation.
pub(super) fn conversation_or_last(
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<Slot, Refusal> {
    if call.parameter(0) != "last" {
        return call.conversation();
    }
    let contact = call.workspace.contacts.get(named_contact(call, body)?);
    let id = &*contact.ok_or_else(|| Refusal::not_found("User"))?.id;
    let own = call.workspace.conversations_with(id).into_iter().filter(|slot| {
        let conversation = call.workspace.conversations.get(*slot);
        let stands_for = |own: &str| call.workspace.canonical(own) == id;
        conversation.is_some_and(|found| found.contact_ids().any(stands_for))
    });
    let conversations = &call.workspace.conversations;
    let updated_at = |slot: &Slot| conversations.get(*slot).map(|found| (found.updated_at, *slot));
    own.max_by_key(updated_at).ok_or_else(|| Refusal::not_found("Resource"))
}

fn html(text: &str) -> String {
    if text.starts_with('<') { text.to_owned() } else { format!("<p>{text}</p>") }
}

pub(super) fn admin(call: &Call<'_>, body: &Map<String, Value>) -> Result<String, Refusal> {
    let id = required_id(body, "admin_id")?;
    match call.workspace.admin(&id) {
        Some(_) => Ok(id),
        None => Err(Refusal::new(404, "admin_not_found", "Admin not found")),
    }
}

fn named_contact(call: &Call<'_>, body: &Map<String, Value>) -> Result<Slot, Refusal> {
    subject::find(call.workspace, Who::Everybody, |name| body.get(name).and_then(misfit::id))
}

/// The contact that a reply names by one of three ids.
pub(super) fn contact(call: &Call<'_>, body: &Map<String, Value>) -> Result<Author, Refusal> {
    let contact = call.workspace.contacts.get(named_contact(call, body)?);
    let contact = contact.ok_or_else(|| Refusal::not_found("User"))?;
    Ok(Author::Contact { id: contact.id.to_string(), role: contact.role.as_str() })
}

pub(super) fn manage(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let body = call.body()?;
    add_change(call, slot, &body)?;
    conversations::render(call, slot)
}

/// Closes, opens, snoozes or assigns a conversation.
pub(super) fn add_change(
    call: &mut Call<'_>,
    slot: Slot,
    body: &Map<String, Value>,
) -> Result<(), Refusal> {
    let admin = admin(call, body)?;
    let text = body.get("body").and_then(Value::as_str).map(html);
    let message_type = required_text(body, "message_type")?;
    let (part_type, assigned_to) = match message_type {
        "close" => ("close", None),
        "open" => ("open", None),
        "assignment" => ("assignment", Some(assign(call, slot, body)?)),
        "snoozed" => {
            let until = body.get("snoozed_until").and_then(misfit::whole);
            let until = until.and_then(|until| u32::try_from(until).ok());
            let until = until.ok_or_else(|| Refusal::missing("snoozed_until"))?;
            if i64::from(until) <= call.now {
                let message = "snoozed_until must lie in the future";
                return Err(Refusal::invalid(message).field("snoozed_until"));
            }
            call.workspace.conversations.change(slot, |conversation| {
                conversation.state = State::Snoozed;
                conversation.snoozed_until = Some(until);
            });
            ("snoozed", None)
        }
        other => {
            let message = format!("{other} is not close, open, snoozed or assignment");
            return Err(Refusal::invalid(message).field("message_type"));
        }
    };
    let part = NewPart { part_type, body: text, author: Author::Admin(admin), assigned_to };
    call.workspace.add_part(slot, &part, call.now);
    Ok(())
}

/// Assigns to an admin or a team; `0` takes the assignment away.
fn assign(call: &mut Call<'_>, slot: Slot, body: &Map<String, Value>) -> Result<Value, Refusal> {
    let id = required_id(body, "assignee_id")?;
    let is_team = body.get("type").and_then(Value::as_str) == Some("team");
    let known = match is_team {
        true => call.workspace.team(&id).is_some(),
        false => call.workspace.admin(&id).is_some(),
    };
    if id != "0" && !known {
        return Err(Refusal::new(404, "assignee_not_found", "Assignee not found"));
    }
    let number = id.parse::<i64>().ok().filter(|number| *number != 0);
    call.workspace.conversations.change(slot, |conversation| match is_team {
        true => conversation.team_assignee_id = number,
        false => conversation.admin_assignee_id = number,
    });
    let kind = if is_team { "team" } else { "admin" };
    Ok(number.map_or(Value::Null, |_| json!({"type": kind, "id": id})))
}

pub(super) fn add_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let body = call.body()?;
    let tag = call.tag(&required_id(&body, "id")?)?;
    admin(call, &body)?;
    let now = call.now;
    let applied = call.workspace.conversations.change(slot, |conversation| {
        if let Some(known) = conversation.tags.iter().find(|applied| applied.tag == tag) {
            return *known;
        }
        let applied = Applied { tag, applied_at: now };
        conversation.tags.push(applied);
        conversation.updated_at = now;
        applied
    });
    let applied = applied.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::ok(|out| call.workspace.render_applied(out, &applied)))
}

pub(super) fn remove_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let place = call.tag(call.parameter(1))?;
    let now = call.now;
    let was_there = call.workspace.conversations.change(slot, |conversation| {
        let before = conversation.tags.len();
        conversation.tags.retain(|applied| applied.tag != place);
        conversation.updated_at = now;
        conversation.tags.len() < before
    });
    if was_there != Some(true) {
        return Err(Refusal::new(404, "tag_not_found", "Tag not found"));
    }
    let tag = call.workspace.tags.get(place).ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::object(|object| tag.render(object)))
}

/// `POST /messages`: an admin writes to a contact. A conversation begins with the message when it
/// is asked for; otherwise none does, because nobody answers.
pub(super) fn message(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let (message, to) = admin_message(call, &body)?;
    let contact = call.workspace.find_contact(&required_id(to, "id")?);
    let contact = contact.ok_or_else(|| Refusal::not_found("User"))?;
    let begins = body.get("create_conversation_without_contact_reply") == Some(&Value::Bool(true));
    let (conversation_id, id) = if begins {
        let said = (message.text, message.subject.unwrap_or_default());
        let (conversation_id, id) =
            conversations::open_by_admin(call, &message.sender, contact, said);
        (Some(conversation_id), id)
    } else {
        (None, call.workspace.next_number().to_string())
    };
    Ok(Answer::object(|object| {
        message.render(object, &id, call.now);
        object.field("owner", &Value::Null);
        if let Some(conversation_id) = &conversation_id {
            object.field("conversation_id", conversation_id);
        }
    }))
}

/// A message of an admin, as it was sent.
pub(super) struct AdminMessage<'b> {
    pub(super) sender: String,
    message_type: &'b str,
    subject: Option<&'b str>,
    text: &'b str,
}

impl AdminMessage<'_> {
    /// Everything but the owner.
    pub(super) fn render(&self, object: &mut Object<'_>, id: &str, now: i64) {
        object.field("type", "admin_message").field("id", id).field("created_at", &now);
        object.field("subject", &self.subject).field("body", self.text);
        object.field("message_type", self.message_type);
    }
}

/// Checks a message of an admin, and returns it with the object that names who gets it.
pub(super) fn admin_message<'b>(
    call: &Call<'_>,
    body: &'b Map<String, Value>,
) -> Result<(AdminMessage<'b>, &'b Map<String, Value>), Refusal> {
    let message_type = required_text(body, "message_type")?;
    if !matches!(message_type, "inapp" | "in_app" | "email") {
        return Err(Refusal::invalid("message_type must be inapp or email").field("message_type"));
    }
    let text = body.get("body").and_then(Value::as_str).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| Refusal::invalid("Body is required").field("body"))?;
    let subject = body.get("subject").and_then(Value::as_str);
    if message_type == "email" && subject.is_none() {
        let message = "No subject supplied for email message";
        return Err(Refusal::new(422, "parameter_not_found", message).field("subject"));
    }
    let from =
        body.get("from").and_then(Value::as_object).ok_or_else(|| Refusal::missing("from"))?;
    let to = body.get("to").and_then(Value::as_object).ok_or_else(|| Refusal::missing("to"))?;
    let sender = required_id(from, "id")?;
    if call.workspace.admin(&sender).is_none() {
        return Err(Refusal::new(404, "admin_not_found", "Admin not found"));
    }
    Ok((AdminMessage { sender, message_type, subject, text }, to))
}
