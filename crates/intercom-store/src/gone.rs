//! Records that the API knows no more.

use crate::Stream;

/// A stored record that is gone, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Its id.
    pub id: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a record that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was deleted; or archived or hidden, where only the API's silence tells of it.
    Deleted,
    /// It was archived: a contact keeps its row, and nothing is projected from it.
    Archived,
    /// The contact was merged into the one with this id.
    MergedInto(String),
}

impl Fate {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Archived => "archived",
            Self::MergedInto(_) => "merged",
        }
    }
}

/// What is left of a record that is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    /// Where it was stored.
    pub stream: Stream,
    /// Its id.
    pub id: String,
    /// `deleted`, `archived` or `merged`.
    pub reason: String,
    /// When it vanished, or was found to be gone (Unix seconds).
    pub observed_at: i64,
}
