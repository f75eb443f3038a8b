//! What a reader of a figure should know about the rows behind it.

use serde::{Deserialize, Serialize};

/// One remark, about one row or about the whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// What is remarkable.
    pub code: NoteCode,
    /// The id of the subscription or payment, the path of an entry that cannot be read, or the column
    /// that is meant; absent when the row has none or the whole is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// What is remarkable, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteCode {
    /// The billing period has no known length; left out or taken as a month, by policy.
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
    /// The paid period is over: the source may be out of date.
    StalePeriod,
    /// Counted, but dated in the future.
    FutureDate,
    /// The refunds exceed the payments; shown as zero.
    NegativeTotal,
    /// The figures cover one of several currencies.
    MixedCurrency,
    /// There is no rate into the base currency: left out, or not converted where it is all there is.
    NoRate,
    /// A trial; what it would bring is potential MRR.
    Trial,
    /// An invoice is open; counted or not, by policy.
    PastDue,
    /// It is over, but counted until the paid period ends.
    PaidPeriod,
    /// Nothing is collected for a while; counted or not, by policy.
    CollectionPaused,
    /// It is set to end; counted or not, by policy.
    ScheduledChurn,
    /// The price is per piece used; counted or not, by policy.
    Metered,
    /// It brings nothing.
    Free,
    /// A discount is deducted.
    Discounted,
    /// A discount runs and is not deducted, by policy.
    DiscountIgnored,
    /// Not deducted: the discount cannot be understood, or is in another currency.
    UnreadableDiscount,
    /// The price contains tax; deducted or not, by policy.
    TaxIncluded,
    /// Left out: the status is not spelt as the billing system spells it.
    LooseSpelling,
    /// The plan's price on the customer stands in for a list that was never recorded.
    FlatPrice,
    /// A price has a fraction of a smallest unit: rounded, or left out where it should be in smallest
    /// units and hardly is.
    FractionalMinorUnits,
    /// Part or all of the payment was given back; deducted or not, by policy.
    Refunded,
    /// The customer objects to the payment.
    OpenDispute,
    /// The payment was lost to an objection; deducted or not, by policy.
    LostDispute,
    /// An entry of a list cannot be read: figures made of the others are too low.
    UnreadableEntry,
}
