//! Lists that go on, cut into short pages.

use intercom_api::companies::{
    FindCompanies, ListCompanies, ListContactCompanies, ScrollCompanies, SearchCompanies,
};
use intercom_api::contacts::{
    ListCompanyContacts, ListContactMergeHistory, ListContacts, SearchContacts,
};
use intercom_api::conversations::{
    ListConversations, ListDeletedConversations, SearchConversations,
};
use intercom_api::events::ListEvents;
use intercom_api::notes::ListContactNotes;
use intercom_api::tickets::SearchTickets;
use intercom_api::{ApiVersion, ContactHandle, Operator, Query, SearchRequest};

use super::super::world::{World, id};
use super::Walk;

/// Entries a page.
const PER_PAGE: i64 = 2;

fn search(field: &'static str) -> SearchRequest {
    SearchRequest::new(Query::field(field, Operator::GreaterThan, 1)).ascending(field).per_page(2)
}

pub(in super::super) fn all(world: &World) -> Vec<Walk> {
    let mut walks = companies(world);
    walks.extend(contacts(world));
    walks.extend(conversations());
    walks
}

fn contacts(world: &World) -> Vec<Walk> {
    let per_page = Some(PER_PAGE);
    let contact = id(&world.contact);
    vec![
        Walk::new(SearchContacts::new(search("created_at"))),
        Walk::new(SearchContacts::new(search("updated_at"))).by_update(),
        Walk::new(ListContacts { per_page, ..ListContacts::default() }),
        Walk::new(ListContactMergeHistory {
            per_page,
            ..ListContactMergeHistory::new(id(&world.contact))
        }),
        Walk::new(ListContactNotes { per_page, ..ListContactNotes::new(id(&world.contact)) }),
        Walk::new(ListContactCompanies {
            per_page,
            ..ListContactCompanies::new(id(&world.contact))
        }),
        Walk::new(ListEvents::new(ContactHandle::Id(contact))),
    ]
}

fn companies(world: &World) -> Vec<Walk> {
    let per_page = Some(PER_PAGE);
    let tag_id = Some(id(&world.tag));
    vec![
        Walk::new(ListCompanies { per_page, ..ListCompanies::default() }),
        Walk::new(FindCompanies { per_page, tag_id, ..FindCompanies::default() }),
        Walk::new(ScrollCompanies::default()),
        Walk::since(SearchCompanies::new(search("created_at")), ApiVersion::Preview),
        Walk::new(ListCompanyContacts { per_page, ..ListCompanyContacts::new(id(&world.company)) }),
    ]
}

fn conversations() -> Vec<Walk> {
    let per_page = Some(PER_PAGE);
    vec![
        Walk::new(SearchConversations::new(search("updated_at"))).by_update(),
        Walk::new(ListConversations { per_page, ..ListConversations::default() }),
        Walk::new(ListDeletedConversations { per_page, ..ListDeletedConversations::default() }),
        Walk::new(SearchTickets::new(search("created_at"))),
    ]
}
