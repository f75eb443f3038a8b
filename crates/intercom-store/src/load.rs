//! The first load of a stream, cut into windows that are read side by side.

/// The records of a stream that were created in a span of time, and how far they have been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadWindow {
    /// Its number within the load, by time.
    pub position: u32,
    /// Its first second (Unix seconds); `None` when it has no beginning.
    pub from: Option<i64>,
    /// The second it ends before (Unix seconds); `None` when it has no end.
    pub until: Option<i64>,
    /// Where its walk goes on; `None` when it begins anew or is complete.
    pub cursor: Option<String>,
    /// When the last record of the walk was created (Unix seconds), where it goes on when the
    /// cursor is refused; `None` when its records have not come in the order of their creation.
    pub last_created_at: Option<i64>,
    /// How many pages the walk has read.
    pub n_pages: i64,
    /// When its last page was written (Unix seconds); `None` while pages are missing.
    pub completed_at: Option<i64>,
}
