//! Calls of the product's kind under every fault, through the client: each ends in the right value
//! or the right typed error, within its deadline, and without a call past the window.

use std::sync::Arc;
use std::time::Duration;

use intercom_api::admins::{ListAdmins, RetrieveMe};
use intercom_api::contacts::{SearchContacts, UpdateContact};
use intercom_api::conversations::{RetrieveConversation, SearchConversations};
use intercom_api::tags::ListTags;
use intercom_api::{ContactId, ConversationId, Operator, Query, SearchRequest};
use intercom_client::{Client, ClientSettings, Error};
use intercom_sim::{SimClock, SimSettings, SimTransport};
use tokio::time::Instant;

use crate::support::{NOW, simulator_with};

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Value,
    Refused,
    NoAnswer,
    Unreadable,
    Other,
}

fn end<T>(result: &Result<T, Error>) -> End {
    match result {
        Ok(_) => End::Value,
        Err(Error::Refused { .. }) => End::Refused,
        Err(Error::MaybeSent { .. }) => End::NoAnswer,
        Err(Error::Unreadable { .. }) => End::Unreadable,
        Err(_) => End::Other,
    }
}

const OPERATIONS: [&str; 6] = [
    "GET /tags",
    "GET /admins",
    "POST /contacts/search",
    "POST /conversations/search",
    "GET /conversations/{id}",
    "PUT /contacts/{id}",
];

async fn call(client: &Client, transport: &SimTransport, route: &str) -> End {
    let (contact, conversation) = transport.with(|sim| {
        let contact = sim.workspace().contact_ids().next().map(str::to_owned);
        let conversation = sim.workspace().conversation_ids().next().map(str::to_owned);
        (contact.expect("a contact"), conversation.expect("a conversation"))
    });
    let search = SearchRequest::new(Query::field("created_at", Operator::GreaterThan, 1));
    match route {
        "GET /tags" => end(&client.execute(&ListTags).await),
        "GET /admins" => end(&client.execute(&ListAdmins::default()).await),
        "POST /contacts/search" => end(&client.execute(&SearchContacts::new(search)).await),
        "POST /conversations/search" => {
            end(&client.execute(&SearchConversations::new(search)).await)
        }
        "GET /conversations/{id}" => {
            let id = conversation.parse::<ConversationId>().expect("an id");
            end(&client.execute(&RetrieveConversation::new(id)).await)
        }
        _ => {
            let id = contact.parse::<ContactId>().expect("an id");
            let mut update = UpdateContact::new(id);
            update.name = Some("Jo".to_owned());
            end(&client.execute(&update).await)
        }
    }
}

/// Every fault, how a call ends that meets it each time, and how one that meets it once.
const FAULTS: [(&str, End, End); 19] = [
    ("429", End::Refused, End::Value),
    ("429\"\nheaders = false #\"", End::Refused, End::Value),
    ("429\"\nretry_after = 5 #\"", End::Refused, End::Value),
    ("408", End::Refused, End::Value),
    ("500", End::Refused, End::Value),
    ("502", End::Refused, End::Value),
    ("503", End::Refused, End::Value),
    ("504", End::Refused, End::Value),
    ("403", End::Refused, End::Refused),
    ("html", End::Refused, End::Value),
    ("silent", End::NoAnswer, End::Value),
    ("late", End::NoAnswer, End::Value),
    ("dripping", End::Value, End::Value),
    ("reset", End::NoAnswer, End::Value),
    ("reset-in-body", End::NoAnswer, End::Value),
    ("create", End::Value, End::Value),
    ("update", End::Value, End::Value),
    ("truncated", End::Unreadable, End::Value),
    ("empty", End::Unreadable, End::Value),
];

async fn check(route: &str, fault: &str, frequency: &str, expected: End) {
    let faults =
        format!("[[fault]]\nroute = \"{route}\"\nanswer = \"{fault}\"\n{frequency}").parse();
    let settings = SimSettings {
        faults: faults.expect("the fault is well written"),
        rate_limit: Some(2),
        ..SimSettings::default()
    };
    let transport = SimTransport::new(simulator_with(5, 5, settings), SimClock::running(NOW));
    let deadline = Duration::from_secs(180);
    let settings = ClientSettings { deadline, ..ClientSettings::default() };
    let client = Client::new(Arc::new(transport.clone()), settings);
    // The client learns the limit from the first answer.
    client.execute(&RetrieveMe).await.expect("no fault is about it");
    let begun_at = Instant::now();
    let found = call(&client, &transport, route).await;
    let stats = transport.stats();
    let what = format!("{route}, {fault:?} {frequency}: {stats:?}");
    assert_eq!(found, expected, "{what}");
    assert!(begun_at.elapsed() <= deadline, "{what}");
    assert!((2..=5).contains(&stats.requests), "{what}");
    if !fault.starts_with("429") {
        assert_eq!(stats.with_status(429), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_call_under_every_fault_ends_in_the_right_value_or_error() {
    for route in OPERATIONS {
        for (fault, always, once) in FAULTS {
            // A write that has succeeded is not repeated because its answer cannot be read.
            let is_done = always == End::Unreadable && route.starts_with("PUT");
            let once = if is_done { End::Unreadable } else { once };
            check(route, fault, "", always).await;
            check(route, fault, "count = 1", once).await;
        }
    }
}
