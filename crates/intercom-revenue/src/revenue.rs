//! MRR, ARR and LTV of one customer.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::doubt::{is_credit, is_price_unknown};
use crate::exchange::convert;
use crate::rows::{is_default, sum};
use crate::{
    ArrBasis, Currency, FlatPlan, Money, Note, NoteCode, Payment, PaymentLine, Ratio,
    RevenuePolicy, Subscription, SubscriptionLine, Verdict, paid, recurring,
};

/// What is known about a customer's billing; `None` means that nobody recorded it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BillingHistory {
    /// The subscriptions, in any order.
    #[serde(skip_serializing_if = "is_default")]
    pub subscriptions: Option<Vec<Subscription>>,
    /// The payments, in any order.
    #[serde(skip_serializing_if = "is_default")]
    pub payments: Option<Vec<Payment>>,
    /// The plan as it is recorded on the customer; by policy it stands in for subscriptions that
    /// were never recorded.
    #[serde(skip_serializing_if = "is_default")]
    pub flat_plan: Option<FlatPlan>,
}

impl BillingHistory {
    /// Whether nobody recorded anything.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
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
    /// Revenue to date, by policy before or after refunds, lost disputes and tax.
    pub ltv: Option<Money>,
    /// Revenue to date after refunds, lost disputes and the tax that is known.
    pub net_to_date: Option<Money>,
    /// What the trials would add to MRR.
    pub potential_mrr: Option<Money>,
    /// The latest payment that counts and has a date that is not in the future.
    pub last_payment: Option<LastPayment>,
    /// How many subscriptions count, priceable or not; free ones by policy.
    pub subscription_count: Option<u32>,
    /// How many subscriptions count and are not free.
    pub paid_subscription_count: Option<u32>,
    /// Why MRR may be too low: a subscription may well be paid for, and nobody can say what it brings.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub mrr_doubts: BTreeSet<NoteCode>,
    /// Exact monthly smallest units of every currency.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
    /// Exact smallest units to date of every currency.
    pub ltv_by_currency: BTreeMap<Currency, Ratio>,
    /// Remarks, in a fixed order, each once.
    pub notes: Vec<Note>,
}

/// A payment that counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LastPayment {
    /// How much of it counts.
    pub amount: Money,
    /// When it was made.
    pub paid_at: DateTime<Utc>,
}

/// What became of every row; the figures are sums over these lines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation<'a> {
    /// Every subscription, in a fixed order.
    pub subscriptions: Option<Vec<SubscriptionLine<'a>>>,
    /// Every payment, in a fixed order.
    pub payments: Option<Vec<PaymentLine<'a>>>,
}

/// Shows what each row brings, and why; the order of the rows does not matter.
#[must_use]
pub fn explain<'a>(
    history: &'a BillingHistory,
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Explanation<'a> {
    let payments = history.payments.as_deref();
    let flat_plan = history.flat_plan.as_ref().filter(|_| policy.flat_price_counts);
    Explanation {
        subscriptions: match (&history.subscriptions, flat_plan) {
            (Some(rows), _) => Some(recurring::lines(rows, policy, now)),
            (None, Some(plan)) => Some(vec![recurring::flat_line(plan, policy, now)]),
            (None, None) => None,
        },
        payments: payments.map(|rows| paid::lines(rows, policy, now)),
    }
}

/// Computes the figures; the order of the rows does not matter.
///
/// All figures are in one currency. With rates, it is the base currency. Without, or where there is
/// no rate for any of them ([`NoteCode::NoRate`]), it is that of the subscriptions that bring
/// something, or of the payments when none does; where there are several it is the base currency if
/// it is among them, else the alphabetically first, with [`NoteCode::MixedCurrency`].
#[must_use]
pub fn revenue(history: &BillingHistory, policy: &RevenuePolicy, now: DateTime<Utc>) -> Revenue {
    revenue_in(history, policy, None, now)
}

