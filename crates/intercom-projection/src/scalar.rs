//! Single values of custom attributes, in the spellings that workspaces use.
//!
//! Each function answers `Ok(None)` when there is no value and a code when there is one that cannot
//! be meant.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use crate::OddityCode;

/// How one kind of value is read.
pub(crate) type Scalar<T> = fn(Option<&Value>) -> Read<T>;

type Read<T> = Result<Option<T>, OddityCode>;

/// Words without surrounding space; a number is read as its digits.
pub(crate) fn text(value: Option<&Value>) -> Read<String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(present(text).map(str::to_owned)),
        Some(Value::Number(number)) => Ok(Some(number.to_string())),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(OddityCode::WrongType),
    }
}

/// A number, exactly.
pub(crate) fn decimal(value: Option<&Value>) -> Read<Decimal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => exact(&number.to_string()).map(Some),
        Some(Value::String(text)) => present(text).map(exact).transpose(),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(OddityCode::WrongType),
    }
}

/// A whole number from zero up.
pub(crate) fn count(value: Option<&Value>) -> Read<u64> {
    let Some(number) = decimal(value)? else { return Ok(None) };
    if number.fract().is_zero() {
        number.to_u64().map(Some).ok_or(OddityCode::NotACount)
    } else {
        Err(OddityCode::NotACount)
    }
}

/// Yes or no, also as a word or as 1 and 0.
pub(crate) fn flag(value: Option<&Value>) -> Read<bool> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::String(text)) => match present(text) {
            None => Ok(None),
            Some("1") => Ok(Some(true)),
            Some("0") => Ok(Some(false)),
            Some(word) if word.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(word) if word.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(OddityCode::WrongType),
        },
        Some(Value::Number(number)) => match number.as_u64() {
            Some(0) => Ok(Some(false)),
            Some(1) => Ok(Some(true)),
            Some(_) | None => Err(OddityCode::WrongType),
        },
        Some(Value::Array(_) | Value::Object(_)) => Err(OddityCode::WrongType),
    }
}

/// An instant after 1970: Unix seconds, RFC 3339, or a date meaning its first second in UTC.
pub(crate) fn instant(value: Option<&Value>) -> Read<DateTime<Utc>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => {
            let seconds = exact(&number.to_string()).ok().and_then(whole_seconds);
            seconds.and_then(after_1970).map(Some).ok_or(OddityCode::NotAnInstant)
        }
        Some(Value::String(text)) => match present(text) {
            None => Ok(None),
            Some(text) => spelled_instant(text).map(Some).ok_or(OddityCode::NotAnInstant),
        },
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Err(OddityCode::WrongType),
    }
}

/// The first second of the year 10000: what is later was meant as milliseconds.
const YEAR_10000: i64 = 253_402_300_800;

/// The instant of these Unix seconds, if it is after 1970 and has a year of four digits.
pub(crate) fn after_1970(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0).filter(|_| (1..YEAR_10000).contains(&seconds))
}

/// The text without surrounding space, unless nothing is left.
pub(crate) fn present(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}

fn exact(text: &str) -> Result<Decimal, OddityCode> {
    Decimal::from_str_exact(text)
        .or_else(|_| Decimal::from_scientific(text))
        .map_err(|_| OddityCode::NotANumber)
}

fn whole_seconds(number: Decimal) -> Option<i64> {
    number.fract().is_zero().then(|| number.to_i64()).flatten()
}

fn spelled_instant(text: &str) -> Option<DateTime<Utc>> {
    let seconds = || text.parse().ok();
    let instant = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp());
    let date = || {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::MIN).and_utc().timestamp())
    };
    seconds().or_else(instant).or_else(date).and_then(after_1970)
}
