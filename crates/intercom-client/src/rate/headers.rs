//! What an answer says about the rate limit.

use std::str::FromStr;
use std::time::Duration;

use intercom_api::Response;

use crate::retry::server_delay;

/// The rate limit as one answer tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The counted window, if the answer names one.
    pub(crate) count: Option<Count>,
    /// The server's clock in unix seconds, cut to the second.
    pub(crate) date: Option<i64>,
    /// The answer is a 429, with the wait it asks for.
    pub(crate) refused: Option<Option<Duration>>,
    /// The answer is a success.
    pub(crate) is_success: bool,
}

/// The count of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) limit: Option<u32>,
    pub(crate) remaining: u32,
    /// The end of the window in unix seconds; names the window.
    pub(crate) reset: i64,
}

impl Reading {
    pub(crate) fn of(response: &Response) -> Self {
        let count = number(response, "X-RateLimit-Remaining")
            .zip(number(response, "X-RateLimit-Reset"))
            .map(|(remaining, reset)| {
                let limit = number(response, "X-RateLimit-Limit");
                Count { limit, remaining, reset }
            });
        Self {
            count,
            date: response.date().map(|date| date.timestamp()),
            refused: (response.status == 429).then(|| server_delay(response)),
            is_success: response.is_success(),
        }
    }
}

fn number<N: FromStr>(response: &Response, header: &str) -> Option<N> {
    response.headers.get(header)?.trim().parse().ok()
}
