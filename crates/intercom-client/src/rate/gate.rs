//! Calls queue here, in order, until the window admits them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use intercom_api::Response;

use super::headers::Reading;
use super::window::{Admission, Ticket, Window};
use super::{BudgetSettings, RateStatus};

/// Shared by all calls of a client.
pub(crate) struct Gate {
    made_at: Instant,
    // Every call of every clone reads and updates it; never held across an await.
    window: Mutex<Window>,
    // Held by the caller at the head of the queue; a tokio mutex admits in order of arrival.
    turn: tokio::sync::Mutex<()>,
    changed: Notify,
}

impl Gate {
    pub(crate) fn new(settings: BudgetSettings) -> Self {
        Self {
            made_at: Instant::now(),
            window: Mutex::new(Window::new(settings)),
            turn: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
        }
    }

    /// Waits for a call to be admitted; `None` when that does not happen before `deadline`.
    pub(crate) async fn enter(&self, deadline: Instant) -> Option<Pass<'_>> {
        let _turn = timeout_at(deadline, self.turn.lock()).await.ok()?;
        let mut is_logged = false;
        loop {
            let now = self.now();
            let admission = self.window().admit(now);
            let wake_at = match admission {
                Admission::Go(ticket) => {
                    return Some(Pass { gate: self, ticket, is_settled: false });
                }
                Admission::At(instant) => {
                    if !is_logged {
                        let wait_ms = instant.saturating_sub(now).as_millis();
                        tracing::debug!(wait_ms, "The call waits for the rate limit.");
                        is_logged = true;
                    }
                    self.made_at.checked_add(instant).unwrap_or(deadline)
                }
                Admission::AfterAnswer => deadline,
            };
            let woken = timeout_at(wake_at.min(deadline), self.changed.notified()).await;
            if woken.is_err() && wake_at >= deadline {
                return None;
            }
        }
    }

    pub(crate) fn status(&self) -> RateStatus {
        let now = self.now();
        self.window().status(now)
    }

    fn now(&self) -> Duration {
        self.made_at.elapsed()
    }

    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One admitted call. Dropped unsettled, as when its future is cancelled, it counts as lost.
pub(crate) struct Pass<'g> {
    gate: &'g Gate,
    ticket: Ticket,
    is_settled: bool,
}

impl Pass<'_> {
    /// The call was answered.
    pub(crate) fn answered(self, response: &Response) {
        let reading = Reading::of(response);
        let (ticket, now) = (self.ticket, self.gate.now());
        self.settle(|window| window.answered(ticket, now, &reading));
    }

    /// The call did not reach the server.
    pub(crate) fn unsent(self) {
        self.settle(Window::unsent);
    }

    fn settle(mut self, update: impl FnOnce(&mut Window)) {
        self.is_settled = true;
        update(&mut self.gate.window());
        self.gate.changed.notify_one();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.is_settled {
            self.gate.window().lost();
            self.gate.changed.notify_one();
        }
    }
}
