//! Rate windows, versions, tokens, unknown routes: what is decided before a route runs.

use intercom_api::{ApiVersion, Method, Response};
use intercom_sim::{AppName, Apps, Plan, RateHeaders, RefusedCalls, SimSettings, Simulator};
use serde_json::json;

use crate::support::{code, get, post, read, request, simulator, simulator_with};

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
    let mut teams = request(Method::Get, "/teams", None);
    for (version, status) in
        [(ApiVersion::V1_4, 400), (ApiVersion::V2_7, 200), (ApiVersion::Preview, 200)]
    {
        teams.version = version;
        assert_eq!(sim.handle(&teams, 0).status, status, "{version}");
    }
    teams.version = ApiVersion::V1_4;
    assert_eq!(code(&read(&sim.handle(&teams, 0)).1), "intercom_version_invalid");
    let response = sim.reply_to_unknown_version(&AppName::default(), &teams, 0).response;
    assert_eq!((response.status, code(&read(&response).1)), (400, "intercom_version_invalid"));
}

#[test]
fn unknown_routes_and_broken_bodies_answer_in_the_envelope() {
    let mut sim = simulator(1, 1);
    for target in ["/nowhere", "/contacts/a/b/c", "/", "/contacts/%FF"] {
        let (status, body) = get(&mut sim, target);
        assert_eq!((status, code(&body)), (404, "route_not_simulated"), "{target}");
    }
    for text in ["", "{\"query\"", "[]", "7", "\u{0}"] {
        let mut search = request(Method::Post, "/contacts/search", None);
        search.body = Some(text.to_owned().into());
        let (status, body) = read(&sim.handle(&search, 0));
        assert_eq!((status, code(&body)), (400, "bad_request"), "{text}");
    }
}

#[test]
fn whether_refused_calls_count_is_a_setting() {
    for (refused_calls, left) in [(RefusedCalls::Free, 200), (RefusedCalls::Counted, 429)] {
        let settings = SimSettings {
            rate_limit: Some(2),
            workspace_rate_limit: Some(5),
            refused_calls,
            ..SimSettings::default()
        };
        let mut sim = simulator_with(0, 0, settings);
        let me = request(Method::Get, "/me", None);
        let mut status = |app: &str| sim.reply(&AppName::new(app), &me, 7).response.status;
        let loud = [(); 5].map(|()| status("loud"));
        assert_eq!(loud, [200, 200, 429, 429, 429]);
        assert_eq!(status("other"), left, "{refused_calls:?}");
    }
}

#[test]
fn the_documented_limits_are_those_of_a_private_app() {
    let mut sim = simulator_with(0, 0, SimSettings::default());
    let first = sim.handle(&request(Method::Get, "/me", None), 7);
    // 10,000 calls a minute for an app and 25,000 for the workspace, a sixth of them per window.
    assert_eq!(rate(&first), [1_667, 1_666, 10]);
    let apps = (0..3).map(|app| AppName::new(app.to_string()));
    let me = request(Method::Get, "/me", None);
    let refused = apps.flat_map(|app| std::iter::repeat_n(app, 1_667));
    let n_refused = refused.filter(|app| sim.reply(app, &me, 7).response.status == 429).count();
    assert_eq!(n_refused, 3 * 1_667 - 4_166);
    // A thousand calls a minute, as older workspaces have, is a setting.
    let mut old = limited(167);
    let answers = (0..168).map(|_| old.handle(&me, 7)).collect::<Vec<_>>();
    assert!(answers[..167].iter().all(|answer| answer.status == 200));
    let message = &read(&answers[167]).1["errors"][0]["message"];
    assert_eq!(message, "Exceeded rate limit of 167 in 10_seconds");
    assert_eq!(answers[167].headers.get("Retry-After"), None);
}

#[test]
fn notifications_cost_no_calls() {
    let mut sim = limited(3);
    sim.subscribe("secret".to_owned().into());
    let fields = json!({"email": "new@example.com"});
    let created = sim.handle(&request(Method::Post, "/contacts", Some(&fields)), 7);
    assert_eq!((created.status, rate(&created)[1]), (200, 2));
    assert_eq!(sim.take_notifications(7).len(), 1);
    assert_eq!(rate(&sim.handle(&request(Method::Get, "/me", None), 7))[1], 1);
}

#[test]
fn without_a_plan_conversations_and_messages_are_refused() {
    let settings = SimSettings { rate_limit: None, plan: Plan::Ended, ..SimSettings::default() };
    let mut sim = simulator_with(1, 1, settings);
    for path in ["/conversations", "/conversations/1"] {
        let (status, body) = get(&mut sim, path);
        assert_eq!((status, code(&body)), (403, "api_plan_restricted"), "{path}");
        assert_eq!(body["errors"][0]["message"], "Active subscription needed.");
    }
    assert_eq!(post(&mut sim, "/messages", &json!({})).0, 403);
    assert_eq!(get(&mut sim, "/contacts").0, 200);
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let mut sim = simulator(0, 0);
    let mut create = request(Method::Post, "/contacts", None);
    for (kind, status) in [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/x-www-form-urlencoded", 200),
        ("text/plain", 415),
        ("application/xml", 415),
    ] {
        create.set_body(kind, json!({"external_id": kind}).to_string());
        assert_eq!(sim.handle(&create, 7).status, status, "{kind}");
    }
}
