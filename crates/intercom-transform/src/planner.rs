//! What planning one event works with.

use std::borrow::Cow;

use bytes::Bytes;
use intercom_api::ApiVersion;

use crate::attributes::Entries;
use crate::date;
use crate::event::{Event, Value};
use crate::message::{Message, Traits};
use crate::note::Notes;
use crate::person::people;
use crate::pick::{Checker, Expected};
use crate::rejection::{Call, Reason, Rejection, Wording};
use crate::scratch::{Batch, Bodies, Scratch};
use crate::settings::{Destination, Epoch, Settings};

/// One event, the settings, and the memory that is reused.
pub(crate) struct Planner<'e, 's> {
    pub(crate) event: &'e Event<'e>,
    pub(crate) message: &'s Message<'e>,
    /// The traits that are of a person, the message's first.
    pub(crate) people: [&'s Traits<'e>; 2],
    /// What the event says to this integration.
    pub(crate) integration: Option<Value<'e>>,
    /// The field contacts are looked up by.
    pub(crate) lookup: Cow<'s, str>,
    pub(crate) settings: &'s Settings,
    pub(crate) check: Checker<'e>,
    pub(crate) body: &'s mut Vec<u8>,
    bodies: &'s mut Bodies,
    pub(crate) entries: &'s mut Entries,
    pub(crate) batch: &'s mut Batch,
    pub(crate) notes: Notes,
}

impl<'e, 's> Planner<'e, 's> {
    pub(crate) fn new(
        event: &'e Event<'e>,
        message: &'s Message<'e>,
        settings: &'s Settings,
        scratch: &'s mut Scratch,
    ) -> Self {
        let integration = integration(message);
        let lookup = lookup_field(integration, settings);
        Self {
            event,
            message,
            people: people(message, settings),
            integration,
            lookup,
            settings,
            check: Checker::new(event, settings),
            body: &mut scratch.body,
            bodies: &mut scratch.bodies,
            entries: &mut scratch.entries,
            batch: &mut scratch.batch,
            notes: Notes::default(),
        }
    }

    /// The version that requests are built for.
    pub(crate) fn version(&self) -> ApiVersion {
        match self.settings.destination {
            // Knows no other than contacts.
            Destination::IntercomV2 => self.settings.version.max(ApiVersion::V2_7),
            Destination::Intercom => self.settings.version,
        }
    }

    /// How texts of refusals are worded.
    pub(crate) fn wording(&self) -> Wording {
        match self.settings.destination {
            Destination::IntercomV2 => Wording::IntercomV2,
            Destination::Intercom if self.settings.is_v1() => Wording::V1,
            Destination::Intercom => Wording::V2,
        }
    }

    /// The body written so far, as one that can be sent; the next one begins empty.
    pub(crate) fn take_body(&mut self) -> Bytes {
        let body = self.bodies.keep(self.body);
        self.body.clear();
        body
    }

    /// The seconds that a date stands for.
    pub(crate) fn seconds(&self, date: Value<'e>) -> Option<i64> {
        let drops_epoch = self.settings.epoch == Epoch::Drop
            && self.settings.destination == Destination::Intercom;
        date::seconds(date).filter(|&at| at != 0 || !drops_epoch)
    }

    pub(crate) fn missing_identity(&self, call: Call) -> Rejection {
        Rejection::new("userId", Reason::MissingIdentity { call, wording: self.wording() })
    }

    /// Refuses an event whose parts are no objects, unless types are not checked.
    pub(crate) fn check_objects(&self) -> Result<(), Rejection> {
        let message = self.message;
        let context = &message.context;
        for part in [message.traits, context.whole, context.traits, message.integrations] {
            self.check.check(part, Expected::Object)?;
        }
        Ok(())
    }
}

/// What an event says to this integration, under any of its three spellings.
fn integration<'e>(message: &Message<'e>) -> Option<Value<'e>> {
    const SPELLINGS: [&str; 3] = ["INTERCOM", "intercom", "Intercom"];
    let mut ours = [None; SPELLINGS.len()];
    for field in message.integrations?.fields() {
        if let Some(spelling) = SPELLINGS.iter().position(|name| field.is(name)) {
            ours[spelling] = Some(field.value);
        }
    }
    ours.into_iter().flatten().find(|value| value.is_truthy())
}

/// The field contacts are looked up by: as the event says, else as the settings do.
fn lookup_field<'s>(ours: Option<Value<'_>>, settings: &'s Settings) -> Cow<'s, str> {
    let named = ours.and_then(|ours| ours.get("lookup")?.as_text());
    match named.filter(|field| !field.is_empty()) {
        Some(field) => Cow::Owned(field.into_owned()),
        None => Cow::Borrowed(&settings.lookup_field),
    }
}
