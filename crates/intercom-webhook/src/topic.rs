//! What happened: an open set.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the notifications of a topic are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    ActivityLog,
    Admin,
    Company,
    CompanyContact,
    Contact,
    ContactSubscription,
    ContactTag,
    Conversation,
    ConversationContact,
    Deleted,
    Event,
    Job,
    MergedContact,
    Other,
    Ping,
    Ticket,
    TicketContact,
}

/// Defines [`Topic`] with its wire names.
macro_rules! topics {
    ($($variant:ident = $text:literal is $item:ident),+ $(,)?) => {
        /// What happened, as subscriptions name it; an open set.
        ///
        /// The variants are the topics of API version 2.16, but for statistics of content
        /// (`content_stat.…`), which are [`Topic::Other`].
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "the variants are the API's own topics")]
        pub enum Topic {
            $($variant,)+
            /// A topic this crate does not know, cut to 100 characters.
            Other(Box<str>),
        }

        impl Topic {
            /// Every topic that has a variant.
            pub const KNOWN: &[Self] = &[$(Self::$variant),+];

            /// The topic as the API spells it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Other(text) => text,
                }
            }

            /// What a notification of the topic is about.
            pub(crate) fn item_kind(&self) -> ItemKind {
                match self {
                    $(Self::$variant => ItemKind::$item,)+
                    Self::Other(_) => ItemKind::Other,
                }
            }
        }

        impl From<&str> for Topic {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Other(other.chars().take(100).collect::<String>().into()),
                }
            }
        }
    };
}

topics! {
    AdminActivityLogEventCreated = "admin.activity_log_event.created" is ActivityLog,
    AdminAddedToWorkspace = "admin.added_to_workspace" is Admin,
    AdminAwayModeUpdated = "admin.away_mode_updated" is Admin,
    AdminLoggedIn = "admin.logged_in" is Admin,
    AdminLoggedOut = "admin.logged_out" is Admin,
    AdminRemovedFromWorkspace = "admin.removed_from_workspace" is Admin,
    ArticleCreated = "article.created" is Other,
    ArticleDeleted = "article.deleted" is Other,
    ArticlePublished = "article.published" is Other,
    ArticleUnpublished = "article.unpublished" is Other,
    ArticleUpdated = "article.updated" is Other,
    CallEnded = "call.ended" is Other,
    CallRecordingAvailable = "call.recording_available" is Other,
    CallStarted = "call.started" is Other,
    CallTranscriptionAvailable = "call.transcription_available" is Other,
    CompanyContactAttached = "company.contact.attached" is CompanyContact,
    CompanyContactDetached = "company.contact.detached" is CompanyContact,
    CompanyCreated = "company.created" is Company,
    CompanyDeleted = "company.deleted" is Deleted,
    CompanyUpdated = "company.updated" is Company,
    ContactArchived = "contact.archived" is Contact,
    ContactDeleted = "contact.deleted" is Deleted,
    ContactEmailUpdated = "contact.email.updated" is Contact,
    ContactLeadAddedEmail = "contact.lead.added_email" is Contact,
    ContactLeadCreated = "contact.lead.created" is Contact,
    ContactLeadSignedUp = "contact.lead.signed_up" is Contact,
    ContactLeadTagCreated = "contact.lead.tag.created" is ContactTag,
    ContactLeadTagDeleted = "contact.lead.tag.deleted" is ContactTag,
    ContactLeadUpdated = "contact.lead.updated" is Contact,
    ContactMerged = "contact.merged" is MergedContact,
    ContactSubscribed = "contact.subscribed" is ContactSubscription,
    ContactUnarchive = "contact.unarchive" is Contact,
    ContactUnsubscribed = "contact.unsubscribed" is ContactSubscription,
    ContactUserCreated = "contact.user.created" is Contact,
    ContactUserTagCreated = "contact.user.tag.created" is ContactTag,
    ContactUserTagDeleted = "contact.user.tag.deleted" is ContactTag,
    ContactUserUpdated = "contact.user.updated" is Contact,
    ConversationAdminAssigned = "conversation.admin.assigned" is Conversation,
    ConversationAdminClosed = "conversation.admin.closed" is Conversation,
    ConversationAdminNoted = "conversation.admin.noted" is Conversation,
    ConversationAdminOpenAssigned = "conversation.admin.open.assigned" is Conversation,
    ConversationAdminOpened = "conversation.admin.opened" is Conversation,
    ConversationAdminReplied = "conversation.admin.replied" is Conversation,
    ConversationAdminSingleCreated = "conversation.admin.single.created" is Conversation,
    ConversationAdminSnoozed = "conversation.admin.snoozed" is Conversation,
    ConversationAdminUnsnoozed = "conversation.admin.unsnoozed" is Conversation,
    ConversationContactAttached = "conversation.contact.attached" is ConversationContact,
    ConversationContactDetached = "conversation.contact.detached" is ConversationContact,
    ConversationDeleted = "conversation.deleted" is Deleted,
    ConversationOperatorReplied = "conversation.operator.replied" is Conversation,
    ConversationPriorityUpdated = "conversation.priority.updated" is Conversation,
    ConversationRatingAdded = "conversation.rating.added" is Conversation,
    ConversationRead = "conversation.read" is Conversation,
    ConversationUserCreated = "conversation.user.created" is Conversation,
    ConversationUserReplied = "conversation.user.replied" is Conversation,
    ConversationPartRedacted = "conversation_part.redacted" is Conversation,
    ConversationPartTagCreated = "conversation_part.tag.created" is Conversation,
    EventCreated = "event.created" is Event,
    GranularSubscribe = "granular.subscribe" is ContactSubscription,
    GranularUnsubscribe = "granular.unsubscribe" is ContactSubscription,
    JobCompleted = "job.completed" is Job,
    Ping = "ping" is Ping,
    TicketAdminAssigned = "ticket.admin.assigned" is Ticket,
    TicketAdminReplied = "ticket.admin.replied" is Ticket,
    TicketAttributeUpdated = "ticket.attribute.updated" is Ticket,
    TicketClosed = "ticket.closed" is Ticket,
    TicketContactAttached = "ticket.contact.attached" is TicketContact,
    TicketContactDetached = "ticket.contact.detached" is TicketContact,
    TicketContactReplied = "ticket.contact.replied" is Ticket,
    TicketCreated = "ticket.created" is Ticket,
    TicketNoteCreated = "ticket.note.created" is Ticket,
    TicketRatingProvided = "ticket.rating.provided" is Ticket,
    TicketStateUpdated = "ticket.state.updated" is Ticket,
    TicketTeamAssigned = "ticket.team.assigned" is Ticket,
    VisitorSignedUp = "visitor.signed_up" is Other,
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}
