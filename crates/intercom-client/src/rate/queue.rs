//! Who waits, and who may start next: no clock, no waiting.
//!
//! Calls start in the order they came, except that a class waiting for its own cap lets the others
//! pass. Whoever learns of a change serves everyone it can: a call is admitted for a waiter, not by
//! it, so that one which is not polled holds up nobody behind it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::caps::Caps;
use super::lease::{Borrowed, Borrower};
use super::ledger::Fate;
use super::window::{Obstacle, Ticket, Window};
use super::{BudgetSettings, RateStatus, RequestClass};

/// What a call waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitReason {
    RateLimit,
    ClassCap,
    Lease,
    CallsUnderWay,
}

impl WaitReason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimit => "rate limit",
            Self::ClassCap => "class cap",
            Self::Lease => "lease",
            Self::CallsUnderWay => "calls under way",
        }
    }
}

/// Why nobody else may start, and when to look again; without an instant, when something changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outlook {
    pub(super) reason: WaitReason,
    pub(super) wake_at: Option<Duration>,
}

impl Outlook {
    /// Whether this is a wait for the rate limit: a lease that may be asked at once, or is being
    /// asked, takes only as long as its answer.
    pub(super) fn is_for_the_limit(&self) -> bool {
        match self.reason {
            WaitReason::RateLimit | WaitReason::ClassCap | WaitReason::CallsUnderWay => true,
            WaitReason::Lease => self.wake_at.is_some(),
        }
    }
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) class: RequestClass,
    number: u64,
}

/// A call that may start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Admitted {
    pub(super) ticket: Ticket,
    pub(super) borrowed: Option<Borrowed>,
    started_at: Duration,
}

/// How one look at the queue went.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) outlook: Outlook,
    /// Nobody of the same class is before this one.
    pub(super) is_first: bool,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) window: Window,
    pub(super) borrower: Option<Borrower>,
    caps: Caps,
    waiting: BTreeMap<RequestClass, BTreeMap<u64, Arc<Notify>>>,
    admitted: BTreeMap<u64, Admitted>,
    next_number: u64,
    outlook: Outlook,
}

impl Queue {
    pub(super) fn new(settings: BudgetSettings, borrower: Option<Borrower>) -> Self {
        Self {
            caps: Caps::new(&settings.caps),
            window: Window::new(settings),
            borrower,
            waiting: BTreeMap::new(),
            admitted: BTreeMap::new(),
            next_number: 0,
            outlook: Outlook { reason: WaitReason::CallsUnderWay, wake_at: None },
        }
    }

    /// Admits a call without a place in the queue, when nobody has one.
    pub(super) fn pass(&mut self, class: RequestClass, now: Duration) -> Option<Admitted> {
        if self.n_waiting() > 0 || self.caps.opens_at(class, now).is_some() {
            return None;
        }
        self.admit(class, now).ok()
    }

    pub(super) fn join(&mut self, class: RequestClass) -> (Place, Arc<Notify>) {
        let number = self.next_number;
        self.next_number += 1;
        let notify = Arc::new(Notify::new());
        self.waiting.entry(class).or_default().insert(number, Arc::clone(&notify));
        (Place { class, number }, notify)
    }

    /// Gives a place up, and the call if it was admitted.
    pub(super) fn leave(&mut self, place: Place, now: Duration) {
        if let Some(waiting) = self.waiting.get_mut(&place.class) {
            waiting.remove(&place.number);
        }
        if let Some(admitted) = self.admitted.remove(&place.number) {
            self.give_back(place.class, admitted, now);
        }
    }

    /// Takes an admitted call back that was not sent.
    pub(super) fn give_back(&mut self, class: RequestClass, admitted: Admitted, now: Duration) {
        self.caps.undo(class, admitted.started_at);
        self.settle(admitted, Fate::Unsent, now);
    }

    /// Collects what the place was admitted to, or tells what it waits for.
    pub(super) fn look(&mut self, place: Place, now: Duration) -> Result<Admitted, Look> {
        self.serve(now);
        if let Some(admitted) = self.admitted.remove(&place.number) {
            return Ok(admitted);
        }
        let waiting = self.waiting.get(&place.class);
        let first = waiting.and_then(|waiting| waiting.keys().next());
        let is_first = first == Some(&place.number);
        let opens_at = self.caps.opens_at(place.class, now);
        let reason = opens_at.map_or(self.outlook.reason, |_| WaitReason::ClassCap);
        Err(Look { outlook: Outlook { reason, ..self.outlook }, is_first })
    }

