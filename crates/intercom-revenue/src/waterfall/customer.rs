//! What one customer adds to the waterfalls.

use std::collections::BTreeMap;

use super::{Exchange, Kind, MovementPolicy, Period, Steps, Waterfall, quotient};
use crate::rates::{self, Amount};
use crate::timeline::{Past, State};
use crate::{Currency, Money, Movement, NoteCode, Ratio};

/// One customer, on the way into the waterfalls.
pub(super) struct Customer<'a> {
    pub(super) states: Vec<State>,
    pub(super) period: Period,
    pub(super) policy: &'a MovementPolicy,
    pub(super) exchange: Option<&'a Exchange>,
}

impl Customer<'_> {
    /// The waterfalls that change, as they are with this customer.
    pub(super) fn add_to(
        &self,
        all: &BTreeMap<Currency, Waterfall>,
    ) -> Result<BTreeMap<Currency, Waterfall>, NoteCode> {
        let n_before = self.states.partition_point(|state| state.since < self.period.starts_at);
        let n_known = self.states.partition_point(|state| state.since < self.period.ends_at);
        let (before, known) = self.states.split_at(n_before.min(n_known));
        let within = &known[..n_known.saturating_sub(before.len())];

        let mut changed = BTreeMap::new();
        let mut add = |(currency, amount): Amount, kind: Kind| {
            let waterfall = changed
                .entry(currency)
                .or_insert_with(|| all.get(&currency).copied().unwrap_or_default());
            waterfall.add(kind, amount)
        };
        let start = self.amount_at_start(before.last().and_then(|state| state.mrr))?;
        start.map_or(Ok(()), |start| add(start, Kind::Start))?;
        let mut previous = start;
        // Every restatement is a beginning of its own.
        for within in within.chunk_by(|_, next| !next.is_restated) {
            previous = self.add_steps(previous, within, &mut add)?;
        }
        let last = within.last().or(before.last()).and_then(|state| state.mrr);
        let end = self.amount_at_end(last)?;
        end.map_or(Ok(()), |end| add(end, Kind::End))?;
        if let (Some((currency, at_start)), Some((_, at_end))) = (previous, end)
            && self.exchange.is_some()
        {
            let moved = at_end.checked_sub(at_start).ok_or(NoteCode::Overflow)?;
            add((currency, moved), Kind::Moved(Movement::Exchange))?;
        }
        let is_compared = match self.restated(start, within)? {
            Some(restated) => {
                let kept = rates::undone(previous, self.factor(start, within)?)?;
                let kept = rates::undone(kept, restated)?;
                self.join_cohort(start, kept, within, &mut changed)?
            }
            None => false,
        };
        if let Some((currency, _)) = start.filter(|_| !is_compared)
            && let Some(waterfall) = changed.get_mut(&currency)
        {
            waterfall.cohort.n_incomparable += 1;
        }
        Ok(changed)
    }

    /// Adds the steps from an amount on; only the first state may be restated. Returns the amount
    /// that they lead to.
    fn add_steps(
        &self,
        previous: Option<Amount>,
        within: &[State],
        add: &mut impl FnMut(Amount, Kind) -> Result<(), NoteCode>,
    ) -> Result<Option<Amount>, NoteCode> {
        let (start, within) = match within {
            [restated, rest @ ..] if restated.is_restated => {
                let current = self.amount_at_start(restated.mrr)?;
                previous.map_or(Ok(()), |amount| add(negative(amount)?, Kind::Restated))?;
                current.map_or(Ok(()), |amount| add(amount, Kind::Restated))?;
                (current, rest)
            }
            all => (previous, all),
        };
        let steps = match self.policy.steps {
            Steps::Every => within,
            Steps::Net => within.last().map_or(&[][..], std::slice::from_ref),
        };
        let mut previous = start;
        for state in steps {
            let current = self.amount_at_start(state.mrr)?;
            let at_old_rates = match self.policy.steps {
                Steps::Every if state.only_rates_moved => rates::before(previous, current),
                Steps::Every => current,
                Steps::Net => rates::undone(current, self.factor(start, within)?)?,
            };
            self.step(previous, at_old_rates, state, within, add)?;
            if let (Some((currency, moved)), Some((_, amount))) = (current, at_old_rates) {
                let by_rates = moved.checked_sub(amount).ok_or(NoteCode::Overflow)?;
                add((currency, by_rates), Kind::Moved(Movement::Exchange))?;
            }
            previous = current;
        }
        Ok(previous)
    }

    /// What restatements multiplied the MRR by; `None` when one made MRR of nothing, nothing of MRR,
    /// or MRR of another currency.
    fn restated(&self, start: Option<Amount>, within: &[State]) -> Result<Option<Ratio>, NoteCode> {
        let mut factor = Ratio::ONE;
        let mut previous = start;
        for state in within {
            let current = self.amount_at_start(state.mrr)?;
            factor = match (previous, current) {
                _ if !state.is_restated => factor,
                (Some((left, before)), Some((right, after))) if left == right => {
                    let step = quotient(after, before);
                    step.and_then(|step| factor.checked_mul(step)).ok_or(NoteCode::Overflow)?
                }
                _ => return Ok(None),
            };
            previous = current;
        }
        Ok(Some(factor))
    }

    /// What steps that only rates have made multiplied the MRR by.
    fn factor(&self, start: Option<Amount>, within: &[State]) -> Result<Ratio, NoteCode> {
        let amounts = within.iter().map(|state| {
            Ok(rates::Step {
                amount: self.amount_at_start(state.mrr)?,
                by_rates: state.only_rates_moved,
            })
        });
        rates::factor(start, amounts)
    }

    fn step(
        &self,
        previous: Option<Amount>,
        current: Option<Amount>,
        state: &State,
        within: &[State],
        add: &mut impl FnMut(Amount, Kind) -> Result<(), NoteCode>,
    ) -> Result<(), NoteCode> {
        match (previous, current) {
            (None, None) => Ok(()),
            (None, Some(current)) => add(current, self.beginning(state, within)),
            (Some(previous), None) => add(negative(previous)?, Kind::Moved(Movement::Churn)),
            (Some(previous), Some(current)) if previous.0 != current.0 => {
                let kind = Kind::Moved(Movement::CurrencyChange);
                add(negative(previous)?, kind)?;
                add(current, kind)
            }
            (Some((currency, before)), Some((_, after))) => {
                let change = after.checked_sub(before).ok_or(NoteCode::Overflow)?;
                let movement = match change.numerator() {
                    0 => return Ok(()),
                    1.. => Movement::Expansion,
                    _ => Movement::Contraction,
                };
                add((currency, change), Kind::Moved(movement))
            }
        }
    }

    /// What MRR is that comes from nothing.
    fn beginning(&self, state: &State, within: &[State]) -> Kind {
        // A net step ends with the last state and is judged by the past of the first.
        let past = match self.policy.steps {
            Steps::Every => state.past,
            Steps::Net => {
                within.iter().find(|state| state.mrr.is_some()).map_or(state.past, |s| s.past)
            }
        };
        let was_there = |since| self.policy.observed_since.is_some_and(|began| since <= began);
        match past {
            Past::Unknown if was_there(self.states[0].since) => Kind::Opening,
            Past::Unknown | Past::Nothing => Kind::Moved(Movement::New),
            Past::Paid => Kind::Moved(Movement::Reactivation),
        }
    }

    /// Adds to the cohort who paid at the start; not who pays in another currency at the end.
    fn join_cohort(
        &self,
        start: Option<Amount>,
        end: Option<Amount>,
        within: &[State],
        changed: &mut BTreeMap<Currency, Waterfall>,
    ) -> Result<bool, NoteCode> {
        let Some((currency, start)) = start else { return Ok(false) };
        let Some(waterfall) = changed.get_mut(&currency) else { return Ok(false) };
        let was_gone = within.iter().any(|state| state.mrr.is_none());
        match end {
            Some((other, _)) if other != currency => return Ok(false),
            Some((_, end)) if self.policy.returns_are_retained || !was_gone => {
                waterfall.add_to_cohort(start, end)?;
            }
            Some(_) | None => waterfall.add_to_cohort(start, Ratio::ZERO)?,
        }
        Ok(true)
    }

    fn amount_at_start(&self, mrr: Option<Money>) -> Result<Option<Amount>, NoteCode> {
        let rates = self.exchange.map(|exchange| &exchange.at_start);
        self.amount(mrr, rates.map(|rates| &rates.by_currency))
    }

    fn amount_at_end(&self, mrr: Option<Money>) -> Result<Option<Amount>, NoteCode> {
        self.amount(mrr, self.exchange.map(|exchange| &exchange.at_end))
    }

    fn amount(
        &self,
        mrr: Option<Money>,
        rates: Option<&BTreeMap<Currency, Ratio>>,
    ) -> Result<Option<Amount>, NoteCode> {
        let Some(mrr) = mrr else { return Ok(None) };
        let exact = Ratio::whole(mrr.minor.into());
        let (Some(exchange), Some(rates)) = (self.exchange, rates) else {
            return Ok(Some((mrr.currency, exact)));
        };
        let into = exchange.at_start.into;
        if mrr.currency != into && !rates.contains_key(&mrr.currency) {
            return Err(NoteCode::NoRate);
        }
        let converted = crate::exchange::convert(exact, mrr.currency, into, rates);
        converted.map(|amount| Some((into, amount))).ok_or(NoteCode::Overflow)
    }
}

fn negative((currency, amount): Amount) -> Result<Amount, NoteCode> {
    let amount = Ratio::ZERO.checked_sub(amount).ok_or(NoteCode::Overflow)?;
    Ok((currency, amount))
}
