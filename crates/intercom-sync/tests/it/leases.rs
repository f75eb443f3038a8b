//! One run at a time, and one rate limit for all.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use intercom_api::admins::RetrieveMe;
use intercom_api::{Request, Response};
use intercom_client::{
    BudgetSettings, Client, ClientSettings, LeaseFallback, LeaseTurn, RateLease, Transport,
    TransportError,
};
use intercom_sim::SimSettings;
use intercom_store::{LeaseOutcome, Stream};
use intercom_sync::{RunReport, StoreCalls, SyncError};
use tokio::sync::{Notify, mpsc};

use crate::database::Database;
use crate::meddler::{CONTACTS, Meddler, goes_on};
use crate::refusals::in_words;
use crate::world::{World, sim_settings};

/// A transport on which the second page of contacts is long in coming.
pub(crate) struct Gate {
    inner: Arc<dyn Transport>,
    pub(crate) reached: Notify,
    pub(crate) opened: Notify,
}

impl Gate {
    pub(crate) fn new(world: &World) -> Arc<Self> {
        let inner = Arc::new(world.sim.clone());
        Arc::new(Self { inner, reached: Notify::new(), opened: Notify::new() })
    }
}

#[async_trait]
impl Transport for Gate {
    async fn send(&self, request: &Request) -> Result<Response, TransportError> {
        if request.operation == CONTACTS && goes_on(request) {
            self.reached.notify_one();
            self.opened.notified().await;
            self.opened.notify_one();
        }
        self.inner.send(request).await
    }
}

/// A run that has come to the gate.
pub(crate) async fn run_to(
    gate: &Arc<Gate>,
    world: &Arc<World>,
) -> tokio::task::JoinHandle<Result<RunReport, SyncError>> {
    let (run, transport) = (Arc::clone(world), Arc::clone(gate));
    let run = tokio::spawn(async move { run.run_over(transport).await });
    gate.reached.notified().await;
    run
}

async fn refused(world: &World) -> String {
    let error = world.run_over(Arc::new(world.sim.clone())).await.expect_err("the run is refused");
    assert!(matches!(error, SyncError::Held { .. }), "{error:?}");
    in_words(&error)
}

impl Database {
    /// What a minute of silence does to leases.
    pub(crate) async fn expire_leases(&self) {
        self.execute("UPDATE leases SET expires_at = expires_at - 60000").await;
    }
}

pub(crate) async fn the_second_of_two_runs_says_who_has_the_workspace(on: &Database) {
    let mut world = World::new(on);
    world.settings.holder = "night shift".to_owned();
    let world = Arc::new(world);
    let gate = Gate::new(&world);
    let first = run_to(&gate, &world).await;
    let words = refused(&world).await;
    let start = "workspace sim00001 is being synchronised by night shift, whose lease lasts until ";
    assert!(words.starts_with(start) && words.ends_with(" UTC"), "{words}");
    gate.opened.notify_one();
    let report = first.await.expect("no panic").expect("the run ends");
    assert!(report.is_complete());
    assert_eq!(world.last_run().await.id.0, 1, "the refused run left no trace");
    world.check_mirror().await;

    world.advance(60);
    assert!(world.sync().await.is_complete());
}

pub(crate) async fn a_failed_run_gives_the_workspace_back(on: &Database) {
    let world = World::new(on);
    let revoked = Meddler::refusing(&world.sim, CONTACTS, 401, "Access Token Invalid");
    world.run_over(revoked).await.expect_err("the run fails");
    assert!(world.sync().await.is_complete());
}

pub(crate) async fn the_workspace_of_a_killed_run_is_taken_over_after_its_lease(on: &Database) {
    let world = Arc::new(World::new(on));
    let gate = Gate::new(&world);
    let killed = run_to(&gate, &world).await;
    killed.abort();
    killed.await.expect_err("the run is gone");
    refused(&world).await;
    on.expire_leases().await;
    assert!(world.sync().await.is_complete());
    world.check_mirror().await;
}

pub(crate) async fn a_run_that_lost_the_workspace_writes_nothing_more(on: &Database) {
    let world = Arc::new(World::new(on));
    let gate = Gate::new(&world);
    let stalled = run_to(&gate, &world).await;
    on.expire_leases().await;
    assert!(world.sync().await.is_complete());
    let workspace = world.workspace().await;
    let bookmark = || world.store.bookmark(&workspace, Stream::Contacts);
    let before = bookmark().await.expect("a bookmark");
    gate.opened.notify_one();
    let error = stalled.await.expect("no panic").expect_err("the run fails");
    let words = in_words(&error);
    assert!(words.ends_with("another process has taken over sync"), "{words}");
    assert_eq!(bookmark().await.expect("a bookmark"), before);
    let outcome = world.store.acquire_lease(&workspace, "sync", "x", Duration::ZERO).await;
    assert!(matches!(outcome.expect("an answer"), LeaseOutcome::Acquired { .. }));
}

/// Two processes with a store each, and a server whose window does not end.
pub(crate) async fn processes_use_a_window_up_and_no_call_is_refused(on: &Database) {
    const LIMIT: u32 = 20;
    let world = World::with(on, SimSettings { rate_limit: Some(LIMIT), ..sim_settings() });
    let token = "dG9rOjEyMzQ1Njc4".into();
    let mut leases: Vec<Arc<StoreCalls>> = Vec::new();
    for _ in 0..2 {
        leases.push(Arc::new(StoreCalls::new(on.another_store().await, &token)));
    }
    let (answered, mut answers) = mpsc::unbounded_channel();
    let callers = leases.iter().flat_map(|lease| {
        let budget =
            BudgetSettings { lease_fallback: LeaseFallback::Pause, ..BudgetSettings::default() };
        let settings =
            ClientSettings { lease: Some(lease.clone()), budget, ..ClientSettings::default() };
        let client = Client::new(Arc::new(world.sim.clone()), settings);
        let answered = answered.clone();
        (0..LIMIT).map(move |_| {
            let (client, answered) = (client.clone(), answered.clone());
            async move {
                client.execute(&RetrieveMe).await.expect("the call is answered");
                let _ = answered.send(());
            }
        })
    });
    let used_up = async {
        for _ in 0..LIMIT {
            answers.recv().await.expect("a call is answered");
        }
    };
    tokio::select! {
        () = used_up => {}
        _ = join_all(callers) => panic!("twice as many calls as the window has"),
    }
    for lease in leases {
        let mut turn = LeaseTurn::default();
        turn.wanted = 5;
        assert_eq!(lease.turn(&turn).await.expect("a grant").n_calls(), 0);
    }
    // All that were sent were answered.
    let n_sent = world.sim.with(|sim| sim.stats().calls("GET /me"));
    assert_eq!(n_sent, u64::from(LIMIT));
}
