//! The edge cases of revenue that begin on the wire, and the shapes that lists come in.
//!
//! Row 39 needs two contacts and rows 59 to 68 two observations; `intercom-revenue` has them all.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use intercom_api::ContactId;
use intercom_api::contacts::Contact;
use intercom_projection::{
    AttributeNames, ContactFacts, Customer, Projected, SupportCounts, contact, customer,
};
use intercom_revenue::{NoteCode, Preset, PriceUnit, RevenuePolicy, revenue};
use serde::Deserialize;
use serde_json::{Value, json};

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

#[derive(Deserialize)]
struct Row {
    row: u8,
    subscriptions: Option<Value>,
    payments: Option<Value>,
    figure: Option<String>,
    /// A figure and its notes, by policy.
    #[serde(flatten)]
    expected: BTreeMap<Preset, String>,
}

fn project(attributes: &Value) -> Projected<ContactFacts> {
    let wire: Contact = serde_json::from_value(json!({
        "id": "1", "role": "user", "email": "ada@member.example",
        "custom_attributes": attributes,
    }))
    .expect("a contact");
    let id = ContactId::new("1").expect("not empty");
    contact(&id, &wire, &AttributeNames::default())
}

fn customer_of(attributes: &Value, policy: &RevenuePolicy) -> Customer {
    let facts = project(attributes).value;
    customer(&facts, &SupportCounts::default(), policy, NOW).expect("a valid address")
}

fn shown(facts: &ContactFacts, policy: &RevenuePolicy, is_ltv: bool) -> String {
    let figures = revenue(&facts.stripe.history, policy, NOW);
    let figure = if is_ltv { figures.ltv } else { figures.mrr };
    let mut words = vec![figure.map_or_else(|| "-".to_owned(), |money| money.to_string())];
    for note in figures.notes {
        let code = serde_json::to_value(note.code).expect("serialisable");
        words.push(code.as_str().expect("a word").to_owned());
    }
    words.dedup();
    words.join(" ")
}

#[test]
fn edge_cases_from_the_wire() {
    let rows = include_str!("../fixtures/revenue/rows.json");
    let rows: Vec<Row> = serde_json::from_str(rows).expect("rows");
    for row in &rows {
        let mut attributes = json!({});
        for (name, list) in
            [("Stripe Subscriptions", &row.subscriptions), ("Stripe Payments", &row.payments)]
        {
            if let Some(list) = list {
                attributes[name] = list.clone();
            }
        }
        let is_ltv = match &row.figure {
            Some(figure) => figure == "ltv",
            None => row.payments.is_some(),
        };
        let facts = project(&attributes).value;
        assert!(row.expected.len() >= 2, "row {}", row.row);
        for (preset, expected) in &row.expected {
            let actual = shown(&facts, &preset.policy(), is_ltv);
            assert_eq!(&actual, expected, "row {}, {preset:?}", row.row);
        }
    }
    let mut numbers: Vec<u8> = rows.iter().map(|row| row.row).collect();
    numbers.dedup();
    let all: Vec<u8> = (1..=58).filter(|&number| number != 39).collect();
    assert_eq!(numbers, all);
}

/// A subscription of 299.00 a month and a payment of it, under any names and in any wrapping.
#[test]
fn every_shape_of_a_list_has_the_same_figures() {
    let subscription = json!({
        "id": "sub_1", "status": "active", "quantity": 1,
        "plan": {"amount": 29_900, "interval": "month", "nickname": "Pro Plan"},
    });
    let payment = json!({"amount": 29_900, "created": 1_765_800_000, "status": "succeeded"});
    let shapes: [fn(&Value) -> Value; 6] = [
        |row| json!([row]),
        |row| json!({"data": [row]}),
        |row| json!({"type": "list", "data": [row], "has_more": false}),
        |row| json!({"type": "custom_object_instance.list", "data": [row]}),
        |row| json!(json!([row]).to_string()),
        |row| json!(json!({"data": [row]}).to_string()),
    ];
    for names in
        [("Stripe Subscriptions", "Stripe Payments"), ("stripe_subscriptions", "stripe_payments")]
    {
        for shape in shapes {
            let attributes = json!({ names.0: shape(&subscription), names.1: shape(&payment) });
            let customer = customer_of(&attributes, &RevenuePolicy::default());
            let figures = [customer.mrr, customer.arr, customer.ltv];
            let minor = figures.map(|money| money.map(|money| money.minor));
            assert_eq!(minor, [Some(29_900), Some(358_800), Some(29_900)], "{attributes}");
            assert_eq!(customer.subscription_count, Some(1), "{attributes}");
        }
    }
}

