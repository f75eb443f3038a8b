//! The first run, and one after which nothing has happened.

use std::collections::BTreeSet;

use intercom_projection::Email;
use intercom_store::{RunOutcome, Stream};
use serde_json::{Value, json};

use crate::database::Database;
use crate::world::{NOW, World};

pub(crate) async fn every_record_is_mirrored_byte_for_byte(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    let workspace = world.workspace().await;
    for (stream, n_records) in [(Stream::Contacts, 60), (Stream::Conversations, 200)] {
        let records = world.records(stream);
        assert_eq!(records.len(), n_records);
        assert!(records == world.stored(stream).await, "{stream} differ");
        let n_rows = on.number(&format!("SELECT COUNT(*) FROM {stream}")).await;
        assert_eq!(usize::try_from(n_rows), Ok(n_records));
        let bookmark = world.store.bookmark(&workspace, stream).await.expect("a bookmark");
        let bookmark = bookmark.expect("the stream was read");
        assert_eq!((bookmark.watermark, bookmark.cursor), (Some(NOW - 300), None));
    }
}

pub(crate) async fn the_metrics_and_the_run_are_noted(on: &Database) {
    let world = World::new(on);
    let report = world.sync().await;

    let contacts = world.records(Stream::Contacts);
    let emails: Vec<Option<Email>> = contacts
        .values()
        .map(|contact| {
            let contact: Value = serde_json::from_str(contact).expect("JSON");
            contact["email"].as_str()?.parse().ok()
        })
        .collect();
    let customers: BTreeSet<&str> = emails.iter().flatten().map(Email::as_str).collect();
    let n_without = emails.iter().filter(|email| email.is_none()).count() as u64;
    assert!(n_without > 0 && customers.len() + emails.len() > 60, "the case is about something");

    let metrics = report.metrics;
    assert_eq!(metrics.new_contacts, customers.len() as u64);
    assert_eq!(metrics.updated_contacts, 0);
    assert_eq!(metrics.contacts_synced, metrics.new_contacts + metrics.updated_contacts);
    assert_eq!((metrics.skipped_contacts, metrics.errors), (n_without, 0));
    assert!(metrics.avg_quality_score.is_some_and(|score| (1.0..=100.0).contains(&score)));

    let run = world.last_run().await;
    assert_eq!((run.kind.as_str(), run.started_at), ("first", NOW));
    let end = run.end.expect("the run ended");
    assert_eq!((end.outcome, end.detail), (RunOutcome::Done, None));
    let whole = |count: u64| i64::try_from(count).expect("small");
    assert_eq!(end.counts.n_fetched, whole(report.n_fetched()));
    assert_eq!(end.counts.n_inserted, end.counts.n_fetched);
    assert_eq!(end.counts.n_skipped, whole(n_without));
    assert_eq!(end.counts.n_customers, whole(metrics.contacts_synced));
}

pub(crate) async fn a_second_run_without_a_change_writes_nothing(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    let written = "SELECT (SELECT MAX(change_number) FROM contacts) \
                   + (SELECT MAX(change_number) FROM conversations) \
                   + (SELECT COUNT(*) FROM customer_history)";
    let before = on.number(written).await;
    world.advance(60);
    let report = world.sync().await;
    assert_eq!(report.n_written(), 0);
    let metrics = report.metrics;
    assert_eq!((metrics.contacts_synced, metrics.skipped_contacts, metrics.errors), (0, 0, 0));
    assert!(report.alerts.is_empty());
    assert_eq!(on.number(written).await, before);
    assert_eq!(world.last_run().await.kind, "incremental");
}

pub(crate) async fn an_empty_workspace_is_no_error(on: &Database) {
    let world = World::empty(on);
    for _ in 0..2 {
        let report = world.sync().await;
        assert!(report.is_complete());
        assert_eq!((report.metrics.contacts_synced, report.metrics.avg_quality_score), (0, None));
    }
    world.advance(3_600);
    world.create_contact(json!({"role": "user", "email": "first@member.example"}));
    assert_eq!(world.sync().await.metrics.new_contacts, 1);
}

pub(crate) async fn the_first_run_raises_no_alerts(on: &Database) {
    let world = World::empty(on);
    let attributes = json!({"stripe_delinquent": true});
    let fields = json!({"email": "late@member.example", "custom_attributes": attributes});
    world.create_contact(fields);
    assert_eq!(world.sync().await.alerts, []);
    let customer = world.customer("late@member.example").await.expect("a customer");
    assert_eq!(customer.is_delinquent, Some(true));
}
