//! Every fault through both ways in: the transport in memory and the loopback server.

use std::time::Duration;

use futures_util::StreamExt;
use intercom_api::{Method, Request, Response};
use intercom_client::{AnswerFault, Transport, TransportError};
use intercom_sim::{Patience, SimClock, SimSettings, SimTransport, server};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

use crate::support::{NOW, code, request, simulator_with};

fn transport(fault: &str) -> SimTransport {
    let faults = format!("[[fault]]\n{fault}").parse().expect("the fault is well written");
    let simulator = simulator_with(20, 20, SimSettings { faults, ..SimSettings::default() });
    SimTransport::new(simulator, SimClock::frozen(NOW))
}

/// A page of a contact search after the first.
fn search() -> Request {
    let page = request(Method::Get, "/contacts?per_page=5", None);
    let first = simulator_with(20, 20, SimSettings::default()).handle(&page, NOW);
    let first: Value = serde_json::from_slice(&first.body).expect("answers are JSON");
    let pagination = json!({
        "per_page": 5, "starting_after": first["pages"]["next"]["starting_after"],
    });
    let query = json!({"field": "created_at", "operator": ">", "value": 1});
    let body = json!({"query": query, "pagination": pagination});
    request(Method::Post, "/contacts/search", Some(&body))
}

/// What the caller sees of an answer, in a few words.
fn outcome(response: &Response) -> String {
    let rate = response.headers.get("X-RateLimit-Remaining").map(|left| format!(", {left} left"));
    let retry = response.headers.get("Retry-After").map(|after| format!(", after {after} s"));
    let body = match serde_json::from_slice::<Value>(&response.body) {
        Ok(body) if response.status >= 400 => code(&body).to_owned(),
        Ok(_) => format!("JSON of {} MiB", response.body.len() >> 20),
        Err(_) if response.body.is_empty() => "no body".to_owned(),
        Err(_) if response.body.starts_with(b"<html>") => "a page".to_owned(),
        Err(_) => "half a body".to_owned(),
    };
    format!("{} {body}{}{}", response.status, rate.unwrap_or_default(), retry.unwrap_or_default())
}

/// Faults whose answer arrives at once.
const ANSWERED: [(&str, &str); 19] = [
    ("answer = \"429\"", "429 rate_limit_exceeded, 0 left"),
    ("answer = \"429\"\nheaders = false", "429 rate_limit_exceeded"),
    ("answer = \"429\"\nheaders = false\nretry_after = 7", "429 rate_limit_exceeded, after 7 s"),
    ("answer = \"429\"\nretry_after = 0", "429 rate_limit_exceeded, 0 left, after 0 s"),
    ("answer = \"408\"", "408 request_timeout, 1666 left"),
    ("answer = \"500\"", "500 server_error, 1666 left"),
    ("answer = \"502\"", "502 server_error, 1666 left"),
    ("answer = \"503\"", "503 service_unavailable, 1666 left"),
    ("answer = \"504\"", "504 timeout, 1666 left"),
    ("answer = \"stale-cursor\"", "400 client_error, 1666 left"),
    ("answer = \"html\"", "502 a page"),
    ("answer = \"html\"\nstatus = 200", "200 a page"),
    ("answer = \"truncated\"", "200 half a body, 1666 left"),
    ("answer = \"empty\"", "200 no body, 1666 left"),
    ("answer = \"oversized\"\nbytes = 3145728", "200 JSON of 3 MiB, 1666 left"),
    ("answer = \"create\"", "200 JSON of 0 MiB, 1666 left"),
    ("answer = \"update\"", "200 JSON of 0 MiB, 1666 left"),
    ("answer = \"merge\"", "200 JSON of 0 MiB, 1666 left"),
    ("answer = \"delete\"", "200 JSON of 0 MiB, 1666 left"),
];

