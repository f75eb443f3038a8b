//! What surrounds the routes of 1.4: versions, scopes, rate windows, faults, statistics,
//! notifications.

use intercom_api::{ApiVersion, Method, Scope};
use intercom_sim::{Fault, FaultAnswer, Faults, Frequency, RouteName, SimSettings};
use serde_json::json;

use super::Legacy;
use crate::support::{NOW, simulator, simulator_with};

#[test]
fn the_routes_of_one_line_are_refused_in_the_other() {
    let mut api = Legacy::new(1, 1);
    let invalid = (400, "intercom_version_invalid".to_owned());
    for (method, target) in [
        (Method::Post, "/contacts/search"),
        (Method::Put, "/contacts/1"),
        (Method::Post, "/conversations/1/parts"),
        (Method::Get, "/teams"),
        (Method::Get, "/data_attributes"),
        (Method::Get, "/contacts/1/tags"),
        (Method::Put, "/companies/1"),
        (Method::Get, "/jobs/status/1"),
    ] {
        assert_eq!(api.refused(method, target, None), invalid, "{method} {target}");
    }
    for (method, target) in [
        (Method::Get, "/users"),
        (Method::Post, "/users"),
        (Method::Get, "/users/scroll"),
        (Method::Post, "/contacts/convert"),
        (Method::Get, "/counts"),
        (Method::Post, "/bulk/users"),
        (Method::Get, "/jobs/1"),
        (Method::Post, "/user_delete_requests"),
    ] {
        let (status, body) = api.modern(method, target, None);
        let refused = (status, crate::support::code(&body).to_owned());
        assert_eq!(refused, invalid, "{method} {target}");
    }
    let nowhere = (404, "route_not_simulated".to_owned());
    assert_eq!(api.refused(Method::Get, "/nowhere", None), nowhere);
}

#[test]
fn statistics_tell_the_lines_apart() {
    let mut api = Legacy::new(1, 0);
    api.get("/me");
    api.get("/me");
    api.get("/users/none");
    api.modern(Method::Get, "/me", None);
    api.modern(Method::Get, "/users", None);
    let told: Vec<_> = api
        .sim
        .stats()
        .routes
        .iter()
        .map(|(name, by_status)| {
            (name.as_str(), by_status.iter().map(|(status, n)| (*status, *n)).collect::<Vec<_>>())
        })
        .collect();
    assert_eq!(
        told,
        [
            ("1.4 GET /me", vec![(200, 2)]),
            ("1.4 GET /users", vec![(400, 1)]),
            ("1.4 GET /users/{id}", vec![(404, 1)]),
            ("GET /me", vec![(200, 1)]),
        ]
    );
}

#[test]
fn faults_are_about_a_route_of_one_line() {
    let mut api = Legacy::new(1, 0);
    let route: RouteName = "1.4 GET /me".parse().expect("a route");
    let fault = Fault {
        route: Some(route),
        frequency: Frequency::Count(1),
        ..Fault::new("503".parse().expect("a status"))
    };
    let stale = Fault::new(FaultAnswer::StaleCursor);
    api.sim.set_faults(Faults { seed: 1, list: vec![fault, stale] });
    assert_eq!(api.modern(Method::Get, "/me", None).0, 200);
    assert_eq!(api.get("/me").0, 503);
    assert_eq!(api.get("/me").0, 200);
    // A scroll can become stale, a numbered page cannot.
    let refused = api.refused(Method::Get, "/users/scroll?scroll_param=x", None);
    assert_eq!(refused, (400, "client_error".to_owned()));
    assert_eq!(api.get("/users?page=2").0, 200);
}

#[test]
fn both_lines_share_a_window() {
    let settings = SimSettings { rate_limit: Some(3), ..SimSettings::default() };
    let mut api = Legacy::of(simulator_with(1, 0, settings));
    assert_eq!(api.get("/users").0, 200);
    assert_eq!(api.modern(Method::Get, "/me", None).0, 200);
    assert_eq!(api.post("/users", &json!({"user_id": "u"})).0, 200);
    let busy = (429, "rate_limit_exceeded".to_owned());
    assert_eq!(api.refused(Method::Get, "/users", None), busy);
    api.now += 10;
    assert_eq!(api.get("/users").0, 200);
}

#[test]
fn a_call_needs_the_scope_of_the_same_work_in_2_x() {
    let granted = [Scope::ReadAndListUsersAndCompanies, Scope::WriteEvents];
    let settings = SimSettings {
        scopes: Some(granted.into_iter().collect()),
        rate_limit: None,
        ..SimSettings::default()
    };
    let mut api = Legacy::of(simulator_with(1, 0, settings));
    for (method, target, is_granted) in [
        (Method::Get, "/users", true),
        (Method::Get, "/users/scroll", true),
        (Method::Get, "/contacts/scroll", true),
        (Method::Get, "/companies/scroll", true),
        (Method::Post, "/bulk/events", true),
        (Method::Post, "/users", false),
        (Method::Post, "/bulk/users", false),
        (Method::Post, "/contacts/convert", false),
        (Method::Post, "/user_delete_requests", false),
        (Method::Get, "/users/none", false),
        (Method::Get, "/notes", false),
        (Method::Get, "/counts", false),
        (Method::Get, "/jobs/none", false),
        (Method::Post, "/conversations/1/reply", false),
    ] {
        let (status, _) = api.refused(method, target, Some(&json!({})));
        assert_eq!(status != 403, is_granted, "{method} {target}: {status}");
    }
}

#[test]
fn what_1_4_changes_is_notified() {
    let mut sim = simulator(0, 0);
    sim.subscribe("secret".to_owned().into());
    let mut api = Legacy::of(sim);
    let topics = |api: &mut Legacy| -> Vec<String> {
        let all = api.sim.take_notifications(api.now);
        all.iter().map(|told| told.topic.as_str().to_owned()).collect()
    };
    let body = json!({"user_id": "u", "companies": [{"company_id": "g", "name": "Acme"}]});
    api.post("/users", &body);
    let told = topics(&mut api);
    for topic in ["contact.user.created", "company.created", "company.contact.attached"] {
        assert!(told.iter().any(|known| known == topic), "{topic} in {told:?}");
    }
    api.post("/tags", &json!({"name": "Tea", "users": [{"user_id": "u"}]}));
    assert_eq!(topics(&mut api), ["contact.user.tag.created"]);
    api.post("/users", &json!({"user_id": "u", "new_session": true}));
    assert_eq!(topics(&mut api), [""; 0], "2.x does not know sessions");
    let items = json!([{"method": "delete", "data_type": "user", "data": {"user_id": "u"}}]);
    api.post("/bulk/users", &json!({"items": items}));
    assert_eq!(topics(&mut api), [""; 0]);
    // The job is done when its time has come, called or not.
    api.now = NOW + 4;
    assert_eq!(topics(&mut api), ["contact.archived"]);
}

#[test]
fn tokens_are_checked_before_anything_else() {
    let mut sim = simulator(0, 0);
    let mut request = crate::support::request(Method::Get, "/users", None);
    request.version = ApiVersion::V1_4;
    assert_eq!(sim.handle_unauthorized(&request, NOW).status, 401);
    assert_eq!(sim.stats().calls("1.4 GET /users"), 1);
}
