//! Rows before they become figures: their order, their repeats, their currency, their sum.

use chrono::{DateTime, Utc};

use crate::{Currency, Ratio, RevenuePolicy};

/// The rows in a fixed order, those of one id from the latest to the earliest, each with whether a
/// later one stands for it.
pub(crate) fn in_order<'a, Row: Ord>(
    rows: &'a [Row],
    policy: &RevenuePolicy,
    id: impl Fn(&'a Row) -> Option<&'a str>,
    dated_at: impl Fn(&'a Row) -> Option<DateTime<Utc>>,
) -> impl Iterator<Item = (&'a Row, bool)> {
    let mut ordered: Vec<&Row> = rows.iter().collect();
    ordered.sort_by(|a, b| {
        let key = |row| (id(row), dated_at(row));
        key(b).cmp(&key(a)).then_with(|| b.cmp(a))
    });
    let merge = policy.merge_duplicates;
    let mut latest = None;
    ordered.into_iter().map(move |row| {
        let id = id(row);
        let is_replaced = merge && id.is_some() && id == latest;
        latest = id;
        (row, is_replaced)
    })
}

/// The currency a row is read in.
pub(crate) fn currency_of_row(currency: Option<Currency>, policy: &RevenuePolicy) -> Currency {
    match currency {
        Some(currency) if policy.separate_currencies => currency,
        Some(_) | None => policy.base_currency,
    }
}

/// Sums in a fixed order, so that even an overflow does not depend on the order of the rows.
pub(crate) fn sum(amounts: &mut [Ratio]) -> Option<Ratio> {
    amounts.sort_unstable_by_key(|amount| (amount.denominator(), amount.numerator()));
    amounts.iter().copied().try_fold(Ratio::ZERO, Ratio::checked_add)
}

/// Whether a field says nothing; rows are stored by the million, so such fields are not written.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
