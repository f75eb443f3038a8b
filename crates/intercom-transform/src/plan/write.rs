//! Creating or updating a contact, and what to do when it exists although it was not found.

use bytes::Bytes;
use intercom_api::{ApiError, BuildError, Conflict, ContactId, Request, Response};

use super::call::{
    CREATE_CONTACT, DELETE_CONTACT, READ_CONTACT, REQUEST_DELETION, UNARCHIVE, UPDATE_CONTACT,
    about, post,
};
use super::classify::{refused, retryable};
use super::find::read;
use super::{Progress, State};
use crate::event::{Tape, Value};
use crate::note::{NoteKind, Notes};
use crate::outcome::{Outcome, Purpose};
use crate::rejection::{Reason, Rejection};
use crate::settings::{Archived, Conflicts, Destination};
use crate::write::Object;

/// Writes the contact that was found, or creates it.
#[derive(Clone, PartialEq)]
pub(crate) struct WriteContact {
    pub(crate) action: Action,
    /// What a contact is created with.
    pub(crate) create: Bytes,
    /// What a contact is updated with.
    pub(crate) update: Bytes,
    stage: Stage,
}

/// What is done to the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is updated, or created if there is none.
    Upsert,
    /// It is created only where there is none.
    CreateOnly,
    /// It is updated only where there is one.
    UpdateOnly,
    /// It is deleted.
    Delete,
    /// Its deletion is requested, with all that is kept of the person.
    RequestDeletion,
}

