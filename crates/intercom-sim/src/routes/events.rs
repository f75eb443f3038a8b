//! Events: submit, list, summarise.

use std::collections::BTreeMap;

use intercom_api::ApiVersion;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::answer::{Answer, Refusal};
use crate::json::{self, Object};
use crate::routes::subject::{self, Who};
use crate::routes::{Call, required_text};
use crate::search::PageLimits;
use crate::workspace::contact::Contact;
use crate::workspace::happening::Happening;
use crate::workspace::journal::{Event, LISTED_FOR, MAX_METADATA};
use crate::workspace::misfit;
use crate::workspace::packed::Packed;

const PAGE: PageLimits = PageLimits { default: 50, max: 60 };

pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    let created_at = body.get("created_at").and_then(misfit::whole);
    let created_at = created_at.ok_or_else(|| Refusal::missing("created_at"))?;
    submit(call, &body, created_at)
}

/// Writes down an event. One of the future is taken; milliseconds, which lie far behind 2106, are
/// not.
pub(super) fn submit(
    call: &mut Call<'_>,
    body: &Map<String, Value>,
    created_at: i64,
) -> Result<Answer, Refusal> {
    let name = required_text(body, "event_name")?;
    if u32::try_from(created_at).is_err() {
        let message = "created_at must be in unix seconds, between 1970 and 2106";
        return Err(Refusal::invalid(message).field("created_at"));
    }
    let given = |name: &str| body.get(name).and_then(misfit::id);
    let slot = subject::find(call.workspace, Who::Users, given)?;
    let metadata: Sent = serde_json::from_slice(call.body)
        .map_err(|_| Refusal::invalid("metadata must be an object").field("metadata"))?;
    let metadata = metadata.metadata.unwrap_or_default().0;
    if let Some((name, _)) = metadata.iter().find(|(_, value)| !is_metadata(value)) {
        let message = format!("metadata '{name}' must be a text, a number, a link or an amount");
        return Err(Refusal::invalid(message).field("metadata"));
    }
    let metadata = Packed::of(&metadata);
    let id = call.workspace.next_number();
    let known = call.workspace.events.entry(slot).or_default();
    // A second event of the same name in the same second is taken for a repetition.
    let is_repeated = |known: &Event| &*known.name == name && known.created_at == created_at;
    if !known.iter().any(is_repeated) {
        let event = Event { id, name: name.into(), created_at, metadata };
        known.push(event.clone());
        call.workspace.tell(Happening::Event { contact: slot, event });
    }
    Ok(Answer::accepted())
}

/// Whether metadata can hold a value: a scalar, a link with a text, or an amount of money in the
/// smallest unit of its currency.
fn is_metadata(value: &Value) -> bool {
    let fields = match value {
        Value::Object(fields) => fields,
        Value::Array(_) => return false,
        _ => return true,
    };
    let is_text = |name: &str| fields.get(name).is_some_and(Value::is_string);
    let is_amount = fields.get("amount").and_then(Value::as_u64).is_some_and(|amount| amount > 0);
    fields.len() == 2 && (is_text("url") && is_text("value") || is_amount && is_text("currency"))
}

/// The one field of an event whose order matters.
#[derive(Deserialize)]
struct Sent {
    #[serde(default)]
    metadata: Option<FirstEntries>,
}

/// The first entries of an object in the order of sending; the API drops the rest.
#[derive(Default)]
struct FirstEntries(Map<String, Value>);

impl<'de> Deserialize<'de> for FirstEntries {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(Self::default())
    }
}

