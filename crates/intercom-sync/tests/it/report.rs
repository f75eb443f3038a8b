//! The log entry and the metrics, in the form that dashboards and people read.

use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_revenue::Alert;
use intercom_store::{DigestCause, StillAside};
use intercom_sync::{CustomerAlert, Digest, Metrics, RunReport, Skipped};

fn report() -> RunReport {
    let started_at: DateTime<Utc> = "2024-01-15T10:29:59.8Z".parse().expect("an instant");
    let alert = CustomerAlert { email: "a@member.example".into(), alert: Alert::CancelMention };
    RunReport {
        started_at,
        took_for: Duration::from_millis(45_200),
        streams: Vec::new(),
        metrics: Metrics {
            contacts_synced: 1_234,
            new_contacts: 56,
            updated_contacts: 1_178,
            skipped_contacts: 3,
            errors: 0,
            sync_duration_seconds: 45.2,
            avg_quality_score: Some(78.5),
        },
        still_aside: StillAside::default(),
        skipped: Skipped::default(),
        alerts: vec![alert; 12],
        digest: None,
    }
}

#[test]
fn the_log_entry_has_its_six_lines() {
    insta::assert_snapshot!(report().log_entry(), @r"
    [2024-01-15 10:30:45] Intercom sync completed
    - Synced: 1234 contacts
    - New: 56, Updated: 1178, Skipped: 3
    - Duration: 45.2s
    - Quality: 78.5 avg
    - Alerts: 12 generated
    ");
}

#[test]
fn the_log_entry_tells_of_a_digest() {
    let first_load = Digest { cause: DigestCause::FirstLoad, n_conditions: 7 };
    let changed_rules = Digest { cause: DigestCause::ChangedRules, n_conditions: 1 };
    for (digest, line) in [
        (first_load, "- Alerts: 0 generated, 7 alerts of the first load in 1 digest"),
        (changed_rules, "- Alerts: 0 generated, 1 alert after a change of the rules in 1 digest"),
    ] {
        let report = RunReport { alerts: Vec::new(), digest: Some(digest), ..report() };
        assert_eq!(report.log_entry().to_string().lines().last(), Some(line));
    }
}

#[test]
fn the_log_entry_of_a_partial_run_without_customers_says_so() {
    let mut report = report();
    report.metrics.errors = 1;
    report.metrics.avg_quality_score = None;
    let entry = report.log_entry().to_string();
    assert!(entry.starts_with("[2024-01-15 10:30:45] Intercom sync completed in part\n"));
    assert!(entry.contains("\n- Quality: no customers\n"));
}

#[test]
fn the_metrics_have_their_names() {
    insta::assert_json_snapshot!(report().metrics, @r#"
    {
      "contacts_synced": 1234,
      "new_contacts": 56,
      "updated_contacts": 1178,
      "skipped_contacts": 3,
      "errors": 0,
      "sync_duration_seconds": 45.2,
      "avg_quality_score": 78.5
    }
    "#);
}

#[test]
fn an_alert_shows_what_happened_but_not_to_whom() {
    let shown = format!("{:?}", report().alerts[0]);
    assert_eq!(shown, "CustomerAlert { alert: CancelMention, .. }");
    let json = serde_json::to_string(&report().alerts[0]).expect("JSON");
    assert_eq!(json, r#"{"alert":{"kind":"cancel_mention"}}"#);
    let report = report();
    let shown = format!("{report:?} {report:#?} {0:?} {0:#?}", report.log_entry());
    assert!(!shown.contains("member.example"), "{shown}");
}
