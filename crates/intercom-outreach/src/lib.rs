//! Tells people what happened: messages to a Slack channel through an incoming webhook.
//!
//! The crate knows neither what is worth telling nor what has been told. It makes a message of
//! words and figures, keeps to the service's limits, sends once and says what came of it; whoever
//! calls keeps the message until that went well.
//!
//! - **A message cannot be bent by its data.** Names and addresses stand in plain text only, with
//!   `&`, `<` and `>` escaped: they cannot mention a channel, make a link or set type.
//! - **One message a second**, and none before a `Retry-After` is over.
//! - **The address of the webhook is a secret.** It is in no `Debug`, error or log line.
//!
//! ```
//! use intercom_outreach::{Message, Slack, SlackError};
//! use secrecy::SecretString;
//!
//! async fn tell(webhook: SecretString) -> Result<(), Box<dyn std::error::Error>> {
//!     let slack = Slack::new(webhook)?;
//!     let message = Message::new("A payment is overdue").fact("Customer", "ada@member.example");
//!     match slack.send(&message).await {
//!         Err(SlackError::Throttled { after }) => println!("again in {} s", after.as_secs()),
//!         other => other?,
//!     }
//!     Ok(())
//! }
//! assert!(Slack::new(SecretString::from("http://hooks.example/x")).is_err());
//! ```
//!
//! The seam to a network is a [`Transport`] of its own and not `intercom-client`'s: that one sends
//! Intercom's requests, with a version and a route, to one origin that holds its token.
//!
//! | module | what it holds |
//! |---|---|
//! | `message` | [`Message`]: words and figures as the service's blocks |
//! | `slack` | [`Slack`]: pace, waits, and what an answer means |
//! | `transport`, `http` | the seam to a network, and the transport over HTTPS |
//! | `fake` | a Slack on this machine for tests (feature `fake`) |

#[cfg(feature = "fake")]
pub mod fake;
mod http;
mod message;
mod slack;
mod transport;

pub use http::{HttpTransport, SettingsError};
pub use message::Message;
pub use slack::{Refusal, Slack, SlackError};
pub use transport::{Answer, BoxError, Post, Transport, TransportError};
