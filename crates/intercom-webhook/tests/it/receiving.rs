//! Envelopes: what is accepted, what is refused, and with which status.

use chrono::TimeDelta;
use intercom_api::{Method, WorkspaceId};
use intercom_webhook::{
    Delivery, Notification, Received, Receiver, ReceiverSettings, Rejection, Topic,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{CREATED_AT, contact, notification, now, receive, receive_with, settings};

fn accepted(body: &Value) -> Notification {
    match receive(body.to_string().as_bytes()) {
        Ok(Received::Notification(notification)) => notification,
        other => panic!("{other:?}"),
    }
}

fn refused(body: &Value) -> Rejection {
    receive(body.to_string().as_bytes()).unwrap_err()
}

fn created() -> Value {
    notification("contact.user.created", &contact())
}

#[test]
fn the_envelope_is_read() {
    let notification = accepted(&created());
    assert_eq!(notification.topic, Topic::ContactUserCreated);
    assert_eq!(notification.id.as_ref().unwrap().as_str(), "notif_3690afb3");
    assert_eq!(notification.app_id.as_ref().unwrap().as_str(), "ab12cd34");
    assert_eq!(notification.created_at.unwrap().as_unix(), CREATED_AT);
    assert!(!notification.is_repeated());
    // 2026-01-10T04:11:34.135+00:00, cut to the second.
    assert_eq!(notification.item_updated_at().unwrap().as_unix(), 1_768_018_294);
    assert!(notification.item_text().contains("jo@example.com"));
}

#[test]
fn a_repetition_has_the_same_id() {
    let mut body = created();
    body["delivery_attempts"] = json!(2);
    let again = accepted(&body);
    assert!(again.is_repeated());
    assert_eq!(again.id, accepted(&created()).id);
}

#[test]
fn a_probe_is_not_signed() {
    let delivery = Delivery { method: Method::Head, signature: None, body: b"" };
    let received = Receiver::new(settings()).unwrap().receive(&delivery, now());
    assert!(matches!(received, Ok(Received::Probe)));
    let delivery = Delivery { method: Method::Get, ..delivery };
    let error = Receiver::new(settings()).unwrap().receive(&delivery, now()).unwrap_err();
    assert_eq!((error.clone(), error.status()), (Rejection::Method(Method::Get), 405));
}

#[test]
fn a_ping_has_no_id() {
    let mut body = notification("ping", &json!({"type": "ping", "message": "hello"}));
    body["id"] = Value::Null;
    body["delivery_status"] = Value::Null;
    match receive(body.to_string().as_bytes()) {
        Ok(Received::Ping(ping)) => assert_eq!(ping.id, None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_long_body_is_refused_before_it_is_read() {
    let body = created().to_string();
    let length = body.len();
    let exact = ReceiverSettings { max_body_bytes: length, ..settings() };
    assert!(receive_with(exact, body.as_bytes()).is_ok());
    let limit = length - 1;
    let tight = ReceiverSettings { max_body_bytes: limit, ..settings() };
    let error = receive_with(tight, body.as_bytes()).unwrap_err();
    assert_eq!((error.clone(), error.status()), (Rejection::TooLarge { length, limit }, 413));
}

#[test]
fn another_workspace_is_refused() {
    let of = |app_id: &str| ReceiverSettings {
        app_id: Some(WorkspaceId::new(app_id).unwrap()),
        ..settings()
    };
    let body = created().to_string();
    assert!(receive_with(of("ab12cd34"), body.as_bytes()).is_ok());
    let error = receive_with(of("other"), body.as_bytes()).unwrap_err();
    assert_eq!((error.clone(), error.status()), (Rejection::OtherWorkspace, 403));
    let mut unnamed = created();
    unnamed.as_object_mut().unwrap().remove("app_id");
    let error = receive_with(of("ab12cd34"), unnamed.to_string().as_bytes()).unwrap_err();
    assert_eq!(error, Rejection::OtherWorkspace);
}

#[test]
fn the_signed_time_has_to_be_recent() {
    let at = |age_for: TimeDelta| {
        let mut body = created();
        body["created_at"] = json!((now() - age_for).timestamp());
        receive(body.to_string().as_bytes())
    };
    assert!(at(TimeDelta::zero()).is_ok());
    assert!(at(TimeDelta::hours(3)).is_ok());
    let error = at(TimeDelta::hours(3) + TimeDelta::seconds(1)).unwrap_err();
    assert!(matches!(error, Rejection::TooOld { .. }), "{error}");
    assert!(at(-TimeDelta::minutes(5)).is_ok());
    let error = at(-TimeDelta::minutes(5) - TimeDelta::seconds(1)).unwrap_err();
    assert!(matches!(error, Rejection::Ahead { .. }), "{error}");
}

#[test]
fn a_time_at_the_end_of_the_range_is_only_a_time() {
    for seconds in [i64::MAX, i64::MIN] {
        let mut body = created();
        body["created_at"] = json!(seconds);
        let error = refused(&body);
        let is_judged = matches!(error, Rejection::TooOld { .. } | Rejection::Ahead { .. });
        assert!(is_judged, "{error}");
    }
}

#[test]
fn without_a_time_the_age_is_unknown() {
    for strange in [Value::Null, json!("soon"), json!({}), json!(1e300)] {
        let mut body = created();
        body["created_at"] = strange;
        assert_eq!(refused(&body), Rejection::NoTime);
        let ageless = ReceiverSettings { max_age_for: None, ..settings() };
        assert!(receive_with(ageless, body.to_string().as_bytes()).is_ok());
    }
}

#[test]
fn what_is_signed_but_no_notification_is_named() {
    let refusal = |body: &[u8]| receive(body).unwrap_err().to_string();
    insta::assert_snapshot!(refusal(b""), @"the notification does not decode at `.`");
    insta::assert_snapshot!(refusal(b"[]"), @"the notification has no topic");
    insta::assert_snapshot!(refusal(br#"{"topic":7}"#), @"the notification does not decode at `topic`");
    insta::assert_snapshot!(refusal(br#"{"data":{"item":{}}}"#), @"the notification has no topic");
    insta::assert_snapshot!(refusal(br#"{"topic":"ping"}"#), @"the notification has no data.item");
    insta::assert_snapshot!(refusal(br#"{"topic":"ping","data":{"item":{}}} x"#), @"the notification does not decode at `.`");
    insta::assert_snapshot!(refusal(&created().to_string().as_bytes()[..300]), @"the notification does not decode at `data.item`");
    let nested = format!(r#"{{"topic":"ping","links":{}}}"#, "[".repeat(100_000));
    insta::assert_snapshot!(refusal(nested.as_bytes()), @"the notification does not decode at `links`");
}

#[test]
fn strange_values_beside_the_point_lose_nothing() {
    let mut body = created();
    body["id"] = json!("");
    body["app_id"] = json!(["x"]);
    body["delivery_attempts"] = json!(-3);
    body["first_sent_at"] = json!("never");
    let notification = accepted(&body);
    assert_eq!((notification.id, notification.app_id), (None, None));
    assert_eq!(notification.delivery_attempts, None);
}

#[test]
fn debug_shows_the_envelope_only() {
    let notification = accepted(&created());
    let shown = format!("{notification:?} {:?}", notification.item().unwrap());
    assert!(!shown.contains("jo@example") && !shown.contains("Jo Example"), "{shown}");
    assert!(shown.contains("notif_3690afb3") && shown.contains("ContactUserCreated"), "{shown}");
}

proptest! {
    #[test]
    fn any_signed_text_is_an_answer(body in "\\PC{0,200}") {
        // What is signed is read or refused for what it says, never for its signature.
        let refusal = receive(body.as_bytes()).err();
        prop_assert!(refusal.is_none_or(|refusal| refusal.status() == 400));
    }

    #[test]
    fn a_truncated_notification_is_refused(length in 0_usize..500) {
        let body = created().to_string();
        let length = length.min(body.len() - 1);
        prop_assert!(receive(&body.as_bytes()[..length]).is_err());
    }
}
