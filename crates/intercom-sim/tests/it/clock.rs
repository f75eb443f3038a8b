//! What follows the clock of a workspace: moved over HTTP, and by the day in memory.

use std::collections::BTreeSet;

use intercom_sim::Outcome;
use serde_json::{Value, json};

use crate::server::{Served, TOKEN, call, serve, serve_over};
use crate::support::{NOW, code, simulator};

async fn advance(served: &Served, seconds: i64) {
    let body = json!({"advance": seconds}).to_string();
    let (status, _, clock) = call(served.port, "POST /__sim/clock", "", &body).await;
    assert_eq!((status, &clock["now"]), (200, &json!(served.transport.now())));
}

async fn get(served: &Served, target: &str) -> (u16, Value) {
    let (status, _, body) = call(served.port, &format!("GET {target}"), TOKEN, "").await;
    (status, body)
}

#[tokio::test]
async fn a_scroll_ends_when_the_clock_was_moved_by_more_than_a_minute() {
    let served = serve().await;
    for (seconds, expected) in [(60, 200), (61, 404)] {
        let (_, page) = get(&served, "/companies/scroll").await;
        let param = page["scroll_param"].as_str().expect("a scroll").to_owned();
        let next = format!("/companies/scroll?scroll_param={param}");
        advance(&served, seconds).await;
        let (status, page) = get(&served, &next).await;
        assert_eq!(status, expected, "after {seconds} seconds: {page}");
        // What is still open would refuse the next one.
        advance(&served, 61).await;
    }
}

#[tokio::test]
async fn a_bulk_job_of_1_4_takes_effect_as_the_clock_is_moved() {
    let served = serve().await;
    let headers = format!("{TOKEN}Intercom-Version: 1.4\r\n");
    let item = json!({"method": "post", "data_type": "user", "data": {"user_id": "bulk-1"}});
    let body = json!({"items": [item]}).to_string();
    let (status, _, job) = call(served.port, "POST /bulk/users", &headers, &body).await;
    assert_eq!((status, &job["name"]), (200, &json!("api_bulk_job")));
    let path = format!("GET /jobs/{}", job["id"].as_str().expect("an id"));
    let n_contacts = || served.transport.with(|sim| sim.workspace().n_contacts());
    let before = n_contacts();
    for (seconds, state, n_added) in [(1, "pending", 0), (1, "running", 0), (2, "completed", 1)] {
        advance(&served, seconds).await;
        // Nobody has asked for the job since the clock was moved.
        assert_eq!(n_contacts() - before, n_added, "{state}");
        assert_eq!(call(served.port, &path, &headers, "").await.2["state"], state);
    }
}

#[tokio::test]
async fn an_export_is_ready_and_forgotten_as_the_clock_is_moved() {
    let served = serve().await;
    let span = json!({"created_at_after": 0, "created_at_before": NOW}).to_string();
    let (status, _, job) = call(served.port, "POST /export/content/data", TOKEN, &span).await;
    assert_eq!((status, &job["status"]), (200, &json!("pending")));
    let id = job["job_identifier"].as_str().expect("an id").to_owned();
    let (show, file) =
        (format!("/export/content/data/{id}"), format!("/download/content/data/{id}"));
    for (seconds, expected) in [(5, "in_progress"), (5, "completed")] {
        advance(&served, seconds).await;
        assert_eq!(get(&served, &show).await.1["status"], expected);
    }
    advance(&served, 2 * 86_400 - 1).await;
    assert!(get(&served, &show).await.1["download_url"].as_str() != Some(""));
    advance(&served, 1).await;
    let (status, body) = get(&served, &file).await;
    assert_eq!(status, 404, "{body}");
}

