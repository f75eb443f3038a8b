//! Replies; in 1.x assigning, closing, opening and snoozing are replies as well.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::routes::conversation_actions::{
    Author, NewPart, add_change, add_reply, conversation_or_last,
};
use crate::routes::v1::conversations;
use crate::routes::v1::subject::{self, Who};
use crate::routes::{Call, required_id};
use crate::workspace::table::Slot;

pub(super) fn reply(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let mut body = call.body()?;
    if body.get("type").and_then(Value::as_str) == Some("user") {
        name_person(call, &mut body)?;
    }
    let slot = conversation_or_last(call, &body)?;
    match body.get("message_type").and_then(Value::as_str) {
        Some("assignment") => assign(call, slot, body)?,
        Some("close" | "open" | "snoozed") => add_change(call, slot, &body)?,
        None | Some("comment" | "note") => add_reply(call, slot, &body)?,
        Some(_) => {
            let message = "message_type must be comment, note, assignment, open, close or snoozed";
            return Err(Refusal::invalid(message).field("message_type"));
        }
    }
    Ok(conversations::answer(call, slot))
}

/// Names the person by the id of the API, which is unique.
fn name_person(call: &Call<'_>, body: &mut Map<String, Value>) -> Result<(), Refusal> {
    let slot = subject::find_in(call, Who::Everybody, body)?;
    let contact = call.workspace.contacts.get(slot).ok_or_else(|| Refusal::not_found("User"))?;
    body.insert("intercom_user_id".to_owned(), (*contact.id).into());
    Ok(())
}

/// Assigns to an admin or a team. 1.4 knows one assignee, so the other one goes.
fn assign(call: &mut Call<'_>, slot: Slot, mut body: Map<String, Value>) -> Result<(), Refusal> {
    let id = required_id(&body, "assignee_id")?;
    let is_team = call.workspace.admin(&id).is_none() && call.workspace.team(&id).is_some();
    body.insert("type".to_owned(), if is_team { "team" } else { "admin" }.into());
    add_change(call, slot, &body)?;
    call.workspace.conversations.change(slot, |conversation| match is_team {
        true => conversation.admin_assignee_id = None,
        false => conversation.team_assignee_id = None,
    });
    Ok(())
}

/// Assigns a conversation that nobody has; another one stays as it is.
pub(super) fn run_assignment_rules(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let workspace = &mut *call.workspace;
    let is_unassigned = workspace
        .conversations
        .get(slot)
        .is_some_and(|found| found.admin_assignee_id.is_none() && found.team_assignee_id.is_none());
    let team = workspace.teams.first().map(|team| ("team", team.id.to_string()));
    let admin = workspace.admins.first().map(|admin| admin.id.to_string());
    let assignee = team.or_else(|| Some(("admin", admin.clone()?)));
    if let (true, Some((kind, id)), Some(admin)) = (is_unassigned, assignee, admin) {
        let number = id.parse::<i64>().ok();
        workspace.conversations.change(slot, |conversation| match kind {
            "team" => conversation.team_assignee_id = number,
            _ => conversation.admin_assignee_id = number,
        });
        let part = NewPart {
            part_type: "assignment",
            body: None,
            author: Author::Admin(admin),
            assigned_to: Some(json!({"type": kind, "id": id})),
        };
        workspace.add_part(slot, &part, call.now);
    }
    Ok(conversations::answer(call, slot))
}
