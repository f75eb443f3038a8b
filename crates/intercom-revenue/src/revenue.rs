//! MRR, ARR and LTV of one customer.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::policy::{ArrBasis, MONTHS_PER_YEAR};
use crate::{
    Currency, Interval, Money, Note, NoteCode, Payment, PaymentStatus, Ratio, RevenuePolicy,
    Subscription, SubscriptionItem, SubscriptionStatus,
};

/// What is known about a customer's billing; `None` means that nobody recorded it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingHistory {
    /// The subscriptions, in any order.
    pub subscriptions: Option<Vec<Subscription>>,
    /// The payments, in any order.
    pub payments: Option<Vec<Payment>>,
}

/// The figures of one customer.
///
/// A figure is `None` when its rows were never recorded and zero when they were but none counts.
/// A figure too large for [`Money`] is `None` as well, with [`NoteCode::Overflow`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Revenue {
    /// Monthly recurring revenue.
    pub mrr: Option<Money>,
    /// Annual recurring revenue.
    pub arr: Option<Money>,
    /// Revenue to date.
    pub ltv: Option<Money>,
    /// How many subscriptions are active, or count by policy, priceable or not.
    pub subscription_count: Option<u32>,
    /// Exact monthly smallest units of every currency.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// Exact smallest units to date of every currency.
    pub ltv_by_currency: BTreeMap<Currency, Ratio>,
    /// Remarks, in a fixed order, each once.
    pub notes: Vec<Note>,
}

/// Computes the figures; the order of the rows does not matter.
///
/// All figures are in one currency: that of the subscriptions that count, or of the payments when
/// none does. Where there are several it is the base currency if it is among them, else the
/// alphabetically first, with [`NoteCode::MixedCurrency`].
#[must_use]
pub fn revenue(history: &BillingHistory, policy: &RevenuePolicy, now: DateTime<Utc>) -> Revenue {
    let mut notes = Notes::default();
    let recurring =
        history.subscriptions.as_deref().map(|rows| recurring(rows, policy, now, &mut notes));
    let paid = history.payments.as_deref().map(|rows| paid(rows, policy, now, &mut notes));

    let monthly = recurring.as_ref().map(|recurring| &recurring.monthly);
    let currency = currency_of_figures(&[monthly, paid.as_ref()], policy, &mut notes);
    let mrr_by_currency = monthly.map(|rows| rows.totals(&mut notes));
    let ltv_by_currency = paid.as_ref().map(|rows| rows.totals(&mut notes));

    let exact_mrr = mrr_by_currency.as_ref().and_then(|totals| total_in(totals, currency));
    let mrr = exact_mrr.and_then(|exact| in_money(exact, currency, policy, &mut notes));
    let arr =
        exact_mrr.zip(mrr).and_then(|(exact, rounded)| arr(exact, rounded, policy, &mut notes));
    let ltv = ltv_by_currency
        .as_ref()
        .and_then(|totals| total_in(totals, currency))
        .and_then(|exact| in_money(exact, currency, policy, &mut notes))
        .map(|ltv| not_below_zero(ltv, policy, &mut notes));

    Revenue {
        mrr,
        arr,
        ltv,
        subscription_count: recurring.map(|recurring| recurring.n_subscriptions),
        mrr_by_currency: known(mrr_by_currency),
        ltv_by_currency: known(ltv_by_currency),
        notes: notes.0.into_iter().collect(),
    }
}

struct Recurring {
    monthly: Rows,
    n_subscriptions: u32,
}

/// Exact amounts by currency, not yet summed.
#[derive(Default)]
struct Rows(BTreeMap<Currency, Vec<Ratio>>);

/// Sums by currency; `None` where the sum does not fit.
type Totals = BTreeMap<Currency, Option<Ratio>>;

#[derive(Default)]
struct Notes(BTreeSet<Note>);

impl Notes {
    fn add(&mut self, code: NoteCode, about: Option<&String>) {
        self.0.insert(Note { code, about: about.cloned() });
    }
}

