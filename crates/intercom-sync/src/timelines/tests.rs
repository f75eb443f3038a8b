//! Random little histories of contacts that share accounts, move, merge and go.

use std::collections::BTreeMap;

use chrono::DateTime;
use intercom_revenue::{
    Currency, Lines, Money, MovementPolicy, Period, Ratio, Waterfalls, waterfalls,
};
use intercom_store::{RevenueHistoryRow, RevenueState};
use proptest::prelude::*;

use super::Timelines;

const EMAILS: usize = 4;

#[derive(Clone, Debug)]
struct Contact {
    email: Option<usize>,
    account: Option<u8>,
    mrr: Option<Money>,
}

/// What happens to a contact; what happens at one instant is seen at once.
#[derive(Clone, Debug)]
enum Event {
    Is(usize, Contact),
    MergedInto(usize, usize),
    Passes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    at: i64,
    billed_at: i64,
    state: Option<RevenueState>,
}

/// The history of each e-mail, by its number, and the aliases.
#[derive(Default)]
struct History {
    rows: BTreeMap<usize, Vec<Row>>,
    aliases: BTreeMap<String, String>,
}

fn contact() -> impl Strategy<Value = Contact> {
    let mrr = prop_oneof![
        1 => Just(None),
        1 => Just(Some(Money::new(0, Currency::USD))),
        4 => (1..5_i64).prop_map(|n| Some(Money::new(n * 100, Currency::USD))),
        1 => (1..3_i64).prop_map(|n| Some(Money::new(n * 70, Currency::EUR))),
    ];
    (prop::option::weighted(0.9, 0..EMAILS), prop::option::of(0..2_u8), mrr)
        .prop_map(|(email, account, mrr)| Contact { email, account, mrr })
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        6 => (0..EMAILS, contact()).prop_map(|(id, contact)| Event::Is(id, contact)),
        1 => (0..EMAILS, 0..EMAILS).prop_map(|(old, new)| Event::MergedInto(old, new)),
        4 => Just(Event::Passes),
    ];
    prop::collection::vec(event, 1..24)
}

fn state(id: usize, contact: &Contact) -> RevenueState {
    let exact = contact.mrr.map(|mrr| (mrr.currency, Ratio::whole(mrr.minor.into())));
    RevenueState {
        mrr: contact.mrr,
        ltv: None,
        mrr_by_currency: exact.into_iter().collect(),
        intercom_contact_id: Some(id.to_string()),
        stripe_customer_id: contact.account.map(|account| format!("cus_{account}")),
    }
}

impl History {
    fn of(events: &[Event]) -> Self {
        let mut history = Self::default();
        let mut contacts: BTreeMap<usize, Contact> = BTreeMap::new();
        for (at, events) in (10..).zip(events.split(|event| matches!(event, Event::Passes))) {
            for event in events {
                match event {
                    Event::Is(id, contact) => {
                        if !history.aliases.contains_key(&id.to_string()) {
                            contacts.insert(*id, contact.clone());
                        }
                    }
                    Event::MergedInto(old, new) => history.merge(&mut contacts, *old, *new),
                    Event::Passes => {}
                }
            }
            history.observe(&contacts, at);
        }
        history
    }

    fn merge(&mut self, contacts: &mut BTreeMap<usize, Contact>, old: usize, new: usize) {
        if old == new || !contacts.contains_key(&new) {
            return;
        }
        let Some(Contact { account, mrr, .. }) = contacts.remove(&old) else { return };
        let survivor = contacts.get_mut(&new).expect("is there");
        survivor.account = survivor.account.or(account);
        survivor.mrr = survivor.mrr.or(mrr);
        let (old, new) = (old.to_string(), new.to_string());
        self.aliases.values_mut().filter(|into| **into == old).for_each(|it| it.clone_from(&new));
        self.aliases.insert(old, new);
    }

