//! What is deducted from a price, and for how long.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, Ratio};

/// A deduction from every invoice that it applies to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Discount {
    /// How much.
    pub reduction: Reduction,
    /// To which invoices.
    pub duration: DiscountDuration,
    /// When it stops, if that is known.
    pub ends_at: Option<DateTime<Utc>>,
}

/// How much is deducted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reduction {
    /// So many hundredths of the price; 0 to 100.
    Percent(Decimal),
    /// So many smallest units of each invoice.
    Amount {
        /// Smallest units; zero or more.
        minor: Decimal,
        /// Their currency; absent means that of the subscription.
        currency: Option<Currency>,
    },
    /// The source names neither.
    Unreadable,
}

/// Which invoices a discount applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscountDuration {
    /// The next one.
    Once,
    /// Those of some months.
    Repeating,
    /// Every one.
    Forever,
}

impl Discount {
    /// Whether invoices after `now` may still be reduced.
    #[must_use]
    pub fn is_running(&self, now: DateTime<Utc>) -> bool {
        self.ends_at.is_none_or(|end| end > now)
    }

    /// What is left of a monthly amount in `currency` that is invoiced `per_month` times a month.
    ///
    /// A reduction leaves at least nothing. `None` means that it cannot be applied: it is
    /// unreadable, of another currency, out of range, or its exact result does not fit.
    pub(crate) fn reduce(
        &self,
        monthly: Ratio,
        per_month: Ratio,
        currency: Currency,
    ) -> Option<Ratio> {
        let zero_at_least = |rest: Ratio| if rest.numerator() < 0 { Ratio::ZERO } else { rest };
        match &self.reduction {
            Reduction::Percent(percent) => {
                let whole = Ratio::whole(100);
                let rest = whole.checked_sub(Ratio::from_decimal(*percent))?;
                let is_share = rest.numerator() >= 0 && !percent.is_sign_negative();
                is_share.then(|| monthly.checked_mul(rest)?.checked_mul(whole.reciprocal()?))?
            }
            Reduction::Amount { minor, currency: own }
                if own.is_none_or(|own| own == currency) && !minor.is_sign_negative() =>
            {
                let off = Ratio::from_decimal(*minor).checked_mul(per_month)?;
                monthly.checked_sub(off).map(zero_at_least)
            }
            Reduction::Amount { .. } | Reduction::Unreadable => None,
        }
    }
}