#[test]
fn absent_lists_are_unknown_and_empty_ones_are_zero() {
    #[track_caller]
    fn check(list: &Value, mrr: Option<i64>, count: Option<u32>) {
        let attributes = json!({"Stripe Subscriptions": list, "Stripe Payments": list});
        let customer = customer_of(&attributes, &RevenuePolicy::default());
        let minor = [customer.mrr, customer.arr, customer.ltv].map(|m| m.map(|m| m.minor));
        assert_eq!(minor, [mrr; 3]);
        assert_eq!(customer.subscription_count, count);
    }
    check(&Value::Null, None, None);
    check(&json!(""), None, None);
    check(&json!("null"), None, None);
    check(&json!("not JSON"), None, None);
    check(&json!(7), None, None);
    check(&json!([]), Some(0), Some(0));
    check(&json!({"data": []}), Some(0), Some(0));
    check(&json!("[]"), Some(0), Some(0));
}

#[test]
fn flat_attributes_stand_in_for_absent_lists() {
    #[track_caller]
    fn check(attributes: &Value, policy: &RevenuePolicy, expected: [Option<i64>; 2]) {
        let customer = customer_of(attributes, policy);
        assert_eq!([customer.mrr, customer.ltv].map(|m| m.map(|m| m.minor)), expected);
        let is_noted = customer.revenue_notes.iter().any(|note| note.code == NoteCode::FlatPrice);
        assert_eq!(is_noted, expected[0].is_some());
    }
    let flat = json!({
        "stripe_id": "cus_1", "stripe_plan": "Pro", "stripe_plan_price": 4_900,
        "stripe_subscription_status": "active", "stripe_last_charge_amount": 4_900,
    });
    let with = |name: &str, value: Value| {
        let mut attributes = flat.clone();
        attributes[name] = value;
        attributes
    };
    let default = RevenuePolicy::default();
    check(&flat, &default, [Some(4_900), None]);
    check(&with("Stripe Subscriptions", Value::Null), &default, [Some(4_900), None]);
    check(&flat, &RevenuePolicy::seed(), [None, None]);
    check(&with("stripe_subscription_status", json!("canceled")), &default, [Some(0), None]);
    check(&with("stripe_plan_interval", json!("year")), &default, [Some(408), None]);
    // A name that speaks of years says that it is hardly paid every month.
    for name in ["Pro Yearly", "pro_annual", "ANNUAL", "Team (1 Year)"] {
        let customer = customer_of(&with("stripe_plan", json!(name)), &default);
        let codes: Vec<_> = customer.revenue_notes.iter().map(|note| note.code).collect();
        assert_eq!((customer.mrr, customer.arr), (None, None), "{name}");
        assert_eq!(codes, [NoteCode::UnknownInterval, NoteCode::FlatPrice], "{name}");
        assert_eq!(customer.plan_price.map(|price| price.minor), Some(4_900), "{name}");
    }
    check(&with("stripe_plan", json!("Yearling")), &default, [Some(4_900), None]);
    let mut yearly = with("stripe_plan", json!("Pro Yearly"));
    yearly["stripe_plan_interval"] = json!("year");
    check(&yearly, &default, [Some(408), None]);
    // 29.99 is no number of cents, and 0.30 is what nobody pays.
    let customer = customer_of(&with("stripe_plan_price", json!(29.99)), &default);
    let codes: Vec<_> = customer.revenue_notes.iter().map(|note| note.code).collect();
    assert_eq!((customer.mrr, customer.plan_price), (None, None));
    assert_eq!(codes, [NoteCode::FlatPrice, NoteCode::FractionalMinorUnits]);
    // Neither a price without a state nor a state without a price says what is paid.
    check(&with("stripe_subscription_status", Value::Null), &default, [None, None]);
    check(&with("stripe_plan_price", Value::Null), &default, [None, None]);

    let in_major = RevenuePolicy { plan_price_unit: PriceUnit::Major, ..default.clone() };
    check(&with("stripe_plan_price", json!("49.00")), &default, [Some(49), None]);
    check(&with("stripe_plan_price", json!("49.00")), &in_major, [Some(4_900), None]);
    let yen = with("stripe_plan_currency", json!("jpy"));
    check(&yen, &in_major, [Some(4_900), None]);
}

