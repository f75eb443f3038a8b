//! What a price is a month: quantities, intervals, deductions, currencies, odd amounts.

use intercom_revenue::{
    BillingHistory, Discount, DiscountDuration, Preset, Reduction, Subscription, SubscriptionItem,
    Usage,
};
use rust_decimal::Decimal;

use super::{Row, active, days, monthly, price};

pub(super) fn rows() -> Vec<Row> {
    [plain(), intervals(), deductions(), shapes(), currencies(), amounts()]
        .into_iter()
        .flatten()
        .collect()
}

fn pieces(quantity: Option<u64>) -> Vec<Subscription> {
    vec![active(SubscriptionItem { quantity, ..price(2_900, "month") })]
}

fn every(interval_count: u32, amount: i64, interval: &str) -> Vec<Subscription> {
    let interval_count = Some(interval_count);
    vec![active(SubscriptionItem { interval_count, ..price(amount, interval) })]
}

fn plain() -> Vec<Row> {
    vec![
        Row::mrr(1, vec![monthly(29_900)])
            .seed("299.00 USD")
            .default("299.00 USD")
            .also(Preset::Default, "arr", "3588.00 USD")
            .also(Preset::Default, "count", "1/1"),
        Row::mrr(2, vec![active(price(299_000, "year"))])
            .seed("249.17 USD")
            .default("249.17 USD")
            .also(Preset::Seed, "arr", "2990.00 USD")
            .also(Preset::Default, "arr", "2990.00 USD")
            .also(Preset::Default, "exact mrr", "{USD: 74750/3}"),
        Row::mrr(3, vec![monthly(29_900), active(price(299_000, "year"))])
            .seed("548.17 USD")
            .default("548.17 USD"),
        Row::mrr(4, pieces(Some(5))).seed("29.00 USD").default("145.00 USD"),
        Row::mrr(5, pieces(None)).seed("29.00 USD").default("29.00 USD"),
        Row::mrr(6, pieces(Some(0))).seed("29.00 USD").default("0.00 USD free"),
    ]
}

fn intervals() -> Vec<Row> {
    vec![
        Row::mrr(7, every(3, 9_000, "month")).seed("90.00 USD").default("30.00 USD"),
        Row::mrr(8, every(2, 240_000, "year")).seed("200.00 USD").default("100.00 USD"),
        Row::mrr(9, every(12, 60_000, "month")).seed("600.00 USD").default("50.00 USD"),
        Row::mrr(10, vec![active(price(1_000, "week"))])
            .seed("10.00 USD unknown_interval")
            .default("43.33 USD")
            .by(Preset::Recurly, "42.86 USD"),
        Row::mrr(11, every(2, 2_000, "week"))
            .seed("20.00 USD unknown_interval")
            .default("43.33 USD"),
        Row::mrr(12, vec![active(price(100, "day"))])
            .seed("1.00 USD unknown_interval")
            .default("30.42 USD")
            .by(Preset::Recurly, "30.00 USD"),
        Row::mrr(13, vec![active(price(100, "decade")), active(price(100, ""))])
            .seed("2.00 USD unknown_interval")
            .default("0.00 USD unknown_interval"),
    ]
}

fn discounted(plan: SubscriptionItem, discount: Discount) -> Vec<Subscription> {
    vec![Subscription { discounts: vec![discount], ..active(plan) }]
}

fn percent(percent: i64, duration: DiscountDuration) -> Discount {
    Discount { reduction: Reduction::Percent(percent.into()), duration, ends_at: None }
}

fn deductions() -> Vec<Row> {
    let of = |amount: i64| price(amount, "month");
    let repeating = percent(50, DiscountDuration::Repeating);
    let amount_off = Discount {
        reduction: Reduction::Amount { minor: 1_000.into(), currency: None },
        duration: DiscountDuration::Forever,
        ends_at: None,
    };
    let taxed = SubscriptionItem { included_tax_percent: Some(19.into()), ..of(11_900) };
    let metered = SubscriptionItem { usage: Usage::Metered, ..of(2) };
    vec![
        Row::mrr(23, discounted(of(10_000), percent(50, DiscountDuration::Forever)))
            .seed("100.00 USD discount_ignored")
            .default("100.00 USD discount_ignored")
            .best("50.00 USD discounted"),
        Row::mrr(24, discounted(of(10_000), Discount { ends_at: days(60), ..repeating }))
            .seed("100.00 USD discount_ignored")
            .default("100.00 USD discount_ignored")
            .by(Preset::Stripe, "100.00 USD discount_ignored")
            .by(Preset::Profitwell, "50.00 USD discounted"),
        Row::mrr(25, discounted(of(10_000), percent(50, DiscountDuration::Once)))
            .seed("100.00 USD discount_ignored")
            .default("100.00 USD discount_ignored")
            .by(Preset::Profitwell, "50.00 USD discounted"),
        Row::mrr(26, discounted(price(120_000, "year"), amount_off))
            .seed("100.00 USD discount_ignored")
            .default("100.00 USD discount_ignored")
            .best("99.17 USD discounted"),
        Row::mrr(27, discounted(of(10_000), percent(100, DiscountDuration::Forever)))
            .seed("100.00 USD discount_ignored")
            .default("100.00 USD discount_ignored")
            .also(Preset::Seed, "count", "1/1 discount_ignored")
            .best("0.00 USD free discounted")
            .also(Preset::BestPractice, "count", "0/0 free discounted"),
        Row::mrr(28, vec![active(taxed)])
            .seed("119.00 USD tax_included")
            .default("119.00 USD tax_included")
            .best("100.00 USD tax_included"),
        Row::mrr(29, vec![active(metered)]).seed("0.02 USD metered").default("0.00 USD metered"),
    ]
}

