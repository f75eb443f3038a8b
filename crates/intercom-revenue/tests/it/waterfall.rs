use std::collections::BTreeMap;
use std::num::NonZeroU32;

use chrono::{DateTime, TimeDelta, Utc};
use intercom_revenue::{
    Currency, Exchange, LifetimePolicy, Money, MovementPolicy, NoteCode, Observation, Period,
    Rates, Ratio, Rounding, Steps, Waterfall, predicted_ltv, waterfalls,
};
use proptest::prelude::*;

const START: DateTime<Utc> = DateTime::from_timestamp(1_764_547_200, 0).expect("in range");

/// What customers paid, each as `(day of the month, smallest units)`.
type Customers<'a> = &'a [&'a [(i64, i64)]];

fn month() -> Period {
    Period { starts_at: START, ends_at: START + TimeDelta::days(31) }
}

fn observed(day: i64, minor: i64, currency: Currency) -> Observation {
    let observed_at = START + TimeDelta::days(day);
    Observation {
        observed_at,
        mrr: Some(Money::new(minor, currency)),
        ltv: None,
        only_rates_moved: false,
        is_restated: false,
    }
}

fn timelines(customers: Customers<'_>) -> Vec<Vec<Observation>> {
    let in_dollars = |&(day, minor): &(i64, i64)| observed(day, minor, Currency::USD);
    customers.iter().map(|steps| steps.iter().map(in_dollars).collect()).collect()
}

fn in_dollars(customers: Customers<'_>, policy: &MovementPolicy) -> Waterfall {
    let timelines = timelines(customers);
    let all = waterfalls(timelines.iter().map(Vec::as_slice), month(), policy, None);
    assert_eq!(all.n_left_out, 0);
    all.by_currency.get(&Currency::USD).copied().unwrap_or_default()
}

fn ratio(numerator: i64, denominator: u32) -> Ratio {
    Ratio::new(numerator, NonZeroU32::new(denominator).expect("not zero"))
}

#[test]
fn a_month_is_told_line_by_line() {
    let customers: Customers<'_> = &[
        &[(-40, 10_000)],
        &[(-40, 10_000), (5, 15_000)],
        &[(-40, 10_000), (5, 4_000)],
        &[(-40, 10_000), (5, 0)],
        &[(-40, 10_000), (-20, 0), (5, 12_000)],
        &[(-40, 0), (5, 3_000)],
        &[(6, 2_000)],
        &[(-40, 1_000), (31, 9_000)],
    ];
    let waterfall = in_dollars(customers, &MovementPolicy::default());
    insta::assert_json_snapshot!(waterfall);
    assert_eq!(waterfall.net_retention(), Some(ratio(30_000, 41_000)));
    assert_eq!(waterfall.gross_retention(), Some(ratio(25_000, 41_000)));
    assert_eq!(waterfall.customer_churn(), Some(ratio(1, 5)));
    assert_eq!(waterfall.quick_ratio(), Some(ratio(22_000, 16_000)));
}

#[test]
fn nothing_by_nothing_is_no_retention() {
    let newcomers = in_dollars(&[&[(3, 5_000)]], &MovementPolicy::default());
    assert_eq!(newcomers.net_retention(), None);
    assert_eq!(newcomers.gross_retention(), None);
    assert_eq!(newcomers.customer_churn(), None);
    assert_eq!(newcomers.quick_ratio(), None);
}

#[test]
fn growth_lifts_net_retention_only() {
    let grown = in_dollars(&[&[(-1, 100), (3, 150)], &[(5, 900)]], &MovementPolicy::default());
    assert_eq!(grown.net_retention(), Some(ratio(3, 2)));
    assert_eq!(grown.gross_retention(), Some(Ratio::ONE));
}

#[test]
fn a_period_begins_with_its_first_instant_and_ends_before_its_last() {
    let lines = |day| in_dollars(&[&[(day, 100)]], &MovementPolicy::default()).lines;
    assert_eq!((lines(-1).start, lines(-1).new), (Ratio::whole(100), Ratio::ZERO));
    assert_eq!((lines(0).start, lines(0).new), (Ratio::ZERO, Ratio::whole(100)));
    assert_eq!((lines(31).new, lines(31).end), (Ratio::ZERO, Ratio::ZERO));
}

