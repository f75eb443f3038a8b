//! The transport over HTTP, against a listener on this machine that speaks by hand.

use std::io::Write;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use intercom_api::{ApiVersion, Operation, Request, Safety};
use intercom_client::{
    AnswerFault, Client, ClientSettings, HttpSettings, HttpTransport, Origin, SendFault, Timeouts,
    Transport, TransportError,
};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::things::{CreateThing, FindThing, raw};

const TOKEN: &str = "dG9rOjEyMzQ=";

/// What the listener does after it has read a request.
pub enum Act {
    /// Writes this and closes.
    Write(Vec<u8>),
    /// Closes without a word.
    Close,
    /// Keeps the connection and says nothing.
    Wait,
}

pub fn write(answer: &str) -> Act {
    Act::Write(answer.replace('\n', "\r\n").into_bytes())
}

pub async fn bind() -> (TcpListener, Origin) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (listener, origin)
}

/// Serves one connection for each act; the handle yields the requests as text.
pub async fn listen(acts: Vec<Act>) -> (Origin, JoinHandle<Vec<String>>) {
    let (listener, origin) = bind().await;
    (origin, serve(listener, acts))
}

pub fn serve(listener: TcpListener, acts: Vec<Act>) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let mut requests = Vec::new();
        for act in acts {
            let (mut connection, _) = listener.accept().await.unwrap();
            requests.push(read_request(&mut connection).await);
            match act {
                Act::Write(bytes) => {
                    // The client may hang up first.
                    let _ = connection.write_all(&bytes).await;
                    let _ = connection.shutdown().await;
                }
                Act::Close => drop(connection),
                Act::Wait => {
                    let _ = connection.read_u8().await;
                }
            }
        }
        requests
    })
}

pub async fn read_request(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    loop {
        let n = connection.read(&mut buffer).await.unwrap();
        text.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .map_or(0, |(_, value)| value.trim().parse().unwrap());
        if n == 0 || body.len() >= length {
            return text;
        }
    }
}

pub fn settings(origin: Origin) -> HttpSettings {
    HttpSettings {
        origin,
        user_agent: "tests/1".to_owned(),
        timeouts: Timeouts {
            connect: Duration::from_secs(5),
            attempt: Duration::from_millis(500),
            ..Timeouts::default()
        },
        max_body_bytes: 10_000,
        ..HttpSettings::new(SecretString::from(TOKEN))
    }
}

/// The outcome of one request that the listener meets with `act`.
async fn fault_of(act: Act) -> AnswerFault {
    let (origin, serving) = listen(vec![act]).await;
    let transport = HttpTransport::new(settings(origin)).unwrap();
    let outcome = transport.send(&raw(Safety::Read)).await;
    serving.abort();
    match outcome.unwrap_err() {
        TransportError::MaybeSent { fault, .. } => fault,
        other @ TransportError::NotSent { .. } => panic!("{other:?}"),
    }
}

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

pub fn gzip_answer(packed: &[u8]) -> Vec<u8> {
    let length = packed.len();
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), packed].concat()
}

