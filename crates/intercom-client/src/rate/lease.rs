//! Calls borrowed from a place that several processes share.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::ledger::{Fate, LeaseGrant, LeaseObstacle, LeaseTurn, LentCall, Settled};
use crate::transport::BoxError;

/// How long calls go on without the store after it has failed.
const FAILURE_FOR: Duration = Duration::from_secs(1);

/// The soonest that a store which lends nothing is asked again.
const SHORTEST_PAUSE: Duration = Duration::from_millis(10);

/// A wait for the store that lasts longer is told of.
const LONG_WAIT: Duration = Duration::from_secs(2);

/// The most fates kept for a store that does not answer; what is dropped expires with its lease.
const MOST_SETTLED: usize = 10_000;

/// Lends the calls of one token to processes that share a store, so that together they use every
/// call of a window and none is refused.
///
/// An implementation keeps one [`RateLedger`](super::RateLedger) for the token. A turn locks it,
/// reads it, calls [`RateLedger::turn`](super::RateLedger::turn) with the store's clock, writes it
/// back and unlocks it; a turn that did not end must leave the ledger as it was. A process that
/// dies leaves its calls charged for less than a minute.
///
/// The client takes turns beside its calls, one at a time, several calls a turn.
#[async_trait]
pub trait RateLease: fmt::Debug + Send + Sync {
    /// Takes one turn.
    ///
    /// # Errors
    /// Whatever keeps the store from answering; see [`LeaseFallback`].
    async fn turn(&self, turn: &LeaseTurn) -> Result<LeaseGrant, BoxError>;
}

/// What calls do while a [`RateLease`] fails. Either way the store is asked again after a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LeaseFallback {
    /// They keep to what this client learns from its own answers. Processes then overshoot at most
    /// by the others' calls under way; a 429 closes the gate.
    #[default]
    Local,
    /// They wait.
    Pause,
}

/// A lent call that has not started.
#[derive(Debug, Clone, Copy)]
pub(super) struct Borrowed {
    pub(super) call: LentCall,
    pub(super) start_by: Duration,
}

/// What one client has borrowed and owes.
#[derive(Debug)]
pub(super) struct Borrower {
    fallback: LeaseFallback,
    calls: VecDeque<Borrowed>,
    settled: Vec<Settled>,
    wanted: u32,
    is_asking: bool,
    /// Calls wanted in the turn under way.
    asked_for: u32,
    ask_at: Duration,
    fails_until: Duration,
    /// Since when nothing is lent, though something is wanted.
    starves: Option<Starving>,
    was_lent_any: bool,
}

/// A wait for the first call that is lent.
#[derive(Debug, Clone, Copy)]
struct Starving {
    since: Duration,
    is_told: bool,
}

impl Borrower {
    pub(super) fn new(fallback: LeaseFallback) -> Self {
        Self {
            fallback,
            calls: VecDeque::new(),
            settled: Vec::new(),
            wanted: 0,
            is_asking: false,
            asked_for: 0,
            ask_at: Duration::ZERO,
            fails_until: Duration::ZERO,
            starves: None,
            was_lent_any: false,
        }
    }

    /// Whether calls must be borrowed at `now`.
    pub(super) fn is_needed(&self, now: Duration) -> bool {
        match self.fallback {
            LeaseFallback::Pause => true,
            LeaseFallback::Local => now >= self.fails_until,
        }
    }

    pub(super) fn take(&mut self) -> Option<Borrowed> {
        self.calls.pop_front()
    }

    /// When more may be asked for; `None` while an answer is awaited.
    pub(super) fn wake_at(&self, now: Duration) -> Option<Duration> {
        Some(self.ask_at.max(self.fails_until)).filter(|at| *at > now && !self.is_asking)
    }

    /// Calls that nobody here waits for go back.
    pub(super) fn rest(&mut self, wanted: u32) {
        self.wanted = wanted;
        for borrowed in std::mem::take(&mut self.calls) {
            self.settle(borrowed.call, Fate::Unsent);
        }
    }

    pub(super) fn settle(&mut self, call: LentCall, fate: Fate) {
        if self.settled.len() < MOST_SETTLED {
            self.settled.push(Settled { call, fate });
        }
    }

    /// Whether someone has to start asking; the answer `true` is given to one.
    pub(super) fn start_asking(&mut self, now: Duration) -> bool {
        let starts = !self.is_asking && self.has_turn(now);
        self.is_asking |= starts;
        starts
    }

    pub(super) fn stop_asking(&mut self) {
        self.is_asking = false;
    }

    /// What to tell and ask at `now`; with nothing left the asking is over.
    pub(super) fn next_turn(&mut self, now: Duration) -> Option<LeaseTurn> {
        if !self.has_turn(now) {
            self.is_asking = false;
            return None;
        }
        let wanted = if now >= self.ask_at { self.wanted } else { 0 };
        self.asked_for = wanted;
        Some(LeaseTurn { wanted, settled: std::mem::take(&mut self.settled) })
    }

    /// Whether the store is still to learn something that it needs no further call for.
    pub(super) fn owes(&self) -> bool {
        self.is_asking || !self.settled.is_empty() || !self.calls.is_empty()
    }

    /// Takes what was lent; when nothing was, and that makes the wait a long one, with what it is
    /// for. That is told once, and not of a client that uses up the windows itself.
    pub(super) fn granted(
        &mut self,
        asked_at: Duration,
        now: Duration,
        grant: LeaseGrant,
    ) -> Option<LeaseObstacle> {
        if self.asked_for == 0 {
            // The turn only told; that nothing was lent means nothing.
            return None;
        }
        let LeaseGrant { calls, start_within, again_after, obstacle } = grant;
        let obstacle = obstacle.filter(|_| calls.is_empty());
        let start_by = asked_at.saturating_add(start_within);
        let pause = if calls.is_empty() { again_after.max(SHORTEST_PAUSE) } else { again_after };
        self.ask_at = now.saturating_add(pause);
        self.calls.extend(calls.into_iter().map(|call| Borrowed { call, start_by }));
        self.long_wait(now, obstacle)
    }

    fn long_wait(
        &mut self,
        now: Duration,
        obstacle: Option<LeaseObstacle>,
    ) -> Option<LeaseObstacle> {
        let Some(obstacle) = obstacle else {
            self.starves = None;
            self.was_lent_any = true;
            return None;
        };
        let starves = self.starves.get_or_insert(Starving { since: now, is_told: false });
        let is_long = match obstacle {
            LeaseObstacle::UnknownLimit { .. } => now.saturating_sub(starves.since) >= LONG_WAIT,
            LeaseObstacle::Window { ends_in } => !self.was_lent_any && ends_in >= LONG_WAIT,
        };
        let is_due = is_long && !starves.is_told;
        starves.is_told |= is_due;
        is_due.then_some(obstacle)
    }

    pub(super) fn failed(&mut self, now: Duration, turn: LeaseTurn) {
        self.fails_until = now.saturating_add(FAILURE_FOR);
        let later = std::mem::replace(&mut self.settled, turn.settled);
        self.settled.extend(later);
        self.settled.truncate(MOST_SETTLED);
    }

    fn has_turn(&self, now: Duration) -> bool {
        let is_wanting = self.wanted > 0 && now >= self.ask_at;
        now >= self.fails_until && (is_wanting || !self.settled.is_empty())
    }
}