    fn observe(&mut self, contacts: &BTreeMap<usize, Contact>, at: i64) {
        for email in 0..EMAILS {
            let mut speakers = contacts.iter().filter(|(_, it)| it.email == Some(email));
            let state = speakers.next().map(|(id, contact)| state(*id, contact));
            let rows = self.rows.entry(email).or_default();
            let (before, billed_at) =
                rows.last().map_or((None, 0), |row| (row.state.as_ref(), row.billed_at));
            if before == state.as_ref() {
                continue;
            }
            let billing = |state: &RevenueState| {
                let account = state.stripe_customer_id.clone().filter(|_| state.mrr.is_some())?;
                Some((account, state.mrr_by_currency.clone()))
            };
            let (old, new) = (before.and_then(billing), state.as_ref().and_then(billing));
            let is_alike = old.is_some() && old == new;
            let billed_at = if is_alike { billed_at } else { at };
            rows.push(Row { at, billed_at, state });
        }
    }

    /// What the table sums up to just before an instant.
    fn total(&self, until: i64, is_merged: bool) -> BTreeMap<Currency, i64> {
        let mut counted: BTreeMap<String, (i64, Money)> = BTreeMap::new();
        for (email, rows) in &self.rows {
            let Some(row) = rows.iter().rfind(|row| row.at < until) else { continue };
            let Some(state) = &row.state else { continue };
            let Some(mrr) = state.mrr else { continue };
            let account = state.stripe_customer_id.clone().filter(|_| is_merged);
            let key = account.unwrap_or_else(|| format!("e-mail {email}"));
            let best = counted.entry(key).or_insert((row.billed_at, mrr));
            *best = (*best).max((row.billed_at, mrr));
        }
        let mut total = BTreeMap::new();
        for (_, mrr) in counted.into_values().filter(|(_, mrr)| mrr.minor > 0) {
            *total.entry(mrr.currency).or_insert(0) += mrr.minor;
        }
        total
    }

    /// The waterfalls, with e-mails in the given order.
    fn waterfalls(&self, order: &[usize], is_merged: bool, (from, to): (i64, i64)) -> Waterfalls {
        let mut timelines = Timelines::new(None);
        for (place, email) in order.iter().enumerate() {
            for Row { at, state, .. } in self.rows.get(email).into_iter().flatten() {
                timelines.add(RevenueHistoryRow {
                    email: format!("{place}@member.example"),
                    // Rows of one instant are written in any number of transactions.
                    change_number: at * 10 + i64::try_from(place).expect("is small"),
                    observed_at: *at,
                    state: state.clone(),
                    is_restated: false,
                });
            }
        }
        let instant = |unix| DateTime::from_timestamp(unix, 0).expect("in range");
        let period = Period { starts_at: instant(from), ends_at: instant(to) };
        let policy =
            MovementPolicy { observed_since: Some(instant(10)), ..MovementPolicy::default() };
        let customers = timelines.customers(is_merged, &self.aliases);
        let observations = customers.iter().map(|customer| &*customer.observations);
        waterfalls(observations, period, &policy, None)
    }
}

fn sum(lines: &Lines<Ratio>) -> Ratio {
    let Lines { start, opening, new, reactivation, expansion, contraction, churn, .. } = *lines;
    let rest = [opening, new, reactivation, expansion, contraction, churn];
    let rest = rest.into_iter().chain([lines.currency_change, lines.exchange, lines.restated]);
    rest.fold(start, |sum, line| sum.checked_add(line).expect("is small"))
}

proptest! {
    #[test]
    fn the_lines_lead_from_one_sum_of_the_table_to_the_other(
        events in events(),
        order in Just((0..EMAILS).collect::<Vec<_>>()).prop_shuffle(),
        (from, n_for) in (9..20_i64, 0..12_i64),
        is_merged: bool,
    ) {
        let history = History::of(&events);
        let period = (from, from + n_for);
        let in_order: Vec<usize> = (0..EMAILS).collect();
        let told = history.waterfalls(&in_order, is_merged, period);
        prop_assert_eq!(told.n_left_out, 0);
        let (start, end) = (history.total(period.0, is_merged), history.total(period.1, is_merged));
        for currency in [Currency::USD, Currency::EUR] {
            let lines = told.by_currency.get(&currency).copied().unwrap_or_default().lines;
            let amount = |of: &BTreeMap<Currency, i64>| {
                Ratio::whole(of.get(&currency).copied().unwrap_or(0).into())
            };
            prop_assert_eq!(lines.start, amount(&start));
            prop_assert_eq!(lines.end, amount(&end));
            prop_assert_eq!(sum(&lines), lines.end);
        }
        prop_assert_eq!(history.waterfalls(&order, is_merged, period), told);
    }
}

