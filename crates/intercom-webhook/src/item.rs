//! What a notification is about, by topic.
//!
//! Items are the API's own objects where it has them; what only notifications have is described
//! here. Contacts, companies and articles have their dates as RFC 3339 texts in notifications,
//! which [`Timestamp`] reads too, and ids may be numbers.

use std::fmt;

use intercom_api::admins::{ActivityLog, Admin};
use intercom_api::companies::Company;
use intercom_api::contacts::Contact;
use intercom_api::conversations::Conversation;
use intercom_api::events::DataEvent;
use intercom_api::jobs::Job;
use intercom_api::subscription_types::SubscriptionType;
use intercom_api::tags::Tag;
use intercom_api::tickets::{Ticket, TicketPart};
use intercom_api::{ContactId, ConversationId, Extra, Id, JsonError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::notification::Notification;
use crate::topic::{ItemKind, Topic};

/// What a notification is about.
///
/// `Debug` shows ids and names of types, never the data of a person.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Admins that join, leave, log in or out, or go away.
    Admin(Box<Admin>),
    /// An entry of the activity log.
    ActivityLog(Box<ActivityLog>),
    /// A company as it is.
    Company(Box<Company>),
    /// A contact attached to a company, or detached from it.
    CompanyContact(Box<CompanyContact>),
    /// A contact as it is.
    Contact(Box<Contact>),
    /// The contact that another was merged into.
    MergedContact(Box<MergedContact>),
    /// A contact with the tag that it got or lost.
    ContactTag(Box<ContactTag>),
    /// A contact that subscribed or unsubscribed, from everything or from some types of messages.
    ContactSubscription(Box<ContactSubscription>),
    /// A conversation, with the parts that the notification is about.
    Conversation(Box<Conversation>),
    /// A contact attached to a conversation, or detached from it.
    ConversationContact(Box<ConversationContact>),
    /// A data event.
    Event(Box<DataEvent>),
    /// A job that is completed.
    Job(Box<Job>),
    /// A test of the subscription.
    Ping(Ping),
    /// A ticket, with the part that the notification is about where there is one.
    Ticket(Box<TicketEvent>),
    /// A contact attached to a ticket, or detached from it.
    TicketContact(Box<TicketContact>),
    /// What identifies an object that is gone; topics that end in `.deleted` send no more.
    Deleted(Deleted),
    /// An item of a topic without a type of its own.
    Other(Opaque),
}

/// JSON that `Debug` does not show.
#[derive(Clone, PartialEq)]
pub struct Opaque(pub Value);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opaque")
    }
}

/// An item that does not have the shape its topic promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{topic}{}: the item does not decode at `{path}`", Named(notification_id.as_ref()))]
pub struct ItemError {
    /// What happened.
    pub topic: Topic,
    /// The notification.
    pub notification_id: Option<Id>,
    /// The path to the value that does not fit, inside the item.
    pub path: String,
    /// Kind and position of the misfit.
    pub source: JsonError,
}

struct Named<'a>(Option<&'a Id>);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |id| write!(f, " ({id})"))
    }
}

/// Defines items that only notifications have, with a `Debug` that shows ids only.
macro_rules! items {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident { $($(#[$attribute:meta])* pub $field:ident: $kind:ty,)+ }
        shows { $($shown:ident),* }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
        pub struct $name {
            $(
                $(#[$attribute])*
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$kind>,
            )+
            /// Fields this crate does not know.
            #[serde(flatten)]
            pub extra: Extra,
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))
                    $(.field(stringify!($shown), &self.$shown))*
                    .finish_non_exhaustive()
            }
        }
    )+};
}

items! {
    /// A contact and a company.
    pub struct CompanyContact {
        /// The company.
        pub company: Company,
        /// The contact.
        pub contact: Contact,
    }
    shows { company, contact }

    /// The contact that was merged into another.
    pub struct MergedFrom {
        /// Its id, which the API no longer answers for.
        pub id: ContactId,
    }
    shows { id }

    /// A contact and a tag.
    pub struct ContactTag {
        /// The tag.
        pub tag: Tag,
        /// The contact.
        pub contact: Contact,
        /// When the contact was tagged or untagged.
        pub created_at: Timestamp,
    }
    shows { tag, contact }

    /// A contact and what it subscribes to.
    pub struct ContactSubscription {
        /// The contact.
        pub contact: Contact,
        /// The types it subscribed to or unsubscribed from; none when it is all of them.
        pub subscription_types: SubscriptionTypes,
        /// When.
        pub created_at: Timestamp,
    }
    shows { contact }

    /// Types of messages.
    pub struct SubscriptionTypes {
        /// The types.
        pub data: Vec<SubscriptionType>,
    }
    shows { data }

    /// A test of the subscription.
    pub struct Ping {
        /// What the sender says.
        pub message: String,
    }
    shows { }

    /// A ticket and what happened to it.
    pub struct TicketEvent {
        /// The ticket.
        pub ticket: Ticket,
        /// The part: an assignment, a reply, a change.
        pub ticket_part: TicketPart,
    }
    shows { ticket, ticket_part }

    /// A contact and a ticket, which comes with fewer fields than the API has.
    pub struct TicketContact {
        /// The ticket.
        pub ticket: TicketSummary,
        /// The contact.
        pub contact: Contact,
    }
    shows { ticket, contact }

    /// A ticket as notifications about its contacts have it.
    pub struct TicketSummary {
        /// Its id.
        pub id: intercom_api::TicketId,
        /// Where the workspace's admins see it.
        pub url: String,
        /// The category of its state.
        pub state: String,
        /// The name of its type.
        pub ticket_type: String,
    }
    shows { id }

    /// What identifies an object that is gone.
    pub struct Deleted {
        /// The kind of object.
        #[serde(rename = "type")]
        pub kind: String,
        /// Its id; conversations have theirs in a field of its own, which is read too.
        #[serde(alias = "conversation_id")]
        pub id: Id,
        /// The id that the customer's own system gave to a contact.
        pub external_id: String,
        /// The id that the customer's own system gave to a company.
        pub company_id: String,
    }
    shows { kind, id }
}

