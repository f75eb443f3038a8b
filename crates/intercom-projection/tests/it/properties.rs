use std::collections::BTreeMap;

use chrono::DateTime;
use intercom_api::contacts::Contact;
use intercom_api::{Attributes, ContactId};
use intercom_projection::{AttributeNames, SupportCounts, contact, customer};
use intercom_revenue::Preset;
use proptest::prelude::*;
use serde_json::Value;

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "(active|month|usd|1e400|-?[0-9]{1,40}(\\.[0-9]{1,40})?|\\[\\]|\\{\\}|[ \"\u{e9}]{0,3})"
            .prop_map(Value::from),
    ]
}

/// Anything, but under names that are looked for.
fn value() -> impl Strategy<Value = Value> {
    let key = prop::sample::select(vec![
        "amount",
        "amount_off",
        "amount_refunded",
        "cancel_at_period_end",
        "coupon",
        "created",
        "currency",
        "current_period_end",
        "data",
        "default_tax_rates",
        "discount",
        "discounts",
        "dispute",
        "duration",
        "id",
        "inclusive",
        "interval",
        "interval_count",
        "items",
        "paid",
        "pause_collection",
        "percent_off",
        "percentage",
        "plan",
        "price",
        "quantity",
        "recurring",
        "refunded",
        "status",
        "tax",
        "tax_percent",
        "usage_type",
    ]);
    scalar().prop_recursive(5, 60, 6, move |inner| {
        let object = prop::collection::btree_map(key.clone(), inner.clone(), 0..6);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object.prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            }),
            inner.prop_map(|value| Value::from(value.to_string())),
        ]
    })
}

fn attributes() -> impl Strategy<Value = BTreeMap<String, Value>> {
    let name = prop::sample::select(vec![
        "Employer",
        "Registration Date",
        "Stripe Payments",
        "Stripe Subscriptions",
        "stripe_delinquent",
        "stripe_id",
        "stripe_last_charge_amount",
        "stripe_last_charge_at",
        "stripe_plan_price",
        "stripe_subscription_status",
    ]);
    prop::collection::btree_map(name.prop_map(str::to_owned), value(), 0..10)
}

proptest! {
    #[test]
    fn any_attributes_can_be_read(attributes in attributes()) {
        let wire = Contact {
            email: Some("omar@member.example".to_owned()),
            custom_attributes: Some(Attributes(attributes)),
            ..Contact::default()
        };
        let id = ContactId::new("1").expect("not empty");
        let facts = contact(&id, &wire, &AttributeNames::default());
        let now = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");
        let counts = SupportCounts::default();
        for preset in Preset::ALL {
            let customer = customer(&facts.value, &counts, &preset.policy(), now);
            prop_assert!(customer.is_ok());
        }
        for field in facts.oddities.iter().map(|oddity| &oddity.field) {
            prop_assert!(field.starts_with("custom_attributes."), "{field}");
        }
    }
}
