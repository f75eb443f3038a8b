//! Requests that were made elsewhere, and only need sending.

use intercom_api::{BuildError, ContactId, Request, Response};

use super::call::purpose_of;
use super::classify::refused;
use super::find::read;
use super::{Identity, Plan, Progress, Task, WriteContact};
use crate::event::{Tape, Value};
use crate::note::Notes;
use crate::outcome::Purpose;
use crate::person::lower;
use crate::settings::Settings;

/// One request as it came.
#[derive(Clone, PartialEq)]
pub(crate) struct Finished {
    request: Box<Request>,
    pub(crate) purpose: Purpose,
}

impl Finished {
    pub(crate) fn request(&self) -> Result<Option<Request>, BuildError> {
        Ok(Some((*self.request).clone()))
    }

    pub(crate) fn reply(&self, response: &Response) -> Progress {
        let is_deletion = self.purpose == Purpose::DeleteContact;
        // Deleted already.
        let is_done = response.is_success() || is_deletion && response.status == 404;
        if is_done { Progress::Next } else { refused(self.purpose, response) }
    }
}

impl Plan {
    /// A plan for a request that was made elsewhere: it is sent as it is, and its answer judged as
    /// if it came from an event. `None` when it is no call that plans make.
    pub fn of_request(request: Request, settings: &Settings) -> Option<Self> {
        let purpose = purpose_of(&request)?;
        let body = request.body.clone().unwrap_or_default();
        let version = request.version;
        let writes_contact = matches!(purpose, Purpose::CreateContact | Purpose::UpdateContact);
        let identity = if writes_contact { identity_of(&body) } else { Identity::default() };
        let contact = request.path.rsplit('/').next().map(str::to_owned);
        let task = if writes_contact {
            Task::Write(WriteContact::upsert(body))
        } else {
            Task::Finished(Finished { request: Box::new(request), purpose })
        };
        let mut plan = Self::new(settings, version, identity, vec![task], Notes::default());
        if purpose == Purpose::UpdateContact {
            plan.state.contact = ContactId::new(contact?).ok();
        }
        Some(plan)
    }
}

/// Whom a contact's body is about.
fn identity_of(body: &[u8]) -> Identity {
    let mut tape = Tape::for_answer(body);
    let Some(document) = read(body, &mut tape) else { return Identity::default() };
    let field = |name| {
        let value = document.root().get(name).and_then(Value::to_plain);
        value.filter(|text| !text.is_empty())
    };
    Identity {
        external_id: field("external_id").map(Into::into),
        email: field("email").map(|email| lower(&email).into()),
    }
}
