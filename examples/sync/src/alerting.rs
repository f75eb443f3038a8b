//! Telling what a run found: from the outbox to Slack, when there is a webhook.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use intercom_client::{Origin, Region};
use intercom_outreach::Slack;
use intercom_store::{ALERT_QUEUE, QueueDepth, Store, StoreError, Workspace};
use intercom_sync::Sync;
use intercom_worker::{Channels, DispatchSettings, dispatch_until_empty};
use program::{BadSetting, Environment, causes};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;

use crate::arguments::{Common, LogFormat};
use crate::telling::{counted, tell};
use crate::wiring::origin;

/// How long telling waits for what the channel puts off; shorter than the first pause after a
/// failure, so that a channel that is down does not hold up the end of a run.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a watch looks for what was put off.
const GLANCE: Duration = Duration::from_secs(60);

/// Where the customers are found whom no message names.
const SEE_REST: &str = "`sync movements` names everybody whose MRR has changed, `sync export` lists \
                        all customers.";

/// When alerts are told. What goes on waiting is said at the end of a run, not at every glance.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occasion {
    EndOfRun,
    Glance,
}

/// The channel, if there is one. Trouble with it is said, and never fails a run.
pub(crate) struct Teller {
    channels: Option<Channels>,
    settings: DispatchSettings,
    format: LogFormat,
}

impl Teller {
    /// Reads `SLACK_WEBHOOK_URL`; links lead to the region that the API is called in.
    pub(crate) fn new(common: &Common, environment: &Environment) -> anyhow::Result<Self> {
        let channels = match environment.get("SLACK_WEBHOOK_URL") {
            Some(url) => {
                let slack = Slack::new(url.trim().into()).context(BadSetting);
                Some(Channels { alerts: slack.context("SLACK_WEBHOOK_URL cannot be used")? })
            }
            None => None,
        };
        let app = app(&origin(common, environment).context(BadSetting)?);
        let app = app.parse().context(BadSetting)?;
        let see_rest = Some(SEE_REST.to_owned());
        let settings = DispatchSettings { app, see_rest, ..DispatchSettings::default() };
        Ok(Self { channels, settings, format: common.log_format })
    }

    /// Tells what waits in the workspace of a run that has ended, well or not.
    pub(crate) async fn after_a_run(&self, store: &dyn Store, sync: &Sync, now: DateTime<Utc>) {
        self.tell_of(Occasion::EndOfRun, store, sync, now).await;
    }

    async fn tell_of(
        &self,
        occasion: Occasion,
        store: &dyn Store,
        sync: &Sync,
        now: DateTime<Utc>,
    ) {
        let told = match workspace(store, sync, now).await {
            Ok(Some(workspace)) => self.tell(occasion, store, &workspace).await,
            // A run that does not know its workspace leaves no alert.
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = told {
            tell(self.format, &format!("warning: alerts were not told: {}", causes(&error)));
        }
    }

    async fn tell(
        &self,
        occasion: Occasion,
        store: &dyn Store,
        workspace: &Workspace,
    ) -> Result<(), StoreError> {
        let Some(channels) = &self.channels else {
            let n_waiting = store.queue_depth(workspace, ALERT_QUEUE).await?.n_waiting();
            if n_waiting > 0 {
                let why = "SLACK_WEBHOOK_URL is not set";
                tell(self.format, &format!("alerts that wait to be told: {n_waiting}; {why}"));
            }
            return Ok(());
        };
        let told =
            dispatch_until_empty(store, workspace, channels, &self.settings, PATIENCE).await?;
        if told.stopped_because.is_some() || told.n_dead > 0 {
            tell(self.format, &format!("warning: {told}"));
        } else if told.n_told > 0 {
            tell(self.format, &told.to_string());
        }
        if let (Occasion::EndOfRun, Some(waits)) = (occasion, waits(&told.waiting)) {
            tell(self.format, &waits);
        }
        Ok(())
    }

    /// Tells what waits now, after each run of a watch, and what was put off as it falls due;
    /// until nobody announces runs any more.
    pub(crate) async fn after_each_run(
        self,
        store: Arc<dyn Store>,
        sync: Sync,
        mut ended: UnboundedReceiver<DateTime<Utc>>,
        mut now: DateTime<Utc>,
    ) {
        let mut occasion = Occasion::EndOfRun;
        loop {
            self.tell_of(occasion, store.as_ref(), &sync, now).await;
            let is_over = tokio::select! {
                at = ended.recv() => {
                    now = at.unwrap_or(now);
                    occasion = Occasion::EndOfRun;
                    at.is_none()
                }
                () = sleep(GLANCE), if self.channels.is_some() => {
                    occasion = Occasion::Glance;
                    false
                }
            };
            if is_over {
                return;
            }
        }
    }
}

/// How many alerts wait and for how long; `None` when none does.
fn waits(waiting: &QueueDepth) -> Option<String> {
    let n_waiting = waiting.n_waiting();
    let from_now = |rest: Duration| {
        format!("{} from now", counted(rest.as_secs().max(1), "second", "seconds"))
    };
    let next = match (waiting.next_due_in, waiting.next_given_up_in) {
        _ if n_waiting == 0 => return None,
        _ if waiting.n_due > 0 => "the next run tells them".to_owned(),
        (Some(rest), _) if waiting.rests_for.is_some() => {
            format!("Slack has asked to wait, they are told {}", from_now(rest))
        }
        (Some(rest), _) => format!("the next one is tried {}", from_now(rest)),
        (None, given_up) => format!(
            "a process has begun to tell them; if it was killed, they can be told again {}",
            from_now(given_up.unwrap_or_default())
        ),
    };
    Some(format!("alerts that wait to be told: {n_waiting}; {next}"))
}

/// The only workspace of the store; the token's, when there are several.
async fn workspace(
    store: &dyn Store,
    sync: &Sync,
    now: DateTime<Utc>,
) -> Result<Option<Workspace>, StoreError> {
    let mut known = store.workspaces().await?;
    match known.len() {
        0 => Ok(None),
        1 => Ok(known.pop()),
        _ => Ok(sync.workspace(now).await.ok()),
    }
}

/// Where people use Intercom, by where the API is.
fn app(api: &Origin) -> &'static str {
    if *api == Origin::region(Region::Eu) {
        "https://app.eu.intercom.com"
    } else if *api == Origin::region(Region::Au) {
        "https://app.au.intercom.com"
    } else {
        "https://app.intercom.com"
    }
}
