//! `Debug` shows no personal data.

use std::fmt::Debug;

use chrono::{DateTime, Utc};
use intercom_api::ContactId;
use intercom_api::contacts::Contact;
use intercom_api::conversations::Conversation;
use intercom_projection::{
    AttributeNames, MentionRule, SupportCounts, contact, conversation, customer,
};
use intercom_revenue::RevenuePolicy;

const NOW: DateTime<Utc> = DateTime::from_timestamp(1_766_415_600, 0).expect("in range");

/// In every text that somebody wrote, and in no id.
const PERSONAL: [&str; 2] = ["ada@", "Secret"];

#[track_caller]
fn check(value: &dyn Debug) -> String {
    let (shown, pretty) = (format!("{value:?}"), format!("{value:#?}"));
    for text in PERSONAL {
        assert!(!shown.contains(text) && !pretty.contains(text), "{shown}\n{pretty}");
    }
    shown
}

#[test]
fn contacts_and_customers_show_ids_and_counts() {
    let wire: Contact = serde_json::from_value(serde_json::json!({
        "id": "49", "role": "user", "external_id": "ada@secret.example",
        "email": "ada@secret.example", "name": "Ada Secret",
        "location": {"country": "Secret Land", "city": "Secret City"},
        "custom_attributes": {
            "stripe_id": "cus_Secret", "stripe_plan": "Plan of Ada Secret",
            "stripe_subscription_status": "active",
            "Stripe Subscriptions": [{
                "id": "sub_Secret", "status": "Secret",
                "plan": {"amount": 100, "interval": "Secret"},
            }],
            "Stripe Payments": [{"id": "ch_Secret", "status": "Secret", "amount": 100}],
            "Employer": "Secret Rail",
            "Registration Date": "Ada Secret", "Engagement Status": "Secret",
        },
    }))
    .expect("a contact");
    let id = ContactId::new("49").expect("not empty");
    let projected = contact(&id, &wire, &AttributeNames::default());
    let json = serde_json::to_string(&projected).expect("serialisable");
    assert_eq!(json.matches("Secret").count(), 13, "{json}");
    check(&projected);

    let facts = &projected.value;
    let shown = check(facts);
    assert_eq!(shown, r#"ContactFacts { id: ContactId("49"), role: User, updated_at: None, .. }"#);
    assert_eq!(check(&facts.member), "MemberFacts { .. }");
    assert_eq!(
        check(&facts.stripe),
        "StripeFacts { n_subscriptions: Some(1), n_payments: Some(1), .. }"
    );

    let customer = customer(facts, &SupportCounts::default(), &RevenuePolicy::default(), NOW);
    let shown = check(&customer.expect("a valid address"));
    assert!(
        shown.starts_with(r#"Customer { intercom_contact_id: ContactId("49"), intercom_con"#),
        "{shown}"
    );
}

#[test]
fn conversations_show_ids_and_no_messages() {
    let wire: Conversation = serde_json::from_value(serde_json::json!({
        "id": "1", "state": "closed", "created_at": 1_766_000_000, "updated_at": 1_766_000_000,
        "title": "Secret", "contacts": {"contacts": [{"id": "49"}]},
        "source": {
            "type": "email", "subject": "Secret", "body": "<p>Please cancel. Ada Secret</p>",
            "author": {
                "type": "user", "id": "49", "name": "Ada Secret", "email": "ada@secret.example",
            },
        },
        "custom_attributes": {"Channel": "Secret"},
    }))
    .expect("a conversation");
    let shown =
        check(&conversation(&wire, &[], &AttributeNames::default(), MentionRule::default()));
    assert!(shown.contains(r#"contact_ids: ["49"]"#), "{shown}");
}
