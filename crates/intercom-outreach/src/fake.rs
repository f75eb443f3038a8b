//! A Slack on this machine that keeps what it gets and answers what it is told to.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What is answered to one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FakeAnswer {
    /// `ok`.
    Taken,
    /// A status with a word.
    Refused(u16, &'static str),
    /// 429 with these seconds to wait.
    Throttled(u32),
    /// Nothing, for ever; the message is kept all the same.
    Silence,
}

/// A message that arrived.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// When.
    pub at: Instant,
    /// What it says; `null` when it is not JSON.
    pub message: Value,
    /// How it was answered.
    pub answered: FakeAnswer,
}

/// A Slack on this machine; gone when dropped.
#[derive(Debug)]
pub struct FakeSlack {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

/// Shared by the server and the test that looks at it.
#[derive(Debug, Default)]
struct Shared {
    script: Mutex<VecDeque<FakeAnswer>>,
    received: Mutex<Vec<Received>>,
}

impl FakeSlack {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When no port can be opened.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/services/T0/B0/fake", listener.local_addr()?);
        let shared = Arc::new(Shared::default());
        let router = Router::new()
            .route("/services/T0/B0/fake", post(take))
            .fallback(async || (StatusCode::NOT_FOUND, "no_service"))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            // Ends with the test; whether it ended well is nobody's question.
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self { url, shared, server })
    }

    /// The address of the webhook.
    #[must_use]
    pub fn url(&self) -> SecretString {
        self.url.as_str().into()
    }

    /// Sets how the next messages are answered; those after them are taken.
    pub fn answer(&self, answers: &[FakeAnswer]) {
        let mut script = self.shared.script.lock().unwrap_or_else(PoisonError::into_inner);
        *script = answers.iter().copied().collect();
    }

    /// Everything that arrived, in order.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The headlines of the messages that were taken, in order.
    #[must_use]
    pub fn headlines(&self) -> Vec<String> {
        let taken = |received: &Received| received.answered == FakeAnswer::Taken;
        let headline = |received: Received| {
            received.message["blocks"][0]["text"]["text"].as_str().unwrap_or_default().to_owned()
        };
        self.received().into_iter().filter(taken).map(headline).collect()
    }
}

impl Drop for FakeSlack {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn take(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let next = shared.script.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let answered = next.unwrap_or(FakeAnswer::Taken);
    let message = serde_json::from_slice(&body).unwrap_or_default();
    let received = Received { at: Instant::now(), message, answered };
    shared.received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
    match answered {
        FakeAnswer::Taken => "ok".into_response(),
        FakeAnswer::Refused(status, word) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, word).into_response()
        }
        FakeAnswer::Throttled(seconds) => {
            let wait = [("retry-after", seconds.to_string())];
            (StatusCode::TOO_MANY_REQUESTS, wait, "rate_limited").into_response()
        }
        FakeAnswer::Silence => std::future::pending().await,
    }
}
