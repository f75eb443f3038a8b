//! What the client costs beside a bare HTTP library: `cargo bench -p intercom-client`.
//!
//! 10,000 `GET /contacts/{id}` at concurrency 32 on loopback; rounds take turns, medians count.
//! `--calls N --rounds N --concurrency N`.

#![recursion_limit = "256"]
#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use intercom_api::contacts::RetrieveContact;
use intercom_api::{ContactId, Operation};
use intercom_client::{Client, ClientSettings, HttpSettings, Origin};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const TOKEN: &str = "dG9rOjEyMzQ=";

fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let argument = |name: &str| {
        let mut arguments = std::env::args();
        arguments.by_ref().find(|argument| argument == name).and_then(|_| arguments.next())
    };
    let number = |name, default| argument(name).map_or(default, |n| n.parse().unwrap());
    let n_calls: usize = number("--calls", 10_000);
    let n_rounds: usize = number("--rounds", 9);
    let n_at_once: usize = number("--concurrency", 32);

    let runtime = runtime();
    let address = serve();
    let http = bare();
    let url = format!("http://{address}/contacts/");
    let client = connect(&format!("http://{address}"));
    let mut rounds: [Vec<Duration>; 3] = Default::default();
    // The first round warms up and does not count.
    for round in 0..=n_rounds {
        let times = runtime.block_on(async {
            let bare = time(n_calls, n_at_once, async |n| fetch(&http, &format!("{url}{n}")).await);
            let bare = bare.await;
            let typed = time(n_calls, n_at_once, async |n| {
                let contact = client.execute(&RetrieveContact::new(id(n))).await.unwrap();
                assert!(contact.id.is_some());
            });
            let typed = typed.await;
            let sent = time(n_calls, n_at_once, async |n| {
                let request = RetrieveContact::new(id(n)).request(client.version()).unwrap();
                assert_eq!(client.send(request).await.unwrap().status, 200);
            });
            [bare, typed, sent.await]
        });
        if round > 0 {
            rounds.iter_mut().zip(times).for_each(|(all, time)| all.push(time));
        }
    }
    let names = ["bare library, untyped", "client, typed", "client, as it is"];
    let bare = median(&mut rounds[0]);
    for (name, times) in names.into_iter().zip(&mut rounds) {
        let median = median(times);
        let rate = n_calls as f64 / median.as_secs_f64();
        let ratio = median.as_secs_f64() / bare.as_secs_f64();
        println!("{name:<22} {:>6} ms {rate:>8.0} calls/s  × {ratio:.3}", median.as_millis());
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn id(n: usize) -> ContactId {
    ContactId::new(format!("{n}")).unwrap()
}

/// `n_calls` calls, `n_at_once` at a time.
async fn time(n_calls: usize, n_at_once: usize, call: impl AsyncFn(usize)) -> Duration {
    let (next, call) = (AtomicUsize::new(0), &call);
    let started_at = Instant::now();
    join_all((0..n_at_once).map(|_| async {
        loop {
            let n = next.fetch_add(1, Ordering::Relaxed);
            if n >= n_calls {
                return;
            }
            call(n).await;
        }
    }))
    .await;
    started_at.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn bare() -> reqwest::Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap()
}

async fn fetch(http: &reqwest::Client, url: &str) {
    let request = http
        .get(url)
        .bearer_auth(TOKEN)
        .header("Accept", "application/json")
        .header("Intercom-Version", "2.16");
    let body = request.send().await.unwrap().bytes().await.unwrap();
    let contact: Value = serde_json::from_slice(&body).unwrap();
    assert!(contact["id"].is_string());
}

fn connect(origin: &str) -> Client {
    let origin = Origin::parse(origin).unwrap();
    let settings = HttpSettings { origin, ..HttpSettings::new(SecretString::from(TOKEN)) };
    Client::http(settings, ClientSettings::default()).unwrap()
}

/// A server on a thread of its own, which gives every request the same answer.
fn serve() -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let answer: &'static [u8] = Vec::leak(answer());
        runtime().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                connection.set_nodelay(true).unwrap();
                tokio::spawn(answer_all(connection, answer));
            }
        });
    });
    address
}

