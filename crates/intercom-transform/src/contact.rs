//! The body of a contact, for versions 2.

use intercom_api::ApiVersion;

use crate::attributes::{Rules, Treatment};
use crate::event::{Kind, Value};
use crate::note::NoteKind;
use crate::person::{Name, Person};
use crate::pick::{Expected, Skip, first, number_text};
use crate::planner::Planner;
use crate::rejection::Rejection;
use crate::settings::{Destination, TraitSources, Typing};
use crate::write::{Object, push_escaped, push_text};

impl<'e> Planner<'e, '_> {
    /// Writes the contact's body from everything that the event says of the person.
    pub(crate) fn write_contact(&mut self, person: &Person<'e>) -> Result<(), Rejection> {
        let identity = Skip::identity(self.settings);
        let details = Skip::details(self.settings);
        let [own, of_context] = self.message.both();
        let phone = self.check.check(self.phone(identity), Expected::Id)?;
        let avatar = self.check.check(self.avatar(identity), Expected::ObjectOrText)?;
        let role = self.check.check(first([own.role, of_context.role], details), Expected::Text)?;
        let name = self.checked_name()?;
        let unsubscribed = first([own.unsubscribed, of_context.unsubscribed], details);
        let owner = first([own.owner_id, of_context.owner_id], details);
        let created_at = first([own.created_at, of_context.created_at], details);
        let last_seen_at = first([self.last_seen_at()], details);

        let mut body = std::mem::take(self.body);
        let mut object = Object::open(&mut body);
        self.check.write_id(&mut object, "external_id", person.id);
        object.optional("email", person.email);
        self.check.write_id(&mut object, "phone", phone);
        object.optional("avatar", avatar);
        self.write_date(&mut object, "last_seen_at", last_seen_at);
        object.optional("role", role);
        self.write_date(&mut object, "signed_up_at", created_at);
        self.write_owner(&mut object, owner);
        self.write_boolean(&mut object, "unsubscribed_from_emails", unsubscribed);
        self.write_name(&mut object, name);
        let flattened = self.write_contact_attributes(&mut object);
        object.close();
        *self.body = body;
        flattened
    }

    pub(crate) fn checked_name(&self) -> Result<Option<Name<'e>>, Rejection> {
        let name = self.name();
        if let Some(Name::Whole(whole)) = name {
            self.check.check(Some(whole), Expected::Id)?;
        }
        Ok(name)
    }

    pub(crate) fn write_name(&self, object: &mut Object<'_>, name: Option<Name<'e>>) {
        match name {
            Some(Name::Whole(name)) => self.check.write_id(object, "name", Some(name)),
            Some(Name::Composed(first, None)) => object.text("name", &first),
            Some(Name::Composed(first, Some(last))) => {
                let out = object.field("name");
                out.push(b'"');
                push_escaped(out, &first);
                out.push(b' ');
                push_escaped(out, &last);
                out.push(b'"');
            }
            None => {}
        }
    }

    fn last_seen_at(&self) -> Option<Value<'e>> {
        let [own, of_context] = self.message.both();
        match (self.settings.traits, self.settings.destination) {
            (TraitSources::Merged, _) => own.last_seen_at.or(of_context.last_seen_at),
            (TraitSources::Single, Destination::Intercom) => of_context.last_seen_at,
            (TraitSources::Single, Destination::IntercomV2) => {
                own.last_seen_at.or(of_context.last_seen_at).or(self.message.last_seen_at)
            }
        }
    }

    /// Writes a date as seconds; one that cannot be read is left out and noted.
    pub(crate) fn write_date(
        &mut self,
        object: &mut Object<'_>,
        name: &str,
        value: Option<Value<'e>>,
    ) {
        let Some(value) = value else { return };
        match self.seconds(value) {
            Some(seconds) => object.number(name, seconds),
            None => self.notes.push(NoteKind::Unreadable, name),
        }
    }

    /// The id of an admin: a number, and from 2.16 on a text.
    fn write_owner(&mut self, object: &mut Object<'_>, value: Option<Value<'e>>) {
        let Some(value) = value else { return };
        match number_text(value) {
            // No admin has the id 0.
            Some(number) if number.bytes().any(|byte| matches!(byte, b'1'..=b'9')) => {
                if self.version() < ApiVersion::V2_16 {
                    object.field("owner_id").extend_from_slice(number.as_bytes());
                } else {
                    push_text(object.field("owner_id"), &number);
                }
            }
            _ => self.notes.push(NoteKind::Unreadable, "owner_id"),
        }
    }

    fn write_boolean(&mut self, object: &mut Object<'_>, name: &str, value: Option<Value<'e>>) {
        let Some(value) = value else { return };
        let read = match (value.kind(), value.raw()) {
            (Kind::True, _) | (Kind::Text | Kind::Number, "true" | "1") => Some(true),
            (Kind::False, _) | (Kind::Text | Kind::Number, "false" | "0") => Some(false),
            _ => None,
        };
        match read {
            _ if self.settings.typing == Typing::AsSent => object.value(name, value),
            Some(read) => object.boolean(name, read),
            None => self.notes.push(NoteKind::Unreadable, name),
        }
    }

    /// Custom attributes from the traits that are no fields of a contact.
    fn write_contact_attributes(&mut self, object: &mut Object<'_>) -> Result<(), Rejection> {
        let lookup = self.lookup.clone();
        let is_left_out = |name: &str| is_reserved(name) || name == lookup;
        let own = self.message.traits;
        let of_context = self.message.context.traits;
        let sources = match (self.settings.traits, self.settings.destination) {
            (TraitSources::Merged, _) => [of_context, own],
            (TraitSources::Single, Destination::Intercom) => [of_context, None],
            (TraitSources::Single, Destination::IntercomV2) => [own.or(of_context), None],
        };
        self.start_person_attributes();
        self.write_more_attributes(object, "custom_attributes", sources, is_left_out)
    }

    /// Begins the attributes of a person with what is known from elsewhere.
    pub(crate) fn start_person_attributes(&mut self) {
        self.entries.clear();
        if let Some((name, version)) = self.app_version() {
            self.entries.add_whole(name, version, &mut self.notes);
            self.entries.next_source();
        }
    }

    /// Writes an object of flat entries, unless it is empty. Of a name that several sources have,
    /// the last one's value counts.
    pub(crate) fn write_attributes(
        &mut self,
        object: &mut Object<'_>,
        name: &str,
        sources: [Option<Value<'e>>; 2],
        is_reserved: impl Fn(&str) -> bool,
    ) -> Result<(), Rejection> {
        self.entries.clear();
        self.write_more_attributes(object, name, sources, is_reserved)
    }

    /// The same behind entries that are there already, whose values count least.
    pub(crate) fn write_more_attributes(
        &mut self,
        object: &mut Object<'_>,
        name: &str,
        sources: [Option<Value<'e>>; 2],
        is_reserved: impl Fn(&str) -> bool,
    ) -> Result<(), Rejection> {
        let rules = Rules::attributes(self.settings);
        for source in sources.into_iter().flatten() {
            let treat = |name: &str, _: Value<'_>| match is_reserved(name) {
                true => Treatment::LeftOut,
                false => Treatment::Flat,
            };
            self.entries.add(source, &rules, treat, &mut self.notes)?;
            self.entries.next_source();
        }
        self.entries.resolve(&mut self.notes);
        if !self.entries.is_empty() {
            self.entries.write(object.field(name), self.event.document());
        }
        Ok(())
    }
}

/// Whether a trait is a field of a contact, and so no custom attribute.
pub(crate) fn is_reserved(name: &str) -> bool {
    matches!(
        name,
        "userId"
            | "role"
            | "email"
            | "phone"
            | "name"
            | "avatar"
            | "company"
            | "ownerId"
            | "lastName"
            | "lastname"
            | "firstName"
            | "firstname"
            | "createdAt"
            | "timestamp"
            | "lastSeenAt"
            | "originalTimestamp"
            | "unsubscribedFromEmails"
    )
}
