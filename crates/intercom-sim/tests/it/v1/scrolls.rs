//! Scrolls: one of each kind at a time, for a minute, until a page is empty.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures_util::TryStreamExt;
use intercom_api::v1::{ListUsers, Person, ScrollUsers};
use intercom_api::{ApiVersion, Method};
use intercom_client::{Client, ClientSettings};
use intercom_sim::{SimClock, SimSettings, SimTransport};
use serde_json::{Value, json};

use super::Legacy;
use crate::support::{NOW, code, ids, simulator, simulator_with};

const KINDS: [(&str, &str); 3] = [
    ("/users/scroll", "users"),
    ("/contacts/scroll", "contacts"),
    ("/companies/scroll", "companies"),
];

fn param(page: &Value) -> String {
    page["scroll_param"].as_str().expect("a parameter").to_owned()
}

#[test]
fn everybody_comes_once_and_an_empty_page_is_the_end() {
    let mut api = Legacy::new(1_500, 0);
    let (_, counts) = api.get("/counts");
    for (target, key) in KINDS {
        let (_, mut page) = api.get(target);
        let next = format!("{target}?scroll_param={}", param(&page));
        let mut seen = BTreeSet::new();
        while !ids(&page, key).is_empty() {
            let ids = ids(&page, key);
            assert!(ids.len() <= 100);
            for id in ids {
                assert!(seen.insert(id), "{target} repeats itself");
            }
            page = api.get(&next).1;
        }
        let counted = match key {
            "users" => &counts["user"],
            "contacts" => &counts["lead"],
            _ => &counts["company"],
        };
        assert_eq!(counted["count"], seen.len(), "{target}");
        assert_eq!(api.refused(Method::Get, &next, None).0, 404, "the end closed the scroll");
        assert_eq!(api.get(target).0, 200);
    }
}

#[tokio::test(start_paused = true)]
async fn the_client_walks_pages_and_scrolls_to_the_end() {
    let simulator = SimTransport::new(simulator(250, 0), SimClock::frozen(NOW));
    let settings = ClientSettings { version: ApiVersion::V1_4, ..ClientSettings::default() };
    let client = Client::new(Arc::new(simulator), settings);
    let listed = ListUsers { per_page: Some(60), ..ListUsers::default() };
    let listed: Vec<_> = client.items(listed).try_collect().await.expect("a walk");
    let scrolled: Vec<_> =
        client.items(ScrollUsers::default()).try_collect().await.expect("a walk");
    let ids = |people: &[Person]| -> BTreeSet<String> {
        people.iter().filter_map(|person| Some(person.id.as_ref()?.as_str().to_owned())).collect()
    };
    assert_eq!(ids(&listed), ids(&scrolled));
    assert!(listed.len() > 120 && listed.len() == ids(&listed).len());
}

#[test]
fn one_scroll_of_a_kind_is_open_at_a_time() {
    let mut api = Legacy::new(60, 0);
    for (target, _) in KINDS {
        assert_eq!(api.get(target).0, 200, "the kinds do not lock each other");
    }
    for (target, _) in KINDS {
        let refused = api.refused(Method::Get, target, None);
        assert_eq!(refused, (400, "scroll_exists".to_owned()), "{target}");
        let foreign = format!("{target}?scroll_param=none");
        assert_eq!(api.refused(Method::Get, &foreign, None), (404, "not_found".to_owned()));
    }
    // The lock belongs to the workspace: 2.x scrolls over the same companies.
    let (status, refused) = api.modern(Method::Get, "/companies/scroll", None);
    assert_eq!((status, code(&refused)), (400, "scroll_exists"));
}

#[test]
fn a_minute_without_a_call_closes_a_scroll() {
    let mut api = Legacy::new(60, 0);
    for (target, _) in KINDS {
        let (_, page) = api.get(target);
        let next = format!("{target}?scroll_param={}", param(&page));
        api.now += 60;
        assert_eq!(api.refused(Method::Get, target, None).1, "scroll_exists", "{target}");
        assert_eq!(api.get(&next).0, 200, "{target}");
        let (_, page) = api.get(target);
        let next = format!("{target}?scroll_param={}", param(&page));
        api.now += 61;
        assert_eq!(api.refused(Method::Get, &next, None), (404, "not_found".to_owned()));
        assert_eq!(api.get(target).0, 200, "{target}");
    }
}

#[test]
fn a_scroll_that_breaks_off_is_begun_again() {
    let settings =
        SimSettings { scroll_fails_at: Some(2), rate_limit: None, ..SimSettings::default() };
    let mut api = Legacy::of(simulator_with(10, 0, settings));
    let (_, page) = api.get("/users/scroll");
    let next = format!("/users/scroll?scroll_param={}", param(&page));
    assert_eq!(api.refused(Method::Get, &next, None), (500, "server_error".to_owned()));
    assert_eq!(api.refused(Method::Get, &next, None).0, 404);
    let (status, page) = api.get("/users/scroll");
    assert_eq!(status, 200);
    assert_eq!(api.get(&format!("/users/scroll?scroll_param={}", param(&page))).0, 200);
}

#[test]
fn what_is_archived_in_between_is_left_out() {
    let mut api = Legacy::new(0, 0);
    for number in 0..150 {
        api.post("/users", &json!({"user_id": format!("u{number}")}));
    }
    let (_, page) = api.get("/users/scroll");
    api.send(Method::Delete, "/users?user_id=u149", None);
    api.send(Method::Delete, "/users?user_id=u0", None);
    let (_, rest) = api.get(&format!("/users/scroll?scroll_param={}", param(&page)));
    assert_eq!((ids(&page, "users").len(), ids(&rest, "users").len()), (100, 49));
}
