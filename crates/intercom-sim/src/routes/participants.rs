//! Who takes part in a conversation besides the contact that began it.

use serde_json::Value;

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::Call;
use crate::routes::conversation_actions::{Author, admin, contact};
use crate::workspace::conversation::Conversation;
use crate::workspace::render::WithParts;
use crate::workspace::table::Slot;

pub(super) fn attach(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let body = call.body()?;
    if body.get("admin_id").is_some_and(|id| !id.is_null()) {
        admin(call, &body)?;
    }
    let customer = body.get("customer").and_then(Value::as_object);
    let Author::Contact { id, .. } =
        contact(call, customer.ok_or_else(|| Refusal::missing("customer"))?)?
    else {
        return Err(Refusal::not_found("User"));
    };
    let mut ids = participants(call, slot);
    if !ids.contains(&id) {
        ids.push(id);
        write(call, slot, &ids);
    }
    render(call, slot)
}

pub(super) fn detach(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.conversation()?;
    let body = call.body()?;
    admin(call, &body)?;
    let ids = participants(call, slot);
    let left: Vec<String> =
        ids.iter().filter(|id| id.as_str() != call.parameter(1)).cloned().collect();
    if left.len() == ids.len() {
        return Err(Refusal::not_found("User"));
    }
    if left.is_empty() {
        let message = "Removing the last customer is not allowed";
        return Err(Refusal::new(422, "parameter_invalid", message));
    }
    write(call, slot, &left);
    render(call, slot)
}

/// The ids of the contacts in a conversation; merged ones go by the contact that remains.
fn participants(call: &Call<'_>, slot: Slot) -> Vec<String> {
    let known = call.workspace.conversations.get(slot);
    let ids = known.into_iter().flat_map(Conversation::contact_ids);
    ids.map(|id| call.workspace.canonical(id).to_owned()).collect()
}

fn write(call: &mut Call<'_>, slot: Slot, ids: &[String]) {
    let now = call.now;
    call.workspace.conversations.change(slot, |conversation| {
        conversation.contacts = ids.join(",").into();
        conversation.updated_at = now;
    });
}

/// The conversation, as the description has it, with the list that the official examples show.
fn render(call: &Call<'_>, slot: Slot) -> Result<Answer, Refusal> {
    let found = call.workspace.conversations.get(slot);
    let found = found.ok_or_else(|| Refusal::not_found("Resource"))?;
    let mut conversation = Vec::new();
    let (version, parts) = (call.version, WithParts::Yes);
    call.workspace.render_conversation(&mut conversation, found, version, parts);
    Ok(Answer::object(|object| {
        object.splice(&conversation);
        object.list("customers", participants(call, slot), |out, id| {
            let contact = call.workspace.find_contact(&id);
            let contact = contact.and_then(|slot| call.workspace.contacts.get(slot));
            json::object(out, |customer| {
                customer.field("type", contact.map_or("user", |known| known.role.as_str()));
                customer.field("id", &id);
            });
        });
    }))
}
