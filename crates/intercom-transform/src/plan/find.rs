//! Looking a contact up and telling whether it is the user.

use bytes::Bytes;
use intercom_api::{BuildError, ContactId, Request, Response};

use super::call::{SEARCH, post};
use super::classify::{refused, retryable};
use super::{Identity, Progress, State};
use crate::event::{Document, Tape, Value, parse};
use crate::note::{NoteKind, Notes};
use crate::outcome::{Outcome, Purpose};
use crate::rejection::{Reason, Rejection};
use crate::settings::Matching;
use crate::write::push_text;

/// Looks the contact up.
#[derive(Clone, PartialEq)]
pub(crate) struct Find {
    query: Bytes,
    /// Whether several fields are searched at once.
    is_broad: bool,
    /// What becomes of the plan when nobody is found.
    pub(crate) missing: Missing,
    /// Who is looked up, where it is not whom the plan is about.
    pub(crate) identity: Option<Box<Identity>>,
    stage: Stage,
}

/// What becomes of a plan when nobody is found.
#[derive(Clone, PartialEq)]
pub(crate) enum Missing {
    /// It goes on.
    Continue,
    /// It goes on, and that is noted.
    Note(NoteKind),
    /// The event is refused.
    Refuse(Box<Reason>),
}

#[derive(Clone, PartialEq)]
enum Stage {
    /// As planned.
    Planned,
    /// There were more hits than one answer holds: by external id only.
    Exact(Bytes),
}

/// The contacts of an answer, and how many there are in all.
#[derive(Default)]
struct Hits<'a> {
    data: Option<Value<'a>>,
    n_found: Option<f64>,
}

/// A contact in an answer.
#[derive(Clone, Copy)]
struct Hit<'a> {
    id: Value<'a>,
    external_id: Option<Value<'a>>,
    is_lead: bool,
}

impl Find {
    /// A search with a [`Query`] over so many fields.
    pub(crate) fn new(query: Bytes, n_fields: usize) -> Self {
        let (missing, stage) = (Missing::Continue, Stage::Planned);
        Self { query, is_broad: n_fields > 1, missing, identity: None, stage }
    }

    /// A search for contacts in which one of the fields has its text.
    pub(crate) fn by_texts(fields: &[(&str, &str)]) -> Self {
        let mut body = Vec::with_capacity(192);
        let mut query = Query::open(&mut body, fields.len());
        for (field, text) in fields {
            push_text(query.field(field), text);
        }
        query.close();
        Self::new(body.into(), fields.len())
    }

    fn identity<'s>(&'s self, state: &'s State) -> &'s Identity {
        self.identity.as_deref().unwrap_or(&state.identity)
    }

    pub(crate) fn purpose(&self, state: &State) -> Option<Purpose> {
        state.contact.is_none().then_some(Purpose::FindContact)
    }

    pub(crate) fn request(&self, state: &State) -> Result<Option<Request>, BuildError> {
        if state.contact.is_some() {
            return Ok(None);
        }
        let query = match &self.stage {
            Stage::Planned => &self.query,
            Stage::Exact(query) => query,
        };
        Ok(Some(post(&SEARCH, state.version, query.clone())))
    }

    pub(crate) fn reply(
        &mut self,
        state: &mut State,
        notes: &mut Notes,
        response: &Response,
    ) -> Progress {
        if !response.is_success() {
            return refused(Purpose::FindContact, response);
        }
        let mut tape = Tape::for_answer(&response.body);
        let Some(answer) = read(&response.body, &mut tape) else {
            return retryable(Purpose::FindContact, response);
        };
        let hits = Hits::read(answer.root());
        let found = match state.policy.matching {
            Matching::First => hits.contacts().next(),
            Matching::Exact => {
                let identity = self.identity(state);
                let told = Told::read(&hits, identity.external_id.as_deref());
                if let Some(external_id) = &identity.external_id
                    && told.is_cut
                    && told.exact.is_none()
                    && self.is_broad
                    && self.stage == Stage::Planned
                {
                    let exact = Self::by_texts(&[("external_id", external_id)]);
                    self.stage = Stage::Exact(exact.query);
                    return Progress::Again;
                }
                told.user(identity, notes)
            }
        };
        state.contact = found.and_then(|hit| ContactId::new(&*hit.id.to_plain()?).ok());
        match &self.missing {
            Missing::Note(note) if state.contact.is_none() => notes.push(*note, ""),
            Missing::Refuse(reason) if state.contact.is_none() => {
                let rejection = Rejection::new("", (**reason).clone());
                return Progress::End(Outcome::Rejected(rejection));
            }
            Missing::Continue | Missing::Note(_) | Missing::Refuse(_) => {}
        }
        Progress::Next
    }
}

