//! Tells people what waits in the outbox.
//!
//! A sync writes what should be told with the rows it follows from; this crate takes it from there,
//! makes a message of it and sends it. **At least once**: a notice is claimed, sent, and then noted
//! as told. A program that dies in between leaves a claim that expires, and the notice is told
//! again; none is lost. Notices go out oldest first.
//!
//! What passes is tried again with growing pauses, up to a limit; what does not pass is dead, with
//! the reason, until somebody revives it ([`Store::revive_effect`]). When the channel itself
//! refuses or asks for a wait, the rest stays where it is. When very many notices about customers
//! wait, such as after a change of policy, they are told in one message.
//!
//! # Wiring
//!
//! A binary that knows `SLACK_WEBHOOK_URL` keeps one [`Channels`] for as long as it lives and
//! calls [`dispatch_until_empty`] after each run, also after one that failed, because that is told
//! too. Without the setting, the notices stay in the outbox, and
//! `store.queue_depth(&workspace, ALERT_QUEUE)` says how many wait.
//!
//! ```
//! use std::time::Duration;
//!
//! use intercom_outreach::Slack;
//! use intercom_store::{ALERT_QUEUE, Store, Workspace};
//! use intercom_worker::{Channels, DispatchSettings, dispatch_until_empty};
//!
//! async fn after_a_run(
//!     store: &dyn Store,
//!     workspace: &Workspace,
//!     channels: Option<&Channels>,
//! ) -> Result<String, intercom_store::StoreError> {
//!     let Some(channels) = channels else {
//!         let depth = store.queue_depth(workspace, ALERT_QUEUE).await?;
//!         return Ok(format!("{} alerts wait; SLACK_WEBHOOK_URL is not set", depth.n_waiting()));
//!     };
//!     let settings = DispatchSettings::default();
//!     let patience = Duration::from_secs(60);
//!     let told = dispatch_until_empty(store, workspace, channels, &settings, patience).await?;
//!     Ok(told.to_string())
//! }
//!
//! # fn connect(url: secrecy::SecretString) -> Result<Channels, Box<dyn std::error::Error>> {
//! let channels = Channels { alerts: Slack::new(url)? };
//! # Ok(channels) }
//! ```
//!
//! [`Store::revive_effect`]: intercom_store::Store::revive_effect
//!
//! | module | concept |
//! |---|---|
//! | `dispatch` | from the outbox to a channel, and what came of it |
//! | `together` | many notices in as few messages as name the customers |
//! | `words` | what a notice says |

mod dispatch;
mod together;
mod words;

pub use dispatch::{Channels, DispatchSettings, Dispatched, dispatch_once, dispatch_until_empty};
pub use words::message;