impl Rows {
    fn totals(&self, notes: &mut Notes) -> Totals {
        self.0.iter().map(|(&currency, amounts)| (currency, sum(amounts, notes))).collect()
    }
}

fn recurring(
    rows: &[Subscription],
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
    notes: &mut Notes,
) -> Recurring {
    let mut monthly = Rows::default();
    let mut n_subscriptions: u32 = 0;
    let rows =
        without_duplicates(rows, policy, |row| row.id.as_ref(), |row| row.period_ends_at, notes);
    for row in rows {
        if !counts(row, policy, notes) {
            continue;
        }
        n_subscriptions = n_subscriptions.saturating_add(1);
        if row.period_ends_at.is_some_and(|end| end < now) {
            notes.add(NoteCode::StalePeriod, row.id.as_ref());
        }
        let currency = currency_of_row(row.currency, policy);
        let amounts = monthly.0.entry(currency).or_default();
        for item in &row.items {
            match monthly_amount(item, policy) {
                Ok(amount) => amounts.push(amount),
                Err(code) => notes.add(code, row.id.as_ref()),
            }
        }
    }
    Recurring { monthly, n_subscriptions }
}

fn counts(row: &Subscription, policy: &RevenuePolicy, notes: &mut Notes) -> bool {
    match &row.status {
        SubscriptionStatus::Active => true,
        SubscriptionStatus::PastDue => policy.past_due_counts,
        SubscriptionStatus::Trialing
        | SubscriptionStatus::Unpaid
        | SubscriptionStatus::Canceled
        | SubscriptionStatus::Incomplete
        | SubscriptionStatus::IncompleteExpired
        | SubscriptionStatus::Paused => false,
        SubscriptionStatus::Other(_) => {
            notes.add(NoteCode::UnknownStatus, row.id.as_ref());
            false
        }
    }
}

fn monthly_amount(item: &SubscriptionItem, policy: &RevenuePolicy) -> Result<Ratio, NoteCode> {
    let amount = Ratio::from_decimal(item.amount.ok_or(NoteCode::Unpriceable)?);
    if amount.numerator() < 0 && !policy.negative_amounts_count {
        return Err(NoteCode::NegativeAmount);
    }
    let months = match &item.interval {
        Interval::Day => policy.day_factor,
        Interval::Week => policy.week_factor,
        Interval::Month => Ratio::ONE,
        Interval::Year => Ratio::new(1, MONTHS_PER_YEAR),
        Interval::Other(_) => return Err(NoteCode::UnknownInterval),
    };
    let quantity = match item.quantity {
        Some(quantity) if policy.multiply_quantity => quantity,
        Some(_) | None => 1,
    };
    let n_intervals = match item.interval_count {
        Some(count) if policy.divide_interval_count => {
            NonZeroU32::new(count).ok_or(NoteCode::UnknownInterval)?
        }
        Some(_) | None => NonZeroU32::MIN,
    };
    amount
        .checked_mul(Ratio::whole(i128::from(quantity)))
        .and_then(|amount| amount.checked_mul(months))
        .and_then(|amount| amount.checked_div(n_intervals))
        .ok_or(NoteCode::Overflow)
}

fn paid(rows: &[Payment], policy: &RevenuePolicy, now: DateTime<Utc>, notes: &mut Notes) -> Rows {
    let mut paid = Rows::default();
    let rows = without_duplicates(rows, policy, |row| row.id.as_ref(), |row| row.created_at, notes);
    for row in rows {
        match &row.status {
            PaymentStatus::Succeeded => {}
            PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::Canceled => continue,
            PaymentStatus::Other(_) => {
                notes.add(NoteCode::UnknownStatus, row.id.as_ref());
                continue;
            }
        }
        if row.created_at.is_some_and(|created| created > now) {
            notes.add(NoteCode::FutureDate, row.id.as_ref());
        }
        let Some(amount) = row.amount else {
            notes.add(NoteCode::Unpriceable, row.id.as_ref());
            continue;
        };
        let currency = currency_of_row(row.currency, policy);
        let amounts = paid.0.entry(currency).or_default();
        amounts.push(Ratio::from_decimal(amount));
    }
    paid
}

