//! A simulated workspace, the store it is synchronised into, and a clock that cases move.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_api::admins::ListAdmins;
use intercom_api::companies::ScrollCompanies;
use intercom_api::contacts::SearchContacts;
use intercom_api::conversations::SearchConversations;
use intercom_api::data_attributes::ListDataAttributes;
use intercom_api::segments::ListSegments;
use intercom_api::tags::ListTags;
use intercom_api::teams::ListTeams;
use intercom_api::{
    ApiVersion, Cursor, Endpoint, Id, Method, Operator, Paged, Query, Request, Safety,
    SearchRequest,
};
use intercom_client::{Client, ClientSettings, Page, RetryPolicy, Transport};
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace};
use intercom_store::{CustomerRow, RunRow, SharedBilling, Store, Stream};
use intercom_sync::{Extent, Newcomers, RunReport, Silent, Sync, SyncError, SyncSettings};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::database::Database;

/// The instant at which the cases begin: 2025-11-21 17:00 UTC.
pub(crate) const NOW: i64 = 1_763_744_400;

pub(crate) struct World {
    /// The id of the workspace.
    id: String,
    pub(crate) sim: SimTransport,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: SyncSettings,
}

/// Few, so that a small workspace has several pages.
pub(crate) const PER_PAGE: u32 = 25;

pub(crate) fn invention(contacts: u32, conversations: u32) -> Invention {
    Invention { contacts, conversations, now: NOW, ..Invention::default() }
}

pub(crate) fn sim_settings() -> SimSettings {
    SimSettings { rate_limit: None, ..SimSettings::default() }
}

impl World {
    /// A workspace of 60 contacts and 200 conversations.
    pub(crate) fn new(on: &Database) -> Self {
        Self::with(on, sim_settings())
    }

    pub(crate) fn with(on: &Database, settings: SimSettings) -> Self {
        Self::invent(invention(60, 200), settings, Arc::clone(&on.store))
    }

    /// A workspace without contacts and conversations.
    pub(crate) fn empty(on: &Database) -> Self {
        Self::invent(invention(0, 0), sim_settings(), Arc::clone(&on.store))
    }

    pub(crate) fn invent(
        invention: Invention,
        settings: SimSettings,
        store: Arc<dyn Store>,
    ) -> Self {
        let id = format!("sim{:05x}", invention.seed);
        let streams = vec![Stream::Admins, Stream::Contacts, Stream::Conversations];
        let newcomers = Newcomers::Welcome;
        let sync =
            SyncSettings { per_page: PER_PAGE, streams, newcomers, ..SyncSettings::default() };
        let over = |workspace, settings| {
            SimTransport::new(Simulator::new(workspace, settings), SimClock::frozen(NOW))
        };
        let mut workspace = Workspace::invent(&invention);
        let sim = over(workspace.clone(), sim_settings());
        let world = Self { id, sim, store, settings: sync };
        world.keep_asleep(&mut workspace);
        Self { sim: over(workspace, settings), ..world }
    }

    /// The same workspace and another way into its store.
    pub(crate) fn beside(&self, store: Arc<dyn Store>) -> Self {
        let (id, sim, settings) = (self.id.clone(), self.sim.clone(), self.settings.clone());
        Self { id, sim, store, settings }
    }

    /// Snoozed conversations stay so: only what a case does changes the workspace.
    fn keep_asleep(&self, workspace: &mut Workspace) {
        for (id, record) in self.records(Stream::Conversations) {
            let mut record: Value = serde_json::from_str(&record).expect("JSON");
            if record["snoozed_until"].is_null() {
                continue;
            }
            let patch = json!({
                "snoozed_until": NOW + 3_650 * 86_400,
                "updated_at": record["updated_at"].take(),
            });
            workspace.update_conversation(&id, patch, NOW).expect("the conversation exists");
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.sim.now(), 0).expect("in range")
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.sim.clock().advance(seconds);
    }

    /// A run that ends.
    pub(crate) async fn sync(&self) -> RunReport {
        self.run_over(Arc::new(self.sim.clone())).await.expect("the run ends")
    }

    /// A run over everything that ends.
    pub(crate) async fn sync_whole(&self) -> RunReport {
        let run = self.run_extent(Extent::Whole, Arc::new(self.sim.clone()));
        run.await.expect("the run ends")
    }

    /// A run over another transport to the same workspace.
    pub(crate) async fn run_over(
        &self,
        transport: Arc<dyn Transport>,
    ) -> Result<RunReport, SyncError> {
        self.run_extent(Extent::Changed, transport).await
    }

    pub(crate) async fn run_extent(
        &self,
        extent: Extent,
        transport: Arc<dyn Transport>,
    ) -> Result<RunReport, SyncError> {
        // A wait teaches nothing here: every attempt follows at once.
        let retry = RetryPolicy { base_delay: Duration::ZERO, ..RetryPolicy::default() };
        let client = Client::new(transport, ClientSettings { retry, ..ClientSettings::default() });
        let sync = Sync::new(client, Arc::clone(&self.store), self.settings.clone());
        sync.run_over(extent, self.now(), &Silent).await
    }

