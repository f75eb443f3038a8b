//! What a reader of a figure should know about the rows behind it.

use serde::Serialize;

/// One remark, about one row or about the whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Note {
    /// What is remarkable.
    pub code: NoteCode,
    /// The id of the subscription or payment; absent when the row has none or the whole is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// What is remarkable, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteCode {
    /// Left out: the billing period has no known length.
    UnknownInterval,
    /// Left out: no amount, as with tiered prices.
    Unpriceable,
    /// Left out: a subscription price below zero.
    NegativeAmount,
    /// Left out, or the figure is missing: the amount does not fit.
    Overflow,
    /// Counted once although the id occurs several times.
    Duplicate,
    /// The status is not one the billing system defines.
    UnknownStatus,
    /// Counted, but the paid period is over: the source may be out of date.
    StalePeriod,
    /// Counted, but dated in the future.
    FutureDate,
    /// The refunds exceed the payments; shown as zero.
    NegativeTotal,
    /// The figures cover one of several currencies.
    MixedCurrency,
}
