//! From the outbox to a channel, and what came of it.

use std::fmt;
use std::time::Duration;

use intercom_outreach::{Message, Refusal, Slack, SlackError};
use intercom_store::{
    ALERT_QUEUE, ClaimedEffect, EffectEnd, Notice, QueueDepth, Store, StoreError, SweepRules,
    Workspace,
};
use tokio::time::{Instant, sleep};
use url::Url;

use crate::together::{Together, together};
use crate::words::message;

/// The most notices that are told together.
const MAX_AT_ONCE: u32 = 2_000;

/// Who is told.
#[derive(Debug)]
pub struct Channels {
    /// Alerts about customers and runs.
    pub alerts: Slack,
}

/// How notices are told. `default()` gives up a notice after twelve attempts over about a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchSettings {
    /// Attempts after which a notice is dead. Waits that the channel asked for do not kill.
    pub max_attempts: u32,
    /// The pause after the first attempt; it doubles with each further one.
    pub first_pause: Duration,
    /// The longest pause.
    pub max_pause: Duration,
    /// How long a claim holds; longer than telling takes. What a killed program was telling waits
    /// as long.
    pub lease_for: Duration,
    /// How long what was told is remembered.
    pub remember_for: Duration,
    /// When more notices about customers are due than this, they are told together, in as few
    /// messages as name all customers.
    pub digest_above: u32,
    /// Customers that are named when notices are told together: those of the largest amounts. How
    /// many more there are is said.
    pub max_named: usize,
    /// Where people find the customers that are not named, as a sentence.
    pub see_rest: Option<String>,
    /// Where the workspace's people use Intercom; links lead there.
    pub app: Url,
}

impl Default for DispatchSettings {
    fn default() -> Self {
        Self {
            max_attempts: 12,
            first_pause: Duration::from_secs(30),
            max_pause: Duration::from_secs(6 * 3_600),
            lease_for: Duration::from_secs(60),
            remember_for: Duration::from_secs(30 * 86_400),
            digest_above: 20,
            max_named: 200,
            see_rest: None,
            app: "https://app.intercom.com".parse().expect("a constant URL"),
        }
    }
}

/// What came of telling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// Messages that arrived.
    pub n_messages: u64,
    /// Notices that were told.
    pub n_told: u64,
    /// Notices that will be tried again.
    pub n_put_off: u64,
    /// Notices that are dead.
    pub n_dead: u64,
    /// Why not everything that was due was tried.
    pub stopped_because: Option<String>,
    /// What waits.
    pub waiting: QueueDepth,
    /// When trying again makes sense; `None` when somebody has to act first.
    again_in: Option<Duration>,
}

/// One line for people and logs; it names nobody.
impl fmt::Display for Dispatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.waiting.n_waiting();
        let told = counted(self.n_told, "alert", "alerts");
        let messages = counted(self.n_messages, "message", "messages");
        let waits = if waiting == 1 { "waits" } else { "wait" };
        write!(f, "{told} told in {messages}, {waiting} {waits}")?;
        match self.waiting.n_dead {
            0 => {}
            1 => f.write_str(", 1 is dead")?,
            n => write!(f, ", {n} are dead")?,
        }
        match &self.stopped_because {
            Some(reason) => write!(f, "; {reason}"),
            None => Ok(()),
        }
    }
}

/// Tells what is due once: every notice is tried at most one time, and the first trouble with the
/// channel ends the pass.
///
/// Instants are the database's: a notice is due, and a claim expires, by its clock.
///
/// # Errors
/// [`StoreError`]; what had been told is not undone, and what was told last may be told again.
pub async fn dispatch_once(
    store: &dyn Store,
    workspace: &Workspace,
    channels: &Channels,
    settings: &DispatchSettings,
) -> Result<Dispatched, StoreError> {
    let rules =
        SweepRules { max_attempts: settings.max_attempts, remember_for: settings.remember_for };
    let swept = store.sweep_effects(workspace, rules).await?;
    let (n_to_name, done) = (settings.max_named, Dispatched::default());
    let mut pass = Pass { store, workspace, channels, settings, n_to_name, trouble: None, done };
    pass.done.n_dead += swept.n_dead;
    let mut n_left = store.queue_depth(workspace, ALERT_QUEUE).await?.n_due;
    while n_left > 0 && pass.done.stopped_because.is_none() {
        let limit = if n_left > settings.digest_above.into() { MAX_AT_ONCE } else { 1 };
        let claim = store.claim_effects(workspace, ALERT_QUEUE, limit, settings.lease_for);
        let claimed = claim.await?;
        if claimed.is_empty() {
            // Another process was faster.
            break;
        }
        n_left = n_left.saturating_sub(claimed.len() as u64);
        pass.tell(claimed).await?;
    }
    let waiting = store.queue_depth(workspace, ALERT_QUEUE).await?;
    Ok(Dispatched { waiting, ..pass.done })
}

