//! Rate windows, versions, tokens, unknown routes: what is decided before a route runs.

use intercom_api::{ApiVersion, Method, Response};
use intercom_sim::{AppName, Apps, RateHeaders, SimSettings, Simulator};
use serde_json::json;

use crate::support::{code, get, read, request, simulator, simulator_with};

fn rate(response: &Response) -> [i64; 3] {
    ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"].map(|name| {
        response.headers.get(name).and_then(|value| value.parse().ok()).expect("a rate header")
    })
}

fn limited(limit: u32) -> Simulator {
    simulator_with(0, 0, SimSettings { rate_limit: Some(limit), ..SimSettings::default() })
}

#[test]
fn windows_are_fixed_and_begin_at_multiples_of_ten_seconds() {
    let mut sim = limited(2);
    let me = request(Method::Get, "/me", None);
    let mut call = |now: i64| {
        let response = sim.handle(&me, now);
        (response.status, rate(&response))
    };
    assert_eq!(call(1_487_332_505), (200, [2, 1, 1_487_332_510]));
    assert_eq!(call(1_487_332_509), (200, [2, 0, 1_487_332_510]));
    assert_eq!(call(1_487_332_509), (429, [2, 0, 1_487_332_510]));
    assert_eq!(call(1_487_332_510), (200, [2, 1, 1_487_332_520]));
    assert_eq!(call(1_487_332_519), (200, [2, 0, 1_487_332_520]));
    assert_eq!(call(1_487_332_519), (429, [2, 0, 1_487_332_520]));
    assert_eq!(call(1_487_332_620), (200, [2, 1, 1_487_332_630]));
    assert_eq!(sim.stats().with_status(429), 2);
    assert_eq!(sim.stats().calls("GET /me"), 7);
}

#[test]
fn apps_have_budgets_of_their_own_and_share_that_of_the_workspace() {
    let settings = SimSettings {
        rate_limit: Some(3),
        workspace_rate_limit: Some(5),
        ..SimSettings::default()
    };
    let mut sim = simulator_with(0, 0, settings);
    let me = request(Method::Get, "/me", None);
    let mut call = |app: &str, now: i64| {
        let response = sim.reply(&AppName::new(app), &me, now).response;
        (response.status, rate(&response)[..2].to_vec())
    };
    let now = 1_487_332_505;
    assert_eq!(call("sync", now), (200, vec![3, 2]));
    assert_eq!(call("sync", now), (200, vec![3, 1]));
    assert_eq!(call("sync", now), (200, vec![3, 0]));
    assert_eq!(call("sync", now), (429, vec![3, 0]));
    // What was refused has not cost the workspace a call; its budget is the tighter one from here.
    assert_eq!(call("other", now), (200, vec![5, 1]));
    assert_eq!(call("other", now), (200, vec![5, 0]));
    assert_eq!(call("other", now), (429, vec![5, 0]));
    assert_eq!(call("third", now), (429, vec![5, 0]));
    assert_eq!(call("sync", now), (429, vec![3, 0]));
    assert_eq!(call("other", now + 5), (200, vec![3, 2]));
}

#[test]
fn a_429_on_purpose_costs_neither_app_nor_workspace_a_call() {
    let faults = "[[fault]]\nanswer = \"429\"\ncount = 9".parse();
    let settings = SimSettings {
        rate_limit: Some(2),
        workspace_rate_limit: Some(3),
        faults: faults.expect("the fault is well written"),
        ..SimSettings::default()
    };
    let mut sim = simulator_with(0, 0, settings);
    let me = request(Method::Get, "/me", None);
    let mut status = |app: &str| sim.reply(&AppName::new(app), &me, 7).response.status;
    assert!((0..9).all(|_| status("sync") == 429));
    let after = ["sync", "sync", "sync", "other", "other"].map(status);
    assert_eq!(after, [200, 200, 429, 200, 429]);
}

