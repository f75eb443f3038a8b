//! Pages and entries that are longer than the transport accepts.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::StreamExt;
use intercom_api::{Cursor, Paged, Request, Response};
use intercom_client::{
    AnswerFault, Client, ClientSettings, Error, Streamed, Transport, TransportError,
};
use serde_json::{Value, json};

use crate::things::{ListThings, NumberThings, SearchThings};

const LIMIT: usize = 1_000;

/// A list of entries of these sizes, continued by cursor; answers have at most [`LIMIT`] bytes.
struct Shelf {
    sizes: Vec<usize>,
    /// Whether answers end in the middle.
    is_cut: bool,
    asked: Mutex<Vec<(usize, usize)>>,
}

impl Shelf {
    fn new(sizes: &[usize]) -> Arc<Self> {
        Arc::new(Self { sizes: sizes.to_vec(), is_cut: false, asked: Mutex::default() })
    }

    fn client(self: &Arc<Self>) -> Client {
        Client::new(self.clone(), ClientSettings::default())
    }

    /// From where and how many entries each request asked for.
    fn asked(&self) -> Vec<(usize, usize)> {
        self.asked.lock().unwrap().clone()
    }

    fn answer(&self, request: &Request) -> Response {
        let body: Value = request
            .body
            .as_ref()
            .map_or(Value::Null, |body| serde_json::from_slice(body).expect("requests are JSON"));
        let asked = |name: &str| {
            let mut query = request.query.iter();
            let of_query = query.find(|(known, _)| known == name).map(|(_, value)| value.clone());
            let of_body = &body["pagination"][name];
            let of_body =
                of_body.as_str().map(str::to_owned).or(of_body.as_u64().map(|n| n.to_string()));
            of_query.or(of_body).and_then(|value| value.parse::<usize>().ok())
        };
        let (from, n) = (asked("starting_after").unwrap_or(0), asked("per_page").unwrap_or(50));
        self.asked.lock().unwrap().push((from, n));
        let until = (from + n).min(self.sizes.len());
        let thing = |index: usize| {
            let text = "x".repeat(self.sizes[index]);
            json!({ "text": text, "id": format!("t{index}"), "size": index })
        };
        let next =
            (until < self.sizes.len()).then(|| json!({ "starting_after": until.to_string() }));
        let things: Vec<Value> = (from..until).map(thing).collect();
        let mut page = json!({ "data": things, "pages": { "next": next } }).to_string();
        if self.is_cut {
            page.truncate(page.len() / 2);
        }
        Response::new(200, page)
    }
}

#[async_trait]
impl Transport for Shelf {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let response = self.answer(request);
        match response.body.len() > LIMIT {
            false => Ok(response),
            true => {
                let fault = AnswerFault::BodyTooLarge { limit: LIMIT as u64 };
                Err(TransportError::MaybeSent { fault, source: None })
            }
        }
    }

    async fn open(&self, request: &Request) -> Result<Streamed, TransportError> {
        Ok(self.answer(request).into())
    }
}

/// What came of each entry, in order: its index, or the id of one that is too long.
async fn walk<O: Paged + Send + 'static>(client: &Client, list: O) -> Vec<Result<usize, String>> {
    let mut pages = client.pages(list);
    let mut entries = Vec::new();
    while let Some(page) = pages.next().await {
        match page {
            Ok(page) => {
                let items = page.view().unwrap().items;
                let index = |item: &&str| {
                    serde_json::from_str::<Value>(item).unwrap()["size"].as_u64().unwrap() as usize
                };
                entries.extend(items.iter().map(index).map(Ok));
            }
            Err(Error::EntryTooLarge { id, limit, .. }) => {
                assert_eq!(limit, LIMIT as u64);
                entries.push(Err(id.unwrap().as_str().to_owned()));
            }
            Err(error) => panic!("{error:?}"),
        }
    }
    entries
}

#[tokio::test]
async fn a_page_that_is_too_long_is_asked_for_with_fewer_entries() {
    let shelf = Shelf::new(&[400; 9]);
    let expected: Vec<_> = (0..9).map(Ok).collect();
    assert_eq!(walk(&shelf.client(), ListThings).await, expected);
    // Two fit; then twice as many are tried again, in case only those were long.
    let first: Vec<usize> = shelf.asked().iter().take(8).map(|(_, n)| *n).collect();
    assert_eq!(first, [50, 25, 12, 6, 3, 1, 2, 4]);
    let shelf = Shelf::new(&[400; 9]);
    assert_eq!(walk(&shelf.client(), SearchThings).await, expected);
}

#[tokio::test]
async fn one_long_entry_is_named_and_the_others_come() {
    for place in [0, 3, 8] {
        let mut sizes = [100; 9];
        sizes[place] = 5_000;
        let expected: Vec<_> = (0..9)
            .map(|index| if index == place { Err(format!("t{index}")) } else { Ok(index) })
            .collect();
        assert_eq!(walk(&Shelf::new(&sizes).client(), ListThings).await, expected, "{place}");
        assert_eq!(walk(&Shelf::new(&sizes).client(), SearchThings).await, expected, "{place}");
    }
}

#[tokio::test]
async fn the_error_shows_no_cursor_and_leads_behind_the_entry() {
    let shelf = Shelf::new(&[5_000, 10]);
    let mut pages = shelf.client().pages(ListThings).prefetch();
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), "ListThings: an entry (id t0) is longer than 1000 bytes");
    assert!(!format!("{error:?}").contains("After"), "{error:?}");
    let Error::EntryTooLarge { behind, .. } = error else { panic!("{error}") };
    assert_eq!(behind.cursor(), Some(&Cursor::After("1".to_owned())));
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert!(pages.next().await.is_none());
}

#[tokio::test]
async fn a_list_that_cannot_be_cut_ends_with_the_error_of_the_call() {
    let too_long = async |client: Client| {
        let mut pages = client.pages(NumberThings);
        let error = pages.next().await.unwrap().unwrap_err();
        assert_eq!(error.body_limit(), Some(LIMIT as u64), "{error:?}");
        assert!(pages.next().await.is_none());
    };
    too_long(Shelf::new(&[400; 9]).client()).await;
}

/// Nothing tells where the list goes on: what comes is not taken for its end.
#[tokio::test]
async fn a_long_entry_of_unknown_place_ends_the_list() {
    let sizes = vec![5_000, 10];
    let shelf = Arc::new(Shelf { sizes, is_cut: true, asked: Mutex::default() });
    let mut pages = shelf.client().pages(ListThings);
    let error = pages.next().await.unwrap().unwrap_err();
    assert_eq!(error.body_limit(), Some(LIMIT as u64), "{error:?}");
    assert!(pages.next().await.is_none());
}
