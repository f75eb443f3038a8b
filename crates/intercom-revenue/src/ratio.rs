//! Exact fractions, so that rounding happens once and last.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::MoneyError;

/// An exact fraction in lowest terms with a positive denominator.
///
/// Every operation is checked: `None` means that the exact answer does not fit 128 bits. Written as
/// `13/3` or `30`; read in that form too, and as a decimal such as `1.0835`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

/// What happens to the part below one smallest unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
        let (numerator, denominator) = cancel(numerator, denominator);
        Self { numerator, denominator }
    }

    /// `numerator / denominator`, of any size; `None` when the denominator is not above zero.
    pub(crate) fn of(numerator: i128, denominator: i128) -> Option<Self> {
        if denominator > 0 { Self::lowest(numerator, denominator) } else { None }
    }

    /// Exactly the given decimal.
    #[must_use]
    pub fn from_decimal(decimal: Decimal) -> Self {
        // A mantissa has 96 bits and a scale is at most 28, so both fit.
        let (numerator, denominator) = cancel(decimal.mantissa(), 10_i128.pow(decimal.scale()));
        Self { numerator, denominator }
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
        if self.denominator == other.denominator {
            let numerator = self.numerator.checked_add(other.numerator)?;
            return Self::lowest(numerator, self.denominator);
        }
        let divisor = common_divisor(self.denominator, other.denominator);
        let (left, right) = (other.denominator / divisor, self.denominator / divisor);
        let numerator =
            self.numerator.checked_mul(left)?.checked_add(other.numerator.checked_mul(right)?)?;
        let denominator = self.denominator.checked_mul(left)?;
        Self::lowest(numerator, denominator)
    }

    /// The exact difference.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(Self { numerator: other.numerator.checked_neg()?, ..other })
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

    /// One divided by this fraction; `None` for zero.
    #[must_use]
    pub fn reciprocal(self) -> Option<Self> {
        let (numerator, denominator) = (self.denominator, self.numerator);
        match numerator.checked_mul(denominator.signum())? {
            0 => None,
            signed => Some(Self { numerator: signed, denominator: denominator.checked_abs()? }),
        }
    }

    /// The larger of two fractions; `None` when they are too large to compare.
    #[must_use]
    pub fn checked_max(self, other: Self) -> Option<Self> {
        let difference = self.checked_sub(other)?;
        Some(if difference.numerator < 0 { other } else { self })
    }

    /// The whole number that `rounding` makes of this fraction.
    #[must_use]
    pub fn round(self, rounding: Rounding) -> i128 {
        if self.denominator == 1 {
            return self.numerator;
        }
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
    match common_divisor(numerator, denominator) {
        1 => (numerator, denominator),
        divisor => (numerator / divisor, denominator / divisor),
    }
}

/// The greatest common divisor; `denominator` is positive, so the answer is positive and fits.
fn common_divisor(numerator: i128, denominator: i128) -> i128 {
    if denominator == 1 {
        return 1;
    }
    let (mut a, mut b) = (numerator.unsigned_abs(), denominator.unsigned_abs());
    // Dividing 128 bits is many times slower than dividing 64, and amounts rarely need them.
    if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
        return small_common_divisor(a, b);
    }
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::try_from(a).unwrap_or(1)
}

fn small_common_divisor(mut a: u64, mut b: u64) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    i128::from(a)
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

impl Default for Ratio {
    fn default() -> Self {
        Self::ZERO
    }
}

impl FromStr for Ratio {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let not_a_ratio = || MoneyError::NotARatio(text.to_owned());
        let (above, below) = text.trim().split_once('/').unwrap_or((text.trim(), "1"));
        let read = |part: &str| {
            let whole = part.parse().ok().map(Self::whole);
            whole.or_else(|| Decimal::from_str_exact(part).ok().map(Self::from_decimal))
        };
        let divisor = read(below).and_then(Self::reciprocal).ok_or_else(not_a_ratio)?;
        read(above).and_then(|above| above.checked_mul(divisor)).ok_or_else(not_a_ratio)
    }
}

impl TryFrom<String> for Ratio {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Ratio> for String {
    fn from(ratio: Ratio) -> Self {
        ratio.to_string()
    }
}