    /// A run over a transport that leaves streams behind.
    pub(crate) async fn break_off(&self, transport: Arc<dyn Transport>) -> RunReport {
        let report = self.run_over(transport).await.expect("the run ends");
        assert!(!report.is_complete(), "{report:?}");
        report
    }

    /// The workspace as the store knows it.
    pub(crate) async fn workspace(&self) -> intercom_store::Workspace {
        let mut known = self.store.workspaces().await.expect("workspaces").into_iter();
        known.find(|workspace| workspace.id() == self.id).expect("the workspace is known")
    }

    pub(crate) async fn last_run(&self) -> RunRow {
        let runs = self.store.last_runs(&self.workspace().await, 1).await;
        runs.expect("runs").remove(0)
    }

    pub(crate) async fn customer(&self, email: &str) -> Option<CustomerRow> {
        let customers = self.store.customers_by_emails(&self.workspace().await, &[email]).await;
        customers.expect("customers").remove(email)
    }

    /// Ids of the contacts, oldest first.
    pub(crate) fn contact_ids(&self) -> Vec<String> {
        self.sim.with(|sim| sim.workspace().contact_ids().map(str::to_owned).collect())
    }

    pub(crate) fn create_contact(&self, fields: Value) -> String {
        let now = self.sim.now();
        let created = self.sim.with(|sim| sim.workspace_mut().create_contact(fields, now));
        created.expect("the fields fit")
    }

    pub(crate) fn update_contact(&self, id: &str, patch: Value) {
        let now = self.sim.now();
        let updated = self.sim.with(|sim| sim.workspace_mut().update_contact(id, patch, now));
        updated.expect("the patch fits");
    }

    /// A conversation that a contact begins.
    pub(crate) fn begin_conversation(&self, contact_id: &str, body: &str) {
        let endpoint = endpoint("CreateConversation", "/conversations");
        let from = json!({"type": "user", "id": contact_id});
        let answer = self.post(&endpoint, &json!({"from": from, "body": body}));
        assert_eq!(answer.status, 200);
    }

    fn post(&self, endpoint: &Endpoint, body: &Value) -> intercom_api::Response {
        let mut request = Request::new(endpoint, ApiVersion::V2_16, &[]).expect("a request");
        request.set_json(body).expect("JSON");
        let now = self.sim.now();
        self.sim.with(|sim| match endpoint.operation {
            "CreateConversation" => sim.handle(&request, now),
            // The same workspace behind an index without a lag.
            _ => Simulator::new(sim.workspace().clone(), sim_settings()).handle(&request, now),
        })
    }

    /// Every record of a stream by id, as the API sends it.
    pub(crate) fn records(&self, stream: Stream) -> BTreeMap<String, String> {
        match stream {
            Stream::Contacts => self.all::<SearchContacts>("/contacts/search"),
            Stream::Conversations => self.all::<SearchConversations>("/conversations/search"),
            Stream::Parts => self.parts(),
            Stream::Admins => self.list::<ListAdmins>("/admins"),
            Stream::Companies => self.list::<ScrollCompanies>("/companies/scroll"),
            Stream::Teams => self.list::<ListTeams>("/teams"),
            Stream::Tags => self.list::<ListTags>("/tags"),
            Stream::Segments => self.list::<ListSegments>("/segments"),
            Stream::DataAttributes => {
                self.list::<ListDataAttributes>("/data_attributes?include_archived=true")
            }
        }
    }

    /// The parts that the API shows of every conversation.
    fn parts(&self) -> BTreeMap<String, String> {
        // The same workspace without a rate limit and without statistics of calls.
        let workspace = self.sim.with(|sim| sim.workspace().clone());
        let mut simulator = Simulator::new(workspace, sim_settings());
        let mut records = BTreeMap::new();
        for id in self.records(Stream::Conversations).into_keys() {
            let target = format!("/conversations/{id}");
            let request = Request::raw(Method::Get, Safety::Read, &target, ApiVersion::V2_16);
            let answer = simulator.handle(&request, self.sim.now());
            let answer: WithParts = serde_json::from_slice(&answer.body).expect("a conversation");
            for part in answer.conversation_parts.conversation_parts {
                let named: Named = serde_json::from_str(part.get()).expect("an id");
                records.insert(named.id.as_str().to_owned(), part.get().to_owned());
            }
        }
        records
    }

    fn all<O: Paged>(&self, route: &'static str) -> BTreeMap<String, String> {
        let mut records = BTreeMap::new();
        let everything = SearchRequest::new(everything()).per_page(150);
        for page in self.walk::<O>(route, everything) {
            for item in page.view().expect("a page").items {
                let named: Named = serde_json::from_str(item).expect("an id");
                records.insert(named.id.as_str().to_owned(), item.to_owned());
            }
        }
        records
    }