impl<'a> Hits<'a> {
    fn read(answer: Value<'a>) -> Self {
        let mut hits = Self::default();
        for field in answer.fields() {
            match &*field.name() {
                "data" => hits.data = Some(field.value),
                "total_count" => hits.n_found = field.value.as_number(),
                _ => {}
            }
        }
        hits
    }

    fn contacts(&self) -> impl Iterator<Item = Hit<'a>> + use<'a> {
        self.data.into_iter().flat_map(Value::elements).filter_map(Hit::read)
    }
}

/// What an answer tells about the user.
#[derive(Default)]
struct Told<'a> {
    /// The contact with the user's external id.
    exact: Option<Hit<'a>>,
    first_user: Option<Hit<'a>>,
    first_lead: Option<Hit<'a>>,
    n_users: u32,
    n_leads: u32,
    /// Whether there are more contacts than the answer holds.
    is_cut: bool,
}

impl<'a> Told<'a> {
    fn read(hits: &Hits<'a>, wanted: Option<&str>) -> Self {
        let mut told = Self::default();
        for hit in hits.contacts() {
            if wanted.is_some() && hit.external_id.and_then(Value::to_plain).as_deref() == wanted {
                told.exact = Some(hit);
                break;
            }
            if hit.is_lead {
                told.n_leads += 1;
                told.first_lead.get_or_insert(hit);
            } else {
                told.n_users += 1;
                told.first_user.get_or_insert(hit);
            }
        }
        told.is_cut = hits.n_found.is_some_and(|n| n > f64::from(told.n_users + told.n_leads));
        told
    }

    /// The contact with the user's external id; else the only one, unless it is another user's.
    /// Leads count only where there is no user.
    fn user(self, identity: &Identity, notes: &mut Notes) -> Option<Hit<'a>> {
        if self.exact.is_some() {
            return self.exact;
        }
        let (only, n_found) = match self.first_user {
            Some(user) => (user, self.n_users),
            None => (self.first_lead?, self.n_leads),
        };
        if n_found > 1 || self.is_cut {
            notes.push_count(NoteKind::SeveralContacts, "", i64::from(n_found));
            return None;
        }
        if identity.external_id.is_some() && only.external_id.is_some() {
            notes.push(NoteKind::OtherPerson, "");
            return None;
        }
        Some(only)
    }
}

impl<'a> Hit<'a> {
    fn read(contact: Value<'a>) -> Option<Self> {
        let (mut id, mut external_id, mut is_lead) = (None, None, false);
        for field in contact.fields() {
            match &*field.name() {
                "id" => id = Some(field.value),
                "external_id" => external_id = Some(field.value),
                "role" => is_lead = field.value.raw() == "lead",
                _ => {}
            }
        }
        let names = |id: &Value<'a>| id.is_scalar() && !id.is_null() && !id.raw().is_empty();
        Some(Self { id: id.filter(names)?, external_id: external_id.filter(names), is_lead })
    }
}

/// The document that an answer consists of.
pub(crate) fn read<'a>(body: &'a [u8], tape: &'a mut Tape) -> Option<Document<'a>> {
    let text = std::str::from_utf8(body).ok()?;
    parse(text, tape).ok()?;
    Some(Document::new(text, &tape.nodes))
}

/// The body of a search for contacts in which one of several fields has its value.
pub(crate) struct Query<'o> {
    out: &'o mut Vec<u8>,
}

impl<'o> Query<'o> {
    pub(crate) fn open(out: &'o mut Vec<u8>, n_fields: usize) -> Self {
        out.extend_from_slice(br#"{"query":{"operator":""#);
        out.extend_from_slice(if n_fields > 1 { b"OR" } else { b"AND" });
        out.extend_from_slice(br#"","value":["#);
        Self { out }
    }

    /// A field, whose value the caller writes.
    pub(crate) fn field(&mut self, name: &str) -> &mut Vec<u8> {
        if self.out.last() != Some(&b'[') {
            self.out.extend_from_slice(b"},");
        }
        self.out.extend_from_slice(br#"{"field":"#);
        push_text(self.out, name);
        self.out.extend_from_slice(br#","operator":"=","value":"#);
        self.out
    }

    pub(crate) fn close(self) {
        self.out.extend_from_slice(b"}]}}");
    }
}
