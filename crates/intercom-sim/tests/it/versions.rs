//! The product's operations through the real client, in the versions it is run with.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use intercom_api::admins::{ListAdmins, RetrieveMe};
use intercom_api::companies::{
    CreateOrUpdateCompany, FindCompanies, ListCompanies, RetrieveCompanyByCompanyId,
    RetrieveCompanyByName, ScrollCompanies,
};
use intercom_api::contacts::{
    CreateContact, ListContacts, RetrieveContact, SearchContacts, UpdateContact,
};
use intercom_api::conversations::{RetrieveConversation, SearchConversations};
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::events::CreateEvent;
use intercom_api::search::{Operator, Query, SearchRequest};
use intercom_api::segments::ListSegments;
use intercom_api::tags::{
    AttachTagToContact, CompanyToTag, CreateOrUpdateTag, ListContactTags, ListTags, TagCompanies,
};
use intercom_api::teams::ListTeams;
use intercom_api::{
    AdminId, ApiVersion, ContactHandle, ContactId, Operation, Paged, Request, Response, Timestamp,
};
use intercom_client::{Client, ClientSettings, Transport, TransportError};
use intercom_sim::{SimClock, SimTransport};
use serde_json::{Value, json};

use crate::support::{NOW, simulator};

const VERSIONS: [ApiVersion; 4] =
    [ApiVersion::V2_10, ApiVersion::V2_11, ApiVersion::V2_14, ApiVersion::V2_16];

/// Remembers what goes over the wire.
struct Wire {
    simulator: SimTransport,
    // The client sends while the test reads.
    sent: Mutex<Vec<(ApiVersion, Value, Value)>>,
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let response = self.simulator.send(request).await?;
        let json = |bytes: &[u8]| serde_json::from_slice(bytes).unwrap_or_default();
        let asked = request.body.as_deref().map_or(Value::Null, json);
        self.sent.lock().expect("no panic").push((request.version, asked, json(&response.body)));
        Ok(response)
    }
}

struct World {
    version: ApiVersion,
    wire: Arc<Wire>,
    client: Client,
}

impl World {
    fn new(version: ApiVersion) -> Self {
        let simulator = SimTransport::new(simulator(40, 30), SimClock::frozen(NOW));
        let wire = Arc::new(Wire { simulator, sent: Mutex::default() });
        let settings = ClientSettings { version, ..ClientSettings::default() };
        Self { version, wire: wire.clone(), client: Client::new(wire, settings) }
    }

    async fn call<O: Operation>(&self, operation: &O) -> O::Output {
        let version = self.version;
        self.client.execute(operation).await.unwrap_or_else(|error| panic!("{version}: {error}"))
    }

    async fn all<O>(&self, operation: O) -> Vec<O::Item>
    where
        O: Paged + Send + 'static,
        O::Item: Debug,
    {
        let version = self.version;
        let items = self.client.items(operation).try_collect().await;
        items.unwrap_or_else(|error| panic!("{version}: {error}"))
    }

    /// What was asked last, and what was answered.
    fn last(&self) -> (Value, Value) {
        let sent = self.wire.sent.lock().expect("no panic");
        let (version, asked, answered) = sent.last().expect("something was sent");
        assert_eq!(*version, self.version);
        (asked.clone(), answered.clone())
    }
}

fn since_ever() -> SearchRequest {
    let query = Query::field("updated_at", Operator::GreaterThan, 0);
    SearchRequest::new(query).ascending("updated_at").per_page(15)
}

