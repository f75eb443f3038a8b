//! Sliding limits of request classes: no clock, no waiting.

use std::collections::VecDeque;
use std::time::Duration;

use super::{ClassCap, RequestClass};

/// When the last calls of each capped class started.
#[derive(Debug)]
pub(crate) struct Caps {
    caps: Vec<Sliding>,
}

#[derive(Debug)]
struct Sliding {
    cap: ClassCap,
    /// At most `cap.calls` instants, the oldest first.
    started: VecDeque<Duration>,
}

impl Caps {
    pub(crate) fn new(caps: &[ClassCap]) -> Self {
        let slide = |cap: &ClassCap| Sliding {
            cap: ClassCap { calls: cap.calls.max(1), ..*cap },
            started: VecDeque::new(),
        };
        Self { caps: caps.iter().map(slide).collect() }
    }

    /// When a call of `class` may start; `None` when it may at `now`.
    pub(crate) fn opens_at(&self, class: RequestClass, now: Duration) -> Option<Duration> {
        self.of(class).filter_map(|sliding| sliding.opens_at(now)).max()
    }

    /// How many calls of `class` may start at `now`.
    pub(crate) fn n_open(&self, class: RequestClass, now: Duration) -> u32 {
        self.of(class).map(|sliding| sliding.n_open(now)).min().unwrap_or(u32::MAX)
    }

    pub(crate) fn start(&mut self, class: RequestClass, now: Duration) {
        for sliding in self.caps.iter_mut().filter(|sliding| sliding.cap.class == class) {
            if sliding.is_full() {
                sliding.started.pop_front();
            }
            sliding.started.push_back(now);
        }
    }

    /// The call that started at `at` was not sent.
    pub(crate) fn undo(&mut self, class: RequestClass, at: Duration) {
        for sliding in self.caps.iter_mut().filter(|sliding| sliding.cap.class == class) {
            if let Some(position) = sliding.started.iter().rposition(|started| *started == at) {
                sliding.started.remove(position);
            }
        }
    }

    fn of(&self, class: RequestClass) -> impl Iterator<Item = &Sliding> {
        self.caps.iter().filter(move |sliding| sliding.cap.class == class)
    }
}

impl Sliding {
    fn is_full(&self) -> bool {
        u32::try_from(self.started.len()).is_ok_and(|n| n >= self.cap.calls)
    }

    fn opens_at(&self, now: Duration) -> Option<Duration> {
        let oldest = self.started.front().filter(|_| self.is_full())?;
        Some(oldest.saturating_add(self.cap.per)).filter(|at| *at > now)
    }

    fn n_open(&self, now: Duration) -> u32 {
        let is_recent = |at: &&Duration| at.saturating_add(self.cap.per) > now;
        let n_recent = self.started.iter().filter(is_recent).count();
        self.cap.calls.saturating_sub(u32::try_from(n_recent).unwrap_or(u32::MAX))
    }
}
