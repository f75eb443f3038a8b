//! Processes that share a token and a store: exact together, whatever the store does.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use intercom_api::Safety;
use intercom_client::{
    BoxError, BudgetSettings, Client, ClientSettings, Error, LeaseFallback, LeaseGrant, LeaseTurn,
    RateLease, RateLedger,
};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use crate::counter::{CONDUCT, Conduct, Counter};
use crate::things::raw;

/// A table with one row: the ledger as text, locked for a turn.
#[derive(Debug)]
pub struct Table {
    made_at: Instant,
    row: Mutex<String>,
    latency: Duration,
    is_down: AtomicBool,
    n_turns: AtomicU32,
}

impl Table {
    pub fn new(latency_ms: u64) -> Arc<Self> {
        Arc::new(Self {
            made_at: Instant::now(),
            row: Mutex::new(String::new()),
            latency: Duration::from_millis(latency_ms),
            is_down: AtomicBool::new(false),
            n_turns: AtomicU32::new(0),
        })
    }

    /// Lends a call to a process that tells nothing of it.
    pub async fn lend_one(&self) -> LeaseGrant {
        let mut turn = LeaseTurn::default();
        turn.wanted = 1;
        self.turn(&turn).await.unwrap()
    }

    pub fn fail(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    pub fn settings(self: &Arc<Self>, lease_fallback: LeaseFallback) -> ClientSettings {
        ClientSettings {
            lease: Some(self.clone()),
            budget: BudgetSettings { lease_fallback, ..BudgetSettings::default() },
            ..ClientSettings::default()
        }
    }
}

#[async_trait]
impl RateLease for Table {
    async fn turn(&self, turn: &LeaseTurn) -> Result<LeaseGrant, BoxError> {
        self.n_turns.fetch_add(1, Ordering::Relaxed);
        sleep(self.latency).await;
        if self.is_down.load(Ordering::Relaxed) {
            return Err("postgres://user:word@host is down".into());
        }
        let mut row = self.row.lock().await;
        let mut ledger: RateLedger = serde_json::from_str(&row).unwrap_or_default();
        let grant = ledger.turn(self.made_at.elapsed(), turn);
        *row = serde_json::to_string(&ledger).unwrap();
        Ok(grant)
    }
}

/// A process that can die: the store hears no more of it.
#[derive(Debug)]
struct Process {
    table: Arc<Table>,
    is_dead: AtomicBool,
}

#[async_trait]
impl RateLease for Process {
    async fn turn(&self, turn: &LeaseTurn) -> Result<LeaseGrant, BoxError> {
        if self.is_dead.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        self.table.turn(turn).await
    }
}

/// `n_callers` of each client make `n_calls` each; lost answers are let pass.
async fn load(clients: &[Client], n_callers: usize, n_calls: usize) {
    join_all(clients.iter().flat_map(|client| {
        (0..n_callers).map(move |_| async move {
            for _ in 0..n_calls {
                match client.send(raw(Safety::Once)).await {
                    Ok(answer) => assert_eq!(answer.status, 200),
                    Err(error) => assert!(matches!(error, Error::MaybeSent { .. }), "{error}"),
                }
            }
        })
    }))
    .await;
}

#[tokio::test(start_paused = true)]
async fn processes_use_every_call_of_every_window_and_none_is_refused() {
    for seed in 0..6 {
        for (n_clients, n_callers) in [(2, 10), (3, 8), (5, 20)] {
            let latency_ms = 200;
            let conduct = Conduct { seed, offset_ms: seed * 1600, latency_ms, ..CONDUCT };
            let (counter, table) = (Counter::new(conduct), Table::new(seed % 4 * 5));
            let clients: Vec<Client> = (0..n_clients)
                .map(|_| counter.client_with(table.settings(LeaseFallback::Pause)))
                .collect();
            let n_calls = 400 / (n_clients * n_callers);
            load(&clients, n_callers, n_calls).await;
            let counts = counter.counts();
            let (_, before_last) = counts.split_last().unwrap();
            let full = before_last.iter().skip(1).all(|count| *count == conduct.limit);
            let kept = counts.iter().all(|count| *count <= conduct.limit);
            assert!(full && kept, "{n_clients} clients {conduct:?} {counts:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_are_taken_for_counted_by_all() {
    for seed in 0..6 {
        let conduct = Conduct { seed, one_lost_in: Some(5), ..CONDUCT };
        let (counter, table) = (Counter::new(conduct), Table::new(5));
        let clients = [(); 3].map(|()| counter.client_with(table.settings(LeaseFallback::Pause)));
        load(&clients, 8, 15).await;
        let counts = counter.counts();
        assert!(counts.iter().all(|count| *count <= conduct.limit), "{conduct:?} {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn each_process_gets_its_share() {
    let (counter, table) = (Counter::new(CONDUCT), Table::new(5));
    let clients = [(); 2].map(|()| counter.client_with(table.settings(LeaseFallback::Pause)));
    let started_at = Instant::now();
    let greedy = load(&clients[..1], 100, 8);
    let modest = async {
        load(&clients[1..], 25, 4).await;
        started_at.elapsed()
    };
    let (_, modest_for) = tokio::join!(greedy, modest);
    // Half of each window makes four windows; a fifth, by the number of callers, would make ten.
    assert!(modest_for < Duration::from_secs(60), "{modest_for:?}");
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_process_that_died_come_back() {
    let conduct = Conduct { latency_ms: 100, ..CONDUCT };
    let (counter, table) = (Counter::new(conduct), Table::new(5));
    let settings = || table.settings(LeaseFallback::Pause);
    let other = counter.client_with(settings());
    load(std::slice::from_ref(&other), 1, 1).await;
    let process = Arc::new(Process { table: table.clone(), is_dead: AtomicBool::new(false) });
    let dying = counter.client_with(ClientSettings { lease: Some(process.clone()), ..settings() });
    load(std::slice::from_ref(&dying), 1, 1).await;
    let calls = tokio::spawn(async move { load(&[dying], 10, 1).await });
    sleep(Duration::from_millis(20)).await;
    process.is_dead.store(true, Ordering::Relaxed);
    calls.abort();
    sleep(Duration::from_millis(1)).await;
    let row = table.row.lock().await.clone();
    assert!(row.contains(r#""n_calls""#), "nothing was lent: {row}");
    sleep(Duration::from_secs(60)).await;
    let n_before = counter.counts().len();
    load(&[other], 40, 10).await;
    let counts = counter.counts();
    let (_, rest) = counts[n_before..].split_last().unwrap();
    assert!(rest.iter().skip(1).all(|count| *count == conduct.limit), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_stops_or_frees_calls_as_set() {
    let counter = Counter::new(CONDUCT);
    let table = Table::new(5);
    table.fail();

    let client = counter.client_with(table.settings(LeaseFallback::Local));
    load(std::slice::from_ref(&client), 10, 12).await;
    assert!(counter.counts().iter().all(|count| *count <= CONDUCT.limit));

    let client = counter.client_with(table.settings(LeaseFallback::Pause));
    let n_before: u32 = counter.counts().iter().sum();
    let call = client.send(raw(Safety::Read));
    let waiting = timeout(Duration::from_secs(5), call).await;
    assert!(waiting.is_err());
    assert_eq!(counter.counts().iter().sum::<u32>(), n_before);

    let call = async {
        let since = Instant::now();
        client.send(raw(Safety::Read)).await.unwrap();
        since.elapsed()
    };
    let recovery = async {
        sleep(Duration::from_secs(3)).await;
        table.is_down.store(false, Ordering::Relaxed);
    };
    let (took_for, ()) = tokio::join!(call, recovery);
    assert!(Duration::from_secs(3) < took_for && took_for < Duration::from_secs(6));
}

#[tokio::test(start_paused = true)]
async fn a_store_is_asked_for_many_calls_at_once() {
    let counter = Counter::new(Conduct { limit: 10_000, ..CONDUCT });
    let table = Table::new(5);
    let client = counter.client_with(table.settings(LeaseFallback::Pause));
    load(&[client], 200, 5).await;
    let n_turns = table.n_turns.load(Ordering::Relaxed);
    assert!(n_turns < 500, "{n_turns} turns for 1000 calls");
}

#[tokio::test(start_paused = true)]
async fn dropped_calls_do_not_leak_from_the_lease() {
    let conduct = Conduct { limit: 20, latency_ms: 50, ..CONDUCT };
    let (counter, table) = (Counter::new(conduct), Table::new(20));
    let client = counter.client_with(table.settings(LeaseFallback::Pause));
    join_all((0..60_u64).map(|caller| {
        let client = client.clone();
        async move {
            let patience = Duration::from_millis(caller * 211 % 9_000);
            let _ = timeout(patience, client.send(raw(Safety::Once))).await;
        }
    }))
    .await;
    assert_eq!((client.rate().n_in_flight, client.rate().n_waiting), (0, 0));
    sleep(Duration::from_secs(30)).await;
    load(&[client], 20, 4).await;
    let counts = counter.counts();
    assert!(counts.iter().all(|count| *count <= conduct.limit), "{counts:?}");
    let n = counts.len();
    assert!(counts[n - 4..n - 1].iter().all(|count| *count == conduct.limit), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stranger_on_the_token_costs_refusals_but_no_call() {
    let (counter, table) = (Counter::new(CONDUCT), Table::new(5));
    let clients = [(); 2].map(|()| counter.client_with(table.settings(LeaseFallback::Pause)));
    let stranger = counter.client();
    let strange = load(std::slice::from_ref(&stranger), 6, 20);
    // Every call is answered in the end.
    tokio::join!(load(&clients, 6, 20), strange);
    let most = CONDUCT.limit + 18;
    let counts = counter.counts();
    assert!(counts.iter().all(|count| *count <= most), "{counts:?}");
}

/// On several threads a call may look for a lease while the turn that told of the last call ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn calls_one_after_the_other_never_wait_for_a_turn_that_is_over() {
    let conduct = Conduct { limit: 1_000_000, latency_ms: 0, ..CONDUCT };
    let (counter, table) = (Counter::new(conduct), Table::new(0));
    let client = counter.client_with(table.settings(LeaseFallback::Pause));
    let calls = load(std::slice::from_ref(&client), 1, 3_000);
    timeout(Duration::from_secs(120), calls).await.expect("no call waits for long");
}

/// A program ends right after its last call; what it was lent is back by then.
#[tokio::test]
async fn what_was_lent_is_back_once_it_is_settled() {
    for (one_lost_in, patience_ms) in [(None, 10_000), (Some(1), 10_000), (None, 5)] {
        let counter = Counter::new(Conduct { one_lost_in, latency_ms: 20, ..CONDUCT });
        let table = Table::new(20);
        let first = counter.client_with(table.settings(LeaseFallback::Pause));
        let call = load(std::slice::from_ref(&first), 1, 1);
        let _ = timeout(Duration::from_millis(patience_ms), call).await;
        first.settle(Duration::from_secs(5)).await;
        let row = table.row.lock().await.clone();
        assert!(!row.contains(r#""n_calls""#), "{one_lost_in:?} {patience_ms}: {row}");
    }
}

#[tokio::test(start_paused = true)]
async fn settling_ends_though_the_store_does_not_answer() {
    let counter = Counter::new(CONDUCT);
    let table = Table::new(5);
    let client = counter.client_with(table.settings(LeaseFallback::Local));
    load(std::slice::from_ref(&client), 1, 1).await;
    table.fail();
    let since = Instant::now();
    client.settle(Duration::from_secs(2)).await;
    assert!(since.elapsed() <= Duration::from_secs(2), "{:?}", since.elapsed());
    counter.client().settle(Duration::from_secs(2)).await;
}
