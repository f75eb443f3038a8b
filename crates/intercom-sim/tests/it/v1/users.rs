//! Users: created, updated and found by each of their ids, with companies and attributes, and seen
//! through 2.x.

use intercom_api::Method;
use serde_json::{Value, json};

use super::Legacy;
use crate::support::{NOW, code};

fn id(object: &Value) -> String {
    object["id"].as_str().expect("an id").to_owned()
}

#[test]
fn one_call_creates_and_updates() {
    let mut api = Legacy::new(0, 0);
    let (status, created) = api.post("/users", &json!({"user_id": "u1", "email": "a@b.example"}));
    assert_eq!(
        (status, &created["type"], &created["user_id"]),
        (200, &json!("user"), &json!("u1"))
    );
    for body in [
        json!({"user_id": "u1", "name": "Ada"}),
        json!({"email": "a@b.example", "name": "Ada"}),
        json!({"id": created["id"], "name": "Ada"}),
        json!({"id": created["id"], "user_id": "u1", "email": "a@b.example", "name": "Ada"}),
        // A number is an id too.
        json!({"id": created["id"], "user_id": 7, "name": "Ada"}),
    ] {
        let (status, updated) = api.post("/users", &body);
        assert_eq!(
            (status, &updated["id"], &updated["name"]),
            (200, &created["id"], &json!("Ada"))
        );
    }
    assert_eq!(api.get("/users?user_id=7").1["id"], created["id"]);
    assert_eq!(api.get("/users").1["total_count"], 1);
}

#[test]
fn who_is_meant_when_ids_disagree() {
    let mut api = Legacy::new(0, 0);
    let (_, by_email) = api.post("/users", &json!({"email": "a@b.example"}));
    // The first user of the address without a user_id gets it, the next one is another user.
    let (_, first) = api.post("/users", &json!({"user_id": "u1", "email": "a@b.example"}));
    assert_eq!(first["id"], by_email["id"]);
    let (_, second) = api.post("/users", &json!({"user_id": "u2", "email": "A@b.example"}));
    assert_ne!(second["id"], first["id"]);
    let body = json!({"email": "a@b.example"});
    assert_eq!(api.refused(Method::Post, "/users", Some(&body)), (409, "conflict".to_owned()));
    let delete = "/users?email=a@b.example";
    assert_eq!(api.refused(Method::Delete, delete, None), (409, "conflict".to_owned()));
    let (_, list) = api.get("/users?email=a@b.example");
    assert_eq!((&list["type"], &list["total_count"]), (&json!("user.list"), &json!(2)));
    let tag = json!({"name": "Tea", "users": [{"email": "a@b.example"}]});
    assert_eq!(api.refused(Method::Post, "/tags", Some(&tag)), (409, "conflict".to_owned()));
    let taken = json!({"id": first["id"], "user_id": "u2"});
    assert_eq!(api.refused(Method::Post, "/users", Some(&taken)), (409, "conflict".to_owned()));
}

#[test]
fn look_ups_that_find_nobody() {
    let mut api = Legacy::new(0, 0);
    let (_, lead) = api.post("/contacts", &json!({"email": "lead@b.example"}));
    let not_found = (404, "not_found".to_owned());
    for target in ["/users?user_id=none", "/users/none", &format!("/users/{}", id(&lead))] {
        assert_eq!(api.refused(Method::Get, target, None), not_found, "{target}");
        assert_eq!(api.refused(Method::Delete, target, None), not_found, "{target}");
    }
    for body in [json!({"id": "none", "name": "x"}), json!({"id": lead["id"], "name": "x"})] {
        assert_eq!(api.refused(Method::Post, "/users", Some(&body)), not_found);
    }
    let (status, list) = api.get("/users?email=lead@b.example");
    assert_eq!((status, &list["users"]), (200, &json!([])), "leads are no users");
}

