//! Customer-data events, line by line, planned or sent.
//!
//! `intercom-transform` knows what becomes of one event; this crate takes files of them, of any
//! length and with any number of bad lines, in memory of a fixed size.
//!
//! [`plan_lines`] writes what would be sent, on all cores and in the order of the lines:
//!
//! ```
//! use std::num::NonZeroUsize;
//!
//! use intercom_deliver::{Answers, plan_lines};
//! use intercom_transform::{Assumption, Settings};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let events = "{\"type\":\"group\",\"groupId\":\"co1\"}\nnot json\n";
//! let (settings, answers) = (Settings::default(), Answers::Assumed(Assumption::Found));
//! let mut plans = Vec::new();
//! let counts = plan_lines(
//!     events.as_bytes(),
//!     &mut plans,
//!     &settings,
//!     &answers,
//!     NonZeroUsize::MIN,
//!     &mut |_| {},
//! )?;
//! assert_eq!((counts.n_planned, counts.n_rejected), (1, 1));
//! let plans = String::from_utf8(plans)?;
//! assert!(plans.lines().next().is_some_and(|line| line.contains("\"path\":\"/companies\"")));
//! assert!(plans.lines().last().is_some_and(|line| line.contains("\"code\":\"not_json\"")));
//! # Ok(())
//! # }
//! ```
//!
//! [`send_lines`] sends them with a client, each user's in order and different users' at the same
//! time:
//!
//! - What holds for everybody pauses everything: a token that is refused or lacks a scope, a plan
//!   that is not paid for, the rate limit, an API that fails or cannot be reached. None of it
//!   rejects a line.
//! - What only one line meets again and again leaves it behind, with the later ones of its user.
//! - A [`Journal`] holds what is finished. The effect comes first, then the outcome, then the entry:
//!   who is killed in between repeats lines whose answer was not seen, which plans bear.
//! - What cannot be delivered goes to the rejected, with its reason and the event.
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | `lines` | batches of lines |
//! | `planned` | one line as plans |
//! | `plan_lines` | [`plan_lines`] |
//! | `send` | [`send_lines`]: reading and dealing; `lane` is one user after the other, `pauses` makes everybody wait, `records` writes down |
//! | `journal` | [`Journal`] |
//! | `dry_run` | [`dry_run`](dry_run()) |
//! | `replies` | [`Replies`] |
//! | `settings` | [`read_settings`] |
//! | `error` | [`Error`] |

mod dry_run;
mod error;
mod journal;
mod lines;
mod plan_lines;
mod planned;
mod replies;
mod send;
mod settings;

pub use dry_run::dry_run;
pub use error::Error;
pub use journal::Journal;
pub use lines::MAX_LINE_BYTES;
pub use plan_lines::{PlanCounts, plan_lines};
pub use planned::Answers;
pub use replies::Replies;
pub use send::{Extent, SendCounts, SendOptions, SendReport, Sinks, send_lines};
pub use settings::read_settings;
