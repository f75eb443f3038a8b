//! Replies to a conversation; in 1.x assigning, closing, opening and snoozing are replies as well.
//!
//! The id `last` stands for the latest conversation of the user who replies.

use serde::Serialize;

use crate::attributes::Extra;
use crate::handle::ContactHandle;
use crate::id::{AdminId, ConversationId, Id};
use crate::open::open_enum;
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::operation;
use crate::v1::conversations::Conversation;

open_enum! {
    /// What an admin writes.
    ///
    /// Source: intercom-java 2.x `Conversation`; intercom-go v2, README, "Reply".
    pub enum AdminReplyType {
        /// The user sees it.
        Comment = "comment",
        /// Admins see it.
        Note = "note",
    }
}

/// `POST /conversations/{conversation_id}/reply` by a user or lead.
///
/// Source: the undated reference, "Replying to a Conversation"; intercom-ruby,
/// `conversation_spec.rb`; intercom-go v2 `Reply` for the three ids.
#[derive(Clone, PartialEq, Serialize)]
pub struct ReplyAsUser {
    /// `conversation_id`, or `last`.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    /// Who replies; Intercom's id is sent as `intercom_user_id`.
    #[serde(flatten)]
    pub user: ContactHandle,
    /// `body`.
    pub body: String,
    /// `attachment_urls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_urls: Option<Vec<String>>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ReplyAsUser {
    /// With what has to be sent.
    pub fn new(conversation_id: ConversationId, user: ContactHandle, body: String) -> Self {
        Self { conversation_id, user, body, attachment_urls: None, extra: Extra::new() }
    }
}

operation! {
    ReplyAsUser(Once, Post, "/conversations/{conversation_id}/reply": conversation_id)
        -> Conversation;
    |call, request| {
        request.set_json_with(&[("type", "user"), ("message_type", "comment")], call)?;
    }
}
opaque_debug!(ReplyAsUser { conversation_id, user });

/// `POST /conversations/{conversation_id}/reply` by an admin: a comment or a note.
///
/// Source: intercom-go v2, README, "Reply"; intercom-java 2.x `AdminReply`.
#[derive(Clone, PartialEq, Serialize)]
pub struct ReplyAsAdmin {
    /// `conversation_id`.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    /// `admin_id`.
    pub admin_id: AdminId,
    /// `message_type`.
    pub message_type: AdminReplyType,
    /// `body`.
    pub body: String,
    /// `attachment_urls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attachment_urls: Option<Vec<String>>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ReplyAsAdmin {
    /// With what has to be sent.
    pub fn new(
        conversation_id: ConversationId,
        admin_id: AdminId,
        message_type: AdminReplyType,
        body: String,
    ) -> Self {
        let (attachment_urls, extra) = (None, Extra::new());
        Self { conversation_id, admin_id, message_type, body, attachment_urls, extra }
    }
}

operation! {
    ReplyAsAdmin(Once, Post, "/conversations/{conversation_id}/reply": conversation_id)
        -> Conversation;
    |call, request| { request.set_json_with(&[("type", "admin")], call)?; }
}
opaque_debug!(ReplyAsAdmin { conversation_id, admin_id, message_type });

/// `POST /conversations/{conversation_id}/reply` that assigns it to an admin, a team or nobody.
///
/// Source: reference 1.2, "Assigning a Conversation to Unassigned"; intercom-ruby,
/// `conversation_spec.rb`.
#[derive(Clone, PartialEq, Serialize)]
pub struct AssignConversation {
    /// `conversation_id`.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    /// `admin_id`: who assigns.
    pub admin_id: AdminId,
    /// `assignee_id` of an admin or team; `0` is nobody.
    pub assignee_id: Id,
    /// `body` of a note that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl AssignConversation {
    /// With what has to be sent.
    pub fn new(conversation_id: ConversationId, admin_id: AdminId, assignee_id: Id) -> Self {
        Self { conversation_id, admin_id, assignee_id, body: None, extra: Extra::new() }
    }
}

operation! {
    AssignConversation(Once, Post, "/conversations/{conversation_id}/reply": conversation_id)
        -> Conversation;
    |call, request| {
        request.set_json_with(&[("type", "admin"), ("message_type", "assignment")], call)?;
    }
}
opaque_debug!(AssignConversation { conversation_id, admin_id, assignee_id });

/// `POST /conversations/{conversation_id}/reply` that snoozes it.
///
/// Source: reference 1.4, "Snoozing a conversation", which sends the instant as a text and no
/// `type`; intercom-ruby, `conversation_spec.rb`, sends a number and the type.
#[derive(Clone, PartialEq, Serialize)]
pub struct SnoozeConversation {
    /// `conversation_id`.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    /// `admin_id`: who snoozes.
    pub admin_id: AdminId,
    /// `snoozed_until`, unix seconds.
    pub snoozed_until: Timestamp,
    /// Further fields of the body.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SnoozeConversation {
    /// With what has to be sent.
    pub fn new(
        conversation_id: ConversationId,
        admin_id: AdminId,
        snoozed_until: Timestamp,
    ) -> Self {
        Self { conversation_id, admin_id, snoozed_until, extra: Extra::new() }
    }
}

operation! {
    SnoozeConversation(Once, Post, "/conversations/{conversation_id}/reply": conversation_id)
        -> Conversation;
    |call, request| {
        request.set_json_with(&[("type", "admin"), ("message_type", "snoozed")], call)?;
    }
}
opaque_debug!(SnoozeConversation { conversation_id, admin_id, snoozed_until });

/// Defines the two calls that open and close a conversation.
macro_rules! state_change {
    ($($(#[$doc:meta])* $name:ident = $message_type:literal,)+) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Serialize)]
        pub struct $name {
            /// `conversation_id`.
            #[serde(skip)]
            pub conversation_id: ConversationId,
            /// `admin_id`: who does it.
            pub admin_id: AdminId,
            /// `body` of a comment that goes with it.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub body: Option<String>,
            /// Further fields of the body.
            #[serde(flatten)]
            pub extra: Extra,
        }

        impl $name {
            /// With what has to be sent.
            pub fn new(conversation_id: ConversationId, admin_id: AdminId) -> Self {
                Self { conversation_id, admin_id, body: None, extra: Extra::new() }
            }
        }

        operation! {
            $name(Once, Post, "/conversations/{conversation_id}/reply": conversation_id)
                -> Conversation;
            |call, request| {
                request.set_json_with(&[("type", "admin"), ("message_type", $message_type)], call)?;
            }
        }
        opaque_debug!($name { conversation_id, admin_id });
    )+};
}

state_change! {
    /// `POST /conversations/{conversation_id}/reply` that opens it, also out of a snooze.
    ///
    /// Source: intercom-ruby, `conversation_spec.rb`; the undated reference, "Unsnoozing a
    /// conversation".
    OpenConversation = "open",
    /// `POST /conversations/{conversation_id}/reply` that closes it.
    ///
    /// Source: intercom-ruby, `conversation_spec.rb`; intercom-go v2 `ConversationService.Close`.
    CloseConversation = "close",
}
