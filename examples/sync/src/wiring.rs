//! From settings to a store, a client and a sync.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use chrono::{DateTime, Utc};
use intercom_client::{Client, ClientSettings, HttpSettings, Origin, SettingsError};
use intercom_store::{Store, StoreError, Workspace};
use intercom_sync::{StoreCalls, Sync, SyncSettings, read_settings};
use program::{BadSetting, Environment};

use crate::arguments::Common;

/// Where the mirror is stored when nobody says.
const DATABASE: &str = "sqlite://intercom.db";

/// How long the end of the program waits for the shared rate limit to be told of its last calls.
const LAST_TURN: Duration = Duration::from_secs(5);

/// How a command ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything is done.
    Done,
    /// Something was left behind, and was named.
    LeftBehind,
}

/// What a command works with.
pub(crate) struct Wiring {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) client: Client,
}

impl Wiring {
    /// Checks the settings, opens the store and makes a client that shares its calls through it.
    pub(crate) async fn new(common: &Common, environment: &Environment) -> anyhow::Result<Self> {
        // Before the database is touched.
        http(common, environment)?;
        Self::over(open(common, environment).await?, common, environment)
    }

    /// The same over a database that is there.
    pub(crate) async fn existing(
        common: &Common,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        http(common, environment)?;
        Self::over(open_existing(common, environment).await?, common, environment)
    }

    /// The same over a store that is open.
    pub(crate) fn over(
        store: Arc<dyn Store>,
        common: &Common,
        environment: &Environment,
    ) -> anyhow::Result<Self> {
        let http = http(common, environment)?;
        let lease = StoreCalls::new(Arc::clone(&store), &http.token);
        let mut settings =
            ClientSettings { lease: Some(Arc::new(lease)), ..ClientSettings::default() };
        if let Some(version) = environment.get("INTERCOM_VERSION") {
            let version = version.trim().parse().context(BadSetting);
            settings.version =
                version.context("INTERCOM_VERSION is not a version of the API, such as 2.16")?;
        }
        let client = Client::http(http, settings).context(BadSetting)?;
        Ok(Self { store, client })
    }

    /// Gives back what was lent of the rate limit: others would wait for it.
    pub(crate) async fn close(&self) {
        self.client.settle(LAST_TURN).await;
    }

    /// A sync of the workspace that the token belongs to.
    pub(crate) fn sync(&self, settings: SyncSettings) -> Sync {
        Sync::new(self.client.clone(), Arc::clone(&self.store), settings)
    }
}

/// How the API is reached; no call is made.
fn http(common: &Common, environment: &Environment) -> anyhow::Result<HttpSettings> {
    let token = environment.token().context(BadSetting).context(
        "the API needs an access token; set INTERCOM_ACCESS_TOKEN in the environment or in .env",
    )?;
    let origin = origin(common, environment).context(BadSetting)?;
    let mut http = HttpSettings { origin, ..HttpSettings::new(token) };
    if let Some(user_agent) = environment.get("INTERCOM_USER_AGENT_HEADER") {
        http.user_agent = user_agent;
    }
    Ok(http)
}

/// Where the API is: flags, then the environment, then the region's.
pub(crate) fn origin(common: &Common, environment: &Environment) -> Result<Origin, SettingsError> {
    if let Some(origin) = &common.api_base {
        return Ok(origin.clone());
    }
    if let Some(region) = common.region {
        return Ok(Origin::region(region));
    }
    if let Some(base) = environment.get("INTERCOM_API_BASE") {
        return Origin::parse(&base);
    }
    let region = environment.get("INTERCOM_REGION").map(|region| region.parse()).transpose()?;
    Ok(Origin::region(region.unwrap_or_default()))
}

/// Opens the database and brings its schema up to date.
pub(crate) async fn open(
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Arc<dyn Store>> {
    open_url(&url(common, environment)?).await
}

/// Opens the store for a command that only looks at what is there, or takes something away: a path
/// that is mistyped makes no new database.
pub(crate) async fn open_existing(
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<Arc<dyn Store>> {
    let url = url(common, environment)?;
    match url.starts_with("sqlite:") && !url.contains('?') {
        true => open_url(&format!("{url}?mode=rw")).await,
        false => open_url(&url).await,
    }
}

async fn open_url(url: &str) -> anyhow::Result<Arc<dyn Store>> {
    let opened = intercom_store::open(url).await.map_err(|error| match &error {
        StoreError::InvalidUrl { .. } => anyhow!(error).context(BadSetting),
        _ => error.into(),
    });
    opened.context("the database cannot be used")
}

fn url(common: &Common, environment: &Environment) -> anyhow::Result<String> {
    // Bad settings are told by every command, not only by those that use them.
    sync_settings(common, environment)?;
    let url = common.database.clone().or_else(|| environment.get("DATABASE_URL"));
    Ok(url.unwrap_or_else(|| DATABASE.to_owned()))
}

/// The workspace of a store: the one that is named, or the only one.
pub(crate) async fn workspace(store: &dyn Store, id: Option<&str>) -> anyhow::Result<Workspace> {
    let mut known = store.workspaces().await?;
    if let Some(id) = id {
        let named = known.into_iter().find(|known| known.id() == id);
        return named.with_context(|| format!("the database holds no workspace {id}"));
    }
    match (known.len(), known.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => bail!("the database holds no workspace yet; `sync run` makes one"),
        (n, _) => bail!("the database holds {n} workspaces; name one with --workspace"),
    }
}

/// What is read and how, from flags, the environment and the settings file.
pub(crate) fn sync_settings(
    common: &Common,
    environment: &Environment,
) -> anyhow::Result<SyncSettings> {
    let settings = match &common.settings {
        Some(file) => read_file(file)
            .context(BadSetting)
            .with_context(|| format!("{} cannot be used", file.display()))?,
        None => SyncSettings::default(),
    };
    let timezone = match (common.timezone, environment.get("REPORT_TIMEZONE")) {
        (Some(zone), _) => Some(zone),
        (None, Some(name)) => {
            let zone = name.trim().parse().context(BadSetting);
            Some(zone.context("REPORT_TIMEZONE is not a zone such as Europe/Berlin")?)
        }
        (None, None) => settings.timezone,
    };
    let checked = SyncSettings { timezone, ..settings }.checked_at(now(common));
    checked.context(BadSetting).context("the settings cannot be used")
}

/// When the command began.
pub(crate) fn now(common: &Common) -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "the program's clock, unless --now is given")]
    common.now.unwrap_or_else(|| std::time::SystemTime::now().into())
}

fn read_file(file: &Path) -> anyhow::Result<SyncSettings> {
    Ok(read_settings(&std::fs::read_to_string(file)?)?)
}
