//! What comes of sending, over a loopback Slack and over a transport with a clock that is set.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use intercom_outreach::fake::{FakeAnswer, FakeSlack};
use intercom_outreach::{
    Answer, HttpTransport, Message, Post, Refusal, SettingsError, Slack, SlackError, Transport,
    TransportError,
};
use secrecy::SecretString;
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

fn message() -> Message {
    Message::new("A payment is overdue")
}

#[tokio::test]
async fn a_message_arrives_as_it_was_made() {
    let fake = FakeSlack::start().await.expect("a port");
    let slack = Slack::new(fake.url()).expect("an address");
    slack.send(&message()).await.expect("taken");
    let received = fake.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].message, message().to_json());
}

#[tokio::test]
async fn refusals_are_told_from_trouble_that_passes() {
    let fake = FakeSlack::start().await.expect("a port");
    let refused = |status, word| FakeAnswer::Refused(status, word);
    let cases = [
        (refused(400, "invalid_payload"), Some((Refusal::Message, Some("invalid_payload")))),
        (refused(400, "Something <odd> for ada@member.example"), Some((Refusal::Message, None))),
        (refused(403, "action_prohibited"), Some((Refusal::Webhook, Some("action_prohibited")))),
        (refused(404, "no_service"), Some((Refusal::Webhook, Some("no_service")))),
        (
            refused(410, "channel_is_archived"),
            Some((Refusal::Webhook, Some("channel_is_archived"))),
        ),
        (refused(302, ""), Some((Refusal::Webhook, None))),
        (refused(500, "rollup_error"), None),
        (refused(503, ""), None),
    ];
    for (answer, expected) in cases {
        fake.answer(&[answer]);
        // A channel of its own for each case: the pace is not what is tested.
        let slack = Slack::new(fake.url()).expect("an address");
        let error = slack.send(&message()).await.expect_err("refused");
        assert_eq!(error.is_transient(), expected.is_none(), "{error}");
        match (&error, expected) {
            (SlackError::Refused { refusal, code, .. }, Some(expected)) => {
                assert_eq!((*refusal, code.as_deref()), expected);
            }
            (SlackError::Unavailable { .. }, None) => {}
            (error, expected) => panic!("{error} instead of {expected:?}"),
        }
        assert!(!error.to_string().contains('@'), "{error}");
    }
}

#[tokio::test]
async fn a_wait_is_obeyed_before_anything_else_is_sent() {
    let fake = FakeSlack::start().await.expect("a port");
    fake.answer(&[FakeAnswer::Throttled(7)]);
    let slack = Slack::new(fake.url()).expect("an address");
    for _ in 0..2 {
        let error = slack.send(&message()).await.expect_err("throttled");
        let SlackError::Throttled { after } = error else { panic!("{error}") };
        assert!(after > SECOND && after <= 7 * SECOND, "{after:?}");
    }
    assert_eq!(fake.received().len(), 1, "the second was not even sent");
}

#[tokio::test]
async fn a_silent_service_and_a_closed_port_are_transient() {
    let fake = FakeSlack::start().await.expect("a port");
    fake.answer(&[FakeAnswer::Silence]);
    let patient = HttpTransport::to(&fake.url(), Duration::from_millis(300)).expect("an address");
    let slack = Slack::over(Arc::new(patient), fake.url());
    let error = slack.send(&message()).await.expect_err("silence");
    let SlackError::Unanswered(TransportError::MaybeSent(_)) = &error else { panic!("{error}") };
    assert!(error.is_transient());
    assert_eq!(fake.received().len(), 1);

    // Nobody listens on the port for discarding.
    let slack = Slack::new("http://127.0.0.1:9/services/T0/B0/hush".into()).expect("an address");
    let error = slack.send(&message()).await.expect_err("nobody answers");
    let SlackError::Unanswered(TransportError::NotSent(_)) = &error else { panic!("{error}") };
    check_hides_address(&error);
    check_hides_address(&slack);
}

fn check_hides_address(shown: &dyn std::fmt::Debug) {
    let shown = format!("{shown:?} {shown:#?}");
    assert!(!shown.contains("hush") && !shown.contains("/services"), "{shown}");
}

#[test]
fn an_address_that_cannot_be_one_is_refused_without_quoting_it() {
    for (address, unencrypted) in [
        ("hush", false),
        ("http://hooks.slack.example/services/hush", true),
        ("ftp://127.0.0.1/hush", true),
    ] {
        let error = Slack::new(SecretString::from(address)).expect_err("refused");
        assert_eq!(matches!(error, SettingsError::Unencrypted), unencrypted, "{error}");
        assert!(error.source().is_none());
        check_hides_address(&error);
        assert!(!error.to_string().contains("hush"));
    }
}

/// Takes every message and notes when it came.
#[derive(Default)]
struct Notes(Mutex<Vec<Instant>>);

#[async_trait]
impl Transport for Notes {
    async fn post(&self, post: &Post) -> Result<Answer, TransportError> {
        check_hides_address(post);
        self.0.lock().expect("unpoisoned").push(Instant::now());
        let retry_after = (self.0.lock().expect("unpoisoned").len() == 4).then(|| "5".to_owned());
        let status = if retry_after.is_some() { 429 } else { 200 };
        Ok(Answer { status, retry_after, ..Answer::default() })
    }
}

#[tokio::test(start_paused = true)]
async fn one_message_a_second_whoever_sends() {
    let notes = Arc::new(Notes::default());
    let slack = Slack::over(Arc::clone(&notes) as _, "https://hooks.example/hush".into());
    let started_at = Instant::now();
    let (first, second, third, message) = (message(), message(), message(), message());
    let sent = tokio::join!(slack.send(&first), slack.send(&second), slack.send(&third));
    assert!(sent.0.is_ok() && sent.1.is_ok() && sent.2.is_ok());
    assert_eq!(started_at.elapsed(), 2 * SECOND);

    let error = slack.send(&message).await.expect_err("throttled");
    assert_eq!(error.to_string(), "slack takes no message for another 5 s");
    advance(4 * SECOND).await;
    slack.send(&message).await.expect_err("still throttled");
    advance(SECOND).await;
    slack.send(&message).await.expect("taken");
    let seconds = |at: &Instant| (*at - started_at).as_secs();
    let came: Vec<u64> = notes.0.lock().expect("unpoisoned").iter().map(seconds).collect();
    assert_eq!(came, [0, 1, 2, 3, 8]);
}
