//! Wire objects in, domain values out: contacts become customers and members, conversations become
//! coaching sessions and support activity.
//!
//! This is the only crate that reads custom attributes. Workspaces name them as they like
//! ([`AttributeNames`]) and fill them with whatever their integrations send, so reading never
//! fails: every projection answers a value and a list of [`Oddity`]s, each the path of a field that
//! was left out or had to be interpreted, never its content. What a figure means is decided by
//! `intercom-revenue` and `intercom-engagement`; this crate only finds their inputs.
//!
//! ```
//! use chrono::DateTime;
//! use intercom_api::ContactId;
//! use intercom_api::contacts::Contact;
//! use intercom_projection::{AttributeNames, SupportCounts, contact, customer};
//! use intercom_revenue::RevenuePolicy;
//!
//! let wire: Contact = serde_json::from_str(
//!     r#"{
//!         "id": "6500003149b6c129b3c90030",
//!         "role": "user",
//!         "email": "Omar@Member.example",
//!         "custom_attributes": {
//!             "Stripe Subscriptions": [
//!                 {"status": "active", "plan": {"amount": 29900, "interval": "month"}},
//!                 "sub_2"
//!             ]
//!         }
//!     }"#,
//! )?;
//! let id = ContactId::new("6500003149b6c129b3c90030")?;
//! let facts = contact(&id, &wire, &AttributeNames::default());
//! assert_eq!(
//!     facts.oddities[0].to_string(),
//!     "custom_attributes.Stripe Subscriptions[1]: wrong_type"
//! );
//!
//! let now = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");
//! let counts = SupportCounts::default();
//! let customer = customer(&facts.value, &counts, &RevenuePolicy::default(), now)?;
//! assert_eq!(customer.name, "omar");
//! assert_eq!(customer.mrr.map(|mrr| mrr.to_string()).as_deref(), Some("299.00 USD"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | module | concept |
//! |---|---|
//! | `names` | where a workspace keeps what is read |
//! | `contact`, `stripe` | a contact, and its billing side |
//! | `subscription`, `payment`, `fields` | the rows of that side, and the fields of rows |
//! | `conversation`, `mention` | a conversation, and whether it speaks of leaving |
//! | `quoted`, `html` | the words that somebody wrote, without quotes and markup |
//! | `support` | a customer's conversations, counted |
//! | `customer`, `matching`, `email` | a customer, the contact that speaks for it, what it is matched by |
//! | `oddity`, `scalar` | strange data, and the spellings of single values |
//! | `redact` | `Debug` without personal data |

mod contact;
mod conversation;
mod customer;
mod email;
mod fields;
mod html;
mod matching;
mod mention;
mod names;
mod oddity;
mod payment;
mod quoted;
mod redact;
mod scalar;
mod stripe;
mod subscription;
mod support;

pub use contact::{ContactFacts, MemberFacts, Role, contact};
pub use conversation::{ConversationFacts, NotASession, conversation};
pub use customer::{Customer, customer, customer_in};
pub use email::{Email, NoEmail};
pub use matching::{MatchRule, primary_contact};
pub use mention::{Mention, MentionRule, Strength, cancel_mention};
pub use names::{AttributeNames, Names, origins};
pub use oddity::{Oddity, OddityCode, Projected};
pub use stripe::{StripeFacts, Unreadable, UnreadableEntries};
pub use support::{CancelMention, Measured, Rating, SupportCounts, SupportFacts, support};

/// Grows whenever the same body would project to other values; what is stored under a lower
/// version has to be projected again.
pub const PROJECTION_VERSION: u32 = 8;
