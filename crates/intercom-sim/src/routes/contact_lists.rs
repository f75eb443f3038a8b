//! What hangs on a contact: tags, notes, companies, segments.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::pages::NumberedPage;
use crate::routes::{Call, required_id, required_text};
use crate::search::PageLimits;
use crate::workspace::contact::Contact;
use crate::workspace::journal::{Note, Subject};
use crate::workspace::table::Slot;

const PAGE: PageLimits = PageLimits { default: 50, max: 60 };
const MAX_COMPANIES: usize = 1_000;

/// The page that the query asks for.
pub(super) fn numbered_page<'c>(
    call: &Call<'c>,
    total: usize,
) -> Result<NumberedPage<'c>, Refusal> {
    NumberedPage::asked(call, PAGE, total)
}

fn found<'c>(call: &'c Call<'_>) -> Result<(Slot, &'c Contact), Refusal> {
    let slot = call.contact()?;
    let contact = call.workspace.contacts.get(slot).ok_or_else(|| Refusal::not_found("User"))?;
    Ok((slot, contact))
}

pub(super) fn tags(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, contact) = found(call)?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", &contact.tags, |out, applied| {
            call.workspace.render_applied(out, applied);
        });
    }))
}

pub(super) fn add_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let tag = call.tag(&required_id(&call.body()?, "id")?)?;
    call.workspace.tag_contact(slot, tag, call.now);
    let (_, contact) = found(call)?;
    let applied = contact.tags.iter().find(|applied| applied.tag == tag);
    let applied = applied.ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::ok(|out| call.workspace.render_applied(out, applied)))
}

pub(super) fn remove_tag(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let place = call.tag(call.parameter(1))?;
    if !call.workspace.untag_contact(slot, place, call.now) {
        return Err(Refusal::not_found("Resource"));
    }
    let tag = call.workspace.tags.get(place).ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Answer::object(|object| tag.render(object)))
}

pub(super) fn notes(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (slot, _) = found(call)?;
    notes_about(call, Subject::Contact(slot))
}

/// The notes about something, newest first.
pub(super) fn notes_about(call: &Call<'_>, subject: Subject) -> Result<Answer, Refusal> {
    let notes: Vec<&Note> = call.workspace.notes_about(subject).collect();
    let page = numbered_page(call, notes.len())?;
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", notes.get(page.range()).unwrap_or_default(), |out, note| {
            call.workspace.render_note(out, note);
        });
        let kind = if matches!(subject, Subject::Contact(_)) { "contacts" } else { "companies" };
        page.render(object, &format!("/{kind}/{}/notes", call.parameter(0)));
    }))
}

pub(super) fn add_note(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let body = call.body()?;
    let text = required_text(&body, "body")?;
    let first = || call.workspace.admins.first().map(|admin| admin.id.clone());
    let author_id = note_author(call, &body)?.or_else(first);
    let note = write_note(call, slot, author_id, text);
    Ok(Answer::ok(|out| call.workspace.render_note(out, &note)))
}

/// The admin who is said to write a note.
pub(super) fn note_author(
    call: &Call<'_>,
    body: &Map<String, Value>,
) -> Result<Option<Box<str>>, Refusal> {
    if body.get("admin_id").is_none_or(Value::is_null) {
        return Ok(None);
    }
    let id = required_id(body, "admin_id")?;
    let admin = call.workspace.admin(&id).ok_or_else(|| Refusal::not_found("Resource"))?;
    Ok(Some(admin.id.clone()))
}

/// Writes a note about a contact.
pub(super) fn write_note(
    call: &mut Call<'_>,
    slot: Slot,
    author_id: Option<Box<str>>,
    text: &str,
) -> Note {
    let id = u32::try_from(call.workspace.next_number()).unwrap_or(u32::MAX);
    let note = Note {
        id,
        subject: Subject::Contact(slot),
        author_id,
        body: text.into(),
        created_at: call.now,
    };
    call.workspace.notes.push(note.clone());
    let now = call.now;
    call.workspace.contacts.change(slot, |contact| {
        contact.n_notes += 1;
        contact.updated_at = now;
    });
    note
}

/// The note that the path names.
pub(super) fn found_note<'c>(call: &'c Call<'_>) -> Result<&'c Note, Refusal> {
    let id = call.parameter(0);
    let note = call.workspace.notes.iter().find(|note| note.id.to_string() == id);
    note.ok_or_else(|| Refusal::not_found("Resource"))
}

pub(super) fn note(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let note = found_note(call)?;
    Ok(Answer::ok(|out| call.workspace.render_note(out, note)))
}

pub(super) fn companies(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, contact) = found(call)?;
    let page = numbered_page(call, contact.companies.len())?;
    let slots = contact.companies.get(page.range()).unwrap_or_default();
    let companies = slots.iter().filter_map(|slot| call.workspace.companies.get(*slot));
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", companies, |out, company| {
            call.workspace.render_company(out, company);
        });
        page.render(object, &format!("/contacts/{}/companies", contact.id));
    }))
}

pub(super) fn add_company(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (slot, contact) = found(call)?;
    refuse_above_limit(contact.companies.len() + 1)?;
    let body = call.body()?;
    let id = required_id(&body, "id").map_err(|_| Refusal::missing("company"))?;
    let company = call.workspace.companies.find(&id).ok_or_else(company_not_found)?;
    call.workspace.attach_company(slot, company, call.now);
    company_answer(call, company)
}

/// Refuses more companies of a contact than it can have.
pub(super) fn refuse_above_limit(n_companies: usize) -> Result<(), Refusal> {
    if n_companies > MAX_COMPANIES {
        let message = format!("Contact has reached the maximum of {MAX_COMPANIES} companies");
        return Err(Refusal::new(400, "contact_company_limit_exceeded", message));
    }
    Ok(())
}

pub(super) fn remove_company(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = call.contact()?;
    let company = call.workspace.companies.find(call.parameter(1)).ok_or_else(company_not_found)?;
    if !call.workspace.detach_company(slot, company, call.now) {
        return Err(company_not_found());
    }
    company_answer(call, company)
}

pub(super) fn company_answer(call: &Call<'_>, company: Slot) -> Result<Answer, Refusal> {
    let company = call.workspace.companies.get(company).ok_or_else(company_not_found)?;
    Ok(Answer::ok(|out| call.workspace.render_company(out, company)))
}

pub(super) fn company_not_found() -> Refusal {
    Refusal::new(404, "company_not_found", "Company Not Found")
}

pub(super) fn segments(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let (_, contact) = found(call)?;
    let segments = call.workspace.segments.iter();
    let own = segments.filter(|s| call.workspace.belongs(contact, s.membership, call.now));
    Ok(Answer::object(|object| {
        object.field("type", "list");
        object.list("data", own, |out, segment| json::object(out, |o| segment.render(o)));
    }))
}
