//! A server that counts as the API does: fixed windows of ten seconds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use intercom_api::{Headers, Request, Response};
use intercom_client::{
    AnswerFault, Client, ClientSettings, RequestClass, Transport, TransportError,
};
use tokio::time::{Instant, sleep};

const WINDOW_MS: u64 = 10_000;

/// How the imitated server behaves.
#[derive(Debug, Clone, Copy)]
pub struct Conduct {
    pub limit: u32,
    /// How far into a window the test begins.
    pub offset_ms: u64,
    /// The longest way there, and the longest way back.
    pub latency_ms: u64,
    /// One call in so many is counted and never answered.
    pub one_lost_in: Option<u64>,
    pub seed: u64,
}

pub const CONDUCT: Conduct =
    Conduct { limit: 50, offset_ms: 3700, latency_ms: 300, one_lost_in: None, seed: 7 };

pub struct Counter {
    conduct: Conduct,
    started_at: Instant,
    random: Mutex<fastrand::Rng>,
    counts: Mutex<BTreeMap<u64, u32>>,
    /// When each call arrived, with its class.
    arrived: Mutex<Vec<(Duration, RequestClass)>>,
}

impl Counter {
    pub fn new(conduct: Conduct) -> Arc<Self> {
        Arc::new(Self {
            conduct,
            started_at: Instant::now(),
            random: Mutex::new(fastrand::Rng::with_seed(conduct.seed)),
            counts: Mutex::new(BTreeMap::new()),
            arrived: Mutex::new(Vec::new()),
        })
    }

    pub fn client(self: &Arc<Self>) -> Client {
        self.client_with(ClientSettings::default())
    }

    pub fn client_with(self: &Arc<Self>, settings: ClientSettings) -> Client {
        let deadline = Duration::from_secs(100_000);
        Client::new(self.clone(), ClientSettings { deadline, ..settings })
    }

    /// Milliseconds on the server's clock.
    fn clock(&self) -> u64 {
        let elapsed = u64::try_from(self.started_at.elapsed().as_millis()).unwrap();
        1_700_000_000_000 + self.conduct.offset_ms + elapsed
    }

    fn below(&self, end: u64) -> u64 {
        self.random.lock().unwrap().u64(0..end.max(1))
    }

    pub fn counts(&self) -> Vec<u32> {
        self.counts.lock().unwrap().values().copied().collect()
    }

    /// When calls of a class arrived.
    pub fn arrived(&self, class: RequestClass) -> Vec<Duration> {
        let arrived = self.arrived.lock().unwrap();
        arrived.iter().filter(|(_, of)| *of == class).map(|(at, _)| *at).collect()
    }

    fn answer(&self) -> Response {
        let now = self.clock();
        let window = now / WINDOW_MS;
        let count = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(window).or_default();
            *count += 1;
            *count
        };
        let date = DateTime::from_timestamp_millis(i64::try_from(now).unwrap()).unwrap();
        let remaining = self.conduct.limit.saturating_sub(count);
        let headers: Headers = [
            ("X-RateLimit-Limit", self.conduct.limit.to_string()),
            ("X-RateLimit-Remaining", remaining.to_string()),
            ("X-RateLimit-Reset", ((window + 1) * WINDOW_MS / 1000).to_string()),
            ("Date", date.to_rfc2822()),
        ]
        .into_iter()
        .collect();
        let status = if count > self.conduct.limit { 429 } else { 200 };
        Response { status, headers, body: "{}".into() }
    }
}

#[async_trait]
impl Transport for Counter {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        sleep(Duration::from_millis(self.below(self.conduct.latency_ms))).await;
        let arrival = (self.started_at.elapsed(), RequestClass::of(request));
        self.arrived.lock().unwrap().push(arrival);
        let answer = self.answer();
        if self.conduct.one_lost_in.is_some_and(|n| self.below(n) == 0) {
            return Err(TransportError::maybe_sent(AnswerFault::Connection, "lost"));
        }
        sleep(Duration::from_millis(self.below(self.conduct.latency_ms))).await;
        Ok(answer)
    }
}
