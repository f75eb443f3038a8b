//! How much a store holds, and what waits in it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Stream;

/// How many rows a store holds of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Records by stream.
    pub records: BTreeMap<Stream, i64>,
    /// Contacts among them that are archived, which no list shows.
    pub n_archived: i64,
    /// Customers that we have written.
    pub n_customers: i64,
    /// Records that were stored and are gone.
    pub n_tombstones: i64,
}

/// What waits for somebody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Backlog {
    /// Entries that nobody could read.
    pub n_quarantined: i64,
    /// Effects that wait to be claimed.
    pub n_due: i64,
    /// Effects that somebody works on.
    pub n_claimed: i64,
    /// Effects that were given up.
    pub n_dead: i64,
}
