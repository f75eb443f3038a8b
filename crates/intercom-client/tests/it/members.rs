//! Lists that a contact carries in part.

use futures_util::TryStreamExt;
use intercom_api::contacts::{Contact, RetrieveContact};
use intercom_api::{ContactId, Operation, Response, TagId};
use intercom_client::{BoxError, Client, ClientSettings, Transport, TransportError};
use mockall::mock;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::script::{Script, ok, refused};

mock! {
    Network {}

    #[async_trait::async_trait]
    impl Transport for Network {
        async fn send(&self, request: &intercom_api::Request) -> Result<Response, TransportError>;
    }
}

fn ids(n_ids: usize) -> Value {
    (0..n_ids).map(|n| json!({ "id": n.to_string() })).collect()
}

fn contact(list: &Value) -> Contact {
    let body = json!({ "id": "5ba6", "tags": list, "companies": list });
    RetrieveContact::decode(&Response::new(200, body.to_string())).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_complete_list_makes_no_call() -> Result<(), BoxError> {
    let mut network = MockNetwork::new();
    network.expect_send().never();
    let client = Client::new(Arc::new(network), ClientSettings::default());
    let contact = contact(&json!({ "data": ids(10), "has_more": false, "total_count": 10 }));
    let (id, tags) = (ContactId::new("5ba6")?, contact.tags.unwrap());
    let found: Vec<TagId> = client.members(&id, &tags).try_collect().await?;
    assert_eq!(found.len(), 10);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_cut_list_is_read_to_its_end() -> Result<(), BoxError> {
    let page = |number: u32, n_ids| {
        ok(&json!({ "data": ids(n_ids), "pages": { "page": number, "total_pages": 2 } }))
    };
    let script = Script::new([page(1, 50), page(2, 7)]);
    let contact = contact(&json!({ "data": ids(10), "has_more": true, "total_count": 57 }));
    let (id, companies) = (ContactId::new("5ba6")?, contact.companies.unwrap());
    let found: Vec<_> = script.client().members(&id, &companies).try_collect().await?;
    assert_eq!(found.len(), 57);
    let first = "/contacts/5ba6/companies?per_page=50";
    assert_eq!(script.targets(), [first.to_owned(), format!("{first}&page=2")]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_refused_does_not_seem_complete() -> Result<(), BoxError> {
    let script = Script::new([refused(403, "forbidden")]);
    let contact = contact(&json!({ "data": ids(10), "has_more": true }));
    let (id, tags) = (ContactId::new("5ba6")?, contact.tags.unwrap());
    let found: Result<Vec<_>, _> = script.client().members(&id, &tags).try_collect().await;
    assert_eq!(found.unwrap_err().status(), Some(403));
    Ok(())
}
