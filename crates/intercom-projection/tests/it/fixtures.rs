use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use intercom_api::contacts::Contact;
use intercom_api::conversations::Conversation;
use intercom_projection::{
    AttributeNames, ContactFacts, MentionRule, Names, Projected, SupportCounts, contact,
    conversation, customer,
};
use intercom_revenue::RevenuePolicy;
use serde::de::DeserializeOwned;

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

fn load<T: DeserializeOwned>(topic: &str, case: &str) -> T {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let text = fs::read_to_string(folder.join(topic).join(case).with_extension("json"));
    serde_json::from_str(&text.expect("a fixture")).expect("an object of the API")
}

fn project(wire: &Contact, names: &AttributeNames) -> Projected<ContactFacts> {
    let id = wire.id.clone().expect("an id");
    contact(&id, wire, names)
}

fn project_case(case: &str) -> Projected<ContactFacts> {
    project(&load("contact", case), &AttributeNames::default())
}

#[test]
fn contacts() {
    for case in ["billed", "flat", "lead", "hostile"] {
        insta::assert_json_snapshot!(format!("contact-{case}"), project_case(case));
    }
}

#[test]
fn contacts_survive_being_written_down() {
    for case in ["billed", "flat", "lead", "hostile"] {
        let facts = project_case(case).value;
        let json = serde_json::to_string(&facts).expect("serialisable");
        let read: ContactFacts = serde_json::from_str(&json).expect("as written");
        assert_eq!(read, facts);
    }
}

#[test]
fn a_billed_contact_becomes_a_customer() {
    let contact = project_case("billed").value;
    let counts = SupportCounts::default();
    let customer = customer(&contact, &counts, &RevenuePolicy::default(), NOW);
    let customer = customer.expect("a valid address");
    let shown = [customer.mrr, customer.arr, customer.ltv, customer.plan_price]
        .map(|money| money.map_or_else(|| "-".to_owned(), |money| money.to_string()));
    assert_eq!(shown, ["797.33 USD", "9568.00 USD", "299.00 USD", "299.00 USD"]);
    assert_eq!(customer.subscription_count, Some(2));
    assert_eq!(customer.quality_score, 80);
}

#[test]
fn lists_come_in_several_shapes() {
    #[track_caller]
    fn check(attributes: serde_json::Value, n_rows: Option<usize>, odd: &[&str]) {
        let wire = Contact {
            custom_attributes: serde_json::from_value(attributes).expect("an object"),
            ..load("contact", "lead")
        };
        let projected = project(&wire, &AttributeNames::default());
        let rows = projected.value.stripe.history.subscriptions;
        assert_eq!(rows.map(|rows| rows.len()), n_rows);
        let oddities: Vec<String> = projected.oddities.iter().map(ToString::to_string).collect();
        assert_eq!(oddities, odd);
    }
    let list = "Stripe Subscriptions";
    check(serde_json::json!({}), None, &[]);
    check(serde_json::json!({ list: null }), None, &[]);
    check(serde_json::json!({ list: " " }), None, &[]);
    check(serde_json::json!({ list: null, "stripe_subscriptions": [{}] }), Some(1), &[]);
    check(serde_json::json!({ list: [] }), Some(0), &[]);
    check(serde_json::json!({ list: { "type": "list", "data": [{}] } }), Some(1), &[]);
    check(serde_json::json!({ list: { "type": "list", "data": [] } }), Some(0), &[]);
    let in_text = ["custom_attributes.Stripe Subscriptions: json_in_text"];
    check(serde_json::json!({ list: "[{}, {}]" }), Some(2), &in_text);
    check(serde_json::json!({ list: r#"{"data":[]}"# }), Some(0), &in_text);
    let unreadable = ["custom_attributes.Stripe Subscriptions: unreadable_json"];
    check(serde_json::json!({ list: "sub_1, sub_2" }), None, &unreadable);
    let wrong = ["custom_attributes.Stripe Subscriptions: wrong_type"];
    check(serde_json::json!({ list: 7 }), None, &wrong);
    check(serde_json::json!({ list: {} }), None, &wrong);
    let first = ["custom_attributes.Stripe Subscriptions[0]: wrong_type"];
    check(serde_json::json!({ list: [null, {}] }), Some(1), &first);
}

#[test]
fn attributes_have_the_names_the_workspace_gives_them() {
    let names = AttributeNames {
        employer: Names::from(["Client", "Employer"]),
        enrolled_at: Names::from(["Enrolled"]),
        ..AttributeNames::default()
    };
    let attributes = serde_json::json!({
        "Client": "  ", "Employer": "Acme Rail", "Enrolled": "2025-11-01",
    });
    let wire = Contact {
        custom_attributes: serde_json::from_value(attributes).expect("an object"),
        ..load("contact", "lead")
    };
    let member = project(&wire, &names).value.member;
    assert_eq!(member.profile.client.as_deref(), Some("Acme Rail"));
    assert_eq!(member.enrolled_at, DateTime::from_timestamp(1_761_955_200, 0));
}

#[test]
fn conversations() {
    for case in ["call", "leaving", "bot", "hostile"] {
        let wire: Conversation = load("conversation", case);
        let projected =
            conversation(&wire, &[], &AttributeNames::default(), MentionRule::default());
        insta::assert_debug_snapshot!(format!("conversation-{case}"), projected);
    }
}
