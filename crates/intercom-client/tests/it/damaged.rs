//! Refusals whose bodies are damaged: the status and the headers stand.

use std::time::Duration;

use intercom_api::ErrorCode;
use intercom_client::{Client, ClientSettings, Error, RetryPolicy};
use tokio::io::AsyncWriteExt;

use crate::http::{Act, bind, gzip, listen, read_request, serve, settings, write};
use crate::things::CreateThing;

const ENVELOPE: &str = r#"{"errors":[{"code":"conflict","message":"taken"}]}"#;
const RATE: &str = "Date: Fri, 17 Feb 2017 07:41:45 GMT\nX-RateLimit-Limit: 10\n\
                    X-RateLimit-Remaining: 4\nX-RateLimit-Reset: 1487317310\n";

/// Answers with this status that end early, do not unpack, or are far too long.
fn damaged(status: u16) -> Vec<Act> {
    let head = format!("HTTP/1.1 {status} No\nRetry-After: 0\n{RATE}");
    let long = format!("{head}Content-Length: 40000000\n\n{}", " ".repeat(200_000));
    let mut bomb = format!("{head}Content-Encoding: gzip\n\n").replace('\n', "\r\n").into_bytes();
    bomb.extend(gzip(&vec![b' '; 1_000_000]));
    vec![
        write(&format!("{head}Content-Length: 100\n\n{{\"errors\": [")),
        write(&format!("{head}Transfer-Encoding: chunked\n\n5\n{{\"err\n")),
        write(&format!("{head}Content-Encoding: gzip\n\nnot packed")),
        write(&long),
        Act::Write(bomb),
    ]
}

fn behaviour(max_attempts: u32) -> ClientSettings {
    let retry = RetryPolicy { base_delay: Duration::ZERO, max_attempts, ..RetryPolicy::default() };
    ClientSettings { retry, ..ClientSettings::default() }
}

#[tokio::test]
async fn the_status_and_the_rate_of_a_damaged_refusal_count() {
    for status in [409, 429, 503] {
        for act in damaged(status) {
            let (origin, _serving) = listen(vec![act]).await;
            let client = Client::http(settings(origin), behaviour(1)).unwrap();
            let error = client.execute(&CreateThing).await.unwrap_err();
            assert_eq!(error.status(), Some(status), "{error:?}");
            assert_eq!(client.rate().limit, Some(10));
        }
    }
}

#[tokio::test]
async fn a_damaged_429_is_tried_again_though_the_operation_runs_once() {
    let mut acts = damaged(429);
    acts.truncate(3);
    acts.push(write("HTTP/1.1 201 OK\nContent-Length: 22\n\n{\"id\": \"t1\",\"size\": 1}"));
    let (origin, serving) = listen(acts).await;
    let client = Client::http(settings(origin), behaviour(4)).unwrap();
    assert_eq!(client.execute(&CreateThing).await.unwrap().size, 1);
    assert_eq!(serving.await.unwrap().len(), 4);
}

#[tokio::test]
async fn what_arrived_of_a_refusal_is_read() {
    let (listener, origin) = bind().await;
    let head = format!("HTTP/1.1 409 No\nContent-Length: 100\n\n{ENVELOPE}");
    let cut = serve(listener, vec![write(&head)]);
    let client = Client::http(settings(origin), behaviour(1)).unwrap();
    let error = client.execute(&CreateThing).await.unwrap_err();
    check_conflict(&error);
    cut.await.unwrap();

    // The rest of the body never comes.
    let (listener, origin) = bind().await;
    let serving = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        read_request(&mut connection).await;
        let head = head.replace('\n', "\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        connection
    });
    let client = Client::http(settings(origin), behaviour(1)).unwrap();
    check_conflict(&client.execute(&CreateThing).await.unwrap_err());
    drop(serving.await.unwrap());
}

#[track_caller]
fn check_conflict(error: &Error) {
    let refusal = error.refusal().unwrap_or_else(|| panic!("{error:?}"));
    assert_eq!((refusal.status, refusal.code()), (409, Some(&ErrorCode::Conflict)));
}
