//! Exact fractions, so that rounding happens once and last.

use std::fmt;
use std::num::NonZeroU32;

use rust_decimal::Decimal;
use serde::{Serialize, Serializer};

/// An exact fraction in lowest terms with a positive denominator.
///
/// Every operation is checked: `None` means that the exact answer does not fit 128 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

/// What happens to the part below one smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rounding {
    /// To the nearest unit; a half goes away from zero.
    #[default]
    HalfAwayFromZero,
    /// To the nearest unit; a half goes to the even neighbour.
    HalfEven,
    /// Dropped.
    TowardZero,
}

impl Ratio {
    /// Nothing.
    pub const ZERO: Self = Self::whole(0);
    /// One.
    pub const ONE: Self = Self::whole(1);

    /// A whole number.
    #[must_use]
    pub const fn whole(number: i128) -> Self {
        Self { numerator: number, denominator: 1 }
    }

    /// `numerator / denominator`.
    #[must_use]
    pub fn new(numerator: i64, denominator: NonZeroU32) -> Self {
        let (numerator, denominator) = (i128::from(numerator), i128::from(denominator.get()));
        let divisor = common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// Exactly the given decimal.
    #[must_use]
    pub fn from_decimal(decimal: Decimal) -> Self {
        // A mantissa has 96 bits and a scale is at most 28, so both fit.
        let (numerator, denominator) = (decimal.mantissa(), 10_i128.pow(decimal.scale()));
        let divisor = common_divisor(numerator, denominator);
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// The part above the line.
    #[must_use]
    pub const fn numerator(self) -> i128 {
        self.numerator
    }

    /// The part below the line, never less than one.
    #[must_use]
    pub const fn denominator(self) -> i128 {
        self.denominator
    }

    /// The exact sum.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let divisor = common_divisor(self.denominator, other.denominator);
        let (left, right) = (other.denominator / divisor, self.denominator / divisor);
        let numerator =
            self.numerator.checked_mul(left)?.checked_add(other.numerator.checked_mul(right)?)?;
        let denominator = self.denominator.checked_mul(left)?;
        Self::lowest(numerator, denominator)
    }

    /// The exact product.
    #[must_use]
    pub fn checked_mul(self, other: Self) -> Option<Self> {
        let (a, d) = cancel(self.numerator, other.denominator);
        let (c, b) = cancel(other.numerator, self.denominator);
        Self::lowest(a.checked_mul(c)?, b.checked_mul(d)?)
    }

    /// The exact quotient.
    #[must_use]
    pub fn checked_div(self, divisor: NonZeroU32) -> Option<Self> {
        self.checked_mul(Self::new(1, divisor))
    }

    /// The whole number that `rounding` makes of this fraction.
    #[must_use]
    pub fn round(self, rounding: Rounding) -> i128 {
        let floor = self.numerator.div_euclid(self.denominator);
        let rest = self.numerator.rem_euclid(self.denominator);
        let above_half = rest.cmp(&(self.denominator - rest));
        let up = match rounding {
            Rounding::HalfAwayFromZero => above_half.is_gt() || (above_half.is_eq() && floor >= 0),
            Rounding::HalfEven => above_half.is_gt() || (above_half.is_eq() && floor % 2 != 0),
            Rounding::TowardZero => floor < 0 && rest > 0,
        };
        floor + i128::from(up)
    }

    fn lowest(numerator: i128, denominator: i128) -> Option<Self> {
        let (numerator, denominator) = cancel(numerator, denominator);
        (numerator != i128::MIN).then_some(Self { numerator, denominator })
    }
}

fn cancel(numerator: i128, denominator: i128) -> (i128, i128) {
    let divisor = common_divisor(numerator, denominator);
    (numerator / divisor, denominator / divisor)
}

/// The greatest common divisor; `denominator` is positive, so the answer is positive and fits.
fn common_divisor(numerator: i128, denominator: i128) -> i128 {
    let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a).unwrap_or(1)
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.denominator == 1 {
            write!(f, "{}", self.numerator)
        } else {
            write!(f, "{}/{}", self.numerator, self.denominator)
        }
    }
}

impl fmt::Debug for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
