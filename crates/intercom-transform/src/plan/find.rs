//! Looking a contact up and telling whether it is the user.

use std::borrow::Cow;

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
    pub(crate) identity: Option<Identity>,
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
    Refuse(Reason),
}

#[derive(Clone, PartialEq)]
enum Stage {
    /// As planned.
    Planned,
    /// There were more hits than one answer holds: by external id only.
    Exact(Bytes),
}

/// A contact in an answer.
struct Hit<'a> {
    id: Cow<'a, str>,
    external_id: Option<Cow<'a, str>>,
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
        self.identity.as_ref().unwrap_or(&state.identity)
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
        let data = answer.root().get("data");
        let hits: Vec<Hit<'_>> =
            data.into_iter().flat_map(Value::elements).filter_map(Hit::read).collect();
        let found = match state.policy.matching {
            Matching::First => hits.first(),
            Matching::Exact => {
                let n_found = answer.root().get("total_count").and_then(Value::as_number);
                #[expect(clippy::cast_precision_loss, reason = "an answer holds at most 150")]
                let is_cut = n_found.is_some_and(|n_found| n_found > hits.len() as f64);
                if let Some(external_id) = &self.identity(state).external_id
                    && is_cut
                    && self.is_broad
                    && self.stage == Stage::Planned
                    && !hits.iter().any(|hit| hit.external_id.as_deref() == Some(external_id))
                {
                    let exact = Self::by_texts(&[("external_id", external_id)]);
                    self.stage = Stage::Exact(exact.query);
                    return Progress::Again;
                }
                exact(&hits, is_cut, self.identity(state), notes)
            }
        };
        state.contact = found.and_then(|hit| ContactId::new(&*hit.id).ok());
        match &self.missing {
            Missing::Note(note) if state.contact.is_none() => notes.push(*note, ""),
            Missing::Refuse(reason) if state.contact.is_none() => {
                let rejection = Rejection::new("", reason.clone());
                return Progress::End(Outcome::Rejected(rejection));
            }
            Missing::Continue | Missing::Note(_) | Missing::Refuse(_) => {}
        }
        Progress::Next
    }
}

/// The one with the user's external id; else the only one, unless it is another user's. Leads count
/// only where there is no user.
fn exact<'h>(
    hits: &'h [Hit<'h>],
    is_cut: bool,
    identity: &Identity,
    notes: &mut Notes,
) -> Option<&'h Hit<'h>> {
    let wanted = identity.external_id.as_deref();
    if let Some(wanted) = wanted
        && let Some(hit) = hits.iter().find(|hit| hit.external_id.as_deref() == Some(wanted))
    {
        return Some(hit);
    }
    let n_users = hits.iter().filter(|hit| !hit.is_lead).count();
    let mut candidates = hits.iter().filter(|hit| n_users == 0 || !hit.is_lead);
    let only = candidates.next()?;
    let n_others = candidates.count();
    if n_others > 0 || is_cut {
        let n_found = i64::try_from(n_others + 1).unwrap_or(i64::MAX);
        notes.push_count(NoteKind::SeveralContacts, "", n_found);
        return None;
    }
    if wanted.is_some() && only.external_id.is_some() {
        notes.push(NoteKind::OtherPerson, "");
        return None;
    }
    Some(only)
}

impl<'a> Hit<'a> {
    fn read(contact: Value<'a>) -> Option<Self> {
        let (mut id, mut external_id, mut is_lead) = (None, None, false);
        for field in contact.fields() {
            match &*field.name() {
                "id" => id = field.value.to_plain(),
                "external_id" => external_id = field.value.to_plain(),
                "role" => is_lead = field.value.raw() == "lead",
                _ => {}
            }
        }
        let id = id.filter(|id| !id.is_empty())?;
        Some(Self { id, external_id: external_id.filter(|id| !id.is_empty()), is_lead })
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
