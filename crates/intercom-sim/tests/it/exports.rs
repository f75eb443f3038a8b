//! Export jobs, broken scrolls, and tokens that may not do everything.

use std::collections::BTreeSet;
use std::io::Read;

use intercom_api::{ApiError, Method, Response, Scope, ScrollFault};
use intercom_sim::{SimSettings, Simulator};
use serde_json::{Value, json};

use crate::support::{NOW, code, ids, read, request, simulator, simulator_with};

fn call(
    sim: &mut Simulator,
    method: Method,
    path: &str,
    body: Option<&Value>,
    now: i64,
) -> Response {
    sim.handle(&request(method, path, body), now)
}

fn ask(sim: &mut Simulator, from: i64, to: i64, now: i64) -> (u16, Value) {
    let span = json!({"created_at_after": from, "created_at_before": to});
    read(&call(sim, Method::Post, "/export/content/data", Some(&span), now))
}

#[test]
fn one_export_runs_at_a_time_and_is_fetched_for_two_days() {
    let mut sim = simulator(200, 400);
    let (status, job) = ask(&mut sim, 0, NOW, NOW);
    assert_eq!(
        (status, &job["status"], &job["download_url"]),
        (200, &json!("pending"), &json!(""))
    );
    let id = job["job_identifier"].as_str().expect("an id").to_owned();
    let (status, refused) = ask(&mut sim, 0, NOW, NOW + 1);
    assert_eq!((status, code(&refused)), (429, "rate_limit_exceeded"));
    let show = format!("/export/content/data/{id}");
    let file = format!("/download/content/data/{id}");
    for (after, expected) in [(4, "pending"), (5, "in_progress"), (10, "completed")] {
        let (_, job) = read(&call(&mut sim, Method::Get, &show, None, NOW + after));
        assert_eq!(job["status"], expected, "after {after} seconds");
        if expected != "completed" {
            assert_eq!(call(&mut sim, Method::Get, &file, None, NOW + after).status, 404);
        } else {
            let url = job["download_url"].as_str().expect("a url");
            assert!(url.ends_with(&file), "{url}");
        }
    }
    let response = call(&mut sim, Method::Get, &file, None, NOW + 10);
    assert_eq!(response.headers.get("Content-Type"), Some("application/octet-stream"));
    let mut csv = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&response.body[..]);
    unpacked.read_to_string(&mut csv).expect("gzipped text");
    let widths: BTreeSet<usize> = csv.lines().map(|line| line.split(',').count()).collect();
    assert!(csv.starts_with("receipt_id,") && csv.lines().count() > 1, "{csv}");
    assert_eq!(widths, BTreeSet::from([5]));
    let late = NOW + 10 + 2 * 86_400;
    assert_eq!(call(&mut sim, Method::Get, &file, None, late - 1).status, 200);
    assert_eq!(call(&mut sim, Method::Get, &file, None, late).status, 404);
    assert_eq!(ask(&mut sim, 0, NOW, NOW + 10).0, 200, "the first one is done");
}

#[test]
fn an_export_is_canceled_finds_nothing_or_is_refused() {
    let mut sim = simulator(0, 0);
    let (_, job) = ask(&mut sim, NOW - 60, NOW, NOW);
    let id = job["job_identifier"].as_str().expect("an id").to_owned();
    let cancel = format!("/export/cancel/{id}");
    let (_, job) = read(&call(&mut sim, Method::Post, &cancel, None, NOW + 1));
    assert_eq!(job["status"], "canceled");
    let (status, job) = ask(&mut sim, NOW - 60, NOW, NOW + 2);
    assert_eq!(status, 200, "a canceled job is not active");
    let id = job["job_identifier"].as_str().expect("an id");
    let show = format!("/export/content/data/{id}");
    assert_eq!(read(&call(&mut sim, Method::Get, &show, None, NOW + 60)).1["status"], "no_data");
    for span in [
        json!({}),
        json!({"created_at_after": NOW}),
        json!({"created_at_after": NOW, "created_at_before": "soon"}),
        json!({"created_at_after": NOW, "created_at_before": NOW - 1}),
        json!({"created_at_after": 0, "created_at_before": i64::MAX}),
    ] {
        let path = "/export/content/data";
        assert_eq!(call(&mut sim, Method::Post, path, Some(&span), NOW + 60).status, 400, "{span}");
    }
    let (status, answer) =
        read(&call(&mut sim, Method::Get, "/export/content/data/none", None, NOW));
    assert_eq!((status, code(&answer)), (404, "job_not_found"));
}

