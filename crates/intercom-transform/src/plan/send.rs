//! Requests that stand for themselves, and events.

use bytes::Bytes;
use intercom_api::{ApiVersion, BuildError, Endpoint, Request, Response};

use super::call::{SEND_EVENT, UPDATE_CONTACT, about, post};
use super::classify::refused;
use super::write::{Action, WriteContact};
use super::{Identity, Progress, State};
use crate::note::{NoteKind, Notes};
use crate::outcome::Purpose;
use crate::settings::UnknownUsers;
use crate::write::Object;

/// One request whose answer decides nothing.
#[derive(Clone, PartialEq)]
pub(crate) struct Send {
    pub(crate) purpose: Purpose,
    pub(crate) target: Target,
    pub(crate) body: Bytes,
}

/// Where a request goes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Target {
    Path(&'static Endpoint),
    /// To the contact, where there is one.
    Contact,
}

impl Send {
    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        let is_possible = self.target != Target::Contact || state.contact.is_some();
        is_possible.then_some(self.purpose)
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        let body = self.body.clone();
        match (self.target, &state.contact) {
            (Target::Path(endpoint), _) => Ok(Some(post(endpoint, state.version, body))),
            (Target::Contact, Some(contact)) => {
                about(&UPDATE_CONTACT, state.version, &[contact], Some(body)).map(Some)
            }
            (Target::Contact, None) => Ok(None),
        }
    }

    pub(crate) fn reply(&mut self, _: &State, notes: &mut Notes, response: &Response) -> Progress {
        if response.is_success() {
            return Progress::Next;
        }
        let is_refused = matches!(response.status, 400..=499)
            && !matches!(response.status, 401 | 403 | 408 | 425 | 429);
        if self.purpose == Purpose::SetAttribute && is_refused {
            // The event itself is delivered.
            notes.push_count(NoteKind::AttributeRefused, "", i64::from(response.status));
            return Progress::Next;
        }
        refused(self.purpose, response)
    }
}

/// Sends an event; a user who does not exist can be created first.
#[derive(Clone, PartialEq)]
pub(crate) struct SendEvent {
    body: Bytes,
    stage: Stage,
}

#[derive(Clone, PartialEq)]
enum Stage {
    Sending,
    Creating(Box<WriteContact>),
    /// The user has been created: there is no second time.
    Created,
}

impl SendEvent {
    pub(crate) fn new(body: Bytes) -> Self {
        Self { body, stage: Stage::Sending }
    }

    pub(crate) fn purpose(&self) -> Purpose {
        match &self.stage {
            Stage::Creating(_) => Purpose::CreateContact,
            Stage::Sending | Stage::Created => Purpose::SendEvent,
        }
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        match &self.stage {
            Stage::Creating(write) => write.request(state),
            Stage::Sending | Stage::Created => {
                Ok(Some(post(&SEND_EVENT, state.version, self.body.clone())))
            }
        }
    }

    pub(crate) fn reply(
        &mut self,
        state: &mut State,
        notes: &mut Notes,
        response: &Response,
    ) -> Progress {
        match &mut self.stage {
            Stage::Creating(write) => match write.reply(state, notes, response) {
                Progress::Next => {
                    notes.push(NoteKind::UserCreated, "");
                    self.stage = Stage::Created;
                    Progress::Again
                }
                progress => progress,
            },
            Stage::Sending if response.status == 404 && can_create(state) => {
                let body = new_user(&state.identity);
                let write = WriteContact::new(Action::CreateOnly, body.clone(), body);
                state.contact = None;
                self.stage = Stage::Creating(Box::new(write));
                Progress::Again
            }
            Stage::Sending | Stage::Created => {
                if response.is_success() {
                    return Progress::Next;
                }
                refused(Purpose::SendEvent, response)
            }
        }
    }
}

/// Whether a user who does not exist can be created: 1.4 has no contacts.
fn can_create(state: &State) -> bool {
    let Identity { external_id, email } = &state.identity;
    state.policy.unknown_users == UnknownUsers::Create
        && state.version >= ApiVersion::V2_7
        && (external_id.is_some() || email.is_some())
}

fn new_user(identity: &Identity) -> Bytes {
    let mut body = Vec::with_capacity(96);
    let mut object = Object::open(&mut body);
    if let Some(external_id) = &identity.external_id {
        object.text("role", "user");
        object.text("external_id", external_id);
    }
    if let Some(email) = &identity.email {
        object.text("email", email);
    }
    object.close();
    body.into()
}
