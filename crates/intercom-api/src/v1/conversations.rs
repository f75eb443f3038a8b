//! Conversations: reading them and setting their state.

use serde::Serialize;

use crate::handle::ContactHandle;
use crate::id::{AdminId, ConversationId, Id};
use crate::redact::opaque_debug;
use crate::timestamp::Timestamp;
use crate::v1::call::{object, operation, paged, set_query};
use crate::v1::person::{Pages, Participant};
use crate::v1::tags::TagList;

/// Whose conversations [`ListConversations`] lists.
///
/// Source: reference 1.4, "List Conversations"; intercom-go v2 `ConversationListParams` for which
/// state goes with whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConversationFilter {
    /// Those assigned to an admin.
    Admin {
        /// `admin_id`.
        admin_id: AdminId,
        /// `open`: open or closed ones only.
        open: Option<bool>,
    },
    /// Those of a user or lead.
    User {
        /// Whose.
        user: ContactHandle,
        /// `unread`: unread or read ones only.
        unread: Option<bool>,
    },
}

/// `GET /conversations`: all conversations without their parts, or those of someone.
///
/// Source: reference 1.4 and 1.0, "List Conversations"; intercom-go v2 `ConversationListParams`.
#[derive(Clone, Default, PartialEq)]
pub struct ListConversations {
    /// Whose; everybody's when absent.
    pub of: Option<ConversationFilter>,
    /// `sort`.
    pub sort: Option<String>,
    /// `order`: `asc` or `desc`.
    pub order: Option<String>,
    /// `display_as`: `plaintext` or `html`.
    pub display_as: Option<String>,
    /// `page`, from 1.
    pub page: Option<i64>,
    /// `per_page`.
    pub per_page: Option<i64>,
}

operation! {
    ListConversations(Read, Get, "/conversations") -> ConversationList;
    |call, request| {
        match &call.of {
            Some(ConversationFilter::Admin { admin_id, open }) => {
                request.set_query("type", "admin");
                request.set_query("admin_id", admin_id.as_str());
                set_query(request, "open", open.as_ref());
            }
            Some(ConversationFilter::User { user, unread }) => {
                request.set_query("type", "user");
                user.set_query(request);
                set_query(request, "unread", unread.as_ref());
            }
            None => {}
        }
        set_query(request, "sort", call.sort.as_ref());
        set_query(request, "order", call.order.as_ref());
        set_query(request, "display_as", call.display_as.as_ref());
        set_query(request, "page", call.page.as_ref());
        set_query(request, "per_page", call.per_page.as_ref());
    }
}
paged! { ListConversations: NextUrl, "conversations" of Conversation }
opaque_debug!(ListConversations { of });

/// `GET /conversations/{conversation_id}`, with its parts.
///
/// Source: intercom-ruby, `conversation_spec.rb`; intercom-go v2 `ConversationFindParams` for
/// `display_as`.
#[derive(Clone, PartialEq)]
pub struct RetrieveConversation {
    /// `conversation_id`.
    pub conversation_id: ConversationId,
    /// `display_as`: `plaintext` or `html`.
    pub display_as: Option<String>,
}

impl RetrieveConversation {
    /// With what has to be sent.
    pub fn new(conversation_id: ConversationId) -> Self {
        Self { conversation_id, display_as: None }
    }
}

operation! {
    RetrieveConversation(Read, Get, "/conversations/{conversation_id}": conversation_id)
        -> Conversation;
    |call, request| { set_query(request, "display_as", call.display_as.as_ref()); }
}
opaque_debug!(RetrieveConversation { conversation_id });

/// `PUT /conversations/{conversation_id}`: says that the user has read it.
///
/// Source: intercom-ruby, `conversation_spec.rb`; intercom-java 2.x `Conversation.markAsRead`;
/// intercom-go v2 posts.
#[derive(Clone, PartialEq, Serialize)]
pub struct MarkConversationRead {
    /// `conversation_id`.
    #[serde(skip)]
    pub conversation_id: ConversationId,
    read: bool,
}

impl MarkConversationRead {
    /// With what has to be sent.
    pub fn new(conversation_id: ConversationId) -> Self {
        Self { conversation_id, read: true }
    }
}

operation! {
    MarkConversationRead(Idempotent, Put, "/conversations/{conversation_id}": conversation_id)
        -> Conversation;
    body
}
opaque_debug!(MarkConversationRead { conversation_id });

/// `POST /conversations/{conversation_id}/run_assignment_rules`: assigns an unassigned one.
///
/// Source: reference 1.4, "Run assignment rules on a conversation".
#[derive(Clone, PartialEq)]
pub struct RunAssignmentRules {
    /// `conversation_id`.
    pub conversation_id: ConversationId,
}

impl RunAssignmentRules {
    /// With what has to be sent.
    pub fn new(conversation_id: ConversationId) -> Self {
        Self { conversation_id }
    }
}

