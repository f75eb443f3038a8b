//! How lists go on.

use intercom_api::admins::SearchActivityLogs;
use intercom_api::companies::{ListCompanies, ScrollCompanies};
use intercom_api::contacts::{ListContactMergeHistory, ListContacts, SearchContacts};
use intercom_api::conversations::ListDeletedConversations;
use intercom_api::search::{Operator, Query, SearchRequest};
use intercom_api::tags::ListTags;
use intercom_api::{
    ApiVersion, BuildError, ContactId, Cursor, DecodeError, PageView, Paged, Paging, Response,
    Timestamp, decode_item,
};

const VERSION: ApiVersion = ApiVersion::V2_16;

fn next<O: Paged>(body: &str) -> Option<Cursor> {
    let response = Response::new(200, body.to_owned());
    PageView::read::<O>(&response).expect("a page").next
}

fn target<O: Paged>(operation: &O, cursor: &Cursor) -> String {
    operation.request_at(VERSION, cursor).expect("a request").target()
}

fn search() -> SearchContacts {
    SearchContacts::new(SearchRequest::new(Query::field("role", Operator::Equals, "user")))
}

#[test]
fn a_search_goes_on_in_its_body() {
    assert_eq!(SearchContacts::PAGING, Paging::BodyCursor);
    let body = r#"{"data":[],"pages":{"next":{"per_page":5,"starting_after":"abc"}}}"#;
    let cursor = next::<SearchContacts>(body).expect("a cursor");
    let request = search().request_at(VERSION, &cursor).expect("a request");
    let body = request.body.expect("a body");
    let sent: serde_json::Value = serde_json::from_slice(&body).expect("json");
    assert_eq!(sent["pagination"]["starting_after"], "abc");
    assert!(request.query.is_empty());
}

#[test]
fn a_list_goes_on_by_cursor_in_its_query() {
    let cursor = Cursor::After("a b&c".to_owned());
    let list = ListContacts { per_page: Some(5), ..ListContacts::default() };
    assert_eq!(target(&list, &cursor), "/contacts?per_page=5&starting_after=a+b%26c");
}