impl<'de> Visitor<'de> for FirstEntries {
    type Value = Self;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some((name, value)) = map.next_entry()? {
            if self.0.len() < MAX_METADATA {
                self.0.insert(name, value);
            }
        }
        Ok(self)
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    if call.query("type") != Some("user") {
        return Err(Refusal::invalid("type must be user").field("type"));
    }
    let slot =
        subject::find(call.workspace, Who::Users, |name| call.query(name).map(str::to_owned))?;
    let contact = call.workspace.contacts.get(slot).ok_or_else(|| Refusal::not_found("User"))?;
    let events = call.workspace.events.get(&slot).map_or(&[][..], Vec::as_slice);
    if call.query("summary") == Some("true") {
        return Ok(summarize(contact, events));
    }
    let per_page = PAGE.length(call.query("per_page").map(Value::from).as_ref())?;
    let (before, since) = (cursor(call, "before")?, cursor(call, "since")?);
    let listed_since = call.now - LISTED_FOR;
    let since = since.and_then(|since| events.iter().find(|event| event.id == since));
    let since = since.map(|event| (event.created_at, event.id));
    let is_shown = |event: &&Event| {
        event.created_at > listed_since && Some((event.created_at, event.id)) > since
    };
    let mut shown: Vec<&Event> = events.iter().filter(is_shown).collect();
    shown.sort_by_key(|event| std::cmp::Reverse((event.created_at, event.id)));
    let start = before.map_or(0, |before| {
        shown.iter().position(|event| event.id == before).map_or(shown.len(), |at| at + 1)
    });
    let page: Vec<&Event> = shown.iter().copied().skip(start).take(per_page).collect();
    let next = (start + page.len() < shown.len()).then(|| page.last()).flatten().map(|last| {
        let (id, before) = (&contact.id, last.id);
        call.url(&format!(
            "/events?type=user&intercom_user_id={id}&per_page={per_page}&before={before}"
        ))
    });
    Ok(Answer::object(|object| {
        object.field("type", "event.list");
        object.list("events", page, |out, event| render(out, contact, event));
        object.object("pages", |pages| {
            pages.field("next", &next);
        });
        if call.version >= ApiVersion::V2_7 {
            owner(object, contact);
        }
    }))
}

/// The event that a page continues from, in either direction.
fn cursor(call: &Call<'_>, name: &str) -> Result<Option<u64>, Refusal> {
    let given = call.query(name).map(str::parse::<u64>).transpose();
    given.map_err(|_| Refusal::invalid(format!("{name} is not a cursor")).field(name))
}

fn owner(object: &mut Object<'_>, contact: &Contact) {
    object.field("email", &contact.email).field("intercom_user_id", &*contact.id);
    object.field("user_id", &contact.external_id);
}

/// An event of a contact.
pub(crate) fn render(out: &mut Vec<u8>, contact: &Contact, event: &Event) {
    json::object(out, |object| {
        object.field("type", "event").field("id", &event.id.to_string());
        object.field("event_name", &*event.name).field("created_at", &event.created_at);
        owner(object, contact);
        object.object("metadata", |object| event.metadata.splice(object));
    });
}

fn summarize(contact: &Contact, events: &[Event]) -> Answer {
    let mut by_name: BTreeMap<&str, (i64, i64, u32)> = BTreeMap::new();
    for event in events {
        let summary = by_name.entry(&event.name).or_insert((i64::MAX, i64::MIN, 0));
        summary.0 = summary.0.min(event.created_at);
        summary.1 = summary.1.max(event.created_at);
        summary.2 += 1;
    }
    Answer::object(|object| {
        object.field("type", "event.summary");
        owner(object, contact);
        object.list("events", by_name, |out, (name, (first, last, count))| {
            json::object(out, |object| {
                object.field("name", name).field("first", &instant(first));
                object.field("last", &instant(last)).field("count", &count);
                object.field("description", "");
            });
        });
    })
}

/// Summaries write instants as text.
fn instant(seconds: i64) -> Option<String> {
    let at = chrono::DateTime::from_timestamp(seconds, 0)?;
    Some(at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

/// `POST /events/summaries`: counts that a client kept itself. They are checked and dropped.
pub(super) fn write_summary(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body()?;
    subject::find(call.workspace, Who::Users, |name| body.get(name).and_then(misfit::id))?;
    Ok(Answer::json(Vec::new()))
}
