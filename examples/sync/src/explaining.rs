//! `sync explain`: where each value of a customer comes from.

use anyhow::Context;
use chrono::{DateTime, Utc};
use program::{Environment, say};

use crate::arguments::{Common, Explain};
use crate::wiring::{self, Verdict, sync_settings};

pub(crate) async fn run(
    common: &Common,
    arguments: &Explain,
    now: DateTime<Utc>,
) -> anyhow::Result<Verdict> {
    let environment = Environment::read()?;
    let settings = sync_settings(common, &environment)?;
    let store = wiring::open_existing(common, &environment).await?;
    let store = store.as_ref();
    let workspace = wiring::workspace(store, arguments.workspace.as_deref()).await?;
    let explained =
        intercom_sync::explain(store, &workspace, &settings, &arguments.customer, now).await?;
    if let Some(explained) = explained {
        say(&explained.to_string())?;
        return Ok(Verdict::Done);
    }
    let departed =
        intercom_sync::departed(store, &workspace, &settings, &arguments.customer, now).await?;
    if let Some(departed) = departed {
        say(&departed.to_string())?;
        return Ok(Verdict::LeftBehind);
    }
    let skipped = intercom_sync::no_customer(store, &workspace, &arguments.customer).await?;
    say(&skipped.context("no contact has this e-mail address")?.to_string())?;
    Ok(Verdict::LeftBehind)
}
