//! The feed of what happened to contacts, and the log of what teammates did.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, delete, get, post, put, read, request, send_in, simulator};

fn create(sim: &mut Simulator, fields: &Value) -> String {
    let (status, body) = post(sim, "/contacts", fields);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

fn feed(sim: &mut Simulator, query: &str) -> (u16, Value) {
    let target = format!("/contacts/activities{query}");
    send_in(sim, ApiVersion::Preview, Method::Get, &target, None)
}

fn kinds(feed: &Value) -> Vec<&str> {
    let entries = feed["data"].as_array().expect("a list").iter();
    entries.map(|entry| entry["event_type"].as_str().expect("a text")).collect()
}

#[test]
fn the_feed_tells_creation_role_merge_failure_and_deletion_oldest_first() {
    let mut sim = simulator(5, 0);
    assert_eq!(feed(&mut sim, "").1["data"], json!([]), "nothing happened yet");
    let lead = create(&mut sim, &json!({"role": "lead", "email": "a@example.com"}));
    let user = create(&mut sim, &json!({"email": "a@example.com", "external_id": "u1"}));
    let other = create(&mut sim, &json!({"role": "lead"}));
    put(&mut sim, &format!("/contacts/{other}"), &json!({"role": "user"}));
    put(&mut sim, &format!("/contacts/{other}"), &json!({"name": "x"}));
    let wrong = json!({"from": user, "into": lead});
    assert_eq!(post(&mut sim, "/contacts/merge", &wrong).0, 400);
    assert_eq!(post(&mut sim, "/contacts/merge", &json!({"from": lead, "into": user})).0, 200);
    assert_eq!(delete(&mut sim, &format!("/contacts/{other}")).0, 200);
    let (status, all) = feed(&mut sim, "");
    assert_eq!(status, 200);
    let expected = [
        "contact.created",
        "contact.created",
        "contact.created",
        "contact.role_updated",
        "contact.merge_failed",
        "contact.merged",
        "contact.deleted",
    ];
    assert_eq!(kinds(&all), expected);
    let failed = &all["data"][4];
    assert_eq!((&failed["contact_id"], &failed["merge_target_id"]), (&json!(user), &json!(lead)));
    assert!(failed["failure_reason"].is_string());
    let merged = json!({
        "type": "contact_activity", "id": "1763744400000.000006", "event_type": "contact.merged",
        "contact_id": user, "external_id": "u1", "role": "user", "merge_source_id": lead,
        "merge_target_id": user, "created_at": NOW,
    });
    assert_eq!(all["data"][5], merged);
    assert_eq!(all["pages"], json!({"type": "pages", "per_page": 50, "next": null}));
    let (status, answer) = get(&mut sim, "/contacts/activities");
    assert_eq!((status, code(&answer)), (400, "intercom_version_invalid"), "it is in Preview only");
}

#[test]
fn the_feed_is_walked_by_cursor_and_too_much_is_taken_for_the_most() {
    let mut sim = simulator(0, 0);
    for _ in 0..160 {
        create(&mut sim, &json!({"role": "lead"}));
    }
    assert_eq!(kinds(&feed(&mut sim, "").1).len(), 50);
    let (status, page) = feed(&mut sim, "?per_page=9999");
    assert_eq!((status, kinds(&page).len()), (200, 150));
    let cursor = page["pages"]["next"]["starting_after"].as_str().expect("a cursor").to_owned();
    assert_eq!(cursor, "1763744400000.000096");
    create(&mut sim, &json!({"role": "lead"}));
    let (_, rest) = feed(&mut sim, &format!("?starting_after={cursor}"));
    assert_eq!((kinds(&rest).len(), &rest["pages"]["next"]), (11, &Value::Null));
    for refused in ["?per_page=0", "?per_page=x", "?starting_after=x", "?starting_after=1.000001"] {
        assert_eq!(feed(&mut sim, refused).0, 400, "{refused}");
    }
}

#[test]
fn the_log_of_teammates_is_cut_by_instants_and_descends() {
    let mut sim = simulator(0, 0);
    let asked = json!({"created_at_after": NOW - 60, "created_at_before": NOW});
    assert_eq!(post(&mut sim, "/export/content/data", &asked).0, 200);
    let n_admins = get(&mut sim, "/admins").1["admins"].as_array().map_or(0, Vec::len);
    let after = NOW - 30 * 86_400;
    let path = format!("/admins/activity_logs?created_at_after={after}");
    let (status, first) = get(&mut sim, &path);
    assert_eq!((status, &first["type"]), (200, &json!("activity_log.list")));
    let logs = first["activity_logs"].as_array().expect("a list");
    assert_eq!((logs.len(), &logs[0]["activity_type"]), (20, &json!("app_data_export")));
    let times: Vec<i64> = logs.iter().filter_map(|log| log["created_at"].as_i64()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    assert!(times.iter().all(|at| (after + 1..=NOW).contains(at)));
    let next = first["pages"]["next"].as_str().expect("a URL");
    assert!(next.ends_with("&page=2&per_page=20"), "{next}");
    let (_, query) = next.split_once("intercom.io").expect("a host");
    let (_, second) = get(&mut sim, query);
    assert_eq!(second["pages"]["page"], 2);
    assert_ne!(second["activity_logs"][0]["id"], logs[0]["id"]);
    assert_eq!(get(&mut sim, &format!("{path}&per_page=50")).0, 200);
    assert_eq!(get(&mut sim, &format!("{path}&per_page=51")).0, 400);
    let before = NOW - 86_400;
    let (_, day) = get(
        &mut sim,
        &format!(
            "/admins/activity_logs?created_at_after={}&created_at_before={before}",
            before - 86_400
        ),
    );
    assert_eq!(day["activity_logs"].as_array().map(Vec::len), Some(n_admins), "a login each");
    let (status, answer) = get(&mut sim, "/admins/activity_logs");
    assert_eq!((status, code(&answer)), (400, "parameter_not_found"));
    assert_eq!(get(&mut sim, "/admins/activity_logs?created_at_after=soon").0, 400);
}

#[test]
fn the_log_of_teammates_is_searched_by_kind_since_2_16() {
    let mut sim = simulator(0, 0);
    let n_admins = get(&mut sim, "/admins").1["admins"].as_array().map_or(0, Vec::len);
    let (_, known) = get(&mut sim, "/admins/activity_log_event_types");
    assert!(known["event_types"].as_array().expect("a list").contains(&json!("app_admin_join")));
    let path = "/admins/activity_logs/search";
    let mut body = json!({"created_at_after": 0, "event_types": ["app_admin_join"]});
    let (_, joined) = post(&mut sim, path, &body);
    assert_eq!(joined["activity_logs"].as_array().map(Vec::len), Some(n_admins));
    body["event_types"] = json!("app_admin_join");
    assert_eq!(post(&mut sim, path, &body).0, 400);
    assert_eq!(post(&mut sim, path, &json!({})).0, 400);
    let mut search = request(Method::Post, path, Some(&json!({"created_at_after": 0})));
    search.version = ApiVersion::V2_15;
    let (status, answer) = read(&sim.handle(&search, NOW));
    assert_eq!((status, code(&answer)), (400, "intercom_version_invalid"));
}