#[tokio::test]
async fn a_request_carries_its_headers_and_body() {
    let ok = "HTTP/1.1 200 OK\nContent-Length: 2\nX-Request-Id: req-1\n\n{}";
    let (origin, serving) = listen(vec![write(ok), write(ok)]).await;
    let transport = HttpTransport::new(settings(origin)).unwrap();

    let create = CreateThing.request(ApiVersion::V2_11).unwrap();
    let answer = transport.send(&create).await.unwrap();
    assert_eq!((answer.status, answer.request_id()), (200, Some("req-1")));
    assert_eq!(answer.body, "{}");
    transport.send(&FindThing.request(ApiVersion::Preview).unwrap()).await.unwrap();

    let requests = serving.await.unwrap();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().filter(|line| !line.starts_with("host:")).collect();
    lines[1..].sort_unstable();
    assert_eq!(
        lines,
        [
            "POST /things HTTP/1.1",
            "accept-encoding: gzip",
            "accept: application/json",
            "authorization: Bearer dG9rOjEyMzQ=",
            "content-length: 27",
            "content-type: application/json",
            "intercom-version: 2.11",
            "user-agent: tests/1",
        ]
    );
    assert_eq!(body, r#"{"email":"ada@example.com"}"#);
    assert!(
        requests[1].starts_with("GET /things/ada%40example.com?email=ada%40example.com HTTP/1.1")
    );
    assert!(requests[1].contains("\r\nintercom-version: Preview\r\n"));
    assert!(!requests[1].contains("content-type"));
}

#[tokio::test]
async fn a_bad_status_is_an_answer() {
    for status in ["302 Found", "401 Unauthorized", "500 Internal Server Error"] {
        let answer = format!("HTTP/1.1 {status}\nContent-Length: 4\n\noops");
        let (origin, _serving) = listen(vec![write(&answer)]).await;
        let transport = HttpTransport::new(settings(origin)).unwrap();
        let answer = transport.send(&raw(Safety::Read)).await.unwrap();
        assert!(status.starts_with(&answer.status.to_string()));
        assert_eq!(answer.body, "oops");
    }
}

#[tokio::test]
async fn a_redirect_does_not_carry_the_token_elsewhere() {
    let (elsewhere, other) = listen(vec![Act::Close]).await;
    let redirect = format!("HTTP/1.1 307 There\nLocation: {elsewhere}/x\nContent-Length: 0\n\n");
    let (origin, _serving) = listen(vec![write(&redirect)]).await;
    let client = Client::http(settings(origin), ClientSettings::default()).unwrap();
    assert_eq!(client.send(raw(Safety::Read)).await.unwrap().status, 307);
    assert!(!other.is_finished());
    other.abort();
}

#[tokio::test]
async fn a_refused_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let transport = HttpTransport::new(settings(origin)).unwrap();
    match transport.send(&raw(Safety::Once)).await.unwrap_err() {
        TransportError::NotSent { fault, .. } => assert_eq!(fault, SendFault::Connect),
        other @ TransportError::MaybeSent { .. } => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_failed_handshake_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let encrypted = format!("https://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.write_all(b"no handshake").await.unwrap();
    });
    let encrypted = Origin::parse(&encrypted).unwrap();
    let transport = match HttpTransport::new(settings(encrypted)) {
        Ok(transport) => transport,
        // A machine without root certificates says so before the first request.
        Err(error) => return assert_eq!(error.to_string(), "tls cannot be set up"),
    };
    let outcome = transport.send(&raw(Safety::Once)).await;
    serving.await.unwrap();
    match outcome.unwrap_err() {
        TransportError::NotSent { fault, .. } => assert_eq!(fault, SendFault::Connect),
        other @ TransportError::MaybeSent { .. } => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_path_cannot_lead_to_another_host() {
    for origin in ["http://localhost", "http://127.0.0.1:8"] {
        let origin = Origin::parse(origin).unwrap();
        let transport = HttpTransport::new(settings(origin)).unwrap();
        for path in ["@elsewhere.example/", ".elsewhere.example/", "0/", ":81/"] {
            let request = Request { path: path.to_owned().into(), ..raw(Safety::Read) };
            match transport.send(&request).await.unwrap_err() {
                TransportError::NotSent { fault, .. } => assert_eq!(fault, SendFault::Request),
                other @ TransportError::MaybeSent { .. } => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn silence_and_broken_connections_may_have_been_sent() {
    assert_eq!(fault_of(Act::Wait).await, AnswerFault::Timeout);
    assert_eq!(fault_of(Act::Close).await, AnswerFault::Connection);
    assert_eq!(fault_of(write("HTTP/1.1 200")).await, AnswerFault::Connection);
    let cut = "HTTP/1.1 200 OK\nContent-Length: 100\n\n{\"data\": [";
    assert_eq!(fault_of(write(cut)).await, AnswerFault::Body);
    let cut = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\n{\"dat\n";
    assert_eq!(fault_of(write(cut)).await, AnswerFault::Body);
}

#[tokio::test]
async fn packed_bodies_are_unpacked() {
    let body = "[1,2,3]".repeat(100);
    let (origin, _serving) = listen(vec![Act::Write(gzip_answer(&gzip(body.as_bytes())))]).await;
    let transport = HttpTransport::new(settings(origin)).unwrap();
    assert_eq!(transport.send(&raw(Safety::Read)).await.unwrap().body, body);

    let packed = gzip(body.as_bytes());
    let half = &packed[..packed.len() / 2];
    assert_eq!(fault_of(Act::Write(gzip_answer(half))).await, AnswerFault::Body);
    assert_eq!(fault_of(Act::Write(gzip_answer(b"not packed"))).await, AnswerFault::Body);
}

#[tokio::test]
async fn a_body_is_limited_as_it_is_unpacked() {
    let limit = 10_000;
    let packed = gzip(&vec![b' '; 10_000_000]);
    assert!(packed.len() < limit, "the limit is only passed by unpacking");
    let too_large = AnswerFault::BodyTooLarge { limit: 10_000 };
    assert_eq!(fault_of(Act::Write(gzip_answer(&packed))).await, too_large);

    let announced = "HTTP/1.1 200 OK\nContent-Length: 10001\n\n";
    assert_eq!(fault_of(write(announced)).await, too_large);
    let exact = format!("HTTP/1.1 200 OK\r\nContent-Length: {limit}\r\n\r\n{}", "x".repeat(limit));
    let (origin, _serving) = listen(vec![Act::Write(exact.into_bytes())]).await;
    let transport = HttpTransport::new(settings(origin)).unwrap();
    assert_eq!(transport.send(&raw(Safety::Read)).await.unwrap().body.len(), limit);
}

#[tokio::test]
async fn a_dropped_answer_is_asked_for_again() {
    let ok = "HTTP/1.1 200 OK\nContent-Length: 22\n\n{\"id\": \"t1\",\"size\": 1}";
    let (origin, serving) = listen(vec![Act::Close, write(ok)]).await;
    let client = Client::http(settings(origin), ClientSettings::default()).unwrap();
    assert_eq!(client.execute(&FindThing).await.unwrap().size, 1);
    assert_eq!(serving.await.unwrap().len(), 2);
}
