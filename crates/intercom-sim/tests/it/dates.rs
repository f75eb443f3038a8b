//! Whole days and exact seconds.

use chrono_tz::Tz;
use intercom_api::{ApiVersion, Method};
use intercom_sim::{DateMode, SimSettings, Simulator};
use serde_json::{Value, json};

use crate::support::{NOW, post, read, request, simulator_with};

/// A workspace with one contact, created at `created_at`.
fn workspace(timezone: Tz, date_mode: DateMode, created_at: &str) -> Simulator {
    let settings = SimSettings {
        timezone: Some(timezone),
        date_mode,
        rate_limit: None,
        ..SimSettings::default()
    };
    let mut sim = simulator_with(0, 0, settings);
    let fields = json!({"role": "user", "created_at": unix(created_at)});
    sim.workspace_mut().create_contact(fields, NOW).expect("the fields fit");
    sim
}

fn unix(text: &str) -> i64 {
    chrono::DateTime::parse_from_rfc3339(text).expect("an instant").timestamp()
}

fn finds(sim: &mut Simulator, operator: &str, at: &str) -> bool {
    let query = json!({"field": "created_at", "operator": operator, "value": unix(at)});
    let (status, body) = post(sim, "/contacts/search", &json!({"query": query}));
    assert_eq!(status, 200, "{body}");
    body["total_count"] == 1
}

/// Which of `=`, `>` and `<` find a contact created at the first instant when asked for the
/// second one.
fn check(timezone: Tz, created_at: &str, asked: &str, expected: &str) {
    let mut sim = workspace(timezone, DateMode::Day, created_at);
    let found = ["=", ">", "<"].into_iter().filter(|operator| finds(&mut sim, operator, asked));
    let found: Vec<_> = found.collect();
    assert_eq!(found.join(" "), expected, "{timezone}: created {created_at}, asked {asked}");
}

#[test]
fn days_are_those_of_the_workspace() {
    use chrono_tz::America::New_York;
    use chrono_tz::Asia::Tokyo;
    use chrono_tz::UTC;
    // The same instants on the same day, one day apart, and the other way round.
    check(UTC, "2025-11-20T10:00:00Z", "2025-11-20T23:59:59Z", "=");
    check(UTC, "2025-11-20T23:59:59Z", "2025-11-20T00:00:00Z", "=");
    check(UTC, "2025-11-21T00:00:00Z", "2025-11-20T23:59:59Z", ">");
    check(UTC, "2025-11-19T23:59:59Z", "2025-11-20T00:00:00Z", "<");
    check(New_York, "2025-11-21T04:59:59Z", "2025-11-20T12:00:00Z", "=");
    check(New_York, "2025-11-21T05:00:00Z", "2025-11-20T12:00:00Z", ">");
    check(New_York, "2025-11-20T04:59:59Z", "2025-11-20T12:00:00Z", "<");
    check(Tokyo, "2025-11-20T14:59:59Z", "2025-11-20T12:00:00Z", "=");
    check(Tokyo, "2025-11-20T15:00:00Z", "2025-11-20T12:00:00Z", ">");
    check(Tokyo, "2025-11-19T14:59:59Z", "2025-11-20T12:00:00Z", "<");
}

#[test]
fn days_with_a_change_of_clocks_have_23_or_25_hours() {
    use chrono_tz::America::New_York;
    // 2025-03-09 is 23 hours long, 2025-11-02 is 25.
    check(New_York, "2025-03-10T03:59:59Z", "2025-03-09T12:00:00Z", "=");
    check(New_York, "2025-03-10T04:00:00Z", "2025-03-09T12:00:00Z", ">");
    check(New_York, "2025-11-03T04:59:59Z", "2025-11-02T12:00:00Z", "=");
    check(New_York, "2025-11-03T05:00:00Z", "2025-11-02T12:00:00Z", ">");
    // In Beirut the clocks skip midnight: the day begins at one o'clock, 22:00 UTC.
    check(chrono_tz::Asia::Beirut, "2025-03-29T22:00:00Z", "2025-03-30T12:00:00Z", "=");
    check(chrono_tz::Asia::Beirut, "2025-03-29T21:59:59Z", "2025-03-30T12:00:00Z", "<");
}