#[tokio::test]
async fn notifications_are_retried_and_tested_daily_as_the_clock_is_moved() {
    let served = serve().await;
    let take = || {
        let now = served.transport.now();
        served.transport.with(|sim| sim.take_notifications(now))
    };
    served.transport.with(|sim| sim.subscribe("s3cret".to_owned().into()));
    call(served.port, "POST /__sim/tags", "", r#"{"name": "one"}"#).await;
    call(served.port, "POST /__sim/contacts", "", r#"{"role": "user"}"#).await;
    let first = take();
    let topics: Vec<&str> = first.iter().map(|one| one.topic.as_str()).collect();
    assert_eq!(topics, ["contact.user.created"]);
    served.transport.with(|sim| sim.conclude(&first[0].id, Outcome::Failed, NOW));
    advance(&served, 59).await;
    assert_eq!(take(), []);
    advance(&served, 1).await;
    let again = take();
    assert_eq!((again.len(), again[0].attempt), (1, 2));
    served.transport.with(|sim| sim.conclude(&again[0].id, Outcome::Delivered, NOW + 60));

    advance(&served, 86_400 - 61).await;
    let (_, _, stats) = call(served.port, "GET /__sim/webhooks", "", "").await;
    assert_eq!(stats["topics"]["ping"], Value::Null, "{stats}");
    advance(&served, 1).await;
    let (_, _, stats) = call(served.port, "GET /__sim/webhooks", "", "").await;
    assert_eq!(stats["topics"]["ping"], 1, "{stats}");
    // Conversations that woke from their snooze may wait beside it.
    assert!(stats["waiting"].as_u64() >= Some(1), "{stats}");
    let (_, _, stats) = call(served.port, "POST /__sim/webhooks/ping", "", "").await;
    assert_eq!(stats["topics"]["ping"], 2, "one more on demand");
}

#[test]
fn a_subscription_is_tested_a_day_after_the_last_test() {
    let mut sim = simulator(0, 0);
    sim.subscribe("s3cret".to_owned().into());
    let day = 86_400;
    let expected = [
        (0, false),
        (day - 1, false),
        (day, true),
        (day + 1, false),
        // Days without a look are not made up for.
        (4 * day + 5, true),
        (5 * day + 4, false),
        (5 * day + 5, true),
    ];
    for (passed, is_tested) in expected {
        let due = sim.take_notifications(NOW + passed);
        let topics: Vec<&str> = due.iter().map(|one| one.topic.as_str()).collect();
        assert_eq!(topics, vec!["ping"; usize::from(is_tested)], "after {passed} seconds");
        for one in due {
            sim.conclude(&one.id, Outcome::Delivered, NOW + passed);
        }
    }
}

#[tokio::test]
async fn a_window_begins_again_when_the_clock_was_moved_past_its_end() {
    let served = serve().await;
    for _ in 0..100 {
        assert_eq!(get(&served, "/me").await.0, 200);
    }
    let (status, body) = get(&served, "/me").await;
    assert_eq!((status, code(&body)), (429, "rate_limit_exceeded"));
    advance(&served, 9).await;
    assert_eq!(get(&served, "/me").await.0, 429);
    advance(&served, 1).await;
    assert_eq!(get(&served, "/me").await.0, 200);
}

#[tokio::test]
async fn a_week_wakes_up_every_snoozed_conversation_and_calls_get_their_turn() {
    const N: i64 = 1_300;
    let mut sim = simulator(20, 1_300);
    let known: Vec<String> = sim.workspace().conversation_ids().map(str::to_owned).collect();
    // Half of them at seconds of their own, half of them at one.
    let until = |number: i64| NOW + 3_600 + number.min(N / 2) * 60;
    for (number, id) in (0..).zip(&known) {
        let patch = json!({"state": "snoozed", "snoozed_until": until(number)});
        sim.workspace_mut().update_conversation(id, patch, NOW).expect("the patch fits");
    }
    let served = serve_over(sim).await;
    let transport = served.transport.clone();
    let watching = tokio::spawn(async move {
        let mut seen = BTreeSet::new();
        while transport.now() < NOW + 7 * 86_400 {
            seen.insert(transport.now());
            tokio::task::yield_now().await;
        }
        seen
    });
    advance(&served, 7 * 86_400).await;
    let seen = watching.await.expect("it sees the end");
    let expected = BTreeSet::from([NOW, until(499), until(N / 2)]);
    assert_eq!(seen, expected, "five hundred at a time, or those of one second");
    for (number, id) in (0..).zip(&known) {
        let conversation = served.transport.with(|sim| sim.workspace().conversation(id));
        let conversation = conversation.expect("it is there");
        let parts = conversation["conversation_parts"]["conversation_parts"].as_array();
        let last = parts.and_then(|parts| parts.last()).expect("a part");
        assert_eq!(
            (&conversation["state"], &last["part_type"]),
            (&json!("open"), &json!("unsnoozed"))
        );
        assert_eq!(last["created_at"], until(number));
    }
}
