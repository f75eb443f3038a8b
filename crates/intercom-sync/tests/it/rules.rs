//! Settings that change, and what is made of the same stored records then.

use chrono::TimeDelta;
use intercom_projection::{MatchRule, MentionRule};
use intercom_revenue::{AlertKind, Currency, Movement, Period, Preset, PriceUnit, Ratio, Steps};
use intercom_store::{DigestCause, Notice, PageWrite, Quarantined, Stream};
use intercom_sync::{SyncSettings, explain, read_settings, waterfall};
use serde_json::json;

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::World;

const EMAIL: &str = "ada@member.example";

/// The rules of a settings file in a world that reads as it did.
fn settings(toml: &str, base: &SyncSettings) -> SyncSettings {
    let read = read_settings(toml).expect("settings");
    let (streams, holder) = (base.streams.clone(), base.holder.clone());
    SyncSettings { streams, holder, per_page: base.per_page, ..read }
}

#[test]
fn what_is_said_is_applied() {
    let toml = r#"
        match = "seed"
        cancel_mentions = "seed"
        [revenue]
        preset = "seed"
        plan_price_unit = "major"
        [movements]
        steps = "net"
    "#;
    let applied = settings(toml, &SyncSettings::default());
    let mut expected = Preset::Seed.policy();
    expected.plan_price_unit = PriceUnit::Major;
    assert_eq!(applied.revenue, expected);
    assert_eq!(applied.match_rule, MatchRule::Seed);
    assert_eq!(applied.cancel_mentions, MentionRule::Seed);
    assert_eq!(applied.movements.steps, Steps::Net);
}

pub(crate) async fn another_preset_computes_customers_again_without_a_call(on: &Database) {
    let mut world = World::empty(on);
    let plan = json!({"amount": 2_900, "interval": "month"});
    let seats = json!([{"status": "active", "quantity": 5, "plan": plan}]);
    let attributes = json!({"Stripe Subscriptions": seats});
    world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let mrr = async |world: &World| world.customer(EMAIL).await.expect("a customer").mrr;
    assert_eq!(mrr(&world).await, Some(14_500));

    world.settings = settings("revenue.preset = \"seed\"", &world.settings);
    world.advance(600);
    let report = world.sync().await;
    assert_eq!((report.n_written(), report.metrics.updated_contacts), (0, 1));
    assert_eq!(mrr(&world).await, Some(2_900));
    world.advance(600);
    assert_eq!(world.sync().await.metrics.contacts_synced, 0);
}

