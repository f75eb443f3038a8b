//! Answers of 1.4 that are odd or broken.

use intercom_api::v1::{
    ListUserNotes, ListUsers, RetrieveCompany, RetrieveConversation, RetrieveCounts, RetrieveUser,
    SubmitEvent,
};
use intercom_api::{Id, Operation, PageView, Response, TextOr, Timestamp, decode_item};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_oneof, proptest,
};
use serde_json::Value;

use crate::requests::id;

fn decode<O: Operation>(body: &str) -> O::Output {
    O::decode(&Response::new(200, body.to_owned())).expect("an answer")
}

#[test]
fn ids_may_be_numbers_and_empty_ids_are_none() {
    let user = decode::<RetrieveUser>(r#"{"id":5,"user_id":25,"owner_id":321,"app_id":""}"#);
    assert_eq!(user.id, Some(id("5")));
    assert_eq!(user.user_id, Some(Id::number(25)));
    assert_eq!(user.owner_id, Some(id("321")));
    assert_eq!(user.app_id, None);
    let encoded = serde_json::to_string(&user).expect("json");
    assert_eq!(encoded, r#"{"id":5,"user_id":25,"owner_id":321}"#);
}

#[test]
fn instants_may_be_texts() {
    let user = decode::<RetrieveUser>(
        r#"{"signed_up_at":"1392731331","created_at":1392731331.0,"last_request_at":null}"#,
    );
    assert_eq!(user.signed_up_at, Some(Timestamp::from_unix(1_392_731_331)));
    assert_eq!(user.created_at, user.signed_up_at);
    assert_eq!(user.last_request_at, None);
    let conversation = decode::<RetrieveConversation>(r#"{"waiting_since":64632601013}"#);
    assert_eq!(conversation.waiting_since, Some(Timestamp::from_unix(64_632_601_013)));
}

#[test]
fn lists_may_have_nulls_or_be_null() {
    let user = decode::<RetrieveUser>(
        r#"{"tags":{"tags":[null,{"id":1}]},"companies":{"companies":null},"segments":null,
            "social_profiles":{"social_profiles":[null]}}"#,
    );
    let tags = user.tags.and_then(|list| list.tags).expect("tags");
    assert_eq!(tags.len(), 1);
    assert_eq!(user.companies.and_then(|list| list.companies), None);
    assert_eq!(user.segments, None);
    let profiles = user.social_profiles.and_then(|list| list.social_profiles);
    assert_eq!(profiles.expect("profiles").len(), 0);
}

#[test]
fn a_plan_is_a_name_or_an_object() {
    let company = decode::<RetrieveCompany>(r#"{"plan":"pro","monthly_spend":49.5}"#);
    assert_eq!(company.plan, Some(TextOr::Text("pro".to_owned())));
    assert_eq!(company.monthly_spend.and_then(|spend| spend.as_f64()), Some(49.5));
    let company = decode::<RetrieveCompany>(r#"{"plan":{"id":1,"name":"pro"}}"#);
    let Some(TextOr::Object(plan)) = company.plan else { panic!("an object") };
    assert_eq!((plan.id, plan.name.as_deref()), (Some(id("1")), Some("pro")));
    assert!(decode::<RetrieveCompany>(r#"{"plan":{}}"#).plan.is_some());
}

#[test]
fn a_count_has_any_name() {
    let counts = decode::<RetrieveCounts>(
        r#"{"company":{"user":[{"zebra":7,"remote_company_id":"6"},{"aunt":1},{},null]}}"#,
    );
    let counts = counts.company.and_then(|company| company.user).expect("counts");
    assert_eq!(counts.len(), 3);
    assert_eq!(counts[0].entry(), Some(("zebra", 7)));
    assert_eq!(counts[0].remote_company_id(), Some("6"));
    assert_eq!(counts[1].entry(), Some(("aunt", 1)));
    assert_eq!(counts[2].entry(), None);
}

#[test]
fn an_answer_without_a_body_is_no_error_where_none_is_due() {
    assert!(SubmitEvent::decode(&Response::new(202, "")).is_ok());
    let error = RetrieveUser::decode(&Response::new(200, "")).expect_err("a user is due");
    assert!(error.is_truncated());
}

#[test]
fn what_does_not_fit_is_named_with_its_path() {
    let error = |body: &str| {
        let response = Response::new(200, body.to_owned());
        ListUsers::decode(&response).expect_err("it does not fit").path
    };
    assert_eq!(
        error(r#"{"users":[{"id":"1"},{"created_at":"yesterday"}]}"#),
        "users[1].created_at"
    );
    assert_eq!(error(r#"{"users":{}}"#), "users");
    assert_eq!(error(r#"{"users":[{"custom_attributes":3}]}"#), "users[0].custom_attributes");
    assert_eq!(
        error(r#"{"users":[{"session_count":99999999999999999999}]}"#),
        "users[0].session_count"
    );
}

#[test]
fn broken_bodies_are_errors() {
    let deep = "[".repeat(100_000);
    for body in ["{", "[]", "\"", "nul", r#"{"users":[}"#, r#"{"notes":"#, deep.as_str()] {
        let response = Response::new(200, body.to_owned());
        assert!(ListUsers::decode(&response).is_err());
        assert!(PageView::read::<ListUserNotes>(&response).is_err());
    }
    let response = Response::new(200, vec![b'{', b'"', 0xff, 0xfe]);
    assert!(ListUsers::decode(&response).is_err());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        ".{0,8}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("id".to_owned()),
        Just("users".to_owned()),
        Just("user_id".to_owned()),
        Just("created_at".to_owned()),
        Just("pages".to_owned()),
        Just("plan".to_owned()),
        Just("companies".to_owned()),
        "[a-z]{1,4}",
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_decodes_encodes_and_decodes_to_the_same(body in any_json()) {
        let response = Response::new(200, body.to_string());
        if let Ok(list) = ListUsers::decode(&response) {
            let encoded = Response::new(200, serde_json::to_vec(&list).expect("json"));
            prop_assert!(ListUsers::decode(&encoded).expect("the same list") == list);
        }
        if let Ok(page) = PageView::read::<ListUsers>(&response) {
            for item in page.items {
                let _ = decode_item::<ListUsers>(item);
            }
        }
    }
}
