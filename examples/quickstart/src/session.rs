//! The wiring: an invented workspace, a client that talks to it in memory, a store, a sync.

use std::sync::Arc;

use anyhow::{Context, anyhow};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::America::New_York;
use intercom_client::{Client, ClientSettings};
use intercom_engagement::{Directory, Sessions};
use intercom_revenue::Period;
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, server};
use intercom_store::{Store, StoreError, Stream, Workspace};
use intercom_sync::{MrrReport, RunReport, Sync, SyncSettings, waterfall};
use program::{BadSetting, complain};
use serde_json::json;
use tokio::net::TcpListener;

use crate::arguments::Arguments;
use crate::document::TopCustomer;
use crate::progress::Bars;

/// Everything that lives as long as the program.
pub(crate) struct Session {
    simulated: SimTransport,
    sync: Sync,
    settings: SyncSettings,
    store: Arc<dyn Store>,
    workspace: Workspace,
    /// With `--once --now` the times of the syncs do not depend on how long they take.
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
            if !address.ip().is_loopback() {
                return Err(anyhow!(BadSetting))
                    .with_context(|| format!("--listen {address}: not a loopback address"));
            }
            let listener = TcpListener::bind(address)
                .await
                .with_context(|| format!("--listen {address}: the port cannot be opened"))?;
            complain(&format!("the workspace answers at http://{}", listener.local_addr()?));
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
        let opened = intercom_store::open(&url).await.map_err(|error| match &error {
            StoreError::InvalidUrl { .. } => anyhow!(error).context(BadSetting),
            _ => error.into(),
        });
        let store = opened.context("the database cannot be used")?;
        let client = Client::new(Arc::new(simulated.clone()), ClientSettings::default());
        // Parts take a call for each conversation: two minutes of the simulated rate limit.
        let streams = Stream::ALL.into_iter().filter(|stream| *stream != Stream::Parts).collect();
        let settings = SyncSettings { streams, ..SyncSettings::default() };
        let sync = Sync::new(client, store.clone(), settings.clone());
        let workspace = sync.workspace(now).await?;
        let is_frozen = arguments.once && arguments.now.is_some();
        Ok(Self { simulated, sync, settings, store, workspace, is_frozen, _folder: folder })
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

    /// The time of the sync after the one reported: not before that one ended, and a second later at
    /// least, because history is kept by the second. A time that does not depend on how long syncs
    /// take is a minute later, or as many as the sync took.
    pub(crate) fn now_after(&self, before: &RunReport) -> DateTime<Utc> {
        let took_for = before.took_for.as_secs();
        let whole_seconds = |seconds| TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0));
        match self.is_frozen {
            true => before.started_at + whole_seconds((took_for / 60 + 1) * 60),
            false => self.now().max(before.started_at + whole_seconds(took_for + 1)),
        }
    }

    /// How MRR moved after the sync at `first`, up to and with the one at `second`.
    pub(crate) async fn movements(
        &self,
        first: DateTime<Utc>,
        second: DateTime<Utc>,
    ) -> anyhow::Result<MrrReport> {
        // A period ends before its end.
        let after = |sync: DateTime<Utc>| sync.trunc_subsecs(0) + TimeDelta::seconds(1);
        let period = Period { starts_at: after(first), ends_at: after(second) };
        Ok(waterfall(self.store.as_ref(), &self.workspace, &self.settings, period).await?)
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

    /// Moves the first customers to a plan of twice the price, behind the API's back, and lets the
    /// payment of the last of them fail; returns how many.
    pub(crate) async fn move_to_enterprise(&self, n: u32) -> anyhow::Result<usize> {
        let top = self.store.top_customers(&self.workspace, n).await?;
        let now = self.simulated.now();
        self.simulated.with(|simulator| {
            for (rank, (_, customer)) in top.iter().enumerate() {
                let amount = customer.mrr.unwrap_or(0).saturating_mul(2);
                let currency = customer.currency.map(|currency| currency.to_string());
                let plan = json!({ "amount": amount, "currency": currency, "interval": "month" });
                let attributes = json!({
                    "stripe_plan": "Enterprise Plus",
                    "stripe_delinquent": rank + 1 == top.len(),
                    "Stripe Subscriptions": [{ "id": "sub_plus", "status": "active", "plan": plan }],
                });
                let patch = json!({ "custom_attributes": attributes });
                let workspace = simulator.workspace_mut();
                workspace.update_contact(&customer.intercom_contact_id, patch, now)?;
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
