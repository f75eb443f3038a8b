use chrono::TimeDelta;
use intercom_revenue::{
    BillingHistory, CollectionPause, Currency, Discount, DiscountDuration, FlatPlan, Interval,
    NoteCode, Payment, PriceUnit, Ratio, Reduction, Refund, RevenuePolicy, Subscription,
    SubscriptionItem, SubscriptionStatus, Usage, explain, revenue, revenue_in,
};
use rust_decimal::Decimal;

use crate::table::{NOW, active, in_status, monthly, price, shown, succeeded};

fn subscribed(rows: Vec<Subscription>) -> BillingHistory {
    BillingHistory { subscriptions: Some(rows), ..Default::default() }
}

fn paid(rows: Vec<Payment>) -> BillingHistory {
    BillingHistory { payments: Some(rows), ..Default::default() }
}

fn named(id: &str, row: Subscription) -> Subscription {
    Subscription { id: Some(id.to_owned()), ..row }
}

fn of_currency(code: &str, row: Subscription) -> Subscription {
    Subscription { currency: Some(code.parse().expect("a currency code")), ..row }
}

#[track_caller]
fn check(rows: Vec<Subscription>, policy: &RevenuePolicy, expected: &str) {
    assert_eq!(shown(&subscribed(rows), policy, "mrr"), expected);
}

#[track_caller]
fn check_default(rows: Vec<Subscription>, expected: &str) {
    check(rows, &RevenuePolicy::default(), expected);
}

#[track_caller]
fn check_best(rows: Vec<Subscription>, expected: &str) {
    check(rows, &RevenuePolicy::best_practice(), expected);
}

#[test]
fn an_interval_count_of_zero_is_no_interval() {
    let plan = SubscriptionItem { interval_count: Some(0), ..price(9_000, "month") };
    check_default(vec![active(plan)], "0.00 USD unknown_interval");
}

#[test]
fn a_status_that_nobody_defined_counts_as_none() {
    check_default(vec![in_status("asleep")], "0.00 USD unknown_status");
    check_default(vec![in_status(" Active ")], "50.00 USD");
}

#[test]
fn every_status_counts_when_the_policy_says_so() {
    use intercom_revenue::Counted::Always;
    let all = RevenuePolicy {
        trialing: Always,
        past_due: Always,
        unpaid: Always,
        canceled: Always,
        incomplete: Always,
        paused: Always,
        ..RevenuePolicy::default()
    };
    for status in SubscriptionStatus::DEFINED {
        let history = subscribed(vec![in_status(status.as_str())]);
        let figures = revenue(&history, &all, NOW);
        assert_eq!(figures.mrr.map(|mrr| mrr.minor), Some(5_000), "{status}");
        assert_eq!(figures.subscription_count, Some(1), "{status}");
    }
}

#[test]
fn what_is_paid_for_counts_until_its_period_ends() {
    let policy = RevenuePolicy::profitwell();
    let canceled = |days| Subscription {
        period_ends_at: Some(NOW + TimeDelta::days(days)),
        ..in_status("canceled")
    };
    check(vec![canceled(1)], &policy, "50.00 USD paid_period");
    check(vec![canceled(0)], &policy, "0.00 USD");
    check(vec![in_status("canceled")], &policy, "0.00 USD");

    let ending = |days| Subscription {
        cancels_at: Some(NOW + TimeDelta::days(days)),
        period_ends_at: Some(NOW + TimeDelta::days(20)),
        ..in_status("active")
    };
    check_best(vec![ending(1)], "50.00 USD scheduled_churn");
    check_best(vec![ending(-1)], "0.00 USD scheduled_churn");
    let open_end = Subscription { cancel_at_period_end: true, ..in_status("active") };
    check_best(vec![open_end], "50.00 USD scheduled_churn");
}

#[test]
fn a_pause_that_is_over_is_none() {
    let paused = |days| Subscription {
        collection_pause: Some(CollectionPause { resumes_at: Some(NOW + TimeDelta::days(days)) }),
        ..monthly(5_000)
    };
    check_best(vec![paused(1)], "0.00 USD collection_paused");
    check_best(vec![paused(-1)], "50.00 USD");
}

