//! No header makes a body pass that the secret did not sign; a signed body is read or refused.

#![no_main]

use chrono::DateTime;
use intercom_api::Method;
use intercom_webhook::{Delivery, Received, Receiver, ReceiverSettings, Rejection, sign};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

#[derive(Arbitrary, Debug)]
struct Sent<'a> {
    header: &'a [u8],
    topic: &'a str,
    item: &'a [u8],
    body: &'a [u8],
}

fuzz_target!(|sent: Sent<'_>| {
    let secret = SecretString::from("the client secret");
    let receiver = Receiver::new(ReceiverSettings {
        max_age_for: None,
        ..ReceiverSettings::new(secret.clone())
    })
    .expect("a secret");
    let receive = |header: &[u8], body: &[u8]| {
        let delivery = Delivery { method: Method::Post, signature: Some(header), body };
        receiver.receive(&delivery, DateTime::UNIX_EPOCH)
    };

    let right = sign(&secret, sent.body);
    let is_right = sent.header.trim_ascii().eq_ignore_ascii_case(right.as_bytes());
    match receive(sent.header, sent.body) {
        Err(Rejection::Signature(_)) => assert!(!is_right),
        Ok(_) | Err(_) => assert!(is_right),
    }

    let _ = receive(right.as_bytes(), sent.body);
    let topic = serde_json::to_string(sent.topic).expect("a text");
    let mut enveloped = format!(r#"{{"topic":{topic},"data":{{"item":"#).into_bytes();
    enveloped.extend_from_slice(sent.item);
    enveloped.extend_from_slice(b"}}");
    let signature = sign(&secret, &enveloped);
    if let Ok(Received::Notification(notification)) = receive(signature.as_bytes(), &enveloped) {
        let _ = notification.item_updated_at();
        let _ = notification.item();
    }
});
