//! What somebody should hear about when a customer changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Currency, Money, Movement, Ratio, Rounding, movement};

/// The part of a customer that alerts look at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertState {
    /// Monthly recurring revenue.
    pub mrr: Option<Money>,
    /// Revenue to date.
    pub ltv: Option<Money>,
    /// Whether a recent conversation mentions leaving.
    pub mentioned_cancel: bool,
    /// Whether the last payment is overdue.
    pub is_delinquent: bool,
    /// Exact monthly smallest units before conversion; empty when nobody kept them.
    pub mrr_by_currency: BTreeMap<Currency, Ratio>,
}

/// What was known about the customer before.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// Nothing, because nothing has been loaded yet: every customer would look new.
    FirstLoad,
    /// Nothing that compares: other rules computed it.
    OtherRules,
    /// Nothing, although customers have been loaded before.
    NotSeen,
    /// This state.
    Seen(&'a AlertState),
}

/// When a figure is remarkable; every limit is exceeded, never met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertThresholds {
    /// MRR above which a customer is of high value, one amount per currency; no amount, no alert.
    pub high_value_above: Vec<Money>,
    /// Who is new among the customers of high value.
    pub new_customer: NewCustomer,
    /// Percent of the previous MRR above which a change is large.
    pub large_change_above_percent: u32,
    /// Whether a first load, to which every customer looks new, raises alerts.
    pub first_load: FirstLoad,
    /// Whether MRR that only exchange rates have changed is a change.
    pub rate_changes: RateChanges,
}

/// Who is a new customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewCustomer {
    /// Who was not known before.
    FirstSeen,
    /// Also who was known before and had never paid, such as a lead or a trial that is over.
    FirstPaid,
}

/// Whether a first load raises alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstLoad {
    /// It raises none.
    Silent,
    /// It raises those of new customers.
    Raises,
}

/// Whether MRR that only exchange rates have changed is a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateChanges {
    /// It is none.
    Ignored,
    /// It is one.
    Counted,
}

impl Default for AlertThresholds {
    fn default() -> Self {
        Self {
            high_value_above: vec![Money::new(50_000, Currency::USD)],
            new_customer: NewCustomer::FirstSeen,
            large_change_above_percent: 50,
            first_load: FirstLoad::Silent,
            rate_changes: RateChanges::Ignored,
        }
    }
}

impl AlertThresholds {
    /// The rules to the letter: they know neither first loads nor exchange rates.
    #[must_use]
    pub fn seed() -> Self {
        Self {
            first_load: FirstLoad::Raises,
            rate_changes: RateChanges::Counted,
            ..Self::default()
        }
    }
}

/// Something that has become true of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Alert {
    /// A new customer, of high value.
    NewHighValueCustomer {
        /// What the customer pays.
        mrr: Money,
    },
    /// A recent conversation mentions leaving.
    CancelMention,
    /// A payment is overdue.
    PaymentDelinquent,
    /// MRR rose or fell steeply, or is in another currency, so that nobody can tell.
    LargeMrrChange {
        /// Before.
        from: Money,
        /// After.
        to: Money,
        /// In which way.
        movement: Movement,
    },
}

impl Alert {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> AlertKind {
        match self {
            Self::NewHighValueCustomer { .. } => AlertKind::NewHighValueCustomer,
            Self::CancelMention => AlertKind::CancelMention,
            Self::PaymentDelinquent => AlertKind::PaymentDelinquent,
            Self::LargeMrrChange { .. } => AlertKind::LargeMrrChange,
        }
    }
}

/// The kinds of alerts, in the order they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// A new customer, of high value. What lasts is the high value.
    NewHighValueCustomer,
    /// A recent conversation mentions leaving.
    CancelMention,
    /// A payment is overdue.
    PaymentDelinquent,
    /// MRR rose or fell steeply. Never lasts: a change is over when it is seen.
    LargeMrrChange,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::NewHighValueCustomer,
        Self::CancelMention,
        Self::PaymentDelinquent,
        Self::LargeMrrChange,
    ];

    /// Its name, as alerts are serialised with.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NewHighValueCustomer => "new_high_value_customer",
            Self::CancelMention => "cancel_mention",
            Self::PaymentDelinquent => "payment_delinquent",
            Self::LargeMrrChange => "large_mrr_change",
        }
    }

    /// The kind with the name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What lasts of a customer, whether or not it was told.
#[must_use]
pub fn conditions(current: &AlertState, thresholds: &AlertThresholds) -> BTreeSet<AlertKind> {
    let lasting = [
        (is_high_value(current.mrr, thresholds), AlertKind::NewHighValueCustomer),
        (current.mentioned_cancel, AlertKind::CancelMention),
        (current.is_delinquent, AlertKind::PaymentDelinquent),
    ];
    lasting.into_iter().filter_map(|(holds, kind)| holds.then_some(kind)).collect()
}

/// What a customer's conditions did between two observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// What is to be told.
    pub alerts: Vec<Alert>,
    /// Conditions to remember from here on, told or not.
    pub began: BTreeSet<AlertKind>,
    /// Conditions to forget, so that they can be told again.
    pub ended: BTreeSet<AlertKind>,
}

/// [`alerts`] with a memory: what is remembered is not told again before it has ended.
///
/// The memory outlives the customer's record. A customer that vanishes and comes back, or gets
/// another e-mail address, is unknown to `before` but not to `remembered`.
#[must_use]
pub fn edges(
    before: Before<'_>,
    current: &AlertState,
    remembered: &BTreeSet<AlertKind>,
    thresholds: &AlertThresholds,
) -> Edges {
    let holding = conditions(current, thresholds);
    let mut alerts = alerts(before, current, thresholds);
    alerts.retain(|alert| !remembered.contains(&alert.kind()));
    Edges {
        alerts,
        began: holding.difference(remembered).copied().collect(),
        ended: remembered.difference(&holding).copied().collect(),
    }
}