#[test]
fn bodies_that_are_refused_change_nothing() {
    let mut api = Legacy::new(0, 0);
    for (body, code) in [
        (json!({"name": "Nobody"}), "parameter_not_found"),
        (json!({"email": "no address"}), "parameter_invalid"),
        (json!({"user_id": "u", "signed_up_at": "yesterday"}), "parameter_invalid"),
        (json!({"user_id": "u", "last_request_at": 1.5}), "parameter_invalid"),
        (json!({"user_id": "u", "companies": "g1"}), "parameter_invalid"),
        (json!({"user_id": "u", "companies": [{"plan": "Pro"}]}), "bad_request"),
        (json!({"user_id": "u", "companies": [{"id": "none"}]}), "company_not_found"),
        (json!({"user_id": "u", "custom_attributes": []}), "parameter_invalid"),
        (json!({"user_id": "u", "custom_attributes": {"a": [1]}}), "parameter_invalid"),
        (json!({"user_id": "u", "custom_attributes": {"a": {"b": 1}}}), "parameter_invalid"),
        (json!({"user_id": "u", "custom_attributes": {"a.b": 1}}), "parameter_invalid"),
        (json!({"user_id": "u", "custom_attributes": {"$a": 1}}), "parameter_invalid"),
        (json!({"user_id": "u", "custom_attributes": {"a": "x".repeat(256)}}), "parameter_invalid"),
    ] {
        let expected = if code == "company_not_found" { 404 } else { 400 };
        let refused = api.refused(Method::Post, "/users", Some(&body));
        assert_eq!(refused, (expected, code.to_owned()), "{body}");
    }
    assert_eq!(api.get("/users").1["total_count"], 0);
    let (_, attributes) = api.modern(Method::Get, "/data_attributes?model=contact", None);
    let named = |name: &str| {
        attributes["data"].as_array().is_some_and(|all| all.iter().any(|a| a["name"] == name))
    };
    assert!(!named("a") && named("Engagement Status"));
}

#[test]
fn unknown_attributes_are_defined_and_known_ones_checked() {
    let mut api = Legacy::new(0, 0);
    let values = json!({"seats": 3, "ratio": 0.5, "paid": true, "note": "x", "renewed_at": 1,
        "unset": null});
    let body = json!({"user_id": "u", "custom_attributes": values});
    let (_, user) = api.post("/users", &body);
    let shown = &user["custom_attributes"];
    assert_eq!((&shown["seats"], shown.get("unset")), (&json!(3), None));
    let (_, attributes) = api.modern(Method::Get, "/data_attributes?model=contact", None);
    let all = attributes["data"].as_array().expect("attributes");
    let type_of = |name: &str| {
        let found = all.iter().find(|attribute| attribute["name"] == name);
        found.and_then(|attribute| attribute["data_type"].as_str())
    };
    let types = ["seats", "ratio", "paid", "note", "renewed_at", "unset"].map(type_of);
    let expected = ["integer", "float", "boolean", "string", "date"].map(Some);
    assert_eq!((&types[..5], types[5]), (&expected[..], None));

    // 2.x takes the attribute now, and 1.4 takes no value of another type.
    let path = format!("/contacts/{}", id(&user));
    let body = json!({"custom_attributes": {"seats": 4}});
    assert_eq!(api.modern(Method::Put, &path, Some(&body)).0, 200);
    let wrong = json!({"user_id": "u", "custom_attributes": {"seats": "many"}});
    let refused = api.refused(Method::Post, "/users", Some(&wrong));
    assert_eq!(refused, (400, "parameter_invalid".to_owned()));
    assert_eq!(api.get("/users?user_id=u").1["custom_attributes"]["seats"], 4);
}