#[tokio::test(start_paused = true)]
async fn answers_arrive_at_once_in_memory() {
    for (fault, expected) in ANSWERED {
        let answer = transport(fault).send(&search()).await.expect("an answer");
        assert_eq!(outcome(&answer), expected, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_that_do_not_arrive_are_transport_errors_in_memory() {
    for (fault, expected, seconds) in [
        ("answer = \"silent\"", Some(AnswerFault::Timeout), 30),
        ("answer = \"late\"", Some(AnswerFault::Timeout), 30),
        ("answer = \"late\"\nseconds = 12", None, 12),
        ("answer = \"dripping\"", None, 20),
        ("answer = \"dripping\"\nseconds = 31", Some(AnswerFault::Timeout), 30),
        ("answer = \"reset\"", Some(AnswerFault::Connection), 0),
        ("answer = \"reset-in-body\"", Some(AnswerFault::Body), 0),
        ("answer = \"oversized\"", Some(AnswerFault::BodyTooLarge { limit: 32 * 1024 * 1024 }), 0),
    ] {
        let transport = transport(fault);
        let begun_at = Instant::now();
        let fault_seen = match transport.send(&search()).await {
            Ok(answer) => {
                assert_eq!(outcome(&answer), "200 JSON of 0 MiB, 1666 left", "{fault}");
                None
            }
            Err(TransportError::MaybeSent { fault, .. }) => Some(fault),
            Err(error @ TransportError::NotSent { .. }) => panic!("{fault}: {error}"),
        };
        assert_eq!((fault_seen, begun_at.elapsed().as_secs()), (expected, seconds), "{fault}");
        // The call has reached the workspace all the same.
        assert_eq!(transport.stats().calls("POST /contacts/search"), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn patience_decides_when_a_caller_gives_up() {
    let slow = transport("answer = \"late\"\nseconds = 10");
    let hasty =
        slow.with_patience(Patience { answer: Duration::from_secs(10), ..Patience::default() });
    assert!(hasty.send(&search()).await.is_err());
    assert!(slow.send(&search()).await.is_ok());
    let small = slow.with_patience(Patience { max_body_bytes: 10, ..Patience::default() });
    let fault = AnswerFault::BodyTooLarge { limit: 10 };
    let error = small.send(&search()).await.expect_err("the body is longer");
    assert!(matches!(error, TransportError::MaybeSent { fault: seen, .. } if seen == fault));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_handed_on_breaks_in_the_middle() {
    let broken = transport("answer = \"reset-in-body\"");
    let whole = transport("answer = \"500\"\ncount = 0").send(&search()).await.expect("an answer");
    let mut streamed = broken.open(&search()).await.expect("the answer begins");
    let half = streamed.body.next().await.expect("a piece").expect("it arrives");
    assert_eq!(half, whole.body[..whole.body.len() / 2]);
    let cut = streamed.body.next().await.expect("an end").expect_err("the rest is lost");
    assert!(matches!(cut, TransportError::MaybeSent { fault: AnswerFault::Body, .. }));
    assert!(streamed.body.next().await.is_none());
}

/// Serves a workspace with a fault, and sends it a search.
async fn served(fault: &str) -> (SimTransport, TcpStream) {
    let transport = transport(fault);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(server::serve(listener, transport.clone()));
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let search = search();
    let body = search.body.as_deref().map(String::from_utf8_lossy).expect("a search has a body");
    let head = format!(
        "POST /contacts/search HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Authorization: Bearer any\r\nContent-Length: {}\r\n\r\n",
        body.len(),
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await.expect("the request is sent");
    (transport, stream)
}

/// Reads an answer until the connection ends, and how it ended.
async fn read_answer(stream: &mut TcpStream) -> (Vec<u8>, std::io::Result<()>) {
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await.map(|_| ());
    (bytes, end)
}

fn parse(bytes: &[u8]) -> Response {
    let split = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let mut response = Response::new(status.expect("a status"), bytes[split + 4..].to_vec());
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        response.headers.push(name.to_owned(), value);
    }
    response
}

#[tokio::test(start_paused = true)]
async fn answers_arrive_at_once_from_the_server() {
    for (fault, expected) in ANSWERED {
        let (_, mut stream) = served(fault).await;
        let (bytes, end) = read_answer(&mut stream).await;
        assert_eq!((outcome(&parse(&bytes)).as_str(), end.is_ok()), (expected, true), "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_is_late_and_drips() {
    for (fault, seconds) in [
        ("answer = \"late\"\nseconds = 12", 12),
        ("answer = \"late\"", 45),
        ("answer = \"dripping\"\nseconds = 40", 40),
    ] {
        let begun_at = Instant::now();
        let (_, mut stream) = served(fault).await;
        let (bytes, end) = read_answer(&mut stream).await;
        assert!(end.is_ok() && bytes.starts_with(b"HTTP/1.1 200 OK\r\n"), "{fault}");
        assert!(bytes.ends_with(b"}") || bytes.ends_with(b"}\r\n0\r\n\r\n"), "{fault}");
        assert_eq!(begun_at.elapsed().as_secs(), seconds, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_server_resets_connections() {
    let (transport, mut stream) = served("answer = \"reset\"").await;
    let (bytes, end) = read_answer(&mut stream).await;
    let kind = end.expect_err("the connection breaks").kind();
    assert_eq!((bytes.len(), kind), (0, std::io::ErrorKind::ConnectionReset));
    assert_eq!(transport.stats().calls("POST /contacts/search"), 1);

    let (_, mut stream) = served("answer = \"reset-in-body\"").await;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    let end = loop {
        match stream.read(&mut piece).await {
            Ok(0) => panic!("the body ends in good order"),
            Ok(length) => bytes.extend_from_slice(&piece[..length]),
            Err(error) => break error.kind(),
        }
    };
    assert_eq!(end, std::io::ErrorKind::ConnectionReset);
    assert!(bytes.starts_with(b"HTTP/1.1 200 OK\r\n"));
    assert!(!bytes.ends_with(b"\r\n0\r\n\r\n"), "the last piece is missing");
}

#[tokio::test(start_paused = true)]
async fn the_server_stays_silent_until_it_stops() {
    let transport = transport("answer = \"silent\"");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let stopped = async { drop(stopped.await) };
    let serving = tokio::spawn(server::serve_until(listener, transport.clone(), stopped));
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    let request = "GET /me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer any\r\n\r\n";
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let nothing = timeout(Duration::from_secs(3_600), read_answer(&mut stream)).await;
    assert!(nothing.is_err(), "an hour is not enough");
    assert_eq!(transport.stats().calls("GET /me"), 1);
    stop.send(()).expect("the server waits for it");
    let (bytes, end) = read_answer(&mut stream).await;
    assert!(bytes.is_empty() && end.is_err());
    serving.await.expect("it ends").expect("in good order");
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_and_calls_give_the_same_faults_both_ways() {
    let faults = "answer = \"503\"\nprobability = 0.3\n[[fault]]\nanswer = \"delete\"\n\
                  probability = 0.3\n[[fault]]\nanswer = \"empty\"\nprobability = 0.3";
    let run = async || {
        let transport = transport(faults);
        let mut seen = Vec::new();
        for _ in 0..40 {
            let answer = transport.send(&search()).await.expect("an answer");
            seen.push((answer.status, answer.body));
        }
        (seen, transport.with(|sim| sim.dump()))
    };
    let first = run().await;
    assert!(first == run().await, "answers and workspace are the same, byte for byte");
    assert!(first.0.iter().any(|(status, _)| *status == 503));
    assert!(first.0.iter().any(|(_, body)| body.is_empty()));
}
