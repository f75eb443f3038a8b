//! What was true at earlier times. None of it can be fetched again.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use intercom_revenue::{Currency, Money, Ratio};

use crate::CustomerRow;
use crate::redact::opaque_debug;

/// A customer from an instant on, until the next row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerHistoryRow {
    /// When it was observed (Unix seconds).
    pub observed_at: i64,
    /// What was tracked; `None` when no contact had the e-mail any more.
    pub state: Option<TrackedValues>,
    /// Whether other rules have computed it than the row before: nothing need have happened.
    pub is_restated: bool,
}

/// The values of a customer whose changes are kept. Amounts are smallest units of `currency`.
///
/// `Debug` shows the currency and a count: the rest is what the workspace wrote.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TrackedValues {
    /// What the amounts are in.
    pub currency: Option<Currency>,
    /// Monthly recurring revenue.
    pub mrr: Option<i64>,
    /// Annual recurring revenue.
    pub arr: Option<i64>,
    /// Revenue to date.
    pub ltv: Option<i64>,
    /// The name of the plan.
    pub plan_name: Option<String>,
    /// The price of the plan.
    pub plan_price: Option<i64>,
    /// The status of the subscription.
    pub subscription_status: Option<String>,
    /// How many subscriptions count.
    pub subscription_count: Option<i64>,
    /// Whether the last payment is overdue.
    pub is_delinquent: Option<bool>,
    /// Whether a recent conversation mentions leaving.
    pub mentioned_cancel: Option<bool>,
    /// Exact monthly smallest units of every currency, before conversion.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// The contact that spoke for the customer.
    pub intercom_contact_id: Option<String>,
    /// The customer in Stripe.
    pub stripe_customer_id: Option<String>,
}

/// A customer's MRR from an instant on, as waterfalls read it.
///
/// `Debug` shows ids and amounts, not who it is.
#[derive(Clone, PartialEq, Eq)]
pub struct RevenueHistoryRow {
    /// The key of the customer.
    pub email: String,
    /// The place in the history; of one customer it grows.
    pub change_number: i64,
    /// When it was observed (Unix seconds).
    pub observed_at: i64,
    /// What was tracked; `None` when no contact had the e-mail any more.
    pub state: Option<RevenueState>,
    /// Whether other rules have computed it than the row before: nothing need have happened.
    pub is_restated: bool,
}

opaque_debug!(RevenueHistoryRow, |it| {
    change_number: it.change_number,
    observed_at: it.observed_at,
    state: it.state,
});

/// The part of a customer's state that movements are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RevenueState {
    /// Monthly recurring revenue.
    pub mrr: Option<Money>,
    /// Revenue to date.
    pub ltv: Option<Money>,
    /// Exact monthly smallest units of every currency, before conversion.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// The contact that spoke for the customer.
    pub intercom_contact_id: Option<String>,
    /// The customer in Stripe.
    pub stripe_customer_id: Option<String>,
}

opaque_debug!(TrackedValues, |it| {
    currency: it.currency,
    subscription_count: it.subscription_count,
});

impl From<&CustomerRow> for TrackedValues {
    fn from(row: &CustomerRow) -> Self {
        Self {
            currency: row.currency,
            mrr: row.mrr,
            arr: row.arr,
            ltv: row.ltv,
            plan_name: row.plan_name.clone(),
            plan_price: row.plan_price,
            subscription_status: row.subscription_status.clone(),
            subscription_count: row.subscription_count,
            is_delinquent: row.is_delinquent,
            mentioned_cancel: row.mentioned_cancel,
            mrr_by_currency: row.mrr_by_currency.clone(),
            intercom_contact_id: Some(row.intercom_contact_id.clone()),
            stripe_customer_id: row.stripe_customer_id.clone(),
        }
    }
}

/// A change of an attribute of a contact. Values are JSON; `None` where the attribute was absent.
///
/// `Debug` shows the name only: values are whatever the workspace wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct AttributeHistoryRow {
    /// The name of the attribute.
    pub attribute: String,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// When it was observed (Unix seconds).
    pub observed_at: i64,
}

opaque_debug!(AttributeHistoryRow, |it| { attribute: it.attribute, observed_at: it.observed_at });

/// How many members stood in a bucket of a report on a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketHistoryRow {
    /// The day.
    pub day: NaiveDate,
    /// The bucket.
    pub bucket: String,
    /// How many.
    pub n_members: i64,
}