#[test]
fn limits_can_be_kept_without_headers() {
    let settings = SimSettings {
        rate_limit: Some(1),
        rate_headers: RateHeaders::Absent,
        ..SimSettings::default()
    };
    let mut sim = simulator_with(0, 0, settings);
    for status in [200, 429] {
        let response = sim.handle(&request(Method::Get, "/me", None), 7);
        assert_eq!(response.status, status);
        assert!(response.headers.iter().all(|(name, _)| !name.starts_with("X-RateLimit")));
    }
}

#[test]
fn tokens_are_looked_up_and_not_shown() {
    let mut apps = Apps::default();
    apps.insert("dG9rOnN5bmM", AppName::new("sync"));
    assert_eq!(apps.of("dG9rOnN5bmM"), AppName::new("sync"));
    assert_eq!(apps.of("another").as_str(), "");
    let settings = SimSettings { apps, ..SimSettings::default() };
    assert!(!format!("{settings:?}").contains("dG9r"), "{settings:?}");
}

#[test]
fn a_refused_call_changes_nothing_and_says_why() {
    let mut sim = limited(0);
    let body = json!({"email": "new@example.com"});
    let response = sim.handle(&request(Method::Post, "/contacts", Some(&body)), 1_487_332_505);
    insta::assert_json_snapshot!(read(&response).1, @r#"
    {
      "errors": [
        {
          "code": "rate_limit_exceeded",
          "message": "Exceeded rate limit of 0 in 10_seconds"
        }
      ],
      "request_id": "58a6e499-0000-4000-8000-000000000001",
      "type": "error.list"
    }
    "#);
    assert_eq!(sim.workspace().n_contacts(), 0);
}

#[test]
fn every_answer_is_dated_and_numbered() {
    let mut sim = limited(10);
    let response = sim.handle(&request(Method::Get, "/me", None), 1_487_332_505);
    assert_eq!(response.headers.get("date"), Some("Fri, 17 Feb 2017 11:55:05 GMT"));
    assert_eq!(response.date().map(|at| at.timestamp()), Some(1_487_332_505));
    assert_eq!(response.request_id(), Some("58a6e499-0000-4000-8000-000000000001"));
}

#[test]
fn without_a_token_there_is_a_401_without_rate_headers() {
    let mut sim = limited(10);
    let response = sim.handle_unauthorized(&request(Method::Get, "/me", None), 1_487_332_505);
    assert_eq!(response.status, 401);
    assert!(response.headers.get("X-RateLimit-Limit").is_none());
    insta::assert_json_snapshot!(read(&response).1, @r#"
    {
      "errors": [
        {
          "code": "unauthorized",
          "message": "Access Token Invalid"
        }
      ],
      "request_id": "58a6e499-0000-4000-8000-000000000001",
      "type": "error.list"
    }
    "#);
}

#[test]
fn versions_that_lack_a_route_are_refused() {
    let mut sim = simulator(0, 1);
    let mut me = request(Method::Get, "/me", None);
    for (version, status) in
        [(ApiVersion::V1_4, 400), (ApiVersion::V2_7, 200), (ApiVersion::Preview, 200)]
    {
        me.version = version;
        assert_eq!(sim.handle(&me, 0).status, status, "{version}");
    }
    me.version = ApiVersion::V1_4;
    assert_eq!(code(&read(&sim.handle(&me, 0)).1), "intercom_version_invalid");
    let response = sim.handle_unknown_version(0);
    assert_eq!((response.status, code(&read(&response).1)), (400, "intercom_version_invalid"));
}

#[test]
fn unknown_routes_and_broken_bodies_answer_in_the_envelope() {
    let mut sim = simulator(1, 1);
    for target in ["/nowhere", "/contacts/a/b/c", "/", "/contacts/%FF"] {
        let (status, body) = get(&mut sim, target);
        assert_eq!((status, code(&body)), (404, "not_found"), "{target}");
    }
    for text in ["", "{\"query\"", "[]", "7", "\u{0}"] {
        let mut search = request(Method::Post, "/contacts/search", None);
        search.body = Some(text.to_owned().into());
        let (status, body) = read(&sim.handle(&search, 0));
        assert_eq!((status, code(&body)), (400, "bad_request"), "{text}");
    }
}
