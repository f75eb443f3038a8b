//! `Debug` shows no personal data.

use std::fmt::Debug;

use bytes::Bytes;
use chrono::NaiveDate;
use intercom_store::{
    AttributeChange, AttributeHistoryRow, CustomerCandidate, CustomerContact, CustomerHistoryRow,
    CustomerRow, CustomerWrite, DirtyCustomer, MemberRow, PageWrite, PendingBody, ProjectedAdmin,
    ProjectedContact, ProjectionWrite, Quarantined, QuarantinedRow, Record, Stream, TrackedValues,
};

const EMAIL: &str = "ada@secret.example";
const NAME: &str = "Ada Secret";
const BODY: &str = r#"{"id":"49","name":"Ada Secret","email":"ada@secret.example"}"#;

/// Asserts what is shown of a value: the address, the name and bodies as text or bytes are not.
#[track_caller]
fn check(value: &dyn Debug, expected: &str) {
    let (shown, pretty) = (format!("{value:?}"), format!("{value:#?}"));
    assert!(shown.contains(expected), "{expected} is not in {shown}");
    for text in [&shown, &pretty] {
        assert!(!text.contains("secret") && !text.contains("Secret"), "{text}");
    }
}

fn body() -> Bytes {
    Bytes::from_static(BODY.as_bytes())
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn records_as_received_show_ids_and_lengths() {
    let change = AttributeChange { attribute: "Plan".into(), old: text(NAME), new: text(EMAIL) };
    check(&change, r#"AttributeChange { attribute: "Plan", .. }"#);
    let record = Record {
        id: "49".into(),
        body: body(),
        attribute_changes: vec![change],
        ..Record::default()
    };
    check(&record, r#"Record { id: "49", updated_at: None, n_bytes: 60, attribute_changes: [Attr"#);
    let quarantined = Quarantined {
        record_id: text("49"),
        reason: "not mirrored".into(),
        hash: [0; 16],
        body: body(),
    };
    let expected =
        r#"Quarantined { record_id: Some("49"), reason: "not mirrored", n_bytes: 60, .."#;
    check(&quarantined, expected);
    let page =
        PageWrite { records: vec![record], quarantined: vec![quarantined], ..PageWrite::default() };
    check(&page, expected);
    let row = QuarantinedRow {
        stream: Stream::Contacts,
        record_id: text("49"),
        reason: "not mirrored".into(),
        body: body(),
        first_seen_at: 1,
        last_seen_at: 2,
        n_seen: 3,
    };
    check(&row, r#"QuarantinedRow { stream: Contacts, record_id: Some("49"), reason: "not mirror"#);
    let pending = PendingBody { id: "49".into(), hash: [0; 16], body: body(), version: 0 };
    check(&pending, r#"PendingBody { id: "49", n_bytes: 60, .. }"#);
}

#[test]
fn projections_show_ids_and_kinds() {
    let member = MemberRow {
        external_id: text(EMAIL),
        name: text(NAME),
        email: text(EMAIL),
        role: text("user"),
        client: text(NAME),
        registered_on: Some(NaiveDate::MIN),
        created_at: Some(1),
        last_seen_at: Some(2),
    };
    check(
        &member,
        r#"MemberRow { role: Some("user"), created_at: Some(1), last_seen_at: Some(2), .. }"#,
    );
    let contact =
        CustomerContact { email: EMAIL.into(), role_rank: 1, updated_at: 2, profile: BODY.into() };
    let expected = "CustomerContact { role_rank: 1, updated_at: 2, n_profile_bytes: 60, .. }";
    check(&contact, expected);
    let candidate = CustomerCandidate { contact_id: "49".into(), contact: contact.clone() };
    check(&candidate, r#"CustomerCandidate { contact_id: "49", contact: CustomerContact {"#);
    let projected = ProjectedContact {
        id: "49".into(),
        hash: [0; 16],
        member: Some(member),
        customer: Some(contact),
    };
    check(&projected, r#"ProjectedContact { id: "49""#);
    let admin =
        ProjectedAdmin { id: "7".into(), hash: [0; 16], name: text(NAME), email: text(EMAIL) };
    check(&admin, r#"ProjectedAdmin { id: "7", .. }"#);
    let write = ProjectionWrite {
        version: 1,
        contacts: vec![projected],
        admins: vec![admin],
        ..ProjectionWrite::default()
    };
    check(&write, "ProjectionWrite { version: 1");
}

#[test]
fn customers_and_their_history_show_ids_and_counts() {
    let row = CustomerRow {
        intercom_contact_id: "49".into(),
        intercom_contact_ids: vec!["49".into(), "50".into()],
        external_id: text(EMAIL),
        stripe_customer_id: text(NAME),
        name: text(NAME),
        location_country: text(NAME),
        location_city: text(NAME),
        plan_name: text(NAME),
        subscription_status: text(NAME),
        ..CustomerRow::default()
    };
    check(&row, r#"CustomerRow { intercom_contact_id: "49", n_contacts: 2, intercom_convos_total"#);
    let tracked = TrackedValues::from(&row);
    check(&tracked, "TrackedValues { currency: None, subscription_count: None, .. }");
    check(
        &CustomerHistoryRow { observed_at: 1, state: Some(tracked), is_restated: false },
        "observed_at: 1",
    );
    let dirty = DirtyCustomer { email: EMAIL.into(), mark: 3 };
    check(&dirty, "DirtyCustomer { mark: 3, .. }");
    check(
        &CustomerWrite {
            dirty,
            customer: Some(row),
            is_restated: false,
            effects: Vec::new(),
            lasting: Vec::new(),
        },
        "CustomerWrite { dirty: DirtyCustomer {",
    );
    let change = AttributeHistoryRow {
        attribute: "Plan".into(),
        old: text(NAME),
        new: text(EMAIL),
        observed_at: 1,
    };
    check(&change, r#"AttributeHistoryRow { attribute: "Plan", observed_at: 1, .. }"#);
}