/// The rows in a fixed order; of those with one id, the latest.
fn without_duplicates<'a, Row: Ord>(
    rows: &'a [Row],
    policy: &RevenuePolicy,
    id: impl Fn(&'a Row) -> Option<&'a String>,
    dated_at: impl Fn(&'a Row) -> Option<DateTime<Utc>>,
    notes: &mut Notes,
) -> Vec<&'a Row> {
    let mut kept: Vec<&Row> = rows.iter().collect();
    kept.sort_by(|a, b| {
        let key = |row| (id(row), dated_at(row));
        key(b).cmp(&key(a)).then_with(|| b.cmp(a))
    });
    if policy.merge_duplicates {
        kept.dedup_by(|later, first| {
            let same = id(later).is_some() && id(later) == id(first);
            if same {
                notes.add(NoteCode::Duplicate, id(first));
            }
            same
        });
    }
    kept
}

fn currency_of_row(currency: Option<Currency>, policy: &RevenuePolicy) -> Currency {
    match currency {
        Some(currency) if policy.separate_currencies => currency,
        Some(_) | None => policy.base_currency,
    }
}

fn currency_of_figures(
    sources: &[Option<&Rows>],
    policy: &RevenuePolicy,
    notes: &mut Notes,
) -> Currency {
    let used: Vec<BTreeSet<Currency>> =
        sources.iter().flatten().map(|rows| rows.0.keys().copied().collect()).collect();
    if used.iter().flatten().collect::<BTreeSet<_>>().len() > 1 {
        notes.add(NoteCode::MixedCurrency, None);
    }
    used.iter()
        .find_map(|currencies| {
            let base = currencies.get(&policy.base_currency);
            base.or_else(|| currencies.first()).copied()
        })
        .unwrap_or(policy.base_currency)
}

/// Sums in a fixed order, so that even an overflow does not depend on the order of the rows.
fn sum(amounts: &[Ratio], notes: &mut Notes) -> Option<Ratio> {
    let mut amounts = amounts.to_vec();
    amounts.sort_by_key(|amount| (amount.denominator(), amount.numerator()));
    let total = amounts.into_iter().try_fold(Ratio::ZERO, Ratio::checked_add);
    if total.is_none() {
        notes.add(NoteCode::Overflow, None);
    }
    total
}

/// Zero when nothing in `currency` counts, `None` when the sum does not fit.
fn total_in(totals: &Totals, currency: Currency) -> Option<Ratio> {
    totals.get(&currency).copied().unwrap_or(Some(Ratio::ZERO))
}

fn arr(exact: Ratio, rounded: Money, policy: &RevenuePolicy, notes: &mut Notes) -> Option<Money> {
    match policy.arr_basis {
        ArrBasis::Exact => match exact.checked_mul(Ratio::whole(12)) {
            Some(exact) => in_money(exact, rounded.currency, policy, notes),
            None => overflowed(notes),
        },
        ArrBasis::RoundedMrr => rounded.checked_mul(12).ok().or_else(|| overflowed(notes)),
    }
}

fn in_money(
    exact: Ratio,
    currency: Currency,
    policy: &RevenuePolicy,
    notes: &mut Notes,
) -> Option<Money> {
    let money = Money::from_ratio(exact, currency, policy.rounding).ok();
    money.or_else(|| overflowed(notes))
}

fn overflowed(notes: &mut Notes) -> Option<Money> {
    notes.add(NoteCode::Overflow, None);
    None
}

fn not_below_zero(ltv: Money, policy: &RevenuePolicy, notes: &mut Notes) -> Money {
    if ltv.minor < 0 && !policy.negative_amounts_count {
        notes.add(NoteCode::NegativeTotal, None);
        return Money::zero(ltv.currency);
    }
    ltv
}

fn known(totals: Option<Totals>) -> BTreeMap<Currency, Ratio> {
    let totals = totals.unwrap_or_default().into_iter();
    totals.filter_map(|(currency, total)| total.map(|total| (currency, total))).collect()
}
