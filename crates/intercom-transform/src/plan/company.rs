//! Companies: writing them, attaching contacts, removing contacts, tags.

use bytes::Bytes;
use intercom_api::{BuildError, CompanyId, Request, Response};

use super::call::{ATTACH, DETACH, FIND_COMPANY, TAG, WRITE_COMPANY, about, post};
use super::classify::refused;
use super::find::read;
use super::{Progress, State};
use crate::event::{Document, Tape, Value};
use crate::note::{NoteKind, Notes};
use crate::outcome::{Outcome, Purpose};
use crate::rejection::{Reason, Rejection};
use crate::settings::MissingCompanies;
use crate::write::{Object, push_text};

/// Creates or updates the company.
#[derive(Clone, PartialEq)]
pub(crate) struct WriteCompany {
    pub(crate) body: Bytes,
}

impl WriteCompany {
    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        Ok(Some(post(&WRITE_COMPANY, state.version, self.body.clone())))
    }

    pub(crate) fn reply(&mut self, state: &mut State, response: &Response) -> Progress {
        if !response.is_success() {
            return refused(Purpose::WriteCompany, response);
        }
        let mut tape = Tape::for_answer(&response.body);
        let answer = read(&response.body, &mut tape);
        state.company = answer.and_then(|answer| id_of(answer.root()));
        if state.company.is_none() {
            return Progress::End(Outcome::Rejected(Rejection::new("", Reason::CompanyWithoutId)));
        }
        Progress::Next
    }
}

/// Attaches the contact to the company, where there are both.
#[derive(Clone, PartialEq)]
pub(crate) struct Attach;

impl Attach {
    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        (state.contact.is_some() && state.company.is_some()).then_some(Purpose::Attach)
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        let (Some(contact), Some(company)) = (&state.contact, &state.company) else {
            return Ok(None);
        };
        let mut body = Vec::with_capacity(r#"{"id":""}"#.len() + company.as_str().len());
        let mut object = Object::open(&mut body);
        object.text("id", company.as_str());
        object.close();
        about(&ATTACH, state.version, &[contact], Some(body.into())).map(Some)
    }

    pub(crate) fn reply(&mut self, state: &State, response: &Response) -> Progress {
        match response.status {
            404 if state.is_remembered => Progress::Restart,
            _ if response.is_success() => Progress::Next,
            _ => refused(Purpose::Attach, response),
        }
    }
}

/// Tags the company, one tag after the other.
#[derive(Clone, PartialEq)]
pub(crate) struct Tags {
    names: Vec<Box<str>>,
    n_done: usize,
}

impl Tags {
    /// Tags by name.
    pub(crate) fn new(names: Vec<Box<str>>) -> Self {
        Self { names, n_done: 0 }
    }

    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        let is_open = state.company.is_some() && self.n_done < self.names.len();
        is_open.then_some(Purpose::Tag)
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        let (Some(company), Some(name)) = (&state.company, self.names.get(self.n_done)) else {
            return Ok(None);
        };
        let mut body = Vec::with_capacity(96);
        let mut object = Object::open(&mut body);
        object.text("name", name);
        let list = object.field("companies");
        list.extend_from_slice(br#"[{"id":"#);
        push_text(list, company.as_str());
        list.extend_from_slice(b"}]");
        object.close();
        Ok(Some(post(&TAG, state.version, body.into())))
    }

    pub(crate) fn reply(&mut self, _: &State, response: &Response) -> Progress {
        if !response.is_success() {
            return refused(Purpose::Tag, response);
        }
        self.n_done += 1;
        if self.n_done < self.names.len() { Progress::Again } else { Progress::Next }
    }
}

/// Removes the contact from a company.
#[derive(Clone, PartialEq)]
pub(crate) struct Detach {
    by: CompanyKey,
    /// The company, once it is found.
    company: Option<CompanyId>,
}

/// What a company is found by.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum CompanyKey {
    Id(Box<str>),
    Name(Box<str>),
}

impl Detach {
    pub(crate) fn new(by: CompanyKey) -> Self {
        Self { by, company: None }
    }

    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        let step = if self.company.is_some() { Purpose::Detach } else { Purpose::FindCompany };
        state.contact.is_some().then_some(step)
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        let Some(contact) = &state.contact else { return Ok(None) };
        if let Some(company) = &self.company {
            return about(&DETACH, state.version, &[contact, company], None).map(Some);
        }
        let mut request = about(&FIND_COMPANY, state.version, &[], None)?;
        match &self.by {
            CompanyKey::Id(id) => request.set_query("company_id", &**id),
            CompanyKey::Name(name) => request.set_query("name", &**name),
        }
        Ok(Some(request))
    }

    pub(crate) fn reply(
        &mut self,
        state: &State,
        notes: &mut Notes,
        response: &Response,
    ) -> Progress {
        let is_missing =
            response.status == 404 && state.policy.missing_companies == MissingCompanies::Skip;
        if self.company.is_some() {
            // Not attached, so there is nothing to detach.
            let is_done = response.is_success() || is_missing;
            return match response.status {
                404 if state.is_remembered => Progress::Restart,
                _ if is_done => Progress::Next,
                _ => refused(Purpose::Detach, response),
            };
        }
        if !response.is_success() && !is_missing {
            return refused(Purpose::FindCompany, response);
        }
        let mut tape = Tape::for_answer(&response.body);
        let answer = read(&response.body, &mut tape).filter(|_| response.is_success());
        self.company = answer.and_then(|answer: Document<'_>| {
            // Names are not unique: of several companies, none is the one.
            let listed = || {
                let mut companies = answer.root().get("data")?.elements();
                let company = companies.next()?;
                companies.next().is_none().then(|| id_of(company)).flatten()
            };
            id_of(answer.root()).or_else(listed)
        });
        if self.company.is_some() {
            return Progress::Again;
        }
        notes.push(NoteKind::CompanyNotFound, "");
        Progress::Next
    }
}

fn id_of(object: Value<'_>) -> Option<CompanyId> {
    CompanyId::new(object.get("id")?.to_plain()?.into_owned()).ok()
}
