//! Work that one process does at a time.

use std::time::Duration;

use crate::Workspace;

/// A lease that a process holds until it expires or is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub(crate) name: String,
    pub(crate) epoch: i64,
    pub(crate) expires_at: i64,
}

impl Lease {
    /// What it is a lease of.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Larger than that of every earlier holder.
    #[must_use]
    pub fn epoch(&self) -> i64 {
        self.epoch
    }

    /// When it expires unless it is renewed, by the clock of the database (Unix milliseconds).
    #[must_use]
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }
}

/// What became of the attempt to take a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeaseOutcome {
    /// It is ours.
    Acquired {
        /// The lease.
        lease: Lease,
        /// The workspace for writing under the lease: once another process has taken it over,
        /// every write is [`LeaseLost`](crate::StoreError::LeaseLost) and has no effect.
        workspace: Workspace,
    },
    /// Another process has it.
    Held {
        /// What that process called itself.
        holder: String,
        /// When its lease expires unless it is renewed (Unix milliseconds).
        until: i64,
    },
}

/// What guards the writes under a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fence {
    pub(crate) name: String,
    pub(crate) epoch: i64,
}

/// What the processes that share a token know of its rate limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLedgerRow {
    /// The digest of the token.
    pub token_digest: String,
    /// What the last [`change`](crate::Store::change_rate_ledger) left.
    pub ledger: String,
    /// When that was, by the database's clock (a duration since 1970).
    pub changed_at: Duration,
    /// The database's clock at the moment of reading.
    pub now: Duration,
}
