//! Intercom webhooks: verify a signature, read a notification.
//!
//! A [`Receiver`] takes what an HTTP server got (method, signature header, raw body) and the time,
//! and answers with a [`Notification`], or with a [`Rejection`] that says which status to reply.
//! It is a pure function: any server can call it, and every refusal can be tested without one.
//!
//! - The signature is checked over the raw bytes, in constant time, before anything is parsed.
//!   Several secrets may be valid, so that one can be replaced without losing a notification.
//! - The body's own time and workspace are signed with it: what is too old, too far ahead or meant
//!   for another workspace is refused.
//! - Delivery is at least once and in no order. [`Notification::id`] tells a repetition;
//!   [`Notification::item_updated_at`] tells whether the item is older than what is known.
//! - An item that does not decode does not lose the notification: [`Notification::item`] is asked
//!   for separately, and the text stays.
//!
//! ```
//! use chrono::DateTime;
//! use intercom_api::Method;
//! use intercom_webhook::{Delivery, Item, Received, Receiver, ReceiverSettings, sign};
//! use secrecy::SecretString;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let secret = SecretString::from("the app's client secret");
//! let receiver = Receiver::new(ReceiverSettings::new(secret.clone()))?;
//!
//! let body = br#"{"type":"notification_event","id":"notif_1","topic":"contact.user.created",
//!     "app_id":"ab12","created_at":1768018294,
//!     "data":{"item":{"type":"contact","id":"6961d162","email":"jo@example.com"}}}"#;
//! let signature = sign(&secret, body);
//! let delivery = Delivery { method: Method::Post, signature: Some(signature.as_bytes()), body };
//! let now = DateTime::from_timestamp(1_768_018_300, 0).unwrap();
//!
//! let Received::Notification(notification) = receiver.receive(&delivery, now)? else {
//!     return Ok(()); // A probe or a ping: reply with 200.
//! };
//! let Item::Contact(contact) = notification.item()? else { unreachable!() };
//! assert_eq!(contact.email.as_deref(), Some("jo@example.com"));
//! # Ok(())
//! # }
//! ```
//!
//! # What the sender expects
//!
//! An answer within five seconds; without one, or with an error, it tries once more after a minute
//! and then drops the notification. 410 ends the subscription and 429 slows it down: a rejection
//! never asks for either. Do the work after replying.
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | `receiver` | [`Receiver`], its settings and refusals |
//! | `signature` | [`sign`], and the check of a signature header |
//! | `notification` | [`Notification`]: the envelope |
//! | `topic` | [`Topic`]: what happened |
//! | `item` | [`Item`]: what it happened to, by topic |

mod item;
mod notification;
mod receiver;
mod signature;
mod topic;

pub use item::{
    CompanyContact, ContactSubscription, ContactTag, ConversationContact, Deleted, Item, ItemError,
    MergedContact, MergedFrom, Opaque, Ping, SubscriptionTypes, TicketContact, TicketEvent,
    TicketSummary,
};
pub use notification::{Notification, NotificationError};
pub use receiver::{Delivery, Received, Receiver, ReceiverSettings, Rejection, SettingsError};
pub use signature::{SIGNATURE_HEADER, SignatureError, sign};
pub use topic::Topic;
