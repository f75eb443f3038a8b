use std::num::NonZeroU32;

use chrono::{DateTime, Utc};
use intercom_revenue::{
    AlertState, AlertThresholds, Before, BilledCustomer, BillingHistory, CollectionPause, Counted,
    Currency, Discount, DiscountDuration, Dispute, FlatPlan, Interval, Money, Payment,
    PaymentStatus, Preset, PriceUnit, Ratio, Reduction, Refund, Revenue, RevenuePolicy, Spelling,
    Subscription, SubscriptionItem, SubscriptionStatus, Usage, Verdict, alerts, explain,
    next_change, portfolio, revenue,
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

fn discounts() -> impl Strategy<Value = Vec<Discount>> {
    let reduction = prop_oneof![
        decimal().prop_map(|decimal| Reduction::Percent(decimal.unwrap_or_default())),
        (0_u32..=100).prop_map(|percent| Reduction::Percent(percent.into())),
        (decimal(), currency()).prop_map(|(minor, currency)| Reduction::Amount {
            minor: minor.unwrap_or_default(),
            currency,
        }),
        Just(Reduction::Unreadable),
    ];
    let duration = prop::sample::select(vec![
        DiscountDuration::Once,
        DiscountDuration::Repeating,
        DiscountDuration::Forever,
    ]);
    let discount = (reduction, duration, instant())
        .prop_map(|(reduction, duration, ends_at)| Discount { reduction, duration, ends_at });
    prop::collection::vec(discount, 0..3)
}

fn item() -> impl Strategy<Value = SubscriptionItem> {
    let word = prop::sample::select(vec!["day", "week", "month", "year", "decade"]);
    let count = prop::option::of(any::<u32>());
    let usage = prop::sample::select(vec![Usage::Licensed, Usage::Metered]);
    let quantity = prop::option::of(any::<u64>());
    (decimal(), quantity, word, count, usage, decimal(), discounts()).prop_map(
        |(amount, quantity, interval, interval_count, usage, included_tax_percent, discounts)| {
            let interval = Interval::parse(interval);
            SubscriptionItem {
                amount,
                quantity,
                interval,
                interval_count,
                usage,
                included_tax_percent,
                discounts,
            }
        },
    )
}

fn subscription() -> impl Strategy<Value = Subscription> {
    let words = SubscriptionStatus::DEFINED.map(|status| status.as_str().to_owned());
    let word = prop::sample::select([words.as_slice(), &["?".to_owned()]].concat());
    let pause = instant().prop_map(|resumes_at| CollectionPause { resumes_at });
    let end = (instant(), any::<bool>(), instant(), prop::option::of(pause));
    let prices = (prop::option::of(item()), prop::collection::vec(item(), 0..3), discounts());
    (id(), word, currency(), end, prices).prop_map(|(id, status, currency, end, prices)| {
        let (period_ends_at, cancel_at_period_end, cancels_at, collection_pause) = end;
        let (plan, items, discounts) = prices;
        Subscription {
            id,
            status_spelling: Spelling::Exact,
            status: SubscriptionStatus::parse(&status),
            currency,
            period_ends_at,
            cancel_at_period_end,
            cancels_at,
            collection_pause,
            discounts,
            plan,
            items,
        }
    })
}

fn payment() -> impl Strategy<Value = Payment> {
    let word = prop::sample::select(vec!["succeeded", "paid", "failed", "?"]);
    let refund = prop_oneof![
        Just(Refund::Nothing),
        decimal().prop_map(|part| Refund::Part(part.unwrap_or_default())),
        Just(Refund::Everything),
    ];
    let disputes = vec![Dispute::Open, Dispute::Won, Dispute::Lost];
    let dispute = prop::option::of(prop::sample::select(disputes));
    let reversal = (refund, dispute, decimal());
    (id(), word, currency(), decimal(), reversal, instant()).prop_map(
        |(id, status, currency, amount, (refund, dispute, tax), created_at)| Payment {
            id,
            status: PaymentStatus::parse(status),
            status_spelling: Spelling::Exact,
            currency,
            amount,
            refund,
            dispute,
            tax,
            created_at,
        },
    )
}

fn flat_plan() -> impl Strategy<Value = Option<FlatPlan>> {
    let statuses = vec![SubscriptionStatus::Active, SubscriptionStatus::Canceled];
    let plan = (prop::sample::select(statuses), decimal(), currency());
    prop::option::of(plan.prop_map(|(status, price, currency)| FlatPlan {
        status,
        price: price.unwrap_or_default(),
        currency,
        interval: None,
    }))
}

fn plain_subscription() -> impl Strategy<Value = Subscription> {
    let word = prop::sample::select(vec!["day", "week", "month", "year"]);
    let off = prop::option::of((0_u32..=100).prop_map(|percent| Discount {
        reduction: Reduction::Percent(percent.into()),
        duration: DiscountDuration::Forever,
        ends_at: None,
    }));
    (0_u32..1_000_000, word, 1_u32..37, currency(), off).prop_map(
        |(amount, interval, count, currency, off)| Subscription {
            status: SubscriptionStatus::Active,
            currency,
            discounts: off.into_iter().collect(),
            plan: Some(SubscriptionItem {
                amount: Some(amount.into()),
                interval: Interval::parse(interval),
                interval_count: Some(count),
                ..SubscriptionItem::default()
            }),
            ..Subscription::default()
        },
    )
}

/// Every preset, with and without rates, and one that counts whatever can count.
fn policy() -> impl Strategy<Value = RevenuePolicy> {
    let generous = RevenuePolicy {
        trialing: Counted::Always,
        unpaid: Counted::Always,
        metered_counts: true,
        plan_price_unit: PriceUnit::Major,
        deduct_payment_tax: true,
        ..RevenuePolicy::profitwell()
    };
    let mut policies: Vec<RevenuePolicy> = Preset::ALL.map(Preset::policy).to_vec();
    policies.push(generous);
    let rate = |number: i64| Ratio::new(number, NonZeroU32::new(997).expect("not zero"));
    let rates = [(Currency::EUR, rate(1_083)), (Currency::JPY, rate(7))];
    (prop::sample::select(policies), any::<bool>()).prop_map(move |(policy, converts)| {
        let rates = rates.into_iter().filter(|_| converts).collect();
        RevenuePolicy { rates, ..policy }
    })
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_766_415_600, 0).expect("in range")
}

