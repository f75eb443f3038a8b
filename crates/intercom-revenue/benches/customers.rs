//! What the figures of a customer cost: `cargo bench -p intercom-revenue`.
//!
//! `one_customer` is the time per customer, `a_million_customers` that of them all. The customers
//! are 10,000 different ones, over and over, so that memory measures nothing.

use chrono::{DateTime, TimeDelta, Utc};
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use intercom_revenue::{
    BillingHistory, Currency, Interval, Money, MovementPolicy, Observation, Payment, PaymentStatus,
    Period, Preset, RevenuePolicy, Subscription, SubscriptionItem, SubscriptionStatus, revenue,
    waterfalls,
};

const N_DIFFERENT: usize = 10_000;
const N_CUSTOMERS: usize = 1_000_000;
const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if std::env::args().any(|argument| argument == "--bench") {
        divan::main();
    }
}

/// A tenth has no billing; the others have one to three subscriptions and up to a year of payments.
fn history(index: usize) -> BillingHistory {
    if index.is_multiple_of(10) {
        return BillingHistory::default();
    }
    let subscription = |number: usize| Subscription {
        id: Some(format!("sub_{index}_{number}")),
        status: match (index + number) % 7 {
            0 => SubscriptionStatus::Canceled,
            1 => SubscriptionStatus::PastDue,
            _ => SubscriptionStatus::Active,
        },
        currency: (index % 5 == 1).then_some(Currency::EUR),
        period_ends_at: Some(NOW + TimeDelta::days(20)),
        plan: Some(SubscriptionItem {
            amount: Some((2_900 + 100 * (index % 400) as i64).into()),
            quantity: Some(1 + index as u64 % 9),
            interval: if index % 3 == 1 { Interval::Year } else { Interval::Month },
            ..SubscriptionItem::default()
        }),
        ..Subscription::default()
    };
    let payment = |number: usize| Payment {
        id: Some(format!("ch_{index}_{number}")),
        status: PaymentStatus::Succeeded,
        currency: (index % 5 == 1).then_some(Currency::EUR),
        amount: Some((2_900 + 100 * (index % 400) as i64).into()),
        created_at: Some(NOW - TimeDelta::days(30 * number as i64)),
        ..Payment::default()
    };
    BillingHistory {
        subscriptions: Some((0..1 + index % 3).map(subscription).collect()),
        payments: Some((0..index % 13).map(payment).collect()),
        flat_plan: None,
    }
}

fn histories() -> Vec<BillingHistory> {
    (0..N_DIFFERENT).map(history).collect()
}

#[divan::bench(args = Preset::ALL, sample_size = 10_000, sample_count = 20)]
fn one_customer(bencher: Bencher<'_, '_>, preset: Preset) {
    let (histories, policy) = (histories(), preset.policy());
    let mut customers = histories.iter().cycle();
    bencher.bench_local(|| customers.next().map(|history| revenue(history, &policy, NOW)));
}

#[divan::bench(sample_size = 1, sample_count = 3)]
fn a_million_customers(bencher: Bencher<'_, '_>) {
    let (histories, policy) = (histories(), RevenuePolicy::default());
    bencher.counter(ItemsCount::new(N_CUSTOMERS)).bench_local(|| {
        for history in histories.iter().cycle().take(N_CUSTOMERS) {
            black_box(revenue(history, &policy, NOW));
        }
    });
}

#[divan::bench(sample_size = 1, sample_count = 3)]
fn movements_of_a_million_customers(bencher: Bencher<'_, '_>) {
    let timeline = |index: usize| {
        let observed = |day: i64| Observation {
            observed_at: NOW - TimeDelta::days(day),
            mrr: Some(Money::new((index as i64 * day) % 90_000, Currency::USD)),
            ltv: None,
            only_rates_moved: false,
            is_restated: false,
        };
        [300, 90, 20, 3].map(observed)
    };
    let timelines: Vec<[Observation; 4]> = (0..N_DIFFERENT).map(timeline).collect();
    let period = Period { starts_at: NOW - TimeDelta::days(30), ends_at: NOW };
    bencher.counter(ItemsCount::new(N_CUSTOMERS)).bench_local(|| {
        let customers = timelines.iter().cycle().take(N_CUSTOMERS).map(|rows| &rows[..]);
        waterfalls(customers, period, &MovementPolicy::default(), None)
    });
}
