//! The rate limit as all processes that share a store know it: no clock, no waiting.
//!
//! The arithmetic is that of a client alone on its token, see [`Window`]: a call may start when the
//! server's count, less *all* calls lent and not yet settled by anyone, leaves one. Calls that
//! cross the end of a window thereby stay charged to the next. What a process that died had lent
//! counts as lost when its lease expires, and is forgotten two windows later.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::headers::Reading;
use super::window::{Obstacle, Ticket, Window};
use super::{BudgetSettings, RateStatus};

/// How long a process may keep calls without settling them.
const LEASE_FOR: Duration = Duration::from_secs(30);

/// How soon to ask again while other processes have calls under way that may turn out counted.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(100);

/// One lease takes at most this share of a window, so that processes take turns.
const SHARES: u32 = 10;

/// The longest step back of the store's clock that is taken for noise.
const CLOCK_NOISE: Duration = Duration::from_secs(1);

/// The rate limit of one token, shared.
///
/// A store keeps it as text, one for each token, and takes [`turn`](Self::turn)s on it one at a
/// time; see [`RateLease`](super::RateLease). What does not decode may be replaced by the default:
/// the next call finds out.
#[derive(Debug, Serialize, Deserialize)]
pub struct RateLedger {
    window: Window,
    leases: BTreeMap<u64, Lent>,
    next_lease: u64,
    /// The latest instant of any turn.
    turned_at: Duration,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Lent {
    n_calls: u32,
    expires_at: Duration,
}

/// What one process tells and asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeaseTurn {
    /// Calls it would start at once.
    pub wanted: u32,
    pub(super) settled: Vec<Settled>,
}

/// What became of a call that was lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) call: LentCall,
    pub(super) fate: Fate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Answered(Reading),
    /// It did not reach the server.
    Unsent,
    /// It may have reached the server and has no answer.
    Lost,
}

/// One call that was lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LentCall {
    lease: u64,
    ticket: Ticket,
}

/// What the store lends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseGrant {
    pub(super) calls: Vec<LentCall>,
    /// How long calls may be started, from the question on.
    pub(super) start_within: Duration,
    /// When to ask for more.
    pub(super) again_after: Duration,
    /// Why fewer calls are lent than were wanted.
    pub(super) obstacle: Option<LeaseObstacle>,
}

/// What keeps a call from being lent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LeaseObstacle {
    /// Nobody knows the limit, and the call that is to tell it has no answer. Without one it comes
    /// back within this time.
    UnknownLimit { within: Duration },
    /// The window has no call left, or a 429 has closed it; it ends in this time.
    Window { ends_in: Duration },
}

impl LeaseGrant {
    /// How many calls may start.
    pub fn n_calls(&self) -> usize {
        self.calls.len()
    }
}

impl RateLedger {
    /// Takes in what the process tells and lends what the limit leaves.
    ///
    /// `now` is the time on a clock that all processes read from the store, as a duration since
    /// anything.
    pub fn turn(&mut self, now: Duration, turn: &LeaseTurn) -> LeaseGrant {
        if now.saturating_add(CLOCK_NOISE) < self.turned_at {
            *self = Self { next_lease: self.next_lease, ..Self::default() };
        }
        self.turned_at = self.turned_at.max(now);
        let now = self.turned_at;
        self.expire(now);
        for settled in &turn.settled {
            self.settle(now, settled);
        }
        self.lend(now, turn.wanted)
    }

    /// The rate limit at `now`, on the same clock; what waits is known to each process only.
    pub fn status(&mut self, now: Duration) -> RateStatus {
        let now = self.turned_at.max(now);
        self.expire(now);
        self.window.status(now)
    }

    fn expire(&mut self, now: Duration) {
        let window = &mut self.window;
        self.leases.retain(|_, lent| {
            let is_live = lent.expires_at > now;
            if !is_live {
                (0..lent.n_calls).for_each(|_| window.lost());
            }
            is_live
        });
    }

    fn settle(&mut self, now: Duration, settled: &Settled) {
        let LentCall { lease, ticket } = settled.call;
        let is_live = match self.leases.get_mut(&lease) {
            Some(lent) => {
                lent.n_calls = lent.n_calls.saturating_sub(1);
                if lent.n_calls == 0 {
                    self.leases.remove(&lease);
                }
                true
            }
            None => false,
        };
        match settled.fate {
            Fate::Answered(reading) => {
                if !is_live {
                    self.window.resume();
                }
                self.window.answered(ticket, now, &reading);
            }
            // Of an expired lease, the calls are charged as lost.
            Fate::Unsent | Fate::Lost if !is_live => {}
            Fate::Unsent => self.window.unsent(),
            Fate::Lost => self.window.lost(),
        }
    }

    fn lend(&mut self, now: Duration, wanted: u32) -> LeaseGrant {
        let most = (self.window.limit().unwrap_or(1) / SHARES).max(1);
        let lease = self.next_lease.max(u64::try_from(now.as_millis()).unwrap_or(u64::MAX / 2));
        let mut calls = Vec::new();
        let mut again_after = Duration::ZERO;
        let mut in_the_way = None;
        for _ in 0..wanted.min(most) {
            match self.window.admit(now) {
                Ok(ticket) => calls.push(LentCall { lease, ticket }),
                Err(obstacle) => {
                    again_after = self.again_after(now, obstacle);
                    in_the_way = Some(self.lasting(now, obstacle));
                    break;
                }
            }
        }
        if let Ok(n_calls @ 1..) = u32::try_from(calls.len()) {
            self.next_lease = lease + 1;
            self.leases.insert(lease, Lent { n_calls, expires_at: now.saturating_add(LEASE_FOR) });
        }
        // Half of the lease is left for the answers.
        LeaseGrant { calls, start_within: LEASE_FOR / 2, again_after, obstacle: in_the_way }
    }

    fn lasting(&self, now: Duration, obstacle: Obstacle) -> LeaseObstacle {
        match obstacle {
            Obstacle::Until(at) => LeaseObstacle::Window { ends_in: at.saturating_sub(now) },
            Obstacle::UnderWay => {
                let last = self.leases.values().map(|lent| lent.expires_at).max();
                let within = last.unwrap_or(now).saturating_sub(now);
                LeaseObstacle::UnknownLimit { within }
            }
        }
    }

    fn again_after(&self, now: Duration, obstacle: Obstacle) -> Duration {
        match obstacle {
            Obstacle::Until(at) if !self.window.may_free_calls() => at.saturating_sub(now),
            Obstacle::Until(at) => at.saturating_sub(now).min(ASK_AGAIN_AFTER),
            Obstacle::UnderWay => ASK_AGAIN_AFTER,
        }
    }
}

impl Default for RateLedger {
    fn default() -> Self {
        Self {
            window: Window::new(shared_settings()),
            leases: BTreeMap::new(),
            next_lease: 0,
            turned_at: Duration::ZERO,
        }
    }
}

/// Each process limits its own calls under way.
pub(super) fn shared_settings() -> BudgetSettings {
    BudgetSettings { max_in_flight: u32::MAX, ..BudgetSettings::default() }
}