fn figures(
    subscriptions: Vec<Subscription>,
    payments: Vec<Payment>,
    policy: &RevenuePolicy,
) -> Revenue {
    let history = BillingHistory {
        subscriptions: Some(subscriptions),
        payments: Some(payments),
        flat_plan: None,
    };
    revenue(&history, policy, now())
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
            ..AlertState::default()
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
    fn the_mrr_of_many_customers_is_that_of_all_their_rows(
        (customers, shuffled) in prop::collection::vec(
            (prop::option::of("[ab]"), prop::collection::vec(plain_subscription(), 0..4)),
            0..6,
        ).prop_flat_map(|customers| (Just(customers.clone()), Just(customers).prop_shuffle())),
        policy in policy(),
    ) {
        let policy = RevenuePolicy { merge_shared_billing: false, ..policy };
        let total = |customers: &[(Option<String>, Vec<Subscription>)]| {
            let figures: Vec<Revenue> = customers
                .iter()
                .map(|(_, rows)| figures(rows.clone(), vec![], &policy))
                .collect();
            let customers = customers.iter().zip(&figures);
            let customers: Vec<BilledCustomer<'_>> = customers
                .map(|((id, _), revenue)| BilledCustomer {
                    key: "",
                    billing_id: id.as_deref(),
                    updated_at: None,
                    revenue,
                })
                .collect();
            portfolio(&customers, &policy)
        };
        let all = total(&customers);
        prop_assert_eq!(&all, &total(&shuffled));
        let rows = customers.into_iter().flat_map(|(_, rows)| rows).collect();
        prop_assert_eq!(all.mrr_by_currency, figures(rows, vec![], &policy).mrr_by_currency);
    }

    #[test]
    fn no_unit_of_a_payment_is_lost(
        units in prop::collection::vec((-1_000_000_i64..=1_000_000_000, 0_u32..=100), 0..20),
    ) {
        let rows = units.iter().map(|&(minor, percent)| {
            let part = Decimal::from(minor.max(0)) * Decimal::new(percent.into(), 2);
            Payment {
                status: PaymentStatus::Succeeded,
                amount: Some(minor.into()),
                refund: Refund::Part(part),
                ..Payment::default()
            }
        });
        let rows: Vec<Payment> = rows.collect();
        let refunded = rows.iter().try_fold(Ratio::ZERO, |sum, row| match &row.refund {
            Refund::Part(part) => sum.checked_add(Ratio::from_decimal(*part)),
            Refund::Nothing | Refund::Everything => Some(sum),
        });
        let gross: i64 = units.iter().map(|(minor, _)| minor).sum();
        let signed = RevenuePolicy { negative_totals_count: true, ..RevenuePolicy::default() };
        let by_default = figures(vec![], rows.clone(), &signed);
        prop_assert_eq!(by_default.ltv.map(|ltv| ltv.minor), Some(gross));
        let net = figures(vec![], rows, &RevenuePolicy::best_practice());
        let net = net.ltv_by_currency.get(&Currency::USD).copied().unwrap_or_default();
        prop_assert_eq!(refunded.and_then(|refunded| net.checked_add(refunded)),
            Some(Ratio::whole(gross.into())));
    }

    #[test]
    fn no_unit_of_a_monthly_price_is_lost(
        prices in prop::collection::vec((any::<u32>(), any::<u16>()), 0..20),
    ) {
        let rows = prices.iter().map(|&(minor, quantity)| Subscription {
            status: SubscriptionStatus::Active,
            plan: Some(SubscriptionItem {
                amount: Some(minor.into()),
                quantity: Some(quantity.into()),
                interval: Interval::Month,
                ..SubscriptionItem::default()
            }),
            ..Subscription::default()
        });
        let mrr = figures(rows.collect(), vec![], &RevenuePolicy::default()).mrr;
        let total = prices.iter().map(|&(minor, pieces)| i64::from(minor) * i64::from(pieces));
        prop_assert_eq!(mrr.map(|mrr| mrr.minor), Some(total.sum()));
    }

    #[test]
    fn figures_are_sums_over_their_explanation(
        subscriptions in prop::collection::vec(subscription(), 0..5),
        payments in prop::collection::vec(payment(), 0..5),
        policy in policy(),
    ) {
        let history = BillingHistory {
            subscriptions: Some(subscriptions),
            payments: Some(payments),
            flat_plan: None,
        };
        let figures = revenue(&history, &policy, now());
        let lines = explain(&history, &policy, now());
        let n_counted = lines
            .subscriptions
            .iter()
            .flatten()
            .filter(|line| line.verdict == Verdict::Counts)
            .count();
        let n_paid = figures.paid_subscription_count.expect("recorded") as usize;
        prop_assert!(n_paid <= n_counted);
        for (&currency, &total) in &figures.ltv_by_currency {
            let sum = lines
                .payments
                .iter()
                .flatten()
                .filter(|line| line.verdict == Verdict::Counts && line.currency == currency)
                .filter_map(|line| line.amount)
                .try_fold(Ratio::ZERO, Ratio::checked_add);
            // Another order of adding may overflow where the figure does not.
            prop_assert!(sum.is_none_or(|sum| sum == total));
        }
        let says = |code| figures.notes.iter().any(|note| note.code == code);
        let is_explained = says(intercom_revenue::NoteCode::Overflow)
            || says(intercom_revenue::NoteCode::NoRate);
        prop_assert!(figures.mrr.is_some() || is_explained);
        prop_assert!(figures.mrr.is_none_or(|mrr| mrr.minor >= 0 || policy.negative_prices_count));
    }

    #[test]
    fn any_history_has_figures(
        subscriptions in prop::option::of(prop::collection::vec(subscription(), 0..3)),
        payments in prop::option::of(prop::collection::vec(payment(), 0..3)),
        flat_plan in flat_plan(),
        policy in policy(),
    ) {
        let history = BillingHistory { subscriptions, payments, flat_plan };
        let json = serde_json::to_string(&history).expect("serialisable");
        let read: BillingHistory = serde_json::from_str(&json).expect("as written");
        prop_assert_eq!(&read, &history);
        prop_assert_eq!(revenue(&read, &policy, now()), revenue(&history, &policy, now()));
    }

    #[test]
    fn ratios_survive_being_written_down(numerator in any::<i128>(), denominator in 1_u32..) {
        prop_assume!(numerator != i128::MIN);
        let denominator = NonZeroU32::new(denominator).expect("not zero");
        let ratio = Ratio::whole(numerator).checked_div(denominator).expect("fits");
        prop_assert_eq!(ratio.to_string().parse::<Ratio>(), Ok(ratio));
    }

    #[test]
    fn any_two_states_can_be_compared(previous in state(), current in state()) {
        let thresholds = AlertThresholds::default();
        let raised = alerts(Before::Seen(&previous), &current, &thresholds);
        prop_assert!(raised.len() <= 3, "new and large exclude each other");
        prop_assert_eq!(alerts(Before::Seen(&current), &current, &thresholds), vec![]);
    }

    #[test]
    fn figures_stay_until_the_next_change(
        subscriptions in prop::collection::vec(subscription(), 0..5),
        payments in prop::collection::vec(payment(), 0..5),
        flat_plan in flat_plan(),
        policy in policy(),
        share in 0_i64..100,
    ) {
        let history = BillingHistory {
            subscriptions: Some(subscriptions),
            payments: Some(payments),
            flat_plan,
        };
        let end = next_change(&history, now()).unwrap_or(now() + chrono::TimeDelta::days(4_000));
        let later = now() + (end - now() - chrono::TimeDelta::seconds(1)) / 100 * i32::try_from(share).expect("small");
        let (early, late) = (revenue(&history, &policy, now()), revenue(&history, &policy, later));
        prop_assert_eq!((early.mrr, early.arr, early.ltv), (late.mrr, late.arr, late.ltv));
        prop_assert_eq!(early.subscription_count, late.subscription_count);
        prop_assert_eq!(early.potential_mrr, late.potential_mrr);
        prop_assert_eq!(early.last_payment, late.last_payment);
    }
}
