//! Track: what a person did.

use std::borrow::Cow;

use crate::attributes::{Rules, Treatment};
use crate::event::{Kind, Value};
use crate::mapped;
use crate::note::NoteKind;
use crate::person::Person;
use crate::pick::{Expected, Skip, first, kind_words};
use crate::plan::{Plan, SendEvent, Task};
use crate::planner::Planner;
use crate::rejection::{Call, Reason, Rejection};
use crate::settings::{
    Destination, EventNames, MetadataSettings, SameSecond, TraitSources, Typing, UndatedEvents,
};
use crate::write::Object;

pub(crate) fn plan(mut planner: Planner<'_, '_>) -> Result<Plan, Rejection> {
    if planner.is_row() {
        return mapped::track(planner);
    }
    let name = planner.event_name()?;
    let person = planner.person()?;
    let contact_id = planner.contact_id();
    let takes_id = planner.settings.destination == Destination::IntercomV2
        || planner.settings.typing == Typing::Checked;
    let is_named = person.is_known() || takes_id && contact_id.is_some();
    if !is_named {
        return Err(planner.missing_identity(Call::Track));
    }
    planner.write_event(&name, &person, contact_id)?;
    let body = planner.take_body();
    let mut tasks = vec![Task::Event(SendEvent::new(body))];
    tasks.extend(planner.one_time(&name.text(), &person));
    let version = planner.version();
    Ok(Plan::new(planner.settings, version, person.identity(), tasks, planner.notes))
}

/// The name of an event.
enum EventName<'e> {
    Sent(Value<'e>),
    Composed(String),
}

impl EventName<'_> {
    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Sent(name) => name.to_plain().unwrap_or_default(),
            Self::Composed(name) => Cow::Borrowed(name),
        }
    }
}

