//! The signature decides before anything is parsed.

use intercom_api::Method;
use intercom_webhook::{
    Delivery, Received, Receiver, ReceiverSettings, Rejection, SettingsError, SignatureError, sign,
};
use proptest::prelude::*;
use secrecy::SecretString;

use crate::samples::{SECRET, contact, notification, now, settings};

fn body() -> Vec<u8> {
    notification("contact.user.created", &contact()).to_string().into_bytes()
}

fn receive(
    settings: ReceiverSettings,
    signature: Option<&str>,
    body: &[u8],
) -> Result<Received, Rejection> {
    let signature = signature.map(str::as_bytes);
    let delivery = Delivery { method: Method::Post, signature, body };
    Receiver::new(settings).unwrap().receive(&delivery, now())
}

fn refused(signature: Option<&str>) -> SignatureError {
    match receive(settings(), signature, &body()) {
        Err(Rejection::Signature(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn signature_of_a_known_body() {
    // RFC 2202, test case 2.
    let signature = sign(&SecretString::from("Jefe"), b"what do ya want for nothing?");
    assert_eq!(signature, "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
}

#[test]
fn a_signed_body_is_accepted() {
    let body = body();
    let signature = sign(&SecretString::from(SECRET), &body);
    assert!(receive(settings(), Some(&signature), &body).is_ok());
    let upper = signature.to_ascii_uppercase();
    assert!(receive(settings(), Some(&upper), &body).is_ok());
}

#[test]
fn any_of_several_secrets_is_enough() {
    let body = body();
    let secrets = ["the next secret", SECRET, "the last secret"];
    let rotating =
        ReceiverSettings { secrets: secrets.map(SecretString::from).into(), ..settings() };
    for secret in secrets {
        let signature = sign(&SecretString::from(secret), &body);
        assert!(receive(rotating.clone(), Some(&signature), &body).is_ok(), "{secret}");
    }
    let foreign = sign(&SecretString::from("foreign"), &body);
    let error = receive(rotating, Some(&foreign), &body).unwrap_err();
    assert_eq!(error, Rejection::Signature(SignatureError::Wrong));
}

#[test]
fn what_proves_nothing_is_refused() {
    let right = sign(&SecretString::from(SECRET), &body());
    let digits = right.strip_prefix("sha1=").unwrap();
    assert_eq!(refused(None), SignatureError::Missing);
    assert_eq!(refused(Some("")), SignatureError::Missing);
    assert_eq!(refused(Some("   ")), SignatureError::Missing);
    assert_eq!(refused(Some(digits)), SignatureError::Malformed);
    assert_eq!(refused(Some("sha1")), SignatureError::Malformed);
    assert_eq!(refused(Some("sha1=")), SignatureError::Malformed);
    assert_eq!(refused(Some(&right[..44])), SignatureError::Malformed);
    assert_eq!(refused(Some(&format!("{right}00"))), SignatureError::Malformed);
    assert_eq!(refused(Some(&right.replace(&digits[..1], "g"))), SignatureError::Malformed);
    assert_eq!(refused(Some(&format!("sha256={digits}"))), SignatureError::Algorithm);
    assert_eq!(refused(Some(&format!("md5={digits}"))), SignatureError::Algorithm);
    assert_eq!(refused(Some(&format!("sha1={}", "0".repeat(40)))), SignatureError::Wrong);
}

#[test]
fn a_refused_signature_is_answered_with_401() {
    let error = receive(settings(), None, &body()).unwrap_err();
    assert_eq!(error.status(), 401);
}

#[test]
fn settings_that_verify_nothing_are_refused() {
    let with = |secrets| Receiver::new(ReceiverSettings { secrets, ..settings() }).unwrap_err();
    assert_eq!(with(vec![]), SettingsError::NoSecret);
    let blank = vec![SecretString::from(SECRET), SecretString::from(" ")];
    assert_eq!(with(blank), SettingsError::EmptySecret);
    let no_body = ReceiverSettings { max_body_bytes: 0, ..settings() };
    assert_eq!(Receiver::new(no_body).unwrap_err(), SettingsError::ZeroBody);
}

#[test]
fn nothing_shows_a_secret() {
    let receiver = Receiver::new(settings()).unwrap();
    assert!(!format!("{receiver:?} {:?}", settings()).contains(SECRET));
}

proptest! {
    #[test]
    fn a_changed_byte_breaks_the_signature(place: prop::sample::Index, change in 1_u8..) {
        let mut body = body();
        let signature = sign(&SecretString::from(SECRET), &body);
        let place = place.index(body.len());
        body[place] ^= change;
        let error = receive(settings(), Some(&signature), &body).unwrap_err();
        prop_assert_eq!(error, Rejection::Signature(SignatureError::Wrong));
    }

    #[test]
    fn any_header_over_any_body_is_an_answer(header: Vec<u8>, body: Vec<u8>) {
        let delivery = Delivery { method: Method::Post, signature: Some(&header), body: &body };
        let received = Receiver::new(settings()).unwrap().receive(&delivery, now());
        prop_assert!(received.is_err());
    }
}
