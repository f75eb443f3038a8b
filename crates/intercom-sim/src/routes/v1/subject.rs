//! Users and leads by what 1.4 names them with.

use serde_json::{Map, Value};

use crate::answer::Refusal;
use crate::routes::Call;
use crate::workspace::Workspace;
use crate::workspace::contact::Role;
use crate::workspace::misfit;
use crate::workspace::table::Slot;

/// Who is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    Users,
    Leads,
    /// Users by any of their ids, leads by one that no user has.
    Everybody,
}

impl Who {
    fn includes(self, role: Role) -> bool {
        match self {
            Self::Users => role == Role::User,
            Self::Leads => role == Role::Lead,
            Self::Everybody => true,
        }
    }
}

/// The person that is named; archived ones are not found.
pub(super) fn find(
    call: &Call<'_>,
    who: Who,
    given: impl Fn(&str) -> Option<String>,
) -> Result<Slot, Refusal> {
    let workspace = &*call.workspace;
    let found = if let Some(id) = given("id").or_else(|| given("intercom_user_id")) {
        by_id(workspace, who, &id)
    } else if let Some(user_id) = given("user_id") {
        by_user_id(workspace, who, &user_id)
    } else if let Some(email) = given("email").filter(|_| who != Who::Leads) {
        the_only_one(users_by_email(workspace, &email))?
    } else {
        let names = if who == Who::Leads { "id or user_id" } else { "id, user_id or email" };
        return Err(Refusal::missing(names));
    };
    found.ok_or_else(|| Refusal::not_found("User"))
}

/// The same, named by the fields of an object.
pub(super) fn find_in(
    call: &Call<'_>,
    who: Who,
    fields: &Map<String, Value>,
) -> Result<Slot, Refusal> {
    find(call, who, |name| fields.get(name).and_then(misfit::id))
}

/// The same, named by the query.
pub(super) fn find_in_query(call: &Call<'_>, who: Who) -> Result<Slot, Refusal> {
    find(call, who, |name| call.query(name).map(str::to_owned))
}

/// The person of the path.
pub(super) fn find_in_path(call: &Call<'_>, who: Who) -> Result<Slot, Refusal> {
    let found = by_id(call.workspace, who, call.parameter(0));
    found.ok_or_else(|| Refusal::not_found("User"))
}

fn by_id(workspace: &Workspace, who: Who, id: &str) -> Option<Slot> {
    let slot = workspace.find_contact(id)?;
    workspace.contacts.get(slot).filter(|contact| who.includes(contact.role)).map(|_| slot)
}

fn by_user_id(workspace: &Workspace, who: Who, user_id: &str) -> Option<Slot> {
    let fits = |slot: &Slot| {
        workspace.contacts.get(*slot).is_some_and(|contact| who.includes(contact.role))
    };
    let known = workspace.first_active(workspace.contacts_by_external_id(user_id).filter(fits));
    let invented = || {
        let lead = by_id(workspace, Who::Leads, &lead_id(user_id)?)?;
        // A lead that has an external id goes by that.
        workspace.contacts.get(lead).filter(|lead| lead.external_id.is_none()).map(|_| lead)
    };
    known.or_else(|| invented().filter(|_| who != Who::Users))
}

/// The users of an address who are not archived.
pub(super) fn users_by_email(workspace: &Workspace, email: &str) -> Vec<Slot> {
    let is_active_user = |slot: &Slot| {
        let contact = workspace.contacts.get(*slot);
        contact.is_some_and(|contact| contact.role == Role::User && !contact.is_archived)
    };
    workspace.contacts_by_email(email).filter(is_active_user).collect()
}

/// None or one of the users who share an address.
pub(super) fn the_only_one(users: Vec<Slot>) -> Result<Option<Slot>, Refusal> {
    if users.len() > 1 {
        let message = "Multiple existing users match this email address - must be more specific \
                       using user_id";
        return Err(Refusal::new(409, "conflict", message));
    }
    Ok(users.into_iter().next())
}

/// What stands behind the id of a lead to make a UUID of it.
const LEAD: &str = "1ead00";

/// The `user_id` of a lead: its id, spelled as a UUID where it has the usual form.
pub(super) fn lead_user_id(id: &str) -> String {
    let parts = (id.get(..8), id.get(8..12), id.get(12..15), id.get(15..18), id.get(18..24));
    match parts {
        (Some(a), Some(b), Some(c), Some(d), Some(e)) if id.len() == 24 => {
            format!("{a}-{b}-4{c}-8{d}-{e}{LEAD}")
        }
        _ => id.to_owned(),
    }
}

/// The id of the lead that has this `user_id`.
fn lead_id(user_id: &str) -> Option<String> {
    let mut groups = user_id.split('-');
    let id = (|| {
        let (a, b) = (groups.next()?, groups.next()?);
        let (c, d) = (groups.next()?.strip_prefix('4')?, groups.next()?.strip_prefix('8')?);
        let e = groups.next()?.strip_suffix(LEAD)?;
        Some(format!("{a}{b}{c}{d}{e}"))
    })();
    // An id of another form stands for itself.
    let id = id.unwrap_or_else(|| user_id.to_owned());
    (lead_user_id(&id) == user_id).then_some(id)
}
