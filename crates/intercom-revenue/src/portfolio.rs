//! The revenue of many customers, some of whom share a billing account.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Currency, NoteCode, Ratio, Revenue, RevenuePolicy};

/// A customer and the figures of the billing account.
#[derive(Clone, Copy, Debug)]
pub struct BilledCustomer<'a> {
    /// What tells customers apart, such as an e-mail address.
    pub key: &'a str,
    /// The id of the billing account; without one it is nobody else's.
    pub billing_id: Option<&'a str>,
    /// When the customer last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// The figures.
    pub revenue: &'a Revenue,
}

/// Sums over customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Portfolio {
    /// How many customers there are.
    pub n_customers: u64,
    /// How many of them are not counted because another one of the same billing account is.
    pub n_shared: u64,
    /// Exact monthly smallest units; a currency whose sum does not fit is missing.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// Exact smallest units to date; a currency whose sum does not fit is missing.
    pub ltv_by_currency: BTreeMap<Currency, Ratio>,
    /// [`NoteCode::Overflow`] when a currency is missing.
    pub notes: Vec<NoteCode>,
}

/// Whether each customer stands for its billing account: of those who share one, the one that
/// changed last does, then the one with the larger key.
#[must_use]
pub fn bearers(customers: &[BilledCustomer<'_>], policy: &RevenuePolicy) -> Vec<bool> {
    let mut latest: BTreeMap<&str, usize> = BTreeMap::new();
    let rank = |index: usize| (customers[index].updated_at, customers[index].key, index);
    for (index, customer) in customers.iter().enumerate() {
        if let Some(id) = customer.billing_id {
            let best = latest.entry(id).or_insert(index);
            if rank(index) > rank(*best) {
                *best = index;
            }
        }
    }
    let bears = |(index, customer): (usize, &BilledCustomer<'_>)| {
        let bearer = customer.billing_id.and_then(|id| latest.get(id).copied());
        !policy.merge_shared_billing || bearer.is_none_or(|bearer| bearer == index)
    };
    customers.iter().enumerate().map(bears).collect()
}

/// Adds up the figures of customers, in any order.
#[must_use]
pub fn portfolio(customers: &[BilledCustomer<'_>], policy: &RevenuePolicy) -> Portfolio {
    let bearers = bearers(customers, policy);
    let counted = || customers.iter().zip(&bearers).filter(|(_, bears)| **bears);
    let mrr = sums(counted().map(|(customer, _)| &customer.revenue.mrr_by_currency));
    let ltv = sums(counted().map(|(customer, _)| &customer.revenue.ltv_by_currency));
    let is_whole = mrr.values().chain(ltv.values()).all(Option::is_some);
    Portfolio {
        n_customers: customers.len() as u64,
        n_shared: bearers.iter().filter(|bears| !**bears).count() as u64,
        mrr_by_currency: fitting(mrr),
        ltv_by_currency: fitting(ltv),
        notes: if is_whole { Vec::new() } else { vec![NoteCode::Overflow] },
    }
}

/// A running sum of fractions: numerators by denominator, so that few fractions are reduced.
type Numerators = BTreeMap<i128, Option<i128>>;

fn sums<'a>(
    amounts: impl Iterator<Item = &'a BTreeMap<Currency, Ratio>>,
) -> BTreeMap<Currency, Option<Ratio>> {
    let mut by_currency: BTreeMap<Currency, Numerators> = BTreeMap::new();
    for (&currency, amount) in amounts.flatten() {
        let sum =
            by_currency.entry(currency).or_default().entry(amount.denominator()).or_insert(Some(0));
        *sum = sum.and_then(|sum| sum.checked_add(amount.numerator()));
    }
    let total = |numerators: Numerators| {
        numerators.into_iter().try_fold(Ratio::ZERO, |total, (denominator, numerator)| {
            total.checked_add(Ratio::of(numerator?, denominator)?)
        })
    };
    by_currency.into_iter().map(|(currency, sums)| (currency, total(sums))).collect()
}

fn fitting(sums: BTreeMap<Currency, Option<Ratio>>) -> BTreeMap<Currency, Ratio> {
    let sums = sums.into_iter();
    sums.filter_map(|(currency, sum)| sum.map(|sum| (currency, sum))).collect()
}
