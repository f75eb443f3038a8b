//! Instants as the API counts them: whole seconds since 1970, UTC.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Unix seconds.
///
/// Decodes from an integer, a float without fraction, or digits in a string: the API sends all
/// three. An RFC 3339 text, as notifications have it, is cut to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// An instant from seconds since 1970, UTC.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970, UTC.
    pub const fn as_unix(self) -> i64 {
        self.0
    }

    /// The same instant as a `chrono` value; `None` outside the years `chrono` can express.
    pub fn to_datetime(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.0, 0)
    }
}

impl From<DateTime<Utc>> for Timestamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_datetime() {
            Some(at) => write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%SZ")),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("unix seconds")
            }

            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds))
            }

            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
                i64::try_from(seconds).map(Timestamp).map_err(E::custom)
            }

            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
                // 2^53: above it a float no longer holds every second.
                const EXACT: f64 = 9_007_199_254_740_992.0;
                if seconds.fract() == 0.0 && seconds.abs() <= EXACT {
                    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
                    return Ok(Timestamp(seconds as i64));
                }
                Err(E::invalid_value(de::Unexpected::Float(seconds), &self))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                let seconds = text.parse().ok();
                let instant = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.timestamp());
                seconds
                    .or_else(instant)
                    .map(Timestamp)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Other("text"), &self))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// An RFC 3339 text, kept as received: the API mixes precisions and offsets.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DateTimeText(pub String);

impl DateTimeText {
    /// The instant; `None` when the text is not RFC 3339.
    pub fn to_datetime(&self) -> Option<DateTime<Utc>> {
        DateTime::parse_from_rfc3339(&self.0).ok().map(|at| at.to_utc())
    }
}
