//! What lasts and has been seen, so that it is told once; and how much waits to be told.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::redact::opaque_debug;
use crate::{CustomerRow, Effect, StoreError, Workspace};

/// The subject of what lasts for the workspace itself, such as runs that fail.
pub const WORKSPACE_SUBJECT: &str = "";

/// A condition that lasts.
///
/// `Debug` does not show the subject and the value: they may name a person.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertMemory {
    /// The e-mail of the customer it was noted for; [`WORKSPACE_SUBJECT`] for the workspace.
    pub subject: String,
    /// Its kind, such as `payment_delinquent`.
    pub kind: String,
    /// The contact that spoke for the customer.
    pub contact_id: Option<String>,
    /// When it began (Unix seconds).
    pub since: i64,
    /// What it began with: an amount, or a reason.
    pub value: Option<String>,
}

opaque_debug!(AlertMemory, |it| { kind: it.kind, contact_id: it.contact_id, since: it.since });

/// A change of what is remembered.
///
/// `Debug` does not show the subject and the value: they may name a person.
#[derive(Clone, PartialEq, Eq)]
pub enum AlertMark {
    /// The condition lasts; what was remembered of it is replaced.
    Began(AlertMemory),
    /// It is over, or lasts under another subject.
    Ended {
        /// Of whom.
        subject: String,
        /// Which.
        kind: String,
    },
}

impl AlertMark {
    /// The kind of the condition.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Began(memory) => &memory.kind,
            Self::Ended { kind, .. } => kind,
        }
    }

    fn has_begun(&self) -> bool {
        matches!(self, Self::Began(_))
    }
}

opaque_debug!(AlertMark, |it| { kind: it.kind(), has_begun: it.has_begun() });

/// The customers for whom a condition lasts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlertedCustomers {
    /// How many there are.
    pub n_customers: u64,
    /// Those with the highest MRR, each with its e-mail.
    pub top: Vec<(String, CustomerRow)>,
}

/// How much waits in a queue of the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Due.
    pub n_due: u64,
    /// Not due yet.
    pub n_resting: u64,
    /// In a worker's hands.
    pub n_claimed: u64,
    /// Not to happen without somebody's help.
    pub n_dead: u64,
    /// How long until the next one that rests is due.
    pub next_due_in: Option<Duration>,
    /// How long the whole queue rests: then nothing is due, and everything that is not in a worker's
    /// hands rests at least as long.
    pub rests_for: Option<Duration>,
    /// How long until the first worker that has one is given up.
    pub next_given_up_in: Option<Duration>,
}

impl QueueDepth {
    /// What is yet to happen by itself.
    #[must_use]
    pub fn n_waiting(&self) -> u64 {
        self.n_due + self.n_resting + self.n_claimed
    }
}

/// The part of a [`Store`](crate::Store) that alerts need. It fails as the rest of it does.
#[async_trait]
pub trait AlertStore: Send + Sync {
    /// What lasts of the given subjects, and of customers for whom one of the contacts spoke.
    async fn alert_memory(
        &self,
        workspace: &Workspace,
        subjects: &[&str],
        contact_ids: &[&str],
    ) -> Result<Vec<AlertMemory>, StoreError>;

    /// Changes what is remembered and writes what follows from it, in one transaction; how many of
    /// the effects had none of the same kind and key before them.
    async fn note_alerts(
        &self,
        workspace: &Workspace,
        marks: &[&AlertMark],
        effects: &[&Effect],
    ) -> Result<u64, StoreError>;

    /// The customers for whom conditions last that began at `since` or later, by kind: those that pay in the most common currency
    /// first, highest MRR first, up to `limit` of each kind.
    async fn alerted_customers(
        &self,
        workspace: &Workspace,
        since: i64,
        limit: u32,
    ) -> Result<BTreeMap<String, AlertedCustomers>, StoreError>;

    /// How much waits in a queue.
    async fn queue_depth(
        &self,
        workspace: &Workspace,
        queue: &str,
    ) -> Result<QueueDepth, StoreError>;
}
