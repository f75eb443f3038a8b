//! Limits of request classes, and what a queue must be to its callers.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use intercom_api::contacts::SearchContacts;
use intercom_api::{ApiVersion, Operation, Operator, Query, Request, Safety, SearchRequest};
use intercom_client::{BudgetSettings, ClassCap, ClientSettings, RequestClass};
use tokio::time::{Instant, sleep, timeout};

use crate::counter::{CONDUCT, Conduct, Counter};
use crate::things::{SearchThings, raw};

/// Answers at once and counts far.
const WIDE: Conduct = Conduct { limit: 100_000, latency_ms: 0, ..CONDUCT };

fn search() -> Request {
    SearchThings.request(ApiVersion::default()).unwrap()
}

fn capped() -> ClientSettings {
    ClientSettings { budget: BudgetSettings::seed4(), ..ClientSettings::default() }
}

/// The most instants in any span of a second.
fn most_a_second(times: &[Duration]) -> usize {
    let second = Duration::from_secs(1);
    let spans = times
        .iter()
        .map(|start| times.iter().filter(|at| **at >= *start && **at - *start < second).count());
    spans.max().unwrap_or(0)
}

#[test]
fn the_class_comes_from_the_request() {
    let query = Query::field("name", Operator::Equals, "Ada");
    let request = SearchContacts::new(SearchRequest::new(query)).request(ApiVersion::default());
    assert_eq!(RequestClass::of(&request.unwrap()), RequestClass::Search);
    assert_eq!(RequestClass::of(&raw(Safety::Read)), RequestClass::Other);
    let write = Request { safety: Safety::Once, ..search() };
    assert_eq!(RequestClass::of(&write), RequestClass::Other);
}

#[tokio::test(start_paused = true)]
async fn no_second_has_more_than_ten_searches() {
    let counter = Counter::new(WIDE);
    let client = counter.client_with(capped());
    join_all((0..55).map(|n| {
        let client = client.clone();
        async move {
            sleep(Duration::from_millis(n * 37 % 300)).await;
            client.send(search()).await.unwrap();
        }
    }))
    .await;
    let times = counter.arrived(RequestClass::Search);
    assert_eq!(times.len(), 55);
    assert_eq!(most_a_second(&times), 10, "{times:?}");
    // The cap is used up: ten a second, none later than needed.
    assert!(times[54] < Duration::from_millis(5_300), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn other_calls_pass_searches_that_wait_for_their_cap() {
    let counter = Counter::new(WIDE);
    let client = counter.client_with(capped());
    let searches = join_all((0..30).map(|_| client.send(search())));
    let others = async {
        for _ in 0..50 {
            client.send(raw(Safety::Read)).await.unwrap();
        }
    };
    tokio::join!(searches, others);
    assert_eq!(counter.arrived(RequestClass::Other).last(), Some(&Duration::ZERO));
    assert_eq!(counter.arrived(RequestClass::Search).last(), Some(&Duration::from_secs(2)));
}

#[tokio::test(start_paused = true)]
async fn caps_can_be_combined_and_hold_with_the_rate_limit() {
    let cap = |calls, per| ClassCap {
        class: RequestClass::Search,
        calls,
        per: Duration::from_millis(per),
    };
    let budget = BudgetSettings {
        caps: vec![cap(10, 1000), cap(3, 100), cap(0, 10)],
        ..BudgetSettings::default()
    };
    let counter = Counter::new(Conduct { limit: 25, latency_ms: 0, ..CONDUCT });
    let client = counter.client_with(ClientSettings { budget, ..ClientSettings::default() });
    join_all((0..60).map(|_| client.send(search()))).await;
    let times = counter.arrived(RequestClass::Search);
    assert!(most_a_second(&times) <= 10);
    assert!(times.windows(4).all(|four| four[3] - four[0] >= Duration::from_millis(100)));
    assert!(times.windows(2).all(|two| two[1] - two[0] >= Duration::from_millis(10)));
    assert_eq!(counter.counts(), [25, 25, 10]);
}

#[tokio::test(start_paused = true)]
async fn classes_share_the_rate_limit_in_the_order_of_arrival() {
    let counter = Counter::new(Conduct { limit: 4, latency_ms: 0, ..CONDUCT });
    let client = counter.client_with(capped());
    let order = Mutex::new(Vec::new());
    let callers = (0..16).map(|caller| {
        let request = if caller % 2 == 0 { search() } else { raw(Safety::Read) };
        let (client, order) = (&client, &order);
        client.send(request).map(move |_| order.lock().unwrap().push(caller))
    });
    join_all(callers).await;
    assert_eq!(order.into_inner().unwrap(), (0..16).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn a_slow_waiter_is_not_starved_by_newcomers() {
    let counter = Counter::new(Conduct { limit: 5, latency_ms: 0, ..CONDUCT });
    let client = counter.client();
    let newcomers = async {
        loop {
            sleep(Duration::from_millis(100)).await;
            let client = client.clone();
            tokio::spawn(async move { client.send(raw(Safety::Read)).await });
        }
    };
    join_all((0..5).map(|_| client.send(raw(Safety::Read)))).await;
    let waiter = async {
        let since = Instant::now();
        client.send(raw(Safety::Read)).await.unwrap();
        since.elapsed()
    };
    tokio::select! {
        waited_for = waiter => assert!(waited_for <= Duration::from_secs(7), "{waited_for:?}"),
        () = newcomers => unreachable!(),
    }
}

#[tokio::test(start_paused = true)]
async fn dropped_callers_do_not_cost_a_turn() {
    let counter = Counter::new(Conduct { limit: 10, latency_ms: 0, ..CONDUCT });
    let client = counter.client_with(capped());
    let callers = (0..60_u64).map(|caller| {
        let client = client.clone();
        async move {
            // Two of three give up while they wait, at different times.
            let patience = if caller % 3 == 0 { 1_000_000 } else { caller * 97 };
            let patience = Duration::from_millis(patience);
            timeout(patience, client.send(search())).await.is_ok_and(|sent| sent.is_ok())
        }
    });
    let n_answered = join_all(callers).await.into_iter().filter(|is_ok| *is_ok).count();
    let counts = counter.counts();
    let (_, full) = counts.split_last().unwrap();
    assert!(full.iter().all(|count| *count == 10), "{counts:?}");
    assert_eq!(counts.iter().sum::<u32>(), u32::try_from(n_answered).unwrap());
    assert_eq!((client.rate().n_in_flight, client.rate().n_waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_is_not_polled_holds_up_nobody() {
    let counter = Counter::new(Conduct { limit: 2, latency_ms: 0, ..CONDUCT });
    let client = counter.client();
    client.send(raw(Safety::Read)).await.unwrap();
    client.send(raw(Safety::Read)).await.unwrap();
    // As in a buffered stream whose consumer makes a call of its own.
    let mut idle = Box::pin(client.send(raw(Safety::Read)));
    assert!((&mut idle).now_or_never().is_none());
    let second = timeout(Duration::from_secs(20), client.send(raw(Safety::Read))).await;
    assert_eq!(second.unwrap().unwrap().status, 200);
    assert_eq!(idle.await.unwrap().status, 200);
    assert_eq!(counter.counts(), [2, 2]);
}
