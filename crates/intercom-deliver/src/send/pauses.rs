//! Pauses: while the API takes nothing, nobody sends.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The longest pause that is chosen here; the API may ask for a longer one.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Shared by all lanes.
pub(super) struct Pauses {
    started: Instant,
    started_at: DateTime<Utc>,
    /// How long nothing may succeed.
    patience: Duration,
    // Every lane looks at it before each attempt; never held across an await.
    state: Mutex<State>,
}

struct State {
    /// Attempts begin from here on.
    until: Instant,
    /// The pauses since an attempt succeeded.
    n_pauses: u32,
    /// The pauses ever made.
    n_ever: u64,
    /// The attempts ever that succeeded.
    n_succeeded: u64,
    /// When the first of the present pauses began.
    failing_since: Option<Instant>,
}

/// When an attempt began.
#[derive(Clone, Copy)]
pub(super) struct Ticket {
    n_ever: u64,
    /// The attempts that had succeeded.
    n_succeeded: u64,
}

/// What follows an attempt that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Try again after the pause.
    Wait,
    /// Nothing has succeeded for too long.
    GiveUp,
}

impl Pauses {
    pub(super) fn new(started_at: DateTime<Utc>, patience: Duration) -> Self {
        let started = Instant::now();
        let state =
            State { until: started, n_pauses: 0, n_ever: 0, n_succeeded: 0, failing_since: None };
        Self { started, started_at, patience, state: Mutex::new(state) }
    }

    /// Waits until an attempt may begin; `None` when the work is to stop.
    pub(super) async fn enter(&self, stop: &mut watch::Receiver<bool>) -> Option<Ticket> {
        loop {
            if *stop.borrow() {
                return None;
            }
            let until = {
                let state = self.state();
                if state.until <= Instant::now() {
                    return Some(Ticket { n_ever: state.n_ever, n_succeeded: state.n_succeeded });
                }
                state.until
            };
            tokio::select! {
                () = sleep_until(until) => {}
                _ = stop.changed() => {}
            }
        }
    }

    /// An attempt reached the API and was answered.
    pub(super) fn succeeded(&self) {
        let mut state = self.state();
        state.n_pauses = 0;
        state.failing_since = None;
        state.n_succeeded += 1;
    }

    /// Whether an attempt has succeeded that ended behind the ticket's beginning.
    pub(super) fn has_served(&self, ticket: Ticket) -> bool {
        self.state().n_succeeded > ticket.n_succeeded
    }

    /// An attempt failed in a way that holds for everybody: a pause begins, or the present one
    /// is made longer.
    pub(super) fn failed(
        &self,
        ticket: Ticket,
        line: u64,
        asked: Option<Duration>,
        reason: &str,
    ) -> Verdict {
        let now = Instant::now();
        let mut state = self.state();
        let since = *state.failing_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= self.patience {
            return Verdict::GiveUp;
        }
        let is_known = ticket.n_ever < state.n_ever;
        if !is_known {
            state.n_pauses += 1;
            state.n_ever += 1;
        }
        let own = Duration::from_secs(1 << state.n_pauses.saturating_sub(1).min(10)).min(MAX_PAUSE);
        let wait = if is_known { asked.unwrap_or_default() } else { asked.unwrap_or(own) };
        let until = now + wait;
        if until > state.until {
            state.until = until;
            let until = self.wall(until).format("%Y-%m-%dT%H:%M:%SZ");
            tracing::warn!(line, %until, "Delivery is paused: {reason}.");
        }
        Verdict::Wait
    }

    /// An instant as the clock on the wall shows it.
    fn wall(&self, at: Instant) -> DateTime<Utc> {
        let passed = at.saturating_duration_since(self.started);
        self.started_at + TimeDelta::from_std(passed).unwrap_or_default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
