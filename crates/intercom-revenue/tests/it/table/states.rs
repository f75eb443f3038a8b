//! Which subscriptions count: their status, pauses, cancellations, stale and shared ones.

use intercom_revenue::{
    BilledCustomer, CollectionPause, Preset, RevenuePolicy, Spelling, Subscription, portfolio,
    revenue,
};

use super::{NOW, Row, days, in_status, monthly};

pub(super) fn rows() -> Vec<Row> {
    let active = || monthly(5_000);
    let running_on = Subscription { period_ends_at: days(10), ..in_status("canceled") };
    let on_hold = Subscription { collection_pause: Some(CollectionPause::default()), ..active() };
    let ending = Subscription { cancel_at_period_end: true, period_ends_at: days(10), ..active() };
    let loose = Subscription { status_spelling: Spelling::Loose, ..in_status("Active ") };
    vec![
        Row::mrr(14, vec![in_status("trialing")])
            .seed("0.00 USD trial")
            .default("0.00 USD trial")
            .also(Preset::Default, "potential", "50.00 USD trial"),
        Row::mrr(15, vec![in_status("past_due")])
            .seed("0.00 USD past_due")
            .default("0.00 USD past_due")
            .best("50.00 USD past_due")
            .by(Preset::Stripe, "50.00 USD past_due")
            .by(Preset::Profitwell, "50.00 USD past_due")
            .by(Preset::Recurly, "50.00 USD past_due"),
        Row::mrr(16, vec![in_status("unpaid")]).seed("0.00 USD").default("0.00 USD"),
        Row::mrr(17, vec![running_on])
            .seed("0.00 USD")
            .default("0.00 USD")
            .by(Preset::Stripe, "0.00 USD")
            .by(Preset::Profitwell, "50.00 USD paid_period"),
        Row::mrr(18, vec![in_status("incomplete"), in_status("incomplete_expired")])
            .seed("0.00 USD")
            .default("0.00 USD"),
        Row::mrr(19, vec![in_status("paused")]).seed("0.00 USD").default("0.00 USD"),
        Row::mrr(20, vec![on_hold])
            .seed("50.00 USD collection_paused")
            .default("50.00 USD collection_paused")
            .best("0.00 USD collection_paused")
            .by(Preset::Profitwell, "0.00 USD collection_paused"),
        Row::mrr(21, vec![ending])
            .seed("50.00 USD scheduled_churn")
            .default("50.00 USD scheduled_churn")
            .by(Preset::Stripe, "0.00 USD scheduled_churn"),
        Row::mrr(22, vec![Subscription { period_ends_at: days(-40), ..active() }])
            .seed("50.00 USD stale_period")
            .default("50.00 USD stale_period"),
        // One customer of the two; their sum is tested below.
        Row::mrr(39, vec![active()]).seed("50.00 USD").default("50.00 USD"),
        Row::mrr(40, vec![loose]).seed("0.00 USD loose_spelling").default("50.00 USD"),
    ]
}

/// Row 39: two contacts, one billing account.
#[test]
fn a_shared_billing_account_counts_once() {
    let check = |policy: &RevenuePolicy, total: &str, n_shared| {
        let history = super::BillingHistory {
            subscriptions: Some(vec![monthly(5_000)]),
            ..Default::default()
        };
        let figures = revenue(&history, policy, NOW);
        let customer = |key, billing_id, day| BilledCustomer {
            key,
            billing_id,
            updated_at: days(day),
            revenue: &figures,
        };
        let mut customers = vec![customer("a", Some("cus_1"), 1), customer("b", Some("cus_1"), 2)];
        customers.extend([customer("c", None, 0), customer("d", None, 0)]);
        for _ in 0..customers.len() {
            customers.rotate_left(1);
            let sums = portfolio(&customers, policy);
            assert_eq!(format!("{:?}", sums.mrr_by_currency), total);
            assert_eq!((sums.n_customers, sums.n_shared), (4, n_shared));
            let bearers = intercom_revenue::bearers(&customers, policy);
            let carries = |key| {
                let index = customers.iter().position(|customer| customer.key == key);
                bearers[index.expect("a customer")]
            };
            assert_eq!((carries("a"), carries("b")), (n_shared == 0, true));
        }
    };
    check(&RevenuePolicy::seed(), "{USD: 20000}", 0);
    check(&RevenuePolicy::default(), "{USD: 15000}", 1);
}
