//! By what a contact is looked up.

use std::borrow::Cow;

use intercom_api::ContactId;

use crate::event::Value;
use crate::person::{Person, lower};
use crate::pick::{Skip, first};
use crate::plan::{Find, Identity, Query};
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
    /// The search for the event's contact; `None` when nothing can be looked up.
    ///
    /// # Errors
    /// [`Reason::MissingLookup`] where the destination wants a value for its one field.
    pub(crate) fn find(&mut self, purpose: Purpose) -> Result<Option<Find>, Rejection> {
        let field = self.lookup.clone();
        let value = self.lookup_value(&field, purpose);
        if self.settings.destination == Destination::IntercomV2
            && self.settings.matching == Matching::First
        {
            let value = value.ok_or_else(|| Rejection::new("", Reason::MissingLookup))?;
            let mut query = Query::open(self.body, 1);
            query.field(&field).extend_from_slice(value.source().as_bytes());
            query.close();
            return Ok(Some(Find::new(self.take_body(), 1)));
        }
        let by_id = self.external_lookup(&field);
        let n_fields = [value, by_id].into_iter().flatten().count();
        if n_fields == 0 || [value, by_id].into_iter().flatten().any(|value| !value.is_scalar()) {
            return Ok(None);
        }
        let typing = self.settings.typing;
        let mut query = Query::open(self.body, n_fields);
        if let Some(value) = value {
            push_searched(query.field(&searched_name(&field, typing)), &field, value, typing);
        }
        if let Some(value) = by_id {
            push_searched(query.field("external_id"), "external_id", value, typing);
        }
        query.close();
        Ok(Some(Find::new(self.take_body(), n_fields)))
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
        let [own, of_context] = self.people;
        let skip = Skip::Empty;
        let names_id =
            self.settings.lookup_external_id == LookupExternalId::Always && field == "external_id";
        let is_of_user =
            purpose == Purpose::Group && self.settings.group_email == GroupEmail::UserFirst;
        match field {
            "userId" => self.user_id(skip),
            _ if names_id => self.user_id(skip),
            _ if is_of_user => self.group_user(field),
            "email" => self.email(skip),
            "phone" => self.phone(skip),
            "name" => first([own.name, of_context.name], skip),
            "avatar" => self.avatar(skip),
            "website" => {
                let in_properties = || self.message.properties?.get("website")?.present();
                first([own.website, of_context.website, in_properties()], skip)
            }
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

    /// Whom answers to a group call's look-up are compared with.
    pub(crate) fn group_identity(&self, person: &Person<'e>) -> Identity {
        let mut identity = person.identity();
        if self.settings.group_email == GroupEmail::UserFirst {
            let email = self.group_user("email").and_then(Value::as_text);
            identity.email = email.map(|email| lower(&email).into());
        }
        identity
    }

    /// A trait of a group call's user. The company's stands in for it only where nothing else names
    /// a user: beside an id it could find another person.
    fn group_user(&self, field: &str) -> Option<Value<'e>> {
        let of = |traits: Option<Value<'e>>| first([traits?.get(field)?.present()], Skip::Empty);
        let is_nameless = || self.user_id(Skip::Empty).is_none();
        let of_company = || of(self.message.traits).filter(|_| is_nameless());
        of(self.message.context.traits).or_else(of_company)
    }

    /// Whether an earlier plan of the batch found the contact.
    pub(crate) fn remembered(&self, identity: &Identity) -> Option<ContactId> {
        if self.settings.lookups == Lookups::Single {
            return None;
        }
        self.batch.contact(identity.external_id.as_deref(), identity.email.as_deref()).cloned()
    }
}

/// What the API calls a field. What it does not know is a custom attribute.
fn searched_name(field: &str, typing: Typing) -> Cow<'_, str> {
    let is_known = matches!(
        field,
        "email"
            | "phone"
            | "name"
            | "avatar"
            | "external_id"
            | "role"
            | "owner_id"
            | "id"
            | "signed_up_at"
            | "created_at"
            | "updated_at"
            | "last_seen_at"
    );
    if is_known || typing == Typing::AsSent || field.starts_with("custom_attributes.") {
        return Cow::Borrowed(field);
    }
    if field == "userId" {
        return Cow::Borrowed("external_id");
    }
    Cow::Owned(format!("custom_attributes.{field}"))
}

/// The value as JSON; e-mail addresses are compared in lower case.
fn push_searched(out: &mut Vec<u8>, field: &str, value: Value<'_>, typing: Typing) {
    let is_text_field = matches!(field, "external_id" | "userId" | "phone");
    match value.as_text() {
        Some(text) if field == "email" => push_text(out, &lower(&text)),
        None if typing == Typing::Checked && is_text_field => push_text(out, value.raw()),
        _ => out.extend_from_slice(value.source().as_bytes()),
    }
}
