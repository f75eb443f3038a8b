//! What a customer has paid.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::rows::is_default;
use crate::{Currency, Spelling};

/// One attempt to collect money.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct Payment {
    /// The id in the billing system; without one, duplicates cannot be recognised.
    #[serde(skip_serializing_if = "is_default")]
    pub id: Option<String>,
    /// How the attempt ended.
    #[serde(skip_serializing_if = "is_default")]
    pub status: PaymentStatus,
    /// How the source wrote the status.
    #[serde(skip_serializing_if = "is_default")]
    pub status_spelling: Spelling,
    /// The currency; absent means the policy's base currency.
    #[serde(skip_serializing_if = "is_default")]
    pub currency: Option<Currency>,
    /// Smallest units, negative for a refund in a row of its own.
    #[serde(skip_serializing_if = "is_default")]
    pub amount: Option<Decimal>,
    /// What of the amount was given back.
    #[serde(skip_serializing_if = "is_default")]
    pub refund: Refund,
    /// What became of the customer's objection, if there was one.
    #[serde(skip_serializing_if = "is_default")]
    pub dispute: Option<Dispute>,
    /// Smallest units of tax within the amount, if that is known.
    #[serde(skip_serializing_if = "is_default")]
    pub tax: Option<Decimal>,
    /// When it was made.
    #[serde(skip_serializing_if = "is_default")]
    pub created_at: Option<DateTime<Utc>>,
}

/// What of a payment was given back.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refund {
    /// Nothing.
    #[default]
    Nothing,
    /// So many smallest units.
    Part(Decimal),
    /// All of it.
    Everything,
}

/// What became of an objection to a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dispute {
    /// Undecided; the money may still go back.
    Open,
    /// The money stays.
    Won,
    /// The money went back.
    Lost,
}

/// How an attempt to collect money ended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PaymentStatus {
    /// The money arrived.
    Succeeded,
    /// The money arrived, in the word that invoices use.
    Paid,
    /// Not decided yet.
    Pending,
    /// On its way.
    Processing,
    /// The customer has to confirm.
    RequiresAction,
    /// The program has to confirm.
    RequiresConfirmation,
    /// The customer has to name a means of payment.
    RequiresPaymentMethod,
    /// Reserved, not collected.
    RequiresCapture,
    /// The money did not arrive.
    Failed,
    /// Withdrawn before it was collected.
    Canceled,
    /// Another word.
    Other(String),
}

impl PaymentStatus {
    /// Every status the billing system defines for charges, payment intents and paid invoices.
    pub const DEFINED: [Self; 10] = [
        Self::Succeeded,
        Self::Paid,
        Self::Pending,
        Self::Processing,
        Self::RequiresAction,
        Self::RequiresConfirmation,
        Self::RequiresPaymentMethod,
        Self::RequiresCapture,
        Self::Failed,
        Self::Canceled,
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
            Self::Succeeded => "succeeded",
            Self::Paid => "paid",
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::RequiresAction => "requires_action",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresCapture => "requires_capture",
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
