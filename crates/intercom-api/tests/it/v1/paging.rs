//! How the lists of 1.4 go on.

use intercom_api::v1::{
    ListCompanyUsers, ListConversations, ListJobErrors, ListLeads, ListTags, ListUserEvents,
    ListUsers, ScrollCompanies, ScrollLeads, ScrollUsers,
};
use intercom_api::{
    ApiVersion, BuildError, ContactHandle, Cursor, PageView, Paged, Response, decode_item,
};

use crate::requests::id;

fn next<O: Paged>(body: &str) -> Option<Cursor> {
    let response = Response::new(200, body.to_owned());
    PageView::read::<O>(&response).expect("a page").next
}

fn target<O: Paged>(operation: &O, cursor: &Cursor) -> String {
    operation.request_at(ApiVersion::V1_4, cursor).expect("a request").target()
}

#[test]
fn a_list_goes_on_at_the_query_of_the_next_url() {
    let body = r#"{"type":"user.list","users":[],"total_count":105,
        "pages":{"next":"https://elsewhere.example/users?per_page=50&page=2","page":1}}"#;
    let cursor = next::<ListUsers>(body).expect("a cursor");
    let list = ListUsers { order: Some("asc".to_owned()), ..ListUsers::default() };
    assert_eq!(target(&list, &cursor), "/users?order=asc&per_page=50&page=2");

    let body = r#"{"contacts":[],"pages":{"next":"https://api.intercom.io/contacts?page=3"}}"#;
    let cursor = next::<ListLeads>(body).expect("a cursor");
    assert_eq!(target(&ListLeads::default(), &cursor), "/contacts?page=3");

    let body =
        r#"{"users":[],"pages":{"next":"https://api.intercom.io/companies/42/users?page=2"}}"#;
    let cursor = next::<ListCompanyUsers>(body).expect("a cursor");
    assert_eq!(target(&ListCompanyUsers::new(id("42")), &cursor), "/companies/42/users?page=2");

    let body = r#"{"conversations":[],"pages":{"type":"pages","next":
        "https://api.intercom.io/conversations?per_page=20&page=2","page":1,"total_pages":40}}"#;
    let cursor = next::<ListConversations>(body).expect("a cursor");
    assert_eq!(target(&ListConversations::default(), &cursor), "/conversations?per_page=20&page=2");
}

#[test]
fn events_go_on_before_an_instant() {
    let body = r#"{"events":[],"pages":{"next":
        "https://api.intercom.io/events?type=user&intercom_user_id=55a3b&before=144474756550"}}"#;
    let cursor = next::<ListUserEvents>(body).expect("a cursor");
    let list = ListUserEvents::new(ContactHandle::Id(id("55a3b")));
    assert_eq!(
        target(&list, &cursor),
        "/events?type=user&intercom_user_id=55a3b&before=144474756550"
    );
    let last = r#"{"events":[],"pages":{"since":"https://api.intercom.io/events?since=1"}}"#;
    assert_eq!(next::<ListUserEvents>(last), None);
}

#[test]
fn the_last_page_has_no_next() {
    for pages in [r#"{"next":null,"page":3,"total_pages":3}"#, "{}", "null"] {
        let body = format!(r#"{{"users":[],"pages":{pages}}}"#);
        assert_eq!(next::<ListUsers>(&body), None, "{pages}");
    }
    assert_eq!(next::<ListUsers>(r#"{"users":[]}"#), None);
    assert_eq!(next::<ListJobErrors>(r#"{"job_id":"j","items":[],"pages":{}}"#), None);
    assert_eq!(next::<ListTags>(r#"{"type":"tag.list","tags":[{"id":"1"}]}"#), None);
}

#[test]
fn a_scroll_goes_on_until_a_page_is_empty() {
    let body = r#"{"type":"user.list","users":[{"id":"5ba6"}],"scroll_param":"25b6-49"}"#;
    let cursor = next::<ScrollUsers>(body).expect("a cursor");
    assert_eq!(cursor, Cursor::Scroll("25b6-49".to_owned()));
    assert_eq!(target(&ScrollUsers::default(), &cursor), "/users/scroll?scroll_param=25b6-49");
    let empty = r#"{"type":"user.list","users":[],"scroll_param":"25b6-49"}"#;
    assert_eq!(next::<ScrollUsers>(empty), None);

    let body = r#"{"contacts":[{"id":"5ba6"}],"scroll_param":"a"}"#;
    let cursor = next::<ScrollLeads>(body).expect("a cursor");
    assert_eq!(target(&ScrollLeads::default(), &cursor), "/contacts/scroll?scroll_param=a");
    let body = r#"{"companies":[{"id":"5ba6"}],"scroll_param":"a"}"#;
    let cursor = next::<ScrollCompanies>(body).expect("a cursor");
    assert_eq!(target(&ScrollCompanies::default(), &cursor), "/companies/scroll?scroll_param=a");
}

#[test]
fn a_cursor_of_another_kind_is_refused() {
    let scroll = Cursor::Scroll("a".to_owned());
    let refused = ListUsers::default().request_at(ApiVersion::V1_4, &scroll);
    assert!(matches!(refused, Err(BuildError::Cursor { operation: "v1::ListUsers" })));
    let refused = ScrollUsers::default().request_at(ApiVersion::V1_4, &Cursor::Page(2));
    assert!(matches!(refused, Err(BuildError::Cursor { operation: "v1::ScrollUsers" })));
}

#[test]
fn entries_decode_one_by_one() {
    let body = r#"{"users":[{"id":5,"email":"jo@example.com"},null,{"id":["x"]}],"pages":{}}"#;
    let response = Response::new(200, body);
    let page = PageView::read::<ListUsers>(&response).expect("a page");
    assert_eq!(page.items.len(), 2);
    let user = decode_item::<ListUsers>(page.items[0]).expect("a user");
    assert_eq!(user.id, Some(id("5")));
    let error = decode_item::<ListUsers>(page.items[1]).expect_err("an id is no list");
    assert_eq!((error.operation, error.path.as_str()), ("v1::ListUsers", "id"));
}