fn shapes() -> Vec<Row> {
    let tiered = SubscriptionItem { amount: None, ..price(0, "month") };
    let lines = vec![price(10_000, "month"), price(24_000, "year")];
    let listed = Subscription { plan: None, items: lines, ..monthly(0) };
    vec![
        Row::mrr(30, vec![active(tiered)])
            .seed("0.00 USD unpriceable")
            .default("0.00 USD unpriceable")
            .also(Preset::BestPractice, "count", "1/1 unpriceable"),
        Row::mrr(31, vec![listed]).seed("0.00 USD unpriceable").default("120.00 USD"),
        Row::mrr(32, vec![monthly(0)])
            .seed("0.00 USD free")
            .default("0.00 USD free")
            .also(Preset::Seed, "count", "0/1 free")
            .also(Preset::Default, "count", "0/1 free")
            .also(Preset::BestPractice, "count", "0/0 free"),
        Row::of(44, BillingHistory::default(), "mrr")
            .seed("-")
            .default("-")
            .also(Preset::Default, "ltv", "-")
            .also(Preset::Default, "count", "None/None"),
        Row::mrr(45, vec![])
            .seed("0.00 USD")
            .default("0.00 USD")
            .also(Preset::Default, "arr", "0.00 USD")
            .also(Preset::Default, "count", "0/0"),
        // The text itself is read by `intercom-projection`; what is in it counts like any list.
        Row::mrr(46, vec![monthly(29_900)]).seed("299.00 USD").default("299.00 USD"),
    ]
}

fn of_currency(code: &str, amount: i64) -> Subscription {
    let currency = Some(code.parse().expect("a currency code"));
    Subscription { currency, ..monthly(amount) }
}

fn currencies() -> Vec<Row> {
    vec![
        Row::mrr(33, vec![of_currency("jpy", 5_000)]).seed("50.00 USD").default("5000 JPY"),
        Row::mrr(34, vec![of_currency("kwd", 10_000)]).seed("100.00 USD").default("10.000 KWD"),
        Row::mrr(35, vec![of_currency("isk", 50_000)]).seed("500.00 USD").default("500.00 ISK"),
        Row::mrr(36, vec![of_currency("usd", 10_000), of_currency("eur", 10_000)])
            .seed("200.00 USD")
            .default("100.00 USD mixed_currency")
            .also(Preset::Default, "exact mrr", "{EUR: 10000, USD: 10000} mixed_currency"),
        Row::mrr(37, vec![monthly(29_900)]).seed("299.00 USD").default("299.00 USD"),
    ]
}

fn amounts() -> Vec<Row> {
    let ending = |day, amount: i64| Subscription {
        id: Some("sub_1".to_owned()),
        period_ends_at: days(day),
        ..monthly(amount)
    };
    let huge = SubscriptionItem { quantity: Some(u64::MAX), ..price(i64::MAX, "month") };
    vec![
        Row::mrr(38, vec![ending(1, 1_000), ending(31, 2_000)])
            .seed("30.00 USD")
            .default("20.00 USD duplicate"),
        Row::mrr(41, vec![monthly(Decimal::new(299_005, 1))])
            .seed("299.01 USD")
            .default("299.01 USD")
            .also(Preset::Default, "exact mrr", "{USD: 59801/2}"),
        Row::mrr(42, vec![monthly(-5_000)])
            .seed("-50.00 USD")
            .default("0.00 USD negative_amount")
            .by(Preset::Recurly, "-50.00 USD"),
        // One piece fits, twelve months of it do not.
        Row::mrr(43, vec![active(huge)])
            .seed("92233720368547758.07 USD overflow")
            .default("- overflow"),
    ]
}
