//! Types of messages, and what contacts chose about them.

use crate::json::{self, Object};
use crate::workspace::Workspace;
use crate::workspace::happening::Happening;
use crate::workspace::table::Slot;

/// What attaching a contact to a type means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Consent {
    /// It wants no more of these messages.
    OptOut,
    /// It wants these messages.
    OptIn,
}

impl Consent {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::OptIn => "opt_in",
        }
    }
}

/// A type of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SubscriptionType {
    id: &'static str,
    name: &'static str,
    state: &'static str,
    pub(crate) consent: Consent,
    content: &'static str,
}

/// The types that every workspace has.
pub(crate) static TYPES: [SubscriptionType; 4] = [
    SubscriptionType {
        id: "91",
        name: "Newsletter",
        state: "live",
        consent: Consent::OptOut,
        content: "email",
    },
    SubscriptionType {
        id: "92",
        name: "Announcements",
        state: "live",
        consent: Consent::OptOut,
        content: "email",
    },
    SubscriptionType {
        id: "93",
        name: "Reminders by text message",
        state: "live",
        consent: Consent::OptIn,
        content: "sms_message",
    },
    SubscriptionType {
        id: "94",
        name: "Beta news",
        state: "archived",
        consent: Consent::OptIn,
        content: "email",
    },
];

impl SubscriptionType {
    /// The place of the type with this id.
    pub(crate) fn find(id: &str) -> Option<usize> {
        TYPES.iter().position(|known| known.id == id)
    }

    pub(crate) fn render(&self, object: &mut Object<'_>) {
        let translation = |object: &mut Object<'_>| {
            object.field("name", self.name).field("description", "").field("locale", "en");
        };
        object.field("type", "subscription").field("id", self.id).field("state", self.state);
        object.field("consent_type", self.consent.as_str());
        object.object("default_translation", translation);
        object.list("translations", [()], |out, ()| json::object(out, translation));
        object.field("content_types", &[self.content]);
    }
}

impl Workspace {
    /// The places of the types that a contact chose something about.
    pub(crate) fn subscriptions(&self, contact: Slot) -> impl Iterator<Item = usize> {
        self.subscriptions.get(&contact).into_iter().flatten().copied()
    }

    /// Attaches a contact to a type; a second time changes nothing.
    pub(crate) fn attach_subscription(&mut self, contact: Slot, kind: usize) {
        if self.subscriptions.entry(contact).or_default().insert(kind) {
            self.tell(Happening::Subscription { contact, kind, is_attached: true });
        }
    }

    /// Detaches a contact from a type; `false` when it was not attached.
    pub(crate) fn detach_subscription(&mut self, contact: Slot, kind: usize) -> bool {
        let known = self.subscriptions.get_mut(&contact);
        let was_there = known.is_some_and(|kinds| kinds.remove(&kind));
        if was_there {
            self.tell(Happening::Subscription { contact, kind, is_attached: false });
        }
        was_there
    }
}
