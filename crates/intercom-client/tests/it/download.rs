//! Downloads, against servers on this machine.

use std::time::Duration;

use futures_util::StreamExt;
use intercom_api::calls::RetrieveCallRecording;
use intercom_api::{ApiVersion, CallId, Headers, Method, Operation, Request, Response, Safety};
use intercom_client::{
    AnswerFault, Client, ClientSettings, Error, HttpSettings, RetryPolicy, TransportError,
};
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::http::{Act, gzip, gzip_answer, listen, settings, write};
use crate::script::{Reply, Script, ok, refused};

fn recording() -> Request {
    Request::raw(Method::Get, Safety::Read, "/calls/7/recording", ApiVersion::default())
}

/// A plain request, and the operation whose answer is a redirect.
fn recordings() -> [Request; 2] {
    let operation = RetrieveCallRecording::new(CallId::new("7").unwrap());
    [recording(), operation.request(ApiVersion::default()).unwrap()]
}

fn client(http: HttpSettings) -> Client {
    let retry = RetryPolicy { base_delay: Duration::from_millis(1), ..RetryPolicy::default() };
    Client::http(http, ClientSettings { retry, ..ClientSettings::default() }).unwrap()
}

fn file(body: &[u8]) -> Act {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Act::Write([head.as_bytes(), body].concat())
}

fn redirect(location: &str) -> Act {
    write(&format!("HTTP/1.1 302 Found\nLocation: {location}\nContent-Length: 0\n\n"))
}

