//! Messages, which begin conversations when a person writes them.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::conversation_actions::admin_message;
use crate::routes::v1::conversations;
use crate::routes::v1::subject::{self, Who};
use crate::routes::{Call, required_text};

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let from = body.get("from").and_then(Value::as_object);
    let from = from.ok_or_else(|| Refusal::missing("from"))?;
    match from.get("type").and_then(Value::as_str) {
        Some("admin") => by_admin(call, &body),
        Some("user" | "contact" | "lead") => {
            let text = required_text(&body, "body")?;
            let slot = subject::find_in(call, Who::Everybody, from)?;
            let id = conversations::open(call, slot, text);
            Ok(Answer::object(|object| {
                object.field("type", "user_message").field("id", &id);
                object.field("created_at", &call.now).field("body", text);
                object.field("message_type", "inapp");
            }))
        }
        _ => Err(Refusal::invalid("from must be an admin, a user or a contact").field("from")),
    }
}

fn by_admin(call: &mut Call<'_>, body: &Map<String, Value>) -> Result<Answer, Refusal> {
    let (message, to) = admin_message(call, body)?;
    subject::find_in(call, Who::Everybody, to)?;
    let id = call.workspace.next_number().to_string();
    let owner = call.workspace.admin(&message.sender);
    Ok(Answer::object(|object| {
        message.render(object, &id, call.now);
        object.field("template", &body.get("template"));
        object.object("owner", |object| {
            object.field("type", "admin").field("id", &message.sender);
            object.field("name", &owner.and_then(|admin| admin.text("name")));
            object.field("email", &owner.and_then(|admin| admin.text("email")));
        });
    }))
}
