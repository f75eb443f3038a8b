//! How a client behaves, whatever carries its requests.

use std::sync::Arc;
use std::time::Duration;

use intercom_api::ApiVersion;

use crate::rate::{BudgetSettings, RateLease};
use crate::retry::RetryPolicy;

/// How a [`Client`](crate::Client) behaves, whatever carries its requests.
#[derive(Debug, Clone)]
pub struct ClientSettings {
    /// The version every request is built for.
    pub version: ApiVersion,
    /// When a failed attempt is repeated.
    pub retry: RetryPolicy,
    /// How the API's rate limit is kept.
    pub budget: BudgetSettings,
    /// Where calls are borrowed when several processes use the token; `None` when this is the only
    /// one.
    pub lease: Option<Arc<dyn RateLease>>,
    /// The longest one call may take, attempts and waits included. Each page of a list and each
    /// request of multi-step work is a call of its own.
    pub deadline: Duration,
    /// The most pages one listing reads.
    pub max_pages: u32,
    /// The most requests one [`drive`](crate::Client::drive) sends.
    pub max_steps: u32,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            version: ApiVersion::default(),
            retry: RetryPolicy::default(),
            budget: BudgetSettings::default(),
            lease: None,
            deadline: Duration::from_secs(180),
            max_pages: 100_000,
            max_steps: 100,
        }
    }
}
