//! What a customer will probably bring, which is not what a customer has brought.

use serde::{Deserialize, Serialize};

use crate::{Cohort, Money, Ratio, Rounding};

/// How a lifetime is guessed from few departures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LifetimePolicy {
    /// The share of revenue that is left after the costs of serving it, 0 to 1.
    pub gross_margin: Ratio,
    /// Nobody is expected to stay for more months than this.
    pub most_months: u32,
    /// Departures a month imagined beside those observed, so that few observations prove little.
    pub prior_lost: u32,
    /// Customers imagined beside those observed, who lose [`LifetimePolicy::prior_lost`] a month.
    pub prior_customers: u32,
}

/// The whole margin, five years at most, and one departure a month among fifty customers imagined.
impl Default for LifetimePolicy {
    fn default() -> Self {
        Self { gross_margin: Ratio::ONE, most_months: 60, prior_lost: 1, prior_customers: 50 }
    }
}

/// Average MRR times margin times the expected months: the inverse of the monthly churn of
/// `month`, the cohort of a waterfall over one month.
///
/// `None` when nobody was observed or imagined, or when the amount does not fit.
#[must_use]
pub fn predicted_ltv(
    average_mrr: Money,
    month: &Cohort,
    policy: &LifetimePolicy,
    rounding: Rounding,
) -> Option<Money> {
    let customers = i128::from(month.n_customers) + i128::from(policy.prior_customers);
    let lost = i128::from(month.n_lost) + i128::from(policy.prior_lost);
    let most = i128::from(policy.most_months);
    if customers == 0 {
        return None;
    }
    let months = if lost == 0 || customers > most.checked_mul(lost)? {
        Ratio::whole(most)
    } else {
        Ratio::of(customers, lost)?
    };
    let exact = Ratio::whole(average_mrr.minor.into())
        .checked_mul(policy.gross_margin)?
        .checked_mul(months)?;
    Money::from_ratio(exact, average_mrr.currency, rounding).ok()
}
