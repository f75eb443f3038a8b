//! Currencies and the size of their smallest unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::MoneyError;

/// A three-letter currency code, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// Currencies that have no smaller unit.
const ZERO_DECIMAL: [&[u8; 3]; 15] = [
    b"BIF", b"CLP", b"DJF", b"GNF", b"JPY", b"KMF", b"KRW", b"MGA", b"PYG", b"RWF", b"VND", b"VUV",
    b"XAF", b"XOF", b"XPF",
];

/// Currencies whose smallest unit is a thousandth.
const THREE_DECIMAL: [&[u8; 3]; 5] = [b"BHD", b"JOD", b"KWD", b"OMR", b"TND"];

impl Currency {
    /// United States dollar.
    pub const USD: Self = Self(*b"USD");
    /// Euro.
    pub const EUR: Self = Self(*b"EUR");
    /// Japanese yen.
    pub const JPY: Self = Self(*b"JPY");

    /// The decimals of one major unit in the amounts Stripe reports.
    ///
    /// ISK and UGX have no smaller unit in ISO 4217, yet Stripe keeps two decimals for them; a table
    /// of ISO exponents reads those amounts a hundred times too large.
    #[must_use]
    pub fn exponent(self) -> u32 {
        if ZERO_DECIMAL.contains(&&self.0) {
            0
        } else if THREE_DECIMAL.contains(&&self.0) {
            3
        } else {
            2
        }
    }

    /// The code, such as `USD`.
    #[must_use]
    pub fn code(&self) -> &str {
        // The bytes are ASCII letters by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        match text.trim().as_bytes() {
            &[a, b, c] if [a, b, c].iter().all(u8::is_ascii_alphabetic) => {
                Ok(Self([a, b, c].map(|letter| letter.to_ascii_uppercase())))
            }
            _ => Err(MoneyError::NotACurrency(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
