use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use intercom_revenue::{
    AlertState, AlertThresholds, Before, BillingHistory, Currency, Interval, Money, Payment,
    PaymentStatus, Ratio, Revenue, RevenuePolicy, Subscription, SubscriptionItem,
    SubscriptionStatus, alerts, revenue,
};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn currency() -> impl Strategy<Value = Option<Currency>> {
    prop::option::of(prop::sample::select(vec![Currency::USD, Currency::EUR, Currency::JPY]))
}

fn decimal() -> impl Strategy<Value = Option<Decimal>> {
    let any = (any::<i64>(), 0_u32..=12).prop_map(|(digits, scale)| Decimal::new(digits, scale));
    let extreme = prop::sample::select(vec![Decimal::MAX, Decimal::MIN]);
    prop::option::weighted(0.9, prop_oneof![9 => any, 1 => extreme])
}

fn id() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[ab]")
}

fn instant() -> impl Strategy<Value = Option<DateTime<Utc>>> {
    prop::option::of(
        (0_i64..4_000_000_000).prop_map(|s| DateTime::from_timestamp(s, 0).expect("in range")),
    )
}

fn item() -> impl Strategy<Value = SubscriptionItem> {
    let word = prop::sample::select(vec!["day", "week", "month", "year", "decade"]);
    let count = prop::option::of(any::<u32>());
    (decimal(), prop::option::of(any::<u64>()), word, count).prop_map(
        |(amount, quantity, interval, interval_count)| SubscriptionItem {
            amount,
            quantity,
            interval: Interval::parse(interval),
            interval_count,
        },
    )
}

fn subscription() -> impl Strategy<Value = Subscription> {
    let word = prop::sample::select(vec!["active", "past_due", "canceled", "?"]);
    let items = prop::collection::vec(item(), 0..3);
    (id(), word, currency(), instant(), items).prop_map(
        |(id, status, currency, period_ends_at, items)| Subscription {
            id,
            status: SubscriptionStatus::parse(status),
            currency,
            period_ends_at,
            items,
        },
    )
}

fn payment() -> impl Strategy<Value = Payment> {
    let word = prop::sample::select(vec!["succeeded", "failed", "?"]);
    (id(), word, currency(), decimal(), instant()).prop_map(
        |(id, status, currency, amount, created_at)| Payment {
            id,
            status: PaymentStatus::parse(status),
            currency,
            amount,
            created_at,
        },
    )
}

fn plain_subscription() -> impl Strategy<Value = Subscription> {
    let word = prop::sample::select(vec!["day", "week", "month", "year"]);
    (0_u32..1_000_000, word, 1_u32..37, currency()).prop_map(
        |(amount, interval, count, currency)| Subscription {
            status: SubscriptionStatus::Active,
            currency,
            items: vec![SubscriptionItem {
                amount: Some(amount.into()),
                interval: Interval::parse(interval),
                interval_count: Some(count),
                quantity: None,
            }],
            ..Subscription::default()
        },
    )
}

fn policy() -> impl Strategy<Value = RevenuePolicy> {
    prop::sample::select(vec![RevenuePolicy::default(), RevenuePolicy::seed()])
}

fn figures(
    subscriptions: Vec<Subscription>,
    payments: Vec<Payment>,
    policy: &RevenuePolicy,
) -> Revenue {
    let history = BillingHistory { subscriptions: Some(subscriptions), payments: Some(payments) };
    let now = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");
    revenue(&history, policy, now)
}

fn money() -> impl Strategy<Value = Option<Money>> {
    prop::option::of(
        (any::<i64>(), currency())
            .prop_map(|(minor, currency)| Money::new(minor, currency.unwrap_or(Currency::USD))),
    )
}

fn state() -> impl Strategy<Value = AlertState> {
    (money(), money(), any::<bool>(), any::<bool>()).prop_map(
        |(mrr, ltv, mentioned_cancel, is_delinquent)| AlertState {
            mrr,
            ltv,
            mentioned_cancel,
            is_delinquent,
        },
    )
}

proptest! {
    #[test]
    fn splitting_conserves_every_unit(minor in any::<i64>(), parts in 1_u32..2_000) {
        let parts = NonZeroU32::new(parts).expect("not zero");
        let split: Vec<i64> = Money::new(minor, Currency::USD)
            .split(parts)
            .map(|part| part.minor)
            .collect();
        prop_assert_eq!(split.iter().map(|&m| i128::from(m)).sum::<i128>(), i128::from(minor));
        let (least, most) = (split.iter().min(), split.iter().max());
        prop_assert!(most.zip(least).is_some_and(|(most, least)| most - least <= 1));
    }

    #[test]
    fn allocating_conserves_every_unit(
        minor in any::<i64>(),
        weights in prop::collection::vec(any::<u32>(), 1..20),
    ) {
        prop_assume!(weights.iter().any(|&weight| weight > 0));
        let parts = Money::new(minor, Currency::USD).allocate(&weights).expect("some weight");
        let total: i128 = parts.iter().map(|part| i128::from(part.minor)).sum();
        prop_assert_eq!(total, i128::from(minor));
    }

    #[test]
    fn the_order_of_rows_does_not_matter(
        (subscriptions, shuffled) in prop::collection::vec(subscription(), 0..6)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        (payments, mixed) in prop::collection::vec(payment(), 0..6)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        policy in policy(),
    ) {
        prop_assert_eq!(
            figures(subscriptions, payments, &policy),
            figures(shuffled, mixed, &policy)
        );
    }

    #[test]
    fn the_mrr_of_all_is_the_sum_of_the_mrr_of_each(
        rows in prop::collection::vec(plain_subscription(), 0..8),
        policy in policy(),
    ) {
        let whole = figures(rows.clone(), vec![], &policy).mrr_by_currency;
        for (currency, total) in whole {
            let sum = rows
                .iter()
                .filter_map(|row| {
                    let one = figures(vec![row.clone()], vec![], &policy);
                    one.mrr_by_currency.get(&currency).copied()
                })
                .try_fold(Ratio::ZERO, Ratio::checked_add);
            prop_assert_eq!(sum, Some(total));
        }
    }

    #[test]
    fn rows_survive_being_written_down(
        subscriptions in prop::option::of(prop::collection::vec(subscription(), 0..3)),
        payments in prop::option::of(prop::collection::vec(payment(), 0..3)),
    ) {
        let history = BillingHistory { subscriptions, payments };
        let json = serde_json::to_string(&history).expect("serialisable");
        let read: BillingHistory = serde_json::from_str(&json).expect("as written");
        prop_assert_eq!(read, history);
    }

    #[test]
    fn any_two_states_can_be_compared(previous in state(), current in state()) {
        let thresholds = AlertThresholds::default();
        let raised = alerts(Before::Seen(&previous), &current, &thresholds);
        prop_assert!(raised.len() <= 3, "new and large exclude each other");
        prop_assert_eq!(alerts(Before::Seen(&current), &current, &thresholds), vec![]);
    }
}
