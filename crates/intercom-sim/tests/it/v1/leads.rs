//! Leads, which 1.4 calls contacts, and what becomes of them.

use intercom_api::Method;
use serde_json::{Value, json};

use super::Legacy;
use crate::support::ids;

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

#[test]
fn leads_share_an_address_and_are_updated_by_their_ids() {
    let mut api = Legacy::new(0, 0);
    let body = json!({"email": "a@b.example"});
    let (_, first) = api.post("/contacts", &body);
    let (_, second) = api.post("/contacts", &body);
    assert_ne!(first["id"], second["id"], "an address does not identify a lead");
    assert_eq!((&first["type"], &first["anonymous"]), (&json!("contact"), &json!(true)));
    let invented = first["user_id"].as_str().expect("an invented id");
    assert_eq!((invented.len(), invented.matches('-').count()), (36, 4));
    assert!(first["pseudonym"].is_string());

    for named in [json!({"id": first["id"]}), json!({"user_id": invented})] {
        let mut body = named;
        body["name"] = json!("Ada");
        let (status, updated) = api.post("/contacts", &body);
        assert_eq!((status, &updated["id"]), (200, &first["id"]));
        assert_eq!((&updated["name"], &updated["pseudonym"]), (&json!("Ada"), &Value::Null));
    }
    let (_, found) = api.get(&format!("/contacts?user_id={invented}"));
    assert_eq!(found["id"], first["id"]);
    let (_, list) = api.get("/contacts?email=a@b.example");
    assert_eq!(list["type"], "contact.list");
    let mut both = [id(&first), id(&second)];
    both.sort();
    let mut listed = ids(&list, "contacts");
    listed.sort();
    assert_eq!(listed, both);
    let unknown = json!({"user_id": "none", "name": "x"});
    assert_eq!(api.refused(Method::Post, "/contacts", Some(&unknown)).0, 404);
    assert_eq!(api.refused(Method::Get, "/contacts?user_id=none", None).0, 404);

    let (_, lead) = api.modern(Method::Get, &format!("/contacts/{}", id(&first)), None);
    assert_eq!((&lead["role"], &lead["external_id"]), (&json!("lead"), &Value::Null));
}

#[test]
fn a_lead_becomes_a_user() {
    let mut api = Legacy::new(0, 0);
    let (_, lead) = api.post("/contacts", &json!({"email": "a@b.example", "name": "Ada"}));
    let body = json!({"contact": {"user_id": lead["user_id"]}, "user": {"user_id": "u1"}});
    let (status, user) = api.post("/contacts/convert", &body);
    assert_eq!((status, &user["type"], &user["user_id"]), (200, &json!("user"), &json!("u1")));
    assert_eq!((&user["email"], &user["name"]), (&json!("a@b.example"), &json!("Ada")));
    assert_eq!(api.get(&format!("/contacts/{}", id(&lead))).0, 404);
    let target = format!("/contacts?user_id={}", lead["user_id"].as_str().expect("a text"));
    assert_eq!(api.get(&target).0, 404, "the invented id is gone");
    assert_eq!(api.refused(Method::Post, "/contacts/convert", Some(&body)).0, 404);
}

#[test]
fn a_lead_is_merged_into_a_user_who_exists() {
    let mut api = Legacy::new(0, 0);
    let (_, user) = api.post("/users", &json!({"email": "a@b.example"}));
    let (_, lead) = api.post("/contacts", &json!({"phone": "+100"}));
    let tag = json!({"name": "Tea", "users": [{"id": lead["id"]}]});
    api.post("/tags", &tag);
    let body = json!({"contact": {"id": lead["id"]}, "user": {"email": "a@b.example"}});
    let (status, merged) = api.post("/contacts/convert", &body);
    assert_eq!((status, &merged["id"], &merged["phone"]), (200, &user["id"], &json!("+100")));
    assert_eq!(merged["tags"]["tags"][0]["name"], "Tea");
    // 2.16 knows where the lead went.
    let (status, _) = api.modern(Method::Get, &format!("/contacts/{}", id(&lead)), None);
    assert_eq!(status, 410);
}

#[test]
fn conversions_that_are_refused() {
    let mut api = Legacy::new(0, 0);
    let (_, user) = api.post("/users", &json!({"user_id": "u1"}));
    let (_, lead) = api.post("/contacts", &json!({}));
    for (body, status) in [
        (json!({"user": {"user_id": "u1"}}), 400),
        (json!({"contact": {"id": lead["id"]}}), 400),
        (json!({"contact": {"id": lead["id"]}, "user": {}}), 400),
        (json!({"contact": {"email": "a@b.example"}, "user": {"user_id": "u1"}}), 400),
        (json!({"contact": {"id": "none"}, "user": {"user_id": "u1"}}), 404),
        (json!({"contact": {"id": user["id"]}, "user": {"user_id": "u2"}}), 404),
        (json!({"contact": {"id": lead["id"]}, "user": {"id": "none"}}), 404),
    ] {
        assert_eq!(api.refused(Method::Post, "/contacts/convert", Some(&body)).0, status, "{body}");
    }
    assert_eq!(api.get(&format!("/contacts/{}", id(&lead))).0, 200);
}