#[test]
fn what_was_there_before_observing_began_is_no_movement() {
    let policy = MovementPolicy { observed_since: Some(START), ..Default::default() };
    let waterfall = in_dollars(&[&[(0, 100)], &[(1, 20)], &[(0, 0), (2, 3)]], &policy);
    assert_eq!(waterfall.lines.opening, Ratio::whole(100));
    assert_eq!(waterfall.lines.new, Ratio::whole(23));
    assert_eq!(waterfall.counts.n_new, 2);
    assert_eq!(waterfall.lines.end, Ratio::whole(123));
}

#[test]
fn gaps_are_short_long_or_forgotten() {
    let returning: Customers<'_> = &[&[(-200, 100), (-100, 0), (5, 100)]];
    let lines = |policy: &MovementPolicy, customers| in_dollars(customers, policy).lines;
    let default = lines(&MovementPolicy::default(), returning);
    assert_eq!(default.reactivation, Ratio::whole(100));
    let forgotten = lines(&MovementPolicy::maxio(), returning);
    assert_eq!((forgotten.new, forgotten.reactivation), (Ratio::whole(100), Ratio::ZERO));

    let briefly: Customers<'_> = &[&[(-200, 100), (3, 0), (10, 120)]];
    let gone = lines(&MovementPolicy::default(), briefly);
    assert_eq!((gone.churn, gone.reactivation), (Ratio::whole(-100), Ratio::whole(120)));
    let closed = lines(&MovementPolicy::recurly(), briefly);
    assert_eq!((closed.churn, closed.reactivation), (Ratio::ZERO, Ratio::ZERO));
    assert_eq!(closed.expansion, Ratio::whole(20));
    let net = lines(&MovementPolicy::profitwell(), briefly);
    assert_eq!((net.churn, net.expansion), (Ratio::ZERO, Ratio::whole(20)));
}

#[test]
fn who_returns_within_the_period_is_retained_by_policy() {
    let customers: Customers<'_> = &[&[(-9, 100), (3, 0), (10, 100)]];
    let retained = |returns_are_retained| {
        let policy = MovementPolicy { returns_are_retained, ..Default::default() };
        in_dollars(customers, &policy).net_retention()
    };
    assert_eq!(retained(true), Some(Ratio::ONE));
    assert_eq!(retained(false), Some(Ratio::ZERO));
}

#[test]
fn revenue_to_date_tells_a_return_from_a_beginning() {
    let lapsed = Observation {
        ltv: Some(Money::new(1, Currency::USD)),
        mrr: None,
        ..observed(-9, 0, Currency::USD)
    };
    let rows = [lapsed, observed(3, 100, Currency::USD)];
    for policy in [MovementPolicy::default(), MovementPolicy::recurly(), MovementPolicy::maxio()] {
        let all = waterfalls([&rows[..]], month(), &policy, None);
        let lines = all.by_currency[&Currency::USD].lines;
        assert_eq!((lines.new, lines.reactivation), (Ratio::ZERO, Ratio::whole(100)));
    }
}

#[test]
fn currencies_have_waterfalls_of_their_own() {
    let stays = [observed(-9, 500, Currency::EUR)];
    let switches = [observed(-9, 100, Currency::USD), observed(4, 90, Currency::EUR)];
    let policy = MovementPolicy::default();
    let all = waterfalls([&stays[..], &switches[..]], month(), &policy, None);
    let (usd, eur) = (all.by_currency[&Currency::USD], all.by_currency[&Currency::EUR]);
    assert_eq!((usd.lines.currency_change, usd.lines.end), (Ratio::whole(-100), Ratio::ZERO));
    assert_eq!((eur.lines.currency_change, eur.lines.end), (Ratio::whole(90), Ratio::whole(590)));
    assert_eq!((usd.net_retention(), eur.net_retention()), (None, Some(Ratio::ONE)));
}

