//! Lists by page: the URL of the next one, filters, order, limits, and changes in between.

use std::collections::BTreeSet;

use intercom_api::Method;
use intercom_api::v1::{ListCompanies, ListUserEvents, ListUserNotes, ListUsers, SubmitEvent};
use intercom_api::{ContactHandle, Id, Timestamp};
use serde_json::json;

use super::Legacy;
use crate::support::{NOW, ids};

fn with_users(n_users: u32) -> Legacy {
    let mut api = Legacy::new(0, 0);
    for number in 0..n_users {
        api.now = NOW + i64::from(number);
        let body = json!({"user_id": format!("u{number}"), "signed_up_at": n_users - number});
        assert_eq!(api.post("/users", &body).0, 200);
    }
    api
}

fn names(users: &[intercom_api::v1::Person]) -> Vec<String> {
    users
        .iter()
        .map(|user| user.user_id.as_ref().map(ToString::to_string).unwrap_or_default())
        .collect()
}

#[test]
fn a_page_says_where_the_list_goes_on() {
    let mut api = with_users(5);
    let (_, page) = api.get("/users?per_page=2&sort=created_at&order=asc");
    let pages = &page["pages"];
    assert_eq!(
        (&pages["page"], &pages["per_page"], &pages["total_pages"]),
        (&json!(1), &json!(2), &json!(3))
    );
    assert_eq!((&page["total_count"], &page["limited"]), (&json!(5), &json!(false)));
    let next = pages["next"].as_str().expect("a url");
    let query = "sort=created_at&order=asc&page=2&per_page=2";
    assert_eq!(next, format!("https://api.intercom.io/users?{query}"));
    let (_, last) = api.get("/users?page=3&per_page=2");
    assert_eq!((ids(&last, "users").len(), &last["pages"]["next"]), (1, &json!(null)));
    let (status, behind) = api.get("/users?page=4&per_page=2");
    assert_eq!((status, &behind["users"]), (200, &json!([])));
    assert_eq!(api.get("/users").1["pages"]["per_page"], 50);
}

#[test]
fn lists_are_walked_by_url_in_either_order() {
    let mut api = with_users(7);
    for (sort, order, expected) in [
        (None, None, "u6 u5 u4 u3 u2 u1 u0"),
        (Some("created_at"), Some("asc"), "u0 u1 u2 u3 u4 u5 u6"),
        (Some("updated_at"), Some("desc"), "u6 u5 u4 u3 u2 u1 u0"),
        (Some("signed_up_at"), Some("desc"), "u0 u1 u2 u3 u4 u5 u6"),
        (Some("last_request_at"), Some("asc"), "u0 u1 u2 u3 u4 u5 u6"),
    ] {
        let list = ListUsers {
            sort: sort.map(str::to_owned),
            order: order.map(str::to_owned),
            per_page: Some(3),
            ..ListUsers::default()
        };
        let walked = api.walk(&list, |_| {});
        assert_eq!(names(&walked).join(" "), expected, "{sort:?} {order:?}");
    }
}

#[test]
fn what_changes_between_pages_shifts_the_rest() {
    let mut api = with_users(6);
    let list = ListUsers { per_page: Some(2), ..ListUsers::default() };
    // Latest first: who signs up in between comes first, and the others move back.
    let mut n_new = 0;
    let walked = api.walk(&list, |api| {
        if n_new < 1 {
            n_new += 1;
            api.now += 1;
            api.post("/users", &json!({"user_id": "new"}));
        }
    });
    assert_eq!(names(&walked).join(" "), "u5 u4 u4 u3 u2 u1 u0");
    // Who goes lets the first one of the next page slip through.
    let mut has_gone = false;
    let walked = api.walk(&list, |api| {
        if !std::mem::replace(&mut has_gone, true) {
            api.send(Method::Delete, "/users?user_id=new", None);
        }
    });
    assert_eq!(names(&walked).join(" "), "new u5 u3 u2 u1 u0");
}

#[test]
fn pages_are_at_most_60_long() {
    let mut api = with_users(1);
    for target in [
        "/users",
        "/contacts",
        "/companies",
        "/conversations",
        "/notes?user_id=u0",
        "/counts?type=company&count=user",
    ] {
        let with =
            |more: &str| format!("{target}{}{more}", if target.contains('?') { '&' } else { '?' });
        assert_eq!(api.get(&with("per_page=60")).0, 200, "{target}");
        for bad in ["per_page=61", "per_page=0", "per_page=x", "page=0", "page=x"] {
            let refused = api.refused(Method::Get, &with(bad), None);
            assert_eq!(refused, (400, "parameter_invalid".to_owned()), "{target} {bad}");
        }
    }
    for bad in ["sort=name", "order=up", "created_since=x", "tag_id=1&segment_id=2"] {
        let refused = api.refused(Method::Get, &format!("/users?{bad}"), None);
        assert_eq!(refused, (400, "parameter_invalid".to_owned()), "{bad}");
    }
    for unknown in ["tag_id=none", "segment_id=none", "company_id=none"] {
        assert_eq!(
            api.refused(Method::Get, &format!("/users?{unknown}"), None).0,
            404,
            "{unknown}"
        );
    }
}

