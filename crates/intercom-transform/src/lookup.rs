//! By what a contact is looked up.

use std::borrow::Cow;

use intercom_api::ContactId;

use crate::event::Value;
use crate::person::{Person, lower};
use crate::pick::{Skip, first};
use crate::plan::{Find, Identity};
use crate::planner::Planner;
use crate::rejection::{Reason, Rejection};
use crate::settings::{Destination, GroupEmail, LookupExternalId, Lookups, Matching, Typing};
use crate::write::push_text;

/// What a look-up is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Identify,
    Group,
}

impl<'e> Planner<'e, '_> {
    /// The field contacts are looked up by.
    pub(crate) fn lookup_field(&self) -> Cow<'e, str> {
        let named = self.integration().and_then(|ours| ours.get("lookup")?.as_text());
        named
            .filter(|field| !field.is_empty())
            .unwrap_or_else(|| Cow::Owned(self.settings.lookup_field.clone()))
    }

    /// The search for the event's contact; `None` when nothing can be looked up.
    ///
    /// # Errors
    /// [`Reason::MissingLookup`] where the destination wants a value for its one field.
    pub(crate) fn find(&self, purpose: Purpose) -> Result<Option<Find>, Rejection> {
        let field = self.lookup_field();
        let value = self.lookup_value(&field, purpose);
        if self.settings.destination == Destination::IntercomV2
            && self.settings.matching == Matching::First
        {
            let Some(value) = value else {
                return Err(Rejection::new("", Reason::MissingLookup));
            };
            return Ok(Some(Find::new(&[(&field, value.source().as_bytes().to_vec())])));
        }
        let by_id = self.external_lookup(&field);
        if [value, by_id].into_iter().flatten().any(|value| !value.is_scalar()) {
            return Ok(None);
        }
        let mut lookups = Vec::with_capacity(2);
        if let Some(value) = value {
            lookups.push((self.searched_name(&field), self.searched_value(&field, value)));
        }
        if let Some(value) = by_id {
            lookups.push((Cow::Borrowed("external_id"), self.searched_value("external_id", value)));
        }
        if lookups.is_empty() {
            return Ok(None);
        }
        let lookups: Vec<(&str, Vec<u8>)> =
            lookups.iter().map(|(field, value)| (&**field, value.clone())).collect();
        Ok(Some(Find::new(&lookups)))
    }

    fn external_lookup(&self, field: &str) -> Option<Value<'e>> {
        let names_it = matches!(field, "external_id" | "userId");
        match self.settings.lookup_external_id {
            LookupExternalId::Never => None,
            LookupExternalId::UnlessNamed if field == "external_id" => None,
            LookupExternalId::UnlessNamed => self.user_id(Skip::Empty).filter(|id| id.is_truthy()),
            LookupExternalId::Always if names_it => None,
            LookupExternalId::Always => self.user_id(Skip::Empty),
        }
    }

    /// The value that the contact is looked up by.
    fn lookup_value(&self, field: &str, purpose: Purpose) -> Option<Value<'e>> {
        let [own, of_context] = self.message.both();
        let skip = Skip::Empty;
        let names_id =
            self.settings.lookup_external_id == LookupExternalId::Always && field == "external_id";
        match field {
            "email"
                if purpose == Purpose::Group && self.settings.group_email == GroupEmail::User =>
            {
                first([of_context.email], skip)
            }
            "email" => self.email(skip),
            "phone" => self.phone(skip),
            "name" => first([own.name, of_context.name], skip),
            "avatar" => self.avatar(skip),
            "website" => {
                let in_properties = || self.message.properties?.get("website")?.present();
                first([own.website, of_context.website, in_properties()], skip)
            }
            "userId" => self.user_id(skip),
            _ if names_id => self.user_id(skip),
            _ => {
                let in_context = self.message.context.traits.and_then(|traits| traits.get(field));
                let in_traits = || self.message.traits.and_then(|traits| traits.get(field));
                let in_traits =
                    if self.settings.typing == Typing::Checked { in_traits() } else { None };
                let present = |value: Option<Value<'e>>| value.and_then(Value::present);
                first([present(in_traits), present(in_context)], skip)
            }
        }
    }

    /// What the API calls the field. What it does not know is a custom attribute.
    fn searched_name<'f>(&self, field: &'f str) -> Cow<'f, str> {
        const FIELDS: &[&str] = &[
            "email",
            "phone",
            "name",
            "avatar",
            "external_id",
            "role",
            "owner_id",
            "id",
            "signed_up_at",
            "created_at",
            "updated_at",
            "last_seen_at",
        ];
        if self.settings.typing == Typing::AsSent || FIELDS.contains(&field) {
            return Cow::Borrowed(field);
        }
        match field {
            "userId" => Cow::Borrowed("external_id"),
            _ if field.starts_with("custom_attributes.") => Cow::Borrowed(field),
            _ => Cow::Owned(format!("custom_attributes.{field}")),
        }
    }

    /// The value as JSON; e-mail addresses are compared in lower case.
    fn searched_value(&self, field: &str, value: Value<'e>) -> Vec<u8> {
        let mut out = Vec::new();
        match value.as_text() {
            Some(text) if field == "email" => push_text(&mut out, &lower(&text)),
            None if self.settings.typing == Typing::Checked
                && matches!(field, "external_id" | "userId" | "phone") =>
            {
                push_text(&mut out, value.raw());
            }
            _ => out.extend_from_slice(value.source().as_bytes()),
        }
        out
    }

    /// Whom answers to a group call's look-up are compared with.
    pub(crate) fn group_identity(&self, person: &Person<'e>) -> Identity {
        let mut identity = person.identity();
        if self.settings.group_email == GroupEmail::User {
            let email = self.message.of_context.email.and_then(Value::as_text);
            identity.email = email.map(|email| lower(&email).into());
        }
        identity
    }

    /// Whether an earlier plan of the batch found the contact.
    pub(crate) fn remembered(&self, identity: &Identity) -> Option<ContactId> {
        if self.settings.lookups == Lookups::Single {
            return None;
        }
        self.batch.contact(identity.external_id.as_deref(), identity.email.as_deref()).cloned()
    }
}
