//! What the operations of 1.4 send, and to which versions.

use intercom_api::v1::{
    CreateOrUpdateCompany, CreateOrUpdateUser, RetrieveUser, SubmitEvent, UniqueHandle, UpdateLead,
};
use intercom_api::{
    ApiVersion, Attributes, BuildError, Operation, Safety, Timestamp, VersionRange, contacts,
    segments,
};
use serde_json::json;

use crate::requests::{assert_requests, id};
use crate::v1::samples;

#[test]
fn every_operation_builds_the_request_it_should() {
    for (group, samples) in samples::groups() {
        assert_requests(group, &samples);
    }
}

#[test]
fn every_operation_is_refused_by_2_x() {
    for sample in samples::groups().into_iter().flat_map(|(_, samples)| samples) {
        assert_eq!(sample.versions, VersionRange::new(ApiVersion::V1_4, ApiVersion::V1_4));
        for version in ApiVersion::ALL.into_iter().filter(|version| *version != ApiVersion::V1_4) {
            let refused = (sample.request)(version).expect_err("only 1.4 knows it");
            assert!(matches!(refused, BuildError::Version { .. }), "{refused}");
        }
    }
    let user = RetrieveUser::new(UniqueHandle::Id(id("42")));
    let refused = user.request(ApiVersion::V2_16).expect_err("2.16 has contacts");
    assert_eq!(
        refused.to_string(),
        "v1::RetrieveUser: not available in api version 2.16 (only in 1.4..1.4)"
    );
}

#[test]
fn operations_of_2_x_are_refused_by_1_4() {
    let refused = contacts::ListContacts::default().request(ApiVersion::V1_4);
    assert!(matches!(refused, Err(BuildError::Version { .. })));
    let refused = segments::ListSegments::default().request(ApiVersion::V1_4);
    assert!(matches!(refused, Err(BuildError::Version { .. })));
}

#[test]
fn debug_shows_names_and_ids_only() {
    for sample in samples::groups().into_iter().flat_map(|(_, samples)| samples) {
        let shown = (sample.debug)();
        let name = sample.name.strip_prefix("v1::").expect("names say that they are of 1.4");
        assert!(shown.starts_with(name), "{shown}");
        let rest = shown.replace("\"42\"", "").replace("\"0\"", "");
        assert!(!rest.contains('"') && !rest.contains("1700000000"), "{shown}");
    }
}

#[test]
fn a_session_is_counted_once() {
    let safety =
        |user: &CreateOrUpdateUser| user.request(ApiVersion::V1_4).expect("a request").safety;
    let user = CreateOrUpdateUser { user_id: Some(id("u1")), ..CreateOrUpdateUser::default() };
    assert_eq!(safety(&user), Safety::Idempotent);
    assert_eq!(safety(&CreateOrUpdateUser { new_session: Some(true), ..user }), Safety::Once);
    let mut lead = UpdateLead::new(UniqueHandle::Id(id("42")));
    lead.fields.new_session = Some(false);
    let request = lead.request(ApiVersion::V1_4).expect("a request");
    assert_eq!(request.safety, Safety::Idempotent);
}

#[test]
fn an_event_may_be_repeated_when_it_says_when_it_happened() {
    let event = SubmitEvent::new("ordered".to_owned());
    let safety = |event: &SubmitEvent| event.request(ApiVersion::V1_4).expect("a request").safety;
    assert_eq!(safety(&event), Safety::Once);
    let created = Some(Timestamp::from_unix(5));
    assert_eq!(safety(&SubmitEvent { created, ..event.clone() }), Safety::Idempotent);
    assert_eq!(safety(&SubmitEvent { created_at: created, ..event }), Safety::Idempotent);
}

#[test]
fn what_the_legacy_transformation_sends_can_be_said() {
    let attributes = Attributes::from_iter([
        ("arr[0]", json!(1)),
        ("emptyArr", json!([])),
        ("nestedNull.z", json!(null)),
    ]);
    let user = CreateOrUpdateUser {
        user_id: Some(id("u1")),
        companies: Some(vec![]),
        custom_attributes: Some(attributes),
        ..CreateOrUpdateUser::default()
    };
    let body = user.request(ApiVersion::V1_4).expect("a request").body.expect("a body");
    let body: serde_json::Value = serde_json::from_slice(&body).expect("json");
    let expected = json!({
        "user_id": "u1",
        "companies": [],
        "custom_attributes": { "arr[0]": 1, "emptyArr": [], "nestedNull.z": null },
    });
    assert_eq!(body, expected);
}

#[test]
fn a_company_without_an_id_is_created_once() {
    let named = CreateOrUpdateCompany { name: Some("Acme".to_owned()), ..Default::default() };
    let safety = |company: &CreateOrUpdateCompany| {
        company.request(ApiVersion::V1_4).expect("a request").safety
    };
    assert_eq!(safety(&named), Safety::Once);
    let company = CreateOrUpdateCompany { company_id: Some(id("7")), ..named.clone() };
    assert_eq!(safety(&company), Safety::Idempotent);
    let company = CreateOrUpdateCompany { id: Some(id("42")), ..named };
    assert_eq!(safety(&company), Safety::Idempotent);
}
