//! Tags: list, read, create or rename, apply to companies and users, delete.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::companies::by_company_id;
use crate::routes::{Call, required_text};
use crate::workspace::catalogue::Membership;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", call.workspace.tags.iter(), |out, (_, tag)| {
            json::object(out, |object| tag.render(object));
        });
    }))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = call.tag(call.parameter(0))?;
    answer(call, place)
}

fn answer(call: &Call<'_>, place: u32) -> Result<Answer, Refusal> {
    let tag = call.workspace.tags.get(place).ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::object(|object| tag.render(object)))
}

/// Finds what an entry of a list of companies or users names.
type Find = fn(&Call<'_>, &Map<String, Value>) -> Result<Slot, Refusal>;

/// Creates a tag, renames one (`id`), or applies one to companies or users.
pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    write_to(call, company, |call, entry| {
        let id = entry.get("id").and_then(misfit::id);
        let found = id.and_then(|id| call.workspace.find_contact(&id));
        found.ok_or_else(|| Refusal::not_found("Resource"))
    })
}

/// The same, with other ways to name companies and users.
pub(super) fn write_to(
    call: &mut Call<'_>,
    find_company: Find,
    find_user: Find,
) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let name = required_text(&body, "name")?;
    if let Some(id) = body.get("id").and_then(misfit::id) {
        let place = call.tag(&id)?;
        call.workspace.tags.rename(place, name);
        return answer(call, place);
    }
    let place = call.workspace.tags.named(name);
    if let Some(Value::Array(companies)) = body.get("companies") {
        for entry in companies {
            tag_company(call, place, entry, find_company)?;
        }
    }
    if let Some(Value::Array(users)) = body.get("users") {
        for entry in users {
            tag_user(call, place, entry, find_user)?;
        }
    }
    answer(call, place)
}

/// A company by the id of the API or one of its own.
fn company(call: &Call<'_>, entry: &Map<String, Value>) -> Result<Slot, Refusal> {
    let given = |name: &str| entry.get(name).and_then(misfit::id);
    let found = match given("id") {
        Some(id) => call.workspace.companies.find(&id),
        None => given("company_id").and_then(|id| by_company_id(call, &id)),
    };
    found.ok_or_else(|| Refusal::not_found("Resource"))
}

fn tag_company(call: &mut Call<'_>, place: u32, entry: &Value, find: Find) -> Result<(), Refusal> {
    let slot = subject(call, entry, find)?;
    let (now, is_untag) = (call.now, is_untag(entry));
    call.workspace.companies.change(slot, |company| {
        company.tags.retain(|known| *known != place);
        if !is_untag {
            company.tags.push(place);
        }
        company.updated_at = now;
    });
    Ok(())
}

fn tag_user(call: &mut Call<'_>, place: u32, entry: &Value, find: Find) -> Result<(), Refusal> {
    let slot = subject(call, entry, find)?;
    if is_untag(entry) {
        call.workspace.untag_contact(slot, place, call.now);
    } else {
        call.workspace.tag_contact(slot, place, call.now);
    }
    Ok(())
}

fn subject(call: &Call<'_>, entry: &Value, find: Find) -> Result<Slot, Refusal> {
    let fields = entry.as_object().ok_or_else(|| Refusal::invalid("invalid tag parameters"))?;
    find(call, fields)
}

fn is_untag(entry: &Value) -> bool {
    entry.get("untag").is_some_and(|flag| *flag == Value::Bool(true) || *flag == "true")
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let place = call.tag(call.parameter(0))?;
    let segments = call.workspace.segments.iter();
    let dependent = segments.filter(|known| known.membership == Membership::Tagged(place));
    let names: Vec<&str> = dependent.map(|segment| &*segment.name).collect();
    if !names.is_empty() {
        let message =
            format!("Unable to delete Tag with dependent objects. Segments: {}.", names.join(", "));
        return Err(Refusal::new(400, "tag_has_dependent_objects", message));
    }
    let workspace = &mut *call.workspace;
    workspace.tags.remove(place);
    for slot in workspace.contacts.tagged(place) {
        workspace.untag_contact(slot, place, call.now);
    }
    for slot in workspace.conversations.tagged(place) {
        workspace.conversations.change(slot, |found| found.tags.retain(|a| a.tag != place));
    }
    for slot in workspace.companies.tagged(place) {
        workspace.companies.change(slot, |company| company.tags.retain(|tag| *tag != place));
    }
    Ok(Answer::json(Vec::new()))
}
