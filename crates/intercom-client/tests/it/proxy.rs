//! Proxies: used where they are named, never shown.

use intercom_api::Safety;
use intercom_client::{
    Client, ClientSettings, HttpSettings, HttpTransport, Origin, Proxy, RetryPolicy, SettingsError,
};
use secrecy::SecretString;

use crate::http::{Act, bind, listen, serve, settings, write};
use crate::things::raw;

fn through(url: &str) -> Proxy {
    Proxy::Url(SecretString::from(url))
}

fn encrypted(proxy: Proxy) -> HttpSettings {
    let origin = Origin::parse("https://api.intercom.io").unwrap();
    HttpSettings { proxy, ..settings(origin) }
}

#[test]
fn a_proxy_that_cannot_work_is_refused_without_showing_it() {
    for url in ["", "secret", "socks5://secret:1", "http://", "ftp://secret/", "http://:secret@"] {
        match HttpTransport::new(encrypted(through(url))) {
            // A machine without root certificates fails on those first.
            Err(SettingsError::Proxy | SettingsError::Tls { .. }) => {}
            Err(other) => panic!("{other:?}"),
            Ok(_) => panic!("accepted {url}"),
        }
    }
    let settings = encrypted(through("http://ada:secret@proxy.example:8080"));
    assert!(!format!("{settings:?}").contains("proxy.example"));
    if let Ok(transport) = HttpTransport::new(settings) {
        assert!(!format!("{transport:?}").contains("proxy.example"));
    }
}

#[tokio::test]
async fn encrypted_calls_go_through_the_proxy_and_the_token_does_not() {
    let (listener, address) = bind().await;
    let proxy = address.as_str().replace("http://", "http://ada:secret@");
    let retry = RetryPolicy { max_attempts: 1, ..RetryPolicy::default() };
    let behaviour = ClientSettings { retry, ..ClientSettings::default() };
    // A machine without root certificates says so before the first request.
    let Ok(client) = Client::http(encrypted(through(&proxy)), behaviour) else { return };
    let serving = serve(listener, vec![write("HTTP/1.1 407 No\nContent-Length: 0\n\n")]);
    let error = client.send(raw(Safety::Read)).await.unwrap_err();
    let requests = serving.await.unwrap();
    assert!(requests[0].starts_with("CONNECT api.intercom.io:443 HTTP/1.1"), "{requests:?}");
    assert!(!requests[0].contains("Bearer") && !requests[0].contains("/raw"), "{requests:?}");
    let mut cause: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = cause {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && !shown.contains("ada"), "{shown}");
        cause = error.source();
    }
}

#[tokio::test]
async fn plain_calls_to_this_machine_never_do() {
    let (proxy, other) = listen(vec![Act::Close]).await;
    let (origin, serving) = listen(vec![write("HTTP/1.1 200 OK\nContent-Length: 2\n\n{}")]).await;
    let http = HttpSettings { proxy: through(proxy.as_str()), ..settings(origin) };
    let client = Client::http(http, ClientSettings::default()).unwrap();
    assert_eq!(client.send(raw(Safety::Read)).await.unwrap().status, 200);
    assert_eq!(serving.await.unwrap().len(), 1);
    assert!(!other.is_finished());
    other.abort();
}
