//! The history of rows as the history of customers, whatever addresses they had.

mod stays;
#[cfg(test)]
mod tests;
mod units;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use intercom_revenue::{Currency, Money, Observation, Rates, Ratio};
use intercom_store::{RevenueHistoryRow, RevenueState};

use self::stays::Stays;
use self::units::{Entry, units};

/// One state of one row of the table.
struct Moment {
    observed_at: i64,
    change_number: i64,
    /// When what the row is billed was last seen to change, but for rules and rates.
    billed_at: i64,
    state: Option<RevenueState>,
    is_restated: bool,
}

/// The history by e-mail, and what joins e-mails to customers.
pub(crate) struct Timelines {
    /// By which amounts are converted, if they are.
    rates: Option<Rates>,
    emails: Vec<Vec<Moment>>,
    last_email: String,
    /// Contacts that stopped speaking for an e-mail, with the instant.
    left: BTreeSet<(i64, String)>,
    /// Contacts that began to speak for an e-mail.
    came: BTreeSet<(i64, String)>,
}

fn speaker(state: Option<&RevenueState>) -> Option<&str> {
    state?.intercom_contact_id.as_deref()
}

impl Timelines {
    pub(crate) fn new(rates: Option<Rates>) -> Self {
        Self {
            rates,
            emails: Vec::new(),
            last_email: String::new(),
            left: BTreeSet::new(),
            came: BTreeSet::new(),
        }
    }

    /// Rows come by e-mail, in the order of the changes.
    pub(crate) fn add(&mut self, row: RevenueHistoryRow) {
        if self.emails.is_empty() || self.last_email != row.email {
            self.last_email = row.email;
            self.emails.push(Vec::new());
        }
        let index = self.emails.len() - 1;
        let moments = &mut self.emails[index];
        let RevenueHistoryRow { observed_at, change_number, state, is_restated, .. } = row;
        let last = moments.last();
        let before = last.and_then(|moment| moment.state.as_ref());
        let (spoke, speaks) = (speaker(before), speaker(state.as_ref()));
        if spoke != speaks {
            let at = |contact: &str| (observed_at, contact.to_owned());
            self.left.extend(spoke.map(at));
            self.came.extend(speaks.map(at));
        }
        let is_billed_alike =
            is_restated || before.zip(state.as_ref()).is_some_and(are_billed_alike);
        let billed_at = match last {
            Some(last) if is_billed_alike => last.billed_at,
            Some(last) => last.billed_at.max(observed_at),
            None => observed_at,
        };
        moments.push(Moment { observed_at, change_number, billed_at, state, is_restated });
    }

    /// The observations of every customer; contacts that were merged come with the one that remains.
    pub(crate) fn customers(
        self,
        merge_shared_billing: bool,
        aliases: &BTreeMap<String, String>,
    ) -> Vec<Timeline> {
        let mut stays = Stays::default();
        for moments in self.emails {
            stays.add(moments, &self.left, &self.came);
        }
        let customers = units(stays, merge_shared_billing, aliases).joined();
        customers.into_iter().flat_map(|units| timelines(units, self.rates.as_ref())).collect()
    }
}

/// Whether two states in succession name one account and the same amounts.
fn are_billed_alike((before, after): (&RevenueState, &RevenueState)) -> bool {
    let is_known = !after.mrr_by_currency.is_empty();
    let minor = |state: &RevenueState| state.mrr.map(|mrr| mrr.minor);
    after.stripe_customer_id.is_some()
        && before.stripe_customer_id == after.stripe_customer_id
        && before.mrr_by_currency == after.mrr_by_currency
        && (is_known || minor(before) == minor(after))
}

/// Exact smallest units a month.
pub(crate) type Amounts = BTreeMap<Currency, Ratio>;

/// What was seen of one customer.
pub(crate) struct Timeline {
    pub(crate) observations: Vec<Observation>,
    /// What the customer paid in currencies that its figures were not in, from an instant on; in
    /// order.
    pub(crate) beside: Vec<(DateTime<Utc>, Amounts)>,
}

