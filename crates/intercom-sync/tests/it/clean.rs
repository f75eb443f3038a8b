//! What was made of a mirror by many runs, beside what one clean run makes of the same workspace.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;
use intercom_store::{CustomerHistoryRow, Stream};
use serde_json::Value;

use crate::database::Database;
use crate::world::World;

/// The tables that are made of the mirror.
const PROJECTIONS: [&str; 9] = [
    "coaches",
    "customer_contacts",
    "dirty_customers",
    "facts",
    "intercom_customers",
    "members",
    "projection_state",
    "sessions",
    "unified_customers",
];

/// Columns that tell when something was written, not what it is.
const WHEN: [&str; 3] = ["last_intercom_sync", "mark", "refreshed_at"];

/// Projections are those of a clean run at this time, and histories end with them.
pub(crate) async fn check_derived(on: &Database, world: &World) {
    let other = on.another().await;
    let clean = world.beside(Arc::clone(&other.store));
    assert!(clean.sync().await.is_complete());
    for table in PROJECTIONS {
        let (expected, found) = (rows(&other, table).await, rows(on, table).await);
        let missing: Vec<_> = expected.iter().filter(|row| !found.contains(row)).collect();
        let left_over: Vec<_> = found.iter().filter(|row| !expected.contains(row)).collect();
        assert!(
            missing.is_empty() && left_over.is_empty(),
            "{table}: {missing:#?} are missing, {left_over:#?} left over"
        );
        assert_eq!(expected.len(), found.len(), "{table}");
    }
    check_customer_history(world, &clean).await;
    check_attribute_history(world).await;
    check_buckets(world, &clean).await;
    other.remove().await;
}

/// The rows of a projection. One of `unified_customers` that says nothing but whose it was counts
/// as none: the table is shared, and our columns are emptied when a customer is gone.
async fn rows(on: &Database, table: &str) -> Vec<Value> {
    let mut rows = on.rows(table).await;
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        WHEN.iter().for_each(|column| drop(row.remove(*column)));
    }
    let says_nothing = |row: &Value| {
        let is_key = |name: &str| matches!(name, "workspace_id" | "email");
        let mut columns = row.as_object().into_iter().flatten();
        columns.all(|(name, value)| is_key(name) || value.is_null())
    };
    rows.retain(|row| table != "unified_customers" || !says_nothing(row));
    rows
}

/// Each row changes something, the last one is that of the clean run, and who is gone is gone.
async fn check_customer_history(world: &World, clean: &World) {
    let mut emails = BTreeSet::new();
    for world in [world, clean] {
        let customers = world.store.customers_after(&world.workspace().await, "", 1_000).await;
        emails.extend(customers.expect("customers").into_iter().map(|(email, _)| email));
    }
    for email in &emails {
        let found = customer_history(world, email).await;
        let expected = customer_history(clean, email).await;
        let changes = |pair: &[CustomerHistoryRow]| pair[0].state != pair[1].state;
        assert!(found.windows(2).all(changes), "{email}: a row changes nothing");
        let end = |rows: &[CustomerHistoryRow]| rows.last().and_then(|row| row.state.clone());
        assert!(end(&found) == end(&expected), "{email}: the history ends otherwise");
    }
}

async fn customer_history(world: &World, email: &str) -> Vec<CustomerHistoryRow> {
    let history = world.store.customer_history(&world.workspace().await, email).await;
    history.expect("history")
}

/// Of each attribute of a contact rows follow one from the other, each changes something, and the
/// last one leads to what the workspace holds.
async fn check_attribute_history(world: &World) {
    let workspace = world.workspace().await;
    for (id, contact) in world.records(Stream::Contacts) {
        let contact: Value = serde_json::from_str(&contact).expect("JSON");
        let history = world.store.attribute_history(&workspace, &id).await.expect("history");
        let value = |text: &Option<String>| {
            text.as_ref().map(|text| serde_json::from_str::<Value>(text).expect("JSON"))
        };
        let mut last = BTreeMap::new();
        for row in &history {
            let (old, new) = (value(&row.old), value(&row.new));
            assert_ne!(old, new, "{id} {}", row.attribute);
            if let Some(before) = last.insert(&row.attribute, new) {
                assert_eq!(before, old, "{id} {}", row.attribute);
            }
        }
        for (attribute, new) in last {
            let held = contact["custom_attributes"].get(attribute).cloned();
            assert_eq!(new, held, "{id} {attribute}");
        }
    }
}

/// The last day is that of the clean run.
async fn check_buckets(world: &World, clean: &World) {
    let expected = buckets(clean, NaiveDate::default()).await;
    let today = expected.first().expect("the run noted the buckets of its day").day;
    assert_eq!(buckets(world, today).await, expected);
}

async fn buckets(world: &World, from: NaiveDate) -> Vec<intercom_store::BucketHistoryRow> {
    let rows = world.store.bucket_history(&world.workspace().await, "caseload", from).await;
    rows.expect("buckets")
}