impl Action {
    const fn is_deletion(self) -> bool {
        matches!(self, Self::Delete | Self::RequestDeletion)
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Stage {
    Writing,
    /// A conflict named a contact.
    Reading(Conflict),
    Restoring(ContactId),
    /// A conflict has been resolved; there is no second time.
    Resolved,
}

impl WriteContact {
    pub(crate) fn new(action: Action, create: Bytes, update: Bytes) -> Self {
        Self { action, create, update, stage: Stage::Writing }
    }

    /// The same body whether the contact exists or not.
    pub(crate) fn upsert(body: Bytes) -> Self {
        Self::new(Action::Upsert, body.clone(), body)
    }

    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        match &self.stage {
            Stage::Reading(_) => Some(Purpose::ReadContact),
            Stage::Restoring(_) => Some(Purpose::Unarchive),
            Stage::Writing | Stage::Resolved => match (self.action, &state.contact) {
                (Action::Upsert | Action::UpdateOnly, Some(_)) => Some(Purpose::UpdateContact),
                (Action::Upsert | Action::CreateOnly, None) => Some(Purpose::CreateContact),
                (Action::Delete | Action::RequestDeletion, Some(_)) => Some(Purpose::DeleteContact),
                (Action::CreateOnly, Some(_))
                | (Action::UpdateOnly | Action::Delete | Action::RequestDeletion, None) => None,
            },
        }
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        let version = state.version;
        match &self.stage {
            Stage::Reading(conflict) => {
                return about(&READ_CONTACT, version, &[&conflict.existing], None).map(Some);
            }
            Stage::Restoring(contact) => {
                return about(&UNARCHIVE, version, &[contact], None).map(Some);
            }
            Stage::Writing | Stage::Resolved => {}
        }
        let Some(purpose) = self.purpose(state) else { return Ok(None) };
        let Some(contact) = &state.contact else {
            return Ok(Some(post(&CREATE_CONTACT, version, self.create.clone())));
        };
        if self.action == Action::RequestDeletion {
            let mut body = Vec::with_capacity(64);
            let mut object = Object::open(&mut body);
            object.text("intercom_user_id", contact.as_str());
            object.close();
            return Ok(Some(post(&REQUEST_DELETION, version, body.into())));
        }
        if purpose == Purpose::DeleteContact {
            return about(&DELETE_CONTACT, version, &[contact], None).map(Some);
        }
        about(&UPDATE_CONTACT, version, &[contact], Some(self.update.clone())).map(Some)
    }

    pub(crate) fn reply(
        &mut self,
        state: &mut State,
        notes: &mut Notes,
        response: &Response,
    ) -> Progress {
        match std::mem::replace(&mut self.stage, Stage::Resolved) {
            Stage::Writing => {
                self.stage = Stage::Writing;
                self.after_writing(state, response)
            }
            Stage::Resolved => self.finish(state, response),
            Stage::Reading(conflict) => self.after_reading(conflict, state, notes, response),
            Stage::Restoring(contact) => {
                if !response.is_success() {
                    return refused(Purpose::Unarchive, response);
                }
                match other_person(state, &contact, response) {
                    Ok(None) => {}
                    Ok(Some(other)) => return Progress::End(Outcome::Rejected(other)),
                    Err(Unreadable) => return retryable(Purpose::Unarchive, response),
                }
                notes.push(NoteKind::Unarchived, "");
                state.contact = Some(contact);
                self.again()
            }
        }
    }

    fn after_writing(&mut self, state: &mut State, response: &Response) -> Progress {
        let is_update = state.contact.is_some();
        match response.status {
            // Forgets what another plan knew, and looks the contact up.
            404 if is_update && state.is_remembered => Progress::Restart,
            409 if !self.action.is_deletion() => self.after_conflict(state, response),
            _ => self.finish(state, response),
        }
    }

    fn after_conflict(&mut self, state: &mut State, response: &Response) -> Progress {
        let purpose = self.writing_purpose(state);
        if state.policy.conflicts == Conflicts::Retry {
            let is_creation = purpose == Purpose::CreateContact;
            return if is_creation && state.policy.destination == Destination::Intercom {
                retryable(purpose, response)
            } else {
                refused(purpose, response)
            };
        }
        let Some(conflict) = ApiError::from_response(response).conflict() else {
            return match purpose {
                // Nobody is named: a search will find the contact once it is indexed.
                Purpose::CreateContact => retryable(purpose, response),
                _ => refused(purpose, response),
            };
        };
        if conflict.is_archived && state.policy.archived == Archived::Abort {
            return refused(purpose, response);
        }
        self.stage = Stage::Reading(conflict);
        Progress::Again
    }

    fn after_reading(
        &mut self,
        conflict: Conflict,
        state: &mut State,
        notes: &mut Notes,
        response: &Response,
    ) -> Progress {
        let Conflict { existing, is_archived } = conflict;
        // An archived contact may not be readable before it is restored.
        if is_archived && response.status == 404 {
            self.stage = Stage::Restoring(existing);
            return Progress::Again;
        }
        if !response.is_success() {
            return refused(Purpose::ReadContact, response);
        }
        match other_person(state, &existing, response) {
            Ok(None) => {}
            Ok(Some(other)) => return Progress::End(Outcome::Rejected(other)),
            Err(Unreadable) => return retryable(Purpose::ReadContact, response),
        }
        if is_archived {
            self.stage = Stage::Restoring(existing);
            return Progress::Again;
        }
        notes.push(NoteKind::ConflictResolved, "");
        state.contact = Some(existing);
        self.again()
    }

    /// The contact is known; where it only had to exist, that is all.
    fn again(&self) -> Progress {
        if self.action == Action::CreateOnly { Progress::Next } else { Progress::Again }
    }

    fn writing_purpose(&self, state: &State) -> Purpose {
        self.purpose(state).unwrap_or(Purpose::CreateContact)
    }

    fn finish(&self, state: &mut State, response: &Response) -> Progress {
        let purpose = self.writing_purpose(state);
        if purpose == Purpose::DeleteContact {
            // Deleted already.
            if response.is_success() || response.status == 404 {
                state.contact = None;
                state.is_deleted = true;
                return Progress::Next;
            }
            return refused(purpose, response);
        }
        if !response.is_success() {
            // Found a moment ago and gone: the next look-up tells.
            let is_gone = response.status == 404
                && purpose == Purpose::UpdateContact
                && state.policy.conflicts == Conflicts::Resolve;
            return if is_gone { retryable(purpose, response) } else { refused(purpose, response) };
        }
        if state.contact.is_none() {
            let mut tape = Tape::for_answer(&response.body);
            let answer = read(&response.body, &mut tape);
            let id = answer.as_ref().and_then(|answer| answer.root().get("id")?.to_plain());
            state.contact = id.and_then(|id| ContactId::new(id.into_owned()).ok());
        }
        Progress::Next
    }
}

/// Why a contact that was read is not the user: it has another external id. `None` when it is.
///
/// # Errors
/// An answer that tells nothing: the contact may be anybody's.
fn other_person(
    state: &State,
    contact: &ContactId,
    response: &Response,
) -> Result<Option<Rejection>, Unreadable> {
    let mut tape = Tape::for_answer(&response.body);
    let answer = read(&response.body, &mut tape).filter(|answer| answer.root().is_object());
    let answer = answer.ok_or(Unreadable)?;
    let found = answer.root().get("external_id").and_then(Value::to_plain);
    let Some(found) = found.filter(|id| !id.is_empty()) else { return Ok(None) };
    let wanted = state.identity.external_id.as_deref();
    if wanted.is_none() || wanted == Some(&*found) {
        return Ok(None);
    }
    let reason = Reason::IdentityConflict {
        contact_id: contact.as_str().to_owned(),
        wanted: wanted.map(str::to_owned),
        found: Some(found.into_owned()),
    };
    Ok(Some(Rejection::new("", reason)))
}

/// An answer that is no object: it does not tell whose contact it is.
struct Unreadable;
