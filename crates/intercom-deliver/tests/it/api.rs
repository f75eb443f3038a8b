//! A simulated workspace that remembers what it was asked and fails when told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use intercom_api::{Request, Response};
use intercom_client::{Client, ClientSettings, SendFault, Transport, TransportError};
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace};
use serde_json::Value;

pub(crate) const NOW: i64 = 1_772_366_400;

/// What happens to a call, by its number from 0 and its body.
type Trouble = dyn Fn(usize, &str) -> Option<Fault> + Send + Sync;

#[derive(Clone, Copy)]
pub(crate) enum Fault {
    Status(u16),
    Refusal(u16, &'static str),
    NoConnection,
    NoToken,
}

pub(crate) struct Api {
    workspace: SimTransport,
    trouble: Box<Trouble>,
    n_calls: AtomicUsize,
    n_under_way: AtomicUsize,
    most_under_way: AtomicUsize,
    /// The bodies of events that were accepted, in order.
    // Calls under way at the same time write it.
    accepted: Mutex<Vec<Value>>,
}

impl Api {
    pub(crate) fn new(
        trouble: impl Fn(usize, &str) -> Option<Fault> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let invention =
            Invention { contacts: 0, conversations: 0, now: NOW, ..Invention::default() };
        let simulator = Simulator::new(Workspace::invent(&invention), SimSettings::default());
        Arc::new(Self {
            workspace: SimTransport::new(simulator, SimClock::running(NOW)),
            trouble: Box::new(trouble),
            n_calls: AtomicUsize::new(0),
            n_under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            accepted: Mutex::new(Vec::new()),
        })
    }

    pub(crate) fn well() -> Arc<Self> {
        Self::new(|_, _| None)
    }

    pub(crate) fn client(self: &Arc<Self>) -> Client {
        Client::new(self.clone(), ClientSettings::default())
    }

    pub(crate) fn n_calls(&self) -> usize {
        self.n_calls.load(Ordering::Relaxed)
    }

    pub(crate) fn most_under_way(&self) -> usize {
        self.most_under_way.load(Ordering::Relaxed)
    }

    /// The events that were accepted: for each user the numbers in their metadata, in order.
    pub(crate) fn numbers(&self) -> BTreeMap<String, Vec<u64>> {
        let mut numbers = BTreeMap::<_, Vec<u64>>::new();
        for event in self.accepted.lock().expect("no panic").iter() {
            let user = event["user_id"].as_str().expect("a user").to_owned();
            numbers.entry(user).or_default().push(event["metadata"]["n"].as_u64().expect("n"));
        }
        numbers
    }

    /// The seconds of the events that were accepted.
    pub(crate) fn seconds(&self) -> Vec<i64> {
        let accepted = self.accepted.lock().expect("no panic");
        accepted.iter().filter_map(|event| event["created_at"].as_i64()).collect()
    }
}

#[async_trait]
impl Transport for Api {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let number = self.n_calls.fetch_add(1, Ordering::Relaxed);
        let body = String::from_utf8_lossy(request.body.as_deref().unwrap_or_default());
        match (self.trouble)(number, &body) {
            Some(Fault::Status(status)) => return Ok(Response::new(status, "")),
            Some(Fault::Refusal(status, body)) => return Ok(Response::new(status, body)),
            Some(Fault::NoConnection) => {
                return Err(TransportError::not_sent(SendFault::Connect, "refused"));
            }
            Some(Fault::NoToken) => return self.workspace.without_token().send(request).await,
            None => {}
        }
        let n_under_way = self.n_under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(n_under_way, Ordering::Relaxed);
        // The later the call, the sooner its answer: order must not come from luck.
        let latency = Duration::from_millis(50 - (number % 5) as u64 * 10);
        tokio::time::sleep(latency).await;
        let answer = self.workspace.send(request).await;
        self.n_under_way.fetch_sub(1, Ordering::Relaxed);
        if request.path == "/events" && answer.as_ref().is_ok_and(Response::is_success) {
            let event = serde_json::from_str(&body).expect("requests are JSON");
            self.accepted.lock().expect("no panic").push(event);
        }
        answer
    }
}