/// Which row of a unit counts: one with MRR before one without, then the one that was billed
/// otherwise last, then the one that pays more. The last number only makes it one.
type Rank = (bool, i64, Option<Money>, Option<Money>, Reverse<usize>);

/// The rows of a unit at an instant.
#[derive(Default)]
struct Present {
    ranks: BTreeMap<usize, Rank>,
    states: BTreeMap<Rank, RevenueState>,
}

impl Present {
    fn set(&mut self, row: usize, billed_at: i64, state: Option<RevenueState>) {
        if let Some(rank) = self.ranks.remove(&row) {
            self.states.remove(&rank);
        }
        if let Some(state) = state {
            let rank = (state.mrr.is_some(), billed_at, state.mrr, state.ltv, Reverse(row));
            self.ranks.insert(row, rank);
            self.states.insert(rank, state);
        }
    }

    fn counted(&self) -> Option<&RevenueState> {
        self.states.last_key_value().map(|(_, state)| state)
    }
}

/// All units of a customer at an instant.
struct Sum {
    observed_at: DateTime<Utc>,
    mrr: BTreeMap<Currency, Money>,
    ltv: Option<Money>,
    /// Before conversion; `None` where that is not known.
    exact: Option<Amounts>,
    beside: Amounts,
    is_restated: bool,
}

impl Sum {
    fn paid(&self) -> impl Iterator<Item = Money> {
        self.mrr.values().copied().filter(|mrr| mrr.minor > 0)
    }
}

/// One customer's observations: what its units pay at every instant. Who pays in several currencies
/// at once is in as many timelines.
fn timelines(units: Vec<Vec<Entry>>, rates: Option<&Rates>) -> Vec<Timeline> {
    let sums = sums(units, rates);
    let beside = sums.iter().filter(|sum| !sum.beside.is_empty()).map(|sum| sum.observed_at).next();
    let beside = sums.iter().filter(|sum| beside.is_some_and(|first| sum.observed_at >= first));
    let beside = beside.map(|sum| (sum.observed_at, sum.beside.clone())).collect();
    if sums.iter().all(|sum| sum.paid().count() <= 1) {
        let paid = |sum: &Sum| sum.paid().next().or(sum.mrr.values().next().copied());
        return vec![Timeline { observations: observations(&sums, paid), beside }];
    }
    let currencies: BTreeSet<Currency> =
        sums.iter().flat_map(|sum| sum.mrr.keys().copied()).collect();
    let mut timelines: Vec<Timeline> = currencies
        .into_iter()
        .map(|currency| {
            let observations = observations(&sums, |sum| sum.mrr.get(&currency).copied());
            Timeline { observations, beside: Vec::new() }
        })
        .collect();
    if let Some(first) = timelines.first_mut() {
        first.beside = beside;
    }
    timelines
}

fn observations(sums: &[Sum], paid: impl Fn(&Sum) -> Option<Money>) -> Vec<Observation> {
    let mut before: Option<&Sum> = None;
    let observe = |sum| {
        let only_rates_moved = before.is_some_and(|before| {
            let is_known = sum_is_known(sum) && before.exact == sum.exact;
            is_known && paid(before) != paid(sum)
        });
        before = Some(sum);
        Observation {
            observed_at: sum.observed_at,
            mrr: paid(sum),
            ltv: sum.ltv,
            only_rates_moved,
            is_restated: sum.is_restated,
        }
    };
    sums.iter().map(observe).collect()
}

fn sum_is_known(sum: &Sum) -> bool {
    sum.exact.as_ref().is_some_and(|exact| !exact.is_empty())
}

