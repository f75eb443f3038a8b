//! Bulk jobs: their states follow the clock, and their items take effect.

use intercom_api::Method;
use serde_json::{Value, json};

use super::Legacy;
use crate::support::NOW;

fn user(fields: &Value) -> Value {
    json!({"method": "post", "data_type": "user", "data": fields})
}

fn event(fields: &Value) -> Value {
    json!({"method": "post", "data_type": "event", "data": fields})
}

fn path(job: &Value) -> String {
    format!("/jobs/{}", job["id"].as_str().expect("an id"))
}

#[test]
fn a_job_waits_runs_and_is_completed() {
    let mut api = Legacy::new(0, 0);
    let items = [user(&json!({"user_id": "u1", "custom_attributes": {"seats": 3}}))];
    let (status, job) = api.post("/bulk/users", &json!({"items": items}));
    assert_eq!((status, &job["name"]), (200, &json!("api_bulk_job")));
    let path = path(&job);
    let links = &job["links"];
    assert_eq!(links["self"], format!("https://api.intercom.io{path}"));
    assert_eq!(links["error"], format!("https://api.intercom.io{path}/error"));
    for (passed, state, found) in [
        (0, "pending", 404),
        (1, "pending", 404),
        (2, "running", 404),
        (3, "running", 404),
        (4, "completed", 200),
    ] {
        api.now = NOW + passed;
        let (_, job) = api.get(&path);
        assert_eq!(job["state"], state, "after {passed} s");
        assert_eq!(job["tasks"][0]["state"], state, "after {passed} s");
        let completed_at = (state == "completed").then_some(NOW + 4);
        assert_eq!(job["completed_at"], json!(completed_at), "after {passed} s");
        assert_eq!(api.get("/users?user_id=u1").0, found, "after {passed} s");
    }
    let (_, user) = api.get("/users?user_id=u1");
    assert_eq!(
        (&user["custom_attributes"]["seats"], &user["created_at"]),
        (&json!(3), &json!(NOW + 4))
    );
}

#[test]
fn nobody_has_to_ask_for_the_job() {
    let mut api = Legacy::new(0, 0);
    api.post("/bulk/users", &json!({"items": [user(&json!({"user_id": "u1"}))]}));
    api.now += 500;
    // The first call after, in any version, finds what was done in time.
    let (_, contact) = api.modern(Method::Get, "/contacts/find_by_external_id/u1", None);
    assert_eq!(contact["created_at"], NOW + 4);
}

