//! Calls queue here, in order, until the window admits them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use intercom_api::Response;

use super::headers::Reading;
use super::lease::{Borrower, RateLease};
use super::ledger::{Fate, LeaseObstacle, LeaseTurn};
use super::queue::{Admitted, Place, Queue, WaitReason};
use super::{BudgetSettings, RateStatus, RequestClass};

/// How soon those behind the head of the queue look again by themselves: the head may be a call
/// that nobody polls.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The longest wait for one turn of a lease.
const TURN_FOR: Duration = Duration::from_secs(5);

/// Shared by all calls of a client.
pub(crate) struct Gate {
    made_at: Instant,
    // Every call of every clone reads and updates it; never held across an await.
    queue: Mutex<Queue>,
    lease: Option<Arc<dyn RateLease>>,
    /// Told when a conversation with the lease is over.
    has_asked: Notify,
}

impl Gate {
    pub(crate) fn new(settings: BudgetSettings, lease: Option<Arc<dyn RateLease>>) -> Arc<Self> {
        let borrower = lease.as_ref().map(|_| Borrower::new(settings.lease_fallback));
        let queue = Mutex::new(Queue::new(settings, borrower));
        Arc::new(Self { made_at: Instant::now(), queue, lease, has_asked: Notify::new() })
    }

    /// Waits for a call to be admitted; `None` when that does not happen before `deadline`.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        class: RequestClass,
        deadline: Instant,
    ) -> Option<Pass<'_>> {
        let now = self.now();
        let passed = self.queue().pass(class, now);
        let (admitted, waited_for) = match passed {
            Some(admitted) => (admitted, Duration::ZERO),
            None => self.wait(class, now, deadline).await?,
        };
        Some(Pass { gate: self, admitted, waited_for, is_settled: false })
    }

    pub(crate) fn status(&self) -> RateStatus {
        let now = self.now();
        self.queue().status(now)
    }

    /// Waits until the lease knows what became of every call that has ended, at most for `most`.
    pub(crate) async fn settle(self: &Arc<Self>, most: Duration) {
        let told = async {
            loop {
                let has_asked = self.has_asked.notified();
                self.change(|_| {});
                if !self.queue().borrower.as_ref().is_some_and(Borrower::owes) {
                    return;
                }
                // A lease that has failed is asked again a moment later.
                let _ = timeout(LOOK_AGAIN_AFTER, has_asked).await;
            }
        };
        // What it has not learned by then comes back when it expires.
        let _ = timeout(most, told).await;
    }

    /// With the call comes how long it has waited for the rate limit: not at all when its turn came
    /// at once, however long it took to ask for it.
    async fn wait(
        self: &Arc<Self>,
        class: RequestClass,
        since: Duration,
        deadline: Instant,
    ) -> Option<(Admitted, Duration)> {
        let mut has_waited = false;
        loop {
            let (admitted, waits) = self.wait_in_line(class, since, deadline).await?;
            has_waited |= waits.for_the_limit;
            let now = self.now();
            let is_stale = admitted.borrowed.is_some_and(|borrowed| borrowed.start_by < now);
            if is_stale {
                self.change(|queue| queue.give_back(class, admitted, now));
                continue;
            }
            if let Some(reason) = waits.last {
                let wait_ms = now.saturating_sub(since).as_millis();
                tracing::debug!(wait_ms, reason = reason.as_str(), "The call has waited.");
            }
            let waited_for = if has_waited { now.saturating_sub(since) } else { Duration::ZERO };
            return Some((admitted, waited_for));
        }
    }

    /// Queues until a call is admitted; with it comes what it has waited for.
    async fn wait_in_line(
        self: &Arc<Self>,
        class: RequestClass,
        since: Duration,
        deadline: Instant,
    ) -> Option<(Admitted, Waits)> {
        let (place, notify) = self.queue().join(class);
        let mut waiter = Waiter { gate: self, place, is_gone: false };
        let mut waits = Waits::default();
        loop {
            let now = self.now();
            let looked = self.queue().look(place, now);
            self.ask_if_due();
            let look = match looked {
                Ok(admitted) => {
                    waiter.is_gone = true;
                    return Some((admitted, waits));
                }
                Err(look) => look,
            };
            if Instant::now() >= deadline {
                return None;
            }
            waits.for_the_limit |= look.outlook.is_for_the_limit();
            if waits.last != Some(look.outlook.reason) {
                waits.last = Some(look.outlook.reason);
                let expected = look.outlook.wake_at.map(|at| at.saturating_sub(since).as_millis());
                let reason = look.outlook.reason.as_str();
                tracing::debug!(wait_ms = expected, reason, "The call waits.");
            }
            let wake_at = match look.outlook.wake_at {
                at if look.is_first => at,
                at => at.max(Some(now.saturating_add(LOOK_AGAIN_AFTER))),
            };
            let wake_at = wake_at.and_then(|at| self.made_at.checked_add(at));
            let wake_at = wake_at.map_or(deadline, |at| at.min(deadline));
            // Told or not, the next look decides.
            let _ = timeout_at(wake_at, notify.notified()).await;
        }
    }

    /// Changes the queue, then serves those who wait.
    fn change(self: &Arc<Self>, update: impl FnOnce(&mut Queue)) {
        let now = self.now();
        let mut queue = self.queue();
        update(&mut queue);
        queue.serve(now);
        queue.rouse();
        drop(queue);
        self.ask_if_due();
    }

    /// Talks to the lease in a task of its own, which no caller can cancel.
    fn ask_if_due(self: &Arc<Self>) {
        let (Some(lease), Ok(runtime)) = (&self.lease, Handle::try_current()) else { return };
        let now = self.now();
        let starts = self.queue().borrower.as_mut().is_some_and(|it| it.start_asking(now));
        if starts {
            runtime
                .spawn(ask(Asking { gate: Arc::clone(self), is_over: false }, Arc::clone(lease)));
        }
    }

    fn now(&self) -> Duration {
        self.made_at.elapsed()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn ask(mut asking: Asking, lease: Arc<dyn RateLease>) {
    let gate = Arc::clone(&asking.gate);
    while let Some(turn) = asking.next_turn() {
        let asked_at = gate.now();
        let outcome = match timeout(TURN_FOR, lease.turn(&turn)).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(elapsed.into()),
        };
        let now = gate.now();
        gate.change(|queue| {
            let Some(borrower) = &mut queue.borrower else { return };
            match outcome {
                Ok(grant) => {
                    let waits_for = borrower.granted(asked_at, now, grant);
                    // The answer to a call of its own is on its way.
                    let is_alone = queue.window.status(now).n_in_flight == 0;
                    waits_for.filter(|_| is_alone).into_iter().for_each(tell_of);
                }
                Err(_) => {
                    // The cause may quote an address or a password of the store.
                    tracing::warn!("The shared rate budget does not answer.");
                    borrower.failed(now, turn);
                }
            }
        });
    }
}

