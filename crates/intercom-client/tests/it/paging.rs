//! The rules of lists, each once.

use futures_util::{StreamExt, TryStreamExt};
use insta::assert_snapshot;
use intercom_api::{Cursor, Paged};
use intercom_client::{ClientSettings, Error, Page, Pages};
use serde_json::{Value, json};

use crate::script::{Reply, Script, ok, refused, text};
use crate::things::{
    AllThings, LinkThings, ListThings, NumberThings, ScrollThings, SearchThings, thing,
};

fn page(sizes: &[u32], after: Option<&str>) -> Reply {
    let next = after.map(|after| json!({ "starting_after": after }));
    ok(&json!({
        "data": sizes.iter().copied().map(thing).collect::<Vec<Value>>(),
        "total_count": 9,
        "pages": { "type": "pages", "next": next },
    }))
}

/// Lengths of the pages, and how the stream ended.
async fn walk<O: Paged>(mut pages: Pages<O>) -> (Vec<usize>, Option<Error>) {
    let mut lengths = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => lengths.push(page.len()),
            Err(error) => {
                assert!(pages.next().await.is_none(), "a stream ends after an error");
                return (lengths, Some(error));
            }
        }
    }
    assert!(pages.next().await.is_none());
    (lengths, None)
}

#[tokio::test(start_paused = true)]
async fn pages_follow_the_cursor_through_an_empty_page() {
    let script = Script::new([page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)]);
    let (lengths, error) = walk(script.client().pages(ListThings)).await;
    assert!(error.is_none());
    assert_eq!(lengths, [2, 0, 1]);
    assert_eq!(
        script.targets(),
        ["/things", "/things?starting_after=a", "/things?starting_after=b"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_page_tells_what_it_holds() {
    let script = Script::new([page(&[1, 2], Some("a"))]);
    let page: Page<ListThings> = script.client().pages(ListThings).next().await.unwrap().unwrap();
    assert_eq!(page.view().unwrap().items[1], r#"{"id":"t2","size":2}"#);
    assert_eq!(page.next(), Some(&Cursor::After("a".to_owned())));
    assert_eq!(page.total_count(), Some(9));
    assert_eq!(page.response().status, 200);
    assert_eq!(page.server_date(), None);
    let items: Vec<_> = page.items().unwrap().map(|item| item.unwrap().size).collect();
    assert_eq!(items, [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_walk_resumes_at_a_cursor() {
    let script = Script::new([page(&[3], Some("b")), page(&[4], None)]);
    let cursor = Cursor::After("a".to_owned());
    let (lengths, error) = walk(script.client().pages_from(SearchThings, cursor)).await;
    assert!(error.is_none());
    assert_eq!(lengths, [1, 1]);
    assert_eq!(
        script.targets(),
        ["a", "b"].map(|after| format!(
            r#"/things/search {{"pagination":{{"starting_after":"{after}"}},"query":{{}}}}"#
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn a_cursor_of_another_kind_sends_nothing() {
    let script = Script::new([]);
    let (_, error) = walk(script.client().pages_from(SearchThings, Cursor::Page(2))).await;
    assert!(matches!(error, Some(Error::Build(_))));
}

#[tokio::test(start_paused = true)]
async fn a_repeated_cursor_is_an_error() {
    let script = Script::new([page(&[1], Some("a")), page(&[2], Some("b")), page(&[3], Some("a"))]);
    let (lengths, error) = walk(script.client().pages(ListThings)).await;
    assert_eq!(lengths, [1, 1, 1]);
    assert_snapshot!(error.unwrap(), @"ListThings: the cursor after page 3 has been seen before");

    let script = Script::new([page(&[1], Some("a"))]);
    let cursor = Cursor::After("a".to_owned());
    let (_, error) = walk(script.client().pages_from(ListThings, cursor)).await;
    assert!(matches!(error, Some(Error::CursorRepeated { n_pages: 1, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_list_without_end_is_stopped() {
    let pages = || ["a", "b", "c"].map(|after| page(&[1], Some(after)));
    let settings = ClientSettings { max_pages: 2, ..ClientSettings::default() };
    let script = Script::new(pages());
    let (lengths, error) = walk(script.client_with(settings).pages(ListThings)).await;
    assert_eq!(lengths, [1, 1]);
    assert_snapshot!(error.unwrap(), @"ListThings: the list goes on after 2 pages");
    assert_eq!(script.n_sent(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_page_that_fails_ends_the_walk() {
    let script = Script::new([page(&[1], Some("a")), refused(400, "client_error")]);
    let (lengths, error) = walk(script.client().pages(ListThings)).await;
    assert_eq!(lengths, [1]);
    assert_eq!(error.unwrap().status(), Some(400));

    let script = Script::new([text(200, r#"{"things": []}"#)]);
    let (_, error) = walk(script.client().pages(ListThings)).await;
    assert!(matches!(error, Some(Error::Unreadable { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_page_cut_short_is_fetched_again() {
    let script = Script::new([text(200, ""), text(200, r#"{"data": [{"id""#), page(&[1], None)]);
    let (lengths, error) = walk(script.client().pages(ListThings)).await;
    assert!(error.is_none());
    assert_eq!(lengths, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_scroll_keeps_its_cursor_and_ends_with_an_empty_page() {
    let scroll = |sizes: &[u32]| {
        let data: Vec<Value> = sizes.iter().copied().map(thing).collect();
        ok(&json!({ "data": data, "pages": null, "scroll_param": "s" }))
    };
    let script = Script::new([scroll(&[1, 2]), scroll(&[3]), scroll(&[])]);
    let (lengths, error) = walk(script.client().pages(ScrollThings)).await;
    assert!(error.is_none());
    assert_eq!(lengths, [2, 1, 0]);
    assert_eq!(script.targets(), ["/things", "/things?scroll_param=s", "/things?scroll_param=s"]);
}

#[tokio::test(start_paused = true)]
async fn page_numbers_links_and_single_pages() {
    let numbered = |page, total| {
        ok(&json!({ "data": [thing(1)], "pages": { "page": page, "total_pages": total } }))
    };
    let script = Script::new([numbered(1, 2), numbered(2, 2)]);
    assert_eq!(walk(script.client().pages(NumberThings)).await.0, [1, 1]);
    assert_eq!(script.targets(), ["/things", "/things?page=2"]);

    // The token does not follow a link to another host: only its query is used.
    let next = "https://elsewhere.example/other?page=2&per_page=60";
    let script = Script::new([
        ok(&json!({ "data": [thing(1)], "pages": { "next": next } })),
        ok(&json!({ "data": [], "pages": { "next": null } })),
    ]);
    assert_eq!(walk(script.client().pages(LinkThings)).await.0, [1, 0]);
    assert_eq!(script.targets(), ["/things", "/things?page=2&per_page=60"]);

    let script = Script::new([ok(&json!({ "data": [thing(1)] }))]);
    assert_eq!(walk(script.client().pages(AllThings)).await.0, [1]);
}

#[tokio::test(start_paused = true)]
async fn items_stream_over_pages() {
    let script = Script::new([page(&[1, 2], Some("a")), page(&[], Some("b")), page(&[3], None)]);
    let sizes: Vec<u32> =
        script.client().items(ListThings).map_ok(|thing| thing.size).try_collect().await.unwrap();
    assert_eq!(sizes, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn one_bad_entry_costs_only_itself() {
    let data = json!([thing(1), { "id": "t2", "size": "big" }, { "size": -1 }, thing(4)]);
    let script = Script::new([ok(&json!({ "data": data })), refused(500, "server_error")]);
    let items: Vec<_> = script.client().items(ListThings).collect().await;
    let shown: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok(thing) => thing.id.to_string(),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(
        shown,
        [
            "t1",
            "ListThings: entry 1 of the page (id t2) cannot be read",
            "ListThings: entry 2 of the page cannot be read",
            "t4",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_page_ends_the_items() {
    let script = Script::new([page(&[1], Some("a")), refused(403, "forbidden")]);
    let items: Vec<_> = script.client().items(ListThings).collect().await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[1].as_ref().unwrap_err().status(), Some(403));
}
