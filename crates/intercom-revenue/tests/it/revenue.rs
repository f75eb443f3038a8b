use chrono::{DateTime, TimeDelta, Utc};
use intercom_revenue::{
    BillingHistory, Currency, Interval, Money, NoteCode, Payment, PaymentStatus, Ratio, Revenue,
    RevenuePolicy, Subscription, SubscriptionItem, SubscriptionStatus, revenue,
};
use rust_decimal::Decimal;

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

pub(crate) fn active(amount: impl Into<Decimal>, interval: &str) -> Subscription {
    Subscription {
        status: SubscriptionStatus::Active,
        items: vec![SubscriptionItem {
            amount: Some(amount.into()),
            interval: Interval::parse(interval),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn with_item(mut row: Subscription, edit: impl FnOnce(&mut SubscriptionItem)) -> Subscription {
    edit(&mut row.items[0]);
    row
}

fn in_status(status: &str) -> Subscription {
    Subscription { status: SubscriptionStatus::parse(status), ..active(5_000, "month") }
}

fn in_currency(code: &str, row: Subscription) -> Subscription {
    Subscription { currency: Some(code.parse().expect("a currency code")), ..row }
}

fn named(id: &str, row: Subscription) -> Subscription {
    Subscription { id: Some(id.to_owned()), ..row }
}

pub(crate) fn succeeded(amount: impl Into<Decimal>) -> Payment {
    Payment { status: PaymentStatus::Succeeded, amount: Some(amount.into()), ..Default::default() }
}

fn of_subscriptions(rows: Vec<Subscription>, policy: &RevenuePolicy) -> Revenue {
    let history = BillingHistory { subscriptions: Some(rows), payments: None };
    revenue(&history, policy, NOW)
}

fn of_payments(rows: Vec<Payment>, policy: &RevenuePolicy) -> Revenue {
    let history = BillingHistory { subscriptions: None, payments: Some(rows) };
    revenue(&history, policy, NOW)
}

fn shown(money: Option<Money>) -> String {
    money.map_or_else(|| "-".to_owned(), |money| money.to_string())
}

fn codes(figures: &Revenue) -> Vec<NoteCode> {
    figures.notes.iter().map(|note| note.code).collect()
}

/// The MRR by the letter and by default.
#[track_caller]
fn check_mrr(rows: Vec<Subscription>, by_the_letter: &str, by_default: &str) -> Vec<NoteCode> {
    let literal = of_subscriptions(rows.clone(), &RevenuePolicy::seed());
    assert_eq!(shown(literal.mrr), by_the_letter, "by the letter");
    let default = of_subscriptions(rows, &RevenuePolicy::default());
    assert_eq!(shown(default.mrr), by_default, "by default");
    codes(&default)
}

#[track_caller]
fn check_ltv(rows: Vec<Payment>, by_the_letter: &str, by_default: &str) -> Vec<NoteCode> {
    let literal = of_payments(rows.clone(), &RevenuePolicy::seed());
    assert_eq!(shown(literal.ltv), by_the_letter, "by the letter");
    let default = of_payments(rows, &RevenuePolicy::default());
    assert_eq!(shown(default.ltv), by_default, "by default");
    codes(&default)
}

#[test]
fn monthly_and_yearly() {
    let (month, year) = (active(29_900, "month"), active(299_000, "year"));
    check_mrr(vec![month.clone()], "299.00 USD", "299.00 USD");
    check_mrr(vec![year.clone()], "249.17 USD", "249.17 USD");
    check_mrr(vec![month, year], "548.17 USD", "548.17 USD");
}

#[test]
fn arr_is_exact_unless_the_policy_says_otherwise() {
    let year = vec![active(299_000, "year")];
    let exact = of_subscriptions(year.clone(), &RevenuePolicy::default());
    assert_eq!(shown(exact.arr), "2990.00 USD");
    assert_eq!(
        exact.mrr_by_currency[&Currency::USD],
        Ratio::new(74_750, 3.try_into().expect("not zero"))
    );
    let rounded = of_subscriptions(year, &RevenuePolicy::seed());
    assert_eq!(shown(rounded.arr), "2990.04 USD");
}

#[test]
fn quantity() {
    let of = |quantity| {
        let row = with_item(active(2_900, "month"), |item| item.quantity = quantity);
        vec![row]
    };
    check_mrr(of(Some(5)), "29.00 USD", "145.00 USD");
    check_mrr(of(None), "29.00 USD", "29.00 USD");
    check_mrr(of(Some(0)), "29.00 USD", "0.00 USD");
}

#[test]
fn interval_count() {
    let every = |count, amount: i64, interval| {
        let edit = |item: &mut SubscriptionItem| item.interval_count = Some(count);
        vec![with_item(active(amount, interval), edit)]
    };
    check_mrr(every(3, 9_000, "month"), "90.00 USD", "30.00 USD");
    check_mrr(every(2, 240_000, "year"), "200.00 USD", "100.00 USD");
    check_mrr(every(12, 60_000, "month"), "600.00 USD", "50.00 USD");
    check_mrr(every(2, 2_000, "week"), "20.00 USD", "43.33 USD");
    let notes = check_mrr(every(0, 9_000, "month"), "90.00 USD", "0.00 USD");
    assert_eq!(notes, [NoteCode::UnknownInterval]);
}

#[test]
fn weeks_days_and_unknown_intervals() {
    check_mrr(vec![active(1_000, "week")], "10.00 USD", "43.33 USD");
    check_mrr(vec![active(100, "day")], "1.00 USD", "30.42 USD");
    check_mrr(vec![active(100, " Month ")], "1.00 USD", "1.00 USD");
    for interval in ["decade", ""] {
        let notes = check_mrr(vec![active(100, interval)], "0.00 USD", "0.00 USD");
        assert_eq!(notes, [NoteCode::UnknownInterval]);
    }
}

#[test]
fn only_active_subscriptions_count() {
    for status in SubscriptionStatus::DEFINED {
        let expected = match status {
            SubscriptionStatus::Active => "50.00 USD",
            _ => "0.00 USD",
        };
        check_mrr(vec![in_status(status.as_str())], expected, expected);
    }
    check_mrr(vec![in_status(" Active ")], "50.00 USD", "50.00 USD");
    let notes = check_mrr(vec![in_status("asleep")], "0.00 USD", "0.00 USD");
    assert_eq!(notes, [NoteCode::UnknownStatus]);

    let dunning = RevenuePolicy { past_due_counts: true, ..RevenuePolicy::default() };
    let figures = of_subscriptions(vec![in_status("past_due")], &dunning);
    assert_eq!(shown(figures.mrr), "50.00 USD");
    assert_eq!(figures.subscription_count, Some(1));
}

#[test]
fn absent_is_unknown_and_empty_is_zero() {
    let unknown = revenue(&BillingHistory::default(), &RevenuePolicy::default(), NOW);
    assert_eq!(unknown, Revenue::default());

    for rows in [vec![], vec![in_status("canceled")]] {
        let figures = of_subscriptions(rows, &RevenuePolicy::default());
        assert_eq!(shown(figures.mrr), "0.00 USD");
        assert_eq!(shown(figures.arr), "0.00 USD");
        assert_eq!(shown(figures.ltv), "-");
        assert_eq!(figures.subscription_count, Some(0));
    }
    let figures = of_payments(vec![], &RevenuePolicy::default());
    assert_eq!(shown(figures.mrr), "-");
    assert_eq!(shown(figures.ltv), "0.00 USD");
    assert_eq!(figures.subscription_count, None);
}

#[test]
fn amounts_in_the_units_of_their_currency() {
    let of = |code, amount: i64| vec![in_currency(code, active(amount, "month"))];
    check_mrr(of("jpy", 5_000), "50.00 USD", "5000 JPY");
    check_mrr(of("kwd", 10_000), "100.00 USD", "10.000 KWD");
    check_mrr(of("isk", 50_000), "500.00 USD", "500.00 ISK");
    let notes =
        check_mrr([of("usd", 10_000), of("eur", 10_000)].concat(), "200.00 USD", "100.00 USD");
    assert_eq!(notes, [NoteCode::MixedCurrency]);
    let notes =
        check_mrr([of("sek", 10_000), of("eur", 10_000)].concat(), "200.00 USD", "100.00 EUR");
    assert_eq!(notes, [NoteCode::MixedCurrency]);
}

#[test]
fn figures_share_the_currency_of_the_subscriptions() {
    let history = BillingHistory {
        subscriptions: Some(vec![in_currency("eur", active(1_000, "month"))]),
        payments: Some(vec![succeeded(500)]),
    };
    let figures = revenue(&history, &RevenuePolicy::default(), NOW);
    assert_eq!(shown(figures.mrr), "10.00 EUR");
    assert_eq!(shown(figures.ltv), "0.00 EUR");
    assert_eq!(figures.ltv_by_currency[&Currency::USD], Ratio::whole(500));
    assert_eq!(codes(&figures), [NoteCode::MixedCurrency]);
}

#[test]
fn one_id_counts_once_and_the_latest_stays() {
    let ending_in =
        |days, row| Subscription { period_ends_at: Some(NOW + TimeDelta::days(days)), ..row };
    let old = ending_in(1, named("sub_1", active(1_000, "month")));
    let new = ending_in(31, named("sub_1", active(2_000, "month")));
    for rows in [vec![old.clone(), new.clone()], vec![new, old]] {
        let notes = check_mrr(rows, "30.00 USD", "20.00 USD");
        assert_eq!(notes, [NoteCode::Duplicate]);
    }
    let anonymous = active(1_000, "month");
    check_mrr(vec![anonymous.clone(), anonymous], "20.00 USD", "20.00 USD");
}

#[test]
fn amounts_that_cannot_count() {
    let notes = check_mrr(vec![active(-5_000, "month")], "-50.00 USD", "0.00 USD");
    assert_eq!(notes, [NoteCode::NegativeAmount]);

    let tiered = with_item(active(0, "month"), |item| item.amount = None);
    let notes = check_mrr(vec![tiered], "0.00 USD", "0.00 USD");
    assert_eq!(notes, [NoteCode::Unpriceable]);

    let half_cents = active(Decimal::new(299_005, 1), "month");
    check_mrr(vec![half_cents.clone()], "299.01 USD", "299.01 USD");
    check_mrr(vec![half_cents.clone(), half_cents], "598.01 USD", "598.01 USD");
}

#[test]
fn amounts_that_do_not_fit() {
    let many = with_item(active(i64::MAX, "month"), |item| {
        item.quantity = Some(u64::MAX);
    });
    let notes = check_mrr(vec![many], "92233720368547758.07 USD", "-");
    assert_eq!(notes, [NoteCode::Overflow]);

    let beyond = with_item(active(Decimal::MAX, "month"), |item| {
        item.quantity = Some(u64::MAX);
    });
    let rest = active(100, "month");
    let notes = check_mrr(vec![beyond, rest], "-", "1.00 USD");
    assert_eq!(notes, [NoteCode::Overflow]);
}

#[test]
fn stale_periods_count_with_a_remark() {
    let stale =
        Subscription { period_ends_at: Some(NOW - TimeDelta::days(40)), ..active(5_000, "month") };
    let notes = check_mrr(vec![stale], "50.00 USD", "50.00 USD");
    assert_eq!(notes, [NoteCode::StalePeriod]);
}

#[test]
fn payments_to_date() {
    check_ltv(vec![succeeded(29_900)], "299.00 USD", "299.00 USD");
    check_ltv(vec![succeeded(29_900), succeeded(-5_000)], "249.00 USD", "249.00 USD");
    let notes = check_ltv(vec![succeeded(-5_000)], "-50.00 USD", "0.00 USD");
    assert_eq!(notes, [NoteCode::NegativeTotal]);

    for status in ["failed", "pending", "canceled"] {
        let row = Payment { status: PaymentStatus::parse(status), ..succeeded(100) };
        let notes = check_ltv(vec![row], "0.00 USD", "0.00 USD");
        assert_eq!(notes, []);
    }
    let named = Payment { id: Some("ch_1".to_owned()), ..succeeded(100) };
    let notes = check_ltv(vec![named.clone(), named], "2.00 USD", "1.00 USD");
    assert_eq!(notes, [NoteCode::Duplicate]);

    let yen = Payment { currency: Some(Currency::JPY), ..succeeded(29_900) };
    check_ltv(vec![yen], "299.00 USD", "29900 JPY");

    let early = Payment { created_at: Some(NOW + TimeDelta::days(1)), ..succeeded(100) };
    let notes = check_ltv(vec![early], "1.00 USD", "1.00 USD");
    assert_eq!(notes, [NoteCode::FutureDate]);
}

#[test]
fn figures_serialise_for_people_and_machines() {
    let row = named("sub_1", active(299_000, "year"));
    let odd = named("sub_2", active(1, "decade"));
    let figures = of_subscriptions(vec![row, odd], &RevenuePolicy::default());
    insta::assert_json_snapshot!(figures, @r#"
    {
      "mrr": {
        "minor": 24917,
        "currency": "USD"
      },
      "arr": {
        "minor": 299000,
        "currency": "USD"
      },
      "ltv": null,
      "subscription_count": 2,
      "mrr_by_currency": {
        "USD": "74750/3"
      },
      "ltv_by_currency": {},
      "notes": [
        {
          "code": "unknown_interval",
          "about": "sub_2"
        }
      ]
    }
    "#);
}