/// The same, for a customer whose figures have been in a currency before.
///
/// Where there are several, that one is taken before the base currency, if the customer still pays
/// in it: who begins to pay in another currency beside it, or ends to, has not changed the currency.
#[must_use]
pub fn revenue_in(
    history: &BillingHistory,
    policy: &RevenuePolicy,
    before: Option<Currency>,
    now: DateTime<Utc>,
) -> Revenue {
    let explanation = explain(history, policy, now);
    let mut notes = Notes::of(&explanation);
    let subscriptions = explanation.subscriptions.as_deref();
    let payments = explanation.payments.as_deref();

    let priced = subscriptions.filter(|lines| !lines.iter().any(is_unpriced_plan));
    let mrr = priced.map(|lines| monthly(lines, Verdict::Counts).totals(&mut notes));
    let potential = priced.map(|lines| monthly(lines, Verdict::Potential).totals(&mut notes));
    let ltv = payments.map(|lines| to_date(lines, |line| line.amount).totals(&mut notes));
    let net = payments.map(|lines| to_date(lines, |line| line.net).totals(&mut notes));

    let scale = Scale::of(&[mrr.as_ref(), ltv.as_ref()], policy, before, &mut notes);
    let mut figures = Figures { scale, policy, notes };
    let exact_mrr = mrr.as_ref().and_then(|totals| figures.total(totals));
    let rounded_mrr = exact_mrr.and_then(|exact| figures.in_money(exact));
    let mut mrr_doubts = subscriptions.map(|lines| doubts(lines, policy)).unwrap_or_default();
    if mrr.is_some() && rounded_mrr.is_none() {
        mrr_doubts.insert(NoteCode::Overflow);
    }
    Revenue {
        mrr: rounded_mrr,
        arr: exact_mrr.zip(rounded_mrr).and_then(|(exact, rounded)| figures.arr(exact, rounded)),
        ltv: ltv.as_ref().and_then(|totals| figures.revenue_to_date(totals)),
        net_to_date: net.as_ref().and_then(|totals| figures.revenue_to_date(totals)),
        potential_mrr: potential
            .as_ref()
            .and_then(|totals| figures.total(totals))
            .and_then(|exact| figures.in_money(exact)),
        last_payment: payments.and_then(|lines| last_payment(lines, policy, now)),
        subscription_count: subscriptions.map(|lines| match policy.free_subscriptions_count {
            true => count(lines, |_| true),
            false => count(lines, |line| !is_free(line)),
        }),
        paid_subscription_count: subscriptions.map(|lines| count(lines, |line| !is_free(line))),
        mrr_doubts,
        mrr_by_currency: known(mrr),
        ltv_by_currency: known(ltv),
        notes: figures.notes.0.into_iter().collect(),
    }
}

/// Exact amounts, not yet summed.
struct Amounts(Vec<(Currency, Ratio)>);

/// Sums by currency; `None` where the sum does not fit.
type Totals = BTreeMap<Currency, Option<Ratio>>;

#[derive(Default)]
struct Notes(BTreeSet<Note>);

impl Notes {
    fn of(explanation: &Explanation<'_>) -> Self {
        let mut notes = Self::default();
        for line in explanation.subscriptions.iter().flatten() {
            notes.extend(line.id, &line.notes);
        }
        for line in explanation.payments.iter().flatten() {
            notes.extend(line.id, &line.notes);
        }
        notes
    }

    fn extend(&mut self, about: Option<&str>, codes: &[NoteCode]) {
        let note = |&code| Note { code, about: about.map(str::to_owned) };
        self.0.extend(codes.iter().map(note));
    }

    fn add(&mut self, code: NoteCode) {
        self.0.insert(Note { code, about: None });
    }
}

impl Amounts {
    fn totals(mut self, notes: &mut Notes) -> Totals {
        self.0.sort_unstable_by_key(|&(currency, _)| currency);
        let by_currency = self.0.chunk_by(|(left, _), (right, _)| left == right);
        by_currency
            .map(|chunk| {
                let mut amounts: Vec<Ratio> = chunk.iter().map(|&(_, amount)| amount).collect();
                let total = sum(&mut amounts);
                if total.is_none() {
                    notes.add(NoteCode::Overflow);
                }
                (chunk[0].0, total)
            })
            .collect()
    }
}

