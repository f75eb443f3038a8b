//! Requests that stand for themselves, and events.

use bytes::Bytes;
use intercom_api::{BuildError, Endpoint, Request, Response};

use super::call::{SEND_EVENT, post};
use super::classify::refused;
use super::write::{Action, WriteContact};
use super::{Progress, State};
use crate::note::{NoteKind, Notes};
use crate::outcome::Purpose;
use crate::settings::UnknownUsers;

/// One request whose answer decides nothing.
#[derive(Clone, PartialEq)]
pub(crate) struct Send {
    pub(crate) purpose: Purpose,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) body: Bytes,
}

impl Send {
    pub(crate) fn purpose(&self) -> Purpose {
        self.purpose
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        Ok(Some(post(self.endpoint, state.version, self.body.clone())))
    }

    pub(crate) fn reply(&mut self, _: &State, notes: &mut Notes, response: &Response) -> Progress {
        if response.is_success() {
            return Progress::Next;
        }
        if self.purpose == Purpose::SetAttribute {
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
    /// What the user is created with, if at all.
    user: Option<Bytes>,
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
    pub(crate) fn new(body: Bytes, user: Option<Bytes>) -> Self {
        Self { body, user, stage: Stage::Sending }
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
            Stage::Sending
                if response.status == 404
                    && state.policy.unknown_users == UnknownUsers::Create
                    && self.user.is_some() =>
            {
                let body = self.user.take().unwrap_or_default();
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
