//! How far back a report looks.

use serde::{Serialize, Serializer};

use crate::EngagementError;

/// A number of days above 0 and up to 365; fractions are allowed.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct LookbackDays(f64);

impl LookbackDays {
    /// The longest look-back.
    pub const MAX: Self = Self(365.0);

    /// The given number of days, but no more than [`Self::MAX`].
    ///
    /// # Errors
    /// [`EngagementError::LookbackDays`] when `days` is zero, negative or not a number.
    pub fn new(days: f64) -> Result<Self, EngagementError> {
        if days > 0.0 {
            Ok(Self(days.min(Self::MAX.0)))
        } else {
            Err(EngagementError::LookbackDays(days))
        }
    }

    /// The number of days.
    #[must_use]
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl Default for LookbackDays {
    fn default() -> Self {
        Self::MAX
    }
}

/// Whole days are written as an integer.
impl Serialize for LookbackDays {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and at most 365")]
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}
