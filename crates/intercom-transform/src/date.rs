//! Instants in whatever form they were sent, as seconds since 1970.

use chrono::DateTime;

use crate::event::{Kind, Value};

const SECONDS_OF_DAY: i64 = 86_400;

/// The seconds since 1970 that a value stands for: seconds, milliseconds or microseconds as a
/// number or as digits, ISO 8601, or the date of a mail header. A text without an offset is UTC.
/// Digits are never read as a calendar date: senders of Unix time, of which there are many, could
/// not be told from senders of `20240704`.
pub(crate) fn seconds(value: Value<'_>) -> Option<i64> {
    match value.kind() {
        Kind::Number => from_number(value.raw()),
        Kind::Text | Kind::EscapedText => from_text(&value.as_text()?),
        Kind::Null | Kind::False | Kind::True | Kind::List | Kind::Object => None,
    }
}

fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Some(at) = from_iso(text) {
        return Some(at);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return from_number(text);
    }
    DateTime::parse_from_rfc2822(text).ok().map(|at| at.timestamp())
}

/// Seconds below 10^11 (the year 5138), milliseconds below 10^14, microseconds below 10^17.
fn from_number(text: &str) -> Option<i64> {
    const MILLISECONDS: u64 = 100_000_000_000;
    const MICROSECONDS: u64 = 100_000_000_000_000;
    const TOO_LARGE: u64 = 100_000_000_000_000_000;
    let whole = match text.parse::<i64>() {
        Ok(number) => number,
        Err(_) => floor(text.parse().ok()?)?,
    };
    match whole.unsigned_abs() {
        0..MILLISECONDS => Some(whole),
        MILLISECONDS..MICROSECONDS => Some(whole.div_euclid(1_000)),
        MICROSECONDS..TOO_LARGE => Some(whole.div_euclid(1_000_000)),
        TOO_LARGE.. => None,
    }
}

fn floor(number: f64) -> Option<i64> {
    const LIMIT: f64 = 1e17;
    let floor = number.floor();
    #[expect(clippy::cast_possible_truncation, reason = "whole and within ±10^17")]
    (floor.abs() < LIMIT).then_some(floor as i64)
}

/// `2024-07-04`, with a time, a fraction and an offset if need be; before a time hyphens may be
/// absent, and in it colons, as in `20240704T101244Z`.
///
/// Eight digits alone are no date: digits are Unix time, and `20240704` is a second of 1970.
pub(crate) fn from_iso(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let has_hyphens = bytes.get(4) == Some(&b'-') && bytes.get(7) == Some(&b'-');
    let is_basic = matches!(bytes.get(8), Some(b'T' | b't'));
    let (date, rest) = bytes.split_at_checked(if has_hyphens { 10 } else { 8 })?;
    let (month, day) = match (has_hyphens, is_basic) {
        (true, _) => (&date[5..7], &date[8..]),
        (false, true) => (&date[4..6], &date[6..]),
        (false, false) => return None,
    };
    let day = days(digits(&date[..4])?, digits(month)?, digits(day)?)?;
    let seconds = match rest.split_first() {
        None => 0,
        Some((b'T' | b't' | b' ', time)) => time_of_day(time)?,
        Some(_) => return None,
    };
    Some(day * SECONDS_OF_DAY + seconds)
}

/// Seconds since midnight UTC of `10:12`, `10:12:44`, `10:12:44.757+05:30`, or the same without
/// colons; a fraction counts for the second it is in.
fn time_of_day(time: &[u8]) -> Option<i64> {
    let (hour, rest) = two_digits(time)?;
    let colon: &[u8] = if rest.first() == Some(&b':') { b":" } else { b"" };
    let (minute, mut rest) = two_digits(rest.strip_prefix(colon)?)?;
    let mut second = 0;
    if let Some((number, after)) = rest.strip_prefix(colon).and_then(two_digits) {
        (second, rest) = (number, after);
        if let [b'.' | b',', after @ ..] = rest {
            let n_digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest = (n_digits > 0).then(|| &after[n_digits..])?;
        }
    }
    // A leap second has no number of its own.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    Some(hour * 3600 + minute * 60 + second.min(59) - offset(rest)?)
}

/// Seconds east of UTC.
fn offset(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [_, _] => (digits(rest)?, 0),
        [a, b, b':', c, d] | [a, b, c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// A number of two digits, and what follows it.
fn two_digits(text: &[u8]) -> Option<(i64, &[u8])> {
    let (number, rest) = text.split_at_checked(2)?;
    Some((digits(number)?, rest))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0'))
    })
}

/// Days since 1970 of a date in the Gregorian calendar; years are counted from March, so that the
/// leap day comes last.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}
