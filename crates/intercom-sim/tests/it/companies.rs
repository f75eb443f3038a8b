//! Companies: look-ups, the capped list, the one scroll.

use intercom_api::{ApiVersion, Method};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, delete, get, ids, post, put, read, request, send_in, simulator};

fn create(sim: &mut Simulator, company_id: &str) -> String {
    let (status, body) =
        post(sim, "/companies", &json!({"company_id": company_id, "name": "Acme"}));
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_company_is_created_once_and_updated_after() {
    let mut sim = simulator(0, 0);
    let id = create(&mut sim, "c1");
    let fields = json!({"company_id": "c1", "plan": "Team", "monthly_spend": 12.9});
    let (_, body) = post(&mut sim, "/companies", &fields);
    assert_eq!(body["id"], *id);
    assert_eq!((&body["name"], &body["plan"]["name"]), (&json!("Acme"), &json!("Team")));
    assert_eq!(body["monthly_spend"], 12, "fractions are cut off");
    assert_eq!(post(&mut sim, "/companies", &json!({"plan": "Team"})).0, 400);
    assert_eq!(get(&mut sim, "/companies?company_id=c1").1["id"], *id);
    assert_eq!(get(&mut sim, "/companies?name=Acme").1["id"], *id);
    let (status, body) = get(&mut sim, "/companies?company_id=c2");
    assert_eq!((status, code(&body)), (404, "company_not_found"));
    assert_eq!(get(&mut sim, "/companies").0, 400);
    let (_, body) = put(&mut sim, &format!("/companies/{id}"), &json!({"name": "New"}));
    assert_eq!(body["name"], "New");
    assert_eq!(delete(&mut sim, &format!("/companies/{id}")).1["object"], "company");
    assert_eq!(get(&mut sim, &format!("/companies/{id}")).0, 404);
    assert_eq!(get(&mut sim, "/jobs/status/1").1["status"], "success");
    assert_eq!(get(&mut sim, "/jobs/status/2").0, 404);
}

#[test]
fn members_come_and_go() {
    let mut sim = simulator(1, 0);
    let contact = sim.workspace().contact_ids().next().expect("one contact").to_owned();
    let company = create(&mut sim, "c1");
    let path = format!("/contacts/{contact}/companies");
    let list = json!({});
    let listed = |sim: &mut Simulator| ids(&post(sim, "/companies/list", &list).1, "data");
    assert!(!listed(&mut sim).contains(&company), "companies without contacts are not listed");
    assert_eq!(post(&mut sim, &path, &json!({"id": company})).1["user_count"], 1);
    assert!(listed(&mut sim).contains(&company));
    let (_, members) = get(&mut sim, &format!("/companies/{company}/contacts"));
    assert_eq!(ids(&members, "data"), [contact.as_str()]);
    assert!(ids(&get(&mut sim, &path).1, "data").contains(&company));
    assert_eq!(post(&mut sim, &path, &json!({"id": "none"})).0, 404);
    assert_eq!(post(&mut sim, &path, &json!({})).0, 400);
    assert_eq!(delete(&mut sim, &format!("{path}/{company}")).0, 200);
    assert_eq!(delete(&mut sim, &format!("{path}/{company}")).0, 404);
    assert!(!listed(&mut sim).contains(&company));
}

#[test]
fn the_list_has_pages_and_an_end() {
    let mut sim = simulator(300, 0);
    let (_, page) = post(&mut sim, "/companies/list", &json!({}));
    assert_eq!(ids(&page, "data").len(), 15);
    let next = page["pages"]["next"].as_str().expect("a url");
    assert!(next.ends_with("/companies/list?page=2&per_page=15"), "{next}");
    let (_, second) = post(&mut sim, "/companies/list?page=2&per_page=15", &json!({}));
    assert!(ids(&second, "data").iter().all(|id| !ids(&page, "data").contains(id)));
    assert_eq!(post(&mut sim, "/companies/list", &json!({"per_page": 61})).0, 400);
    assert_eq!(post(&mut sim, "/companies/list", &json!({"page": 0})).0, 400);
    let (status, body) = post(&mut sim, "/companies/list", &json!({"page": 167, "per_page": 60}));
    assert_eq!((status, &body["data"]), (200, &json!([])));
    let (status, body) = post(&mut sim, "/companies/list", &json!({"page": 168, "per_page": 60}));
    assert_eq!((status, code(&body)), (400, "bad_request"));
}

#[test]
fn one_scroll_is_open_at_a_time_and_for_a_minute() {
    let mut sim = simulator(1_500, 0);
    let scroll = |sim: &mut Simulator, param: Option<&str>, now: i64| -> (u16, Value) {
        let query = param.map_or_else(String::new, |param| format!("?scroll_param={param}"));
        let target = format!("/companies/scroll{query}");
        read(&sim.handle(&request(Method::Get, &target, None), now))
    };
    let (status, first) = scroll(&mut sim, None, NOW);
    assert_eq!((status, ids(&first, "data").len()), (200, 100));
    assert_eq!((&first["pages"], &first["total_count"]), (&Value::Null, &Value::Null));
    let param = first["scroll_param"].as_str().expect("a parameter").to_owned();
    let (status, body) = scroll(&mut sim, None, NOW + 30);
    assert_eq!((status, code(&body)), (400, "scroll_exists"));
    let (status, second) = scroll(&mut sim, Some(&param), NOW + 60);
    assert_eq!((status, ids(&second, "data").len()), (200, 25));
    let (status, end) = scroll(&mut sim, Some(&param), NOW + 61);
    assert_eq!((status, ids(&end, "data").len()), (200, 0));
    // The empty page closed the scroll; the next one dies of idleness.
    assert_eq!(scroll(&mut sim, Some(&param), NOW + 62).0, 404);
    let (status, again) = scroll(&mut sim, None, NOW + 62);
    assert_eq!(status, 200);
    let param = again["scroll_param"].as_str().expect("a parameter").to_owned();
    let (status, body) = scroll(&mut sim, Some(&param), NOW + 123);
    assert_eq!((status, code(&body)), (404, "not_found"));
    assert_eq!(scroll(&mut sim, None, NOW + 123).0, 200);
}

#[test]
fn a_field_of_another_type_is_refused_by_its_name() {
    let mut sim = simulator(0, 0);
    for (name, value) in [
        ("monthly_spend", json!("bad")),
        ("monthly_spend", json!([1])),
        ("size", json!("huge")),
        ("size", json!(1.5)),
        ("remote_created_at", json!("yesterday")),
        ("plan", json!(true)),
        ("plan", json!({"name": "Pro"})),
        ("website", json!([1])),
        ("industry", json!({})),
        ("name", json!(true)),
        ("company_id", json!([])),
    ] {
        for version in [ApiVersion::V2_16, ApiVersion::V1_4] {
            let mut fields = json!({"company_id": "c1", "name": "Acme"});
            fields[name] = value.clone();
            let (status, body) =
                send_in(&mut sim, version, Method::Post, "/companies", Some(&fields));
            assert_eq!((status, code(&body)), (400, "parameter_invalid"), "{version} {fields}");
            assert_eq!(body["errors"][0]["field"], name, "{version} {fields}");
        }
    }
    let written = json!({
        "company_id": 7, "name": "Acme", "size": "12", "monthly_spend": "49.9", "plan": "Pro",
        "remote_created_at": "1700000000",
    });
    let (status, body) = post(&mut sim, "/companies", &written);
    assert_eq!((status, &body["company_id"], &body["size"]), (200, &json!("7"), &json!(12)));
    assert_eq!((&body["monthly_spend"], &body["plan"]["name"]), (&json!(49), &json!("Pro")));
    assert_eq!(body["remote_created_at"], 1_700_000_000);
    let nulls = json!({"company_id": "7", "size": null, "monthly_spend": null, "plan": null});
    let (status, body) = post(&mut sim, "/companies", &nulls);
    assert_eq!((status, &body["size"], &body["plan"]), (200, &Value::Null, &json!({})));
    assert_eq!(body["monthly_spend"], 0);
}