fn exchange(at_start: Ratio, at_end: Ratio) -> Exchange {
    let by_currency = BTreeMap::from([(Currency::EUR, at_start)]);
    Exchange {
        at_start: Rates { into: Currency::USD, by_currency },
        at_end: BTreeMap::from([(Currency::EUR, at_end)]),
    }
}

#[test]
fn rates_are_a_line_of_their_own() {
    let unchanged = [observed(-9, 10_000, Currency::EUR)];
    let grows = [observed(-9, 1_000, Currency::EUR), observed(4, 2_000, Currency::EUR)];
    let leaves = [observed(-9, 1_000, Currency::EUR), observed(4, 0, Currency::EUR)];
    let customers = [&unchanged[..], &grows[..], &leaves[..]];
    let rates = exchange(ratio(1, 1), ratio(8, 5));
    let all = waterfalls(customers, month(), &MovementPolicy::default(), Some(&rates));
    let waterfall = all.by_currency[&Currency::USD];
    let lines = waterfall.in_money(Currency::USD, Rounding::default()).expect("fits");
    insta::assert_json_snapshot!(lines);
    assert_eq!(waterfall.net_retention(), Some(Ratio::ONE));

    let krona = [observed(-9, 1_000, "SEK".parse().expect("a currency code"))];
    let all = waterfalls([&krona[..]], month(), &MovementPolicy::default(), Some(&rates));
    assert_eq!((all.n_left_out, all.by_currency.len()), (1, 0));
    assert_eq!(all.notes.into_iter().collect::<Vec<_>>(), [NoteCode::NoRate]);
}

#[test]
fn a_lifetime_is_expected_with_caution() {
    let of = |n_customers, n_lost, policy: &LifetimePolicy| {
        let waterfall = Waterfall {
            cohort: intercom_revenue::Cohort { n_customers, n_lost, ..Default::default() },
            ..Default::default()
        };
        let average = Money::new(10_000, Currency::USD);
        predicted_ltv(average, &waterfall.cohort, policy, Rounding::default())
            .map(|money| money.minor)
    };
    let cautious = LifetimePolicy::default();
    assert_eq!(of(0, 0, &cautious), Some(500_000));
    assert_eq!(of(950, 49, &cautious), Some(200_000));
    assert_eq!(of(100_000, 0, &cautious), Some(600_000));
    let naive = LifetimePolicy { prior_lost: 0, prior_customers: 0, ..cautious };
    assert_eq!(of(20, 1, &naive), Some(200_000));
    assert_eq!(of(20, 0, &naive), Some(600_000));
    assert_eq!(of(0, 0, &naive), None);
    let at_cost = LifetimePolicy { gross_margin: ratio(4, 5), ..naive };
    assert_eq!(of(20, 1, &at_cost), Some(160_000));
}

#[test]
fn a_step_of_rates_alone_is_neither_expansion_nor_retention() {
    let dollars = |day, minor| observed(day, minor, Currency::USD);
    let by_rates = |day, minor| Observation { only_rates_moved: true, ..dollars(day, minor) };
    // 100.00 in euros, of which a third more is made by rates and 20.00 by a larger plan.
    let rows = [dollars(-9, 10_000), by_rates(3, 12_000), dollars(5, 14_400), by_rates(7, 7_200)];
    for steps in [Steps::Every, Steps::Net] {
        let policy = MovementPolicy { steps, ..MovementPolicy::default() };
        let all = waterfalls([&rows[..]], month(), &policy, None);
        let waterfall = all.by_currency[&Currency::USD];
        let lines = waterfall.lines;
        let (expansion, exchange) = match steps {
            Steps::Every => (2_400, 2_000 - 7_200),
            Steps::Net => (2_000, -4_800),
        };
        assert_eq!(lines.expansion, Ratio::whole(expansion), "{steps:?}");
        assert_eq!(lines.exchange, Ratio::whole(exchange), "{steps:?}");
        assert_eq!(lines.end, Ratio::whole(7_200));
        assert_eq!(waterfall.net_retention(), Some(ratio(12, 10)), "{steps:?}");
        assert_eq!(waterfall.gross_retention(), Some(Ratio::ONE), "{steps:?}");
    }
}