fn is(id: usize, account: Option<u8>, dollars: Option<i64>) -> Event {
    let mrr = dollars.map(|dollars| Money::new(dollars * 100, Currency::USD));
    Event::Is(id, Contact { email: Some(id), account, mrr })
}

/// Opening, new, expansion, contraction, churn and end in dollars, by either order of e-mails.
fn check(events: &[Event], expected: [i64; 6]) {
    let history = History::of(events);
    for order in [[0, 1, 2, 3], [3, 2, 1, 0]] {
        let told = history.waterfalls(&order, true, (0, 100));
        let lines = told.by_currency[&Currency::USD].lines;
        let lines =
            [lines.opening, lines.new, lines.expansion, lines.contraction, lines.churn, lines.end];
        assert_eq!(lines, expected.map(|dollars| Ratio::whole((dollars * 100).into())));
    }
}

#[test]
fn a_row_without_mrr_hides_none() {
    let first = [is(0, Some(1), Some(100)), is(1, Some(1), None), is(2, None, Some(70))];
    check(&first, [170, 0, 0, 0, 0, 170]);
    let more = [Event::Passes, Event::Is(1, Contact { email: None, account: None, mrr: None })];
    check(&[&first[..], &more].concat(), [170, 0, 0, 0, 0, 170]);
}

#[test]
fn billing_moves_from_one_contact_to_another() {
    let moves = |from: usize, to: usize| {
        [
            is(from, Some(1), Some(600)),
            is(to, None, None),
            Event::Passes,
            is(from, None, None),
            is(to, Some(1), Some(600)),
        ]
    };
    check(&moves(0, 1), [600, 0, 0, 0, 0, 600]);
    check(&moves(1, 0), [600, 0, 0, 0, 0, 600]);
}

#[test]
fn accounts_that_were_one_by_mistake_are_two() {
    let events = [
        is(0, Some(1), Some(600)),
        is(1, Some(1), Some(600)),
        Event::Passes,
        is(1, Some(2), Some(200)),
    ];
    check(&events, [600, 200, 0, 0, 0, 800]);
    let leaves = [Event::Passes, Event::Is(1, Contact { email: None, account: None, mrr: None })];
    check(&[&events[..], &leaves].concat(), [600, 200, 0, 0, -200, 600]);
}

#[test]
fn who_pays_for_an_account_and_goes_is_lost() {
    let gone = Event::Is(0, Contact { email: None, account: None, mrr: None });
    let events = [is(0, Some(1), Some(100)), is(1, Some(1), None), Event::Passes, gone];
    let history = History::of(&events);
    let told = history.waterfalls(&[0, 1, 2, 3], true, (0, 100));
    let lines = told.by_currency[&Currency::USD].lines;
    assert_eq!((lines.opening, lines.churn), (Ratio::whole(10_000), Ratio::whole(-10_000)));
}

#[test]
fn a_merge_is_a_transfer() {
    for account in [None, Some(1)] {
        let events = [
            is(0, account, Some(300)),
            is(1, None, None),
            is(2, None, Some(100)),
            Event::Passes,
            Event::MergedInto(0, 1),
        ];
        check(&events, [400, 0, 0, 0, 0, 400]);
    }
    // What the survivor pays beside it is its own.
    let events = [
        is(0, None, Some(300)),
        is(1, None, Some(500)),
        Event::Passes,
        Event::MergedInto(0, 1),
        is(1, None, Some(800)),
    ];
    check(&events, [800, 0, 0, 0, 0, 800]);
}

#[test]
fn who_gets_or_changes_an_account_is_the_same() {
    let events = [
        is(0, None, Some(300)),
        Event::Passes,
        is(0, Some(1), Some(300)),
        Event::Passes,
        is(0, Some(2), Some(400)),
    ];
    check(&events, [300, 0, 100, 0, 0, 400]);
}