#[test]
fn a_trial_on_its_way_out_is_potential_all_the_same() {
    let trial = Subscription { cancel_at_period_end: true, ..in_status("trialing") };
    let figures = revenue(&subscribed(vec![trial]), &RevenuePolicy::stripe(), NOW);
    assert_eq!(figures.potential_mrr.map(|money| money.minor), Some(5_000));
    assert_eq!(figures.subscription_count, Some(0));
}

fn off(reduction: Reduction) -> Discount {
    Discount { reduction, duration: DiscountDuration::Forever, ends_at: None }
}

fn amount_off(minor: i64, currency: Option<Currency>) -> Discount {
    off(Reduction::Amount { minor: minor.into(), currency })
}

#[test]
fn discounts_are_deducted_one_after_the_other() {
    let half = off(Reduction::Percent(50.into()));
    let of = |discounts| vec![Subscription { discounts, ..monthly(10_000) }];
    check_best(of(vec![half.clone(), amount_off(1_000, None)]), "40.00 USD discounted");
    check_best(of(vec![amount_off(1_000, None), half.clone()]), "45.00 USD discounted");
    check_best(of(vec![amount_off(20_000, None)]), "0.00 USD free discounted");

    let ended = Discount { ends_at: Some(NOW), ..half.clone() };
    check_best(of(vec![ended]), "100.00 USD");
    let euros = amount_off(1_000, Some(Currency::EUR));
    check_best(of(vec![euros]), "100.00 USD unreadable_discount");
    let too_much = off(Reduction::Percent(101.into()));
    check_best(of(vec![too_much]), "100.00 USD unreadable_discount");
    check_best(of(vec![off(Reduction::Unreadable)]), "100.00 USD unreadable_discount");
    check_best(of(vec![amount_off(-5, None)]), "100.00 USD unreadable_discount");

    let line = SubscriptionItem { discounts: vec![half], ..price(10_000, "month") };
    let two = Subscription { plan: None, items: vec![line, price(100, "month")], ..monthly(0) };
    check_best(vec![two], "51.00 USD discounted");
}

#[test]
fn an_amount_off_every_invoice_is_spread_like_the_invoice() {
    let quarterly = SubscriptionItem { interval_count: Some(3), ..price(9_000, "month") };
    let of = |plan| vec![Subscription { discounts: vec![amount_off(300, None)], ..active(plan) }];
    check_best(of(quarterly), "29.00 USD discounted");
    check_best(of(price(120_000, "year")), "99.75 USD discounted");
}

#[test]
fn lines_of_a_subscription_add_up() {
    let metered = SubscriptionItem { usage: Usage::Metered, ..price(7, "month") };
    let items = vec![price(1_000, "month"), price(12_000, "year"), metered];
    let listed = Subscription { plan: None, items, ..monthly(0) };
    check_default(vec![listed.clone()], "20.00 USD metered");
    let both = Subscription { plan: Some(price(500, "month")), ..listed };
    check_default(vec![both.clone()], "5.00 USD");
    let lines_first = RevenuePolicy {
        prices: intercom_revenue::PriceSource::ItemsElsePlan,
        ..RevenuePolicy::default()
    };
    check(vec![both], &lines_first, "20.00 USD metered");
    check(vec![monthly(300)], &lines_first, "3.00 USD");
}

#[test]
fn a_fraction_of_a_unit_is_rounded_once() {
    let half = || monthly(Decimal::new(5, 1));
    check_default(vec![half()], "0.01 USD");
    check_default(vec![half(), half(), half()], "0.02 USD");
    let even = RevenuePolicy {
        rounding: intercom_revenue::Rounding::HalfEven,
        ..RevenuePolicy::default()
    };
    check(vec![half()], &even, "0.00 USD");
}

#[test]
fn arr_may_be_twelve_times_the_rounded_mrr() {
    let multiplied = RevenuePolicy {
        arr_basis: intercom_revenue::ArrBasis::RoundedMrr,
        ..RevenuePolicy::default()
    };
    let year = subscribed(vec![active(price(299_000, "year"))]);
    assert_eq!(shown(&year, &multiplied, "arr"), "2990.04 USD");
}

