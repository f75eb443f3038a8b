use intercom_revenue::{
    AlertThresholds, BillingHistory, Counted, Currency, DiscountRule, MovementPolicy, Preset,
    Ratio, RevenuePolicy, RevenueSettings, SettingsError,
};

use crate::table::{active, price, shown};

fn read(json: &str) -> Result<RevenueSettings, serde_json::Error> {
    serde_json::from_str(json)
}

#[test]
fn nothing_said_is_the_default() {
    let policy = read("{}").expect("settings").policy();
    assert_eq!(policy, Ok(RevenuePolicy::default()));
}

#[test]
fn a_preset_is_known_by_its_name() {
    for preset in Preset::ALL {
        let name = serde_json::to_string(&preset).expect("serialisable");
        let settings = read(&format!(r#"{{"preset": {name}}}"#)).expect("settings");
        assert_eq!(settings.policy(), Ok(preset.policy()));
    }
}

#[test]
fn every_field_overrides_its_preset() {
    let settings = read(
        r#"{
            "preset": "stripe",
            "base_currency": "eur", "separate_currencies": false, "rates": {"USD": "0.92"},
            "prices": "items_else_plan", "multiply_quantity": false,
            "divide_interval_count": false, "short_intervals_known": false,
            "week_factor": "4", "day_factor": "365.25/12", "unknown_intervals": "as_month",
            "discounts": "all", "deduct_included_tax": false, "metered_counts": true,
            "negative_prices_count": true, "flat_price_counts": false,
            "plan_price_unit": "major", "trialing": "always", "past_due": "never",
            "unpaid": "until_period_end", "canceled": "until_period_end",
            "incomplete": "always", "paused": "always", "collection_paused": "never",
            "cancel_scheduled": "always", "exact_spelling_only": true,
            "free_subscriptions_count": true, "paid_counts": false, "deduct_refunds": false,
            "deduct_lost_disputes": false, "deduct_payment_tax": true,
            "negative_totals_count": true, "merge_duplicates": false,
            "merge_shared_billing": false, "arr_basis": "rounded_mrr", "rounding": "half_even"
        }"#,
    )
    .expect("settings");
    let written = serde_json::to_value(&settings).expect("serialisable");
    let policy = settings.policy().expect("a policy");
    assert_eq!(policy.discounts, DiscountRule::All);
    assert_eq!(policy.day_factor.to_string(), "487/16");
    // Nothing is left of the preset: the same fields over another one mean the same.
    for preset in Preset::ALL {
        let mut other = written.clone();
        other["preset"] = serde_json::to_value(preset).expect("serialisable");
        let other: RevenueSettings = serde_json::from_value(other).expect("as written");
        assert_eq!(other.policy(), Ok(policy.clone()), "{preset:?}");
    }
}

#[test]
fn one_field_leaves_the_others_as_they_are() {
    let settings = read(r#"{"preset": "best_practice", "past_due": "never"}"#).expect("settings");
    let expected = RevenuePolicy { past_due: Counted::Never, ..RevenuePolicy::best_practice() };
    assert_eq!(settings.policy(), Ok(expected));
}

#[test]
fn the_length_of_a_week_is_what_somebody_says() {
    let weekly = BillingHistory {
        subscriptions: Some(vec![active(price(1_000, "week"))]),
        ..BillingHistory::default()
    };
    for (settings, expected) in [
        (r#"{}"#, "43.33 USD"),
        (r#"{"week_factor": "365.25/84"}"#, "43.48 USD"),
        (r#"{"week_factor": "4"}"#, "40.00 USD"),
        (r#"{"preset": "recurly"}"#, "42.86 USD"),
        (r#"{"short_intervals_known": false}"#, "0.00 USD unknown_interval"),
    ] {
        let policy = read(settings).expect("settings").policy().expect("a policy");
        assert_eq!(shown(&weekly, &policy, "mrr"), expected, "{settings}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for json in [
        r#"{"past_dew": "never"}"#,
        r#"{"week_factor": "four"}"#,
        r#"{"week_factor": "1/0"}"#,
        r#"{"rates": {"EURO": "1"}}"#,
        r#"{"preset": "baremetrics"}"#,
    ] {
        assert!(read(json).is_err(), "{json}");
    }
    let refused = |json| read(json).expect("settings").policy().map(|_| ()).unwrap_err();
    assert_eq!(
        refused(r#"{"week_factor": "-4"}"#),
        SettingsError::NotPositive { name: "week_factor".to_owned(), value: Ratio::whole(-4) }
    );
    assert_eq!(
        refused(r#"{"rates": {"EUR": "0"}}"#).to_string(),
        "rates.EUR must be above zero, not 0"
    );
    assert_eq!(
        refused(r#"{"rates": {"USD": "1"}}"#),
        SettingsError::RateOfBaseCurrency(Currency::USD)
    );
}

#[test]
fn rules_of_alerts_and_movements_are_settings_too() {
    let thresholds: AlertThresholds =
        serde_json::from_str(r#"{"large_change_above_percent": 20}"#).expect("settings");
    let expected = AlertThresholds { large_change_above_percent: 20, ..Default::default() };
    assert_eq!(thresholds, expected);
    let policy: MovementPolicy =
        serde_json::from_str(r#"{"steps": "net", "most_gap_days": 90}"#).expect("settings");
    let expected = MovementPolicy { most_gap_days: Some(90), ..MovementPolicy::profitwell() };
    assert_eq!(policy, expected);
    assert!(serde_json::from_str::<MovementPolicy>(r#"{"step": "net"}"#).is_err());
}