/// Says what calls wait for, when that takes long.
fn tell_of(obstacle: LeaseObstacle) {
    let whole = |left: Duration| left.as_millis().div_ceil(1_000);
    match obstacle {
        LeaseObstacle::UnknownLimit { within } => tracing::warn!(
            at_most_s = whole(within),
            "Calls wait for the shared rate budget: another process has the call that is to tell \
             the limit, or died with it."
        ),
        LeaseObstacle::Window { ends_in } => tracing::warn!(
            at_most_s = whole(ends_in),
            "Calls wait for the shared rate budget: other processes have used up this window."
        ),
    }
}

/// The one conversation with the lease; dropped before its end, another may begin.
struct Asking {
    gate: Arc<Gate>,
    is_over: bool,
}

impl Asking {
    fn next_turn(&mut self) -> Option<LeaseTurn> {
        let now = self.gate.now();
        let turn = self.gate.queue().borrower.as_mut()?.next_turn(now);
        self.is_over = turn.is_none();
        turn
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut queue = self.gate.queue();
        if let Some(borrower) = queue.borrower.as_mut().filter(|_| !self.is_over) {
            borrower.stop_asking();
        }
        // Who looked while the last answer was taken in waits for an asking that is over.
        queue.rouse();
        drop(queue);
        self.gate.has_asked.notify_waiters();
    }
}

/// A caller in the queue; dropped, it gives up its place and what it was admitted to.
struct Waiter<'g> {
    gate: &'g Arc<Gate>,
    place: Place,
    is_gone: bool,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        if !self.is_gone {
            let now = self.gate.now();
            self.gate.change(|queue| queue.leave(self.place, now));
        }
    }
}

/// What a call has waited for in the queue.
#[derive(Default)]
struct Waits {
    /// The last reason, if there was a wait.
    last: Option<WaitReason>,
    /// Whether any of the waits was for the rate limit.
    for_the_limit: bool,
}

/// One admitted call. Dropped unsettled, as when its future is cancelled, it counts as lost.
pub(crate) struct Pass<'g> {
    gate: &'g Arc<Gate>,
    admitted: Admitted,
    /// How long it had to wait for the rate limit.
    pub(crate) waited_for: Duration,
    is_settled: bool,
}

impl Pass<'_> {
    /// The call was answered.
    pub(crate) fn answered(mut self, response: &Response) {
        self.end(Fate::Answered(Reading::of(response)));
    }

    /// The call did not reach the server.
    pub(crate) fn unsent(mut self) {
        self.end(Fate::Unsent);
    }

    fn end(&mut self, fate: Fate) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let now = self.gate.now();
        self.gate.change(|queue| queue.settle(self.admitted, fate, now));
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.end(Fate::Lost);
    }
}
