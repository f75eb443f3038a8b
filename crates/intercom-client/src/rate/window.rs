//! The arithmetic of rate windows: no clock, no waiting.
//!
//! Instants are durations since the window was made. What keeps a client that is alone on its
//! token from ever seeing a 429:
//!
//! - A call may start when the server's count, less *all* calls under way, leaves one. Calls that
//!   the count already includes are taken off twice until their answers arrive; never too few.
//! - The end of a window is never taken for earlier than it is: the server's clock is at least the
//!   largest `Date` seen, plus the time since. `Date` is cut to the second, so every further
//!   answer can only bring the estimate closer to the truth.
//! - Calls that cross the end of a window stay charged to the following one until their answers
//!   tell where they were counted.
//! - A call without an answer stays charged until the answer to a later call, whose count includes
//!   it, or for two windows.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::headers::{Count, Reading};
use super::ledger::shared_settings;
use super::{BudgetSettings, RateStatus};

/// Why a call may not start, and when it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// The rate limit: when an answer arrives, or at this instant.
    Until(Duration),
    /// Calls under way: when an answer arrives.
    UnderWay,
}

/// When a call started, in order and by window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    number: u64,
    era: u64,
}

/// A call that was perhaps counted.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Lost {
    /// Calls with this number or a higher one started after the loss.
    next_number: u64,
    n_windows: u32,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Knowledge {
    /// No answer yet: one call at a time finds out.
    Unknown,
    /// The server counts nothing.
    Unmetered,
    Metered(Metered),
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Metered {
    limit: u32,
    remaining: u32,
    /// The end of the newest window an answer told of, in unix seconds.
    reset: i64,
    ends_at: Duration,
    /// The window has ended and no answer has told of the next.
    is_presumed: bool,
}

/// The state of the rate limit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Window {
    // Only the ledger is ever written down.
    #[serde(skip, default = "shared_settings")]
    settings: BudgetSettings,
    knowledge: Knowledge,
    n_in_flight: u32,
    lost: Vec<Lost>,
    closed_until: Duration,
    next_number: u64,
    /// Counts the windows, presumed ones included.
    era: u64,
    clock: ServerClock,
}

impl Window {
    pub(crate) fn new(settings: BudgetSettings) -> Self {
        Self {
            settings,
            knowledge: Knowledge::Unknown,
            n_in_flight: 0,
            lost: Vec::new(),
            closed_until: Duration::ZERO,
            next_number: 0,
            era: 0,
            clock: ServerClock::default(),
        }
    }

    /// Starts a call at `now` if one may start.
    pub(crate) fn admit(&mut self, now: Duration) -> Result<Ticket, Obstacle> {
        if self.n_open() == 0 {
            return Err(Obstacle::UnderWay);
        }
        if now < self.closed_until {
            return Err(Obstacle::Until(self.closed_until));
        }
        self.turn_over(now);
        match self.knowledge {
            Knowledge::Unknown if self.n_in_flight > 0 => return Err(Obstacle::UnderWay),
            Knowledge::Metered(counted) if counted.remaining <= self.n_uncounted() => {
                return Err(Obstacle::Until(counted.ends_at));
            }
            Knowledge::Unknown | Knowledge::Unmetered | Knowledge::Metered(_) => {}
        }
        Ok(self.start(now))
    }

    /// Starts a call whatever is known of the limit.
    pub(crate) fn start(&mut self, now: Duration) -> Ticket {
        self.turn_over(now);
        let ticket = Ticket { number: self.next_number, era: self.era };
        self.next_number += 1;
        self.n_in_flight += 1;
        ticket
    }

    /// How many more calls may be under way.
    pub(crate) fn n_open(&self) -> u32 {
        self.settings.max_in_flight.max(1).saturating_sub(self.n_in_flight)
    }

    /// Calls a window, once an answer has told.
    pub(crate) fn limit(&self) -> Option<u32> {
        match self.knowledge {
            Knowledge::Metered(counted) => Some(counted.limit),
            Knowledge::Unmetered => Some(u32::MAX),
            Knowledge::Unknown => None,
        }
    }

    /// Whether an answer may show that more calls are left than is assumed.
    pub(crate) fn may_free_calls(&self) -> bool {
        match self.knowledge {
            Knowledge::Metered(counted) => counted.remaining > 0,
            Knowledge::Unknown | Knowledge::Unmetered => true,
        }
    }

    /// Takes a call that was given up for lost as under way again: its answer has come.
    pub(crate) fn resume(&mut self) {
        self.n_in_flight += 1;
    }

    /// A call was answered.
    pub(crate) fn answered(&mut self, ticket: Ticket, now: Duration, reading: &Reading) {
        self.settle();
        match reading.count {
            Some(count) => self.count(ticket, now, count, reading.date),
            None if matches!(self.knowledge, Knowledge::Unknown) => {
                // An error without headers may come from a proxy, or for lack of credentials.
                if reading.is_success {
                    self.knowledge = Knowledge::Unmetered;
                }
            }
            None => self.charge(),
        }
        if let Some(delay) = reading.refused {
            let pause = delay.unwrap_or(self.settings.blind_pause).min(self.settings.max_wait);
            self.closed_until = self.closed_until.max(now.saturating_add(pause));
        }
    }

