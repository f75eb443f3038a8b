//! Messages, which begin conversations.

use serde::{Serialize, Serializer};

use crate::attributes::Extra;
use crate::handle::ContactHandle;
use crate::id::{AdminId, Id};
use crate::open::open_enum;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation};
use crate::v1::person::{Participant, Subject, UniqueHandle};

open_enum! {
    /// How a message is delivered.
    ///
    /// Source: reference 1.3, "Admin Initiated Conversation".
    pub enum MessageType {
        /// In the app.
        InApp = "inapp",
        /// By e-mail.
        Email = "email",
    }
}

open_enum! {
    /// How an e-mail looks.
    ///
    /// Source: intercom-java 2.x `Conversation.create`; reference 1.3, "Admin Initiated
    /// Conversation".
    pub enum MessageTemplate {
        /// As text.
        Plain = "plain",
        /// As if written by hand.
        Personal = "personal",
    }
}

/// A user or a lead that a message goes to or comes from.
///
/// Source: reference 1.3, "Admin Initiated Conversation", where a lead has no e-mail address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessagePerson {
    /// A user.
    User(ContactHandle),
    /// A lead.
    Lead(UniqueHandle),
}

impl Serialize for MessagePerson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (kind, handle) = match self {
            Self::User(user) => ("user", user.clone()),
            Self::Lead(lead) => ("contact", lead.clone().into()),
        };
        Typed { kind, one: Subject(&handle) }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Typed<T: Serialize> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(flatten)]
    one: T,
}

/// `POST /messages` by an admin.
///
/// Source: reference 1.3, "Admin Initiated Conversation"; intercom-go v2 `MessageRequest`.
#[derive(Clone, PartialEq, Serialize)]
pub struct CreateAdminMessage {
    /// `message_type`.
    pub message_type: MessageType,
    /// `from`: the admin who writes.
    #[serde(serialize_with = "as_admin")]
    pub from: AdminId,
    /// `to`: who gets it.
    pub to: MessagePerson,
    /// `body`.
    pub body: String,
    /// `subject` of an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `template` of an e-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<MessageTemplate>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CreateAdminMessage {
    /// With what has to be sent.
    pub fn new(message_type: MessageType, from: AdminId, to: MessagePerson, body: String) -> Self {
        let (subject, template, extra) = (None, None, Extra::new());
        Self { message_type, from, to, body, subject, template, extra }
    }
}

operation! { CreateAdminMessage(Once, Post, "/messages") -> Message; body }
opaque_debug!(CreateAdminMessage { message_type, from, to });

/// `POST /messages` by a user or lead; always in the app, to no particular admin.
///
/// Source: reference 1.1, "User, Lead or Visitor Initiated Conversation".
#[derive(Clone, PartialEq, Serialize)]
pub struct CreateUserMessage {
    /// `from`: who writes.
    pub from: MessagePerson,
    /// `body`, in plain text.
    pub body: String,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CreateUserMessage {
    /// With what has to be sent.
    pub fn new(from: MessagePerson, body: String) -> Self {
        Self { from, body, extra: Extra::new() }
    }
}

operation! { CreateUserMessage(Once, Post, "/messages") -> Message; body }
opaque_debug!(CreateUserMessage { from });

object! {
    /// A message as it was sent. Its id is not that of the conversation.
    ///
    /// Source: reference 1.3, "Admin Initiated Conversation"; reference 1.1, "User, Lead or Visitor
    /// Initiated Conversation".
    pub struct Message [kind, id] {
        /// `type`: `admin_message` or `user_message`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `message_type`.
        message_type: MessageType,
        /// `subject`.
        subject: String,
        /// `body`.
        body: String,
        /// `template`.
        template: MessageTemplate,
        /// `owner`: the admin who wrote it.
        owner: Participant,
    }
}

fn as_admin<S: Serializer>(id: &AdminId, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct ById<'a> {
        id: &'a AdminId,
    }

    Typed { kind: "admin", one: ById { id } }.serialize(serializer)
}
