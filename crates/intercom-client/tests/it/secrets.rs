//! Neither tokens nor personal data reach errors, `Debug` or logs.

use std::error::Error as _;
use std::time::Duration;

use futures_util::StreamExt;
use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use intercom_client::{
    Client, ClientSettings, Error, HttpSettings, HttpTransport, Origin, RetryPolicy,
};
use secrecy::SecretString;
use serde_json::json;

use crate::http;
use crate::log::Log;
use crate::script::{Reply, Script, ok, refused, text};
use crate::things::{CreateThing, EMAIL, FindThing, ListThings, thing};

const TOKEN: &str = "dG9rOjEyMzQ=";

#[track_caller]
fn check(shown: &str) {
    for secret in [TOKEN, EMAIL, "ada@", "ada%40", "example.com"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

/// The error, its `Debug` and every cause.
fn show(error: &Error) -> String {
    let mut shown = format!("{error}\n{error:?}\n{error:#?}");
    let mut cause = error.source();
    while let Some(error) = cause {
        shown.push_str(&format!("\n{error}\n{error:?}"));
        cause = error.source();
    }
    shown
}

fn settings(origin: &str) -> HttpSettings {
    HttpSettings {
        origin: Origin::parse(origin).unwrap(),
        ..HttpSettings::new(SecretString::from(TOKEN))
    }
}

#[tokio::test(start_paused = true)]
async fn errors_show_routes_not_parameters() {
    let replies: [fn() -> Reply; 6] = [
        || refused(401, "unauthorized"),
        || refused(422, "parameter_invalid"),
        || Reply::NotSent,
        || Reply::MaybeSent,
        || text(200, r#"{"id": "ada@example.com", "size": "ada@example.com"}"#),
        || text(500, "ada@example.com is not welcome"),
    ];
    for reply in replies {
        let client = Script::new((0..4).map(|_| reply())).client();
        let error = client.execute(&FindThing).await.unwrap_err();
        check(&show(&error));
        assert!(error.to_string().starts_with("FindThing (GET /things/{email}"));
        let client = Script::new((0..4).map(|_| reply())).client();
        let error = client.execute(&CreateThing).await.unwrap_err();
        check(&show(&error));
        assert!(error.to_string().starts_with("CreateThing (POST /things"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_does_not_show_what_the_request_says() {
    let request = Request::raw(
        Method::Get,
        Safety::Read,
        "/things/lovelace?name=Grace+Hopper",
        ApiVersion::default(),
    );
    let message = "Grace Hopper: no /things/lovelace for tok3nSECRETabc123def456";
    let body = json!({ "errors": [{ "code": "not_found", "message": message }] });
    let answer = Reply::Answer(Response::new(404, body.to_string()));
    let error = Script::new([answer]).client().download_request(request).await.unwrap_err();
    let shown = show(&error);
    for secret in ["Grace", "Hopper", "lovelace", "tok3n"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(error.refusal().unwrap().message(), Some(message));
}

#[tokio::test(start_paused = true)]
async fn lists_show_no_entries() {
    let body = json!({ "data": [{ "id": "t1", "size": EMAIL }], "pages": { "next": null } });
    let client = Script::new([ok(&body), ok(&body)]).client();
    let page = client.pages(ListThings).next().await.unwrap().unwrap();
    check(&format!("{page:?} {:?}", page.response()));
    let error = client.items(ListThings).next().await.unwrap().unwrap_err();
    check(&show(&error));
    check(&format!("{:?} {:?}", client.pages(ListThings), client.items(ListThings)));
}

#[tokio::test]
async fn a_network_error_shows_no_url_and_no_token() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let deadline = std::time::Duration::from_millis(1);
    let client =
        Client::http(settings(&origin), ClientSettings { deadline, ..ClientSettings::default() });
    let error = client.unwrap().execute(&FindThing).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { .. } | Error::MaybeSent { .. }));
    check(&show(&error));
}

#[test]
fn settings_and_clients_do_not_show_the_token() {
    let settings = settings("http://127.0.0.1:9");
    check(&format!("{settings:?}"));
    check(&format!("{:?}", HttpTransport::new(settings.clone()).unwrap()));
    check(&format!("{:?}", Client::http(settings, ClientSettings::default()).unwrap()));
    let wrong = HttpSettings::new(SecretString::from(format!("{TOKEN}\n")));
    let error = HttpTransport::new(wrong).unwrap_err();
    check(&format!("{error} {error:?}"));
    let error = Origin::parse("https://ada:dG9rOjEyMzQ=@api.intercom.io").unwrap_err();
    check(&format!("{error} {error:?}"));
}

#[tokio::test(start_paused = true)]
async fn logs_name_the_call_without_its_parameters() {
    let log = Log::default();
    let _guard = log.record();
    let throttled = refused(429, "rate_limit_exceeded");
    let client = Script::new([throttled, refused(500, "server_error"), ok(&thing(1))]).client();
    client.execute(&FindThing).await.unwrap();
    let text = log.text();
    check(&text);
    assert_eq!(text.lines().filter(|line| line.contains("The call is tried again.")).count(), 2);
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("operation=FindThing method=GET route=/things/{email} attempts=3 status=200")
    );
}

#[tokio::test]
async fn neither_errors_nor_logs_show_where_a_download_led() {
    const SIGNED: &str = "/signed-7f?key=s3cr3t";
    let check_all = |shown: &str| {
        check(shown);
        assert!(!shown.contains("signed-7f") && !shown.contains("s3cr3t"), "{shown}");
    };
    let log = Log::default();
    let _guard = log.record();
    let (closed, elsewhere) = http::bind().await;
    drop(closed);
    let (cut, broken) = http::bind().await;
    let serving = http::serve(
        cut,
        vec![http::write("HTTP/1.1 200 OK\nX-Secret: ada@example.com\nContent-Length: 9\n\nx")],
    );
    for (target, n_attempts) in [(elsewhere, 4), (broken, 1)] {
        let redirect =
            format!("HTTP/1.1 302 Found\nLocation: {target}{SIGNED}\nContent-Length: 0\n\n");
        let acts = (0..n_attempts).map(|_| http::write(&redirect)).collect();
        let (origin, _serving) = http::listen(acts).await;
        let retry = RetryPolicy { base_delay: Duration::ZERO, ..RetryPolicy::default() };
        let behaviour = ClientSettings { retry, ..ClientSettings::default() };
        let client = Client::http(settings(origin.as_str()), behaviour).unwrap();
        let error = match client.download(&FindThing).await {
            Ok(download) => {
                check_all(&format!("{download:?}"));
                download.bytes(100).await.unwrap_err()
            }
            Err(error) => error,
        };
        assert!(matches!(error, Error::MaybeSent { .. }), "{error:?}");
        check_all(&show(&error));
    }
    serving.abort();
    let text = log.text();
    assert!(text.contains("route=/things/{email}"), "{text}");
    check_all(&text);
}