#[test]
fn a_workspace_has_room_for_so_many_attributes() {
    let mut api = Legacy::new(0, 0);
    let (_, known) = api.modern(Method::Get, "/data_attributes?model=contact", None);
    let n_known = known["data"].as_array().map_or(0, Vec::len);
    let some = |n: usize| -> Value { (0..n).map(|n| (format!("a{n}"), json!(n))).collect() };
    let body = json!({"user_id": "u", "custom_attributes": some(251 - n_known)});
    let refused = api.refused(Method::Post, "/users", Some(&body));
    assert_eq!(refused, (400, "custom_data_limit_reached".to_owned()));
    let body = json!({"user_id": "u", "custom_attributes": some(250 - n_known)});
    assert_eq!(api.post("/users", &body).0, 200);
}

#[test]
fn companies_come_and_go_inside_of_a_user() {
    let mut api = Legacy::new(0, 0);
    let acme = json!({"company_id": "g1", "name": "Acme", "plan": "Pro", "monthly_spend": 9.9,
        "custom_attributes": {"tier": "gold"}});
    let (_, user) = api.post("/users", &json!({"user_id": "u", "companies": [acme]}));
    assert_eq!(user["companies"]["companies"][0]["name"], "Acme");
    let (_, company) = api.get("/companies?company_id=g1");
    assert_eq!((&company["plan"]["name"], &company["monthly_spend"]), (&json!("Pro"), &json!(9)));
    assert_eq!(
        (&company["custom_attributes"]["tier"], &company["user_count"]),
        (&json!("gold"), &json!(1))
    );

    // Seen through 2.x, where the company gets a new name.
    let path = format!("/contacts/{}/companies", id(&user));
    let (_, list) = api.modern(Method::Get, &path, None);
    assert_eq!(list["data"][0]["id"], company["id"]);
    let body = json!({"company_id": "g1", "name": "Acme Ltd"});
    assert_eq!(api.modern(Method::Post, "/companies", Some(&body)).0, 200);
    let (_, user) = api.get("/users?user_id=u");
    assert_eq!(user["companies"]["companies"][0]["name"], "Acme Ltd");

    // By id and by name; naming a company changes nothing about it.
    api.now += 60;
    for named in
        [json!({"id": company["id"]}), json!({"name": "Acme Ltd"}), json!({"company_id": "g1"})]
    {
        let (status, user) = api.post("/users", &json!({"user_id": "v", "companies": [named]}));
        assert_eq!(
            (status, user["companies"]["companies"].as_array().map(Vec::len)),
            (200, Some(1))
        );
    }
    let (_, company) = api.get("/companies?company_id=g1");
    assert_eq!((&company["user_count"], &company["plan"]["name"]), (&json!(2), &json!("Pro")));

    let gone = json!([{"company_id": "g1", "remove": true}, {"company_id": "g9", "remove": true}]);
    let (status, user) = api.post("/users", &json!({"user_id": "u", "companies": gone}));
    assert_eq!((status, &user["companies"]["companies"]), (200, &json!([])));
    assert_eq!(api.refused(Method::Get, "/companies?company_id=g9", None).0, 404);
    assert_eq!(api.get("/companies?company_id=g1").1["user_count"], 1);
}

#[test]
fn visits_are_written_down() {
    let mut api = Legacy::new(0, 0);
    let seen = |user: &Value| user["last_request_at"].clone();
    let (_, user) = api.post("/users", &json!({"user_id": "u", "last_request_at": 5}));
    assert_eq!((seen(&user), &user["session_count"]), (json!(5), &json!(0)));
    api.now += 10;
    let body = json!({"user_id": "u", "update_last_request_at": true, "new_session": true,
        "last_seen_ip": "192.0.2.1", "last_seen_user_agent": "agent"});
    let (_, user) = api.post("/users", &body);
    assert_eq!((seen(&user), &user["session_count"]), (json!(NOW + 10), &json!(1)));
    let (_, user) = api.post("/users", &json!({"user_id": "u", "new_session": true}));
    assert_eq!((&user["session_count"], &user["last_seen_ip"]), (&json!(2), &json!("192.0.2.1")));
    assert_eq!(user["user_agent_data"], "agent");
    let (_, contact) = api.modern(Method::Get, &format!("/contacts/{}", id(&user)), None);
    assert_eq!(contact["last_seen_at"], NOW + 10);
    assert_eq!(contact.get("session_count"), None, "2.x does not count sessions");
}

