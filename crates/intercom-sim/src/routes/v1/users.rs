//! Users: create or update, look-up, list, scroll, archive, delete.

use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::routes::contacts::set_archived;
use crate::routes::v1::people::{self, USERS};
use crate::routes::v1::person;
use crate::routes::v1::subject::{self, Who};
use crate::routes::v1::write::Patch;
use crate::routes::{Call, required_id};
use crate::workspace::contact::Role;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

/// One user by `user_id`, or a list.
pub(super) fn find(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    if call.query("user_id").is_none() {
        return people::list(call, Role::User, USERS);
    }
    let slot = subject::find_in_query(call, Who::Users)?;
    Ok(answer(call, slot))
}

pub(super) fn answer(call: &Call<'_>, slot: Slot) -> Answer {
    Answer::ok(|out| person::render(call, out, slot))
}

pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_path(call, Who::Users)?;
    Ok(answer(call, slot))
}

pub(super) fn write(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = create_or_update(call, &call.body()?)?;
    Ok(answer(call, slot))
}

/// Creates the user that a body describes, or updates the one that it names.
pub(super) fn create_or_update(
    call: &mut Call<'_>,
    body: &Map<String, Value>,
) -> Result<Slot, Refusal> {
    let text = |name: &str| body.get(name).and_then(misfit::id);
    let (id, user_id, email) = (text("id"), text("user_id"), text("email"));
    let known = match (id, &user_id, &email) {
        (Some(_), _, _) => Some(subject::find_in(call, Who::Users, body)?),
        (None, Some(user_id), email) => by_user_id(call, user_id, email.as_deref())?,
        (None, None, Some(email)) => by_email(call, email)?,
        (None, None, None) => return Err(Refusal::missing("id, user_id or email")),
    };
    let mut patch = Patch::read(call, body)?;
    if let Some(user_id) = user_id {
        refuse_taken(call, &user_id, known)?;
        patch.set("external_id", user_id);
    }
    if known.is_none() {
        patch.set("role", Role::User.as_str());
    }
    let slot = patch.write(call, known)?;
    if call.workspace.contacts.get(slot).is_some_and(|contact| contact.is_archived) {
        set_archived(call, slot, false);
    }
    Ok(slot)
}

fn by_user_id(
    call: &Call<'_>,
    user_id: &str,
    email: Option<&str>,
) -> Result<Option<Slot>, Refusal> {
    let workspace = &*call.workspace;
    let mut all = workspace.contacts_by_external_id(user_id);
    let is_user = |slot: &Slot| workspace.contacts.get(*slot).is_some_and(|c| c.role == Role::User);
    if let Some(slot) = all.find(is_user) {
        return Ok(Some(slot));
    }
    let mut same_address =
        email.map_or_else(Vec::new, |email| subject::users_by_email(workspace, email));
    same_address
        .retain(|slot| workspace.contacts.get(*slot).is_some_and(|c| c.external_id.is_none()));
    subject::the_only_one(same_address)
}

fn by_email(call: &Call<'_>, email: &str) -> Result<Option<Slot>, Refusal> {
    let workspace = &*call.workspace;
    let known = subject::the_only_one(subject::users_by_email(workspace, email))?;
    let is_user = |slot: &Slot| workspace.contacts.get(*slot).is_some_and(|c| c.role == Role::User);
    Ok(known.or_else(|| workspace.contacts_by_email(email).find(is_user)))
}

/// Refuses a `user_id` that somebody else has.
pub(super) fn refuse_taken(
    call: &Call<'_>,
    user_id: &str,
    own: Option<Slot>,
) -> Result<(), Refusal> {
    let mut all = call.workspace.contacts_by_external_id(user_id);
    let other = all.find(|slot| Some(*slot) != own);
    let Some(other) = other.and_then(|slot| call.workspace.contacts.get(slot)) else {
        return Ok(());
    };
    let message = format!("A contact matching those details already exists with id={}", other.id);
    Err(Refusal::new(409, "conflict", message))
}

pub(super) fn scroll(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    people::scroll(call, Role::User, USERS)
}

pub(super) fn archive(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_path(call, Who::Users)?;
    set_archived(call, slot, true);
    Ok(answer(call, slot))
}

/// The same, named by the query.
pub(super) fn archive_named(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let slot = subject::find_in_query(call, Who::Users)?;
    set_archived(call, slot, true);
    Ok(answer(call, slot))
}

/// Deletes a user or lead for good. Archived ones can be deleted too.
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let id = required_id(&call.body()?, "intercom_user_id")?;
    if let Some(slot) = call.workspace.contacts.find(&id) {
        call.workspace.drop_contact(slot);
    }
    let request = call.workspace.next_number();
    Ok(Answer::object(|object| {
        object.field("id", &request);
    }))
}