pub(crate) async fn changed_rules_are_no_change_of_a_customer(on: &Database) {
    let mut world = World::empty(on);
    let plan = json!({"amount": 2_900, "interval": "month"});
    let seats = json!([{"status": "active", "quantity": 100, "plan": plan}]);
    let attributes = json!({"Stripe Subscriptions": seats});
    let id = world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.create_contact(json!({"email": "bob@member.example", "custom_attributes": {
        "stripe_plan": "Pro", "stripe_plan_price": 900, "stripe_subscription_status": "active",
    }}));
    world.settings = settings("revenue.preset = \"seed\"", &world.settings);
    world.sync().await;
    let began = world.now();
    assert_eq!(world.told().await, [], "29.00 is not much");

    // 2 900.00 instead of 29.00, and 900.00 of which nothing was known.
    world.settings = settings("revenue.plan_price_unit = \"major\"", &world.settings);
    world.advance(600);
    let report = world.sync().await;
    assert_eq!((report.metrics.updated_contacts, report.alerts.len()), (2, 0));
    let told = world.told().await;
    let [Notice::Digest(digest)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((digest.cause, digest.parts.len()), (DigestCause::ChangedRules, 1));
    let part = &digest.parts[0];
    assert_eq!((part.kind, part.n_customers), (AlertKind::NewHighValueCustomer, 2));

    // What happens by the new rules is told and counted.
    world.advance(600);
    let plan = json!({"amount": 5_800, "interval": "month"});
    let seats = json!([{"status": "active", "quantity": 100, "plan": plan}]);
    world.update_contact(&id, json!({"custom_attributes": {"Stripe Subscriptions": seats}}));
    assert_eq!(world.sync().await.alerts.len(), 1);
    world.advance(600);

    let (store, workspace) = (world.store.as_ref(), world.workspace().await);
    let period = Period { starts_at: began + TimeDelta::seconds(1), ends_at: world.now() };
    let told = waterfall(store, &workspace, &world.settings, period).await.expect("a waterfall");
    let dollars = &told.by_currency[&Currency::USD];
    let lines = dollars.lines;
    assert_eq!((lines.start.minor, lines.end.minor), (2_900, 670_000));
    assert_eq!((lines.restated.minor, lines.expansion.minor), (377_100, 290_000));
    assert_eq!((dollars.counts.n_expansions, dollars.counts.n_new), (1, 0));
    // 29.00 became 58.00 by the rules of the start.
    assert_eq!(dollars.net_retention, Some(Ratio::whole(2)));
    assert!(told.to_string().contains("other rules               3771.00"), "{told}");

    let explained = explain(store, &workspace, &world.settings, EMAIL, world.now()).await;
    let explained = explained.expect("an explanation").expect("a customer");
    let seen: Vec<_> =
        explained.history.iter().map(|line| (line.movement, line.is_restated)).collect();
    let expected = [(Some(Movement::Expansion), false), (None, true), (None, false)];
    assert_eq!(seen, expected);
    assert!(explained.history[2].is_first_sight, "{:?}", explained.history[2]);
}

pub(crate) async fn customers_are_restated_however_many_runs_it_takes(on: &Database) {
    let mut world = World::empty(on);
    world.settings.per_page = 3;
    let plan = json!({"amount": 2_900, "interval": "month"});
    let seats = json!([{"status": "active", "quantity": 100, "plan": plan}]);
    for n in 1..=8 {
        let email = format!("m{n}@member.example");
        let attributes = json!({"Stripe Subscriptions": seats});
        world.create_contact(json!({"email": email, "custom_attributes": attributes}));
    }
    world.settings = settings("revenue.preset = \"seed\"", &world.settings);
    world.sync().await;
    world.settings = settings("", &world.settings);
    world.advance(600);
    for n in 1..=8 {
        world.create_contact(json!({"email": format!("n{n}@member.example")}));
    }
    let report = world.break_off(Meddler::silent_of_contacts_after(&world.sim, 1)).await;
    assert_eq!(report.metrics.updated_contacts, 0, "customers wait for the rest");
    let (workspace, waits) = (world.workspace().await, "m1@member.example");
    let told = explain(world.store.as_ref(), &workspace, &world.settings, waits, world.now());
    let told = told.await.expect("an explanation").expect("a customer");
    assert!(told.other_settings.restating && !told.other_settings.customers, "{told}");
    assert!(told.to_string().contains("no run has been through all customers since"), "{told}");
    world.told().await;
    world.advance(600);
    assert_eq!(world.sync().await.alerts.len(), 0);
    let told = world.told().await;
    assert!(told.iter().any(|notice| matches!(notice, Notice::Digest(_))), "{told:?}");
    assert!(!told.iter().any(|notice| matches!(notice, Notice::Customer(_))), "{told:?}");
}

pub(crate) async fn other_names_project_stored_bodies_again(on: &Database) {
    let mut world = World::empty(on);
    let attributes = json!({"tier": "Gold", "stripe_plan": "Pro"});
    world.create_contact(json!({"email": EMAIL, "custom_attributes": attributes}));
    world.sync().await;
    let plan = async |world: &World| world.customer(EMAIL).await.expect("a customer").plan_name;
    assert_eq!(plan(&world).await.as_deref(), Some("Pro"));

    world.settings = settings("attributes.plan_name = [\"tier\"]", &world.settings);
    world.advance(600);
    let report = world.sync().await;
    assert_eq!((report.n_written(), report.metrics.updated_contacts), (0, 1));
    assert_eq!(plan(&world).await.as_deref(), Some("Gold"));
}

pub(crate) async fn what_can_be_read_by_other_rules_leaves_the_quarantine(on: &Database) {
    let mut world = World::empty(on);
    world.sync().await;
    let workspace = world.workspace().await;
    let entry = |reason: &str, body: &'static str, hash: &[u8; 16]| Quarantined {
        record_id: None,
        reason: reason.into(),
        hash: *hash,
        body: body.into(),
    };
    let readable = r#"{"type": "contact", "id": "c1", "email": "ada@member.example"}"#;
    let mut page = PageWrite {
        quarantined: vec![
            entry("not mirrored: at `id` missing", readable, b"0123456789abcdef"),
            entry("not mirrored: at `id` missing", "{}", b"0123456789abcdeX"),
        ],
        ..PageWrite::default()
    };
    // The digest is that of the body, as a page's own entries have it.
    page.quarantined[0].hash = digest(readable);
    world.store.commit_page(&workspace, Stream::Contacts, &page).await.expect("a page");
    world.advance(600);
    world.sync().await;
    assert_eq!(world.store.quarantined(&workspace).await.expect("entries").len(), 2);

    world.settings = settings("attributes.plan_name = [\"tier\"]", &world.settings);
    world.advance(600);
    world.sync().await;
    let left = world.store.quarantined(&workspace).await.expect("entries");
    assert_eq!(left.iter().map(|row| row.body.as_ref()).collect::<Vec<_>>(), [b"{}"]);
    assert!(world.customer(EMAIL).await.is_some());
}

/// The first half of the SHA-256 of a body.
fn digest(body: &str) -> [u8; 16] {
    use sha2::{Digest, Sha256};
    let full: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    let mut half = [0; 16];
    half.copy_from_slice(&full[..16]);
    half
}
