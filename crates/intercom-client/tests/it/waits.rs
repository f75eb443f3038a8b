//! Whoever reads the log sees what calls wait for, and how long.

use std::time::Duration;

use futures_util::future::join_all;
use intercom_api::{ApiVersion, Operation, Safety};
use intercom_client::{BudgetSettings, Client, ClientSettings, LeaseFallback};
use tokio::time::sleep;

use crate::counter::{CONDUCT, Conduct, Counter};
use crate::lease::Table;
use crate::log::Log;
use crate::things::{SearchThings, raw};

/// The lines of the log with a message.
fn lines<'a>(text: &'a str, message: &str) -> Vec<&'a str> {
    text.lines().filter(|line| line.contains(message)).collect()
}

/// Two calls of which the second waits; the log of both.
async fn log_of(client: &Client, first: Safety, after: Duration) -> String {
    let log = Log::default();
    let guard = log.record();
    client.send(raw(first)).await.unwrap();
    sleep(after).await;
    client.send(raw(first)).await.unwrap();
    drop(guard);
    log.text()
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_the_rate_limit() {
    let counter = Counter::new(Conduct { limit: 1, latency_ms: 0, offset_ms: 0, ..CONDUCT });
    let client = counter.client();
    let text = log_of(&client, Safety::Read, Duration::from_secs(2)).await;
    let waits = lines(&text, "The call waits.");
    assert!(waits[0].contains(r#"wait_ms=8000 reason="rate limit""#), "{text}");
    let waited = lines(&text, "The call has waited.");
    assert!(waited[0].contains(r#"wait_ms=8000 reason="rate limit""#), "{text}");
    assert!(waited[0].contains("operation=Raw method=POST route=/raw"), "{text}");
    let ended = lines(&text, "The call has ended.");
    assert!(!ended[0].contains("waited_ms") && ended[1].contains("waited_ms=8000"), "{text}");
    let usage = client.usage();
    assert_eq!((usage.n_calls, usage.n_waits, usage.waited_for.as_secs()), (2, 1, 8));
}

/// By a clock that runs, so that every call takes some time.
#[tokio::test]
async fn only_calls_that_waited_are_counted() {
    let counter = Counter::new(Conduct { limit: 1_000, latency_ms: 0, ..CONDUCT });
    let client = counter.client();
    for _ in 0..20 {
        client.send(raw(Safety::Read)).await.unwrap();
    }
    let usage = client.usage();
    assert_eq!((usage.n_calls, usage.n_waits, usage.waited_for), (20, 0, Duration::ZERO));
    let sharing = counter.client_with(Table::new(5).settings(LeaseFallback::Pause));
    for _ in 0..20 {
        sharing.send(raw(Safety::Read)).await.unwrap();
    }
    // Each of them asks for its turn, and has it.
    let usage = sharing.usage();
    assert_eq!((usage.n_calls, usage.n_waits, usage.waited_for), (20, 0, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_cap() {
    let counter = Counter::new(Conduct { limit: 1000, latency_ms: 0, ..CONDUCT });
    let budget = BudgetSettings::seed4();
    let client = counter.client_with(ClientSettings { budget, ..ClientSettings::default() });
    let log = Log::default();
    let _guard = log.record();
    let search = || SearchThings.request(ApiVersion::default()).unwrap();
    client.send(search()).await.unwrap();
    join_all((0..10).map(|_| client.send(search()))).await;
    let text = log.text();
    let waited = lines(&text, "The call has waited.");
    assert!(waited[0].contains(r#"wait_ms=1000 reason="class cap""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_a_lease() {
    let counter = Counter::new(Conduct { latency_ms: 0, ..CONDUCT });
    let client = counter.client_with(Table::new(5).settings(LeaseFallback::Pause));
    let text = log_of(&client, Safety::Read, Duration::ZERO).await;
    let waited = lines(&text, "The call has waited.");
    assert!(waited[0].contains(r#"wait_ms=5 reason="lease""#), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_is_a_warning_without_its_address() {
    let counter = Counter::new(CONDUCT);
    let table = Table::new(5);
    table.fail();
    let client = counter.client_with(table.settings(LeaseFallback::Local));
    let text = log_of(&client, Safety::Read, Duration::ZERO).await;
    let warnings = lines(&text, "The shared rate budget does not answer.");
    assert!(warnings[0].contains("WARN"), "{text}");
    assert!(!text.contains("postgres:"), "{text}");
}

/// Nobody watches the debug log: what takes seconds is said once, with what it waits for.
#[tokio::test(start_paused = true)]
async fn a_long_wait_for_the_others_on_a_lease_is_told() {
    let counter = Counter::new(Conduct { limit: 5, latency_ms: 0, offset_ms: 0, ..CONDUCT });
    let (table, log) = (Table::new(5), Log::default());
    let client = || counter.client_with(table.settings(LeaseFallback::Pause));
    let guard = log.record();
    let greedy = client();
    for _ in 0..5 {
        greedy.send(raw(Safety::Read)).await.unwrap();
    }
    client().send(raw(Safety::Read)).await.unwrap();
    let told = "WARN intercom_client::rate::gate: Calls wait for the shared rate budget: ";
    let text = log.text();
    let used_up = lines(&text, told);
    assert_eq!(used_up.len(), 1, "{text}");
    assert!(used_up[0].contains("used up this window. at_most_s=10"), "{used_up:?}");

    // A process that is told of its own call by nobody dies with it.
    let (table, log) = (Table::new(5), Log::default());
    drop(guard);
    let guard = log.record();
    let died = table.lend_one().await;
    counter
        .client_with(table.settings(LeaseFallback::Pause))
        .send(raw(Safety::Read))
        .await
        .unwrap();
    drop((guard, died));
    let text = log.text();
    let unknown = lines(&text, told);
    assert_eq!(unknown.len(), 1, "{text}");
    assert!(unknown[0].contains("or died with it. at_most_s=28"), "{unknown:?}");
}
