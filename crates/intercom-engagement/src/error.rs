//! What the caller got wrong.

use thiserror::Error;

/// A report or a set of sessions that cannot be made.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EngagementError {
    /// The look-back is not a length of time.
    #[error("lookbackDays must be a number above 0, not {0}")]
    LookbackDays(f64),
    /// There are more distinct ids than a column can tell apart.
    #[error("too many distinct {what} for one set of sessions, the limit is {limit}")]
    TooManyIds {
        /// The kind of id.
        what: &'static str,
        /// How many are possible.
        limit: u32,
    },
}
