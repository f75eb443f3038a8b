//! Whatever happens to a list while it is read: every kind of paging keeps its promise and stops.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures_util::TryStreamExt;
use intercom_api::{Paged, Paging, Request, Response};
use intercom_client::{Client, ClientSettings, Transport, TransportError};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::things::{
    AllThings, LinkThings, ListThings, NextThings, NumberThings, ScrollThings, SearchThings, Thing,
};

/// What happens to the list before a page is answered; positions wrap around.
#[derive(Debug, Clone, Copy)]
enum Change {
    /// An entry is created: at the end of a list by time, anywhere in one by number.
    Insert(usize),
    /// An entry changes: it moves to the end of a list by time, and stays in one by number.
    Update(usize),
    /// An entry is deleted.
    Delete(usize),
    /// No entry of the page passes the API's filter.
    Skip,
}

#[derive(Debug, Clone)]
struct Plan {
    n_entries: u32,
    per_page: usize,
    changes: Vec<Option<Change>>,
    is_ahead: bool,
}

/// A list of numbers with the time of their last change.
struct Model {
    paging: Paging,
    per_page: usize,
    /// In the order of the list.
    entries: Vec<Entry>,
    changes: Vec<Option<Change>>,
    n_requests: usize,
    next_id: u32,
    now: u64,
    scroll: Vec<Entry>,
    n_deleted: usize,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Entry {
    id: u32,
    changed_at: u64,
}

impl Model {
    fn new(paging: Paging, plan: &Plan) -> Self {
        // Three entries share each instant.
        let entry = |id| Entry { id, changed_at: u64::from(1 + id / 3) };
        Self {
            paging,
            per_page: plan.per_page,
            entries: (0..plan.n_entries).map(entry).collect(),
            changes: plan.changes.clone(),
            n_requests: 0,
            next_id: plan.n_entries,
            now: u64::from(plan.n_entries) + 1,
            scroll: Vec::new(),
            n_deleted: 0,
        }
    }

    fn answer(&mut self, request: &Request) -> Value {
        let is_skipped = self.change();
        self.n_requests += 1;
        let query = |name: &str| {
            let mut pairs = request.query.iter();
            pairs.find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        match self.paging {
            Paging::BodyCursor => {
                let body: Value = serde_json::from_slice(request.body.as_ref().unwrap()).unwrap();
                let (page, after) =
                    self.after(body["pagination"]["starting_after"].as_str(), is_skipped);
                json!({ "data": page, "pages": { "next": { "starting_after": after } } })
            }
            Paging::QueryCursor => {
                let (page, after) = self.after(query("starting_after"), is_skipped);
                json!({ "data": page, "pages": { "next": { "starting_after": after } } })
            }
            Paging::NextCursor => {
                let (page, after) = self.after(query("cursor"), is_skipped);
                json!({ "data": page, "next_cursor": after })
            }
            Paging::PageNumber | Paging::NextUrl => self.numbered(query("page")),
            Paging::Scroll => self.scrolled(query("scroll_param")),
            Paging::Single => json!({ "data": things(&self.entries) }),
        }
    }

    /// Whether the page is to be empty.
    fn change(&mut self) -> bool {
        let by_time = !matches!(self.paging, Paging::PageNumber | Paging::NextUrl);
        let change = self.changes.get(self.n_requests).copied().flatten();
        self.now += 1;
        match change {
            Some(Change::Insert(at)) => {
                let entry = Entry { id: self.next_id, changed_at: self.now };
                self.next_id += 1;
                let at = if by_time { self.entries.len() } else { at % (self.entries.len() + 1) };
                self.entries.insert(at, entry);
            }
            Some(Change::Update(at)) if by_time && !self.entries.is_empty() => {
                let mut entry = self.entries.remove(at % self.entries.len());
                entry.changed_at = self.now;
                self.entries.push(entry);
            }
            Some(Change::Delete(at)) if !self.entries.is_empty() => {
                self.entries.remove(at % self.entries.len());
                self.n_deleted += 1;
            }
            Some(Change::Skip) => return true,
            Some(Change::Update(_) | Change::Delete(_)) | None => {}
        }
        false
    }

    fn after(&self, cursor: Option<&str>, is_skipped: bool) -> (Vec<Value>, Option<String>) {
        let place = cursor.map(|cursor| {
            let mut parts = cursor.split(':').map(|part| part.parse::<u64>().unwrap());
            (parts.next().unwrap(), u32::try_from(parts.next().unwrap()).unwrap())
        });
        let mut later: Vec<Entry> = self.entries.clone();
        later.sort_by_key(|entry| (entry.changed_at, entry.id));
        later.retain(|entry| place.is_none_or(|place| (entry.changed_at, entry.id) > place));
        let n_taken = if is_skipped { 0 } else { self.per_page.min(later.len()) };
        // An empty first page has no entry to go on from: it starts at the beginning of time.
        let last = later[..n_taken].last().map(|entry| (entry.changed_at, entry.id));
        let (at, id) = last.or(place).unwrap_or_default();
        let next = (later.len() > n_taken).then(|| format!("{at}:{id}:{}", self.n_requests));
        (things(&later[..n_taken]), next)
    }

    fn numbered(&self, page: Option<&str>) -> Value {
        let page: usize = page.map_or(1, |page| page.parse().unwrap());
        let total = self.entries.len().div_ceil(self.per_page);
        let entries = self.entries.iter().skip((page - 1) * self.per_page).take(self.per_page);
        let data = things(&entries.copied().collect::<Vec<_>>());
        match self.paging {
            Paging::NextUrl => {
                let next = (page < total).then(|| format!("https://x.example/y?page={}", page + 1));
                json!({ "data": data, "pages": { "next": next } })
            }
            _ => json!({ "data": data, "pages": { "page": page, "total_pages": total } }),
        }
    }

    /// A scroll answers from what was there when it was opened.
    fn scrolled(&mut self, scroll: Option<&str>) -> Value {
        if scroll.is_none() {
            self.scroll = self.entries.clone();
        }
        let n_taken = self.per_page.min(self.scroll.len());
        let page: Vec<Entry> = self.scroll.drain(..n_taken).collect();
        json!({ "data": things(&page), "pages": null, "scroll_param": "s" })
    }
}

fn things(entries: &[Entry]) -> Vec<Value> {
    entries.iter().map(|entry| json!({ "id": entry.id, "size": entry.id })).collect()
}

// The test looks at the model that the client's calls change.
#[derive(Clone)]
struct Server(Arc<Mutex<Model>>);

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let answer = self.0.lock().unwrap().answer(request);
        Ok(Response::new(200, answer.to_string()))
    }
}