/// The surviving contact of a merge.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MergedContact {
    /// The contact that is gone; older notifications do not say which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<MergedFrom>,
    /// The contact that has taken its place.
    #[serde(flatten)]
    pub contact: Contact,
}

impl fmt::Debug for MergedContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MergedContact")
            .field("merged_from", &self.merged_from)
            .field("contact", &self.contact)
            .finish()
    }
}

/// A contact and the conversation it was attached to or detached from.
///
/// The API sends the conversation in a shape of its own; its id is what can be relied on.
#[derive(Clone, PartialEq)]
pub struct ConversationContact {
    /// The conversation.
    pub conversation_id: Option<ConversationId>,
    /// The contact.
    pub contact: Option<Contact>,
    /// The conversation as it came.
    pub conversation: Opaque,
}

impl fmt::Debug for ConversationContact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConversationContact")
            .field("conversation_id", &self.conversation_id)
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for ConversationContact {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            conversation: Value,
            #[serde(default)]
            contact: Option<Contact>,
        }

        let Wire { conversation, contact } = Wire::deserialize(deserializer)?;
        // The id stands in the conversation, or in the record inside it.
        let places =
            [conversation.get("model").and_then(|model| model.get("id")), conversation.get("id")];
        let conversation_id =
            places.into_iter().flatten().find_map(|id| ConversationId::deserialize(id).ok());
        Ok(Self { conversation_id, contact, conversation: Opaque(conversation) })
    }
}

impl Item {
    pub(crate) fn read(notification: &Notification) -> Result<Self, ItemError> {
        let text = notification.item_text();
        by_topic(&notification.topic, text).map_err(|error| ItemError {
            topic: notification.topic.clone(),
            notification_id: notification.id.clone(),
            path: error.path().to_string(),
            source: error.into_inner().into(),
        })
    }
}

type Misfit = serde_path_to_error::Error<serde_json::Error>;

fn by_topic(topic: &Topic, text: &str) -> Result<Item, Misfit> {
    Ok(match topic.item_kind() {
        ItemKind::ActivityLog => Item::ActivityLog(decode(text)?),
        ItemKind::Admin => Item::Admin(decode(text)?),
        ItemKind::Company => Item::Company(decode(text)?),
        ItemKind::CompanyContact => Item::CompanyContact(decode(text)?),
        ItemKind::Contact => Item::Contact(decode(text)?),
        ItemKind::ContactSubscription => Item::ContactSubscription(decode(text)?),
        ItemKind::ContactTag => Item::ContactTag(decode(text)?),
        ItemKind::Conversation => Item::Conversation(decode(text)?),
        ItemKind::ConversationContact => Item::ConversationContact(decode(text)?),
        ItemKind::Deleted => Item::Deleted(*decode(text)?),
        ItemKind::Event => Item::Event(decode(text)?),
        ItemKind::Job => Item::Job(decode(text)?),
        ItemKind::MergedContact => Item::MergedContact(decode(text)?),
        ItemKind::Other => Item::Other(Opaque(*decode(text)?)),
        ItemKind::Ping => Item::Ping(*decode(text)?),
        ItemKind::Ticket => Item::Ticket(ticket(text)?),
        ItemKind::TicketContact => Item::TicketContact(decode(text)?),
    })
}

/// Some topics send the ticket alone, others the ticket beside one of its parts.
fn ticket(text: &str) -> Result<Box<TicketEvent>, Misfit> {
    #[derive(Deserialize)]
    struct Shape {
        #[serde(default)]
        ticket: Option<serde::de::IgnoredAny>,
    }

    let has_part = serde_json::from_str::<Shape>(text).is_ok_and(|shape| shape.ticket.is_some());
    if has_part {
        return decode(text);
    }
    let ticket: Box<Ticket> = decode(text)?;
    Ok(Box::new(TicketEvent { ticket: Some(*ticket), ..TicketEvent::default() }))
}

fn decode<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Box<T>, Misfit> {
    let mut json = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut json).map(Box::new)
}