/// Tells until nothing is left, or until waiting for the rest would exceed `patience`.
///
/// # Errors
/// As for [`dispatch_once`].
pub async fn dispatch_until_empty(
    store: &dyn Store,
    workspace: &Workspace,
    channels: &Channels,
    settings: &DispatchSettings,
    patience: Duration,
) -> Result<Dispatched, StoreError> {
    let until = Instant::now() + patience;
    let mut sum = Dispatched::default();
    loop {
        let pass = dispatch_once(store, workspace, channels, settings).await?;
        sum = Dispatched {
            n_messages: sum.n_messages + pass.n_messages,
            n_told: sum.n_told + pass.n_told,
            n_put_off: sum.n_put_off + pass.n_put_off,
            n_dead: sum.n_dead + pass.n_dead,
            ..pass
        };
        let rest = match (&sum.stopped_because, sum.waiting.n_due) {
            (Some(_), _) => sum.again_in,
            // What came meanwhile.
            (None, 1..) => Some(Duration::ZERO),
            (None, 0) => sum.waiting.next_due_in,
        };
        match rest {
            Some(rest) if Instant::now() + rest <= until => {
                // A database's millisecond may end a little later than ours.
                sleep(rest + Duration::from_millis(5)).await;
            }
            Some(_) | None => return Ok(sum),
        }
    }
}

fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What one pass works with, and what came of it so far.
struct Pass<'a> {
    store: &'a dyn Store,
    workspace: &'a Workspace,
    channels: &'a Channels,
    settings: &'a DispatchSettings,
    /// Customers that are yet to be named where notices are told together.
    n_to_name: usize,
    /// What ended the pass.
    trouble: Option<SlackError>,
    done: Dispatched,
}

impl Pass<'_> {
    /// Tells one notice, or many about customers together.
    async fn tell(&mut self, claimed: Vec<ClaimedEffect>) -> Result<(), StoreError> {
        let is_many = claimed.len() > 1;
        let mut customers = Vec::new();
        for effect in claimed {
            match Notice::read(&effect) {
                Some(Notice::Customer(notice)) if is_many => customers.push((effect, notice)),
                Some(notice) => {
                    let words = message(&notice, self.workspace, &self.settings.app);
                    self.send(&words, &[effect]).await?;
                }
                None => {
                    let reason = "its payload cannot be read".to_owned();
                    self.done.n_dead += 1;
                    self.end(&effect, &EffectEnd::Dead { reason }).await?;
                }
            }
        }
        let n_named = customers.len().min(self.n_to_name);
        let see_rest = self.settings.see_rest.as_deref();
        let (workspace, app) = (self.workspace, &self.settings.app);
        for Together { message, told } in together(customers, n_named, see_rest, workspace, app) {
            self.send(&message, &told).await?;
        }
        self.n_to_name -= n_named;
        Ok(())
    }

    /// Sends a message that stands for the effects, and notes what came of it for each. What was
    /// claimed together with what ended the pass is not sent, and ends as that did.
    async fn send(&mut self, words: &Message, effects: &[ClaimedEffect]) -> Result<(), StoreError> {
        if self.trouble.is_none() {
            let sent = self.channels.alerts.send(words).await;
            self.done.n_messages += u64::from(sent.is_ok());
            match sent {
                Err(error) if self.ends_the_pass(&error, effects) => self.trouble = Some(error),
                sent => return self.end_all(effects, sent.err().as_ref()).await,
            }
        }
        let trouble = self.trouble.take();
        let ended = self.end_all(effects, trouble.as_ref()).await;
        self.trouble = trouble;
        ended
    }

    async fn end_all(
        &mut self,
        effects: &[ClaimedEffect],
        error: Option<&SlackError>,
    ) -> Result<(), StoreError> {
        for effect in effects {
            let end = error.map_or(EffectEnd::Done, |error| self.end_of(error, effect.attempts));
            match end {
                EffectEnd::Done => self.done.n_told += 1,
                EffectEnd::Retry { .. } | EffectEnd::QueueRests { .. } => self.done.n_put_off += 1,
                EffectEnd::Dead { .. } => self.done.n_dead += 1,
            }
            self.end(effect, &end).await?;
        }
        Ok(())
    }

    /// Trouble with the channel ends the pass; a message that is refused concerns only itself.
    fn ends_the_pass(&mut self, error: &SlackError, effects: &[ClaimedEffect]) -> bool {
        tracing::warn!(%error, n_notices = effects.len(), "a message did not arrive");
        let attempts = effects.iter().map(|effect| effect.attempts).max().unwrap_or(1);
        let again_in = match error {
            SlackError::Refused { refusal: Refusal::Message, .. } => return false,
            SlackError::Refused { refusal: Refusal::Webhook, .. } => None,
            SlackError::Throttled { after } => Some(*after),
            _ => Some(self.pause(attempts)),
        };
        self.done.again_in = again_in;
        self.done.stopped_because = Some(error.to_string());
        true
    }

    /// A wait that the channel asks for is no failure of the notice.
    fn end_of(&self, error: &SlackError, attempts: i64) -> EffectEnd {
        let reason = error.to_string();
        let is_last = attempts >= i64::from(self.settings.max_attempts);
        match error {
            SlackError::Throttled { after } => EffectEnd::QueueRests { after: *after, reason },
            SlackError::Refused { refusal: Refusal::Message, .. } => EffectEnd::Dead { reason },
            _ if is_last => EffectEnd::Dead { reason },
            _ => EffectEnd::Retry { after: self.pause(attempts), reason },
        }
    }

    fn pause(&self, attempts: i64) -> Duration {
        let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
        let pause = self.settings.first_pause.saturating_mul(1 << doublings);
        pause.min(self.settings.max_pause)
    }

    /// A claim that was taken back meanwhile is not ours to end: the notice is told again.
    async fn end(&self, effect: &ClaimedEffect, end: &EffectEnd) -> Result<(), StoreError> {
        if !self.store.finish_effect(self.workspace, effect.claim, end).await? {
            tracing::warn!("a claim was taken back; the notice will be told again");
        }
        Ok(())
    }
}
