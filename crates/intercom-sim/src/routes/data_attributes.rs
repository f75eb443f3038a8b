//! Definitions of custom attributes, and the check of values against them.

use intercom_api::ApiVersion;
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::{Call, required_text};
use crate::workspace::Workspace;
use crate::workspace::catalogue::{DataAttribute, DataType, Model};
use crate::workspace::misfit;

/// The API takes so many attributes of a model; archiving one frees its place.
const MAX_ATTRIBUTES: usize = 250;

/// Texts are at most so many characters long.
const MAX_TEXT: usize = 255;

/// What becomes of attributes that are not defined: until 2.0 writing one defined it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    Refused,
    Defined,
}

/// Refuses values of another type, texts that are too long, lists and objects, and attributes that
/// are neither defined nor become so.
pub(super) fn check(
    workspace: &Workspace,
    model: Model,
    attributes: &Value,
    unknown: Unknown,
) -> Result<(), Refusal> {
    let Value::Object(attributes) = attributes else {
        return Err(Refusal::invalid("custom_attributes must be an object"));
    };
    let n_own = n_active(workspace, model);
    let mut n_new = 0;
    for (name, value) in attributes {
        let data_type = match (workspace.attribute(model, name), unknown) {
            (Some(definition), _) => {
                refuse_other_options(definition, value)?;
                definition.data_type
            }
            (None, Unknown::Refused) => {
                let message = format!("Custom attribute '{name}' does not exist");
                return Err(Refusal::invalid(message).field(name.as_str()));
            }
            (None, Unknown::Defined) => {
                n_new += 1;
                refuse_above_limit(n_own + n_new)?;
                type_of_new(name, value)?
            }
        };
        if value.as_str().is_some_and(|text| text.chars().count() > MAX_TEXT) {
            let message = format!("Custom attribute '{name}' takes at most {MAX_TEXT} characters");
            return Err(Refusal::invalid(message).field(name.as_str()));
        }
        if value.is_array() || !data_type.accepts(value) {
            let message =
                format!("Custom attribute '{name}' must be of type {}", data_type.as_str());
            return Err(Refusal::invalid(message).field(name.as_str()));
        }
    }
    Ok(())
}

/// Refuses a value that is none of the options, if there are any.
fn refuse_other_options(definition: &DataAttribute, value: &Value) -> Result<(), Refusal> {
    let given = misfit::id(value);
    let is_option = |given: &str| definition.options.iter().any(|option| **option == *given);
    if definition.options.is_empty() || value.is_null() || given.as_deref().is_some_and(is_option) {
        return Ok(());
    }
    let name = &*definition.name;
    let message = format!("Custom attribute '{name}' must be one of its options");
    Err(Refusal::invalid(message).field(name))
}

/// The type of an attribute that a write defines.
fn type_of_new(name: &str, value: &Value) -> Result<DataType, Refusal> {
    if name.is_empty() || name.contains(['.', '$']) {
        let message = format!("Custom attribute '{name}' must have a name without . and $");
        return Err(Refusal::invalid(message).field(name));
    }
    Ok(DataType::infer(name, value).unwrap_or(DataType::String))
}

/// How many attributes of a model are not archived.
fn n_active(workspace: &Workspace, model: Model) -> usize {
    workspace.attributes.iter().filter(|a| a.model == model && !a.is_archived).count()
}

fn refuse_above_limit(n_attributes: usize) -> Result<(), Refusal> {
    if n_attributes > MAX_ATTRIBUTES {
        let message = format!("a workspace has at most {MAX_ATTRIBUTES} attributes");
        return Err(Refusal::new(400, "custom_data_limit_reached", message));
    }
    Ok(())
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let model = match call.query("model") {
        None => None,
        Some("contact" | "customer") => Some(Model::Contact),
        Some("company") => Some(Model::Company),
        Some("conversation") if call.version < ApiVersion::V2_16 => Some(Model::Conversation),
        Some("conversation") => {
            let message = "model=conversation is not supported; use /conversations/attributes";
            return Err(Refusal::new(422, "parameter_invalid", message).field("model"));
        }
        Some(_) => return Err(Refusal::invalid("model must be contact or company").field("model")),
    };
    let include_archived = call.query("include_archived") == Some("true");
    let shown = call.workspace.attributes.iter().filter(|attribute| {
        let fits = match model {
            Some(model) => attribute.model == model,
            None => attribute.model != Model::Conversation,
        };
        fits && (include_archived || !attribute.is_archived)
    });
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", shown, |out, attribute| json::object(out, |o| attribute.render(o)));
    }))
}

