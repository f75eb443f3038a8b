//! Notifications over a socket: the probe, an answer's status, the deadline, the workspace's clock.

use std::time::Duration;

use chrono::DateTime;
use intercom_api::Method;
use intercom_sim::server::{self, ProbeError, WebhookUrl};
use intercom_sim::{SimClock, SimTransport, WebhookState};
use intercom_webhook::{Delivery, Received, Receiver, ReceiverSettings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use crate::support::{NOW, simulator};

async fn endpoint(path: &str) -> (TcpListener, WebhookUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let url = format!("http://localhost:{port}{path}").parse().expect("a loopback URL");
    (listener, url)
}

/// Accepts one request and reads it to the end of its body.
async fn accept(listener: &TcpListener) -> (TcpStream, String, Vec<u8>) {
    let (mut stream, _) = listener.accept().await.expect("somebody calls");
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let length = stream.read(&mut piece).await.expect("the request arrives");
        bytes.extend_from_slice(&piece[..length]);
        let Some(split) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
        let announced = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
        let announced: usize = announced.and_then(|text| text.parse().ok()).expect("a length");
        if bytes.len() == split + 4 + announced {
            return (stream, head, bytes[split + 4..].to_vec());
        }
    }
}

async fn answer(mut stream: TcpStream, status: &str) {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("the answer is sent");
}

#[test]
fn only_loopback_urls_are_taken_and_their_paths_are_not_shown() {
    for url in ["http://127.0.0.1:80/a?b=c", "http://[::1]:1/", "http://localhost/x"] {
        assert!(url.parse::<WebhookUrl>().is_ok(), "{url}");
    }
    for url in [
        "https://127.0.0.1/",
        "http://10.0.0.1/",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://user:pass@127.0.0.1/",
        "127.0.0.1:80",
        "",
    ] {
        assert!(url.parse::<WebhookUrl>().is_err(), "{url}");
    }
    let url: WebhookUrl = "http://127.0.0.1:80/s3cret".parse().expect("a loopback URL");
    assert!(!format!("{url:?}").contains("s3cret"));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_has_to_answer_the_probe_with_200() {
    for (status, expected) in [("200 OK", None), ("405 Method Not Allowed", Some(405))] {
        let (listener, url) = endpoint("/hook").await;
        let asked = tokio::spawn(async move { server::probe(&url).await });
        let (stream, head, _) = accept(&listener).await;
        assert!(head.starts_with("HEAD /hook HTTP/1.1\r\n"), "{head}");
        answer(stream, status).await;
        let refused = match asked.await.expect("the probe ends") {
            Ok(()) => None,
            Err(ProbeError::Status(status)) => Some(status),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(refused, expected);
    }
    let (listener, url) = endpoint("/").await;
    let begun_at = Instant::now();
    let error = server::probe(&url).await.expect_err("nobody accepts");
    assert!(matches!(error, ProbeError::NoAnswer(_)));
    assert_eq!(begun_at.elapsed().as_secs(), 5);
    drop(listener);
    assert!(server::probe(&url).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn notifications_are_delivered_and_retried_by_the_clock_of_the_workspace() {
    const SECRET: &str = "the client secret";
    let (listener, url) = endpoint("/hook?from=sim").await;
    let mut sim = simulator(0, 0);
    sim.subscribe(SECRET.to_owned().into());
    let transport = SimTransport::new(sim, SimClock::frozen(NOW));
    tokio::spawn(server::deliver(transport.clone(), url));
    let created = transport.with(|sim| sim.workspace_mut().create_contact(json!({}), NOW));
    created.expect("the fields fit");

    let (stream, head, body) = accept(&listener).await;
    assert!(head.starts_with("POST /hook?from=sim HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("\r\nUser-Agent: intercom-parrot-service-client/1.0\r\n"), "{head}");
    let signature = head.lines().find_map(|line| line.strip_prefix("X-Hub-Signature: "));
    let receiver = Receiver::new(ReceiverSettings::new(SECRET.to_owned().into()));
    let delivery =
        Delivery { method: Method::Post, signature: signature.map(str::as_bytes), body: &body };
    let at = DateTime::from_timestamp(NOW, 0).expect("a time");
    let received = receiver.expect("the settings work").receive(&delivery, at);
    let Ok(Received::Notification(received)) = received else { panic!("{received:?}") };
    assert_eq!(received.topic.as_str(), "contact.user.created");

    // Without an answer in five seconds it counts as failed.
    tokio::time::sleep(Duration::from_secs(6)).await;
    drop(stream);
    let stats = transport.with(|sim| sim.webhook_stats(NOW));
    assert_eq!((stats.failed, stats.waiting, stats.in_flight), (1, 1, 0));
    // An hour of the machine changes nothing, a minute of the workspace does.
    let early = tokio::time::timeout(Duration::from_secs(3_600), listener.accept()).await;
    assert!(early.is_err());
    transport.clock().advance(60);
    let (stream, _, body) = accept(&listener).await;
    let body: serde_json::Value = serde_json::from_slice(&body).expect("a body is JSON");
    assert_eq!(body["delivery_attempts"], 2);
    answer(stream, "410 Gone").await;
    while transport.with(|sim| sim.webhook_stats(NOW)).in_flight > 0 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stats = transport.with(|sim| sim.webhook_stats(NOW));
    assert_eq!((stats.state, stats.dropped), (WebhookState::Disabled, 1));
}
