//! Leads, which 1.4 calls contacts: create, update, look-up, list, scroll, convert, archive.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::Call;
use crate::routes::contacts::set_archived;
use crate::routes::v1::people::{self, LEADS};
use crate::routes::v1::subject::{self, Who};
use crate::routes::v1::users::{answer, refuse_taken};
use crate::routes::v1::write::Patch;
use crate::workspace::contact::Role;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

/// One lead by `user_id`, or a list.
pub(super) fn find(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    if call.query("user_id").is_none() {
        return people::list(call, Role::Lead, LEADS);
    }
    let slot = subject::find_in_query(call, Who::Leads)?;
    Ok(answer(call, slot))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_path(call, Who::Leads)?;
    Ok(answer(call, slot))
}

/// Updates the lead that the body names; without an id it creates one, whatever its address.
pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let is_named = ["id", "user_id"].iter().any(|name| body.get(*name).is_some_and(is_given));
    let known = is_named.then(|| subject::find_in(call, Who::Leads, &body)).transpose()?;
    let mut patch = Patch::read(call, &body)?;
    if known.is_none() {
        patch.set("role", Role::Lead.as_str());
    }
    let slot = patch.write(call, known)?;
    Ok(answer(call, slot))
}

fn is_given(id: &Value) -> bool {
    misfit::id(id).is_some()
}

pub(super) fn scroll(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    people::scroll(call, Role::Lead, LEADS)
}

pub(super) fn archive(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_path(call, Who::Leads)?;
    set_archived(call, slot, true);
    Ok(answer(call, slot))
}

/// Merges a lead into a user, or makes a user of it.
pub(super) fn convert(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let part = |name: &str| {
        let fields = body.get(name).and_then(Value::as_object);
        fields.ok_or_else(|| Refusal::missing(name))
    };
    let lead = subject::find_in(call, Who::Leads, part("contact")?)?;
    let named = part("user")?;
    let slot = match subject::find_in(call, Who::Users, named) {
        Ok(user) => {
            merge(call, lead, user)?;
            user
        }
        // A user of this id cannot be made.
        Err(refusal) if refusal.status != 404 || named.get("id").is_some_and(is_given) => {
            return Err(refusal);
        }
        Err(_) => {
            promote(call, lead, named)?;
            lead
        }
    };
    Ok(answer(call, slot))
}

fn merge(call: &mut Call<'_>, lead: Slot, user: Slot) -> Result<(), Refusal> {
    let id = |slot| call.workspace.contacts.get(slot).map(|contact| contact.id.clone());
    let (Some(from), Some(into)) = (id(lead), id(user)) else {
        return Err(Refusal::not_found("User"));
    };
    let merged = call.workspace.merge_contacts(&from, &into, call.now);
    merged.map_err(|_| Refusal::not_found("User"))
}

/// Makes a user of a lead.
fn promote(call: &mut Call<'_>, lead: Slot, named: &Map<String, Value>) -> Result<(), Refusal> {
    let text = |name: &str| named.get(name).and_then(misfit::id);
    let mut fields = Map::new();
    fields.insert("role".to_owned(), Role::User.as_str().into());
    let external_id = text("user_id");
    if let Some(user_id) = &external_id {
        refuse_taken(call, user_id, Some(lead))?;
    }
    fields.insert("external_id".to_owned(), external_id.into());
    if let Some(email) = text("email") {
        fields.insert("email".to_owned(), email.into());
    }
    Ok(call.workspace.patch_contact(lead, fields, call.now)?)
}
