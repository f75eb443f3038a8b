//! The next page is on its way while the present one is used.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, TryStreamExt};
use intercom_client::{ClientSettings, Error};
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use crate::script::{Reply, Script, ok, refused};
use crate::things::{ListThings, ScrollThings, thing};

fn page(size: u32, after: Option<&str>) -> Reply {
    let next = after.map(|after| json!({ "starting_after": after }));
    ok(&json!({ "data": [thing(size)], "pages": { "next": next } }))
}

fn three_pages() -> Arc<Script> {
    Script::new([page(1, Some("a")), page(2, Some("b")), page(3, None)])
}

/// Lets the tasks of the runtime run.
async fn idle() {
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_before_it_is_asked_for() {
    let script = three_pages();
    let pages = script.client().pages(ListThings).prefetch();
    idle().await;
    assert_eq!(script.n_sent(), 0);
    drop(pages);
}

#[tokio::test(start_paused = true)]
async fn one_page_is_fetched_ahead_and_no_more() {
    let script = three_pages();
    let mut pages = script.client().pages(ListThings).prefetch();
    pages.next().await.unwrap().unwrap();
    for _ in 0..5 {
        idle().await;
        assert_eq!(script.n_sent(), 2, "the second page only");
    }
    pages.next().await.unwrap().unwrap();
    idle().await;
    assert_eq!(script.n_sent(), 3);
    pages.next().await.unwrap().unwrap();
    assert!(pages.next().await.is_none());
    assert_eq!(script.n_sent(), 3);
}

#[tokio::test(start_paused = true)]
async fn without_it_no_page_is_fetched_ahead() {
    let script = three_pages();
    let mut pages = script.client().pages(ListThings);
    pages.next().await.unwrap().unwrap();
    idle().await;
    assert_eq!(script.n_sent(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_entries_and_their_order_are_the_same() {
    let collect = async |is_ahead: bool| -> Vec<u32> {
        let items = three_pages().client().items(ListThings);
        let items = if is_ahead { items.prefetch() } else { items };
        items.map_ok(|thing| thing.size).try_collect().await.unwrap()
    };
    assert_eq!(collect(true).await, collect(false).await);
}

#[tokio::test(start_paused = true)]
async fn an_error_comes_after_the_page_before_it() {
    let script = Script::new([page(1, Some("a")), refused(403, "forbidden")]);
    let mut pages = script.client().pages(ListThings).prefetch();
    let first = pages.next().await.unwrap().unwrap();
    idle().await;
    assert_eq!((first.len(), script.n_sent()), (1, 2));
    assert_eq!(pages.next().await.unwrap().unwrap_err().status(), Some(403));
    assert!(pages.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn limits_hold_ahead_too() {
    let settings = ClientSettings { max_pages: 1, ..ClientSettings::default() };
    let script = three_pages();
    let mut pages = script.client_with(settings).pages(ListThings).prefetch();
    pages.next().await.unwrap().unwrap();
    idle().await;
    assert_eq!(script.n_sent(), 1);
    assert!(matches!(pages.next().await, Some(Err(Error::TooManyPages { .. }))));

    let script = Script::new([page(1, Some("a")), page(2, Some("a"))]);
    let pages: Vec<_> = script.client().pages(ListThings).prefetch().collect().await;
    assert!(matches!(pages[..], [Ok(_), Ok(_), Err(Error::CursorRepeated { .. })]));
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_shared() {
    let script = Script::slow(Duration::from_secs(2), [page(1, Some("a")), page(2, None)]);
    let started_at = Instant::now();
    let mut pages = script.client().pages(ListThings).prefetch();
    pages.next().await.unwrap().unwrap();
    sleep(Duration::from_millis(2100)).await;
    let second = pages.next().now_or_never();
    assert!(second.is_some(), "the page is there");
    assert!(started_at.elapsed() < Duration::from_millis(4200));
}

#[tokio::test(start_paused = true)]
async fn giving_up_waiting_loses_nothing() {
    for is_ahead in [false, true] {
        let script = Script::slow(Duration::from_secs(2), [page(1, Some("a")), page(2, None)]);
        let pages = script.client().pages(ListThings);
        let mut pages = if is_ahead { pages.prefetch() } else { pages };
        for _ in 0..2 {
            for _ in 0..3 {
                assert!(timeout(Duration::from_millis(500), pages.next()).await.is_err());
            }
            assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
        }
        assert!(pages.next().await.is_none());
        assert_eq!(script.n_sent(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn dropping_the_stream_ends_the_fetch() {
    let script = Script::new([page(1, Some("a")), Reply::Hang]);
    let client = script.client();
    let mut pages = client.pages(ListThings).prefetch();
    pages.next().await.unwrap().unwrap();
    idle().await;
    assert_eq!(client.rate().n_in_flight, 1);
    drop(pages);
    idle().await;
    assert_eq!(client.rate().n_in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_scroll_is_read_ahead_to_its_empty_page() {
    let scroll = |data| ok(&json!({ "data": data, "scroll_param": "s" }));
    let script =
        Script::new([scroll(json!([thing(1)])), scroll(json!([thing(2)])), scroll(json!([]))]);
    let items: Vec<_> = script.client().items(ScrollThings).prefetch().collect().await;
    assert_eq!((items.len(), script.n_sent()), (2, 3));
}

#[test]
fn a_runtime_that_ends_loses_no_page() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let script = three_pages();
    let mut pages = script.client().pages(ListThings).prefetch();
    assert_eq!(runtime().block_on(pages.next()).unwrap().unwrap().len(), 1);
    let rest: Vec<_> = runtime().block_on(pages.collect());
    assert!(matches!(rest[..], [Ok(_), Ok(_)]), "{rest:?}");
}