#[test]
fn lists_end_at_the_ten_thousandth_entry() {
    let mut api = Legacy::new(14_000, 0);
    let (_, page) = api.get("/users?per_page=60&page=167");
    assert_eq!((&page["limited"], &page["pages"]["total_pages"]), (&json!(true), &json!(167)));
    assert_eq!((ids(&page, "users").len(), &page["pages"]["next"]), (40, &json!(null)));
    assert!(page["total_count"].as_u64() > Some(10_000));
    let refused = api.refused(Method::Get, "/users?per_page=60&page=168", None);
    assert_eq!(refused, (400, "bad_request".to_owned()));
}

#[test]
fn users_are_listed_by_what_they_have_with_leads_among_them() {
    let mut api = with_users(3);
    let (_, lead) =
        api.post("/contacts", &json!({"phone": "+100", "companies": [{"company_id": "g1"}]}));
    api.post(
        "/users",
        &json!({"user_id": "u1", "phone": "+200", "companies": [{"company_id": "g1"}]}),
    );
    let (_, tag) = api
        .post("/tags", &json!({"name": "Tea", "users": [{"user_id": "u0"}, {"id": lead["id"]}]}));
    let tag = tag["id"].as_str().expect("an id").to_owned();
    let (_, segments) = api.get("/segments");
    let segment = |name: &str| {
        let all = segments["segments"].as_array().expect("segments");
        let found = all.iter().find(|segment| segment["name"] == name).expect("the segment");
        found["id"].as_str().expect("an id").to_owned()
    };
    let lead_id = lead["id"].as_str().expect("an id");
    let mut listed = |target: &str| -> BTreeSet<String> {
        let (status, list) = api.get(target);
        assert_eq!(status, 200, "{target}: {list}");
        let key = if list["type"] == "user.list" { "users" } else { "contacts" };
        let entries = list[key].as_array().expect("people");
        let name = |person: &serde_json::Value| match person["id"] == lead_id {
            true => "lead".to_owned(),
            false => person["user_id"].as_str().expect("a text").to_owned(),
        };
        entries.iter().map(name).collect()
    };
    for (target, expected) in [
        (format!("/users?tag_id={tag}"), "lead u0"),
        (format!("/contacts?tag_id={tag}"), "lead"),
        ("/users?company_id=g1".to_owned(), "lead u1"),
        (format!("/users?segment_id={}", segment("New")), "lead u0 u1 u2"),
        (format!("/users?segment_id={}", segment("All leads")), "lead"),
        (format!("/contacts?segment_id={}", segment("All leads")), "lead"),
        ("/users?phone=%2B200".to_owned(), "u1"),
        ("/users?phone=%2B100".to_owned(), ""),
        ("/contacts?phone=%2B100".to_owned(), "lead"),
        ("/users".to_owned(), "u0 u1 u2"),
        ("/contacts".to_owned(), "lead"),
    ] {
        let found: Vec<String> = listed(&target).into_iter().collect();
        assert_eq!(found.join(" "), expected, "{target}");
    }
    api.now += 86_400;
    api.post("/users", &json!({"user_id": "late"}));
    api.now += 1;
    assert_eq!(api.get("/users?created_since=1").1["total_count"], 1);
    assert_eq!(api.get("/users?created_since=2").1["total_count"], 4);
}

#[test]
fn companies_events_and_notes_are_walked_to_the_end() {
    let mut api = Legacy::new(0, 0);
    for number in 0..5 {
        let body = json!({"user_id": "u", "companies": [{"company_id": format!("g{number}")}]});
        api.post("/users", &body);
        api.post("/notes", &json!({"user": {"user_id": "u"}, "body": format!("n{number}")}));
        api.run(&SubmitEvent {
            user_id: Some(Id::new("u").expect("an id")),
            created_at: Some(Timestamp::from_unix(NOW - number)),
            ..SubmitEvent::new("ordered".to_owned())
        });
    }
    // A company without users is not listed.
    api.post("/companies", &json!({"company_id": "empty"}));
    let companies = ListCompanies { per_page: Some(2), ..ListCompanies::default() };
    assert_eq!(api.walk(&companies, |_| {}).len(), 5);
    let user = || ContactHandle::UserId("u".to_owned());
    let events = ListUserEvents { per_page: Some(2), ..ListUserEvents::new(user()) };
    let times: Vec<_> = api.walk(&events, |_| {}).iter().map(|event| event.created_at).collect();
    let expected = (0..5).map(|number| Some(Timestamp::from_unix(NOW - number)));
    assert_eq!(times, expected.collect::<Vec<_>>());
    let notes = ListUserNotes { per_page: Some(2), ..ListUserNotes::new(user()) };
    let bodies: Vec<_> =
        api.walk(&notes, |_| {}).into_iter().filter_map(|note| note.body).collect();
    assert_eq!(bodies, ["n4", "n3", "n2", "n1", "n0"]);
}