/// Conversations have attributes of their own since 2.16; they are listed in a form of their own.
pub(super) fn of_conversations(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let all = call.workspace.attributes.iter();
    let own = all.filter(|attribute| attribute.model == Model::Conversation);
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", own, |out, attribute| {
            json::object(out, |object| {
                object.field("type", "conversation_attribute").field("id", &attribute.id);
                object.field("name", &*attribute.name);
                object.field("description", &*attribute.description);
                object.field("data_type", attribute.data_type.as_str());
                object.field("required", &false).field("archived", &attribute.is_archived);
                object.raw("visible_to_team_ids", b"[]").field("multiline", &false);
                object.field("created_at", &attribute.created_at);
                object.field("updated_at", &attribute.updated_at);
            });
        });
    }))
}

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let name = required_text(&body, "name")?;
    let model = match required_text(&body, "model")? {
        "contact" => Model::Contact,
        "company" => Model::Company,
        _ => return Err(Refusal::invalid("model must be contact or company").field("model")),
    };
    let requested = required_text(&body, "data_type")?;
    let data_type = DataType::from_request(requested).ok_or_else(|| {
        Refusal::invalid(format!("{requested} is no data_type")).field("data_type")
    })?;
    check_name(call.workspace, model, name)?;
    let options = options(&body)?;
    if requested == "options" && options.len() < 2 {
        return Err(Refusal::invalid("at least two options are needed").field("options"));
    }
    let place = call.workspace.define_attribute(model, name, data_type, call.now);
    let attribute = call.workspace.attributes.get_mut(place);
    let attribute = attribute.ok_or_else(|| Refusal::not_found("Resource"))?;
    attribute.options = options;
    write_flags(attribute, &body);
    Ok(Answer::object(|object| attribute.render(object)))
}

fn check_name(workspace: &Workspace, model: Model, name: &str) -> Result<(), Refusal> {
    let is_allowed = |c: char| c.is_alphanumeric() || " _-$€£¥".contains(c);
    if !name.chars().all(is_allowed) {
        let message = "an attribute's name takes letters, digits, currency symbols and hyphens";
        return Err(Refusal::invalid(message).field("name"));
    }
    let known = workspace
        .attributes
        .iter()
        .find(|known| known.model != Model::Conversation && known.name.eq_ignore_ascii_case(name));
    if let Some(known) = known {
        let data = if known.model == Model::Company { "company" } else { "people" };
        let message = format!("You already have '{name}' in your {data} data");
        return Err(Refusal::invalid(message).field("name"));
    }
    refuse_above_limit(n_active(workspace, model) + 1)
}

/// Options come as texts or as objects with a value.
fn options(body: &Map<String, Value>) -> Result<Vec<Box<str>>, Refusal> {
    let entries = match body.get("options") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(entries)) => entries,
        Some(_) => return Err(Refusal::invalid("options must be a list").field("options")),
    };
    entries
        .iter()
        .map(|entry| {
            let text = entry.as_str().or_else(|| entry.get("value").and_then(Value::as_str));
            text.map(Into::into).ok_or_else(|| Refusal::invalid("an option has no value"))
        })
        .collect()
}

fn write_flags(attribute: &mut DataAttribute, body: &Map<String, Value>) {
    if let Some(Value::String(description)) = body.get("description") {
        attribute.description = description.as_str().into();
    }
    if let Some(Value::Bool(flag)) = body.get("messenger_writable") {
        attribute.messenger_writable = *flag;
    }
    if let Some(Value::Bool(flag)) = body.get("archived") {
        attribute.is_archived = *flag;
    }
}

pub(super) fn update(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let id = call.parameter(0).to_owned();
    let place = call.workspace.attributes.iter().position(|a| a.id.to_string() == id);
    let place =
        place.ok_or_else(|| Refusal::new(404, "field_not_found", "there is no such attribute"))?;
    let known = &call.workspace.attributes[place];
    if known.is_archived && body.get("archived") == Some(&Value::Bool(false)) {
        refuse_above_limit(n_active(call.workspace, known.model) + 1)?;
    }
    let attribute = &mut call.workspace.attributes[place];
    if body.contains_key("options") {
        attribute.options = options(&body)?;
    }
    write_flags(attribute, &body);
    attribute.updated_at = call.now;
    Ok(Answer::object(|object| attribute.render(object)))
}
