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
use crate::write::{Object, push_text};

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
    id: ContactId,
    external_id: Option<Cow<'a, str>>,
    is_lead: bool,
}

impl Find {
    /// A search for contacts in which one of the fields has its value; the values are spelled as
    /// JSON has them.
    pub(crate) fn new(lookups: &[(&str, Vec<u8>)]) -> Self {
        let is_broad = lookups.len() > 1;
        let query = Bytes::from(query(lookups));
        let (missing, stage) = (Missing::Continue, Stage::Planned);
        Self { query, is_broad, missing, identity: None, stage }
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
            Matching::First => hits.first().map(|hit| hit.id.clone()),
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
                    let mut value = Vec::new();
                    push_text(&mut value, external_id);
                    self.stage = Stage::Exact(query(&[("external_id", value)]).into());
                    return Progress::Again;
                }
                exact(&hits, is_cut, self.identity(state), notes)
            }
        };
        state.contact = found;
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
fn exact(
    hits: &[Hit<'_>],
    is_cut: bool,
    identity: &Identity,
    notes: &mut Notes,
) -> Option<ContactId> {
    let wanted = identity.external_id.as_deref();
    if let Some(wanted) = wanted
        && let Some(hit) = hits.iter().find(|hit| hit.external_id.as_deref() == Some(wanted))
    {
        return Some(hit.id.clone());
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
    Some(only.id.clone())
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
        let id = ContactId::new(id?.into_owned()).ok()?;
        Some(Self { id, external_id: external_id.filter(|id| !id.is_empty()), is_lead })
    }
}

/// The document that an answer consists of.
pub(crate) fn read<'a>(body: &'a [u8], tape: &'a mut Tape) -> Option<Document<'a>> {
    let text = std::str::from_utf8(body).ok()?;
    parse(text, tape).ok()?;
    Some(Document::new(text, &tape.nodes))
}

fn query(lookups: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(192);
    out.extend_from_slice(br#"{"query":{"operator":""#);
    out.extend_from_slice(if lookups.len() > 1 { b"OR" } else { b"AND" });
    out.extend_from_slice(br#"","value":["#);
    for (index, (field, value)) in lookups.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let mut lookup = Object::open(&mut out);
        lookup.text("field", field);
        lookup.text("operator", "=");
        lookup.field("value").extend_from_slice(value);
        lookup.close();
    }
    out.extend_from_slice(b"]}}");
    out
}