async fn answer_all(mut connection: TcpStream, answer: &[u8]) {
    let (mut buffer, mut filled) = ([0; 4096], 0);
    loop {
        match connection.read(&mut buffer[filled..]).await {
            Ok(0) | Err(_) => return,
            Ok(n) => filled += n,
        }
        if buffer[..filled].ends_with(b"\r\n\r\n") {
            filled = 0;
            if connection.write_all(answer).await.is_err() {
                return;
            }
        }
    }
}

fn answer() -> Vec<u8> {
    let body = contact().to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nDate: Fri, 17 Feb 2017 07:41:45 GMT\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Connection: keep-alive\r\nStatus: 200 OK\r\nETag: W/\"8f4f0b1c3f1d4a7a\"\r\n\
         X-RateLimit-Limit: 1000000000\r\nX-RateLimit-Remaining: 999999999\r\n\
         X-RateLimit-Reset: 1487317310\r\nIntercom-Version: 2.16\r\n\
         X-Request-Id: 0006kq4d1b7n8a3h2c90\r\nCache-Control: max-age=0, private\r\n\
         X-Frame-Options: SAMEORIGIN\r\nX-Content-Type-Options: nosniff\r\n\
         Strict-Transport-Security: max-age=31557600\r\nVary: Accept,Accept-Encoding\r\n\r\n",
        body.len(),
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

fn contact() -> Value {
    let list = |kind: &str, n: usize| {
        let entry =
            |n| json!({ "id": format!("{n}"), "type": kind, "url": format!("/{kind}s/{n}") });
        json!({
            "type": "list", "data": (0..n).map(entry).collect::<Vec<_>>(),
            "url": format!("/contacts/5ba682d23d7cf92bef87bfd4/{kind}s"),
            "total_count": n, "has_more": false,
        })
    };
    let mut attributes = serde_json::Map::new();
    for n in 0..12 {
        attributes.insert(format!("attribute_{n}"), json!(format!("value {n}")));
        attributes.insert(format!("counter_{n}"), json!(n * 17));
    }
    json!({
        "type": "contact", "id": "5ba682d23d7cf92bef87bfd4", "workspace_id": "ecahpwf5",
        "external_id": "f3b87a2e09d514c6c2e79b9a", "role": "user", "email": "joe@example.com",
        "email_domain": "example.com", "phone": "+1123456789", "name": "Joe Example",
        "owner_id": "127", "has_hard_bounced": false, "marked_email_as_spam": false,
        "unsubscribed_from_emails": false, "created_at": 1571672154, "updated_at": 1571672158,
        "signed_up_at": 1571069751, "last_seen_at": 1571069751, "last_replied_at": 1571672158,
        "last_contacted_at": 1571672158, "last_email_opened_at": 1571673478,
        "last_email_clicked_at": 1571676789, "language_override": null, "browser": "chrome",
        "browser_version": "77.0.3865.90", "browser_language": "en", "os": "OS X 10.14.6",
        "android_app_name": null, "android_app_version": null, "android_device": null,
        "android_os_version": null, "android_sdk_version": null, "android_last_seen_at": null,
        "ios_app_name": null, "ios_app_version": null, "ios_device": null,
        "ios_os_version": null, "ios_sdk_version": null, "ios_last_seen_at": null,
        "location": { "type": "location", "country": "Ireland", "region": "Leinster",
            "city": "Dublin", "country_code": "IRL", "continent_code": "EU" },
        "social_profiles": { "type": "list", "data": [] },
        "avatar": { "type": "avatar", "image_url": null },
        "custom_attributes": attributes,
        "tags": list("tag", 4), "notes": list("note", 2), "companies": list("company", 2),
        "opted_out_subscription_types": list("subscription", 0),
        "opted_in_subscription_types": list("subscription", 1), "sms_consent": false,
        "unsubscribed_from_sms": false, "utm_campaign": null, "referrer": null,
    })
}