#[test]
fn decimals_of_currencies() {
    check_default(vec![of_currency("ugx", monthly(50_000))], "500.00 UGX");
    check_default(vec![of_currency("bhd", monthly(1_230))], "1.230 BHD");
    check_default(vec![of_currency("clp", monthly(990))], "990 CLP");
    let sek = of_currency("sek", monthly(10_000));
    let eur = of_currency("eur", monthly(10_000));
    check_default(vec![sek, eur], "100.00 EUR mixed_currency");
}

#[test]
fn given_rates_put_all_currencies_into_one() {
    let rates = [("EUR", "1.08"), ("JPY", "0.0065"), ("KWD", "3.25")];
    let rates = rates.map(|(code, rate)| {
        (code.parse().expect("a currency code"), rate.parse().expect("a rate"))
    });
    let policy = RevenuePolicy { rates: rates.into(), ..RevenuePolicy::default() };
    let eur = of_currency("eur", monthly(10_000));
    let jpy = of_currency("jpy", monthly(10_000));
    let kwd = of_currency("kwd", monthly(10_000));
    let sek = of_currency("sek", monthly(10_000));
    check(vec![eur.clone(), monthly(10_000)], &policy, "208.00 USD");
    check(vec![jpy], &policy, "65.00 USD");
    check(vec![kwd], &policy, "32.50 USD");
    check(vec![eur.clone(), sek.clone()], &policy, "108.00 USD no_rate");
    check(vec![sek.clone()], &policy, "100.00 SEK no_rate");
    check(vec![sek, monthly(500)], &policy, "5.00 USD no_rate");
    check(vec![], &policy, "0.00 USD");
    let history = BillingHistory { payments: Some(vec![succeeded(500)]), ..subscribed(vec![eur]) };
    assert_eq!(shown(&history, &policy, "ltv"), "5.00 USD");
}

#[test]
fn of_several_currencies_the_one_of_before_stays() {
    let rows = ["chf", "eur", "usd"].map(|code| of_currency(code, monthly(10_000)));
    let in_currency = |rows: &[Subscription], before: Option<&str>| {
        let before = before.map(|code| code.parse().expect("a currency code"));
        let history = subscribed(rows.to_vec());
        let figures = revenue_in(&history, &RevenuePolicy::default(), before, NOW);
        figures.mrr.expect("an MRR").currency.to_string()
    };
    assert_eq!(in_currency(&rows, None), "USD");
    assert_eq!(in_currency(&rows, Some("EUR")), "EUR");
    assert_eq!(in_currency(&rows, Some("GBP")), "USD", "nothing is paid in it any more");
    assert_eq!(in_currency(&rows[..2], None), "CHF");
    assert_eq!(in_currency(&rows[..2], Some("EUR")), "EUR");
    // What is free is no reason to leave out what is paid.
    let free = of_currency("usd", monthly(0));
    assert_eq!(in_currency(&[free, rows[1].clone()], Some("USD")), "EUR");
}

#[test]
fn a_credit_is_no_subscription() {
    let n = |policy| {
        let rows = subscribed(vec![monthly(10_000), monthly(-100)]);
        revenue(&rows, &policy, NOW).subscription_count
    };
    assert_eq!(n(RevenuePolicy::default()), Some(1));
    assert_eq!(n(RevenuePolicy::recurly()), Some(2), "it counts");
}

