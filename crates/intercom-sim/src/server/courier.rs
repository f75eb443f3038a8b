//! Carries notifications to an endpoint on this machine, over plain HTTP.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use intercom_webhook::SIGNATURE_HEADER;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};
use url::{Host, Url};

use crate::transport::SimTransport;
use crate::webhooks::{Notification, Outcome};

/// How long an endpoint has for its answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often the outbox is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How many notifications are under way at a time.
const MAX_AT_ONCE: usize = 16;
/// More of an answer is not read.
const MAX_STATUS_LINE: u64 = 8 * 1024;

/// Where notifications go: an `http` URL on this machine.
///
/// `Debug` shows the address without path and query, which can hold a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookUrl {
    ip: IpAddr,
    port: u16,
    target: String,
}

/// A URL that no notification is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a webhook goes to a loopback address, such as http://127.0.0.1:8080/intercom")]
pub struct BadWebhookUrl;

impl FromStr for WebhookUrl {
    type Err = BadWebhookUrl;

    fn from_str(text: &str) -> Result<Self, BadWebhookUrl> {
        let url = Url::parse(text).map_err(|_| BadWebhookUrl)?;
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
            Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
            Some(Host::Domain("localhost")) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Some(Host::Domain(_)) | None => return Err(BadWebhookUrl),
        };
        let port = url.port_or_known_default().ok_or(BadWebhookUrl)?;
        let is_plain = url.scheme() == "http" && url.username().is_empty();
        if !is_plain || url.password().is_some() || !ip.is_loopback() {
            return Err(BadWebhookUrl);
        }
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(Self { ip, port, target: format!("{}{query}", url.path()) })
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookUrl")
            .field("ip", &self.ip)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

/// An endpoint that is not ready for notifications.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It answers `HEAD` with another status than 200.
    #[error("the webhook's endpoint answers HEAD with {0}; it must answer 200")]
    Status(u16),
    /// It does not answer.
    #[error("the webhook's endpoint does not answer HEAD")]
    NoAnswer(#[source] io::Error),
}

/// Asks an endpoint whether it is there, as Intercom does before it takes a URL.
///
/// # Errors
/// [`ProbeError`] unless it answers `HEAD` with 200 within five seconds.
pub async fn probe(url: &WebhookUrl) -> Result<(), ProbeError> {
    let answer = timeout(ANSWER_WITHIN, exchange(url, "HEAD", "", &[])).await;
    match answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
        Ok(200) => Ok(()),
        Ok(status) => Err(ProbeError::Status(status)),
        Err(error) => Err(ProbeError::NoAnswer(error)),
    }
}

/// Delivers the notifications of a subscribed simulator, without end. When they are due is decided
/// by the workspace's clock; an endpoint has five real seconds to answer.
pub async fn deliver(transport: SimTransport, url: WebhookUrl) {
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // Shared by the deliveries under way.
    let places = Arc::new(Semaphore::new(MAX_AT_ONCE));
    loop {
        look.tick().await;
        let now = transport.now();
        for notification in transport.with(|simulator| simulator.take_notifications(now)) {
            // The semaphore is never closed.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            let (transport, url) = (transport.clone(), url.clone());
            tokio::spawn(async move {
                let outcome = attempt(&url, &notification).await;
                let now = transport.now();
                transport.with(|simulator| simulator.conclude(&notification.id, outcome, now));
                drop(place);
            });
        }
    }
}

async fn attempt(url: &WebhookUrl, notification: &Notification) -> Outcome {
    let signature = &notification.signature;
    let headers = format!(
        "Content-Type: application/json; charset=utf-8\r\n{SIGNATURE_HEADER}: {signature}\r\n"
    );
    let answer = timeout(ANSWER_WITHIN, exchange(url, "POST", &headers, &notification.body)).await;
    let outcome = match answer {
        Ok(Ok(status)) => Outcome::of_status(status),
        Ok(Err(_)) | Err(_) => Outcome::Failed,
    };
    let topic = notification.topic.as_str();
    tracing::debug!(topic, attempt = notification.attempt, ?outcome, "A notification was sent.");
    outcome
}

/// Sends a request and reads the status of its answer.
async fn exchange(url: &WebhookUrl, method: &str, headers: &str, body: &[u8]) -> io::Result<u16> {
    let mut stream = TcpStream::connect((url.ip, url.port)).await?;
    let host = std::net::SocketAddr::new(url.ip, url.port);
    let head = format!(
        "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         User-Agent: intercom-parrot-service-client/1.0\r\nContent-Length: {length}\r\n{headers}\r\n",
        target = url.target,
        length = body.len(),
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut line = String::new();
    BufReader::new(stream.take(MAX_STATUS_LINE)).read_line(&mut line).await?;
    let status = line.strip_prefix("HTTP/1.").and_then(|line| line.get(2..5)?.parse().ok());
    status.ok_or_else(|| io::ErrorKind::InvalidData.into())
}
