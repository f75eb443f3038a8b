//! Amounts of other currencies in one, by given rates.

use std::collections::BTreeMap;

use crate::{Currency, Ratio};

/// Major units of one currency for one major unit of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rates {
    /// The currency that amounts are converted into.
    pub into: Currency,
    /// Major units of it for one major unit of another; its own is always one.
    pub by_currency: BTreeMap<Currency, Ratio>,
}

impl Rates {
    /// Exact smallest units of [`Rates::into`]; `None` without a rate or when they do not fit.
    #[must_use]
    pub fn convert(&self, minor: Ratio, from: Currency) -> Option<Ratio> {
        convert(minor, from, self.into, &self.by_currency)
    }
}

pub(crate) fn convert(
    minor: Ratio,
    from: Currency,
    into: Currency,
    rates: &BTreeMap<Currency, Ratio>,
) -> Option<Ratio> {
    if from == into {
        return Some(minor);
    }
    let units = |currency: Currency| Ratio::whole(10_i128.pow(currency.exponent()));
    minor
        .checked_mul(*rates.get(&from)?)?
        .checked_mul(units(into))?
        .checked_mul(units(from).reciprocal()?)
}
