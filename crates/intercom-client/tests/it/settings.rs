//! Settings are refused before the first request.

use std::time::Duration;

use intercom_client::{
    HttpSettings, HttpTransport, Origin, OriginFault, Region, SettingsError, Timeouts, TokenFault,
};
use secrecy::SecretString;

fn loopback(token: &str) -> HttpSettings {
    HttpSettings {
        origin: Origin::parse("http://127.0.0.1:9").unwrap(),
        ..HttpSettings::new(SecretString::from(token))
    }
}

#[test]
fn a_token_that_cannot_be_sent_is_refused() {
    #[track_caller]
    fn check(token: &str, expected: TokenFault) {
        match HttpTransport::new(loopback(token)).unwrap_err() {
            SettingsError::Token(fault) => assert_eq!(fault, expected),
            other => panic!("{other:?}"),
        }
    }
    check("", TokenFault::Empty);
    check(" \n", TokenFault::Empty);
    check("dG9rOg==\n", TokenFault::Space);
    check("dG9r Og==", TokenFault::Space);
    check("dG9r\u{0}", TokenFault::Space);
    check("dG9r\u{7f}", TokenFault::Space);
    check("jetón", TokenFault::NotAscii);
    assert!(HttpTransport::new(loopback("dG9rOjEyMzQ=")).is_ok());
}

#[test]
fn limits_of_zero_and_strange_user_agents_are_refused() {
    #[track_caller]
    fn check(settings: HttpSettings, message: &str) {
        assert_eq!(HttpTransport::new(settings).unwrap_err().to_string(), message);
    }
    let settings = || loopback("token");
    let timeouts = |connect, attempt| Timeouts {
        connect: Duration::from_secs(connect),
        attempt: Duration::from_secs(attempt),
        ..Timeouts::default()
    };
    check(HttpSettings { max_body_bytes: 0, ..settings() }, "max_body_bytes is zero");
    check(HttpSettings { max_download_bytes: 0, ..settings() }, "max_download_bytes is zero");
    let idle = Timeouts { idle: Duration::ZERO, ..Timeouts::default() };
    check(HttpSettings { timeouts: idle, ..settings() }, "timeouts.idle is zero");
    check(HttpSettings { timeouts: timeouts(0, 1), ..settings() }, "timeouts.connect is zero");
    check(HttpSettings { timeouts: timeouts(1, 0), ..settings() }, "timeouts.attempt is zero");
    for user_agent in ["", "  ", "a\r\nb", "ü"] {
        let settings = HttpSettings { user_agent: user_agent.to_owned(), ..settings() };
        assert!(matches!(HttpTransport::new(settings), Err(SettingsError::UserAgent)));
    }
}

#[test]
fn the_token_is_only_sent_encrypted_or_to_this_machine() {
    #[track_caller]
    fn accept(text: &str, expected: &str) {
        assert_eq!(Origin::parse(text).unwrap().as_str(), expected);
    }
    #[track_caller]
    fn refuse(text: &str, expected: OriginFault) {
        match Origin::parse(text).unwrap_err() {
            SettingsError::Origin(fault) => assert_eq!(fault, expected),
            other => panic!("{other:?}"),
        }
    }
    accept("https://api.intercom.io", "https://api.intercom.io");
    accept(" https://API.eu.intercom.io/ ", "https://api.eu.intercom.io");
    accept("https://10.0.0.1:8443", "https://10.0.0.1:8443");
    accept("http://127.0.0.1:8080/", "http://127.0.0.1:8080");
    accept("http://localhost:8080", "http://localhost:8080");
    accept("http://[::1]:8080", "http://[::1]:8080");
    refuse("http://api.intercom.io", OriginFault::Unencrypted);
    refuse("http://10.0.0.1", OriginFault::Unencrypted);
    refuse("http://localhost.example.com", OriginFault::Unencrypted);
    refuse("ftp://api.intercom.io", OriginFault::Scheme);
    refuse("https://user:word@api.intercom.io", OriginFault::Credentials);
    refuse("https://api.intercom.io/contacts", OriginFault::NotBare);
    refuse("https://api.intercom.io?a=b", OriginFault::NotBare);
    refuse("https://api.intercom.io#a", OriginFault::NotBare);
    refuse("api.intercom.io", OriginFault::NotAUrl);
    refuse("mailto:someone", OriginFault::NotAUrl);
    refuse("", OriginFault::NotAUrl);
}

#[test]
fn regions_have_their_own_hosts() {
    let origin = |name: &str| Origin::region(name.parse::<Region>().unwrap());
    assert_eq!(origin("us").as_str(), "https://api.intercom.io");
    assert_eq!(origin("EU").as_str(), "https://api.eu.intercom.io");
    assert_eq!(origin(" au ").as_str(), "https://api.au.intercom.io");
    assert!(matches!("mars".parse::<Region>(), Err(SettingsError::Region)));
}
