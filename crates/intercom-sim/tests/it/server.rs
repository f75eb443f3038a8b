//! The loopback server by raw HTTP.

use intercom_sim::{
    AppName, Apps, Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace, server,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{NOW, code, simulator};

pub(crate) struct Served {
    pub(crate) port: u16,
    pub(crate) transport: SimTransport,
}

/// A server over 30 contacts and as many conversations, whose clock stands still.
pub(crate) async fn serve() -> Served {
    let invention = Invention { contacts: 30, conversations: 30, now: NOW, ..Invention::default() };
    let settings = SimSettings { rate_limit: Some(100), ..SimSettings::default() };
    serve_over(Simulator::new(Workspace::invent(&invention), settings)).await
}

/// A server over a simulator, whose clock stands still.
pub(crate) async fn serve_over(simulator: Simulator) -> Served {
    let transport = SimTransport::new(simulator, SimClock::frozen(NOW));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(server::serve(listener, transport.clone()));
    Served { port, transport }
}

/// Sends bytes, reads until the server closes, and splits head from body.
pub(crate) async fn exchange(port: u16, request: &str) -> (String, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
    stream.write_all(request.as_bytes()).await.expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer is read");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let body = match head.contains("transfer-encoding: chunked") {
        true => joined(body),
        false => body.to_owned(),
    };
    (head.to_owned(), body)
}

/// A body that came in pieces, each behind a line with its length.
fn joined(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        whole.push_str(&rest[..length]);
        body = rest[length..].strip_prefix("\r\n").expect("the end of a piece");
    }
    whole
}

/// The status, the head and the body of an answer.
pub(crate) async fn call(port: u16, line: &str, headers: &str, body: &str) -> (u16, String, Value) {
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
        body.len(),
    );
    let (head, body) = exchange(port, &request).await;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), head, serde_json::from_str(&body).unwrap_or(Value::Null))
}

pub(crate) const TOKEN: &str =
    "Authorization: Bearer anything\r\nContent-Type: application/json\r\n";