    /// A call did not reach the server.
    pub(crate) fn unsent(&mut self) {
        self.settle();
    }

    /// A call may have reached the server and has no answer.
    pub(crate) fn lost(&mut self) {
        self.settle();
        self.charge();
    }

    /// The state at `now`.
    pub(crate) fn status(&mut self, now: Duration) -> RateStatus {
        self.turn_over(now);
        let mut status = RateStatus {
            n_in_flight: self.n_in_flight,
            closed_for: self.closed_until.checked_sub(now).filter(|left| !left.is_zero()),
            ..RateStatus::default()
        };
        if let Knowledge::Metered(counted) = self.knowledge {
            status.limit = Some(counted.limit);
            status.remaining = Some(counted.remaining.saturating_sub(self.n_uncounted()));
            if !counted.is_presumed {
                status.resets_in = counted.ends_at.checked_sub(now);
            }
        }
        status
    }

    fn settle(&mut self) {
        self.n_in_flight = self.n_in_flight.saturating_sub(1);
    }

    /// Charges a call of which it is not known where it was counted.
    fn charge(&mut self) {
        if let Knowledge::Metered(_) = self.knowledge {
            self.lost.push(Lost { next_number: self.next_number, n_windows: 0 });
        }
    }

    /// The calls that the server's count may not include.
    fn n_uncounted(&self) -> u32 {
        self.n_in_flight.saturating_add(u32::try_from(self.lost.len()).unwrap_or(u32::MAX))
    }

    /// Opens the next window, presumed to be full, when the current one has ended.
    fn turn_over(&mut self, now: Duration) {
        let Knowledge::Metered(counted) = &mut self.knowledge else { return };
        if now < counted.ends_at {
            return;
        }
        counted.remaining = counted.limit;
        counted.is_presumed = true;
        counted.ends_at = now.saturating_add(self.settings.window);
        self.era += 1;
        // A call lost at the end of one window may have been counted in the next, not later.
        self.lost.retain_mut(|lost| {
            lost.n_windows += 1;
            lost.n_windows < 2
        });
    }

    fn count(&mut self, ticket: Ticket, now: Duration, count: Count, date: Option<i64>) {
        let known = match self.knowledge {
            Knowledge::Metered(known) => Some(known),
            Knowledge::Unknown | Knowledge::Unmetered => None,
        };
        let is_of_this_era = ticket.era == self.era;
        match known {
            Some(known) if count.reset <= known.reset && known.is_presumed => {
                if !is_of_this_era {
                    return;
                }
                // The window was taken for ended too early: the server's clock was set back.
                self.clock = ServerClock::default();
                self.enter(now, count, date);
            }
            // A straggler was counted in the window before; but a call of this era was counted
            // somewhere, by a server whose clock is behind.
            Some(known) if count.reset < known.reset => {
                if is_of_this_era {
                    self.charge();
                }
                return;
            }
            Some(known) if count.reset == known.reset => {
                let ends_at = known.ends_at.min(self.end_of(now, count.reset, date));
                let remaining = known.remaining.min(count.remaining);
                self.knowledge = Knowledge::Metered(Metered { remaining, ends_at, ..known });
            }
            Some(_) | None => {
                self.clock.next_window();
                self.enter(now, count, date);
            }
        }
        self.lost.retain(|lost| lost.next_number > ticket.number);
    }

    fn enter(&mut self, now: Duration, count: Count, date: Option<i64>) {
        self.era += 1;
        self.knowledge = Knowledge::Metered(Metered {
            limit: count.limit.unwrap_or(count.remaining.saturating_add(1)).max(1),
            remaining: count.remaining,
            reset: count.reset,
            ends_at: self.end_of(now, count.reset, date),
            is_presumed: false,
        });
    }

    fn end_of(&mut self, now: Duration, reset: i64, date: Option<i64>) -> Duration {
        let latest = now.saturating_add(self.settings.max_wait);
        match date {
            Some(date) => {
                self.clock.read(now, date);
                self.clock.instant_of(reset).map_or(latest, |end| end.min(latest))
            }
            None => now.saturating_add(self.settings.window),
        }
    }
}

/// A lower bound of the server's clock: its lead over ours, in milliseconds.
///
/// Only the answers of the current and the previous window count, so that a clock that was set
/// back is noticed.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct ServerClock {
    lead: Option<i64>,
    previous_lead: Option<i64>,
}

impl ServerClock {
    fn next_window(&mut self) {
        self.previous_lead = self.lead.take();
    }

    fn read(&mut self, now: Duration, date: i64) {
        let lead = date.saturating_mul(1000).saturating_sub(millis(now));
        self.lead = self.lead.max(Some(lead));
    }

    fn instant_of(self, second: i64) -> Option<Duration> {
        let lead = self.lead.max(self.previous_lead)?;
        let instant = second.saturating_mul(1000).saturating_sub(lead);
        Some(Duration::from_millis(u64::try_from(instant).unwrap_or(0)))
    }
}

/// Rounded up: a reading is never taken for earlier than it was.
fn millis(instant: Duration) -> i64 {
    i64::try_from(instant.as_micros().div_ceil(1000)).unwrap_or(i64::MAX)
}