#[test]
fn exact_seconds_are_a_setting_and_what_preview_does() {
    let zone = chrono_tz::America::New_York;
    let mut sim = workspace(zone, DateMode::Second, "2025-11-20T12:00:00Z");
    assert!(finds(&mut sim, "=", "2025-11-20T12:00:00Z"));
    assert!(!finds(&mut sim, "=", "2025-11-20T12:00:01Z"));
    assert!(finds(&mut sim, ">", "2025-11-20T11:59:59Z"));
    assert!(!finds(&mut sim, ">", "2025-11-20T12:00:00Z"));
    assert!(finds(&mut sim, ">=", "2025-11-20T12:00:00Z"));
    assert!(finds(&mut sim, "<=", "2025-11-20T12:00:00Z"));
    assert!(!finds(&mut sim, "<", "2025-11-20T12:00:00Z"));

    let mut sim = workspace(zone, DateMode::Day, "2025-11-20T12:00:00Z");
    let query = json!({"field": "created_at", "operator": ">=", "value": NOW});
    let mut search = request(Method::Post, "/contacts/search", Some(&json!({"query": query})));
    assert_eq!(sim.handle(&search, NOW).status, 400);
    search.version = ApiVersion::Preview;
    assert_eq!(sim.handle(&search, NOW).status, 200);
}

#[test]
fn a_date_attribute_is_matched_by_days_in_both_modes() {
    for (date_mode, expected) in [(DateMode::Day, 0), (DateMode::Second, 1)] {
        let zone = chrono_tz::America::New_York;
        let mut sim = workspace(zone, date_mode, "2025-11-20T12:00:00Z");
        let midnight = unix("2025-11-01T00:00:00Z");
        let id = sim.workspace().contact_ids().next().expect("one contact").to_owned();
        let patch = json!({"custom_attributes": {"Registration Date": midnight}});
        sim.workspace_mut().update_contact(&id, patch, NOW).expect("the patch fits");
        // Midnight UTC is still October in New York.
        let query = json!({
            "field": "custom_attributes.Registration Date", "operator": "=",
            "value": unix("2025-11-01T15:00:00Z"),
        });
        let (_, body) = post(&mut sim, "/contacts/search", &json!({"query": query}));
        assert_eq!(body["total_count"], expected, "{date_mode:?}");
    }
}

/// The incremental query that works in either mode: the day of the watermark and all later ones.
#[test]
fn nothing_of_today_is_found_by_greater_than_alone() {
    let mut sim = workspace(chrono_tz::America::New_York, DateMode::Day, "2025-11-21T16:00:00Z");
    let earlier_today = "2025-11-21T15:00:00Z";
    assert!(!finds(&mut sim, ">", earlier_today));
    let value = unix(earlier_today);
    let part =
        |operator: &str| json!({"field": "created_at", "operator": operator, "value": value});
    let query = json!({"query": {"operator": "OR", "value": [part("="), part(">")]}});
    let (_, body) = post(&mut sim, "/contacts/search", &query);
    assert_eq!(body["total_count"], 1);
}

#[test]
fn searches_lag_behind_by_the_setting() {
    let settings = SimSettings { index_lag: 120, rate_limit: None, ..SimSettings::default() };
    let mut sim = simulator_with(0, 0, settings);
    let id = sim.workspace_mut().create_contact(json!({"email": "late@example.com"}), NOW);
    let id = id.expect("the fields fit");
    let query = json!({"query": {"field": "email", "operator": "=", "value": "late@example.com"}});
    let search = request(Method::Post, "/contacts/search", Some(&query));
    let found = |sim: &mut Simulator, now: i64| -> Value {
        read(&sim.handle(&search, now)).1["total_count"].clone()
    };
    assert_eq!(found(&mut sim, NOW + 119), 0);
    assert_eq!(found(&mut sim, NOW + 120), 1);
    // Reading by id does not lag.
    let show = request(Method::Get, &format!("/contacts/{id}"), None);
    assert_eq!(sim.handle(&show, NOW).status, 200);
}

