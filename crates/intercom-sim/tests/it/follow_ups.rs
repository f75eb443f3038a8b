//! URLs in answers lead back to where the request was sent.

use serde_json::{Value, json};

use crate::server::{TOKEN, call, exchange, serve};
use crate::support::NOW;

/// The URLs in an answer.
fn urls(body: &Value) -> Vec<String> {
    match body {
        Value::String(text) if text.starts_with("http") => vec![text.clone()],
        Value::Array(entries) => entries.iter().flat_map(urls).collect(),
        Value::Object(fields) => fields.values().flat_map(urls).collect(),
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn lists_are_followed_over_http_to_their_end() {
    let port = serve().await.port;
    let user = json!({"role": "user", "external_id": "u1"}).to_string();
    let contact = call(port, "POST /contacts", TOKEN, &user).await.2;
    let id = contact["id"].as_str().expect("an id");
    for number in 0..3 {
        let note = json!({"body": format!("note {number}")}).to_string();
        call(port, &format!("POST /contacts/{id}/notes"), TOKEN, &note).await;
        let company = json!({"company_id": format!("c{number}")}).to_string();
        let company = call(port, "POST /companies", TOKEN, &company).await.2;
        let member = json!({"id": company["id"]}).to_string();
        call(port, &format!("POST /contacts/{id}/companies"), TOKEN, &member).await;
        let event = json!({"event_name": "seen", "user_id": "u1", "created_at": NOW - number});
        call(port, "POST /events", TOKEN, &event.to_string()).await;
    }
    let legacy = format!("{TOKEN}Intercom-Version: 1.4\r\n");
    for (line, headers) in [
        (format!("GET /contacts/{id}/notes?per_page=1"), TOKEN),
        (format!("GET /contacts/{id}/companies?per_page=1"), TOKEN),
        ("GET /events?type=user&user_id=u1&per_page=1".to_owned(), TOKEN),
        (format!("GET /admins/activity_logs?created_at_after={}&per_page=1", NOW - 86_400), TOKEN),
        ("POST /companies/list?per_page=1".to_owned(), TOKEN),
        ("GET /users?per_page=10".to_owned(), &legacy),
        ("GET /conversations?per_page=10".to_owned(), &legacy),
        ("GET /companies?per_page=1".to_owned(), &legacy),
    ] {
        let (method, target) = line.split_once(' ').expect("method and path");
        let mut target = target.to_owned();
        let mut pages = Vec::new();
        loop {
            let (status, _, page) = call(port, &format!("{method} {target}"), headers, "").await;
            assert_eq!(status, 200, "{line}: {page}");
            assert!(!pages.contains(&page), "{line}: every page once");
            let next = page["pages"]["next"].as_str().map(str::to_owned);
            pages.push(page);
            let Some(next) = next else { break };
            target = next.strip_prefix("http://localhost").expect("the host asked").to_owned();
        }
        assert!(pages.len() >= 2, "{line} has {} pages", pages.len());
    }
}

#[tokio::test]
async fn files_and_jobs_lie_where_the_request_was_sent() {
    let served = serve().await;
    let span = json!({"created_at_after": 0, "created_at_before": NOW}).to_string();
    let (_, _, job) = call(served.port, "POST /export/content/data", TOKEN, &span).await;
    let show =
        format!("GET /export/content/data/{}", job["job_identifier"].as_str().expect("an id"));
    served.transport.clock().advance(3_600);
    let (_, _, job) = call(served.port, &show, TOKEN, "").await;
    if job["status"] == "completed" {
        let url = job["download_url"].as_str().expect("a URL");
        let path = url.strip_prefix("http://localhost").expect("the host asked");
        assert!(path.starts_with("/download/content/data/"), "{path}");
    }
    let legacy = format!("{TOKEN}Intercom-Version: 1.4\r\n");
    let items = json!({"items": [{"method": "post", "data_type": "user", "data": {}}]}).to_string();
    let (_, _, job) = call(served.port, "POST /bulk/users", &legacy, &items).await;
    for url in urls(&job["links"]) {
        let path = url.strip_prefix("http://localhost").expect("the host asked");
        assert_eq!(call(served.port, &format!("GET {path}"), &legacy, "").await.0, 200, "{url}");
    }
    assert_eq!(urls(&job).len(), 2);
}

#[tokio::test]
async fn a_request_names_the_host_of_its_urls_and_the_listener_does_otherwise() {
    let port = serve().await.port;
    let listener = format!("http://127.0.0.1:{port}");
    for (target, host, expected) in [
        ("", "Host: sim.test:8700\r\n", "http://sim.test:8700"),
        ("", "Host: [::1]:8700\r\n", "http://[::1]:8700"),
        ("http://proxied:81", "Host: other\r\n", "http://proxied:81"),
        ("", "Host:\r\n", listener.as_str()),
        ("", "Host: a/b?c\r\n", listener.as_str()),
        ("", "Host: me@evil\r\n", listener.as_str()),
        ("", "Host: a:b:c\r\n", listener.as_str()),
        ("", "Host: \u{fc}\r\n", listener.as_str()),
    ] {
        let request = format!(
            "GET {target}/users?per_page=2 HTTP/1.1\r\n{host}{TOKEN}Intercom-Version: 1.4\r\n\
             Connection: close\r\n\r\n"
        );
        let (_, body) = exchange(port, &request).await;
        let body: Value = serde_json::from_str(&body).expect("a list");
        let next = body["pages"]["next"].as_str().expect("another page");
        assert_eq!(next, format!("{expected}/users?page=2&per_page=2"), "{host}");
    }
}