#[test]
fn a_scroll_that_breaks_off_is_begun_again() {
    let settings =
        SimSettings { rate_limit: None, scroll_fails_at: Some(2), ..SimSettings::default() };
    let mut sim = simulator_with(1_500, 0, settings);
    let path = "/companies/scroll";
    let (status, first) = read(&call(&mut sim, Method::Get, path, None, NOW));
    assert_eq!((status, ids(&first, "data").len()), (200, 100));
    let more = |page: &Value| {
        format!("{path}?scroll_param={}", page["scroll_param"].as_str().expect("a parameter"))
    };
    let broken = call(&mut sim, Method::Get, &more(&first), None, NOW + 1);
    assert_eq!(broken.status, 500);
    let fault = ApiError::from_response(&broken).scroll_fault();
    assert_eq!(fault, Some(ScrollFault::Restart));
    let lost = call(&mut sim, Method::Get, &more(&first), None, NOW + 2);
    assert_eq!(ApiError::from_response(&lost).scroll_fault(), Some(ScrollFault::Expired));
    let (_, again) = read(&call(&mut sim, Method::Get, path, None, NOW + 3));
    assert_eq!(ids(&again, "data"), ids(&first, "data"));
    let (status, second) = read(&call(&mut sim, Method::Get, &more(&again), None, NOW + 4));
    assert_eq!((status, ids(&second, "data").len()), (200, 25));
}

#[test]
fn a_token_without_the_scope_of_a_call_is_refused_with_its_name() {
    let scopes = BTreeSet::from([Scope::ReadConversations, Scope::ReadAndListUsersAndCompanies]);
    let settings = SimSettings { rate_limit: None, scopes: Some(scopes), ..SimSettings::default() };
    let mut sim = simulator_with(3, 3, settings);
    let query = json!({"query": {"field": "created_at", "operator": ">", "value": 0}});
    let mut check = |method, path: &str, expected: Option<Scope>| {
        let body = (method == Method::Post).then_some(&query);
        let response = call(&mut sim, method, path, body, NOW);
        let status = if expected.is_some() { 403 } else { 200 };
        assert_eq!(response.status, status, "{path}");
        assert_eq!(ApiError::from_response(&response).missing_scope(), expected, "{path}");
    };
    check(Method::Get, "/me", None);
    check(Method::Get, "/contacts", None);
    check(Method::Post, "/contacts/search", None);
    check(Method::Post, "/conversations/search", None);
    check(Method::Get, "/tags", Some(Scope::ReadTags));
    check(Method::Post, "/tags", Some(Scope::WriteTags));
    check(Method::Post, "/contacts", Some(Scope::WriteUsersAndCompanies));
    check(Method::Post, "/contacts/x/tags", Some(Scope::WriteTags));
    check(Method::Post, "/conversations", Some(Scope::WriteConversations));
    check(Method::Post, "/events", Some(Scope::WriteEvents));
    check(Method::Get, "/admins", Some(Scope::ReadAdmins));
    check(Method::Post, "/tickets/search", Some(Scope::ReadTickets));
    check(Method::Post, "/export/content/data", Some(Scope::ExportMessageData));
    assert_eq!(sim.workspace().n_contacts(), 3);
}

#[test]
fn an_export_takes_whole_days_and_both_ends() {
    let mut sim = simulator(5, 0);
    let contact = sim.workspace().contact_ids().next().expect("a contact").to_owned();
    let message = json!({
        "message_type": "inapp", "body": "Hi", "from": {"type": "admin", "id": "814860"},
        "to": {"type": "user", "id": contact}, "create_conversation_without_contact_reply": true,
    });
    assert_eq!(call(&mut sim, Method::Post, "/messages", Some(&message), NOW).status, 200);
    // Half past midnight and half an hour before the next, in the workspace's zone.
    for (from, to, expected) in [
        (NOW - 11 * 3_600, NOW - 11 * 3_600, "completed"),
        (NOW + 11 * 3_600, NOW + 11 * 3_600, "completed"),
        (NOW - 13 * 3_600, NOW - 13 * 3_600, "no_data"),
        (NOW + 13 * 3_600, NOW + 13 * 3_600, "no_data"),
    ] {
        let (_, job) = ask(&mut sim, from, to, NOW);
        let path =
            format!("/export/content/data/{}", job["job_identifier"].as_str().expect("an id"));
        let (_, done) = read(&call(&mut sim, Method::Get, &path, None, NOW + 10));
        assert_eq!(done["status"], expected, "from {}", from - NOW);
        let cancel = path.replace("content/data", "cancel");
        assert_eq!(call(&mut sim, Method::Post, &cancel, None, NOW).status, 200);
    }
}
