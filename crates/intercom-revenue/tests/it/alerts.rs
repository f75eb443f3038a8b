use std::collections::BTreeSet;

use intercom_revenue::{
    Alert, AlertKind, AlertState, AlertThresholds, Before, Currency, Edges, Money, Movement,
    NewCustomer, Ratio, alerts, edges,
};

fn usd(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

fn paying(minor: i64) -> AlertState {
    AlertState { mrr: Some(usd(minor)), ..AlertState::default() }
}

fn change(from: i64, to: i64, movement: Movement) -> Alert {
    Alert::LargeMrrChange { from: usd(from), to: usd(to), movement }
}

#[track_caller]
fn check(before: Before<'_>, current: &AlertState, expected: &[Alert]) {
    assert_eq!(alerts(before, current, &AlertThresholds::default()), expected);
}

#[track_caller]
fn check_step(from: i64, to: i64, expected: &[Alert]) {
    check(Before::Seen(&paying(from)), &paying(to), expected);
}

#[test]
fn a_change_is_large_above_half_of_the_previous_mrr() {
    check_step(10_000, 15_000, &[]);
    check_step(10_000, 15_001, &[change(10_000, 15_001, Movement::Expansion)]);
    check_step(10_000, 5_000, &[]);
    check_step(10_000, 4_999, &[change(10_000, 4_999, Movement::Contraction)]);
    check_step(10_000, 0, &[change(10_000, 0, Movement::Churn)]);
    check_step(10_000, 10_000, &[]);
    check_step(i64::MAX, 0, &[change(i64::MAX, 0, Movement::Churn)]);
}

#[test]
fn a_change_from_nothing_is_not_large() {
    check_step(0, 10_000, &[]);
    check(Before::Seen(&AlertState::default()), &paying(10_000), &[]);
    check(Before::NotSeen, &paying(10_000), &[]);
}

#[test]
fn losing_the_source_of_the_mrr_is_churn() {
    let expected = [change(10_000, 0, Movement::Churn)];
    check(Before::Seen(&paying(10_000)), &AlertState::default(), &expected);
}

#[test]
fn another_currency_cannot_be_compared_and_is_told_once() {
    let to = Money::new(1_000, Currency::EUR);
    let euros = AlertState { mrr: Some(to), ..AlertState::default() };
    let movement = Movement::CurrencyChange;
    let told = Alert::LargeMrrChange { from: usd(60_000), to, movement };
    check(Before::Seen(&paying(60_000)), &euros, &[told]);
    check(Before::Seen(&euros), &euros, &[]);
    check(Before::NotSeen, &euros, &[]);
}

fn paying_in(usd_minor: i64, beside: i64) -> AlertState {
    let amounts = [(Currency::USD, usd_minor), (Currency::EUR, beside)];
    let amounts = amounts.into_iter().filter(|(_, minor)| *minor > 0);
    let mrr_by_currency = amounts.map(|(it, minor)| (it, Ratio::whole(minor.into()))).collect();
    AlertState { mrr_by_currency, ..paying(usd_minor) }
}

#[test]
fn what_is_paid_beside_the_mrr_is_not_lost_in_silence() {
    let euros = |from, to, movement| {
        let euros = |minor| Money::new(minor, Currency::EUR);
        [Alert::LargeMrrChange { from: euros(from), to: euros(to), movement }]
    };
    let both = paying_in(60_000, 50_000);
    let lost = euros(50_000, 0, Movement::Contraction);
    check(Before::Seen(&both), &paying_in(60_000, 0), &lost);
    let more = euros(50_000, 75_001, Movement::Expansion);
    check(Before::Seen(&both), &paying_in(60_000, 75_001), &more);
    check(Before::Seen(&both), &paying_in(60_000, 75_000), &[]);
    check(Before::Seen(&paying_in(60_000, 0)), &both, &[]);
    // One alert tells of a customer that is lost.
    check(Before::Seen(&both), &paying_in(0, 0), &[change(60_000, 0, Movement::Churn)]);
    // Converted, both are in the MRR, and its change is the one that counts.
    let converted =
        |minor, beside| AlertState { mrr: Some(usd(minor)), ..paying_in(60_000, beside) };
    check(Before::Seen(&converted(114_000, 50_000)), &converted(60_000, 0), &[]);
}

#[test]
fn high_value_starts_above_five_hundred() {
    let high_value = Alert::NewHighValueCustomer { mrr: usd(50_001) };
    check(Before::NotSeen, &paying(50_000), &[]);
    check(Before::NotSeen, &paying(50_001), &[high_value]);
    check_step(50_001, 50_001, &[]);
    check_step(40_000, 50_001, &[]);
}

#[test]
fn who_was_seen_before_is_new_only_by_choice() {
    check_step(0, 50_001, &[]);
    check(Before::Seen(&AlertState::default()), &paying(50_001), &[]);
    let thresholds =
        AlertThresholds { new_customer: NewCustomer::FirstPaid, ..AlertThresholds::default() };
    let high_value = [Alert::NewHighValueCustomer { mrr: usd(50_001) }];
    let seen = |state: AlertState| alerts(Before::Seen(&state), &paying(50_001), &thresholds);
    assert_eq!(seen(paying(0)), high_value);
    assert_eq!(seen(AlertState::default()), high_value);
    assert_eq!(seen(AlertState { ltv: Some(usd(1)), ..paying(0) }), [], "has paid before");
    assert_eq!(seen(paying(40_000)), []);
}

#[test]
fn a_returning_customer_is_not_new() {
    let lapsed = AlertState { ltv: Some(usd(1)), ..paying(0) };
    check(Before::Seen(&lapsed), &paying(90_000), &[]);
}

#[test]
fn the_first_load_is_silent() {
    let alarming = AlertState { mentioned_cancel: true, is_delinquent: true, ..paying(90_000) };
    check(Before::FirstLoad, &alarming, &[]);
}

#[test]
fn flags_fire_when_they_are_raised() {
    let raised =
        AlertState { mentioned_cancel: true, is_delinquent: true, ..AlertState::default() };
    let both = [Alert::CancelMention, Alert::PaymentDelinquent];
    check(Before::NotSeen, &raised, &both);
    check(Before::Seen(&AlertState::default()), &raised, &both);
    check(Before::Seen(&raised), &raised, &[]);
    check(Before::Seen(&raised), &AlertState::default(), &[]);
}

#[test]
fn alerts_serialise_with_their_kind() {
    let alert = change(10_000, 0, Movement::Churn);
    insta::assert_json_snapshot!(alert, @r#"
    {
      "kind": "large_mrr_change",
      "from": {
        "minor": 10000,
        "currency": "USD"
      },
      "to": {
        "minor": 0,
        "currency": "USD"
      },
      "movement": "churn"
    }
    "#);
}

const KINDS: [AlertKind; 3] =
    [AlertKind::NewHighValueCustomer, AlertKind::CancelMention, AlertKind::PaymentDelinquent];

fn alarming() -> AlertState {
    AlertState { mentioned_cancel: true, is_delinquent: true, ..paying(60_000) }
}

#[track_caller]
fn step(before: Before<'_>, current: &AlertState, remembered: &[AlertKind]) -> Edges {
    let remembered = remembered.iter().copied().collect();
    edges(before, current, &remembered, &AlertThresholds::default())
}

#[test]
fn a_silent_first_load_remembers_what_it_does_not_tell() {
    let edges = step(Before::FirstLoad, &alarming(), &[]);
    assert_eq!((edges.alerts.len(), edges.ended.len()), (0, 0));
    assert_eq!(edges.began, BTreeSet::from(KINDS));
}

#[test]
fn what_is_remembered_is_not_told_to_a_customer_that_comes_back() {
    assert_eq!(step(Before::NotSeen, &alarming(), &[]).alerts.len(), 3);
    assert_eq!(step(Before::NotSeen, &alarming(), &KINDS), Edges::default());
}

#[test]
fn what_ended_is_forgotten_and_told_again() {
    let calm = paying(10_000);
    let ended = step(Before::Seen(&alarming()), &calm, &KINDS);
    let fall = change(60_000, 10_000, Movement::Contraction);
    assert_eq!((ended.alerts, ended.ended), (vec![fall], BTreeSet::from(KINDS)));
    let raised = AlertState { is_delinquent: true, ..calm.clone() };
    let again = step(Before::Seen(&calm), &raised, &[]);
    assert_eq!(again.alerts, [Alert::PaymentDelinquent]);
    assert_eq!(again.began, BTreeSet::from([AlertKind::PaymentDelinquent]));
}

#[test]
fn a_kind_is_found_by_the_name_it_is_serialised_with() {
    for kind in AlertKind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("text"), kind.name());
        assert_eq!(AlertKind::from_name(kind.name()), Some(kind));
    }
    assert_eq!(AlertKind::from_name("nothing"), None);
}
