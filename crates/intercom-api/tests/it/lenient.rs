//! Values that the API spells more than one way.

use intercom_api::data_attributes::{CreateDataAttribute, DataAttribute, DataAttributeModel};
use intercom_api::messages::{Recipient, RecipientType};
use intercom_api::tickets::Ticket;
use intercom_api::{
    ApiVersion, ContactId, DataAttributeOption, OneOrMany, Operation, TextOr, Timestamp,
};
use serde_json::{Value, from_value, json, to_value};

#[test]
fn options_are_read_in_both_spellings() {
    for options in [json!(["a", "b"]), json!([{"value": "a"}, {"value": "b"}])] {
        let decoded: DataAttribute = from_value(json!({"options": options})).expect("decodes");
        let values = decoded.options.as_deref().unwrap_or_default();
        let values: Vec<_> = values.iter().map(DataAttributeOption::value).collect();
        assert_eq!(values, ["a", "b"]);
        assert_eq!(to_value(&decoded).expect("json")["options"], options);
    }
}

#[test]
fn options_are_written_as_the_version_wants_them() {
    let create = CreateDataAttribute {
        options: Some(vec!["gold".into()]),
        ..CreateDataAttribute::new("tier".to_owned(), DataAttributeModel::Contact, "options".into())
    };
    let sent = |version| -> Value {
        let request = create.request(version).expect("a request");
        serde_json::from_slice(&request.body.expect("a body")).expect("json")
    };
    assert_eq!(sent(ApiVersion::V2_13)["options"], json!(["gold"]));
    assert_eq!(sent(ApiVersion::V2_14)["options"], json!([{"value": "gold"}]));
}

#[test]
fn one_recipient_or_many() {
    let recipient = Recipient::new(RecipientType::User, ContactId::new("5ba6").expect("an id"));
    let one = OneOrMany::from(recipient.clone());
    assert_eq!(to_value(&one).expect("json"), json!({"type": "user", "id": "5ba6"}));
    let many = OneOrMany::<Recipient>::from(vec![recipient.clone(), recipient]);
    assert_eq!(many.as_slice().len(), 2);
    assert!(to_value(&many).expect("json").is_array());
}

#[test]
fn a_ticket_state_is_a_text_or_an_object() {
    let text: Ticket = from_value(json!({"ticket_state": "submitted"})).expect("decodes");
    assert_eq!(text.ticket_state, Some(TextOr::Text("submitted".to_owned())));
    let body = json!({"ticket_state": {"id": "7", "category": "submitted"}});
    let object: Ticket = from_value(body.clone()).expect("decodes");
    assert!(matches!(object.ticket_state, Some(TextOr::Object(_))));
    assert_eq!(to_value(object).expect("json"), body);
}

#[test]
fn instants_are_read_in_every_spelling() {
    let read = |value: Value| from_value::<Timestamp>(value).ok().map(Timestamp::as_unix);
    assert_eq!(read(json!(1_768_018_274)), Some(1_768_018_274));
    assert_eq!(read(json!(1_768_018_274.0)), Some(1_768_018_274));
    assert_eq!(read(json!("1768018274")), Some(1_768_018_274));
    assert_eq!(read(json!("2026-01-10T04:11:14.436+00:00")), Some(1_768_018_274));
    assert_eq!(read(json!("2026-01-10T05:11:14+01:00")), Some(1_768_018_274));
    for strange in
        [json!("2026-01-10"), json!("soon"), json!(1.5), json!(1e300), json!(u64::MAX), json!([])]
    {
        assert_eq!(read(strange.clone()), None, "{strange}");
    }
}