#[test]
fn what_may_be_paid_all_the_same_is_doubted() {
    let doubts = |row: Subscription, policy: &RevenuePolicy| {
        let codes = revenue(&subscribed(vec![row]), policy, NOW).mrr_doubts;
        codes.into_iter().collect::<Vec<_>>()
    };
    let policy = RevenuePolicy::default();
    let with_plan = |change: fn(&mut SubscriptionItem)| {
        let mut row = monthly(10_000);
        row.plan.iter_mut().for_each(change);
        row
    };
    let unknown = Subscription { status: SubscriptionStatus::parse("running"), ..monthly(10_000) };
    assert_eq!(doubts(unknown, &policy), [NoteCode::UnknownStatus]);
    let decade = with_plan(|plan| plan.interval = Interval::parse("decade"));
    assert_eq!(doubts(decade.clone(), &policy), [NoteCode::UnknownInterval]);
    assert_eq!(doubts(decade.clone(), &RevenuePolicy::seed()), [], "it counts as a month");
    let over = Subscription { status: SubscriptionStatus::Canceled, ..decade };
    assert_eq!(doubts(over, &policy), []);
    let negative = with_plan(|plan| plan.amount = plan.amount.map(|amount| -amount));
    assert_eq!(doubts(negative.clone(), &policy), [], "a credit is no MRR");
    assert_eq!(doubts(negative, &RevenuePolicy::recurly()), [], "it counts");
    let tiered = with_plan(|plan| plan.amount = None);
    assert_eq!(doubts(tiered, &policy), [NoteCode::Unpriceable]);
    let absurd = with_plan(|plan| {
        (plan.amount, plan.quantity) = (Some(Decimal::MAX), Some(u64::MAX));
    });
    assert_eq!(doubts(absurd, &policy), [NoteCode::Overflow]);
    assert_eq!(doubts(monthly(10_000), &policy), []);
}

#[test]
fn figures_share_the_currency_of_the_subscriptions() {
    let euros = subscribed(vec![of_currency("eur", monthly(1_000))]);
    let history = BillingHistory { payments: Some(vec![succeeded(500)]), ..euros };
    let figures = revenue(&history, &RevenuePolicy::default(), NOW);
    assert_eq!(figures.mrr.map(|money| money.to_string()).as_deref(), Some("10.00 EUR"));
    assert_eq!(figures.ltv.map(|money| money.to_string()).as_deref(), Some("0.00 EUR"));
    assert_eq!(figures.ltv_by_currency[&Currency::USD], Ratio::whole(500));
    assert_eq!(figures.notes[0].code, NoteCode::MixedCurrency);
}

#[test]
fn one_id_counts_once_and_the_latest_stays() {
    let ending = |days, row| Subscription {
        period_ends_at: Some(NOW + TimeDelta::days(days)),
        ..named("sub_1", row)
    };
    let (old, new) = (ending(1, monthly(1_000)), ending(31, in_status("canceled")));
    check_default(vec![old.clone(), new.clone()], "0.00 USD duplicate");
    check_default(vec![new, old], "0.00 USD duplicate");
    check_default(vec![monthly(1_000), monthly(1_000)], "20.00 USD");
}

#[test]
fn what_does_not_fit_is_left_out_with_a_note() {
    let beyond = SubscriptionItem { quantity: Some(u64::MAX), ..price(Decimal::MAX, "month") };
    check_default(vec![active(beyond), monthly(100)], "1.00 USD overflow");
    check_default(vec![monthly(i64::MAX), monthly(1)], "- overflow");
    let ceiling = subscribed(vec![monthly(i64::MAX)]);
    let policy = RevenuePolicy::default();
    assert_eq!(shown(&ceiling, &policy, "mrr"), "92233720368547758.07 USD overflow");
    assert_eq!(shown(&ceiling, &policy, "arr"), "- overflow");
}

#[test]
fn refunds_take_their_share_of_the_tax_along() {
    let row = Payment {
        refund: Refund::Part(5_950.into()),
        tax: Some(1_900.into()),
        ..succeeded(11_900)
    };
    let history = paid(vec![row]);
    let net_of_tax = RevenuePolicy { deduct_payment_tax: true, ..RevenuePolicy::best_practice() };
    assert_eq!(shown(&history, &RevenuePolicy::default(), "net"), "50.00 USD refunded");
    assert_eq!(shown(&history, &net_of_tax, "ltv"), "50.00 USD refunded");
    assert_eq!(shown(&history, &RevenuePolicy::best_practice(), "ltv"), "59.50 USD refunded");
}

