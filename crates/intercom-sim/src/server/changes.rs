//! What happens in the workspace without a call of the API, on the simulator's own paths.
//!
//! Each answers with the object as it is afterwards, in the form of the newest stable version.

use intercom_api::Method;
use serde_json::{Value, json};

use crate::answer::Refusal;
use crate::server::control::{Answered, Asked};
use crate::simulator::Simulator;
use crate::workspace::catalogue::Model;

pub(super) fn create_contact(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| {
        if asked.body.get("id").is_some() {
            let message = "the workspace gives ids itself; leave it out";
            return Err(Refusal::invalid(message).field("id"));
        }
        let workspace = simulator.workspace_mut();
        if let Value::Object(fields) = &asked.body {
            workspace.define_attributes(Model::Contact, fields, asked.now);
        }
        let id = workspace.create_contact(asked.body.clone(), asked.now)?;
        contact(simulator, &id)
    })
}

pub(super) fn update_contact(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| {
        simulator.workspace_mut().update_contact(asked.id(), asked.body.clone(), asked.now)?;
        contact(simulator, asked.id())
    })
}

pub(super) fn delete_contact(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| {
        simulator.workspace_mut().delete_contact(asked.id())?;
        Ok(deleted(asked))
    })
}

pub(super) fn archive_contact(asked: &Asked<'_>) -> Answered {
    set_archived(asked, "archive")
}

pub(super) fn unarchive_contact(asked: &Asked<'_>) -> Answered {
    set_archived(asked, "unarchive")
}

fn set_archived(asked: &Asked<'_>, verb: &str) -> Answered {
    let path = format!("/contacts/{}/{verb}", asked.id());
    asked.change(|simulator| {
        asked.act(simulator, (Method::Post, &path), &json!({}))?;
        contact(simulator, asked.id())
    })
}

pub(super) fn merge_contact(asked: &Asked<'_>) -> Answered {
    let into = asked.text("into")?;
    asked.change(|simulator| {
        simulator.workspace_mut().merge_contacts(asked.id(), into, asked.now)?;
        contact(simulator, into)
    })
}

pub(super) fn tag_contact(asked: &Asked<'_>) -> Answered {
    let path = format!("/contacts/{}/tags", asked.id());
    asked.change(|simulator| {
        contact(simulator, asked.id())?;
        let tag = tag(asked, simulator)?;
        asked.act(simulator, (Method::Post, &path), &json!({"id": tag}))?;
        contact(simulator, asked.id())
    })
}

pub(super) fn join_company(asked: &Asked<'_>) -> Answered {
    let path = format!("/contacts/{}/companies", asked.id());
    asked.change(|simulator| {
        contact(simulator, asked.id())?;
        let company: Value = read(&company(asked, simulator)?);
        asked.act(simulator, (Method::Post, &path), &json!({"id": company["id"]}))?;
        contact(simulator, asked.id())
    })
}

pub(super) fn create_conversation(asked: &Asked<'_>) -> Answered {
    let from = json!({"type": "user", "id": asked.text("contact_id")?});
    let message = json!({"from": from, "body": asked.text("body")?});
    asked.change(|simulator| {
        let begun = asked.act(simulator, (Method::Post, "/conversations"), &message)?;
        let begun = read(&begun);
        conversation(simulator, begun["conversation_id"].as_str().unwrap_or_default())
    })
}

pub(super) fn update_conversation(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| {
        let workspace = simulator.workspace_mut();
        workspace.update_conversation(asked.id(), asked.body.clone(), asked.now)?;
        conversation(simulator, asked.id())
    })
}

pub(super) fn delete_conversation(asked: &Asked<'_>) -> Answered {
    let path = format!("/conversations/{}", asked.id());
    asked.change(|simulator| {
        asked.act(simulator, (Method::Delete, &path), &json!({}))?;
        Ok(deleted(asked))
    })
}