/// Compares a customer with what was known before: a condition that lasts is reported once.
///
/// The first load reports nothing, unless the rules want it to; neither does what other rules make
/// of a customer. New is who was not seen before, unless [`AlertThresholds::new_customer`] says
/// otherwise; a customer returning after having paid never is. A change from nothing is not large: it
/// has no percentage. A change of currency has none either, and is told because it may be large. Of
/// what is paid in other currencies beside the MRR, a change is told when MRR itself has none.
#[must_use]
pub fn alerts(
    before: Before<'_>,
    current: &AlertState,
    thresholds: &AlertThresholds,
) -> Vec<Alert> {
    let unseen = AlertState::default();
    let previous = match before {
        Before::FirstLoad if thresholds.first_load == FirstLoad::Silent => return Vec::new(),
        Before::OtherRules => return Vec::new(),
        Before::FirstLoad | Before::NotSeen => &unseen,
        Before::Seen(state) => state,
    };
    // Judged by what had been paid before; the current LTV includes the first payment.
    let moved = match movement(previous.mrr, current.mrr, previous.ltv) {
        Some(_) if is_exchange(previous, current, thresholds) => Some(Movement::Exchange),
        moved => moved,
    };
    let large = large_change(moved, previous, current, thresholds);
    let large = large.or_else(|| large_beside(previous, current, thresholds));
    let candidates = [
        new_high_value(moved, current, thresholds).filter(|_| is_new(before, thresholds)),
        (current.mentioned_cancel && !previous.mentioned_cancel).then_some(Alert::CancelMention),
        (current.is_delinquent && !previous.is_delinquent).then_some(Alert::PaymentDelinquent),
        large,
    ];
    candidates.into_iter().flatten().collect()
}

fn is_exchange(previous: &AlertState, current: &AlertState, thresholds: &AlertThresholds) -> bool {
    let is_known = !current.mrr_by_currency.is_empty();
    let is_same = is_known && previous.mrr_by_currency == current.mrr_by_currency;
    is_same && thresholds.rate_changes == RateChanges::Ignored
}

fn is_new(before: Before<'_>, thresholds: &AlertThresholds) -> bool {
    match before {
        Before::Seen(_) => thresholds.new_customer == NewCustomer::FirstPaid,
        Before::FirstLoad | Before::OtherRules | Before::NotSeen => true,
    }
}

fn new_high_value(
    moved: Option<Movement>,
    current: &AlertState,
    thresholds: &AlertThresholds,
) -> Option<Alert> {
    let mrr = current.mrr.filter(|_| moved == Some(Movement::New))?;
    is_high_value(Some(mrr), thresholds).then_some(Alert::NewHighValueCustomer { mrr })
}

fn is_high_value(mrr: Option<Money>, thresholds: &AlertThresholds) -> bool {
    let is_above = |mrr: Money| {
        let mut limits = thresholds.high_value_above.iter();
        limits.any(|limit| limit.currency == mrr.currency && mrr.minor > limit.minor)
    };
    mrr.is_some_and(is_above)
}

fn large_change(
    moved: Option<Movement>,
    previous: &AlertState,
    current: &AlertState,
    thresholds: &AlertThresholds,
) -> Option<Alert> {
    let movement = moved?;
    let from = previous.mrr?;
    let to = current.mrr.unwrap_or(Money::zero(from.currency));
    let is_told = match movement {
        Movement::New | Movement::Reactivation | Movement::Exchange => false,
        Movement::CurrencyChange => true,
        Movement::Expansion | Movement::Contraction | Movement::Churn => {
            is_large(from, to, thresholds)
        }
    };
    is_told.then_some(Alert::LargeMrrChange { from, to, movement })
}

/// The first large change, by currency, of what is paid beside an MRR that stays in its currency.
fn large_beside(
    previous: &AlertState,
    current: &AlertState,
    thresholds: &AlertThresholds,
) -> Option<Alert> {
    let (before, after) = (beside(previous)?, beside(current)?);
    if previous.mrr?.currency != current.mrr?.currency {
        return None;
    }
    before.into_iter().find_map(|(currency, from)| {
        let to = after.get(&currency).copied().unwrap_or(Money::zero(currency));
        let movement =
            if to.minor < from.minor { Movement::Contraction } else { Movement::Expansion };
        let is_large = from.minor > 0 && is_large(from, to, thresholds);
        is_large.then_some(Alert::LargeMrrChange { from, to, movement })
    })
}

/// What is paid in other currencies than MRR is in; `None` when they are converted into it.
fn beside(state: &AlertState) -> Option<BTreeMap<Currency, Money>> {
    let mrr = state.mrr?;
    let in_money = |(&currency, &exact): (&Currency, &Ratio)| {
        let money = Money::from_ratio(exact, currency, Rounding::default()).ok()?;
        Some((currency, money))
    };
    let mut all: BTreeMap<Currency, Money> =
        state.mrr_by_currency.iter().filter_map(in_money).collect();
    // However an amount is rounded, it stays within one smallest unit.
    let own = all.remove(&mrr.currency).unwrap_or(Money::zero(mrr.currency));
    (i128::from(own.minor) - i128::from(mrr.minor)).abs().le(&1).then_some(all)
}

fn is_large(from: Money, to: Money, thresholds: &AlertThresholds) -> bool {
    let change = (i128::from(to.minor) - i128::from(from.minor)).abs() * 100;
    let limit = i128::from(from.minor) * i128::from(thresholds.large_change_above_percent);
    change > limit
}
