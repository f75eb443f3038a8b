//! What a customer is subscribed to.

use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Currency;

/// One subscription: a state and the things that are paid for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// The id in the billing system; without one, duplicates cannot be recognised.
    pub id: Option<String>,
    /// Where it is in its life.
    pub status: SubscriptionStatus,
    /// The currency of its prices; absent means the policy's base currency.
    pub currency: Option<Currency>,
    /// When the paid period ends.
    pub period_ends_at: Option<DateTime<Utc>>,
    /// What is paid for.
    pub items: Vec<SubscriptionItem>,
}

/// One price of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SubscriptionItem {
    /// Smallest units per piece and period, possibly with a fraction; absent for tiered prices.
    pub amount: Option<Decimal>,
    /// How many pieces; absent means one.
    pub quantity: Option<u64>,
    /// The unit of the period.
    pub interval: Interval,
    /// How many of those units make a period; absent means one.
    pub interval_count: Option<u32>,
}

/// The unit of a billing period.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Interval {
    /// 24 hours.
    Day,
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
    /// Twelve months.
    Year,
    /// A unit without a known length, or none at all.
    Other(String),
}

impl Interval {
    /// Reads the billing system's word, ignoring case and surrounding space.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// The billing system's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
            Self::Other(word) => word,
        }
    }
}

impl Default for Interval {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl From<String> for Interval {
    fn from(word: String) -> Self {
        Self::parse(&word)
    }
}

impl From<Interval> for String {
    fn from(interval: Interval) -> Self {
        interval.as_str().to_owned()
    }
}

/// Where a subscription is in its life.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum SubscriptionStatus {
    /// Paid for and running.
    Active,
    /// Running, not yet paid for.
    Trialing,
    /// Running, the last invoice is open.
    PastDue,
    /// Given up on collecting.
    Unpaid,
    /// Over.
    Canceled,
    /// The first payment is pending.
    Incomplete,
    /// The first payment never came.
    IncompleteExpired,
    /// Nothing is collected or delivered.
    Paused,
    /// A word the billing system does not define.
    Other(String),
}

impl SubscriptionStatus {
    /// Every status the billing system defines.
    pub const DEFINED: [Self; 8] = [
        Self::Active,
        Self::Trialing,
        Self::PastDue,
        Self::Unpaid,
        Self::Canceled,
        Self::Incomplete,
        Self::IncompleteExpired,
        Self::Paused,
    ];

    /// Reads the billing system's word, ignoring case and surrounding space.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let tidy = word.trim();
        Self::DEFINED
            .into_iter()
            .find(|status| status.as_str().eq_ignore_ascii_case(tidy))
            .unwrap_or_else(|| Self::Other(word.to_owned()))
    }

    /// The billing system's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Active => "active",
            Self::Trialing => "trialing",
            Self::PastDue => "past_due",
            Self::Unpaid => "unpaid",
            Self::Canceled => "canceled",
            Self::Incomplete => "incomplete",
            Self::IncompleteExpired => "incomplete_expired",
            Self::Paused => "paused",
            Self::Other(word) => word,
        }
    }
}

impl Default for SubscriptionStatus {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl From<String> for SubscriptionStatus {
    fn from(word: String) -> Self {
        Self::parse(&word)
    }
}

impl From<SubscriptionStatus> for String {
    fn from(status: SubscriptionStatus) -> Self {
        status.as_str().to_owned()
    }
}

impl fmt::Display for SubscriptionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
