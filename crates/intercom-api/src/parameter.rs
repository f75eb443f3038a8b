//! Values of query parameters as text.

use crate::timestamp::Timestamp;

/// Something that a query parameter says.
pub(crate) trait Parameter {
    /// Its text, not yet encoded.
    fn text(&self) -> String;
}

impl Parameter for String {
    fn text(&self) -> String {
        self.clone()
    }
}

impl Parameter for i64 {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Parameter for bool {
    fn text(&self) -> String {
        self.to_string()
    }
}

impl Parameter for Timestamp {
    fn text(&self) -> String {
        self.as_unix().to_string()
    }
}

/// Lists are separated by commas.
impl<T: Parameter> Parameter for Vec<T> {
    fn text(&self) -> String {
        let items: Vec<String> = self.iter().map(T::text).collect();
        items.join(",")
    }
}
