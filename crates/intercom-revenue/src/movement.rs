//! How a customer's MRR moved between two observations.

use serde::{Deserialize, Serialize};

use crate::Money;

/// The kind of a change of MRR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Movement {
    /// From nothing, for the first time.
    New,
    /// From nothing, by a customer who has paid before.
    Reactivation,
    /// More than before.
    Expansion,
    /// Less than before, but something.
    Contraction,
    /// Nothing left.
    Churn,
    /// A different currency: the amounts cannot be compared.
    CurrencyChange,
    /// The same prices at other exchange rates.
    Exchange,
}

/// Classifies the step from `previous` to `current`; `paid_before` tells new from returning.
///
/// An absent MRR is no MRR. `None` means that nothing moved. Converted amounts move with their
/// rates as well; [`alerts`](crate::alerts) and [`waterfalls`](crate::waterfalls), which know the
/// amounts before conversion, tell that apart as [`Movement::Exchange`].
#[must_use]
pub fn movement(
    previous: Option<Money>,
    current: Option<Money>,
    paid_before: Option<Money>,
) -> Option<Movement> {
    let positive = |money: &Money| money.minor > 0;
    match (previous.filter(positive), current.filter(positive)) {
        (None, None) => None,
        (None, Some(_)) if paid_before.as_ref().is_some_and(positive) => {
            Some(Movement::Reactivation)
        }
        (None, Some(_)) => Some(Movement::New),
        (Some(_), None) => Some(Movement::Churn),
        (Some(before), Some(after)) if before.currency != after.currency => {
            Some(Movement::CurrencyChange)
        }
        (Some(before), Some(after)) => match after.minor.cmp(&before.minor) {
            std::cmp::Ordering::Less => Some(Movement::Contraction),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Movement::Expansion),
        },
    }
}
