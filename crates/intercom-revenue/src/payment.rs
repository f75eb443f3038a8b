//! What a customer has paid.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::Currency;

/// One attempt to collect money.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Payment {
    /// The id in the billing system; without one, duplicates cannot be recognised.
    pub id: Option<String>,
    /// How the attempt ended.
    pub status: PaymentStatus,
    /// The currency; absent means the policy's base currency.
    pub currency: Option<Currency>,
    /// Smallest units, negative for a refund in a row of its own.
    pub amount: Option<Decimal>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
}

/// How an attempt to collect money ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PaymentStatus {
    /// The money arrived.
    Succeeded,
    /// Not decided yet.
    Pending,
    /// The money did not arrive.
    Failed,
    /// Withdrawn before it was collected.
    Canceled,
    /// Another word.
    Other(String),
}

impl PaymentStatus {
    /// Reads the billing system's word, ignoring case and surrounding space.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "succeeded" => Self::Succeeded,
            "pending" => Self::Pending,
            "failed" => Self::Failed,
            "canceled" => Self::Canceled,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// The billing system's word.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Pending => "pending",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Other(word) => word,
        }
    }
}

impl Default for PaymentStatus {
    fn default() -> Self {
        Self::Other(String::new())
    }
}

impl From<String> for PaymentStatus {
    fn from(word: String) -> Self {
        Self::parse(&word)
    }
}

impl From<PaymentStatus> for String {
    fn from(status: PaymentStatus) -> Self {
        status.as_str().to_owned()
    }
}
