//! An asynchronous Intercom client: transport, retries, rate budget, paging.

mod call;
mod client;
mod error;
mod http;
mod pages;
mod rate;
mod retry;
mod settings;
mod transport;

pub use client::Client;
pub use error::{Call, Error};
pub use http::HttpTransport;
pub use pages::{Items, Page, Pages};
pub use rate::{BudgetSettings, RateStatus};
pub use retry::{Attempt, Decision, Outcome, RetryPolicy};
pub use settings::{
    ClientSettings, HttpSettings, Origin, OriginFault, Region, SettingsError, Timeouts, TokenFault,
};
pub use transport::{AnswerFault, BoxError, SendFault, Transport, TransportError};