#[test]
fn what_changed_is_found_as_it_was_until_the_index_knows() {
    let settings = SimSettings { index_lag: 120, rate_limit: None, ..SimSettings::default() };
    let mut sim = simulator_with(0, 0, settings);
    let create = |sim: &mut Simulator, email: &str| {
        let fields = json!({"email": email, "name": "Old"});
        let created = sim.workspace_mut().create_contact(fields, NOW - 1_000);
        created.expect("the fields fit")
    };
    let (id, other) = (create(&mut sim, "old@example.com"), create(&mut sim, "gone@example.com"));
    let found = |sim: &mut Simulator, field: &str, value: &Value, now: i64| -> Value {
        let query = json!({"query": {"field": field, "operator": "=", "value": value}});
        let search = request(Method::Post, "/contacts/search", Some(&query));
        read(&sim.handle(&search, now)).1
    };
    let is_found = |sim: &mut Simulator, field: &str, value: &str, now: i64| {
        found(sim, field, &json!(value), now)["total_count"] == 1
    };
    let change = |sim: &mut Simulator, fields: Value, now: i64| {
        let write = request(Method::Put, &format!("/contacts/{id}"), Some(&fields));
        assert_eq!(sim.handle(&write, now).status, 200);
    };
    change(&mut sim, json!({"name": "New", "email": "new@example.com"}), NOW);
    change(&mut sim, json!({"name": "Newer"}), NOW + 60);
    for (now, email, name) in [
        (NOW + 60, "old@example.com", "Old"),
        (NOW + 119, "old@example.com", "Old"),
        (NOW + 120, "new@example.com", "New"),
        (NOW + 179, "new@example.com", "New"),
        (NOW + 180, "new@example.com", "Newer"),
    ] {
        for known in ["old@example.com", "new@example.com"] {
            assert_eq!(is_found(&mut sim, "email", known, now), known == email, "{known} {now}");
        }
        for known in ["Old", "New", "Newer"] {
            // The other contact keeps its name.
            let total = i64::from(known == name) + i64::from(known == "Old");
            assert_eq!(found(&mut sim, "name", &json!(known), now)["total_count"], total);
        }
        let shown = found(&mut sim, "email", &json!(email), now);
        assert_eq!(
            (&shown["data"][0]["name"], &shown["data"][0]["id"]),
            (&json!(name), &json!(id))
        );
        // Reading and listing do not lag.
        let show = request(Method::Get, &format!("/contacts/{id}"), None);
        assert_eq!(read(&sim.handle(&show, now)).1["name"], "Newer");
        let list = request(Method::Get, "/contacts", None);
        assert_eq!(read(&sim.handle(&list, now)).1["total_count"], 2);
    }
    // What was archived is still found, what was deleted is not.
    let archive = request(Method::Post, &format!("/contacts/{id}/archive"), Some(&json!({})));
    assert_eq!(sim.handle(&archive, NOW + 500).status, 200);
    assert!(is_found(&mut sim, "email", "new@example.com", NOW + 619));
    assert!(!is_found(&mut sim, "email", "new@example.com", NOW + 620));
    let delete = request(Method::Delete, &format!("/contacts/{other}"), None);
    assert_eq!(sim.handle(&delete, NOW + 500).status, 200);
    assert!(!is_found(&mut sim, "email", "gone@example.com", NOW + 501));
}

#[test]
fn a_search_of_many_rows_lags_like_one_of_few() {
    let settings = SimSettings { index_lag: 120, rate_limit: None, ..SimSettings::default() };
    let mut sim = simulator_with(1_500, 0, settings);
    let total = |sim: &mut Simulator, now: i64| -> Value {
        let query = json!({"query": {"field": "role", "operator": "=", "value": "user"}});
        let search = request(Method::Post, "/contacts/search", Some(&query));
        read(&sim.handle(&search, now)).1["total_count"].clone()
    };
    let before = total(&mut sim, NOW).as_u64().expect("a number");
    let ids: Vec<String> = sim.workspace().contact_ids().map(str::to_owned).collect();
    let users = ids
        .iter()
        .filter(|id| sim.workspace().contact(id).is_some_and(|contact| contact["role"] == "user"));
    let users: Vec<String> = users.take(40).cloned().collect();
    for id in &users {
        let patch = json!({"role": "lead"});
        sim.workspace_mut().update_contact(id, patch, NOW + 10).expect("the patch fits");
    }
    for _ in 0..5 {
        let fields = json!({"role": "user"});
        sim.workspace_mut().create_contact(fields, NOW + 20).expect("the fields fit");
    }
    for (now, expected) in [
        (NOW + 20, before),
        (NOW + 129, before),
        (NOW + 130, before - 40),
        (NOW + 140, before - 35),
    ] {
        assert_eq!(total(&mut sim, now), expected, "{now}");
    }
}
