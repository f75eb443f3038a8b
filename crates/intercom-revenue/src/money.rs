//! Amounts that cannot be added across currencies, cannot overflow and cannot lose a unit.

use std::fmt;
use std::num::NonZeroU32;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Currency, Ratio, Rounding};

/// A number of smallest units of one currency: `29900` and `USD` is 299 dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How many smallest units; see [`Currency::exponent`].
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why an amount has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The text is not three letters.
    #[error("{0:?} is not a three-letter currency code")]
    NotACurrency(String),
    /// The text is neither a decimal number nor two of them with a slash between.
    #[error("{0:?} is not a fraction")]
    NotARatio(String),
    /// Only an exchange rate could combine them.
    #[error("cannot combine {left} with {right}")]
    CurrencyMismatch {
        /// The currency of the amount operated on.
        left: Currency,
        /// The currency of the other amount.
        right: Currency,
    },
    /// The answer exceeds 64 bits of smallest units.
    #[error("the amount does not fit 64 bits")]
    Overflow,
    /// All weights of an allocation are zero.
    #[error("an amount cannot be allocated to no weight")]
    NoWeight,
}

impl Money {
    /// `minor` smallest units of `currency`.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// No money, of a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The amount in major units, with the currency's decimals: `299.00`.
    #[must_use]
    pub fn amount(self) -> Decimal {
        Decimal::from_i128_with_scale(self.minor.into(), self.currency.exponent())
    }

    /// An exact number of smallest units, rounded as named.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] when the rounded amount does not fit.
    pub fn from_ratio(
        minor: Ratio,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        i64::try_from(minor.round(rounding))
            .map(|minor| Self::new(minor, currency))
            .map_err(|_| MoneyError::Overflow)
    }

    /// The sum.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_add(other.minor))
    }

    /// The difference.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_sub(other.minor))
    }

    /// The amount taken `factor` times.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul(self, factor: i64) -> Result<Self, MoneyError> {
        self.with_minor(self.minor.checked_mul(factor))
    }

    /// Equal parts that add up to the whole; the first parts carry the units that are left over.
    pub fn split(self, parts: NonZeroU32) -> impl ExactSizeIterator<Item = Self> {
        let n_parts = i64::from(parts.get());
        let (share, left_over) = (self.minor / n_parts, self.minor % n_parts);
        (0..parts.get()).map(move |index| {
            let carries = i64::from(index) < left_over.abs();
            let extra = if carries { left_over.signum() } else { 0 };
            Self::new(share + extra, self.currency)
        })
    }

    /// Parts in proportion to `weights` that add up to the whole.
    ///
    /// Units that are left over go to the largest remainders, earlier weights first.
    ///
    /// # Errors
    /// [`MoneyError::NoWeight`] when no weight is positive.
    pub fn allocate(self, weights: &[u32]) -> Result<Vec<Self>, MoneyError> {
        let total: i128 = weights.iter().copied().map(i128::from).sum();
        if total == 0 {
            return Err(MoneyError::NoWeight);
        }
        let whole = i128::from(self.minor);
        // 64 bits times 32 bits fits; dividing by the total brings a part back below the whole.
        let exact = |weight: u32| whole * i128::from(weight);
        let mut parts: Vec<i128> = weights.iter().map(|&w| exact(w) / total).collect();
        let left_over = whole - parts.iter().sum::<i128>();
        let mut by_remainder: Vec<usize> = (0..weights.len()).collect();
        by_remainder.sort_by_key(|&i| std::cmp::Reverse((exact(weights[i]) % total).abs()));
        let n_left_over = usize::try_from(left_over.unsigned_abs()).unwrap_or(usize::MAX);
        for &index in by_remainder.iter().take(n_left_over) {
            parts[index] += left_over.signum();
        }
        parts.into_iter().map(|part| self.with_minor(i64::try_from(part).ok())).collect()
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency })
        }
    }

    fn with_minor(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor.map(|minor| Self::new(minor, self.currency)).ok_or(MoneyError::Overflow)
    }
}

/// The major amount with the currency's decimals, then the code: `299.00 USD`, `5000 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let (minor, exponent) = (self.minor.unsigned_abs(), self.currency.exponent());
        let unit = 10_u64.pow(exponent);
        write!(f, "{sign}{}", minor / unit)?;
        if exponent > 0 {
            write!(f, ".{:0width$}", minor % unit, width = exponent as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}