    /// Of a list that has one page, or of a scroll until it closes.
    fn list<O: Paged>(&self, target: &'static str) -> BTreeMap<String, String> {
        // Later than any scroll lasts.
        let later = self.sim.now() + 86_400;
        let mut records = BTreeMap::new();
        let mut target = target.to_owned();
        loop {
            let request = Request::raw(Method::Get, Safety::Read, &target, ApiVersion::V2_16);
            let answer = self.sim.with(|sim| sim.handle(&request, later));
            let page = Page::<O>::read(answer).expect("a page");
            for item in page.view().expect("a page").items {
                let value: Value = serde_json::from_str(item).expect("JSON");
                let text = |name: &str| value[name].as_str().expect("a text").to_owned();
                let id = match O::NAME {
                    "ListDataAttributes" => format!("{}:{}", text("model"), text("full_name")),
                    _ => text("id"),
                };
                records.insert(id, item.to_owned());
            }
            match page.next() {
                Some(Cursor::Scroll(next)) if !page.is_empty() => {
                    target = format!("/companies/scroll?scroll_param={next}");
                }
                _ => return records,
            }
        }
    }

    /// The cursors of a walk over everything, by the time of the last change.
    pub(crate) fn cursors(&self, stream: Stream, per_page: u32) -> Vec<String> {
        assert_eq!(stream, Stream::Contacts);
        let search = SearchRequest::new(everything()).ascending("updated_at").per_page(per_page);
        let pages = self.walk::<SearchContacts>("/contacts/search", search);
        let next = pages.iter().filter_map(|page| match page.next() {
            Some(Cursor::After(next)) => Some(next.clone()),
            _ => None,
        });
        next.collect()
    }

    fn walk<O: Paged>(&self, route: &'static str, mut search: SearchRequest) -> Vec<Page<O>> {
        let mut pages = Vec::new();
        loop {
            let body = serde_json::to_value(&search).expect("JSON");
            let answer = self.post(&endpoint(O::NAME, route), &body);
            let page = Page::<O>::read(answer).expect("a page");
            let next = page.next().cloned();
            pages.push(page);
            match next {
                Some(Cursor::After(next)) => search.pagination.starting_after = Some(next),
                _ => return pages,
            }
        }
    }

    /// Every record of a stream by id, as the store has it; only those asked for can be known.
    pub(crate) async fn stored(&self, stream: Stream) -> BTreeMap<String, String> {
        let ids: Vec<String> = self.records(stream).into_keys().collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let bodies = self.store.bodies(&self.workspace().await, stream, &ids).await;
        let text = |body: bytes::Bytes| String::from_utf8(body.to_vec()).expect("JSON is UTF-8");
        bodies.expect("bodies").into_iter().map(|(id, body)| (id, text(body))).collect()
    }

    /// The store holds what the workspace holds.
    pub(crate) async fn check_mirror(&self) {
        self.check_mirror_of(&[Stream::Contacts, Stream::Conversations]).await;
    }

    pub(crate) async fn check_mirror_of(&self, streams: &[Stream]) {
        for &stream in streams {
            let (expected, stored) = (self.records(stream), self.stored(stream).await);
            let differs = |id: &&String| expected.get(*id) != stored.get(*id);
            let differing: Vec<&String> = expected.keys().filter(differs).collect();
            assert!(differing.is_empty(), "{stream} differ: {differing:?}");
        }
    }
}

impl World {
    /// The store holds what the workspace holds, and nothing else.
    pub(crate) async fn check_exact_mirror(&self) {
        self.check_mirror().await;
        let workspace = self.workspace().await;
        for stream in [Stream::Contacts, Stream::Conversations] {
            let ids = self.store.ids(&workspace, stream, "", 10_000).await.expect("ids");
            let mut expected: Vec<String> = self.records(stream).into_keys().collect();
            expected.sort();
            assert_eq!(ids, expected, "{stream}");
        }
    }

    /// A call that the workspace accepts.
    pub(crate) fn call(&self, method: Method, target: &str) {
        assert_eq!(self.ask(method, target).status, 200, "{target}");
    }

    pub(crate) fn ask(&self, method: Method, target: &str) -> intercom_api::Response {
        let request = Request::raw(method, Safety::Once, target, ApiVersion::V2_16);
        let now = self.sim.now();
        self.sim.with(|sim| sim.handle(&request, now))
    }
}

/// What the reports and the customers are made of, to compare two stores.
pub(crate) async fn derived(world: &World) -> impl PartialEq + std::fmt::Debug + use<> {
    let workspace = world.workspace().await;
    let mut customers = world.store.top_customers(&workspace, 1_000).await.expect("customers");
    for (_, row) in &mut customers {
        row.last_intercom_sync = None;
    }
    let totals = world.store.customer_totals(&workspace).await.expect("totals");
    let mrr = world.store.mrr_totals(&workspace, SharedBilling::Once).await.expect("totals");
    let sessions = world.store.sessions(&workspace).await.expect("sessions");
    (customers, totals, mrr, sessions.len())
}

#[derive(Deserialize)]
struct WithParts {
    conversation_parts: PartList,
}

#[derive(Deserialize)]
struct PartList {
    conversation_parts: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Named {
    id: Id,
}

fn everything() -> Query {
    Query::field("updated_at", Operator::GreaterThan, 0)
}

fn endpoint(operation: &'static str, route: &'static str) -> Endpoint {
    Endpoint { operation, safety: Safety::Read, method: Method::Post, route }
}
