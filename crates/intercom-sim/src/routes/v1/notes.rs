//! Notes on people.

use crate::answer::{Answer, Refusal};
use crate::json;
use crate::routes::contact_lists::{found_note, note_author, numbered_page, write_note};
use crate::routes::v1::person;
use crate::routes::v1::subject::{self, Who};
use crate::routes::{Call, pages, required_text};
use crate::workspace::journal::{Note, Subject};

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let text = required_text(&body, "body")?;
    let user = body.get("user").and_then(|user| user.as_object());
    let user = user.ok_or_else(|| Refusal::missing("user"))?;
    let slot = subject::find_in(call, Who::Everybody, user)?;
    let author = note_author(call, &body)?;
    let note = write_note(call, slot, author, text);
    Ok(Answer::ok(|out| render(call, out, &note)))
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_query(call, Who::Everybody)?;
    let notes: Vec<&Note> = call.workspace.notes_about(Subject::Contact(slot)).collect();
    let page = numbered_page(call, notes.len())?;
    Ok(Answer::object(|object| {
        object.field("type", "note.list");
        let shown = notes.get(page.range()).unwrap_or_default();
        object.list("notes", shown, |out, note| render(call, out, note));
        page.render_pages(object, &pages::filtered(call, "/notes"));
    }))
}

/// A note by its id; those on companies are not known to 1.4.
pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let note = found_note(call)?;
    match note.subject {
        Subject::Contact(_) => Ok(Answer::ok(|out| render(call, out, note))),
        Subject::Company(_) => Err(Refusal::not_found("Resource")),
    }
}

fn render(call: &Call<'_>, out: &mut Vec<u8>, note: &Note) {
    let workspace = &*call.workspace;
    json::object(out, |object| {
        object.field("type", "note").field("id", &note.id.to_string());
        object.field("created_at", &note.created_at).field("body", &*note.body);
        if let Some(author) = note.author_id.as_deref().and_then(|id| workspace.admin(id)) {
            object.object("author", |object| {
                object.field("type", "admin").field("id", &*author.id);
                object.field("name", &author.text("name")).field("email", &author.text("email"));
            });
        }
        if let Subject::Contact(slot) = note.subject
            && let Some(contact) = workspace.contacts.get(slot)
        {
            object.object("user", |user| {
                user.field("type", person::kind(contact.role)).field("id", &*contact.id);
            });
        }
    });
}
