//! What waits to be delivered, and what becomes of it: Intercom's rules, without a clock or a
//! socket.

use std::collections::BTreeMap;

use intercom_webhook::Topic;
use serde::Serialize;
use serde_json::Value;

/// How long after a failure the second and last attempt is made.
const RETRY_AFTER: i64 = 60;
/// How long the first 429 holds everything back; a further one to what was sent after that doubles
/// it.
const FIRST_THROTTLE: i64 = 60;
/// A notification that was held back by 429 for so long is dropped.
const MAX_THROTTLE: i64 = 2 * 3_600;
/// More consecutive errors than this, within the window below, pause everything.
const MAX_ERRORS: u32 = 1_000;
/// The window in which errors are counted, and the length of the pause.
const PAUSE: i64 = 15 * 60;
/// Errors and nothing else for so long end the subscription.
const MAX_FAILING: i64 = 7 * 86_400;
/// What does not fit is dropped.
const MAX_WAITING: usize = 10_000;

/// What a receiver made of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It took the notification.
    Delivered,
    /// 410: it wants no more of them.
    Gone,
    /// 429: it wants them later.
    Throttled,
    /// It refused it, failed, or did not answer in time.
    Failed,
}

impl Outcome {
    /// What an answer with this status means.
    pub fn of_status(status: u16) -> Self {
        match status {
            200..=299 => Self::Delivered,
            410 => Self::Gone,
            429 => Self::Throttled,
            _ => Self::Failed,
        }
    }
}

/// Whether notifications are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum WebhookState {
    /// Nobody subscribed.
    #[default]
    Off,
    /// They are.
    Active,
    /// Not before this second, because of a 429.
    Throttled {
        /// Unix seconds.
        until: i64,
    },
    /// Not before this second, because of too many errors.
    Paused {
        /// Unix seconds.
        until: i64,
    },
    /// Never again: the receiver answered 410.
    Disabled,
    /// Never again: for seven days there was nothing but errors.
    Suspended,
}

/// What became of the notifications so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WebhookStats {
    /// Whether notifications are delivered.
    #[serde(flatten)]
    pub state: WebhookState,
    /// Notifications that wait, a second attempt included.
    pub waiting: usize,
    /// Notifications that were handed out and whose outcome is not known.
    pub in_flight: usize,
    /// Attempts.
    pub attempts: u64,
    /// Notifications that were taken.
    pub delivered: u64,
    /// Attempts that failed, 429 and 410 included.
    pub failed: u64,
    /// Notifications that were given up.
    pub dropped: u64,
    /// How often something happened, by topic.
    pub topics: BTreeMap<String, u64>,
}

/// Something that happened, on its way to the receiver.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) topic: Topic,
    pub(super) item: Value,
    pub(super) created_at: i64,
    pub(super) first_sent_at: Option<i64>,
    /// The attempt that is made next, or under way, from 1.
    pub(super) attempt: u32,
    due_at: i64,
    has_failed: bool,
    /// When a 429 first held it back.
    throttled_at: Option<i64>,
    /// The step of throttling at which the attempt under way began.
    step: u64,
}

impl Entry {
    pub(super) fn new(id: String, topic: Topic, item: Value, now: i64) -> Self {
        Self {
            id,
            topic,
            item,
            created_at: now,
            first_sent_at: None,
            attempt: 1,
            due_at: now,
            has_failed: false,
            throttled_at: None,
            step: 0,
        }
    }
}

/// The notifications that are not done with.
#[derive(Debug, Clone, Default)]
pub(super) struct Outbox {
    waiting: Vec<Entry>,
    in_flight: BTreeMap<String, Entry>,
    halt: Halt,
    /// What the last 429 cost.
    throttle: i64,
    /// How often deliveries were held back; what is under way together is held back together.
    step: u64,
    n_errors: u32,
    /// When the counted errors began.
    errors_since: i64,
    /// When the first error after the last success was.
    failing_since: Option<i64>,
    stats: WebhookStats,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Halt {
    #[default]
    None,
    Throttled(i64),
    Paused(i64),
    Disabled,
    Suspended,
}

impl Outbox {
    /// Takes something that happened.
    pub(super) fn push(&mut self, entry: Entry) {
        *self.stats.topics.entry(entry.topic.as_str().to_owned()).or_default() += 1;
        self.wait(entry);
    }

    /// Keeps a notification, unless nothing is delivered any more or too many wait.
    fn wait(&mut self, entry: Entry) {
        if self.is_over() || self.waiting.len() >= MAX_WAITING {
            self.stats.dropped += 1;
        } else {
            self.waiting.push(entry);
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.halt, Halt::Disabled | Halt::Suspended)
    }

