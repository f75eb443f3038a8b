//! What a run keeps of the past.

use intercom_store::{AttributeHistoryRow, CustomerHistoryRow, Stream};
use serde_json::json;

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::{NOW, World};

const EMAIL: &str = "ada@member.example";

pub(crate) async fn one_row_for_each_changed_attribute(on: &Database) {
    let world = World::empty(on);
    let attributes = json!({"plan_type": "free", "seats": 3, "untouched": "x"});
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let history = async || {
        let rows = world.store.attribute_history(&world.workspace().await, &id).await;
        rows.expect("history")
    };
    assert_eq!(history().await, [], "the first sight of a contact is no change");

    world.advance(600);
    let changes = json!({"plan_type": "team", "seats": 4, "joined": true, "untouched": "x"});
    world.update_contact(&id, json!({"custom_attributes": changes}));
    world.sync().await;
    world.sync().await;
    let row = |attribute: &str, old: Option<&str>, new: &str| AttributeHistoryRow {
        attribute: attribute.into(),
        old: old.map(str::to_owned),
        new: Some(new.into()),
        observed_at: NOW + 600,
    };
    let expected = [
        row("joined", None, "true"),
        row("plan_type", Some(r#""free""#), r#""team""#),
        row("seats", Some("3"), "4"),
    ];
    assert_eq!(history().await, expected);
}

/// Found by the soak: the members of an object may come in another order.
pub(crate) async fn members_in_another_order_are_no_change(on: &Database) {
    let world = World::empty(on);
    let id = world.create_contact(json!({"email": EMAIL}));
    let plan = json!([{"amount": 2900, "interval": "month"}]);
    world.update_contact(&id, json!({"custom_attributes": {"Stripe Subscriptions": plan}}));
    world.sync().await;
    world.advance(600);
    world.update_contact(&id, json!({"name": "Ada"}));
    let turned = Meddler::new(&world.sim, |_, _, mut response| {
        let text = String::from_utf8(response.body.to_vec()).expect("JSON is UTF-8");
        let (one, other) =
            (r#""amount":2900,"interval":"month""#, r#""interval":"month","amount":2900"#);
        response.body = match text.contains(one) {
            true => text.replace(one, other),
            false => text.replace(other, one),
        }
        .into();
        Ok(response)
    });
    let report = world.run_over(turned).await.expect("the run ends");
    assert_eq!(report.stream(Stream::Contacts).map(|contacts| contacts.n_changed), Some(1));
    let history = world.store.attribute_history(&world.workspace().await, &id).await;
    assert_eq!(history.expect("history"), []);
}

pub(crate) async fn one_row_for_each_change_of_a_customer(on: &Database) {
    let world = World::empty(on);
    let paying = |status: &str, amount| {
        let plan = json!({"amount": amount, "interval": "month"});
        json!({"custom_attributes": {"Stripe Subscriptions": [{"status": status, "plan": plan}]}})
    };
    let id = world.create_contact(json!({"email": EMAIL}));
    world.update_contact(&id, paying("active", 10_000));
    world.sync().await;
    for patch in [json!({"name": "Ada"}), paying("active", 20_000), json!({"email": null})] {
        world.advance(600);
        world.update_contact(&id, patch);
        world.sync().await;
        world.sync().await;
    }
    let history = world.store.customer_history(&world.workspace().await, EMAIL).await;
    let figures = |row: &CustomerHistoryRow| {
        (row.observed_at - NOW, row.state.as_ref().and_then(|state| state.mrr))
    };
    let figures: Vec<_> = history.expect("history").iter().map(figures).collect();
    assert_eq!(figures, [(0, Some(10_000)), (1_200, Some(20_000)), (1_800, None)]);
}

pub(crate) async fn the_buckets_of_the_day(on: &Database) {
    let mut world = World::new(on);
    world.settings.timezone = Some(chrono_tz::Pacific::Kiritimati);
    world.sync().await;
    world.advance(60);
    world.sync().await;
    let workspace = world.workspace().await;
    // 17:00 in London is the next morning in Kiritimati.
    let day = chrono::NaiveDate::from_ymd_opt(2025, 11, 22).expect("a day");
    let rows = world.store.bucket_history(&workspace, "caseload", day).await.expect("buckets");
    let buckets: Vec<&str> = rows.iter().map(|row| row.bucket.as_str()).collect();
    assert_eq!(buckets, ["bucket_1", "bucket_2", "bucket_3", "bucket_4"]);
    assert!(rows.iter().all(|row| row.day == day));
    assert!(rows.iter().map(|row| row.n_members).sum::<i64>() > 0);
}
