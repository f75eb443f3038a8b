//! A transport that answers from a list and remembers what it was asked.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use intercom_api::{Headers, Request, Response};
use intercom_client::{AnswerFault, Client, ClientSettings, SendFault, Transport, TransportError};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::things::EMAIL;

/// What one attempt meets.
pub enum Reply {
    Answer(Response),
    /// The connection is refused.
    NotSent,
    /// The answer never comes.
    MaybeSent,
    /// The transport hangs for as long as anyone waits.
    Hang,
}

pub struct Sent {
    pub request: Request,
    pub at: Duration,
}

pub struct Script {
    started_at: Instant,
    /// How long each answer takes.
    latency: Duration,
    replies: Mutex<VecDeque<Reply>>,
    sent: Mutex<Vec<Sent>>,
}

impl Script {
    pub fn new(replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Self::slow(Duration::ZERO, replies)
    }

    pub fn slow(latency: Duration, replies: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            started_at: Instant::now(),
            latency,
            replies: Mutex::new(replies.into_iter().collect()),
            sent: Mutex::new(Vec::new()),
        })
    }

    pub fn client(self: &Arc<Self>) -> Client {
        self.client_with(ClientSettings::default())
    }

    pub fn client_with(self: &Arc<Self>, settings: ClientSettings) -> Client {
        Client::new(self.clone(), settings)
    }

    pub fn n_sent(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    pub fn n_left(&self) -> usize {
        self.replies.lock().unwrap().len()
    }

    /// When each attempt was made, since the script began.
    pub fn times(&self) -> Vec<Duration> {
        self.sent.lock().unwrap().iter().map(|sent| sent.at).collect()
    }

    /// Target and body of each request.
    pub fn targets(&self) -> Vec<String> {
        let show = |sent: &Sent| {
            let body = sent.request.body.as_deref().map(String::from_utf8_lossy);
            format!("{} {}", sent.request.target(), body.unwrap_or_default()).trim().to_owned()
        };
        self.sent.lock().unwrap().iter().map(show).collect()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let at = self.started_at.elapsed();
        self.sent.lock().unwrap().push(Sent { request: request.clone(), at });
        let reply = self.replies.lock().unwrap().pop_front().expect("a reply is left");
        if !self.latency.is_zero() {
            sleep(self.latency).await;
        }
        match reply {
            Reply::Answer(response) => Ok(response),
            Reply::NotSent => {
                Err(TransportError::not_sent(SendFault::Connect, io::Error::other("refused")))
            }
            Reply::MaybeSent => {
                Err(TransportError::maybe_sent(AnswerFault::Timeout, io::Error::other("slow")))
            }
            Reply::Hang => {
                sleep(Duration::from_secs(1_000_000)).await;
                unreachable!("nobody waits that long")
            }
        }
    }
}

pub fn ok(body: &Value) -> Reply {
    Reply::Answer(Response::new(200, body.to_string()))
}

pub fn text(status: u16, body: &'static str) -> Reply {
    Reply::Answer(Response::new(status, body))
}

/// A refusal whose message holds an e-mail address.
pub fn refused(status: u16, code: &str) -> Reply {
    refused_with(status, code, &[])
}

pub fn refused_with(status: u16, code: &str, headers: &[(&str, &str)]) -> Reply {
    let body = json!({
        "type": "error.list",
        "request_id": "req-1",
        "errors": [{ "code": code, "message": format!("no access for {EMAIL}") }],
    });
    let headers: Headers = headers.iter().copied().collect();
    Reply::Answer(Response { status, headers, body: body.to_string().into() })
}
