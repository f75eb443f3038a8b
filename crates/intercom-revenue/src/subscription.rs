//! What a customer is subscribed to.

use std::fmt;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::rows::is_default;
use crate::{Currency, Discount};

/// One subscription: a state and the things that are paid for.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Subscription {
    /// The id in the billing system; without one, duplicates cannot be recognised.
    #[serde(skip_serializing_if = "is_default")]
    pub id: Option<String>,
    /// Where it is in its life.
    #[serde(skip_serializing_if = "is_default")]
    pub status: SubscriptionStatus,
    /// How the source wrote the status.
    #[serde(skip_serializing_if = "is_default")]
    pub status_spelling: Spelling,
    /// The currency of its prices; absent means the policy's base currency.
    #[serde(skip_serializing_if = "is_default")]
    pub currency: Option<Currency>,
    /// When the paid period ends.
    #[serde(skip_serializing_if = "is_default")]
    pub period_ends_at: Option<DateTime<Utc>>,
    /// It ends with the paid period.
    #[serde(skip_serializing_if = "is_default")]
    pub cancel_at_period_end: bool,
    /// When it is set to end, if that is not the end of the paid period.
    #[serde(skip_serializing_if = "is_default")]
    pub cancels_at: Option<DateTime<Utc>>,
    /// Nothing is collected for a while.
    #[serde(skip_serializing_if = "is_default")]
    pub collection_pause: Option<CollectionPause>,
    /// What is deducted from every invoice, in this order.
    #[serde(skip_serializing_if = "is_default")]
    pub discounts: Vec<Discount>,
    /// The one price that older interfaces of the billing system put on the subscription itself.
    #[serde(skip_serializing_if = "is_default")]
    pub plan: Option<SubscriptionItem>,
    /// What is paid for, line by line.
    #[serde(skip_serializing_if = "is_default")]
    pub items: Vec<SubscriptionItem>,
}

/// One price of a subscription.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionItem {
    /// Smallest units per piece and period, possibly with a fraction; absent for tiered prices.
    #[serde(skip_serializing_if = "is_default")]
    pub amount: Option<Decimal>,
    /// How many pieces; absent means one.
    #[serde(skip_serializing_if = "is_default")]
    pub quantity: Option<u64>,
    /// The unit of the period.
    #[serde(skip_serializing_if = "is_default")]
    pub interval: Interval,
    /// How many of those units make a period; absent means one.
    #[serde(skip_serializing_if = "is_default")]
    pub interval_count: Option<u32>,
    /// Whether pieces are bought or used.
    #[serde(skip_serializing_if = "is_default")]
    pub usage: Usage,
    /// Percent of tax that the amount already contains; absent when it contains none.
    #[serde(skip_serializing_if = "is_default")]
    pub included_tax_percent: Option<Decimal>,
    /// What is deducted from this line of every invoice, in this order.
    #[serde(skip_serializing_if = "is_default")]
    pub discounts: Vec<Discount>,
}

/// A plan recorded on the customer instead of as a list of subscriptions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlatPlan {
    /// Where the subscription is in its life.
    pub status: SubscriptionStatus,
    /// The price, in the unit that the policy says.
    pub price: Decimal,
    /// The currency; absent means the policy's base currency.
    pub currency: Option<Currency>,
    /// The unit of the period; absent means a month, an unknown one that nobody can say what is paid
    /// a month.
    pub interval: Option<Interval>,
}

/// Nothing is collected, while the subscription itself runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CollectionPause {
    /// When collecting begins again; absent means not before somebody says so.
    pub resumes_at: Option<DateTime<Utc>>,
}

/// Whether pieces are bought or used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// Bought: their number is known before the period.
    #[default]
    Licensed,
    /// Used: their number is known after the period.
    Metered,
}

/// How a word of the billing system is spelt in the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// Letter by letter.
    #[default]
    Exact,
    /// With other capitals, or with space around it.
    Loose,
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