#[test]
fn rows_that_only_newer_interfaces_write() {
    let facts = project(&json!({
        "Stripe Subscriptions": [{
            "id": "sub_1", "status": "active", "cancel_at": 1_770_000_000,
            "pause_collection": {"behavior": "void", "resumes_at": 1_769_000_000},
            "discounts": ["di_1"],
            "items": {"data": [{
                "price": {
                    "unit_amount": 1_000, "currency": "eur", "tax_behavior": "exclusive",
                    "recurring": {"interval": "month", "usage_type": "metered"},
                },
                "tax_rates": [{"inclusive": true, "percentage": 7}],
                "discounts": [{"coupon": {"percent_off": 10}, "end": 1_780_000_000}],
                "current_period_end": 1_768_000_000,
            }]},
        }],
        "Stripe Payments": [{
            "status": "succeeded", "amount_received": 700, "currency": "eur",
            "amount_refunded": 200, "dispute": "dp_1", "tax": "49", "created_at": "2025-12-01",
        }],
    }));
    assert_eq!(facts.oddities, []);
    insta::assert_json_snapshot!(facts.value.stripe.history);
}

#[test]
fn entries_that_cannot_be_read_are_named() {
    let row =
        json!({"id": "sub_1", "status": "active", "plan": {"amount": 1, "interval": "month"}});
    let subscriptions = |entries: &[Value]| {
        let list: Vec<&Value> = [&row].into_iter().chain(entries).collect();
        let facts = project(&json!({"Stripe Subscriptions": list})).value;
        facts.stripe.unreadable_entries.subscriptions.len()
    };
    let priced = json!({"status": "active", "amount": "29900", "interval": "month", "plan": "pro"});
    let tiered = json!({"status": "active", "plan": {"amount": null, "interval": "month"}});
    let decade = json!({"status": "active", "plan": {"amount": 1, "interval": "decade"}});
    let over = json!({"status": "canceled", "plan": {"amount": {}}});
    assert_eq!(subscriptions(&[priced, tiered, decade, over]), 0);
    let by_id = json!({"status": "active", "items": {"data": [{"price": "price_1"}]}});
    let no_list = json!({"status": "active", "items": "items"});
    assert_eq!(subscriptions(&[json!(null), json!([]), by_id, no_list]), 4);
    assert_eq!(subscriptions(&vec![json!("sub"); 99]), 10, "the first ten");

    let payments = json!([
        {"id": "1", "amount": 1, "status": "succeeded"}, {"id": "2", "paid": true, "amount": 5},
        {"id": "3", "status": "failed", "amount": "none"}, {"id": "4", "amount": 1},
    ]);
    let attributes = json!({ "Stripe Payments": payments });
    let facts = project(&attributes).value;
    let path = "custom_attributes.Stripe Payments[3]";
    assert_eq!(facts.stripe.unreadable_entries.iter().collect::<Vec<_>>(), [path]);
    let notes = customer_of(&attributes, &RevenuePolicy::default()).revenue_notes;
    let unreadable = notes.iter().find(|note| note.code == NoteCode::UnreadableEntry);
    assert_eq!(unreadable.and_then(|note| note.about.as_deref()), Some(path));
}
