//! A walk goes on in another process, from a cursor that was stored.

use futures_util::{StreamExt, TryStreamExt};
use intercom_api::{Cursor, Paged};
use serde_json::{Value, json};

use crate::script::{Reply, Script, ok};
use crate::things::{
    AllThings, LinkThings, ListThings, NextThings, NumberThings, ScrollThings, SearchThings, thing,
};

/// Reads the first page of two, stores the cursor, and reads the second from what was stored.
async fn check<O>(list: fn() -> O, next: Value, expected: &str)
where
    O: Paged<Item = crate::things::Thing> + Send + 'static,
{
    let first = {
        let mut first = next;
        first["data"] = json!([thing(1)]);
        ok(&first)
    };
    let page = Script::new([first]).client().pages(list()).next().await.unwrap().unwrap();
    let stored = serde_json::to_string(page.next().unwrap()).unwrap();
    drop(page);

    let cursor: Cursor = serde_json::from_str(&stored).unwrap();
    let second = || -> Reply { ok(&json!({ "data": [thing(2), thing(3)] })) };
    let script = Script::new([second()]);
    let pages: Vec<_> =
        script.client().pages_from(list(), cursor.clone()).try_collect().await.unwrap();
    assert_eq!((pages.len(), pages[0].len()), (1, 2));
    assert_eq!(script.targets(), [expected]);

    let script = Script::new([second()]);
    let items = script.client().items_from(list(), cursor).map_ok(|thing| thing.size);
    assert_eq!(items.try_collect::<Vec<u32>>().await.unwrap(), [2, 3]);
    assert_eq!(script.targets(), [expected]);
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_list_resumes() {
    let token = || json!({ "pages": { "next": { "starting_after": "a b" } } });
    let body = r#"/things/search {"pagination":{"starting_after":"a b"},"query":{}}"#;
    check(|| SearchThings, token(), body).await;
    check(|| ListThings, token(), "/things?starting_after=a+b").await;
    let link = json!({ "pages": { "next": "https://elsewhere.example/x?page=2" } });
    check(|| LinkThings, link, "/things?page=2").await;
    let number = json!({ "pages": { "page": 1, "total_pages": 2 } });
    check(|| NumberThings, number, "/things?page=2").await;
    check(|| NextThings, json!({ "next_cursor": "n" }), "/things?cursor=n").await;
}

#[tokio::test(start_paused = true)]
async fn a_scroll_resumes_while_it_is_open() {
    let scroll = |data| ok(&json!({ "data": data, "scroll_param": "s" }));
    let script = Script::new([scroll(json!([thing(2)])), scroll(json!([]))]);
    let cursor: Cursor = serde_json::from_str(r#"{"scroll":"s"}"#).unwrap();
    let items: Vec<_> =
        script.client().items_from(ScrollThings, cursor).try_collect().await.unwrap();
    assert_eq!(items.len(), 1);
    assert_eq!(script.targets(), ["/things?scroll_param=s"; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_list_in_one_piece_has_no_cursor() {
    let script = Script::new([ok(&json!({ "data": [thing(1)], "next_cursor": "n" }))]);
    let page = script.client().pages(AllThings).next().await.unwrap().unwrap();
    assert_eq!(page.next(), None);
}