#[test]
fn what_other_rules_make_of_a_customer_is_no_movement() {
    let dollars = |day, minor| observed(day, minor, Currency::USD);
    let restated = |day, minor| Observation { is_restated: true, ..dollars(day, minor) };
    let by_hundred = [dollars(-9, 100), restated(3, 10_000), dollars(5, 12_000)];
    let appears = [dollars(-9, 0), restated(3, 500), dollars(5, 0)];
    let vanishes = [dollars(-9, 700), restated(3, 0)];
    let returns = [dollars(-9, 200), restated(3, 400), dollars(5, 0), dollars(7, 400)];
    for steps in [Steps::Every, Steps::Net] {
        let policy = MovementPolicy { steps, ..MovementPolicy::default() };
        let customers = [&by_hundred[..], &appears[..], &vanishes[..], &returns[..]];
        let all = waterfalls(customers, month(), &policy, None);
        let waterfall = all.by_currency[&Currency::USD];
        let lines = waterfall.lines;
        assert_eq!((lines.start, lines.end), (Ratio::whole(1_000), Ratio::whole(12_400)));
        assert_eq!(lines.restated, Ratio::whole(9_900 + 500 - 700 + 200), "{steps:?}");
        assert_eq!((lines.new, lines.expansion), (Ratio::ZERO, Ratio::whole(2_000)), "{steps:?}");
        let (reactivation, churn) = match steps {
            Steps::Every => (400, -900),
            Steps::Net => (0, -500),
        };
        assert_eq!(lines.reactivation, Ratio::whole(reactivation), "{steps:?}");
        assert_eq!(lines.churn, Ratio::whole(churn), "{steps:?}");
        // 1.00 became 1.20 and 2.00 stayed, by the rules of the start; who vanished did not leave.
        assert_eq!(waterfall.cohort.n_customers, 2);
        assert_eq!(waterfall.net_retention(), Some(ratio(320, 300)), "{steps:?}");
    }
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![Currency::USD, Currency::EUR, Currency::JPY])
}

fn timeline() -> impl Strategy<Value = Vec<Observation>> {
    let minor = prop_oneof![3 => Just(0), 6 => 0_i64..1_000_000, 1 => any::<i64>()];
    let step =
        (minor, currency(), prop::option::weighted(0.8, 0_i64..2), (any::<bool>(), any::<bool>()));
    // Distinct days, so that the order of the rows cannot matter.
    prop::collection::btree_map(-60_i64..60, step, 0..8).prop_map(|steps| {
        let steps = steps.into_iter();
        let observations = steps.map(|(day, (minor, currency, ltv, (by_rates, by_rules)))| {
            let ltv = ltv.map(|ltv| Money::new(ltv, currency));
            let (only_rates_moved, is_restated) = (by_rates, by_rules);
            Observation { ltv, only_rates_moved, is_restated, ..observed(day, minor, currency) }
        });
        observations.collect()
    })
}

fn policy() -> impl Strategy<Value = MovementPolicy> {
    let steps = prop::sample::select(vec![Steps::Every, Steps::Net]);
    let gap = (0_u32..40, prop::option::of(0_u32..60));
    (steps, gap, any::<bool>(), prop::option::of(-70_i64..40)).prop_map(
        |(steps, (least_gap_days, most_gap_days), returns_are_retained, since)| MovementPolicy {
            steps,
            least_gap_days,
            most_gap_days,
            returns_are_retained,
            observed_since: since.map(|day| START + TimeDelta::days(day)),
        },
    )
}

