//! Alerts about customers that name the same billing account: what becomes of the account is told.

use intercom_api::Method;
use intercom_revenue::Alert;
use intercom_sync::RunReport;
use serde_json::{Value, json};

use crate::database::Database;
use crate::world::World;

/// Attributes of a customer that pays by an account.
fn pays(amount: i64) -> Value {
    let plan = json!({"amount": amount, "interval": "month"});
    let subscriptions = json!([{"id": "sub_1", "status": "active", "plan": plan}]);
    json!({"stripe_id": "cus_1", "Stripe Subscriptions": subscriptions})
}

fn nothing() -> Value {
    json!({"stripe_id": null, "Stripe Subscriptions": null})
}

fn contact(world: &World, name: &str, attributes: &Value) -> String {
    let email = format!("{name}@member.example");
    let fields = json!({"role": "user", "email": email, "custom_attributes": attributes});
    world.create_contact(fields)
}

fn change(world: &World, id: &str, attributes: &Value) {
    world.update_contact(id, json!({"custom_attributes": attributes}));
}

/// Whose MRR is told to have changed, from what to what.
fn changes(report: &RunReport) -> Vec<(&str, i64, i64)> {
    let mut found = Vec::new();
    for alert in &report.alerts {
        let Alert::LargeMrrChange { from, to, .. } = alert.alert else { panic!("{alert:?}") };
        found.push((alert.email.as_str(), from.minor, to.minor));
    }
    found
}

pub(crate) async fn billing_that_moves_to_another_contact_is_no_loss(on: &Database) {
    let world = World::empty(on);
    let (ada, ben) = (contact(&world, "ada", &pays(60_000)), contact(&world, "ben", &nothing()));
    world.sync().await;
    // Once to an e-mail that is met later, and once to one that is met before.
    for (from, to) in [(&ada, &ben), (&ben, &ada)] {
        change(&world, from, &nothing());
        change(&world, to, &pays(60_000));
        world.advance(600);
        assert_eq!(changes(&world.sync().await), []);
    }
    // The one who paid is gone in the run in which another begins.
    world.call(Method::Delete, &format!("/contacts/{ada}"));
    change(&world, &ben, &pays(60_000));
    world.advance(600);
    assert_eq!(changes(&world.sync_whole().await), []);
    // To one of whom this run reads nothing.
    let zoe = contact(&world, "zoe", &pays(60_000));
    world.advance(600);
    world.sync().await;
    change(&world, &ben, &nothing());
    world.advance(600);
    assert_eq!(changes(&world.sync().await), []);
    change(&world, &zoe, &nothing());
    world.advance(600);
    assert_eq!(changes(&world.sync().await), [("zoe@member.example", 60_000, 0)]);
}

pub(crate) async fn what_is_lost_on_the_way_to_another_contact_is_told(on: &Database) {
    let world = World::empty(on);
    let (ada, ben) = (contact(&world, "ada", &pays(60_000)), contact(&world, "ben", &nothing()));
    world.sync().await;
    change(&world, &ada, &nothing());
    change(&world, &ben, &pays(10_000));
    world.advance(600);
    assert_eq!(changes(&world.sync().await), [("ada@member.example", 60_000, 10_000)]);
}

pub(crate) async fn an_account_that_ends_is_told_once(on: &Database) {
    let mut world = World::empty(on);
    world.settings.max_missing_percent = 100;
    let ids = ["ada", "ben", "zoe"].map(|name| contact(&world, name, &pays(10_000)));
    world.sync().await;
    for id in &ids {
        change(&world, id, &pays(30_000));
    }
    world.advance(600);
    assert_eq!(changes(&world.sync().await), [("ada@member.example", 10_000, 30_000)]);
    world.told().await;
    for id in &ids {
        world.call(Method::Delete, &format!("/contacts/{id}"));
    }
    world.advance(600);
    assert_eq!(changes(&world.sync_whole().await), [("ada@member.example", 30_000, 0)]);
    assert_eq!(world.told().await.len(), 1);
}

pub(crate) async fn apart_each_customer_of_an_account_is_told_of(on: &Database) {
    let mut world = World::empty(on);
    world.settings.revenue.merge_shared_billing = false;
    let ids = ["ada", "ben"].map(|name| contact(&world, name, &pays(10_000)));
    world.sync().await;
    for id in &ids {
        change(&world, id, &nothing());
    }
    world.advance(600);
    assert_eq!(changes(&world.sync().await).len(), 2);
}