#[tokio::test]
async fn calls_are_answered_like_the_api_does() {
    let served = serve().await;
    let (status, head, body) = call(served.port, "GET /me", TOKEN, "").await;
    assert_eq!((status, &body["type"]), (200, &json!("admin")));
    for header in [
        "content-type: application/json; charset=utf-8",
        "date: Fri, 21 Nov 2025 17:00:00 GMT",
        "x-request-id: ",
        "x-ratelimit-limit: 100",
        "x-ratelimit-remaining: 99",
        "x-ratelimit-reset: 1763744410",
    ] {
        assert!(head.contains(header), "{header} in {head}");
    }
    assert_eq!(head.matches("date: ").count(), 1, "one date only: {head}");
    let query = r#"{"query":{"field":"role","operator":"=","value":"user"}}"#;
    let (status, _, body) = call(served.port, "POST /contacts/search", TOKEN, query).await;
    assert_eq!((status, &body["type"]), (200, &json!("list")));
    let target = "GET /contacts?per_page=2&starting_after=";
    assert_eq!(
        call(served.port, target, TOKEN, "").await.2["data"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn tokens_versions_and_bodies_are_checked() {
    let served = serve().await;
    for headers in ["", "Authorization: Bearer \r\n", "Authorization: Basic x\r\n"] {
        let (status, head, body) = call(served.port, "GET /me", headers, "").await;
        assert_eq!((status, code(&body)), (401, "unauthorized"), "{headers}");
        assert!(!head.contains("x-ratelimit"));
    }
    for (version, expected) in [
        ("2.7", 200),
        ("2.10", 200),
        ("2.1", 400),
        ("2.16", 200),
        ("Preview", 200),
        ("Unstable", 200),
        ("1.4", 200),
        ("1.0", 200),
        ("3.0", 400),
        ("1.5", 400),
    ] {
        let headers = format!("{TOKEN}Intercom-Version: {version}\r\n");
        let (status, _, body) = call(served.port, "GET /me", &headers, "").await;
        assert_eq!(status, expected, "{version}");
        if expected == 400 {
            assert_eq!(code(&body), "intercom_version_invalid");
        }
    }
    let (status, _, body) = call(served.port, "POST /contacts/search", TOKEN, "{\"query").await;
    assert_eq!((status, code(&body)), (400, "bad_request"));
    let (status, _, body) = call(served.port, "GET /nowhere", TOKEN, "").await;
    assert_eq!((status, code(&body)), (404, "route_not_simulated"));
}

#[tokio::test]
async fn the_workspace_is_changed_and_watched_from_outside() {
    let served = serve().await;
    let port = served.port;
    let (_, _, clock) = call(port, "POST /__sim/clock", "", "{\"advance\": 60}").await;
    assert_eq!(clock["now"], NOW + 60);
    assert_eq!(served.transport.now(), NOW + 60);
    let fields = r#"{"role":"user","email":"new@example.com"}"#;
    let (status, _, contact) = call(port, "POST /__sim/contacts", "", fields).await;
    assert_eq!((status, &contact["updated_at"]), (200, &json!(NOW + 60)));
    let path = format!("/__sim/contacts/{}", contact["id"].as_str().expect("an id"));
    let patch = r#"{"custom_attributes":{"brand_new":1},"updated_at":5}"#;
    let (_, _, contact) = call(port, &format!("POST {path}"), "", patch).await;
    assert_eq!(
        (&contact["custom_attributes"]["brand_new"], &contact["updated_at"]),
        (&json!(1), &json!(5))
    );
    assert_eq!(call(port, &format!("POST {path}"), "", "{").await.0, 400);
    assert_eq!(call(port, &format!("POST {path}"), "", "[]").await.0, 400);
    assert_eq!(call(port, &format!("DELETE {path}"), "", "").await.0, 200);
    assert_eq!(call(port, &format!("DELETE {path}"), "", "").await.0, 404);
    assert_eq!(call(port, "POST /__sim/live", "", "{\"n\": 3}").await.2["changed"], 3);
    let (_, _, before) = call(port, "GET /__sim/clock", "", "").await;
    for body in
        ["{}", "{\"advance\": 9223372036854775807}", "{\"advance\": -1}", "{\"advance\": 1.5}"]
    {
        let (status, _, answer) = call(port, "POST /__sim/clock", "", body).await;
        assert_eq!((status, code(&answer)), (400, "bad_request"), "{body}");
        assert_eq!(call(port, "GET /__sim/clock", "", "").await.2, before);
    }
    assert_eq!(call(port, "GET /__sim/nothing", "", "").await.0, 404);
    let (_, _, dump) = call(port, "GET /__sim/dump", "", "").await;
    assert!(dump["contacts"].as_array().map(Vec::len) >= Some(30));

    call(port, "GET /me", TOKEN, "").await;
    call(port, "GET /contacts/none", TOKEN, "").await;
    let (_, _, stats) = call(port, "GET /__sim/stats", "", "").await;
    let expected = json!({
        "requests": 2,
        "over_limit": 0,
        "routes": {"GET /contacts/{id}": {"404": 1}, "GET /me": {"200": 1}},
    });
    assert_eq!(stats, expected);
}

#[tokio::test]
async fn windows_and_index_lag_move_with_the_clock_and_apps_are_told_by_token() {
    let invention = Invention { contacts: 3, now: NOW, ..Invention::default() };
    let mut apps = Apps::default();
    apps.insert("one", AppName::new("sync"));
    let settings =
        SimSettings { rate_limit: Some(2), index_lag: 60, apps, ..SimSettings::default() };
    let simulator = Simulator::new(Workspace::invent(&invention), settings);
    let transport = SimTransport::new(simulator, SimClock::frozen(NOW));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(server::serve(listener, transport));
    let (one, other) = ("Authorization: Bearer one\r\n", "Authorization: bearer two\r\n");

    let body = r#"{"role":"user","email":"late@example.com"}"#;
    assert_eq!(call(port, "POST /contacts", one, body).await.0, 200);
    let query = r#"{"query":{"field":"email","operator":"=","value":"late@example.com"}}"#;
    let (status, _, found) = call(port, "POST /contacts/search", one, query).await;
    assert_eq!((status, &found["total_count"]), (200, &json!(0)));
    assert_eq!(call(port, "GET /me", one, "").await.0, 429);
    assert_eq!(call(port, "GET /me", other, "").await.0, 200);
    call(port, "POST /__sim/clock", "", "{\"advance\": 61}").await;
    let (status, head, found) = call(port, "POST /contacts/search", one, query).await;
    assert_eq!((status, &found["total_count"]), (200, &json!(1)));
    assert!(head.contains("x-ratelimit-reset: 1763744470"), "{head}");
}

#[tokio::test]
async fn a_dump_of_several_pieces_is_the_whole_workspace() {
    let served = serve_over(simulator(600, 900)).await;
    let request = "GET /__sim/dump HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let (head, body) = exchange(served.port, request).await;
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let whole = served.transport.with(|sim| sim.dump());
    // A piece is a megabyte and the rest of a row.
    assert!(whole.len() > 2 << 20, "{} bytes", whole.len());
    assert!(body.as_bytes() == whole, "{} bytes, not {}", body.len(), whole.len());
}