fn rates() -> impl Strategy<Value = Option<Exchange>> {
    let rate = || (1_i64..100_000, 1_u32..1_000).prop_map(|(above, below)| ratio(above, below));
    prop::option::of((rate(), rate(), rate(), rate())).prop_map(|rates| {
        rates.map(|(euro, yen, euro_later, yen_later)| Exchange {
            at_start: Rates {
                into: Currency::USD,
                by_currency: BTreeMap::from([(Currency::EUR, euro), (Currency::JPY, yen)]),
            },
            at_end: BTreeMap::from([(Currency::EUR, euro_later), (Currency::JPY, yen_later)]),
        })
    })
}

fn sum(amounts: &[Ratio]) -> Option<Ratio> {
    amounts.iter().copied().try_fold(Ratio::ZERO, Ratio::checked_add)
}

proptest! {
    #[test]
    fn the_lines_add_up_exactly_and_rounded(
        customers in prop::collection::vec(timeline(), 0..6),
        policy in policy(),
        rates in rates(),
    ) {
        let timelines = customers.iter().map(Vec::as_slice);
        let all = waterfalls(timelines, month(), &policy, rates.as_ref());
        for (&currency, waterfall) in &all.by_currency {
            let lines = waterfall.lines;
            let parts = [
                lines.start, lines.opening, lines.new, lines.reactivation, lines.expansion,
                lines.contraction, lines.churn, lines.currency_change, lines.exchange, lines.restated,
            ];
            if let Some(sum) = sum(&parts) {
                prop_assert_eq!(sum, lines.end);
            }
            if let Ok(money) = waterfall.in_money(currency, Rounding::default()) {
                let parts = [
                    money.start, money.opening, money.new, money.reactivation, money.expansion,
                    money.contraction, money.churn, money.currency_change, money.exchange, money.restated,
                ];
                let sum: i128 = parts.iter().map(|part| i128::from(part.minor)).sum();
                prop_assert_eq!(sum, i128::from(money.end.minor));
            }
            for share in [waterfall.gross_retention(), waterfall.customer_churn()] {
                let is_share = share.is_none_or(|share| {
                    share.numerator() >= 0 && share.numerator() <= share.denominator()
                });
                prop_assert!(is_share, "{:?}", share);
            }
        }
    }

    #[test]
    fn a_period_begins_where_the_one_before_ended(
        customers in prop::collection::vec(timeline(), 0..6),
        policy in policy(),
        day in -30_i64..30,
    ) {
        let at = |day| START + TimeDelta::days(day);
        let of = |starts_at, ends_at| {
            let timelines = customers.iter().map(Vec::as_slice);
            waterfalls(timelines, Period { starts_at, ends_at }, &policy, None).by_currency
        };
        let (before, after) = (of(at(-31), at(day)), of(at(day), at(31)));
        for currency in [Currency::USD, Currency::EUR, Currency::JPY] {
            let of = |all: &BTreeMap<Currency, Waterfall>| {
                all.get(&currency).copied().unwrap_or_default().lines
            };
            prop_assert_eq!(of(&before).end, of(&after).start);
        }
    }

    #[test]
    fn the_order_of_observations_and_customers_does_not_matter(
        (customers, shuffled) in prop::collection::vec(
            timeline().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
            0..6,
        ).prop_map(|pairs| pairs.into_iter().unzip::<_, _, Vec<_>, Vec<_>>()),
        policy in policy(),
    ) {
        let all = waterfalls(customers.iter().map(Vec::as_slice), month(), &policy, None);
        let again = shuffled.iter().rev().map(Vec::as_slice);
        prop_assert_eq!(waterfalls(again, month(), &policy, None), all);
    }

    #[test]
    fn the_waterfall_of_all_is_the_sum_of_the_waterfalls_of_each(
        customers in prop::collection::vec(timeline(), 0..6),
        policy in policy(),
    ) {
        let all = waterfalls(customers.iter().map(Vec::as_slice), month(), &policy, None);
        for (currency, whole) in &all.by_currency {
            let ends = customers.iter().filter_map(|rows| {
                let one = waterfalls([rows.as_slice()], month(), &policy, None).by_currency;
                one.get(currency).map(|waterfall| waterfall.lines.end)
            });
            prop_assert_eq!(sum(&ends.collect::<Vec<_>>()), Some(whole.lines.end));
        }
    }
}
