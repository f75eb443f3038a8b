//! Who an event is about, and what is known of that person.

use std::borrow::Cow;

use crate::event::Value;
use crate::message::{Message, Traits};
use crate::pick::{Expected, Skip, first};
use crate::plan::Identity;
use crate::planner::Planner;
use crate::rejection::Rejection;
use crate::settings::{Fallback, GroupEmail, Settings};

/// The ids and addresses of an event's person.
#[derive(Clone, Copy)]
pub(crate) struct Person<'e> {
    /// The customer's own id, or the anonymous one that stands in for it.
    pub(crate) id: Option<Value<'e>>,
    pub(crate) email: Option<Value<'e>>,
}

impl<'e> Person<'e> {
    /// Whether anything says who it is.
    pub(crate) fn is_known(&self) -> bool {
        self.id.is_some_and(Value::is_truthy) || self.email.is_some_and(Value::is_truthy)
    }

    /// What answers are compared with: the id that the event gives the user, and its e-mail address.
    pub(crate) fn identity(&self) -> Identity {
        let plain = |value: Option<Value<'e>>| value?.to_plain().filter(|text| !text.is_empty());
        Identity {
            external_id: plain(self.id).map(Into::into),
            email: plain(self.email).map(|email| lower(&email).into()),
        }
    }
}

impl<'e> Planner<'e, '_> {
    /// Who the event is about.
    pub(crate) fn person(&self) -> Result<Person<'e>, Rejection> {
        let skip = Skip::identity(self.settings);
        let user = self.check.check(self.user_id(skip), Expected::Id)?;
        let stand_in = self.message.anonymous_id.filter(|_| self.settings.send_anonymous_id);
        let is_anonymous = !user.is_some_and(Value::is_truthy) && stand_in.is_some();
        let id = if is_anonymous { self.check.check(stand_in, Expected::Id)? } else { user };
        let email = self.check.check(self.email(skip), Expected::Text)?;
        Ok(Person { id, email })
    }

    /// The customer's own id of the user; never the anonymous one.
    pub(crate) fn user_id(&self, skip: Skip) -> Option<Value<'e>> {
        let [own, of_context] = self.people;
        first([self.message.user_id, own.user_id, own.id, of_context.user_id, of_context.id], skip)
    }

    pub(crate) fn email(&self, skip: Skip) -> Option<Value<'e>> {
        let [own, of_context] = self.people;
        let in_properties = || self.message.properties?.get("email")?.present();
        first([own.email, of_context.email], skip)
            .or_else(|| first([in_properties(), self.external_email()], skip))
    }

    /// The first external id of the context, of whatever kind, where it stands in for an e-mail
    /// address.
    fn external_email(&self) -> Option<Value<'e>> {
        if self.settings.external_id_as_email == Fallback::Off {
            return None;
        }
        self.message.context.external_id?.elements().next()?.get("id")?.present()
    }

    pub(crate) fn phone(&self, skip: Skip) -> Option<Value<'e>> {
        let [own, of_context] = self.people;
        let in_properties = || self.message.properties?.get("phone")?.present();
        first([own.phone, of_context.phone], skip).or_else(|| first([in_properties()], skip))
    }

    pub(crate) fn avatar(&self, skip: Skip) -> Option<Value<'e>> {
        let [own, of_context] = self.people;
        let places =
            (0..3).flat_map(|spelling| [own.avatars[spelling], of_context.avatars[spelling]]);
        first(places, skip)
    }

    /// The name as sent, or the one of first and last name.
    pub(crate) fn name(&self) -> Option<Name<'e>> {
        let [own, of_context] = self.people;
        if let Some(name) = first([own.name, of_context.name], Skip::Empty) {
            return Some(Name::Whole(name));
        }
        let first_name =
            first(own.first_names.into_iter().chain(of_context.first_names), Skip::Empty);
        let last_name = first(own.last_names.into_iter().chain(of_context.last_names), Skip::Empty);
        let plain = |name: Option<Value<'e>>| name.and_then(Value::to_plain);
        match (plain(first_name), plain(last_name)) {
            (Some(first), last) => Some(Name::Composed(first, last)),
            (None, last) => last.map(|last| Name::Composed(last, None)),
        }
    }
}

/// A person's name.
pub(crate) enum Name<'e> {
    /// As sent.
    Whole(Value<'e>),
    /// From its parts; of one that has only one, that.
    Composed(Cow<'e, str>, Option<Cow<'e, str>>),
}

/// The traits that are of a person: those of a group call are the company's.
pub(crate) fn people<'e, 's>(message: &'s Message<'e>, settings: &Settings) -> [&'s Traits<'e>; 2] {
    let is_group = message.kind.is_some_and(|kind| kind.raw().eq_ignore_ascii_case("group"));
    if is_group && settings.group_email == GroupEmail::UserFirst {
        return [&message.of_context; 2];
    }
    [&message.own, &message.of_context]
}

/// An e-mail address as look-ups spell it.
pub(crate) fn lower(email: &str) -> Cow<'_, str> {
    if email.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(email)
    } else {
        Cow::Owned(email.to_lowercase())
    }
}