/// Entries that were there from the beginning to the end and were not seen, and how many entries
/// were deleted meanwhile.
fn missed<O>(operation: O, plan: &Plan) -> (BTreeSet<u32>, usize)
where
    O: Paged<Item = Thing> + Send + 'static,
{
    let server = Server(Arc::new(Mutex::new(Model::new(O::PAGING, plan))));
    let client = Client::new(Arc::new(server.clone()), ClientSettings::default());
    let items = client.items(operation);
    let items = if plan.is_ahead { items.prefetch() } else { items };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let seen: Vec<u32> = runtime
        .unwrap()
        .block_on(items.map_ok(|thing| thing.size).try_collect())
        .expect("the list ends without an error");
    let model = server.0.lock().unwrap();
    // Every change is made before one request, so a walk that stops makes few.
    assert!(model.n_requests <= 2 * plan.changes.len() + plan.n_entries as usize + 3);
    let there = model.entries.iter().map(|entry| entry.id).filter(|id| *id < plan.n_entries);
    (there.filter(|id| !seen.contains(id)).collect(), model.n_deleted)
}

fn plans() -> impl Strategy<Value = Plan> {
    let change = prop_oneof![
        any::<usize>().prop_map(Change::Insert),
        any::<usize>().prop_map(Change::Update),
        any::<usize>().prop_map(Change::Delete),
        Just(Change::Skip),
    ];
    let changes = prop::collection::vec(prop::option::of(change), 0..12);
    (0..25_u32, 1..6_usize, changes, any::<bool>()).prop_map(
        |(n_entries, per_page, changes, is_ahead)| Plan { n_entries, per_page, changes, is_ahead },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn cursors_lose_nothing(plan in plans()) {
        prop_assert_eq!(missed(SearchThings, &plan).0, BTreeSet::new());
        prop_assert_eq!(missed(ListThings, &plan).0, BTreeSet::new());
        prop_assert_eq!(missed(NextThings, &plan).0, BTreeSet::new());
    }

    #[test]
    fn a_scroll_and_a_single_page_lose_nothing(plan in plans()) {
        prop_assert_eq!(missed(ScrollThings, &plan).0, BTreeSet::new());
        prop_assert_eq!(missed(AllThings, &plan).0, BTreeSet::new());
    }

    #[test]
    fn numbers_lose_at_most_one_entry_a_deletion(plan in plans()) {
        for (missed, n_deleted) in [missed(NumberThings, &plan), missed(LinkThings, &plan)] {
            prop_assert!(missed.len() <= n_deleted, "{missed:?} after {n_deleted} deletions");
        }
    }
}
