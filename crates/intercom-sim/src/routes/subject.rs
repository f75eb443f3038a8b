//! Which contact a call is about, named by one of three ids.

use crate::answer::Refusal;
use crate::workspace::Workspace;
use crate::workspace::contact::Role;
use crate::workspace::table::Slot;

/// Who can be named by an id of the customer's own or an e-mail address. The id of the API names
/// everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Users,
    Everybody,
}

/// The contact that is named; archived ones are not found.
pub(super) fn find(
    workspace: &Workspace,
    who: Who,
    given: impl Fn(&str) -> Option<String>,
) -> Result<Slot, Refusal> {
    let fits = |slot: &Slot| {
        let contact = workspace.contacts.get(*slot);
        contact.is_some_and(|contact| who == Who::Everybody || contact.role == Role::User)
    };
    let found = if let Some(id) = given("id").or_else(|| given("intercom_user_id")) {
        workspace.find_contact(&id)
    } else if let Some(external_id) = given("user_id") {
        workspace.first_active(workspace.contacts_by_external_id(&external_id).filter(fits))
    } else if let Some(email) = given("email") {
        workspace.first_active(workspace.contacts_by_email(&email).filter(fits))
    } else {
        return Err(Refusal::missing("id, user_id or email"));
    };
    found.ok_or_else(|| Refusal::not_found("User"))
}