#[test]
fn a_list_goes_on_by_number_until_the_last() {
    let body = |page| format!(r#"{{"data":[],"pages":{{"page":{page},"total_pages":3}}}}"#);
    assert_eq!(next::<ListCompanies>(&body(2)), Some(Cursor::Page(3)));
    assert_eq!(next::<ListCompanies>(&body(3)), None);
    let token = r#"{"data":[],"pages":{"page":1,"total_pages":2,"next":{"starting_after":"x"}}}"#;
    assert_eq!(next::<ListCompanies>(token), Some(Cursor::Page(2)));
    assert_eq!(target(&ListCompanies::default(), &Cursor::Page(3)), "/companies/list?page=3");
}

#[test]
fn a_search_by_number_goes_on_in_its_body() {
    let logs = SearchActivityLogs::new(Timestamp::from_unix(5));
    let request = logs.request_at(VERSION, &Cursor::Page(2)).expect("a request");
    assert_eq!(request.body.as_deref(), Some(&br#"{"created_at_after":5,"page":2}"#[..]));
}

#[test]
fn of_a_url_only_the_query_is_used() {
    let body = r#"{"conversations":[],"pages":{"next":"https://elsewhere.example/steal?page=2"}}"#;
    let cursor = next::<ListDeletedConversations>(body).expect("a cursor");
    let request = ListDeletedConversations::default().request_at(VERSION, &cursor);
    assert_eq!(request.expect("a request").target(), "/conversations/deleted?page=2");
}

#[test]
fn a_scroll_ends_with_an_empty_page() {
    let body = |data| format!(r#"{{"type":"list","data":{data},"scroll_param":"s1"}}"#);
    assert_eq!(next::<ScrollCompanies>(&body("[{}]")), Some(Cursor::Scroll("s1".to_owned())));
    assert_eq!(next::<ScrollCompanies>(&body("[]")), None);
    assert_eq!(next::<ScrollCompanies>(r#"{"data":[{}]}"#), None);
    let cursor = Cursor::Scroll("s1".to_owned());
    assert_eq!(target(&ScrollCompanies::default(), &cursor), "/companies/scroll?scroll_param=s1");
}

#[test]
fn a_cursor_may_stand_beside_the_items() {
    let list = ListContactMergeHistory::new(ContactId::new("5ba6").expect("an id"));
    let cursor = next::<ListContactMergeHistory>(r#"{"data":[],"next_cursor":"n1"}"#);
    let cursor = cursor.expect("a cursor");
    assert_eq!(target(&list, &cursor), "/contacts/5ba6/merge_history?cursor=n1");
}

#[test]
fn a_list_without_a_cursor_ends() {
    for pages in ["null", "{}", r#"{"next":null}"#, r#"{"next":{"starting_after":null}}"#] {
        let body = format!(r#"{{"data":[],"pages":{pages}}}"#);
        assert_eq!(next::<SearchContacts>(&body), None, "{pages}");
    }
    let tempting = r#"{"data":[],"pages":{"next":{"starting_after":"x"}}}"#;
    assert_eq!(next::<ListTags>(tempting), None);
}

#[test]
fn a_cursor_of_another_kind_is_refused() {
    for cursor in [Cursor::Page(2), Cursor::Scroll("s".to_owned()), Cursor::Url("u".to_owned())] {
        let refused = search().request_at(VERSION, &cursor);
        assert!(matches!(refused, Err(BuildError::Cursor { operation: "SearchContacts" })));
    }
    let refused = ListTags.request_at(VERSION, &Cursor::Page(2));
    assert!(matches!(refused, Err(BuildError::Cursor { operation: "ListTags" })));
}

#[test]
fn an_item_that_does_not_decode_costs_only_itself() {
    let body = r#"{"data":[{"id":"1"},{"id":{}},null,{"id":"3"}],"total_count":3}"#;
    let response = Response::new(200, body);
    let page = PageView::read::<SearchContacts>(&response).expect("a page");
    let ids: Vec<_> = page.items.iter().map(|item| decode_item::<SearchContacts>(item)).collect();
    assert_eq!(page.total_count, Some(3));
    assert_eq!(ids.iter().filter(|item| item.is_ok()).count(), 2);
    let error: &DecodeError = ids[1].as_ref().expect_err("an object is no id");
    assert_eq!((error.operation, error.path.as_str()), ("SearchContacts", "id"));
}

#[test]
fn a_page_without_its_items_is_an_error() {
    let response = Response::new(200, r#"{"conversations":[]}"#);
    let error = PageView::read::<SearchContacts>(&response).expect_err("no `data`");
    assert_eq!(error.path, "data");
    let response = Response::new(200, r#"{"data":null}"#);
    assert!(PageView::read::<SearchContacts>(&response).expect("a page").items.is_empty());
}

fn misfit<O: Paged>(body: &str) -> String {
    let response = Response::new(200, body.to_owned());
    PageView::read::<O>(&response).expect_err("no page").path
}

#[test]
fn each_kind_takes_the_spelling_of_the_others() {
    let after = |text: &str| Some(Cursor::After(text.to_owned()));
    let url = |text: &str| Some(Cursor::Url(text.to_owned()));
    let token =
        r#"{"data":[],"conversations":[],"pages":{"next":{"page":2,"starting_after":"x"}}}"#;
    assert_eq!(next::<SearchContacts>(token), after("x"));
    assert_eq!(next::<ListContacts>(token), after("x"));
    assert_eq!(next::<ListDeletedConversations>(token), after("x"));
    assert_eq!(next::<ListCompanies>(token), after("x"));
    let request =
        ListDeletedConversations::default().request_at(VERSION, &Cursor::After("x".into()));
    assert_eq!(request.expect("a request").target(), "/conversations/deleted?starting_after=x");

    let link = "https://elsewhere.example/c?page=2&starting_after=x%20y#z";
    let body = format!(r#"{{"data":[],"conversations":[],"pages":{{"next":"{link}"}}}}"#);
    assert_eq!(next::<SearchContacts>(&body), after("x y"));
    assert_eq!(next::<ListContacts>(&body), url(link));
    assert_eq!(next::<ListCompanies>(&body), Some(Cursor::Page(2)));
    let cursor = next::<ListContacts>(&body).expect("a cursor");
    let list = ListContacts { per_page: Some(5), ..ListContacts::default() };
    assert_eq!(target(&list, &cursor), "/contacts?per_page=5&page=2&starting_after=x+y");

    let number = r#"{"conversations":[],"data":[],"pages":{"next":{"page":2}}}"#;
    assert_eq!(next::<ListDeletedConversations>(number), Some(Cursor::Page(2)));
    assert_eq!(next::<ListContacts>(number), None);
}

#[test]
fn a_repeated_parameter_of_a_link_is_kept() {
    let cursor = Cursor::Url("/x?page=2&order=asc&id=1&id=2#page=3".to_owned());
    let mut list = ListDeletedConversations::default().request_at(VERSION, &Cursor::Page(9));
    assert_eq!(list.as_mut().expect("a request").target(), "/conversations/deleted?page=9");
    let list = ListDeletedConversations::default();
    let expected = "/conversations/deleted?page=2&order=asc&id=1&id=2";
    assert_eq!(target(&list, &cursor), expected);
    for nothing in ["https://api.intercom.io/conversations/deleted", "?", "#?page=2", ""] {
        let refused = list.request_at(VERSION, &Cursor::Url(nothing.to_owned()));
        assert!(matches!(refused, Err(BuildError::Cursor { .. })), "{nothing}");
    }
}

#[test]
fn a_list_that_cannot_go_on_does_not_seem_complete() {
    for next in ["7", "true", r#""https://api.intercom.io/contacts""#] {
        let body = format!(r#"{{"data":[],"pages":{{"next":{next}}}}}"#);
        assert_eq!(misfit::<SearchContacts>(&body), "pages.next", "{next}");
        assert_eq!(misfit::<ListContacts>(&body), "pages.next", "{next}");
    }
    for page in ["4294967296", "-1", "1.5", "1e40", r#""many""#, "[]"] {
        let body = format!(r#"{{"data":[],"pages":{{"page":{page},"total_pages":9}}}}"#);
        assert_eq!(misfit::<ListCompanies>(&body), "pages", "{page}");
    }
    assert_eq!(misfit::<ListCompanies>(r#"{"data":[],"pages":"later"}"#), "pages");
}

#[test]
fn page_numbers_may_be_text_and_do_not_overflow() {
    let body = |page: &str, total: &str| {
        format!(r#"{{"data":[],"pages":{{"page":{page},"total_pages":{total}}}}}"#)
    };
    assert_eq!(next::<ListCompanies>(&body("\"2\"", "\"3\"")), Some(Cursor::Page(3)));
    assert_eq!(next::<ListCompanies>(&body("4294967295", "4294967295")), None);
    assert_eq!(next::<ListCompanies>(&body("5", "3")), None);
    assert_eq!(next::<ListCompanies>(&body("null", "3")), None);
    assert_eq!(next::<ListCompanies>(&body("0", "0")), None);
}

#[test]
fn empty_cursors_end_the_list() {
    let body = r#"{"data":[{}],"scroll_param":"","next_cursor":"","pages":{"next":""}}"#;
    assert_eq!(next::<ScrollCompanies>(body), None);
    assert_eq!(next::<ListContactMergeHistory>(body), None);
    assert_eq!(next::<ListContacts>(body), None);
    let body = r#"{"data":[{}],"scroll_param":null,"pages":{"next":{"starting_after":""}}}"#;
    assert_eq!(next::<ScrollCompanies>(body), None);
    assert_eq!(next::<ListContacts>(body), None);
}

#[test]
fn a_long_cursor_is_carried_whole() {
    let long = "c".repeat(1_000_000);
    let body = format!(r#"{{"data":[],"pages":{{"next":{{"starting_after":"{long}"}}}}}}"#);
    let cursor = next::<SearchContacts>(&body).expect("a cursor");
    assert_eq!(cursor, Cursor::After(long));
    search().request_at(VERSION, &cursor).expect("a request");
}

#[test]
fn cursors_survive_a_restart() {
    let cursors = [
        Cursor::After("a\"b\u{1f600}".to_owned()),
        Cursor::Url("https://api.intercom.io/x?page=2".to_owned()),
        Cursor::Page(u32::MAX),
        Cursor::Scroll(String::new()),
    ];
    for cursor in cursors {
        let stored = serde_json::to_string(&cursor).expect("json");
        assert_eq!(serde_json::from_str::<Cursor>(&stored).expect("a cursor"), cursor);
    }
}

#[test]
fn a_page_is_read_whatever_stands_beside_it() {
    let body = r#" {"pages":null,"a\u0062c":[{}],"data":[1],"d\u0061ta":[ {"id":"1"} , null,[2]],
        "total_count":99999999999999999999999,"data2":{"data":[]},"scroll_param":{},"x":"\u0000"} "#;
    let response = Response::new(200, body);
    let page = PageView::read::<SearchContacts>(&response).expect("a page");
    assert_eq!(page.items, [r#"{"id":"1"}"#, "[2]"]);
    assert_eq!((page.next, page.total_count), (None, None));
    let deep = format!(r#"{{"data":[{}{}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let response = Response::new(200, deep);
    let page = PageView::read::<SearchContacts>(&response).expect("a page");
    assert!(decode_item::<SearchContacts>(page.items[0]).is_err());
}

#[test]
fn a_misfit_of_a_page_is_named_by_its_path() {
    assert_eq!(misfit::<SearchContacts>(r#"{"data":7}"#), "data");
    assert_eq!(misfit::<SearchContacts>(r#"{"data":{"id":1}}"#), "data");
    assert_eq!(misfit::<SearchContacts>(r#"{"data":[1,]}"#), "data[1]");
    for body in ["", "[]", "null", "7", r#"{"data":[]} x"#, r#"{"data":[]"#, "\u{feff}{}"] {
        assert_eq!(misfit::<SearchContacts>(body), ".", "{body}");
    }
    let truncated = Response::new(200, r#"{"data":[{"id":"1"},{"id":"#);
    let error = PageView::read::<SearchContacts>(&truncated).expect_err("truncated");
    assert!(error.is_truncated());
    assert_eq!(error.path, "data[1]");
    let broken = Response::new(200, &b"{\"data\":[\"\xff\"]}"[..]);
    assert!(PageView::read::<SearchContacts>(&broken).is_err());
}

#[test]
fn page_numbers_may_stand_beside_the_items() {
    let body = r#"{"companies":[],"data":[{}],"page":1,"per_page":50,"total_pages":2}"#;
    assert_eq!(next::<ListCompanies>(body), Some(Cursor::Page(2)));
    let last = r#"{"data":[{}],"page":2,"total_pages":2}"#;
    assert_eq!(next::<ListCompanies>(last), None);
    let odd = Response::new(200, r#"{"data":[],"page":{},"total_pages":2}"#);
    assert!(PageView::read::<ListCompanies>(&odd).is_err());
}
