//! What is refused here never reaches the transport.

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::StreamExt;
use intercom_api::contacts::SearchContacts;
use intercom_api::tags::ListTags;
use intercom_api::{
    ApiVersion, BuildError, Cursor, Operator, Query, Request, Response, SearchRequest,
};
use intercom_client::{Client, ClientSettings, Error, Transport, TransportError};
use mockall::mock;

mock! {
    Wire {}

    #[async_trait]
    impl Transport for Wire {
        async fn send(&self, request: &Request) -> Result<Response, TransportError>;
    }
}

/// A client whose transport fails the test when anything is sent.
fn silent(version: ApiVersion) -> Client {
    let mut wire = MockWire::new();
    wire.expect_send().never();
    Client::new(Arc::new(wire), ClientSettings { version, ..ClientSettings::default() })
}

fn search(query: Query) -> SearchContacts {
    SearchContacts::new(SearchRequest::new(query))
}

#[tokio::test]
async fn a_query_that_the_api_would_refuse() {
    let name = Query::field("name", Operator::Equals, "Ada");
    let too_deep = Query::all([Query::any([Query::all([name.clone()])])]);
    let too_long = Query::any(vec![name; 16]);
    for query in [too_deep, too_long, Query::all([])] {
        let refused = silent(ApiVersion::default()).execute(&search(query)).await;
        assert!(matches!(refused, Err(Error::Build(BuildError::Query { .. }))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_parameter_that_the_version_lacks() {
    let mut operation = search(Query::field("name", Operator::Equals, "Ada"));
    operation.include_merge_history = Some(true);
    let refused = silent(ApiVersion::V2_10).execute(&operation).await;
    assert!(matches!(refused, Err(Error::Build(_))), "{refused:?}");
}

#[tokio::test]
async fn a_cursor_of_another_kind() {
    let client = silent(ApiVersion::default());
    let mut pages = client.pages_from(ListTags, Cursor::Scroll("x".to_owned()));
    let refused = pages.next().await;
    assert!(matches!(refused, Some(Err(Error::Build(BuildError::Cursor { .. })))), "{refused:?}");
}
