//! The rate limit, against a server that counts as the API does.

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use intercom_api::Safety;
use intercom_client::{BudgetSettings, ClientSettings, RateStatus};
use tokio::time::timeout;

use crate::counter::{CONDUCT, Conduct, Counter};
use crate::script::{Script, ok, refused_with, text};
use crate::things::{FindThing, raw, thing};

/// `n_callers` at once make `n_calls` in all; returns the calls counted in each window.
async fn load(conduct: Conduct, n_callers: usize, n_calls: usize) -> Vec<u32> {
    let counter = Counter::new(conduct);
    let client = counter.client();
    let callers = (0..n_callers).map(|caller| {
        let client = client.clone();
        async move {
            for _ in (caller..n_calls).step_by(n_callers) {
                let sent = client.send(raw(Safety::Once)).await;
                assert!(sent.is_err() || sent.is_ok_and(|answer| answer.status == 200));
            }
        }
    });
    join_all(callers).await;
    counter.counts()
}

#[tokio::test(start_paused = true)]
async fn every_call_of_every_window_is_used_and_none_is_refused() {
    for seed in 0..20 {
        for n_callers in [1, 10, 40] {
            let conduct = Conduct {
                seed,
                offset_ms: seed * 500,
                // One caller alone is fast enough to use a window up.
                latency_ms: if n_callers == 1 { 50 } else { 300 },
                ..CONDUCT
            };
            let counts = load(conduct, n_callers, 420).await;
            let (_, before_last) = counts.split_last().unwrap();
            let full = before_last.iter().skip(1).all(|count| *count == conduct.limit);
            assert!(
                full && counts.iter().all(|count| *count <= conduct.limit),
                "{conduct:?} {counts:?}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_taken_for_counted() {
    for seed in 0..20 {
        let conduct = Conduct { seed, one_lost_in: Some(5), ..CONDUCT };
        let counts = load(conduct, 20, 420).await;
        assert!(counts.iter().all(|count| *count <= conduct.limit), "{conduct:?} {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn clients_that_share_only_the_token_overshoot_by_their_calls_under_way() {
    let counter = Counter::new(CONDUCT);
    let clients = [counter.client(), counter.client()];
    let n_callers = 10;
    let callers = (0..n_callers).map(|caller| {
        let client = clients[caller % 2].clone();
        async move {
            for _ in 0..30 {
                assert_eq!(client.send(raw(Safety::Once)).await.unwrap().status, 200);
            }
        }
    });
    join_all(callers).await;
    let most = CONDUCT.limit + u32::try_from(n_callers).unwrap();
    let counts = counter.counts();
    assert!(counts.iter().all(|count| *count <= most), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn the_first_call_finds_the_limit_out() {
    let conduct = Conduct { limit: 1, ..CONDUCT };
    let counts = load(conduct, 5, 5).await;
    assert_eq!(counts, [1, 1, 1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn callers_are_served_in_the_order_they_came() {
    let client = Counter::new(Conduct { limit: 3, ..CONDUCT }).client();
    let order = Mutex::new(Vec::new());
    let callers = (0..20).map(|caller| {
        let (client, order) = (&client, &order);
        async move {
            client.send(raw(Safety::Read)).await.unwrap();
            order.lock().unwrap().push(caller);
        }
    });
    join_all(callers).await;
    let order = order.into_inner().unwrap();
    // Within a window answers overtake each other; windows of three do not.
    for (position, caller) in order.iter().enumerate() {
        assert!(position.abs_diff(*caller) < 3, "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_that_is_dropped_lets_the_next_one_through() {
    let counter = Counter::new(Conduct { limit: 1, latency_ms: 0, ..CONDUCT });
    let client = counter.client();
    client.send(raw(Safety::Read)).await.unwrap();
    let waiting = timeout(Duration::from_secs(1), client.send(raw(Safety::Read)));
    let (dropped, answered) = tokio::join!(waiting, client.send(raw(Safety::Read)));
    assert!(dropped.is_err());
    assert!(answered.is_ok());
    assert_eq!(counter.counts(), [1, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_does_not_hold_its_place() {
    let settings = ClientSettings {
        budget: BudgetSettings { max_in_flight: 1, ..BudgetSettings::default() },
        ..ClientSettings::default()
    };
    let script = Script::new([crate::script::Reply::Hang, ok(&thing(1))]);
    let client = script.client_with(settings);
    let hanging = timeout(Duration::from_secs(5), client.execute(&FindThing)).await;
    assert!(hanging.is_err());
    client.execute(&FindThing).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_closes_the_gate_for_everyone_until_reset() {
    let throttled = refused_with(
        429,
        "rate_limit_exceeded",
        &[
            ("X-RateLimit-Limit", "10"),
            ("X-RateLimit-Remaining", "0"),
            ("X-RateLimit-Reset", "1487317310"),
            ("Date", "Fri, 17 Feb 2017 07:41:42 GMT"),
        ],
    );
    let script = Script::new([throttled, ok(&thing(1)), ok(&thing(2))]);
    let client = script.client();
    let (first, second) = tokio::join!(client.execute(&FindThing), client.execute(&FindThing));
    assert!(first.is_ok() && second.is_ok());
    let eight = Duration::from_secs(8);
    assert_eq!(script.times(), [Duration::ZERO, eight, eight]);
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_longer_than_the_setting() {
    let headers = [
        ("X-RateLimit-Limit", "10"),
        ("X-RateLimit-Remaining", "0"),
        ("X-RateLimit-Reset", "1487399999"),
        ("Date", "Fri, 17 Feb 2017 07:41:42 GMT"),
    ];
    let script = Script::new([refused_with(429, "x", &headers), ok(&thing(1))]);
    script.client().execute(&FindThing).await.unwrap();
    assert_eq!(script.times()[1], Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn an_api_that_counts_nothing_is_not_slowed() {
    let script = Script::new((0..100).map(|_| ok(&thing(1))));
    let client = script.client();
    join_all((0..100).map(|_| client.execute(&FindThing))).await;
    assert_eq!(script.times().last(), Some(&Duration::ZERO));
    assert_eq!(client.rate(), RateStatus::default());
}

#[tokio::test(start_paused = true)]
async fn the_rate_can_be_read() {
    let counter = Counter::new(Conduct { latency_ms: 0, ..CONDUCT });
    let client = counter.client();
    assert_eq!(client.rate(), RateStatus::default());
    client.send(raw(Safety::Read)).await.unwrap();
    let rate = client.clone().rate();
    assert_eq!((rate.limit, rate.remaining, rate.n_in_flight), (Some(50), Some(49), 0));
    // The clock stands at 3.7 s of the window; `Date` says 3.
    assert_eq!(rate.resets_in, Some(Duration::from_secs(7)));
    assert_eq!(rate.closed_for, None);

    let closed = Script::new([text(429, "")]);
    let client = closed.client_with(ClientSettings {
        deadline: Duration::from_millis(1),
        ..ClientSettings::default()
    });
    client.send(raw(Safety::Once)).await.unwrap();
    // Giving up may take the millisecond of the deadline.
    let closed_for = client.rate().closed_for.unwrap();
    let blind_pause = Duration::from_secs(1);
    assert!(blind_pause - Duration::from_millis(1) <= closed_for && closed_for <= blind_pause);
}
