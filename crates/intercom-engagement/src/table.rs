//! Rows and columns, for terminals and CSV.

use std::fmt;

/// A heading per column and rows of as many cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The headings.
    pub headers: Vec<&'static str>,
    /// The rows, in the order to show them.
    pub rows: Vec<Vec<Cell>>,
}

/// One value of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Words, as they are.
    Text(String),
    /// A number of things.
    Count(u64),
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.pad(text),
            Self::Count(count) => fmt::Display::fmt(count, f),
        }
    }
}
