//! The wiring: an invented workspace, a client that talks to it in memory, a store, a sync.

use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::America::New_York;
use intercom_client::{Client, ClientSettings};
use intercom_engagement::{Directory, Sessions};
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, server};
use intercom_store::{Store, Stream, Workspace};
use intercom_sync::{RunReport, Sync, SyncSettings};
use serde_json::json;
use tokio::net::TcpListener;

use crate::arguments::Arguments;
use crate::document::TopCustomer;
use crate::progress::Bars;

/// Everything that lives as long as the program.
pub(crate) struct Session {
    simulated: SimTransport,
    sync: Sync,
    store: Arc<dyn Store>,
    workspace: Workspace,
    /// With `--once --now` the time of the syncs stands still.
    is_frozen: bool,
    /// Holds the database; gone when the program ends.
    _folder: Option<tempfile::TempDir>,
}

/// What reports are computed from.
pub(crate) struct Stored {
    pub(crate) sessions: Sessions,
    pub(crate) directory: Directory,
}

impl Session {
    /// Invents the workspace, opens the store and identifies the workspace.
    pub(crate) async fn start(arguments: &Arguments, now: DateTime<Utc>) -> anyhow::Result<Self> {
        let simulated = invent(arguments, now);
        if let Some(address) = arguments.listen {
            ensure!(address.ip().is_loopback(), "--listen {address}: not a loopback address");
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("--listen {address}: the port cannot be opened"))?;
            eprintln!("the workspace answers at http://{}", listener.local_addr()?);
            tokio::spawn(server::serve(listener, simulated.clone()));
        }
        let (folder, url) = match &arguments.database {
            Some(url) => (None, url.clone()),
            None => {
                let folder = tempfile::Builder::new().prefix("quickstart-").tempdir()?;
                let url = format!("sqlite://{}", folder.path().join("intercom.db").display());
                (Some(folder), url)
            }
        };
        let store = intercom_store::open(&url).await.context("the database cannot be used")?;
        let client = Client::new(Arc::new(simulated.clone()), ClientSettings::default());
        // Parts take a call for each conversation: two minutes of the simulated rate limit.
        let streams = Stream::ALL.into_iter().filter(|stream| *stream != Stream::Parts).collect();
        let settings = SyncSettings { streams, ..SyncSettings::default() };
        let sync = Sync::new(client, store.clone(), settings);
        let workspace = sync.workspace(now).await?;
        let is_frozen = arguments.once && arguments.now.is_some();
        Ok(Self { simulated, sync, store, workspace, is_frozen, _folder: folder })
    }

    /// Syncs with progress bars on standard error.
    pub(crate) async fn sync(&self, now: DateTime<Utc>) -> anyhow::Result<RunReport> {
        let bars = Bars::new();
        let report = self.sync.run(now, &bars).await;
        bars.clear();
        Ok(report?)
    }

    /// The workspace's time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.simulated.now(), 0).unwrap_or_default()
    }

    /// The time of the sync after the one at `before`.
    pub(crate) fn now_after(&self, before: DateTime<Utc>) -> DateTime<Utc> {
        if self.is_frozen { before } else { self.now().max(before) }
    }

    /// The customers with the highest MRR.
    pub(crate) async fn top_customers(&self, n: u32) -> anyhow::Result<Vec<TopCustomer>> {
        let top = self.store.top_customers(&self.workspace, n).await?;
        Ok(top.into_iter().map(|(email, row)| TopCustomer::new(email, row)).collect())
    }

    /// Sessions, members and coaches, as stored.
    pub(crate) async fn stored(&self) -> anyhow::Result<Stored> {
        Ok(Stored {
            sessions: self.store.sessions(&self.workspace).await?,
            directory: self.store.directory(&self.workspace).await?,
        })
    }

    /// Moves the first customers to another plan, behind the API's back; returns how many.
    pub(crate) async fn move_to_enterprise(&self, n: u32) -> anyhow::Result<usize> {
        let top = self.store.top_customers(&self.workspace, n).await?;
        let now = self.simulated.now();
        self.simulated.with(|simulator| {
            for (_, customer) in &top {
                let plan = json!({ "custom_attributes": { "stripe_plan": "Enterprise Plus" } });
                let workspace = simulator.workspace_mut();
                workspace.update_contact(&customer.intercom_contact_id, plan, now)?;
            }
            Ok(top.len())
        })
    }

    /// Invents some changes in the workspace.
    pub(crate) fn live(&self, n_changes: u32) {
        let now = self.simulated.now();
        self.simulated.with(|simulator| simulator.live(n_changes, now));
    }
}

fn invent(arguments: &Arguments, now: DateTime<Utc>) -> SimTransport {
    // The invention ends a second ago, so that nothing in it is later than the first sync.
    let invention = Invention {
        contacts: arguments.contacts,
        conversations: arguments.contacts.saturating_mul(4),
        seed: arguments.seed,
        now: (now - TimeDelta::seconds(1)).timestamp(),
        timezone: New_York,
    };
    let workspace = intercom_sim::Workspace::invent(&invention);
    let simulator = Simulator::new(workspace, SimSettings::default());
    SimTransport::new(simulator, SimClock::running(now.timestamp()))
}
