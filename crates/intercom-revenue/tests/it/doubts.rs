use intercom_revenue::{
    BillingHistory, Currency, Fall, Money, RevenuePolicy, Subscription, SubscriptionItem,
    SubscriptionStatus, is_fall_doubtful, revenue,
};

use crate::table::{NOW, active, monthly, price};

fn in_state(status: &str, amount: i64) -> Subscription {
    Subscription { status: SubscriptionStatus::parse(status), ..monthly(amount) }
}

fn tiered() -> Subscription {
    active(SubscriptionItem { amount: None, ..price(0, "month") })
}

/// Whether it is doubted that MRR fell from what the first rows bring to what the second ones do.
fn is_doubted(before: &[Subscription], after: &[Subscription], n_unreadable: u32) -> bool {
    let history = |rows: &[Subscription]| BillingHistory {
        subscriptions: Some(rows.to_vec()),
        ..Default::default()
    };
    let policy = RevenuePolicy::default();
    let (before, after) = (history(before), history(after));
    let was = revenue(&before, &policy, NOW);
    let to = revenue(&after, &policy, NOW).mrr;
    let from = was.mrr.expect("an MRR");
    assert!(to.is_none_or(|to| to < from));
    let fall = Fall { from, n_before: was.subscription_count, to, n_unreadable };
    is_fall_doubtful(&fall, &after, &policy, NOW)
}

#[test]
fn a_state_that_is_none_explains_what_it_would_bring() {
    let legacy = |amount| in_state("legacy", amount);
    let over = |amount| in_state("canceled", amount);
    let (a, b) = (monthly(100), monthly(200));
    assert!(is_doubted(&[monthly(100)], &[legacy(100)], 0));
    assert!(is_doubted(&[a.clone(), b.clone()], &[a.clone(), legacy(200)], 0));
    assert!(!is_doubted(&[a.clone(), b.clone()], &[a.clone(), legacy(5)], 0));
    assert!(!is_doubted(&[a.clone(), b], &[over(100), over(200), legacy(5)], 0));
    // What would bring more than all there was did not count.
    assert!(!is_doubted(&[a.clone(), legacy(200)], &[over(100), legacy(200)], 0));
    // By its price it might be the one that counted, and the other one be over for long.
    assert!(is_doubted(&[a], &[over(100), legacy(100)], 0));
    assert!(is_doubted(&[monthly(100)], &[in_state("legacy", i64::MAX), legacy(100)], 0));
}

#[test]
fn a_price_below_zero_explains_nothing() {
    assert!(!is_doubted(&[monthly(100)], &[monthly(-100)], 0));
    let over = in_state("canceled", 100);
    assert!(!is_doubted(&[monthly(100), monthly(-1)], &[over, monthly(-1)], 0));
    assert!(!is_doubted(&[monthly(100)], &[in_state("legacy", -100)], 0));
}

#[test]
fn a_price_nobody_knows_explains_anything_unless_another_is_over() {
    let over = in_state("canceled", 100);
    assert!(is_doubted(&[monthly(100)], &[tiered()], 0));
    assert!(is_doubted(&[monthly(100)], &[active(price(100, "decade"))], 0));
    assert!(!is_doubted(&[monthly(100), tiered()], &[over.clone(), tiered()], 0));
    // What was over before does not explain why this one brings nothing.
    assert!(is_doubted(&[monthly(100), over.clone()], &[tiered(), over.clone()], 0));
    // What is over was worth less than what is missing.
    assert!(is_doubted(&[monthly(100), monthly(50)], &[over, tiered()], 0));
}

#[test]
fn an_entry_nobody_can_read_explains_anything_unless_another_is_over() {
    let over = in_state("canceled", 100);
    assert!(is_doubted(&[monthly(100)], &[], 1));
    assert!(is_doubted(&[monthly(100)], std::slice::from_ref(&over), 1));
    assert!(is_doubted(&[monthly(100), monthly(50)], std::slice::from_ref(&over), 1));
    assert!(!is_doubted(&[monthly(100), monthly(0)], std::slice::from_ref(&over), 1));
    let yen = Money::new(100, "JPY".parse().expect("a currency code"));
    let fall =
        Fall { from: yen, n_before: None, to: Some(Money::new(1, Currency::USD)), n_unreadable: 0 };
    let rows = BillingHistory { subscriptions: Some(vec![over]), ..Default::default() };
    assert!(is_fall_doubtful(&fall, &rows, &RevenuePolicy::default(), NOW), "not comparable");
}