#[track_caller]
fn fault_of(error: &Error) -> AnswerFault {
    match error {
        Error::MaybeSent { source: TransportError::MaybeSent { fault, .. }, .. } => *fault,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_packed_file_stays_packed() {
    let packed = gzip(b"id,name\n1,Ada\n");
    let (origin, _serving) = listen(vec![file(&packed)]).await;
    let download = client(settings(origin)).download_request(recording()).await.unwrap();
    assert_eq!(download.status(), 200);
    assert_eq!(download.headers().get("content-type"), Some("application/octet-stream"));
    assert_eq!(download.bytes(1000).await.unwrap(), packed);
}

#[tokio::test]
async fn a_packed_transfer_is_unpacked() {
    let packed = gzip(b"id,name\n1,Ada\n");
    // A packed file in a packed transfer loses one layer.
    for (sent, expected) in [(packed.clone(), &b"id,name\n1,Ada\n"[..]), (gzip(&packed), &packed)] {
        let (origin, _serving) = listen(vec![Act::Write(gzip_answer(&sent))]).await;
        let download = client(settings(origin)).download_request(recording()).await.unwrap();
        assert_eq!(download.bytes(1000).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_download_may_be_longer_than_an_answer_and_can_be_written() {
    let body: Vec<u8> = (0..1_000_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let (origin, _serving) = listen(vec![file(&body)]).await;
    assert!(settings(origin.clone()).max_body_bytes < body.len());
    let download = client(settings(origin)).download_request(recording()).await.unwrap();
    let mut target = Vec::new();
    assert_eq!(download.write_to(&mut target).await.unwrap(), 1_000_000);
    assert!(target == body);
}

#[tokio::test]
async fn a_target_that_takes_no_more_is_named() {
    let (origin, _serving) = listen(vec![file(&[7; 1000])]).await;
    let download = client(settings(origin)).download_request(recording()).await.unwrap();
    let mut space = [0_u8; 10];
    let mut target = std::io::Cursor::new(&mut space[..]);
    let error = download.write_to(&mut target).await.unwrap_err();
    assert!(matches!(error, Error::NotSaved { .. }), "{error:?}");
}

#[tokio::test]
async fn a_download_is_limited_as_it_is_unpacked() {
    let packed = gzip(&vec![b' '; 10_000_000]);
    let acts = vec![Act::Write(gzip_answer(&packed)), file(&[7; 1001]), file(&[7; 1000])];
    let (origin, _serving) = listen(acts).await;
    let limited =
        |max_download_bytes| HttpSettings { max_download_bytes, ..settings(origin.clone()) };
    let download = client(limited(100_000)).download_request(recording()).await.unwrap();
    let error = download.bytes(usize::MAX).await.unwrap_err();
    assert_eq!(fault_of(&error), AnswerFault::BodyTooLarge { limit: 100_000 });

    let error = client(limited(1000)).download_request(recording()).await.unwrap_err();
    assert_eq!(fault_of(&error), AnswerFault::BodyTooLarge { limit: 1000 });

    let download = client(limited(1000)).download_request(recording()).await.unwrap();
    let error = download.bytes(999).await.unwrap_err();
    assert_eq!(fault_of(&error), AnswerFault::BodyTooLarge { limit: 999 });
}

#[tokio::test]
async fn attempts_are_repeated_until_the_first_part_is_there() {
    let cut = || write("HTTP/1.1 200 OK\nContent-Length: 100\n\n");
    let busy = || write("HTTP/1.1 503 Busy\nContent-Length: 4\n\nbusy");
    let (origin, serving) = listen(vec![Act::Close, cut(), busy(), file(b"whole")]).await;
    let download = client(settings(origin)).download_request(recording()).await.unwrap();
    assert_eq!(download.bytes(100).await.unwrap(), "whole");
    assert_eq!(serving.await.unwrap().len(), 4);

    let begun = write("HTTP/1.1 200 OK\nContent-Length: 100\n\nbegun");
    let (origin, serving) = listen(vec![begun]).await;
    let mut download = client(settings(origin)).download_request(recording()).await.unwrap();
    assert_eq!(download.next().await.unwrap().unwrap(), "begun");
    let error = download.next().await.unwrap().unwrap_err();
    assert_eq!(fault_of(&error), AnswerFault::Body);
    assert!(download.next().await.is_none());
    assert_eq!(serving.await.unwrap().len(), 1);
}

#[tokio::test]
async fn each_part_has_its_own_time() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let serving = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        crate::http::read_request(&mut connection).await;
        connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n").await.unwrap();
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(60)).await;
            connection.write_all(b"part").await.unwrap();
        }
        connection
    });
    let mut http = settings(origin);
    http.timeouts.attempt = Duration::from_millis(150);
    http.timeouts.idle = Duration::from_millis(150);
    let mut download = client(http).download_request(recording()).await.unwrap();
    let mut received = Vec::new();
    let error = loop {
        match download.next().await.unwrap() {
            Ok(part) => received.extend_from_slice(&part),
            Err(error) => break error,
        }
    };
    assert_eq!(received, b"partpartpartpart");
    assert_eq!(fault_of(&error), AnswerFault::Timeout);
    serving.abort();
}

#[tokio::test]
async fn a_refusal_is_an_error_with_what_it_says() {
    let body = json!({ "type": "error.list", "errors": [{ "code": "not_found", "message": "x" }] });
    let body = body.to_string();
    let answer = format!("HTTP/1.1 404 No\nContent-Length: {}\n\n{body}", body.len());
    let (origin, _serving) = listen(vec![write(&answer)]).await;
    let error = client(settings(origin)).download_request(recording()).await.unwrap_err();
    assert_eq!(error.status(), Some(404));
    assert!(error.to_string().contains("not_found"), "{error}");
}

#[tokio::test]
async fn a_redirect_elsewhere_is_followed_without_the_token() {
    for request in recordings() {
        let (third, last) = listen(vec![file(b"sound")]).await;
        let (elsewhere, other) = listen(vec![redirect(&format!("{third}/s?key=1"))]).await;
        let (origin, first) = listen(vec![redirect(&format!("{elsewhere}/signed?key=2"))]).await;
        let download = client(settings(origin)).download_request(request).await.unwrap();
        assert_eq!(download.bytes(100).await.unwrap(), "sound");
        let own = first.await.unwrap();
        assert!(own[0].contains("authorization: Bearer"), "{own:?}");
        for (requests, target) in
            [(other.await.unwrap(), "/signed?key=2"), (last.await.unwrap(), "/s?key=1")]
        {
            let lower = requests[0].to_ascii_lowercase();
            assert!(lower.starts_with(&format!("get {target} http/1.1")), "{lower}");
            for kept in ["authorization", "intercom-version", "dg9r"] {
                assert!(!lower.contains(kept), "{lower}");
            }
        }
    }
}

#[tokio::test]
async fn a_redirect_within_the_api_keeps_the_token_and_counts() {
    let metered = |head: &str, remaining: u32| {
        format!(
            "HTTP/1.1 {head}\nDate: Fri, 17 Feb 2017 07:41:45 GMT\nX-RateLimit-Limit: 10\n\
             X-RateLimit-Remaining: {remaining}\nX-RateLimit-Reset: 1487317310\n"
        )
    };
    let first = metered("302 Found\nLocation: /files/a%20b?x=1%262", 9) + "Content-Length: 0\n\n";
    let second = metered("200 OK", 8) + "Content-Length: 4\n\nhere";
    for request in recordings() {
        let (origin, serving) = listen(vec![write(&first), write(&second)]).await;
        let client = client(settings(origin));
        let download = client.download_request(request).await.unwrap();
        assert_eq!(download.bytes(100).await.unwrap(), "here");
        assert_eq!(client.rate().remaining, Some(8));
        let requests = serving.await.unwrap();
        assert!(requests[1].starts_with("GET /files/a%20b?x=1%262 HTTP/1.1"), "{requests:?}");
        assert!(requests.iter().all(|request| request.contains("authorization: Bearer")));
    }
}

#[tokio::test]
async fn redirects_that_lead_nowhere_good_are_refusals() {
    let (elsewhere, other) = listen(vec![file(b"x")]).await;
    let port = elsewhere.as_str().rsplit(':').next().unwrap();
    let locations = [
        "http://example.com/x".to_owned(),
        "ftp://127.0.0.1/x".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("http://ada:word@127.0.0.1:{port}/x"),
        "http://".to_owned(),
        String::new(),
    ];
    for (location, request) in locations.iter().flat_map(|to| recordings().map(|from| (to, from))) {
        let (origin, serving) = listen(vec![redirect(location)]).await;
        let outcome = client(settings(origin)).download_request(request).await;
        serving.abort();
        // An empty location leads to the request itself, where the listener is gone.
        match outcome.unwrap_err() {
            Error::Refused { error, .. } => assert_eq!(error.status, 302, "{location}"),
            Error::NotSent { .. } | Error::MaybeSent { .. } if location.is_empty() => {}
            other => panic!("{location}: {other:?}"),
        }
    }
    assert!(!other.is_finished());
    other.abort();
}

#[tokio::test]
async fn redirects_end() {
    for request in recordings() {
        // Within the API, and elsewhere.
        let (origin, serving) = listen((0..6).map(|_| redirect("/again")).collect()).await;
        let outcome = client(settings(origin)).download_request(request.clone()).await;
        assert_eq!(outcome.unwrap_err().status(), Some(302));
        assert_eq!(serving.await.unwrap().len(), 6);

        let (elsewhere, serving) = listen((0..5).map(|_| redirect("/again")).collect()).await;
        let (origin, _serving) = listen(vec![redirect(&format!("{elsewhere}/x"))]).await;
        let error = client(settings(origin)).download_request(request).await.unwrap_err();
        assert_eq!(error.status(), Some(302));
        assert_eq!(serving.await.unwrap().len(), 5);
    }
}

#[tokio::test]
async fn elsewhere_cannot_send_the_token_back() {
    for request in recordings() {
        let (back, own) = crate::http::bind().await;
        let (elsewhere, _other) = listen(vec![redirect(&format!("{own}/admins"))]).await;
        let serving = crate::http::serve(back, vec![redirect(&format!("{elsewhere}/x"))]);
        let error = client(settings(own)).download_request(request).await.unwrap_err();
        assert_eq!(error.status(), Some(302));
        assert_eq!(serving.await.unwrap().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn any_transport_can_download() {
    let script = Script::new([Reply::MaybeSent, ok(&json!({ "a": 1 }))]);
    let download = script.client().download_request(recording()).await.unwrap();
    assert_eq!(download.bytes(100).await.unwrap(), r#"{"a":1}"#);
    let error = Script::new([refused(401, "unauthorized")]).client();
    assert_eq!(error.download_request(recording()).await.unwrap_err().status(), Some(401));
}

#[tokio::test(start_paused = true)]
async fn without_following_a_recording_is_refused() {
    let headers = Headers::from_iter([("Location", "https://files.example/1?signature=s")]);
    let found = Reply::Answer(Response { headers, ..Response::new(302, "") });
    let recording = RetrieveCallRecording::new(CallId::new("7").unwrap());
    let error = Script::new([found]).client().download(&recording).await.unwrap_err();
    assert_eq!(error.status(), Some(302));
}

#[tokio::test]
async fn an_empty_file_is_a_download() {
    let (origin, serving) = listen(vec![file(b"")]).await;
    let mut download = client(settings(origin)).download_request(recording()).await.unwrap();
    assert_eq!(download.status(), 200);
    assert!(download.next().await.is_none() && download.next().await.is_none());
    assert_eq!(serving.await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_address_of_a_recording_is_the_answer() {
    let address = "https://files.example/1?signature=s";
    let headers = Headers::from_iter([("Location", address)]);
    let found = Reply::Answer(Response { headers, ..Response::new(302, "") });
    let script = Script::new([found, Reply::Answer(Response::new(302, ""))]);
    let recording = RetrieveCallRecording::new(CallId::new("7").unwrap());
    let redirect = script.client().execute(&recording).await.unwrap();
    assert_eq!(redirect.location, address);
    let lost = script.client().execute(&recording).await.unwrap_err();
    assert!(matches!(lost, Error::Unreadable { .. }), "{lost}");
}
