//! An asynchronous Intercom client: it sends what `intercom-api` describes.
//!
//! `intercom-api` knows what a call *is*; this crate knows how to get it answered. A [`Client`]
//! has one way to send an operation ([`Client::execute`]), one to page ([`Client::pages`],
//! [`Client::items`]), one for bodies of any length ([`Client::download`]), one to run multi-step
//! work ([`Client::drive`]) and one for a bare request ([`Client::send`]). There is no method per
//! endpoint: a new operation works without a change here.
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
//!   Processes that share a store are as exact with a [`RateLease`].
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
//! # Lists
//!
//! However the API continues a list, [`Client::pages`] and [`Client::items`] are one stream:
//!
//! - It stops where the API names no next page, and fails when a cursor comes a second time or the
//!   list has more than [`max_pages`](ClientSettings::max_pages). An empty page in the middle does
//!   not end it; an error does. What it sees of a list that changes meanwhile depends on the kind
//!   of paging: see [`intercom_api::paging`].
//! - [`Page::next`] is a value that can be stored; [`Client::pages_from`] and
//!   [`Client::items_from`] go on from it in another process. A scroll closes after a minute.
//! - [`Pages::prefetch`] fetches one page ahead while the present one is used.
//! - [`Client::members`] completes the lists that a contact carries only in part.
//!
//! # Errors
//!
//! [`Error`]'s variants are ordered by how far a call got, and [`Error::reach`] says it in three
//! steps. [`Error::refusal`] holds what the API said: the code, the contact in the way of a new one
//! ([`conflict`](intercom_api::ApiError::conflict)), the contact a merged one became
//! ([`surviving_contact`](intercom_api::ApiError::surviving_contact)). [`Error::missing_scope`] is
//! what the token lacks, [`Error::scroll_fault`] why a scroll ended.
//!
//! # What the crate does not know
//!
//! [`Client::send`] takes any request, and gives back status, headers and body as they came:
//!
//! ```
//! use intercom_api::{Method, Request, Safety};
//! use intercom_client::{Client, Error};
//!
//! async fn fresh(client: &Client) -> Result<(), Error> {
//!     let target = "/brand/new?per_page=2";
//!     let request = Request::raw(Method::Get, Safety::Read, target, client.version());
//!     let answer = client.send(request).await?;
//!     println!("{} {:?} {:?}", answer.status, answer.request_id(), answer.headers.get("Date"));
//!     println!("{}", String::from_utf8_lossy(&answer.body));
//!     Ok(())
//! }
//! ```
//!
//! # Modules
//!
//! | module | what it holds |
//! |---|---|
//! | `client` | [`Client`] |
//! | `call` | the loop: budget, attempt, decision, wait |
//! | `download` | [`Download`] |
//! | `pages` | [`Page`], and the streams [`Pages`] and [`Items`] |
//! | `retry` | [`RetryPolicy`], and the credit that stops retry storms |
//! | `rate` | the rate budget: `window` and `caps` are its arithmetic, `queue` and `gate` make calls wait, `lease` and `ledger` share it |
//! | `transport` | the [`Transport`] seam |
//! | `http` | [`HttpTransport`], [`HttpSettings`] and [`Origin`] (feature `http`) |
//! | `settings` | [`ClientSettings`] |
//! | `usage` | [`Usage`] |
//! | `error` | [`Error`], and how far a call got |

mod call;
mod client;
mod download;
mod error;
#[cfg(feature = "http")]
mod http;
mod pages;
mod rate;
mod retry;
mod settings;
mod transport;
mod usage;

pub use client::Client;
pub use download::Download;
pub use error::{Behind, Call, Error, Reach};
#[cfg(feature = "http")]
pub use http::{
    HttpSettings, HttpTransport, Origin, OriginFault, Pool, Proxy, Region, SettingsError, Timeouts,
    TokenFault,
};
pub use pages::{Items, Page, Pages};
pub use rate::{
    BudgetSettings, ClassCap, LeaseFallback, LeaseGrant, LeaseTurn, RateLease, RateLedger,
    RateStatus, RequestClass,
};
pub use retry::{Attempt, Decision, Outcome, RetryPolicy};
pub use settings::ClientSettings;
pub use transport::{
    AnswerFault, BodyStream, BoxError, SendFault, Streamed, Transport, TransportError,
};
pub use usage::Usage;