operation! {
    RunAssignmentRules(
        Once, Post, "/conversations/{conversation_id}/run_assignment_rules": conversation_id
    ) -> Conversation
}
opaque_debug!(RunAssignmentRules { conversation_id });

object! {
    /// A conversation; in a list without its parts.
    ///
    /// Source: reference 1.4, "List Conversations" and "Snoozing a conversation"; reference 1.3,
    /// "Run assignment rules on a conversation", for the rating; intercom-java 2.x, `conversation.json`.
    /// The 1.4 sample of a list shows `customers`, those of replies `user` as well.
    pub struct Conversation [id, assignee] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: ConversationId,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `sent_at`, unix seconds.
        sent_at: Timestamp,
        /// `waiting_since`, unix seconds; samples also have an instant in the year 4018.
        waiting_since: Timestamp,
        /// `snoozed_until`, unix seconds.
        snoozed_until: Timestamp,
        /// `user`: who it was begun with.
        user: Participant,
        /// `customers`: the users and leads who take part.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        customers: Vec<Participant>,
        /// `assignee`: an admin, a team, or a `nobody_admin` without an id.
        assignee: Participant,
        /// `conversation_message`: what it was begun with.
        conversation_message: ConversationMessage,
        /// `customer_first_reply`.
        customer_first_reply: FirstReply,
        /// `conversation_parts`.
        conversation_parts: ConversationPartList,
        /// `conversation_rating`.
        conversation_rating: ConversationRating,
        /// `open`.
        open: bool,
        /// `state`: `open`, `closed` or `snoozed`.
        state: String,
        /// `read`.
        read: bool,
        /// `tags`.
        tags: TagList,
    }
}

object! {
    /// The message that a conversation was begun with.
    ///
    /// Source: reference 1.4, "List Conversations"; intercom-java 2.x, `conversation.json`.
    pub struct ConversationMessage [id] {
        /// `type`: `conversation_message`, or `conversation`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `delivered_as`.
        delivered_as: String,
        /// `subject`.
        subject: String,
        /// `body`, in HTML unless asked otherwise.
        body: String,
        /// `author`.
        author: Participant,
        /// `attachments`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        attachments: Vec<Attachment>,
        /// `url`: where the user was.
        url: String,
    }
}

object! {
    /// When and where the user first replied.
    ///
    /// Source: reference 1.4, "List Conversations"; changelog 1.1.
    pub struct FirstReply {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `url`.
        url: String,
    }
}

object! {
    /// What followed the first message.
    ///
    /// Source: intercom-java 2.x, `conversation.json`; reference 1.3, "Run assignment rules on a
    /// conversation".
    pub struct ConversationPartList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `conversation_parts`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        conversation_parts: Vec<ConversationPart>,
        /// `total_count`.
        total_count: i64,
    }
}

object! {
    /// A comment, note, assignment or change of state.
    ///
    /// Source: reference 1.4, "Snoozing a conversation"; intercom-java 2.x, `conversation.json`.
    pub struct ConversationPart [id, part_type, assigned_to] {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        id: Id,
        /// `part_type`: `comment`, `note`, `assignment`, `open`, `close`, `snoozed`, and more.
        part_type: String,
        /// `body`, in HTML unless asked otherwise.
        body: String,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `updated_at`, unix seconds.
        updated_at: Timestamp,
        /// `notified_at`, unix seconds.
        notified_at: Timestamp,
        /// `assigned_to`.
        assigned_to: Participant,
        /// `author`.
        author: Participant,
        /// `attachments`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        attachments: Vec<Attachment>,
        /// `external_id`.
        #[serde(deserialize_with = "crate::id::unless_empty")]
        external_id: Id,
    }
}

object! {
    /// A file.
    ///
    /// Source: intercom-java 2.x, `conversation.json`.
    pub struct Attachment {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `name`.
        name: String,
        /// `url`.
        url: String,
        /// `content_type`.
        content_type: String,
        /// `filesize`, in bytes.
        filesize: i64,
        /// `width`.
        width: i64,
        /// `height`.
        height: i64,
    }
}

object! {
    /// How the user rated the conversation; every field is null without a rating.
    ///
    /// Source: reference 1.3, "Run assignment rules on a conversation".
    pub struct ConversationRating {
        /// `rating`, from 1 to 5.
        rating: i64,
        /// `remark`.
        remark: String,
        /// `created_at`, unix seconds.
        created_at: Timestamp,
        /// `customer`: who rated.
        customer: Participant,
        /// `teammate`: who was rated.
        teammate: Participant,
    }
}

object! {
    /// A page of conversations.
    ///
    /// Source: reference 1.4 and 1.0, "List Conversations".
    pub struct ConversationList {
        /// `type`.
        #[serde(rename = "type")]
        kind: String,
        /// `conversations`.
        #[serde(deserialize_with = "crate::lenient::without_nulls")]
        conversations: Vec<Conversation>,
        /// `total_count`.
        total_count: i64,
        /// `pages`.
        pages: Pages,
    }
}