    /// A call has ended.
    pub(super) fn settle(&mut self, admitted: Admitted, fate: Fate, now: Duration) {
        match &fate {
            Fate::Answered(reading) => self.window.answered(admitted.ticket, now, reading),
            Fate::Unsent => self.window.unsent(),
            Fate::Lost => self.window.lost(),
        }
        if let (Some(borrower), Some(borrowed)) = (&mut self.borrower, admitted.borrowed) {
            borrower.settle(borrowed.call, fate);
        }
    }

    /// Admits everyone who may start; those at the head are told to look again.
    pub(super) fn serve(&mut self, now: Duration) {
        if self.n_waiting() == 0 {
            if let Some(borrower) = &mut self.borrower {
                borrower.rest(0);
            }
            return;
        }
        let mut has_served = false;
        self.outlook = loop {
            let Some(place) = self.first_open(now) else {
                break Outlook { reason: WaitReason::ClassCap, wake_at: None };
            };
            match self.admit(place.class, now) {
                Ok(admitted) => {
                    has_served = true;
                    self.admitted.insert(place.number, admitted);
                    let waiting = self.waiting.get_mut(&place.class);
                    if let Some(notify) = waiting.and_then(|places| places.remove(&place.number)) {
                        notify.notify_one();
                    }
                }
                Err(outlook) => break outlook,
            }
        };
        self.outlook.wake_at = self.outlook.wake_at.into_iter().chain(self.caps_open_at(now)).min();
        self.want(now);
        if has_served {
            self.rouse();
        }
    }

    /// Tells the heads of the queue to look again.
    pub(super) fn rouse(&self) {
        for notify in self.waiting.values().filter_map(|places| places.values().next()) {
            notify.notify_one();
        }
    }

    pub(super) fn status(&mut self, now: Duration) -> RateStatus {
        let n_waiting = u32::try_from(self.n_waiting()).unwrap_or(u32::MAX);
        RateStatus { n_waiting, ..self.window.status(now) }
    }

    fn n_waiting(&self) -> usize {
        self.waiting.values().map(BTreeMap::len).sum()
    }

    /// The first place whose class may start a call.
    fn first_open(&self, now: Duration) -> Option<Place> {
        let heads = self.waiting.iter().filter_map(|(class, places)| {
            Some(Place { class: *class, number: *places.keys().next()? })
        });
        heads
            .filter(|place| self.caps.opens_at(place.class, now).is_none())
            .min_by_key(|place| place.number)
    }

    fn caps_open_at(&self, now: Duration) -> Option<Duration> {
        let waiting = self.waiting.iter().filter(|(_, places)| !places.is_empty());
        waiting.filter_map(|(class, _)| self.caps.opens_at(*class, now)).min()
    }

    fn admit(&mut self, class: RequestClass, now: Duration) -> Result<Admitted, Outlook> {
        let (ticket, borrowed) = match self.borrower.as_mut().filter(|it| it.is_needed(now)) {
            None => (self.window.admit(now)?, None),
            Some(_) if self.window.n_open() == 0 => return Err(Obstacle::UnderWay.into()),
            Some(borrower) => match borrower.take() {
                Some(borrowed) => (self.window.start(now), Some(borrowed)),
                None => {
                    let wake_at = borrower.wake_at(now);
                    return Err(Outlook { reason: WaitReason::Lease, wake_at });
                }
            },
        };
        self.caps.start(class, now);
        Ok(Admitted { ticket, borrowed, started_at: now })
    }

    /// Says how many calls to borrow, and gives back what is left of the last lease.
    fn want(&mut self, now: Duration) {
        let Some(borrower) = &mut self.borrower else { return };
        let mut wanted = 0_u32;
        if self.outlook.reason == WaitReason::Lease {
            for (class, places) in &self.waiting {
                let n_waiting = u32::try_from(places.len()).unwrap_or(u32::MAX);
                wanted = wanted.saturating_add(n_waiting.min(self.caps.n_open(*class, now)));
            }
            wanted = wanted.min(self.window.n_open());
        }
        borrower.rest(wanted);
    }
}

impl From<Obstacle> for Outlook {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::Until(at) => Self { reason: WaitReason::RateLimit, wake_at: Some(at) },
            Obstacle::UnderWay => Self { reason: WaitReason::CallsUnderWay, wake_at: None },
        }
    }
}
