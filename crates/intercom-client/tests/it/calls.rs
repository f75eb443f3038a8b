//! One call: what it returns, what it repeats, when it gives up.

use std::time::Duration;

use insta::assert_snapshot;
use intercom_api::{ApiVersion, BuildError, Safety};
use intercom_client::{AnswerFault, ClientSettings, Error, RetryPolicy, TransportError};
use serde_json::json;
use tokio::time::Instant;

use crate::script::{Reply, Script, ok, refused, refused_with, text};
use crate::things::{CreateThing, FindThing, raw, thing};

#[tokio::test(start_paused = true)]
async fn an_answer_is_decoded() {
    let script = Script::new([ok(&thing(3))]);
    let found = script.client().execute(&FindThing).await.unwrap();
    assert_eq!(found.size, 3);
    assert_eq!(script.n_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_spawned() {
    let client = Script::new([ok(&thing(3))]).client();
    let found = tokio::spawn(async move { client.execute(&FindThing).await }).await.unwrap();
    assert_eq!(found.unwrap().size, 3);
}

#[tokio::test(start_paused = true)]
async fn a_version_without_the_operation_sends_nothing() {
    let script = Script::new([]);
    let settings = ClientSettings { version: ApiVersion::V2_7, ..ClientSettings::default() };
    let error = script.client_with(settings).execute(&FindThing).await.unwrap_err();
    assert!(matches!(error, Error::Build(BuildError::Version { .. })));
    assert_snapshot!(error, @"FindThing: not available in api version 2.7 (only in 2.8..Preview)");
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_gives_one_clear_error() {
    let script = Script::new([refused(401, "unauthorized")]);
    let error = script.client().execute(&FindThing).await.unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_snapshot!(error, @"FindThing (GET /things/{email}): refused with status 401, unauthorized: no access for … (request req-1)");
    assert_eq!(script.n_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_every_passing_failure() {
    let failures = [
        Reply::NotSent,
        Reply::MaybeSent,
        refused(500, "server_error"),
        refused(429, "rate_limit_exceeded"),
        text(502, "<html>bad gateway</html>"),
        text(200, ""),
        text(200, r#"{"id": "t3", "si"#),
    ];
    for failure in failures {
        let script = Script::new([failure, ok(&thing(3))]);
        assert_eq!(script.client().execute(&FindThing).await.unwrap().size, 3);
        assert_eq!(script.n_left(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation_is_not_repeated_when_it_may_have_happened() {
    for failure in [Reply::MaybeSent, refused(500, "server_error"), text(200, "")] {
        let script = Script::new([failure, ok(&thing(3))]);
        script.client().execute(&CreateThing).await.unwrap_err();
        assert_eq!(script.n_sent(), 1);
    }
    for failure in [Reply::NotSent, refused(429, "rate_limit_exceeded")] {
        let script = Script::new([failure, ok(&thing(3))]);
        script.client().execute(&CreateThing).await.unwrap();
        assert_eq!(script.n_sent(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn the_error_says_how_far_the_last_attempt_got() {
    let error_of = async |replies: Vec<Reply>| {
        Script::new(replies).client().execute(&FindThing).await.unwrap_err()
    };
    let error = error_of((0..4).map(|_| Reply::NotSent).collect()).await;
    assert!(matches!(error, Error::NotSent { .. }));
    assert_snapshot!(error, @"FindThing (GET /things/{email}, 4 attempts): not sent");

    let error = error_of((0..4).map(|_| Reply::MaybeSent).collect()).await;
    assert!(matches!(error, Error::MaybeSent { .. }));
    assert_snapshot!(error, @"FindThing (GET /things/{email}, 4 attempts): no answer, but it may have been sent");

    // An earlier attempt may have arrived.
    let last_three = (0..3).map(|_| Reply::NotSent);
    let error = error_of([Reply::MaybeSent].into_iter().chain(last_three).collect()).await;
    assert!(matches!(error, Error::MaybeSent { .. }));

    let error = error_of((0..4).map(|_| text(503, "")).collect()).await;
    assert_snapshot!(error, @"FindThing (GET /things/{email}, 4 attempts): refused with status 503");

    let error = error_of((0..4).map(|_| text(200, "")).collect()).await;
    assert_snapshot!(error, @"FindThing (GET /things/{email}, 4 attempts): the answer cannot be read");

    let error = error_of(vec![text(200, r#"{"id": "t3", "size": "big"}"#)]).await;
    let Error::Unreadable { source, .. } = error else { panic!("{error:?}") };
    assert_snapshot!(source, @"FindThing: the answer does not decode at `size`: a value of another type or shape than expected at line 1 column 26");
}

#[tokio::test(start_paused = true)]
async fn the_servers_wait_is_kept() {
    let throttled = refused_with(429, "rate_limit_exceeded", &[("Retry-After", "7")]);
    let script = Script::new([throttled, ok(&thing(3))]);
    script.client().execute(&FindThing).await.unwrap();
    assert_eq!(script.times(), [Duration::ZERO, Duration::from_secs(7)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline() {
    let settings =
        ClientSettings { deadline: Duration::from_secs(20), ..ClientSettings::default() };

    // The transport never answers.
    let (script, started_at) = (Script::new([Reply::Hang]), Instant::now());
    let error = script.client_with(settings.clone()).execute(&FindThing).await.unwrap_err();
    let Error::MaybeSent { source: TransportError::MaybeSent { fault, .. }, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(fault, AnswerFault::Timeout);
    assert_eq!(started_at.elapsed().as_secs(), 20);

    // The server asks for a longer wait than is left: the refusal stands at once.
    let (script, started_at) = (
        Script::new([refused_with(429, "rate_limit_exceeded", &[("Retry-After", "30")])]),
        Instant::now(),
    );
    let client = script.client_with(settings);
    assert_eq!(client.execute(&FindThing).await.unwrap_err().status(), Some(429));
    assert_eq!(started_at.elapsed(), Duration::ZERO);

    // The next call waits for the same limit, and sends nothing.
    let error = client.execute(&FindThing).await.unwrap_err();
    assert!(matches!(error, Error::Deadline { .. }));
    assert_snapshot!(error, @"FindThing (GET /things/{email}): not sent, the rate limit left no call before the deadline");
    assert_eq!(script.n_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_api_is_not_stormed() {
    let retry = RetryPolicy { storm_credit: 2, calls_per_credit: 2, ..RetryPolicy::default() };
    let settings = ClientSettings { retry, ..ClientSettings::default() };
    let failing = || text(503, "");
    let script = Script::new((0..6).map(|_| failing()).chain([
        ok(&thing(1)),
        ok(&thing(1)),
        failing(),
        ok(&thing(1)),
    ]));
    let client = script.client_with(settings);
    // Two retries on credit, then none; two answered calls earn one back.
    for (expected, is_ok) in [(3, false), (4, false), (5, false), (6, false)] {
        assert_eq!(client.clone().execute(&FindThing).await.is_ok(), is_ok);
        assert_eq!(script.n_sent(), expected);
    }
    for expected in [7, 8, 10] {
        client.execute(&FindThing).await.unwrap();
        assert_eq!(script.n_sent(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn sending_returns_bad_statuses_as_answers() {
    let script = Script::new([refused(404, "not_found")]);
    assert_eq!(script.client().send(raw(Safety::Read)).await.unwrap().status, 404);

    let script = Script::new((0..4).map(|_| text(503, "")));
    assert_eq!(script.client().send(raw(Safety::Read)).await.unwrap().status, 503);
    assert_eq!(script.n_sent(), 4);

    let script = Script::new([text(503, ""), ok(&json!({}))]);
    assert_eq!(script.client().send(raw(Safety::Once)).await.unwrap().status, 503);
    assert_eq!(script.n_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn sending_repeats_reads_whose_json_is_cut_short() {
    let script = Script::new([text(200, ""), text(200, "{\"a"), ok(&json!({ "a": 1 }))]);
    let answer = script.client().send(raw(Safety::Read)).await.unwrap();
    assert_eq!(answer.body, r#"{"a":1}"#);
    assert_eq!(script.n_sent(), 3);

    // An event is accepted with an empty body.
    let script = Script::new([text(202, "")]);
    assert_eq!(script.client().send(raw(Safety::Once)).await.unwrap().status, 202);

    // If it stays so, it is the answer.
    let script = Script::new((0..4).map(|_| text(200, "")));
    assert_eq!(script.client().send(raw(Safety::Read)).await.unwrap().body, "");
}
