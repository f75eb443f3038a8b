//! `Debug` shows no personal data.

use intercom_api::{ContactHandle, Operation, Response, contacts, conversations};

use crate::samples;

#[test]
fn operations_show_their_name_and_ids_only() {
    for sample in samples::groups().into_iter().flat_map(|(_, samples)| samples) {
        let shown = (sample.debug)();
        let rest = shown.replace("\"42\"", "");
        assert!(shown.starts_with(sample.name), "{shown}");
        assert!(!rest.contains('"') && !rest.contains("1700000000"), "{shown}");
    }
}

#[test]
fn answers_show_ids_only() {
    let body = r#"{"type":"contact","id":"5ba6","email":"jo@example.com","name":"Jo Public",
        "custom_attributes":{"secret":"s3cret"},"unheard_of":"Jo"}"#;
    let contact = contacts::RetrieveContact::decode(&Response::new(200, body)).expect("a contact");
    assert_eq!(
        format!("{contact:?}"),
        r#"Contact { id: Some(ContactId("5ba6")), workspace_id: None, owner_id: None, .. }"#
    );
    let body = r#"{"id":"1","source":{"body":"<p>Hi</p>","author":{"email":"jo@example.com"}}}"#;
    let conversation = conversations::RetrieveConversation::decode(&Response::new(200, body));
    let shown = format!("{conversation:?}");
    assert!(!shown.contains("jo@") && !shown.contains("Hi"), "{shown}");
}

#[test]
fn handles_show_intercoms_own_id_only() {
    assert_eq!(format!("{:?}", ContactHandle::Email("jo@example.com".to_owned())), "Email(..)");
    assert_eq!(format!("{:?}", ContactHandle::UserId("jo".to_owned())), "UserId(..)");
}