    /// Hands out what is due, in the order in which it became due.
    pub(super) fn take(&mut self, now: i64) -> Vec<Entry> {
        match self.halt {
            Halt::Throttled(until) | Halt::Paused(until) if until <= now => self.halt = Halt::None,
            Halt::None => {}
            Halt::Throttled(_) | Halt::Paused(_) | Halt::Disabled | Halt::Suspended => {
                return Vec::new();
            }
        }
        let all = std::mem::take(&mut self.waiting);
        let (mut due, later): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|entry| entry.due_at <= now);
        self.waiting = later;
        due.sort_by_key(|entry| entry.due_at);
        for entry in &mut due {
            entry.first_sent_at = entry.first_sent_at.or(Some(now));
            entry.step = self.step;
            self.stats.attempts += 1;
            self.in_flight.insert(entry.id.clone(), entry.clone());
        }
        due
    }

    /// Learns what became of an attempt. An id that is not under way changes nothing.
    pub(super) fn conclude(&mut self, id: &str, outcome: Outcome, now: i64) {
        let Some(entry) = self.in_flight.remove(id) else { return };
        match outcome {
            Outcome::Delivered => {
                self.stats.delivered += 1;
                (self.throttle, self.n_errors, self.failing_since) = (0, 0, None);
            }
            Outcome::Gone => {
                self.stats.failed += 1;
                self.stats.dropped += 1;
                self.stop(Halt::Disabled);
            }
            Outcome::Throttled => self.hold_back(entry, now),
            Outcome::Failed => self.fail(entry, now),
        }
    }

    fn hold_back(&mut self, mut entry: Entry, now: i64) {
        self.stats.failed += 1;
        // The answers to what was under way together are one step, whenever they come.
        if entry.step == self.step {
            self.step += 1;
            self.throttle = (self.throttle * 2).clamp(FIRST_THROTTLE, MAX_THROTTLE);
            if !self.is_over() {
                self.halt = Halt::Throttled(now.saturating_add(self.throttle));
            }
        }
        let since = *entry.throttled_at.get_or_insert(now);
        if now.saturating_sub(since) >= MAX_THROTTLE {
            self.stats.dropped += 1;
            return;
        }
        entry.due_at = match self.halt {
            Halt::Throttled(until) | Halt::Paused(until) => until,
            Halt::None | Halt::Disabled | Halt::Suspended => now.saturating_add(FIRST_THROTTLE),
        };
        entry.attempt += 1;
        self.wait(entry);
    }

    fn fail(&mut self, mut entry: Entry, now: i64) {
        self.stats.failed += 1;
        if now.saturating_sub(self.errors_since) > PAUSE {
            (self.n_errors, self.errors_since) = (0, now);
        }
        self.n_errors += 1;
        let since = *self.failing_since.get_or_insert(now);
        if now.saturating_sub(since) >= MAX_FAILING {
            self.stop(Halt::Suspended);
        } else if self.n_errors > MAX_ERRORS && !self.is_over() {
            self.n_errors = 0;
            self.halt = Halt::Paused(now.saturating_add(PAUSE));
        }
        if entry.has_failed {
            self.stats.dropped += 1;
            return;
        }
        entry.has_failed = true;
        entry.attempt += 1;
        entry.due_at = now.saturating_add(RETRY_AFTER);
        self.wait(entry);
    }

    /// Ends the subscription; what waits is dropped.
    fn stop(&mut self, halt: Halt) {
        self.halt = halt;
        self.stats.dropped += u64::try_from(self.waiting.len()).unwrap_or(0);
        self.waiting.clear();
    }

    /// Begins again after a subscription that ended or is held back.
    pub(super) fn resume(&mut self) {
        (self.halt, self.throttle, self.n_errors, self.failing_since) = (Halt::None, 0, 0, None);
    }

    pub(super) fn stats(&self, now: i64) -> WebhookStats {
        let state = match self.halt {
            Halt::Throttled(until) if until > now => WebhookState::Throttled { until },
            Halt::Paused(until) if until > now => WebhookState::Paused { until },
            Halt::None | Halt::Throttled(_) | Halt::Paused(_) => WebhookState::Active,
            Halt::Disabled => WebhookState::Disabled,
            Halt::Suspended => WebhookState::Suspended,
        };
        let (waiting, in_flight) = (self.waiting.len(), self.in_flight.len());
        WebhookStats { state, waiting, in_flight, ..self.stats.clone() }
    }
}
