//! How long figures stay what they are while their rows do.

use chrono::{DateTime, Utc};

use crate::{BillingHistory, Discount, Subscription};

/// The first instant after `now` at which the same rows may bring other figures or notes: a period,
/// a discount or a pause ends, a cancellation takes effect, a payment is no longer in the future.
///
/// Until then computing again is not needed. The answer does not depend on a policy, so it may be
/// early, never late.
#[must_use]
pub fn next_change(history: &BillingHistory, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let subscriptions = history.subscriptions.iter().flatten().flat_map(instants);
    let payments = history.payments.iter().flatten().filter_map(|payment| payment.created_at);
    subscriptions.chain(payments).filter(|at| *at > now).min()
}

fn instants(row: &Subscription) -> impl Iterator<Item = DateTime<Utc>> {
    let of_lines = row.plan.iter().chain(&row.items).flat_map(|item| &item.discounts);
    let discounts = row.discounts.iter().chain(of_lines);
    let ends = discounts.filter_map(|discount: &Discount| discount.ends_at);
    let resumes_at = row.collection_pause.and_then(|pause| pause.resumes_at);
    let own = [row.period_ends_at, row.cancels_at, resumes_at];
    own.into_iter().flatten().chain(ends)
}