fn sums(units: Vec<Vec<Entry>>, rates: Option<&Rates>) -> Vec<Sum> {
    let mut present: Vec<Present> = Vec::new();
    present.resize_with(units.len(), Present::default);
    let mut entries: Vec<(usize, Entry)> = units
        .into_iter()
        .enumerate()
        .flat_map(|(unit, entries)| entries.into_iter().map(move |entry| (unit, entry)))
        .collect();
    entries.sort_by_key(|(unit, (row, moment))| {
        (moment.observed_at, moment.change_number, *unit, *row)
    });
    let mut is_restated = false;
    let mut sums = Vec::new();
    let mut entries = entries.into_iter().peekable();
    while let Some((unit, (row, moment))) = entries.next() {
        let observed_at = moment.observed_at;
        present[unit].set(row, moment.billed_at, moment.state);
        is_restated |= moment.is_restated;
        if entries.peek().is_some_and(|(_, (_, next))| next.observed_at == observed_at) {
            continue;
        }
        let Some(observed_at) = DateTime::from_timestamp(observed_at, 0) else { continue };
        let counted: Vec<&RevenueState> = present.iter().filter_map(Present::counted).collect();
        sums.push(sum(&counted, observed_at, is_restated, rates));
        is_restated = false;
    }
    sums
}

fn sum(
    counted: &[&RevenueState],
    observed_at: DateTime<Utc>,
    is_restated: bool,
    rates: Option<&Rates>,
) -> Sum {
    let mut mrr: BTreeMap<Currency, Money> = BTreeMap::new();
    let mut exact = Some(Amounts::new());
    let mut beside = Amounts::new();
    for state in counted {
        if let Some(of_unit) = state.mrr {
            let sum = mrr.entry(of_unit.currency).or_insert(Money::zero(of_unit.currency));
            // What does not fit is too large for any waterfall.
            sum.minor = sum.minor.saturating_add(of_unit.minor);
            let is_known = of_unit.minor == 0 || !state.mrr_by_currency.is_empty();
            exact = exact.filter(|_| is_known).and_then(|sum| added(sum, &state.mrr_by_currency));
        }
        let others = in_other_currencies(state, rates);
        beside = added(beside.clone(), &others).unwrap_or(beside);
    }
    let ltv = counted.iter().filter_map(|state| state.ltv).max();
    Sum { observed_at, mrr, ltv, exact, beside, is_restated }
}

fn added(mut sum: Amounts, amounts: &Amounts) -> Option<Amounts> {
    for (&currency, &amount) in amounts {
        let before = sum.get(&currency).copied().unwrap_or(Ratio::ZERO);
        sum.insert(currency, before.checked_add(amount)?);
    }
    Some(sum)
}

/// What a customer pays in other currencies than the figures are in, unless it is converted.
fn in_other_currencies(state: &RevenueState, rates: Option<&Rates>) -> Amounts {
    let Some(mrr) = state.mrr else { return Amounts::new() };
    let is_mrr = |exact: Option<Ratio>| {
        let difference = exact.and_then(|it| Ratio::whole(mrr.minor.into()).checked_sub(it));
        difference.is_some_and(|it| it.numerator().abs() < it.denominator())
    };
    let all = &state.mrr_by_currency;
    // Converted figures are of all amounts that have a rate, also of one in the same currency.
    let is_own = is_mrr(all.get(&mrr.currency).copied());
    let has_rate = |currency: Currency| {
        let rates = rates.filter(|rates| rates.into == mrr.currency);
        rates.is_some_and(|it| currency == it.into || it.by_currency.contains_key(&currency))
    };
    let converted = all.iter().filter(|(currency, _)| has_rate(**currency));
    let mut converted = converted.map(|(&currency, &amount)| rates?.convert(amount, currency));
    let converted = converted.try_fold(Ratio::ZERO, |sum, amount| sum.checked_add(amount?));
    let is_converted = !is_own && is_mrr(converted);
    let others = all.iter().filter(|(currency, amount)| {
        let is_beside = is_own || is_converted && !has_rate(**currency);
        is_beside && **currency != mrr.currency && amount.numerator() > 0
    });
    others.map(|(&currency, &amount)| (currency, amount)).collect()
}