#[tokio::test(start_paused = true)]
async fn what_is_read_is_the_same_in_every_version() {
    for version in VERSIONS {
        let world = World::new(version);
        let me = world.call(&RetrieveMe).await;
        assert!(me.id.is_some() && me.app.is_some(), "{version}");
        let found = world.all(SearchContacts::new(since_ever())).await;
        assert_eq!(found.len(), 40, "{version}");
        let listed = world.all(ListContacts { per_page: Some(15), ..Default::default() }).await;
        assert_eq!(listed.len(), 40, "{version}");
        let id = found[0].id.clone().expect("an id");
        let contact = world.call(&RetrieveContact::new(id.clone())).await;
        assert_eq!((contact.id.as_ref(), &contact.email), (Some(&id), &found[0].email));

        let conversations = world.all(SearchConversations::new(since_ever())).await;
        assert_eq!(conversations.len(), 30, "{version}");
        let id = conversations[0].id.clone().expect("an id");
        let conversation = world.call(&RetrieveConversation::new(id.clone())).await;
        assert_eq!(conversation.id, Some(id));
        assert!(conversation.conversation_parts.is_some(), "{version}");

        assert!(!world.all(ListAdmins::default()).await.is_empty(), "{version}");
        assert!(!world.all(ListTeams).await.is_empty(), "{version}");
        assert!(!world.all(ListTags).await.is_empty(), "{version}");
        assert!(!world.all(ListSegments::default()).await.is_empty(), "{version}");
        assert!(!world.all(ListDataAttributes::default()).await.is_empty(), "{version}");
        let companies = world.all(ListCompanies::default()).await;
        let scrolled = world.all(ScrollCompanies::default()).await;
        assert!(!companies.is_empty() && companies.len() == scrolled.len(), "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn owners_are_spelled_as_each_version_wants_them() {
    for version in VERSIONS {
        let world = World::new(version);
        let expected = |owner: i64| match version {
            ApiVersion::V2_16 => json!(owner.to_string()),
            _ => json!(owner),
        };
        let owners: Vec<AdminId> =
            world.all(ListAdmins::default()).await.into_iter().filter_map(|a| a.id).collect();
        let number = |id: &AdminId| id.as_str().parse::<i64>().expect("a number");
        let create = CreateContact {
            email: Some("new@example.com".to_owned()),
            owner_id: Some(owners[0].clone()),
            ..CreateContact::default()
        };
        let created = world.call(&create).await;
        assert_eq!(created.owner_id.as_ref(), Some(&owners[0]), "{version}");
        let (asked, answered) = world.last();
        let owner = expected(number(&owners[0]));
        assert_eq!((&asked["owner_id"], &answered["owner_id"]), (&owner, &owner), "{version}");

        let id: ContactId = created.id.expect("an id");
        let update =
            UpdateContact { owner_id: Some(owners[1].clone()), ..UpdateContact::new(id.clone()) };
        let updated = world.call(&update).await;
        assert_eq!(updated.owner_id.as_ref(), Some(&owners[1]), "{version}");
        let (asked, answered) = world.last();
        let owner = expected(number(&owners[1]));
        assert_eq!((&asked["owner_id"], &answered["owner_id"]), (&owner, &owner), "{version}");
        let read = world.call(&RetrieveContact::new(id)).await;
        assert_eq!(read.owner_id.as_ref(), Some(&owners[1]), "{version}");

        let again = world.client.execute(&create).await.expect_err("the address is taken");
        let conflict = again.refusal().and_then(intercom_api::ApiError::conflict);
        let conflict = conflict.expect("the contact in the way");
        assert_eq!((Some(conflict.existing), conflict.is_archived), (read.id, false));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_written_is_the_same_in_every_version() {
    for version in VERSIONS {
        let world = World::new(version);
        let contact = world.all(ListContacts::default()).await.swap_remove(0);
        let id = contact.id.expect("an id");
        let tag = world.call(&CreateOrUpdateTag::new("At risk".to_owned())).await;
        assert_eq!(tag.name.as_deref(), Some("At risk"), "{version}");
        let tag_id = tag.id.expect("an id");
        world.call(&AttachTagToContact::new(id.clone(), tag_id.clone())).await;
        let tags = world.all(ListContactTags::new(id.clone())).await;
        assert!(tags.iter().any(|tag| tag.id.as_ref() == Some(&tag_id)), "{version}");

        let handle = ContactHandle::Id(id.clone());
        let at = Timestamp::from_unix(NOW - 60);
        world.call(&CreateEvent::new("session-booked".to_owned(), at, handle)).await;
        let (asked, _) = world.last();
        let expected =
            json!({ "event_name": "session-booked", "created_at": NOW - 60, "id": id.as_str() });
        assert_eq!(asked, expected, "{version}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_company_is_found_by_its_own_id_or_name_and_companies_by_tag() {
    for version in VERSIONS {
        let world = World::new(version);
        let create = CreateOrUpdateCompany {
            company_id: Some("acme-7".to_owned()),
            name: Some("Acme & Co".to_owned()),
            ..CreateOrUpdateCompany::default()
        };
        let id = world.call(&create).await.id.expect("an id");
        let by_id = world.call(&RetrieveCompanyByCompanyId::new("acme-7".to_owned())).await;
        assert_eq!(by_id.id.as_ref(), Some(&id), "{version}");
        let by_name = world.call(&RetrieveCompanyByName::new("Acme & Co".to_owned())).await;
        assert_eq!(by_name.id.as_ref(), Some(&id), "{version}");

        let company = CompanyToTag { id: Some(id.clone()), ..CompanyToTag::default() };
        let tag = world.call(&TagCompanies::new("At risk".to_owned(), vec![company])).await;
        let find = FindCompanies { tag_id: tag.id, ..FindCompanies::default() };
        let found: Vec<_> = world.all(find).await.into_iter().filter_map(|c| c.id).collect();
        assert_eq!(found, [id], "{version}");
    }
}