#[test]
fn more_refunds_than_payments_are_nothing_to_date() {
    let history = paid(vec![succeeded(-5_000)]);
    let by = |policy: &RevenuePolicy| shown(&history, policy, "ltv");
    assert_eq!(by(&RevenuePolicy::seed()), "-50.00 USD");
    assert_eq!(by(&RevenuePolicy::default()), "0.00 USD negative_total");
}

#[test]
fn a_flat_plan_stands_in_for_a_list_that_was_never_recorded() {
    let plan = |status, price: Decimal| FlatPlan { status, price, currency: None, interval: None };
    let flat = |plan| BillingHistory { flat_plan: Some(plan), ..Default::default() };
    let active = flat(plan(SubscriptionStatus::Active, 4_900.into()));
    let default = RevenuePolicy::default();
    assert_eq!(shown(&active, &default, "mrr"), "49.00 USD flat_price");
    assert_eq!(shown(&active, &default, "count"), "1/1 flat_price");
    assert_eq!(shown(&active, &RevenuePolicy::seed(), "mrr"), "-");

    let canceled = flat(plan(SubscriptionStatus::Canceled, 4_900.into()));
    assert_eq!(shown(&canceled, &default, "mrr"), "0.00 USD flat_price");

    let in_major = RevenuePolicy { plan_price_unit: PriceUnit::Major, ..default.clone() };
    let yearly = FlatPlan {
        interval: Some(Interval::Year),
        currency: Some(Currency::JPY),
        ..plan(SubscriptionStatus::Active, 4_900.into())
    };
    assert_eq!(shown(&flat(yearly), &in_major, "mrr"), "408 JPY flat_price");
    assert_eq!(shown(&active, &in_major, "mrr"), "4900.00 USD flat_price");

    // Nobody says how often it is paid.
    let unsaid = |status| FlatPlan {
        interval: Some(Interval::Other("annual".into())),
        ..plan(status, 29_900.into())
    };
    let annual = flat(unsaid(SubscriptionStatus::Active));
    assert_eq!(shown(&annual, &default, "mrr"), "- unknown_interval flat_price");
    assert_eq!(shown(&annual, &default, "arr"), "- unknown_interval flat_price");
    assert_eq!(shown(&annual, &default, "count"), "1/1 unknown_interval flat_price");
    let lapsed = flat(unsaid(SubscriptionStatus::Canceled));
    assert_eq!(shown(&lapsed, &default, "mrr"), "0.00 USD flat_price");
    let literal = RevenuePolicy { flat_price_counts: true, ..RevenuePolicy::seed() };
    assert_eq!(shown(&annual, &literal, "mrr"), "299.00 USD unknown_interval flat_price");

    // 29.99 is no number of cents.
    let fractional = flat(plan(SubscriptionStatus::Active, "29.99".parse().expect("a price")));
    assert_eq!(shown(&fractional, &default, "mrr"), "- flat_price fractional_minor_units");
    assert_eq!(shown(&fractional, &in_major, "mrr"), "29.99 USD flat_price");
    let whole = flat(plan(SubscriptionStatus::Active, "2999.0".parse().expect("a price")));
    assert_eq!(shown(&whole, &default, "mrr"), "29.99 USD flat_price");

    let listed = BillingHistory { subscriptions: Some(vec![]), ..active };
    assert_eq!(shown(&listed, &default, "mrr"), "0.00 USD");
}

#[test]
fn figures_serialise_for_people_and_machines() {
    let row = named("sub_1", active(price(299_000, "year")));
    let odd = named("sub_2", active(price(1, "decade")));
    let figures = revenue(&subscribed(vec![row, odd]), &RevenuePolicy::default(), NOW);
    insta::assert_json_snapshot!(figures);
}

#[test]
fn every_row_can_be_explained() {
    let history = BillingHistory {
        subscriptions: Some(vec![
            named("sub_1", active(price(299_000, "year"))),
            named("sub_2", in_status("past_due")),
            named("sub_2", in_status("canceled")),
            named("sub_3", in_status("trialing")),
        ]),
        payments: Some(vec![Payment { refund: Refund::Everything, ..succeeded(100) }]),
        flat_plan: None,
    };
    insta::assert_json_snapshot!(explain(&history, &RevenuePolicy::default(), NOW));
}
