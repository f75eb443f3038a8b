//! Currencies and amounts of several currencies, in columns.

use std::collections::BTreeMap;

use intercom_revenue::{Currency, Ratio};

use crate::dialect::{Dialect, Reader};

/// Exact amounts as a JSON object; absent when there are none.
pub(in crate::sql) fn by_currency(amounts: &BTreeMap<Currency, Ratio>) -> Option<String> {
    (!amounts.is_empty()).then(|| serde_json::json!(amounts).to_string())
}

pub(in crate::sql) fn read_by_currency<D: Dialect>(
    row: &mut Reader<'_, D>,
) -> sqlx::Result<BTreeMap<Currency, Ratio>> {
    let Some(json) = row.next::<Option<String>>()? else { return Ok(BTreeMap::new()) };
    serde_json::from_str(&json).map_err(|error| sqlx::Error::Decode(error.into()))
}

/// The currency; the exponent beside it is for those who read the table without this crate.
pub(in crate::sql) fn read_currency<D: Dialect>(
    row: &mut Reader<'_, D>,
) -> sqlx::Result<Option<Currency>> {
    let code = row.next::<Option<String>>()?;
    row.next::<Option<i64>>()?;
    code.as_deref().map(parse_currency).transpose()
}

pub(in crate::sql) fn parse_currency(code: &str) -> sqlx::Result<Currency> {
    code.parse().map_err(|_| sqlx::Error::Decode("not a currency".into()))
}