pub(super) fn reply(asked: &Asked<'_>) -> Answered {
    let said = asked.text("body")?;
    let from = asked.body.get("from").map_or(Some("contact"), Value::as_str);
    let path = format!("/conversations/{}/reply", asked.id());
    asked.change(|simulator| {
        let shown = conversation(simulator, asked.id())?;
        let body = match from {
            Some("admin") => json!({
                "type": "admin", "message_type": "comment", "body": said,
                "admin_id": teammate(asked, simulator)?,
            }),
            Some("contact") => json!({
                "type": "user", "message_type": "comment", "body": said,
                "intercom_user_id": read(&shown)["contacts"]["contacts"][0]["id"],
            }),
            _ => return Err(Refusal::invalid("from must be contact or admin").field("from")),
        };
        asked.act(simulator, (Method::Post, &path), &body)
    })
}

pub(super) fn close(asked: &Asked<'_>) -> Answered {
    manage(asked, "close")
}

pub(super) fn open(asked: &Asked<'_>) -> Answered {
    manage(asked, "open")
}

fn manage(asked: &Asked<'_>, message_type: &str) -> Answered {
    let path = format!("/conversations/{}/parts", asked.id());
    asked.change(|simulator| {
        let admin = teammate(asked, simulator)?;
        let body = json!({"message_type": message_type, "type": "admin", "admin_id": admin});
        asked.act(simulator, (Method::Post, &path), &body)
    })
}

pub(super) fn tag_conversation(asked: &Asked<'_>) -> Answered {
    let path = format!("/conversations/{}/tags", asked.id());
    asked.change(|simulator| {
        conversation(simulator, asked.id())?;
        let body = json!({"id": tag(asked, simulator)?, "admin_id": teammate(asked, simulator)?});
        asked.act(simulator, (Method::Post, &path), &body)?;
        conversation(simulator, asked.id())
    })
}

pub(super) fn write_company(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| company(asked, simulator))
}

pub(super) fn delete_company(asked: &Asked<'_>) -> Answered {
    let path = format!("/companies/{}", asked.id());
    asked.change(|simulator| {
        asked.act(simulator, (Method::Delete, &path), &json!({}))?;
        Ok(deleted(asked))
    })
}

pub(super) fn write_tag(asked: &Asked<'_>) -> Answered {
    asked.change(|simulator| {
        let name = json!({"name": asked.text("name")?});
        asked.act(simulator, (Method::Post, "/tags"), &name)
    })
}

pub(super) fn delete_tag(asked: &Asked<'_>) -> Answered {
    let path = format!("/tags/{}", asked.id());
    asked.change(|simulator| {
        asked.act(simulator, (Method::Delete, &path), &json!({}))?;
        Ok(deleted(asked))
    })
}

/// Creates or updates the company of the body; attributes need not be defined.
fn company(asked: &Asked<'_>, simulator: &mut Simulator) -> Answered {
    if let Value::Object(fields) = &asked.body {
        simulator.workspace_mut().define_attributes(Model::Company, fields, asked.now);
    }
    asked.act(simulator, (Method::Post, "/companies"), &asked.body)
}

/// The id of the tag that the body names; there is one afterwards.
fn tag(asked: &Asked<'_>, simulator: &mut Simulator) -> Result<Value, Refusal> {
    let name = json!({"name": asked.text("name")?});
    let tag = asked.act(simulator, (Method::Post, "/tags"), &name)?;
    Ok(read(&tag)["id"].clone())
}

/// The teammate whom the body names, or the first one.
fn teammate(asked: &Asked<'_>, simulator: &Simulator) -> Result<Value, Refusal> {
    if let Some(named) = asked.body.get("admin_id") {
        return Ok(named.clone());
    }
    let first = simulator.workspace().admins.first();
    let first = first.ok_or_else(|| Refusal::new(404, "admin_not_found", "Admin not found"))?;
    Ok((*first.id).into())
}

fn contact(simulator: &Simulator, id: &str) -> Answered {
    let found = simulator.workspace().contact(id).ok_or_else(|| Refusal::not_found("User"))?;
    Ok(found.to_string().into())
}

fn conversation(simulator: &Simulator, id: &str) -> Answered {
    let found = simulator.workspace().conversation(id);
    let found = found.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(found.to_string().into())
}

fn deleted(asked: &Asked<'_>) -> Vec<u8> {
    json!({"id": asked.id(), "deleted": true}).to_string().into()
}

/// An answer of a route, which is JSON.
fn read(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}
