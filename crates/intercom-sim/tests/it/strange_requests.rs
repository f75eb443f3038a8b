//! Requests that no route answers: unknown versions, paths, methods, and bodies that break off.

use intercom_api::{ApiVersion, Method};
use intercom_sim::{
    AppName, Apps, Fault, FaultAnswer, Faults, RouteName, SimClock, SimSettings, SimTransport,
    server,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{TOKEN, call, serve};
use crate::support::{NOW, code, read, request, send, simulator, simulator_with};

async fn serve_with(settings: SimSettings) -> u16 {
    let transport = SimTransport::new(simulator_with(3, 3, settings), SimClock::frozen(NOW));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(server::serve(listener, transport));
    port
}

const UNKNOWN_VERSIONS: [&str; 4] = ["3.0", "", "latest", "2.1\u{661}"];

#[tokio::test]
async fn a_call_of_an_unknown_version_counts_for_the_app_of_its_token() {
    let mut apps = Apps::default();
    apps.insert("one", AppName::new("sync"));
    let settings = SimSettings { rate_limit: Some(10), apps, ..SimSettings::default() };
    let port = serve_with(settings).await;
    let one = "Authorization: Bearer one\r\n";
    for (version, left) in UNKNOWN_VERSIONS.iter().zip([9, 8, 7, 6]) {
        let headers = format!("{one}Intercom-Version: {version}\r\n");
        let (status, head, body) = call(port, "GET /me", &headers, "").await;
        assert_eq!((status, code(&body)), (400, "intercom_version_invalid"), "{version:?}");
        assert!(head.contains(&format!("x-ratelimit-remaining: {left}\r\n")), "{head}");
    }
    let (_, head, _) = call(port, "GET /me", "Authorization: Bearer two\r\n", "").await;
    assert!(head.contains("x-ratelimit-remaining: 9\r\n"), "{head}");
    let (_, head, _) = call(port, "GET /me", one, "").await;
    assert!(head.contains("x-ratelimit-remaining: 5\r\n"), "{head}");
}

#[tokio::test]
async fn faults_without_a_route_strike_calls_of_unknown_versions() {
    let of_a_route = Fault {
        route: Some("GET /me".parse().expect("a route")),
        ..Fault::new("500".parse::<FaultAnswer>().expect("an answer"))
    };
    let of_all = Fault::new("503".parse::<FaultAnswer>().expect("an answer"));
    for (list, expected) in [(vec![of_a_route.clone()], 400), (vec![of_a_route, of_all], 503)] {
        let faults = Faults { seed: 1, list };
        let port = serve_with(SimSettings { faults, ..SimSettings::default() }).await;
        let headers = format!("{TOKEN}Intercom-Version: 9.9\r\n");
        assert_eq!(call(port, "GET /me", &headers, "").await.0, expected);
    }
}

#[test]
fn a_route_that_is_not_simulated_is_told_from_a_missing_object() {
    let mut sim = simulator(1, 1);
    let (status, unknown) = send(&mut sim, Method::Get, "/articles", None);
    assert_eq!((status, code(&unknown)), (404, "route_not_simulated"));
    let message = unknown["errors"][0]["message"].as_str().expect("a message");
    assert!(message.contains("not simulated") && message.contains("GET /__sim/routes"));
    let (status, missing) = send(&mut sim, Method::Get, "/contacts/none", None);
    assert_eq!((status, code(&missing)), (404, "not_found"));
}

#[test]
fn a_wrong_method_is_refused_with_those_that_are_right() {
    let mut sim = simulator(1, 1);
    for (version, method, target, allowed) in [
        (ApiVersion::V2_16, Method::Patch, "/contacts/1", "DELETE, GET, PUT"),
        (ApiVersion::V2_16, Method::Head, "/me", "GET"),
        (ApiVersion::V2_16, Method::Post, "/teams", "GET"),
        (ApiVersion::V1_4, Method::Put, "/users", "DELETE, GET, POST"),
    ] {
        let mut wrong = request(method, target, None);
        wrong.version = version;
        let answer = sim.handle(&wrong, NOW);
        assert_eq!((answer.status, code(&read(&answer).1)), (405, "method_not_allowed"));
        assert_eq!(answer.headers.get("Allow"), Some(allowed), "{method} {target}");
    }
}

#[tokio::test]
async fn methods_that_the_api_never_has_are_refused_over_http() {
    let port = serve().await.port;
    let (status, head, body) = call(port, "OPTIONS /me", TOKEN, "").await;
    assert_eq!((status, code(&body)), (405, "method_not_allowed"));
    assert!(head.contains("allow: GET\r\n"), "{head}");
    let (status, _, body) = call(port, "OPTIONS /articles", TOKEN, "").await;
    assert_eq!((status, code(&body)), (404, "route_not_simulated"));
}

#[tokio::test]
async fn own_paths_tell_the_routes_and_refuse_what_they_do_not_take() {
    let port = serve().await.port;
    let (_, _, routes) = call(port, "GET /__sim/routes", "", "").await;
    let names: Vec<&str> =
        routes["routes"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(names.contains(&"GET /contacts/{id}") && names.contains(&"1.4 GET /users"));
    assert_eq!(names.len(), RouteName::all().count());
    let (status, head, body) = call(port, "PUT /__sim/clock", "", "").await;
    assert_eq!((status, code(&body)), (405, "method_not_allowed"));
    assert!(head.contains("allow: GET, POST\r\n"), "{head}");
    let named = r#"{"role": "user", "id": "abc"}"#;
    let (status, _, body) = call(port, "POST /__sim/contacts", "", named).await;
    assert_eq!((status, body["errors"][0]["field"].as_str()), (400, Some("id")));
}

#[tokio::test]
async fn calls_get_their_turn_between_many_changes() {
    let port = serve().await.port;
    let many = tokio::spawn(call(port, "POST /__sim/live", "", "{\"n\": 500}"));
    let mut n_answered = 0;
    while !many.is_finished() {
        assert_eq!(call(port, "GET /__sim/clock", "", "").await.0, 200);
        n_answered += 1;
    }
    assert_eq!(many.await.expect("it is answered").2["changed"], 500);
    assert!(n_answered > 3, "{n_answered}");
}

/// The status and the code of the answer to what is sent before the client stops sending.
async fn answer_to(port: u16, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the server listens");
    stream.write_all(request).await.expect("the request is sent");
    stream.shutdown().await.expect("the end is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer is text");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body: Value = serde_json::from_str(body).expect("an envelope");
    (status.expect("a status"), code(&body).to_owned())
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_body_that_is_too_large() {
    let port = serve().await.port;
    let head =
        format!("POST /contacts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{TOKEN}");
    for (rest, expected) in [
        ("Content-Length: 100\r\n\r\n{\"role\"", (400, "bad_request")),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\n{\"ro", (400, "bad_request")),
        ("Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", (400, "bad_request")),
    ] {
        let (status, code) = answer_to(port, format!("{head}{rest}").as_bytes()).await;
        assert_eq!((status, code.as_str()), expected, "{rest}");
    }
    let large = " ".repeat((16 << 20) + 1);
    let (status, _, body) = call(port, "POST /contacts", TOKEN, &large).await;
    assert_eq!((status, code(&body)), (413, "payload_too_large"));
}
