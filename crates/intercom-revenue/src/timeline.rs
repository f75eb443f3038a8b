//! A customer's observations, ready to be compared.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::{Money, MovementPolicy};

/// What a customer paid from an instant on, until the next observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// Monthly recurring revenue in the currency it is billed in; absent is the same as nothing.
    pub mrr: Option<Money>,
    /// Revenue to date; above zero it tells a returning customer from a new one.
    pub ltv: Option<Money>,
    /// Nothing but exchange rates tells it from the observation before: the MRR is converted, and
    /// what it was converted from has not moved.
    #[serde(default)]
    pub only_rates_moved: bool,
    /// Other rules than before have computed it: what differs is no change of the customer.
    #[serde(default)]
    pub is_restated: bool,
}

/// MRR from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) since: DateTime<Utc>,
    /// Only ever above zero.
    pub(crate) mrr: Option<Money>,
    /// What tells a return from a beginning when this state ends a time without MRR.
    pub(crate) past: Past,
    /// Only exchange rates have moved since the state before.
    pub(crate) only_rates_moved: bool,
    /// Computed by other rules than the state before.
    pub(crate) is_restated: bool,
}

/// What had been paid when a state began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Past {
    /// This is the first observation.
    Unknown,
    /// Nothing that still counts.
    Nothing,
    /// Something.
    Paid,
}

/// The states in order; gaps shorter than the policy's least are closed.
///
/// Of observations at one instant, the last given one stands.
pub(crate) fn states(observations: &[Observation], policy: &MovementPolicy) -> Vec<State> {
    let mut ordered: Vec<&Observation> = observations.iter().collect();
    ordered.sort_by_key(|observation| observation.observed_at);
    let mut states: Vec<State> = Vec::with_capacity(ordered.len());
    let mut had_paid = false;
    let mut stopped_at = None;
    let mut was_paying = false;
    for (index, observation) in ordered.iter().enumerate() {
        let is_overtaken =
            ordered.get(index + 1).is_some_and(|next| next.observed_at == observation.observed_at);
        if is_overtaken {
            continue;
        }
        let since = observation.observed_at;
        let mrr = observation.mrr.filter(|money| money.minor > 0);
        let gap = stopped_at.map(|stopped_at| since - stopped_at);
        if mrr.is_some() && gap.is_some_and(|gap| gap < days(policy.least_gap_days)) {
            while states.pop_if(|state| state.mrr.is_none()).is_some() {}
        }
        let past = match (had_paid, gap, policy.most_gap_days) {
            _ if states.is_empty() => Past::Unknown,
            (true, Some(gap), Some(most)) if gap > days(most) => Past::Nothing,
            (true, _, _) => Past::Paid,
            (false, _, _) => Past::Nothing,
        };
        let only_rates_moved = observation.only_rates_moved && was_paying && mrr.is_some();
        let is_restated = observation.is_restated && !states.is_empty();
        let only_rates_moved = only_rates_moved && !is_restated;
        states.push(State { since, mrr, past, only_rates_moved, is_restated });
        stopped_at = match mrr {
            Some(_) => None,
            None if was_paying => Some(since),
            None => stopped_at,
        };
        was_paying = mrr.is_some();
        had_paid |= mrr.is_some() || observation.ltv.is_some_and(|ltv| ltv.minor > 0);
    }
    states
}

fn days(days: u32) -> TimeDelta {
    TimeDelta::days(days.into())
}
