//! The choices that vendors make differently, as named settings.

use std::num::NonZeroU32;

use crate::{Currency, Ratio, Rounding};

pub(crate) const MONTHS_PER_YEAR: NonZeroU32 = NonZeroU32::new(12).expect("12 is not zero");

/// How revenue is computed where definitions differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevenuePolicy {
    /// The currency of rows that name none, and the preferred one of a customer who uses several.
    pub base_currency: Currency,
    /// Rows keep their own currency; otherwise every row is read as base currency.
    pub separate_currencies: bool,
    /// A price counts once per piece.
    pub multiply_quantity: bool,
    /// A price is spread over `interval_count` intervals.
    pub divide_interval_count: bool,
    /// Months' worth of a weekly price.
    pub week_factor: Ratio,
    /// Months' worth of a daily price.
    pub day_factor: Ratio,
    /// Subscriptions with an open invoice count towards MRR.
    pub past_due_counts: bool,
    /// Rows with the same id count once; the one with the latest date stays.
    pub merge_duplicates: bool,
    /// Subscription prices below zero count, and LTV may fall below zero.
    pub negative_amounts_count: bool,
    /// What ARR is twelve times of.
    pub arr_basis: ArrBasis,
    /// How the figures become whole smallest units.
    pub rounding: Rounding,
}

/// What ARR is twelve times of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrBasis {
    /// The exact MRR: a yearly price of 2990.00 has an ARR of 2990.00.
    Exact,
    /// The rounded MRR: the columns multiply, and that price has an ARR of 2990.04.
    RoundedMrr,
}

/// The plain formula, with quantity, interval count and currency respected.
impl Default for RevenuePolicy {
    fn default() -> Self {
        Self {
            base_currency: Currency::USD,
            separate_currencies: true,
            multiply_quantity: true,
            divide_interval_count: true,
            week_factor: Ratio::new(52, MONTHS_PER_YEAR),
            day_factor: Ratio::new(365, MONTHS_PER_YEAR),
            past_due_counts: false,
            merge_duplicates: true,
            negative_amounts_count: false,
            arr_basis: ArrBasis::Exact,
            rounding: Rounding::HalfAwayFromZero,
        }
    }
}

impl RevenuePolicy {
    /// The formula to the letter: `amount`, divided by 12 for a year, whatever else the row says.
    #[must_use]
    pub fn seed() -> Self {
        Self {
            separate_currencies: false,
            multiply_quantity: false,
            divide_interval_count: false,
            week_factor: Ratio::ONE,
            day_factor: Ratio::ONE,
            merge_duplicates: false,
            negative_amounts_count: true,
            arr_basis: ArrBasis::RoundedMrr,
            ..Self::default()
        }
    }
}
