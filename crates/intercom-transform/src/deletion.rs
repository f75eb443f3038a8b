//! Deletion: forgetting a person.

use intercom_api::ApiVersion;

use crate::event::Value;
use crate::note::NoteKind;
use crate::pick::{Expected, Skip, first, kind_words};
use crate::plan::{Action, Find, Identity, Missing, Plan, Task, WriteContact};
use crate::planner::Planner;
use crate::rejection::{Call, Reason, Rejection};
use crate::settings::{Deletion, Typing};

/// The most users of one event to delete; each is two requests.
const MAX_USERS: usize = 1000;

pub(crate) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    let settings = planner.settings;
    let (mut tasks, mut whom) = (Vec::new(), Identity::default());
    match planner.message.user_attributes {
        None => {
            let identity =
                planner.deleted(planner.user_id(Skip::Empty), planner.email(Skip::Empty))?;
            let identity = identity.ok_or_else(|| planner.missing_identity(Call::Delete))?;
            whom = identity.clone();
            planner.push_deletion(identity, &mut tasks);
        }
        Some(users) if users.is_list() => {
            if users.elements().nth(MAX_USERS).is_some() {
                let reason = Reason::TooManyUsers { limit: MAX_USERS };
                return Err(Rejection::new("userAttributes", reason));
            }
            for user in users.elements() {
                let field = |name| first([user.get(name).and_then(Value::present)], Skip::Empty);
                // Values that are not checked name nobody who could be found by them.
                let email = field("email").filter(|_| settings.typing == Typing::Checked);
                match planner.deleted(field("userId"), email)? {
                    Some(identity) => planner.push_deletion(identity, &mut tasks),
                    None => planner.notes.push(NoteKind::NothingToDelete, "userAttributes"),
                }
            }
        }
        Some(wrong) => {
            let found = kind_words(wrong.kind());
            let reason = Reason::UserAttributes { found };
            return Err(Rejection::new("userAttributes", reason));
        }
    }
    // Contacts are searched and deleted with versions 2 only.
    let version = if settings.is_v1() { ApiVersion::V2_10 } else { planner.version() };
    Ok(Plan::new(settings, version, whom, tasks, planner.notes))
}

impl<'e> Planner<'e, '_> {
    /// Who is to be deleted; an e-mail address counts only where there is no id, which may belong
    /// to another person.
    fn deleted(
        &self,
        user: Option<Value<'e>>,
        email: Option<Value<'e>>,
    ) -> Result<Option<Identity>, Rejection> {
        let user = self.check.check(user, Expected::Id)?.and_then(Value::to_plain);
        let email = self.check.check(email, Expected::Text)?.and_then(Value::to_plain);
        Ok(match (user, email) {
            (Some(user), _) => Some(Identity { external_id: Some(user.into()), email: None }),
            (None, Some(email)) => {
                let email = Some(crate::person::lower(&email).into());
                Some(Identity { external_id: None, email })
            }
            (None, None) => None,
        })
    }

    fn push_deletion(&self, identity: Identity, tasks: &mut Vec<Task>) {
        let lookup = match (&identity.external_id, &identity.email) {
            (Some(id), _) => ("external_id", id),
            (None, Some(email)) => ("email", email),
            (None, None) => return,
        };
        let mut find = Find::by_texts(&[(lookup.0, &**lookup.1)]);
        find.missing = Missing::Note(NoteKind::NothingToDelete);
        find.identity = Some(Box::new(identity));
        tasks.push(Task::Find(find));
        let action = match self.settings.deletion {
            Deletion::Contact => Action::Delete,
            Deletion::Request => Action::RequestDeletion,
        };
        let nothing = bytes::Bytes::new();
        tasks.push(Task::Write(WriteContact::new(action, nothing.clone(), nothing)));
    }
}
