//! Effects on the world outside: what is to be done, who does it, and how it ended.
//!
//! An effect is written in the transaction of what causes it. A worker claims it for a while, acts,
//! and says how it ended; when the worker dies, a sweep makes the effect due again. So an effect
//! happens at least once, and a worker that was given up cannot report over the one that followed.

use std::time::Duration;

use crate::redact::opaque_debug;

/// An effect to be written.
///
/// `Debug` does not show the payload and the key: they may name a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Effect {
    /// What it is, such as `alert`.
    pub kind: String,
    /// Which workers it is for.
    pub queue: String,
    /// A second effect of the kind with the same key is not written.
    pub dedupe_key: String,
    /// What the worker needs, as JSON.
    pub payload: String,
    /// How long it rests before it is due.
    pub after: Duration,
}

opaque_debug!(Effect, |it| { kind: it.kind, queue: it.queue, n_bytes: it.payload.len() });

/// Names one claim of one effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Claim {
    pub(crate) effect_id: i64,
    pub(crate) epoch: i64,
}

/// An effect that a worker has claimed.
///
/// `Debug` does not show the payload: it may name a person.
#[derive(Clone, PartialEq, Eq)]
pub struct ClaimedEffect {
    /// To be given back with the result.
    pub claim: Claim,
    /// What it is.
    pub kind: String,
    /// Its key.
    pub dedupe_key: String,
    /// What the worker needs, as JSON.
    pub payload: String,
    /// How often it has been claimed, this time included.
    pub attempts: i64,
}

opaque_debug!(ClaimedEffect, |it| {
    claim: it.claim,
    kind: it.kind,
    n_bytes: it.payload.len(),
    attempts: it.attempts,
});

/// How an attempt at an effect ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectEnd {
    /// It happened.
    Done,
    /// It did not; another attempt is due after a while.
    Retry {
        /// How long to wait.
        after: Duration,
        /// What went wrong, in words.
        reason: String,
    },
    /// It did not, and whoever takes such effects wants none for a while: nothing of the queue is
    /// claimed until then, whenever it was written.
    QueueRests {
        /// How long.
        after: Duration,
        /// What went wrong, in words.
        reason: String,
    },
    /// It never will without somebody's help.
    Dead {
        /// What went wrong, in words.
        reason: String,
    },
}

/// What a sweep keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SweepRules {
    /// An effect whose worker vanished in this attempt is dead.
    pub max_attempts: u32,
    /// How long an effect that happened is remembered, so that it does not happen twice.
    pub remember_for: Duration,
}

/// What a sweep found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SweepOutcome {
    /// Effects whose worker vanished and that are due again.
    pub n_due_again: u64,
    /// Effects whose worker vanished once too often.
    pub n_dead: u64,
    /// Effects that happened long ago and are forgotten.
    pub n_forgotten: u64,
}

/// An effect that will not happen without somebody's help.
///
/// `Debug` does not show the payload and the key: they may name a person.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadEffect {
    /// Its number in the workspace.
    pub effect_id: i64,
    /// What it is.
    pub kind: String,
    /// Which workers it is for.
    pub queue: String,
    /// Its key.
    pub dedupe_key: String,
    /// What the worker needs, as JSON.
    pub payload: String,
    /// How often it was tried.
    pub attempts: i64,
    /// What went wrong last, in words.
    pub reason: Option<String>,
}

opaque_debug!(DeadEffect, |it| {
    effect_id: it.effect_id,
    kind: it.kind,
    queue: it.queue,
    attempts: it.attempts,
    reason: it.reason,
});
