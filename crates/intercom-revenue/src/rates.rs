//! Steps that only exchange rates have made, in MRR that is already converted.

use crate::waterfall::quotient;
use crate::{Currency, NoteCode, Ratio};

/// An exact amount, and the waterfall it belongs to.
pub(crate) type Amount = (Currency, Ratio);

/// One state of a customer.
pub(crate) struct Step {
    pub(crate) amount: Option<Amount>,
    /// Only rates tell it from the state before.
    pub(crate) by_rates: bool,
}

/// What the rates multiplied the MRR by since it was last nothing or in another currency.
pub(crate) fn factor(
    start: Option<Amount>,
    steps: impl IntoIterator<Item = Result<Step, NoteCode>>,
) -> Result<Ratio, NoteCode> {
    let mut factor = Ratio::ONE;
    let mut previous = start;
    for step in steps {
        let Step { amount: current, by_rates } = step?;
        factor = match (previous, current) {
            (Some((left, before)), Some((right, after))) if left == right => match by_rates {
                false => factor,
                true => quotient(after, before)
                    .and_then(|step| factor.checked_mul(step))
                    .ok_or(NoteCode::Overflow)?,
            },
            _ => Ratio::ONE,
        };
        previous = current;
    }
    Ok(factor)
}

/// What an amount would be if the rates had not multiplied it.
pub(crate) fn undone(amount: Option<Amount>, factor: Ratio) -> Result<Option<Amount>, NoteCode> {
    let Some((currency, amount)) = amount else { return Ok(None) };
    let amount = quotient(amount, factor).ok_or(NoteCode::Overflow)?;
    Ok(Some((currency, amount)))
}

/// The amount after a step of rates, at the rates before it.
pub(crate) fn before(previous: Option<Amount>, current: Option<Amount>) -> Option<Amount> {
    let is_same = previous.zip(current).is_some_and(|(left, right)| left.0 == right.0);
    if is_same { previous } else { current }
}
