//! Revenue figures that stay while the billing they are made of cannot be read.

use intercom_projection::{Customer, Unreadable};
use intercom_revenue::{Money, quality_score};
use intercom_store::CustomerRow;

/// Gives a customer the figures that were last written in place of those that are unknown: a list
/// that cannot be read ends no subscription.
pub(crate) fn keep_figures(customer: &mut Customer, unreadable: Unreadable, last: &CustomerRow) {
    if unreadable.subscriptions {
        customer.mrr = last.mrr();
        customer.arr = last.arr.zip(last.currency).map(|(minor, it)| Money::new(minor, it));
        customer.subscription_count =
            last.subscription_count.and_then(|count| u32::try_from(count).ok());
        customer.mrr_by_currency.clone_from(&last.mrr_by_currency);
    }
    if unreadable.payments {
        customer.ltv = last.ltv();
    }
    one_currency(customer, last);
    let factors = &mut customer.quality_factors;
    if let Some(count) = customer.subscription_count {
        factors.has_active_subscription = count > 0;
    }
    factors.has_payments = customer.ltv.is_some_and(|ltv| ltv.minor > 0);
    customer.quality_score = quality_score(factors);
}

/// A row has one currency: amounts in another one than its MRR stay as they were, too.
fn one_currency(customer: &mut Customer, last: &CustomerRow) {
    let Some(currency) = customer.mrr.or(customer.ltv).map(|money| money.currency) else { return };
    let fitting = |minor: Option<i64>| {
        let minor = minor.filter(|_| last.currency == Some(currency));
        minor.map(|minor| Money::new(minor, currency))
    };
    for (amount, minor) in [
        (&mut customer.ltv, last.ltv),
        (&mut customer.plan_price, last.plan_price),
        (&mut customer.last_payment_amount, last.last_payment_amount),
    ] {
        if amount.is_some_and(|money| money.currency != currency) {
            *amount = fitting(minor);
        }
    }
}