#[test]
fn items_are_done_in_order_and_those_that_fail_are_listed() {
    let mut api = Legacy::new(0, 0);
    api.post("/users", &json!({"user_id": "old"}));
    let items = [
        user(&json!({"user_id": "u1", "name": "Ada"})),
        user(&json!({"email": "no address"})),
        user(&json!({"user_id": "u1", "name": "Grace"})),
        json!({"method": "delete", "data_type": "user", "data": {"user_id": "old"}}),
        json!({"method": "delete", "data_type": "user", "data": {"user_id": "nobody"}}),
    ];
    let (_, job) = api.post("/bulk/users", &json!({"items": items}));
    assert_eq!(job["tasks"][0]["item_count"], 5);
    api.now += 4;
    let errors = format!("{}/error", path(&job));
    let (_, list) = api.get(&errors);
    assert_eq!(list["job_id"], job["id"]);
    let failed = list["items"].as_array().expect("items");
    let told: Vec<_> = failed
        .iter()
        .map(|item| (item["method"].as_str(), item["error"]["code"].as_str(), item["data"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (Some("post"), Some("parameter_invalid"), json!({"email": "no address"})),
            (Some("delete"), Some("not_found"), json!({"user_id": "nobody"})),
        ]
    );
    assert_eq!(failed[0]["updated_at"], NOW + 4);
    assert_eq!(api.get("/users?user_id=u1").1["name"], "Grace");
    assert_eq!(api.get("/users?user_id=old").0, 404);
    let (_, page) = api.get(&format!("{errors}?per_page=1"));
    let next = page["pages"]["next"].as_str().expect("a url");
    let (_, page) = api.get(next.strip_prefix("https://api.intercom.io").expect("its host"));
    assert_eq!(page["items"], json!([failed[1]]));
}

#[test]
fn a_job_takes_more_items_for_a_quarter_of_an_hour() {
    let mut api = Legacy::new(0, 0);
    let item = |id: &str| user(&json!({"user_id": id}));
    let (_, job) = api.post("/bulk/users", &json!({"items": [item("u1")]}));
    assert_eq!(job["closing_at"], NOW + 900);
    api.now = NOW + 899;
    assert_eq!(api.get(&path(&job)).1["state"], "completed");
    let more = json!({"items": [item("u2"), item("u3")], "job": {"id": job["id"]}});
    let (status, again) = api.post("/bulk/users", &more);
    assert_eq!((status, &again["id"], &again["state"]), (200, &job["id"], &json!("running")));
    assert_eq!(again["tasks"].as_array().map(Vec::len), Some(2));
    let events = json!({"items": [], "job": {"id": job["id"]}});
    assert_eq!(api.refused(Method::Post, "/bulk/events", Some(&events)).0, 400);
    api.now = NOW + 903;
    assert_eq!(api.get(&path(&job)).1["completed_at"], NOW + 903);
    assert_eq!(api.get("/users").1["total_count"], 3);
    let closed = api.refused(Method::Post, "/bulk/users", Some(&more));
    assert_eq!(closed, (400, "bad_request".to_owned()));
}

#[test]
fn events_come_in_bulk_too() {
    let mut api = Legacy::new(0, 0);
    api.post("/users", &json!({"user_id": "u1"}));
    let items = [
        event(&json!({"user_id": "u1", "event_name": "ordered", "created_at": NOW - 9,
            "metadata": {"z": 1, "a": 2}})),
        event(&json!({"user_id": "u1", "event_name": "left", "created": NOW - 8})),
        event(&json!({"user_id": "u1", "event_name": "came back"})),
        event(&json!({"user_id": "nobody", "event_name": "ordered"})),
    ];
    let (_, job) = api.post("/bulk/events", &json!({"items": items}));
    api.now += 4;
    let (_, list) = api.get("/events?type=user&user_id=u1");
    let events = list["events"].as_array().expect("events");
    let told: Vec<_> =
        events.iter().map(|e| (e["event_name"].as_str(), e["created_at"].as_i64())).collect();
    assert_eq!(
        told,
        [
            (Some("came back"), Some(NOW + 4)),
            (Some("left"), Some(NOW - 8)),
            (Some("ordered"), Some(NOW - 9)),
        ]
    );
    assert_eq!(events[2]["metadata"], json!({"z": 1, "a": 2}));
    let (_, errors) = api.get(&format!("{}/error", path(&job)));
    assert_eq!(errors["items"][0]["data_type"], "event");
}

#[test]
fn submissions_that_are_refused() {
    let mut api = Legacy::new(0, 0);
    for body in [
        json!({}),
        json!({"items": "u1"}),
        json!({"items": [{"method": "post", "data_type": "user"}]}),
        json!({"items": [{"method": "put", "data_type": "user", "data": {}}]}),
        json!({"items": [event(&json!({}))]}),
    ] {
        let refused = api.refused(Method::Post, "/bulk/users", Some(&body));
        assert_eq!(refused, (400, "parameter_invalid".to_owned()), "{body}");
    }
    let body = json!({"items": [{"method": "delete", "data_type": "event", "data": {}}]});
    assert_eq!(api.refused(Method::Post, "/bulk/events", Some(&body)).0, 400);
    let body = json!({"items": [], "job": {"id": "job_none"}});
    let not_found = (404, "job_not_found".to_owned());
    assert_eq!(api.refused(Method::Post, "/bulk/users", Some(&body)), not_found);
    assert_eq!(api.refused(Method::Get, "/jobs/job_none", None), not_found);
    assert_eq!(api.refused(Method::Get, "/jobs/job_none/error", None), not_found);
}
