//! What has changed between two observations, or within a month.

use std::collections::BTreeMap;

use intercom_revenue::{
    AlertState, AlertThresholds, Before, Currency, Money, MovementPolicy, Observation, Period,
    Ratio, alerts, movement, waterfalls,
};

use super::{code, days};

/// What was known, what is known, and what that is: the movement, then the kinds of the alerts.
struct Step {
    number: u8,
    before: Known,
    current: AlertState,
    seed: &'static str,
    default: &'static str,
}

enum Known {
    FirstLoad,
    NotSeen,
    Seen(AlertState),
}

/// MRR by day within a month, and what the month is: new, churned and final MRR.
struct Month {
    number: u8,
    mrr_by_day: &'static [(i64, i64)],
    by_every_step: [i64; 3],
    by_net_step: [i64; 3],
}

fn usd(minor: i64) -> Option<Money> {
    Some(Money::new(minor, Currency::USD))
}

fn paying(minor: i64) -> AlertState {
    AlertState { mrr: usd(minor), ..AlertState::default() }
}

fn step(number: u8, from: i64, to: i64, expected: &'static str) -> Step {
    known_step(number, Known::Seen(paying(from)), paying(to), [expected; 2])
}

fn known_step(
    number: u8,
    before: Known,
    current: AlertState,
    [seed, default]: [&'static str; 2],
) -> Step {
    Step { number, before, current, seed, default }
}

fn steps() -> Vec<Step> {
    let lapsed = AlertState { ltv: usd(1), ..paying(0) };
    let in_euros = |euros, minor| AlertState {
        mrr_by_currency: BTreeMap::from([(Currency::EUR, Ratio::whole(euros))]),
        ..paying(minor)
    };
    let high_value = "new new_high_value_customer";
    let large = "expansion large_mrr_change";
    vec![
        step(59, 10_000, 15_000, "expansion"),
        step(59, 10_000, 15_001, large),
        step(60, 10_000, 4_999, "contraction large_mrr_change"),
        step(61, 10_000, 0, "churn large_mrr_change"),
        step(62, 0, 10_000, "new"),
        known_step(62, Known::NotSeen, paying(10_000), ["new"; 2]),
        known_step(62, Known::Seen(lapsed), paying(90_000), ["reactivation"; 2]),
        known_step(63, Known::NotSeen, paying(50_000), ["new"; 2]),
        known_step(63, Known::NotSeen, paying(50_001), [high_value; 2]),
        step(63, 50_001, 50_001, ""),
        known_step(64, Known::FirstLoad, paying(90_000), [high_value, "new"]),
        known_step(
            65,
            Known::Seen(in_euros(10_000, 10_000)),
            in_euros(10_000, 16_000),
            [large, "expansion"],
        ),
        // Prices that move as well are a change.
        known_step(65, Known::Seen(in_euros(10_000, 10_000)), in_euros(10_001, 16_000), [large; 2]),
        // A departure and a return between two observations.
        step(66, 10_000, 10_000, ""),
        // A plan swapped for another at the same price.
        step(67, 10_000, 10_000, ""),
    ]
}

fn months() -> Vec<Month> {
    vec![Month {
        number: 68,
        mrr_by_day: &[(3, 5_000), (20, 0)],
        by_every_step: [5_000, -5_000, 0],
        by_net_step: [0, 0, 0],
    }]
}

pub(super) fn numbers() -> impl Iterator<Item = u8> {
    let steps = steps().into_iter().map(|step| step.number);
    steps.chain(months().into_iter().map(|month| month.number))
}

fn shown(step: &Step, thresholds: &AlertThresholds) -> String {
    let unseen = AlertState::default();
    let (before, previous) = match &step.before {
        Known::FirstLoad => (Before::FirstLoad, &unseen),
        Known::NotSeen => (Before::NotSeen, &unseen),
        Known::Seen(state) => (Before::Seen(state), state),
    };
    let moved = movement(previous.mrr, step.current.mrr, previous.ltv);
    let mut words: Vec<String> = moved.iter().map(code).collect();
    for alert in alerts(before, &step.current, thresholds) {
        let json = serde_json::to_value(&alert).expect("serialisable");
        words.push(json["kind"].as_str().expect("a kind").to_owned());
    }
    words.join(" ")
}

#[test]
fn every_row_of_steps() {
    for step in steps() {
        let number = step.number;
        let seed = shown(&step, &AlertThresholds::seed());
        assert_eq!(seed, step.seed, "row {number} by the letter");
        let default = shown(&step, &AlertThresholds::default());
        assert_eq!(default, step.default, "row {number} by default");
    }
}

#[test]
fn every_row_of_months() {
    for month in months() {
        let observations: Vec<Observation> = month
            .mrr_by_day
            .iter()
            .map(|&(day, minor)| Observation {
                observed_at: days(day).expect("a date"),
                mrr: usd(minor),
                ltv: None,
                only_rates_moved: false,
                is_restated: false,
            })
            .collect();
        let (starts_at, ends_at) = (days(0).expect("a date"), days(30).expect("a date"));
        let period = Period { starts_at, ends_at };
        let check = |policy: &MovementPolicy, expected: [i64; 3]| {
            let all = waterfalls([&observations[..]], period, policy, None);
            let waterfall = all.by_currency.get(&Currency::USD).copied().unwrap_or_default();
            let lines = waterfall.lines;
            let expected = expected.map(|minor| Ratio::whole(minor.into()));
            assert_eq!([lines.new, lines.churn, lines.end], expected, "row {}", month.number);
        };
        check(&MovementPolicy::default(), month.by_every_step);
        check(&MovementPolicy::profitwell(), month.by_net_step);
    }
}
