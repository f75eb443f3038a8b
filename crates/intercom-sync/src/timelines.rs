//! The history of rows as the history of customers, whatever addresses they had.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use intercom_revenue::{Currency, Observation, Rates, Ratio};
use intercom_store::{RevenueHistoryRow, RevenueState};

/// One state of one row of the table.
#[derive(Default)]
struct Moment {
    observed_at: i64,
    change_number: i64,
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
        let before = moments.last().and_then(|moment| moment.state.as_ref());
        let (spoke, speaks) = (speaker(before), speaker(row.state.as_ref()));
        if spoke != speaks {
            let at = |contact: &str| (row.observed_at, contact.to_owned());
            self.left.extend(spoke.map(at));
            self.came.extend(speaks.map(at));
        }
        let RevenueHistoryRow { observed_at, change_number, state, is_restated, .. } = row;
        moments.push(Moment { observed_at, change_number, state, is_restated });
    }

    /// The observations of every customer.
    pub(crate) fn customers(self, merge_shared_billing: bool) -> Vec<Timeline> {
        let mut stays = Stays::default();
        for moments in self.emails {
            stays.add(moments, &self.left, &self.came);
        }
        let mut groups = Groups((0..stays.all.len()).collect());
        for (key, &old) in &stays.left {
            if let Some(&new) = stays.came.get(key) {
                groups.join(old, new);
            }
        }
        for rows in stays.billing().values().filter(|_| merge_shared_billing) {
            for pair in rows.iter().collect::<Vec<_>>().windows(2) {
                groups.join(*pair[0], *pair[1]);
            }
        }
        let mut members: BTreeMap<usize, Vec<Vec<Moment>>> = BTreeMap::new();
        for (index, moments) in stays.all.into_iter().enumerate() {
            members.entry(groups.root(index)).or_default().push(moments);
        }
        members.into_values().map(|rows| timeline(rows, self.rates.as_ref())).collect()
    }
}

/// The times that customers had an e-mail: one ends and another begins where a contact that spoke
/// goes to another e-mail, or one comes from there.
#[derive(Default)]
struct Stays {
    all: Vec<Vec<Moment>>,
    /// Stays that ended because their contact went elsewhere.
    left: BTreeMap<(i64, String), usize>,
    /// Stays that began because their contact came from elsewhere.
    came: BTreeMap<(i64, String), usize>,
}

impl Stays {
    /// Adds the moments of an e-mail; those who left any e-mail, and who came to any, are given.
    fn add(
        &mut self,
        moments: Vec<Moment>,
        left: &BTreeSet<(i64, String)>,
        came: &BTreeSet<(i64, String)>,
    ) {
        let mut stay: Vec<Moment> = Vec::new();
        for moment in moments {
            let at = |contact: &str| (moment.observed_at, contact.to_owned());
            let spoke = speaker(stay.last().and_then(|last| last.state.as_ref())).map(at);
            let speaks = speaker(moment.state.as_ref()).map(at);
            let (spoke, speaks) = if spoke == speaks { (None, None) } else { (spoke, speaks) };
            let goes = spoke.filter(|key| came.contains(key));
            let comes = speaks.filter(|key| left.contains(key));
            if goes.is_some() || comes.is_some() {
                if !stay.is_empty() {
                    self.left.extend(goes.map(|key| (key, self.all.len())));
                    let Moment { observed_at, change_number, .. } = moment;
                    stay.push(Moment { observed_at, change_number, ..Moment::default() });
                    self.all.push(std::mem::take(&mut stay));
                }
                self.came.extend(comes.map(|key| (key, self.all.len())));
            }
            if moment.state.is_some() || !stay.is_empty() {
                stay.push(moment);
            }
        }
        if !stay.is_empty() {
            self.all.push(stay);
        }
    }

    /// Billing accounts, each with the stays that had it.
    fn billing(&self) -> BTreeMap<String, BTreeSet<usize>> {
        let mut billing: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (index, moments) in self.all.iter().enumerate() {
            let states = moments.iter().filter_map(|moment| moment.state.as_ref());
            for id in states.filter_map(|state| state.stripe_customer_id.as_ref()) {
                if !billing.get(id).is_some_and(|stays| stays.contains(&index)) {
                    billing.entry(id.clone()).or_default().insert(index);
                }
            }
        }
        billing
    }
}

/// Which stays belong together: every one points to another of its group, and one to itself.
struct Groups(Vec<usize>);

impl Groups {
    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left] = right;
    }
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

/// One customer's observations: at every instant the state, among its rows, that was observed last.
fn timeline(rows: Vec<Vec<Moment>>, rates: Option<&Rates>) -> Timeline {
    let n_rows = rows.len();
    let mut moments: Vec<(usize, Moment)> = rows
        .into_iter()
        .enumerate()
        .flat_map(|(row, moments)| moments.into_iter().map(move |moment| (row, moment)))
        .collect();
    moments.sort_by_key(|(row, moment)| (moment.observed_at, moment.change_number, *row));
    let mut current: Vec<Option<((i64, i64), RevenueState)>> = vec![None; n_rows];
    let mut before: Option<RevenueState> = None;
    let mut is_restated = false;
    let mut observations = Vec::with_capacity(moments.len());
    let mut beside: Vec<(DateTime<Utc>, Amounts)> = Vec::new();
    let mut moments = moments.into_iter().peekable();
    while let Some((row, moment)) = moments.next() {
        let at = (moment.observed_at, moment.change_number);
        current[row] = moment.state.map(|state| (at, state));
        is_restated |= moment.is_restated;
        if moments.peek().is_some_and(|(_, next)| next.observed_at == moment.observed_at) {
            continue;
        }
        let Some(observed_at) = DateTime::from_timestamp(moment.observed_at, 0) else { continue };
        let latest = current.iter().flatten().max_by_key(|(at, _)| *at).map(|(_, state)| state);
        observations.push(Observation {
            observed_at,
            mrr: latest.and_then(|state| state.mrr),
            ltv: latest.and_then(|state| state.ltv),
            only_rates_moved: before.as_ref().zip(latest).is_some_and(only_rates_moved),
            is_restated,
        });
        let others = latest.map(|state| in_other_currencies(state, rates)).unwrap_or_default();
        if !others.is_empty() || !beside.is_empty() {
            beside.push((observed_at, others));
        }
        is_restated = false;
        before = latest.cloned();
    }
    Timeline { observations, beside }
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

fn only_rates_moved((before, after): (&RevenueState, &RevenueState)) -> bool {
    let is_known = !after.mrr_by_currency.is_empty();
    is_known && before.mrr_by_currency == after.mrr_by_currency && before.mrr != after.mrr
}
