//! Runs: what a synchronisation did, and when.

use serde::{Deserialize, Serialize};

/// Number of a run within its workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub i64);

/// How a run is going, or went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Its number.
    pub id: RunId,
    /// What kind of run it is, such as `full`.
    pub kind: String,
    /// When it started (Unix seconds).
    pub started_at: i64,
    /// How much it did; until it has ended, how much it has committed.
    pub counts: RunCounts,
    /// How it ended; `None` while it runs, or when it died.
    pub end: Option<RunEnd>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEnd {
    /// When (Unix seconds).
    pub finished_at: i64,
    /// With what result.
    pub outcome: RunOutcome,
    /// How much it did.
    pub counts: RunCounts,
    /// What went wrong, in words.
    pub detail: Option<String>,
}

/// The result of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything was read.
    Done,
    /// Some streams were read.
    Partial,
    /// The run gave up.
    Failed,
    /// The run did not begin: its token was refused, or belongs to another workspace.
    Refused,
}

impl RunOutcome {
    const ALL: [Self; 4] = [Self::Done, Self::Partial, Self::Failed, Self::Refused];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }

    /// Whether the run came to its end, with or without everything.
    #[must_use]
    pub fn came_to_its_end(self) -> bool {
        match self {
            Self::Done | Self::Partial => true,
            Self::Failed | Self::Refused => false,
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }
}

/// How much a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunCounts {
    /// Records received.
    pub n_fetched: i64,
    /// Records seen for the first time.
    pub n_inserted: i64,
    /// Records written over an older body.
    pub n_changed: i64,
    /// Contacts that stand for no customer.
    pub n_skipped: i64,
    /// Entries that nobody could read.
    pub n_quarantined: i64,
    /// Customers written.
    pub n_customers: i64,
}
