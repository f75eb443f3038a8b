//! Companies: create or update, look-up, list, scroll, users.

use crate::answer::{Answer, Refusal};
use crate::routes::Call;
use crate::routes::companies::{self, Lookup, by_company_id, named, scroll_page};
use crate::routes::contact_lists::{company_answer, company_not_found, numbered_page};
use crate::routes::pages::{self, MAX_LISTED};
use crate::routes::v1::people::{self, USERS};
use crate::routes::v1::write::{company_fields, find_company, write_company};
use crate::workspace::misfit;
use crate::workspace::table::Slot;

pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let given = |name: &str| body.get(name).and_then(misfit::id);
    let known = match (given("id"), given("company_id")) {
        (Some(_), _) => Some(find_company(call, &body).ok_or_else(company_not_found)?),
        (None, Some(company_id)) => by_company_id(call, &company_id),
        (None, None) => None,
    };
    let fields = company_fields(call, body)?;
    let slot = write_company(call, known, &fields)?;
    company_answer(call, slot)
}

/// One company by an id of its own or its name, its users, or a list.
pub(super) fn find(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let one = match (call.query("company_id"), call.query("name")) {
        (Some(company_id), _) => by_company_id(call, company_id),
        (None, Some(name)) => companies::by_name(call, name),
        (None, None) => return list(call),
    };
    let slot = one.ok_or_else(company_not_found)?;
    match call.query("type") {
        // The reference says both.
        Some("user" | "users") => users_of(call, slot, "/companies"),
        _ => company_answer(call, slot),
    }
}

fn list(call: &Call<'_>) -> Result<Answer, Refusal> {
    if call.query("tag_id").is_some() && call.query("segment_id").is_some() {
        return Err(Refusal::invalid("tag_id and segment_id exclude each other"));
    }
    let found = match Lookup::read(call)? {
        Some(lookup) => lookup.slots(call),
        None => companies::with_members(call),
    };
    let page = numbered_page(call, found.len().min(MAX_LISTED))?;
    page.refuse_beyond_cap()?;
    Ok(Answer::object(|object| {
        object.field("type", "company.list");
        let shown = found.get(page.range()).unwrap_or_default();
        object.list("companies", shown, |out, slot| companies::render(call, out, *slot));
        object.field("total_count", &found.len());
        page.render_pages(object, &pages::filtered(call, "/companies"));
    }))
}

pub(super) fn scroll(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let page = scroll_page(call)?;
    Ok(Answer::object(|object| {
        object.field("type", "company.list");
        object.list("companies", &page.slots, |out, slot| companies::render(call, out, *slot));
        page.render(object);
    }))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    company_answer(call, slot)
}

pub(super) fn users(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = named(call)?;
    users_of(call, slot, &format!("/companies/{}/users", call.parameter(0)))
}

/// The users and leads of a company.
fn users_of(call: &Call<'_>, slot: Slot, path: &str) -> Result<Answer, Refusal> {
    let company = call.workspace.companies.get(slot).ok_or_else(company_not_found)?;
    let members = company.members.iter().copied();
    let is_active =
        |slot: &Slot| call.workspace.contacts.get(*slot).is_some_and(|c| !c.is_archived);
    let members: Vec<Slot> = members.filter(is_active).collect();
    people::page(call, &members, path, USERS)
}
