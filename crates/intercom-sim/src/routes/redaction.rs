//! Taking the text of a message away for good.

use serde_json::{Map, Value, json};

use crate::answer::{Answer, Refusal};
use crate::routes::{Call, conversations, required_id, required_text};
use crate::workspace::packed::Packed;
use crate::workspace::table::Slot;

/// What stands in the place of the text.
const REDACTED: &str = "<p><i>This message was deleted</i></p>";

pub(super) fn redact(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let id = required_id(&body, "conversation_id")?;
    let slot = call.workspace.conversations.find(&id).ok_or_else(not_found)?;
    match required_text(&body, "type")? {
        "conversation_part" => part(call, slot, &required_id(&body, "conversation_part_id")?)?,
        "source" => source(call, slot, &required_id(&body, "source_id")?)?,
        _ => {
            let message = "type must be conversation_part or source";
            return Err(Refusal::invalid(message).field("type"));
        }
    }
    conversations::render(call, slot)
}

fn not_found() -> Refusal {
    let message = "Conversation part or message not found";
    Refusal::new(404, "conversation_part_or_message_not_found", message)
}

fn not_redactable(message: &str) -> Refusal {
    Refusal::new(400, "conversation_part_not_redactable", message)
}

fn part(call: &mut Call<'_>, slot: Slot, id: &str) -> Result<(), Refusal> {
    let found = call.workspace.conversations.get(slot).ok_or_else(not_found)?;
    let mut parts = found.parts();
    let is_it = |part: &&mut Map<String, Value>| part.get("id") == Some(&Value::from(id));
    let part = parts.iter_mut().find(is_it).ok_or_else(not_found)?;
    if part.get("body").is_none_or(Value::is_null) {
        return Err(not_redactable("a part without a body cannot be redacted"));
    }
    part.insert("body".to_owned(), REDACTED.into());
    part.insert("redacted".to_owned(), true.into());
    let parts = Packed::of(&parts);
    let now = call.now;
    call.workspace.conversations.change(slot, |conversation| {
        conversation.parts = parts;
        conversation.updated_at = now;
    });
    Ok(())
}

/// Only what a contact wrote can be taken away here.
fn source(call: &mut Call<'_>, slot: Slot, id: &str) -> Result<(), Refusal> {
    let found = call.workspace.conversations.get(slot).ok_or_else(not_found)?;
    let mut source = found.body.pick(&["source"]).filter(|source| source["id"] == id);
    let source = source.as_mut().ok_or_else(not_found)?;
    if source["author"]["type"] == "admin" {
        return Err(not_redactable("only a message of a contact can be redacted"));
    }
    source["body"] = REDACTED.into();
    source["redacted"] = true.into();
    let mut patch = Map::new();
    patch.insert("source".to_owned(), json!(source));
    let now = call.now;
    let changed = call.workspace.conversations.change(slot, |conversation| {
        conversation.updated_at = now;
        conversation.apply(patch)
    });
    Ok(changed.unwrap_or(Ok(()))?)
}
