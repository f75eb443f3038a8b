//! What is over, although something beside it cannot be meant; and what is said while it is kept.

use serde_json::{Value, json};

use crate::database::Database;
use crate::odd_values::{EMAIL, is_named, listen, mrr_of, told_of_ada};
use crate::world::World;

fn row(id: &str, status: &str, amount: i64) -> Value {
    let plan = json!({"amount": amount, "interval": "month"});
    json!({"id": id, "status": status, "plan": plan})
}

fn subscribed(rows: &[Value]) -> Value {
    json!({"Stripe Subscriptions": rows})
}

/// Ada with these attributes, after a run.
async fn ada(world: &World, attributes: Value) -> String {
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    world.advance(600);
    id
}

pub(crate) async fn a_cancellation_beside_what_cannot_be_meant_is_told(on: &Database) {
    let world = World::empty(on);
    let (a, b) = (|status| row("sub_1", status, 10_000), |status| row("sub_2", status, 20_000));
    let credit = row("credit", "active", -100);
    let tiered = json!({"id": "tiered", "status": "active", "plan": {"interval": "month"}});
    for (before, after) in [
        (vec![a("active"), credit.clone()], vec![a("canceled"), credit.clone()]),
        (vec![a("active"), tiered.clone()], vec![a("canceled"), tiered]),
        (
            vec![a("active"), b("active")],
            vec![a("canceled"), b("canceled"), row("sub_3", "legacy", 5)],
        ),
        (vec![a("active")], vec![row("sub_1", "active", -100)]),
    ] {
        let id = ada(&world, subscribed(&before)).await;
        let score = world.customer(EMAIL).await.expect("a customer").quality_score;
        world.update_contact(&id, json!({"custom_attributes": subscribed(&after)}));
        let (said, report) = listen(&world).await;
        let ada = world.customer(EMAIL).await.expect("a customer");
        assert_eq!(ada.mrr, Some(0), "{after:?}");
        assert_eq!(report.alerts.len(), 1, "{after:?}");
        assert!(is_named(&said, &[&id, "nobody can say"]), "{said:?}");
        let told = told_of_ada(&world).await;
        assert!(!told.contains("last written"), "{told}");
        assert!(told.contains("Churn"), "{told}");
        let is_tiered = after.iter().any(|row| row["id"] == "tiered");
        assert_eq!(ada.subscription_count, Some(i64::from(is_tiered)), "{after:?}");
        assert_eq!(ada.quality_score < score, !is_tiered, "{after:?}");
        world.update_contact(&id, json!({"email": null}));
        world.advance(600);
        world.sync().await;
    }
}

pub(crate) async fn a_plan_that_is_over_ends_whatever_its_price(on: &Database) {
    let world = World::empty(on);
    let plan = |price: Value, currency: &str, status: &str| {
        json!({"stripe_plan_price": price, "stripe_plan_currency": currency,
            "stripe_subscription_status": status})
    };
    for over in [
        plan(json!("n/a"), "usd", "canceled"),
        plan(json!({}), "usd", "incomplete_expired"),
        plan(json!(2900), "zzz", "canceled"),
        plan(json!(29.99), "usd", "canceled"),
    ] {
        let id = ada(&world, plan(json!(2900), "usd", "active")).await;
        assert_eq!(mrr_of(&world, EMAIL).await, Some(2_900));
        world.update_contact(&id, json!({"custom_attributes": over}));
        world.sync().await;
        let row = world.customer(EMAIL).await.expect("a customer");
        assert_eq!((row.mrr, row.subscription_count), (Some(0), Some(0)), "{over}");
        world.update_contact(&id, json!({"email": null}));
        world.advance(600);
        world.sync().await;
    }
}

pub(crate) async fn a_plan_that_is_kept_is_told_as_that(on: &Database) {
    let world = World::empty(on);
    let plan = |price: Value, name: &str| {
        json!({"stripe_plan_price": price, "stripe_plan": name,
            "stripe_subscription_status": "active"})
    };
    let id = ada(&world, plan(json!(2900), "Pro")).await;
    assert!(told_of_ada(&world).await.contains("taken as a monthly price"));
    let field = "custom_attributes.stripe_plan_price";
    let not_monthly = format!("{field}, of which nobody can say what it brings a month");
    let unreadable = "the price, state and currency of the plan, which cannot be read";
    for (attributes, source) in [
        (plan(json!("n/a"), "Pro"), unreadable),
        (plan(json!("$29.99"), "Pro"), unreadable),
        (plan(json!(29.99), "Pro"), &not_monthly),
        (plan(json!(2900), "Pro annual"), &not_monthly),
    ] {
        world.advance(600);
        world.update_contact(&id, json!({"custom_attributes": attributes}));
        let (said, report) = listen(&world).await;
        assert_eq!((report.alerts, mrr_of(&world, EMAIL).await), (vec![], Some(2_900)));
        let told = told_of_ada(&world).await;
        assert!(told.contains(&format!("{source}: as last written")), "{attributes}: {told}");
        let is_kept = is_named(&said, &[&id, field, "billing cannot be read", "are kept"]);
        assert_eq!(is_kept, source == unreadable, "{said:?}");
        assert!(is_named(&said, &[&id]), "{said:?}");
    }
}

pub(crate) async fn amounts_on_the_contact_are_converted(on: &Database) {
    let mut world = World::empty(on);
    let currency = |code: &str| code.parse().expect("a currency");
    let rates = &mut world.settings.revenue.rates;
    rates.insert(currency("EUR"), "1.0835".parse().expect("a rate"));
    let plan = json!({"amount": 99_900, "interval": "year", "currency": "eur"});
    let attributes = |code: Option<&str>| {
        json!({"stripe_plan_price": 99_900, "stripe_plan_currency": code,
            "stripe_last_charge_amount": 99_900,
            "Stripe Subscriptions": [{"id": "sub_1", "status": "active", "plan": plan}]})
    };
    let id = ada(&world, attributes(Some("eur"))).await;
    for (code, expected) in [
        (Some("eur"), Some(108_242)),
        (None, Some(108_242)),
        (Some("usd"), Some(99_900)),
        (Some("gbp"), None),
    ] {
        world.advance(600);
        world.update_contact(&id, json!({"custom_attributes": attributes(code)}));
        world.sync().await;
        let row = world.customer(EMAIL).await.expect("a customer");
        assert_eq!((row.mrr, row.currency), (Some(9_020), Some(currency("USD"))), "{code:?}");
        assert_eq!((row.plan_price, row.last_payment_amount), (expected, expected), "{code:?}");
        let told = told_of_ada(&world).await;
        let is_left_out = told.contains("plan_price is in another currency");
        assert_eq!(is_left_out, expected.is_none(), "{told}");
    }
}
