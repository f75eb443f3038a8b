//! What the Stripe integration leaves in a contact's custom attributes.

use chrono::{DateTime, Utc};
use intercom_api::Attributes;
use intercom_revenue::{BillingHistory, Currency, FlatPlan, Interval, SubscriptionStatus};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::OddityCode;
use crate::fields::rows;
use crate::names::{AttributeNames, Reader};
use crate::oddity::Oddities;
use crate::payment::PAYMENT;
use crate::redact::opaque_debug;
use crate::scalar;
use crate::subscription::{self, SUBSCRIPTION, has_unknown_currency, status};

/// The billing side of a contact.
///
/// `Debug` counts the rows: values of attributes are whatever the workspace wrote.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeFacts {
    /// The id in the billing system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    /// The name of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_name: Option<String>,
    /// The price of the plan, as it is stored: workspaces differ in its unit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_price: Option<Decimal>,
    /// The currency of the plan, in which the last charge is taken to be, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan_currency: Option<Currency>,
    /// The state of the subscription, if it is one the billing system defines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_status: Option<SubscriptionStatus>,
    /// Whether a payment is overdue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_delinquent: Option<bool>,
    /// The last charge, in smallest units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_charge_amount: Option<Decimal>,
    /// When the last charge was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_charge_at: Option<DateTime<Utc>>,
    /// Subscriptions and payments, each `None` when the attribute is absent or unreadable.
    #[serde(default, skip_serializing_if = "BillingHistory::is_nothing")]
    pub history: BillingHistory,
    /// Which of them are unreadable.
    #[serde(default, skip_serializing_if = "Unreadable::is_nothing")]
    pub unreadable: Unreadable,
    /// Which of their entries are, while the rest can be read.
    #[serde(default, skip_serializing_if = "UnreadableEntries::is_nothing")]
    pub unreadable_entries: UnreadableEntries,
}

impl StripeFacts {
    /// Whether every list and every entry that was written says what it brings.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.unreadable.is_nothing() && self.unreadable_entries.is_nothing()
    }
}

impl StripeFacts {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Lists that were written and cannot be read: what they say is unknown, which is not nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// Whether the subscriptions are; then no flat plan stands in for them either.
    pub subscriptions: bool,
    /// Whether the payments are.
    pub payments: bool,
}

impl Unreadable {
    /// Whether everything that was written can be read.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Entries that cannot be read in lists that can: the paths of the first ten of each list.
///
/// What they bring is unknown, which is not nothing: figures made of the rest are too low.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnreadableEntries {
    /// Of the subscriptions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub subscriptions: Vec<String>,
    /// Of the payments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<String>,
}

impl UnreadableEntries {
    /// Whether every entry can be read.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.iter().next().is_none()
    }

    /// The path of every entry.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.subscriptions.iter().chain(&self.payments).map(String::as_str)
    }
}

opaque_debug!(StripeFacts, |it| {
    n_subscriptions: it.history.subscriptions.as_ref().map(Vec::len),
    n_payments: it.history.payments.as_ref().map(Vec::len),
});

pub(crate) fn stripe(
    attributes: &Attributes,
    names: &AttributeNames,
    oddities: &mut Oddities,
) -> StripeFacts {
    let mut reader = Reader { attributes, oddities };
    let customer_id = reader.read(&names.stripe_customer_id, scalar::text);
    let plan_name = reader.read(&names.plan_name, scalar::text);
    let n_before = reader.oddities.count();
    let plan_price = reader.read(&names.plan_price, scalar::decimal);
    let has_odd_price = reader.oddities.count() > n_before;
    let n_before = reader.oddities.count();
    let subscription_status = reader.read(&names.subscription_status, defined_status);
    let has_odd_status = reader.oddities.count() > n_before;
    let mut facts = StripeFacts {
        customer_id,
        plan_name,
        plan_price,
        plan_currency: None,
        subscription_status,
        is_delinquent: reader.read(&names.is_delinquent, scalar::flag),
        last_charge_amount: reader.read(&names.last_charge_amount, scalar::decimal),
        last_charge_at: reader.read(&names.last_charge_at, scalar::instant),
        history: BillingHistory::default(),
        unreadable: Unreadable::default(),
        unreadable_entries: UnreadableEntries::default(),
    };
    let subscriptions = rows(&mut reader, &names.subscriptions, &SUBSCRIPTION);
    let payments = rows(&mut reader, &names.payments, &PAYMENT);
    facts.unreadable.subscriptions = subscriptions.is_unreadable();
    facts.unreadable.payments = payments.is_unreadable();
    (facts.history.subscriptions, facts.unreadable_entries.subscriptions) = subscriptions.read();
    (facts.history.payments, facts.unreadable_entries.payments) = payments.read();
    let n_before = reader.oddities.count();
    facts.plan_currency = reader.read(&names.plan_currency, subscription::currency);
    let has_odd_currency = has_unknown_currency(reader.oddities.after(n_before));
    if !facts.unreadable.subscriptions {
        // Of a plan that is over, the price does not matter.
        let is_over = facts.subscription_status.as_ref().is_some_and(subscription::is_over);
        let price = facts.plan_price.or((has_odd_price && is_over).then_some(Decimal::ZERO));
        facts.history.flat_plan = flat_plan(&facts, price, &mut reader, names);
        // A plan in a state, at a price or in a currency that is none may be paid for all the same.
        let is_odd = has_odd_currency && facts.history.flat_plan.is_some()
            || has_odd_status && facts.plan_price.is_some()
            || has_odd_price && facts.subscription_status.is_some();
        if is_odd && !is_over && facts.history.subscriptions.is_none() {
            facts.unreadable.subscriptions = true;
            facts.history.flat_plan = None;
        }
    }
    facts
}

/// The plan that the flat attributes describe, if they name its state and its price.
fn flat_plan(
    facts: &StripeFacts,
    price: Option<Decimal>,
    reader: &mut Reader<'_>,
    names: &AttributeNames,
) -> Option<FlatPlan> {
    let (status, price) = (facts.subscription_status.clone()?, price?);
    let interval = reader.read(&names.plan_interval, subscription::interval);
    let interval = interval.or_else(|| word_for_years(facts.plan_name.as_deref()?));
    Some(FlatPlan { status, price, currency: facts.plan_currency, interval })
}

/// The word by which the name of a plan speaks of years. It says how long the plan is taken for, not
/// what its price is for: an interval that nobody knows.
fn word_for_years(plan: &str) -> Option<Interval> {
    let plan = plan.to_lowercase();
    let mut words = plan.split(|c: char| !c.is_alphanumeric());
    words.find(|word| YEARS.contains(word)).map(|word| Interval::Other(word.to_owned()))
}

const YEARS: [&str; 6] = ["annual", "annually", "year", "yearly", "years", "yr"];

fn defined_status(value: Option<&Value>) -> Result<Option<SubscriptionStatus>, OddityCode> {
    match status(value)? {
        Some(SubscriptionStatus::Other(_)) => Err(OddityCode::UnknownStatus),
        status => Ok(status),
    }
}