fn monthly(lines: &[SubscriptionLine<'_>], verdict: Verdict) -> Amounts {
    let counted = lines.iter().filter(|line| line.verdict == verdict);
    Amounts(counted.filter_map(|line| Some((line.currency, line.monthly?))).collect())
}

fn to_date(lines: &[PaymentLine<'_>], amount: fn(&PaymentLine<'_>) -> Option<Ratio>) -> Amounts {
    let counted = lines.iter().filter(|line| line.verdict == Verdict::Counts);
    Amounts(counted.filter_map(|line| Some((line.currency, amount(line)?))).collect())
}

fn count(lines: &[SubscriptionLine<'_>], filter: impl Fn(&SubscriptionLine<'_>) -> bool) -> u32 {
    let counted = lines.iter().filter(|line| line.verdict == Verdict::Counts && filter(line));
    let counted = counted.filter(|line| !is_credit(line));
    u32::try_from(counted.count()).unwrap_or(u32::MAX)
}

fn is_free(line: &SubscriptionLine<'_>) -> bool {
    line.notes.contains(&NoteCode::Free)
}

/// A plan recorded on the customer of which nobody can say what it brings.
fn is_unpriced_plan(line: &SubscriptionLine<'_>) -> bool {
    line.monthly.is_none() && line.notes.contains(&NoteCode::FlatPrice)
}

fn last_payment(
    lines: &[PaymentLine<'_>],
    policy: &RevenuePolicy,
    now: DateTime<Utc>,
) -> Option<LastPayment> {
    let dated = lines.iter().filter(|line| line.verdict == Verdict::Counts).filter_map(|line| {
        let paid_at = line.created_at.filter(|created| *created <= now)?;
        let amount = Money::from_ratio(line.amount?, line.currency, policy.rounding).ok()?;
        (amount.minor > 0).then_some(LastPayment { amount, paid_at })
    });
    dated.max_by_key(|payment| (payment.paid_at, payment.amount))
}

/// Why lines that bring nothing, or nothing that is known, may be paid for all the same. A status
/// that nobody defines is not that of a subscription that is over.
fn doubts(lines: &[SubscriptionLine<'_>], policy: &RevenuePolicy) -> BTreeSet<NoteCode> {
    let is_doubt = |line: &SubscriptionLine<'_>, code: NoteCode| {
        code == NoteCode::UnknownStatus || is_price_unknown(line, code, policy)
    };
    let of_line = |line: &SubscriptionLine<'_>| {
        let codes = line.notes.iter().copied().filter(|&code| is_doubt(line, code));
        codes.collect::<Vec<_>>()
    };
    lines.iter().flat_map(of_line).collect()
}

/// What all figures of a customer are in.
#[derive(Clone, Copy)]
struct Scale {
    currency: Currency,
    /// Amounts in other currencies are converted into it, instead of left beside it.
    is_converted: bool,
}

impl Scale {
    fn of(
        sources: &[Option<&Totals>],
        policy: &RevenuePolicy,
        before: Option<Currency>,
        notes: &mut Notes,
    ) -> Self {
        let base = policy.base_currency;
        let used = || sources.iter().flatten().flat_map(|totals| totals.keys());
        if !policy.rates.is_empty() {
            let has_rate = |it: &Currency| *it == base || policy.rates.contains_key(it);
            if used().any(|it| !has_rate(it)) {
                notes.add(NoteCode::NoRate);
            }
            // Where there is nothing to convert, amounts stay what they are: they are not lost.
            let first = sources.iter().flatten().find(|totals| !totals.is_empty());
            if first.is_none_or(|totals| totals.keys().any(has_rate)) {
                return Self { currency: base, is_converted: true };
            }
        }
        if used().any(|other| Some(other) != used().next()) {
            notes.add(NoteCode::MixedCurrency);
        }
        let paid = |&totals: &&Totals| {
            let brings =
                |(_, total): &(_, &Option<Ratio>)| total.is_none_or(|it| it.numerator() > 0);
            let paid: Vec<Currency> = totals.iter().filter(brings).map(|(&it, _)| it).collect();
            if paid.is_empty() { totals.keys().copied().collect() } else { paid }
        };
        let in_use = sources.iter().flatten().map(paid).find(|paid| !paid.is_empty());
        let in_use = in_use.unwrap_or_default();
        let preferred = before.into_iter().chain([base]).find(|it| in_use.contains(it));
        let currency = preferred.or_else(|| in_use.first().copied()).unwrap_or(base);
        Self { currency, is_converted: false }
    }
}

/// Totals on their way to being figures.
struct Figures<'p> {
    scale: Scale,
    policy: &'p RevenuePolicy,
    notes: Notes,
}

impl Figures<'_> {
    /// Zero when nothing counts, `None` when the sum does not fit or nothing can be converted.
    fn total(&mut self, totals: &Totals) -> Option<Ratio> {
        let Scale { currency: into, is_converted } = self.scale;
        if !is_converted {
            return totals.get(&into).copied().unwrap_or(Some(Ratio::ZERO));
        }
        let mut amounts = Vec::with_capacity(totals.len());
        for (&currency, &total) in totals {
            if currency != into && !self.policy.rates.contains_key(&currency) {
                self.notes.add(NoteCode::NoRate);
                continue;
            }
            let amount = convert(total?, currency, into, &self.policy.rates);
            amounts.push(amount.or_else(|| self.overflowed())?);
        }
        if amounts.is_empty() && !totals.is_empty() {
            return None;
        }
        sum(&mut amounts).or_else(|| self.overflowed())
    }

    fn revenue_to_date(&mut self, totals: &Totals) -> Option<Money> {
        let exact = self.total(totals)?;
        let money = self.in_money(exact)?;
        if money.minor < 0 && !self.policy.negative_totals_count {
            self.notes.add(NoteCode::NegativeTotal);
            return Some(Money::zero(money.currency));
        }
        Some(money)
    }

    fn arr(&mut self, exact: Ratio, rounded: Money) -> Option<Money> {
        match self.policy.arr_basis {
            ArrBasis::Exact => {
                let exact = exact.checked_mul(Ratio::whole(12)).or_else(|| self.overflowed())?;
                self.in_money(exact)
            }
            ArrBasis::RoundedMrr => rounded.checked_mul(12).ok().or_else(|| self.overflowed()),
        }
    }

    fn in_money(&mut self, exact: Ratio) -> Option<Money> {
        let money = Money::from_ratio(exact, self.scale.currency, self.policy.rounding).ok();
        money.or_else(|| self.overflowed())
    }

    fn overflowed<T>(&mut self) -> Option<T> {
        self.notes.add(NoteCode::Overflow);
        None
    }
}

fn known(totals: Option<Totals>) -> BTreeMap<Currency, Ratio> {
    let totals = totals.unwrap_or_default().into_iter();
    totals.filter_map(|(currency, total)| total.map(|total| (currency, total))).collect()
}