#[test]
fn what_one_line_writes_the_other_reads() {
    let mut api = Legacy::new(0, 0);
    let body = json!({"user_id": "u", "email": "a@b.example", "name": "Ada", "phone": "+100",
        "remote_created_at": 7, "unsubscribed_from_emails": true,
        "avatar": {"type": "avatar", "image_url": "https://a.example/a.png"}});
    let (_, user) = api.post("/users", &body);
    assert_eq!((&user["signed_up_at"], &user["remote_created_at"]), (&json!(7), &json!(7)));
    let path = format!("/contacts/{}", id(&user));
    let (_, contact) = api.modern(Method::Get, &path, None);
    for (name, expected) in [
        ("external_id", json!("u")),
        ("role", json!("user")),
        ("email", json!("a@b.example")),
        ("name", json!("Ada")),
        ("phone", json!("+100")),
        ("signed_up_at", json!(7)),
        ("unsubscribed_from_emails", json!(true)),
    ] {
        assert_eq!(contact[name], expected, "{name}");
    }
    assert_eq!(contact["avatar"]["image_url"], "https://a.example/a.png");

    let patch = json!({"external_id": "w", "name": "Grace", "signed_up_at": 8});
    assert_eq!(api.modern(Method::Put, &path, Some(&patch)).0, 200);
    assert_eq!(api.get("/users?user_id=u").0, 404);
    let (_, user) = api.get("/users?user_id=w");
    assert_eq!((&user["name"], &user["signed_up_at"]), (&json!("Grace"), &json!(8)));
    assert_eq!(user["avatar"]["image_url"], "https://a.example/a.png");
}

#[test]
fn archived_users_are_out_of_sight_until_somebody_writes_to_them() {
    let mut api = Legacy::new(0, 0);
    let (_, user) = api.post("/users", &json!({"user_id": "u", "email": "a@b.example"}));
    let (status, archived) = api.send(Method::Delete, "/users?user_id=u", None);
    assert_eq!((status, &archived["id"]), (200, &user["id"]));
    assert_eq!(api.get("/users?user_id=u").0, 404);
    assert_eq!(api.get("/users").1["total_count"], 0);
    assert_eq!(api.modern(Method::Get, &format!("/contacts/{}", id(&user)), None).0, 404);
    let (status, again) = api.post("/users", &json!({"email": "a@b.example"}));
    assert_eq!((status, &again["id"], &again["user_id"]), (200, &user["id"], &json!("u")));

    let body = json!({"intercom_user_id": "u"});
    assert_eq!(api.post("/user_delete_requests", &body).0, 200);
    assert_eq!(api.get("/users?user_id=u").0, 200, "an id of the customer's own deletes nobody");
    let body = json!({"intercom_user_id": user["id"]});
    assert_eq!(api.post("/user_delete_requests", &body).0, 200);
    assert_eq!(api.get("/users?user_id=u").0, 404);
    let (_, other) = api.post("/users", &json!({"user_id": "u"}));
    assert_ne!(other["id"], user["id"]);
}

#[test]
fn a_field_of_another_type_is_refused() {
    let mut api = Legacy::new(0, 0);
    for (name, value) in [("name", json!([1])), ("owner_id", json!(99_999_999))] {
        let mut fields = json!({"user_id": "u1"});
        fields[name] = value;
        let (status, answer) = api.send(Method::Post, "/users", Some(&fields));
        assert_eq!((status, code(&answer)), (400, "parameter_invalid"), "{fields}");
        assert_eq!(answer["errors"][0]["field"], name);
    }
}
