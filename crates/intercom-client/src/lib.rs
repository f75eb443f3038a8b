//! An asynchronous Intercom client: it sends what `intercom-api` describes.
//!
//! `intercom-api` knows what a call *is*; this crate knows how to get it answered. A [`Client`]
//! has one way to send an operation ([`Client::execute`]), one to page ([`Client::pages`],
//! [`Client::items`]), one to run multi-step work ([`Client::drive`]) and one for a bare request
//! ([`Client::send`]). There is no method per endpoint: a new operation works without a change
//! here.
//!
//! # Why it has this shape
//!
//! All of them go through one loop: wait for the rate budget, make one attempt over the
//! [`Transport`], decide, wait. Each part can be reasoned about and tested alone.
//!
//! - A [`Transport`] sends once. An answer with a bad status is still an answer; only a missing
//!   answer is a [`TransportError`], which says whether the request may have arrived.
//! - [`RetryPolicy::decide`] is a pure function. What may have had an effect is repeated only when
//!   the operation's [`Safety`](intercom_api::Safety) allows it, and the server's wait outranks
//!   ours.
//! - The rate budget is learnt from the answers. Alone on its token a client uses every call of a
//!   window and sees no 429; clones share the budget and are served in the order they came.
//! - Everything has a limit: attempts, time, waits, pages, steps, calls under way, body size.
//! - Time is tokio's clock, which tests can pause, and the server's own `Date`; the clock on the
//!   wall is never read.
//!
//! Errors, `Debug` and log lines name operations and routes; never tokens, filled paths, queries
//! or bodies.
//!
//! # Example
//!
//! ```
//! # #[cfg(feature = "http")] {
//! use futures_util::TryStreamExt;
//! use intercom_api::Paged;
//! use intercom_client::{
//!     Client, ClientSettings, Error, HttpSettings, Origin, Region, SettingsError,
//! };
//! use secrecy::SecretString;
//!
//! fn connect(token: SecretString) -> Result<Client, SettingsError> {
//!     let origin = Origin::region(Region::Eu);
//!     Client::http(HttpSettings { origin, ..HttpSettings::new(token) }, ClientSettings::default())
//! }
//!
//! async fn n_entries<O: Paged + Send + 'static>(client: &Client, list: O) -> Result<usize, Error> {
//!     client.pages(list).try_fold(0, async |n, page| Ok(n + page.len())).await
//! }
//!
//! assert!(matches!(connect(SecretString::from(" ")), Err(SettingsError::Token(_))));
//! # }
//! ```
//!
//! # Features
//!
//! `http` (default) is the transport over HTTPS. Without it the crate has the [`Transport`] seam and
//! everything above it, and builds no HTTP or TLS library.
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | `client` | [`Client`] |
//! | `call` | the loop: budget, attempt, decision, wait |
//! | `pages` | [`Page`], and the streams [`Pages`] and [`Items`] |
//! | `retry` | [`RetryPolicy`], and the credit that stops retry storms |
//! | `rate` | the rate budget: `window` and `caps` are its arithmetic, `queue` and `gate` make calls wait, `lease` and `ledger` share it |
//! | `transport` | the [`Transport`] seam |
//! | `http` | [`HttpTransport`], [`HttpSettings`] and [`Origin`] (feature `http`) |
//! | `settings` | [`ClientSettings`] |
//! | `error` | [`Error`] |

mod call;
mod client;
mod error;
#[cfg(feature = "http")]
mod http;
mod pages;
mod rate;
mod retry;
mod settings;
mod transport;

pub use client::Client;
pub use error::{Call, Error};
#[cfg(feature = "http")]
pub use http::{
    HttpSettings, HttpTransport, Origin, OriginFault, Region, SettingsError, Timeouts, TokenFault,
};
pub use pages::{Items, Page, Pages};
pub use rate::{
    BudgetSettings, ClassCap, LeaseFallback, LeaseGrant, LeaseTurn, RateLease, RateLedger,
    RateStatus, RequestClass,
};
pub use retry::{Attempt, Decision, Outcome, RetryPolicy};
pub use settings::ClientSettings;
pub use transport::{AnswerFault, BoxError, SendFault, Transport, TransportError};