impl<'e> Planner<'e, '_> {
    fn event_name(&self) -> Result<EventName<'e>, Rejection> {
        let sent = first([self.message.event], Skip::Falsy);
        if let Some(name) = self.check.check(sent, Expected::Id)? {
            return Ok(EventName::Sent(name));
        }
        let missing = Reason::MissingEventName { wording: self.wording() };
        self.composed_name().map(EventName::Composed).ok_or(Rejection::new("event", missing))
    }

    /// Action and resource, as in `sampled_collection`.
    fn composed_name(&self) -> Option<String> {
        if self.settings.event_names == EventNames::EventOnly {
            return None;
        }
        let word = |own: Option<Value<'e>>, name| {
            let in_properties = || self.message.properties?.get(name);
            let text = own.or_else(in_properties)?.as_text()?;
            let words: Vec<&str> = text
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            (!words.is_empty()).then(|| words.join("_").to_lowercase())
        };
        let action = word(self.message.action, "action")?;
        let resource = word(self.message.resource, "resource")?;
        Some(format!("{action}_{resource}"))
    }

    /// Intercom's own id of the contact, where the event gives it.
    fn contact_id(&self) -> Option<Value<'e>> {
        let given = || self.integration?.get("id")?.present();
        let guessed = || {
            let in_properties = self.message.properties.and_then(|all| all.get("id"));
            first([in_properties.and_then(Value::present), self.message.own.id], Skip::Falsy)
        };
        let is_guessing = self.settings.typing == Typing::AsSent
            && self.settings.destination == Destination::Intercom;
        match (self.settings.is_v1(), is_guessing) {
            (true, _) => None,
            (false, true) => guessed(),
            (false, false) => first([given()], Skip::Falsy),
        }
    }

    fn write_event(
        &mut self,
        name: &EventName<'e>,
        person: &Person<'e>,
        contact_id: Option<Value<'e>>,
    ) -> Result<(), Rejection> {
        let properties = self.check_properties()?;
        let created_at = self.event_second(name, person, contact_id)?;
        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        match name {
            EventName::Sent(name) => self.check.write_id(&mut object, "event_name", Some(*name)),
            EventName::Composed(name) => object.text("event_name", name),
        }
        if let Some(seconds) = created_at {
            object.number(if self.settings.is_v1() { "created" } else { "created_at" }, seconds);
        }
        self.check.write_id(&mut object, "id", contact_id);
        self.check.write_id(&mut object, "user_id", person.id);
        object.optional("email", person.email);
        let written = match properties {
            Some(properties) => self.write_metadata(&mut object, properties),
            None => Ok(()),
        };
        object.close();
        *self.body = body;
        written
    }

    /// When the event was, moved to a second of its own; `None` where it is sent without a time.
    fn event_second(
        &mut self,
        name: &EventName<'e>,
        person: &Person<'e>,
        contact_id: Option<Value<'e>>,
    ) -> Result<Option<i64>, Rejection> {
        let message = self.message;
        let places = [self.source_timestamp(), message.timestamp, message.original_timestamp];
        let Some(at) = self.event_time(places)? else { return Ok(None) };
        if self.settings.same_second == SameSecond::Keep {
            return Ok(Some(at));
        }
        let user = contact_id.or(person.id.filter(|id| id.is_truthy())).or(person.email);
        let user = user.map(Value::raw).unwrap_or_default();
        let name = match name {
            EventName::Sent(name) => name.raw(),
            EventName::Composed(name) => name,
        };
        let second = self.batch.free_second(user, name, message.message_id.map(Value::raw), at);
        if second != at {
            self.notes.push_count(NoteKind::EventShifted, "created_at", second - at);
        }
        Ok(Some(second))
    }

    /// The time in one of these places, else when the event was sent or received, else what the
    /// settings say.
    pub(crate) fn event_time(
        &mut self,
        places: [Option<Value<'e>>; 3],
    ) -> Result<Option<i64>, Rejection> {
        let is_patient = self.settings.traits == TraitSources::Merged;
        let fallbacks = [self.message.sent_at, self.message.received_at];
        let fallbacks = fallbacks.into_iter().filter(|_| is_patient);
        // Where only one place counts, it is the first that is there, readable or not.
        let n_places = if is_patient { 5 } else { 1 };
        let mut is_unreadable = false;
        for date in places.into_iter().chain(fallbacks).flatten().take(n_places) {
            if let Some(at) = self.seconds(date) {
                return Ok(Some(at));
            }
            is_unreadable = true;
        }
        if is_unreadable {
            self.notes.push(NoteKind::Unreadable, "timestamp");
        }
        match (self.settings.undated_events, self.settings.now) {
            (UndatedEvents::AsSent, _) => Ok(None),
            (UndatedEvents::Now, Some(now)) => {
                self.notes.push(NoteKind::TimeAssumed, "created_at");
                Ok(Some(now))
            }
            (UndatedEvents::Now, None) | (UndatedEvents::Refuse, _) => {
                Err(Rejection::new("timestamp", Reason::MissingTime))
            }
        }
    }

    /// Events of cloud sources carry their time among their properties.
    fn source_timestamp(&self) -> Option<Value<'e>> {
        let is_source = self.message.channel.is_some_and(|channel| channel.raw() == "sources");
        let is_mapped = self.message.context.mapped_to_destination.is_some_and(Value::is_truthy);
        if !is_source || is_mapped {
            return None;
        }
        self.message.properties?.get("timestamp")?.present()
    }

    /// An event's properties: amounts and links whole, everything else flat.
    pub(crate) fn write_metadata(
        &mut self,
        object: &mut Object<'_>,
        properties: Value<'e>,
    ) -> Result<(), Rejection> {
        let rules = Rules::metadata(self.settings);
        let MetadataSettings { max_keys, priority, .. } = &self.settings.metadata;
        let max_keys = (*max_keys).min(MetadataSettings::MAX_KEYS);
        self.entries.clear();
        let treat = |_: &str, value: Value<'_>| match is_rich(value) {
            true => Treatment::Whole,
            false => Treatment::Flat,
        };
        self.entries.add(properties, &rules, treat, &mut self.notes)?;
        self.entries.resolve(&mut self.notes);
        let out = object.field("metadata");
        let document = self.event.document();
        self.entries.write_ranked(out, document, max_keys, priority, &mut self.notes);
        Ok(())
    }

    fn check_properties(&self) -> Result<Option<Value<'e>>, Rejection> {
        let Some(properties) = self.message.properties else { return Ok(None) };
        match (properties.kind(), self.settings.typing) {
            (Kind::Object, _) | (Kind::List | Kind::Text | Kind::EscapedText, Typing::AsSent) => {
                Ok(Some(properties))
            }
            (_, Typing::AsSent) => Ok(None),
            (kind, Typing::Checked) => {
                let reason = Reason::WrongType { expected: "an object", found: kind_words(kind) };
                Err(Rejection::new("properties", reason))
            }
        }
    }
}

/// A monetary amount or a rich link, which Intercom takes whole.
fn is_rich(value: Value<'_>) -> bool {
    if !value.is_object() {
        return false;
    }
    let (mut amount, mut currency, mut url, mut label) = (false, false, false, false);
    for field in value.fields() {
        match &*field.name() {
            "amount" => amount = true,
            "currency" => currency = true,
            "url" => url = true,
            "value" => label = true,
            _ => {}
        }
    }
    amount && currency || url && label
}
