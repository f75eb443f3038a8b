//! Settings that change, and what is made of the same stored records then.

use intercom_projection::{MatchRule, MentionRule};
use intercom_revenue::{Preset, PriceUnit, Steps};
use intercom_store::{PageWrite, Quarantined, Stream};
use intercom_sync::{SyncSettings, read_settings};
use serde_json::json;

use crate::database::Database;
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
