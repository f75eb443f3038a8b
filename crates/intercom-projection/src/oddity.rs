//! Remarks on data that could not be read as it was meant.

use std::fmt;

use chrono::{DateTime, Utc};
use intercom_api::Timestamp;
use serde::Serialize;

use crate::scalar::after_1970;

/// A value, and what was strange about the data it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Projected<T> {
    /// What could be read.
    pub value: T,
    /// What could not, in the order it was met.
    pub oddities: Vec<Oddity>,
}

/// One field whose content was left out or had to be interpreted; the content is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Oddity {
    /// The path to the field, such as `custom_attributes.stripe_plan_price`.
    pub field: String,
    /// What is strange.
    pub code: OddityCode,
}

/// What is strange, for machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OddityCode {
    /// Left out: another kind of JSON value than any this field can have.
    WrongType,
    /// Left out: not a number, or one with too many digits.
    NotANumber,
    /// Left out: not a whole number from zero up.
    NotACount,
    /// Left out: not an instant after 1970.
    NotAnInstant,
    /// Left out: not an e-mail address.
    InvalidEmail,
    /// Not a state a subscription can be in.
    UnknownStatus,
    /// Left out: no code of a currency that money is kept in.
    UnknownCurrency,
    /// Of no known length, so that nobody can say what is paid a month.
    UnknownInterval,
    /// A price below zero.
    NegativeAmount,
    /// Left out: not a rating from 1 to 5.
    NotARating,
    /// Left out: text that should contain JSON and does not.
    UnreadableJson,
    /// Read, although the list came as JSON inside a text.
    JsonInText,
}

impl OddityCode {
    /// The code as it is written in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::NotANumber => "not_a_number",
            Self::NotACount => "not_a_count",
            Self::NotAnInstant => "not_an_instant",
            Self::InvalidEmail => "invalid_email",
            Self::UnknownStatus => "unknown_status",
            Self::UnknownCurrency => "unknown_currency",
            Self::UnknownInterval => "unknown_interval",
            Self::NegativeAmount => "negative_amount",
            Self::NotARating => "not_a_rating",
            Self::UnreadableJson => "unreadable_json",
            Self::JsonInText => "json_in_text",
        }
    }
}

impl Oddity {
    /// The last name of the path, without a place in a list.
    pub(crate) fn name(&self) -> &str {
        let last = self.field.rsplit('.').next().unwrap_or_default();
        last.split('[').next().unwrap_or_default()
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.code.as_str())
    }
}

/// Oddities as they are met.
#[derive(Default)]
pub(crate) struct Oddities(Vec<Oddity>);

impl Oddities {
    pub(crate) fn add(&mut self, field: fmt::Arguments<'_>, code: OddityCode) {
        self.0.push(Oddity { field: field.to_string(), code });
    }

    /// What was read from a field; a refusal becomes a remark and no value.
    pub(crate) fn accept<T>(
        &mut self,
        field: fmt::Arguments<'_>,
        read: Result<Option<T>, OddityCode>,
    ) -> Option<T> {
        read.unwrap_or_else(|code| {
            self.add(field, code);
            None
        })
    }

    /// The instant of a timestamp, unless it is not after 1970 or cannot be expressed.
    pub(crate) fn instant(
        &mut self,
        field: &str,
        timestamp: Option<Timestamp>,
    ) -> Option<DateTime<Utc>> {
        let read = timestamp
            .map(|timestamp| after_1970(timestamp.as_unix()).ok_or(OddityCode::NotAnInstant))
            .transpose();
        self.accept(format_args!("{field}"), read)
    }

    /// How many have been met.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Those met after the first `n`.
    pub(crate) fn after(&self, n: usize) -> &[Oddity] {
        &self.0[n..]
    }

    pub(crate) fn with<T>(self, value: T) -> Projected<T> {
        Projected { value, oddities: self.0 }
    }
}
