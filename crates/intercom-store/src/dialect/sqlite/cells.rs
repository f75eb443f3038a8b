//! Values on their way into statements.

use std::ops::Range;

use rusqlite::Statement;
use rusqlite::types::Null;
use sqlx::error::BoxDynError;

use super::pool::failed;
use crate::dialect::{Rows, Value};

/// Values in the order of their parameters. Texts and blobs lie one after the other, so that a value
/// needs no memory of its own.
#[derive(Default)]
pub(crate) struct Cells {
    cells: Vec<Cell>,
    texts: String,
    blobs: Vec<u8>,
}

enum Cell {
    Null,
    Int(i64),
    Real(f64),
    /// A part of the texts.
    Text(Range<usize>),
    /// A part of the blobs.
    Blob(Range<usize>),
}

impl Cells {
    pub(super) fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError> {
        let cell = match value {
            Value::Text(text) => text.map_or(Cell::Null, |text| self.text(&text)),
            Value::Texts(texts) => self.text(&serde_json::to_string(&texts)?),
            Value::Int(number) => number.map_or(Cell::Null, Cell::Int),
            Value::Flag(flag) => flag.map_or(Cell::Null, |flag| Cell::Int(flag.into())),
            Value::Real(number) => number.map_or(Cell::Null, Cell::Real),
            Value::Blob(bytes) => {
                let start = self.blobs.len();
                self.blobs.extend_from_slice(bytes);
                Cell::Blob(start..self.blobs.len())
            }
        };
        self.cells.push(cell);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Cell {
        let start = self.texts.len();
        self.texts.push_str(text);
        Cell::Text(start..self.texts.len())
    }

    /// Gives the parameters of a statement their values. SQLite counts `$2` as the first one when it
    /// stands first, so their names tell.
    pub(super) fn bind(&self, statement: &mut Statement<'_>) -> sqlx::Result<()> {
        for parameter in 1..=statement.parameter_count() {
            let name = statement.parameter_name(parameter).unwrap_or_default();
            let position = name.trim_start_matches('$').parse::<usize>().ok();
            let cell = position.and_then(|position| self.cells.get(position.checked_sub(1)?));
            let cell = cell.ok_or_else(|| sqlx::Error::Protocol(format!("no value for {name}")))?;
            self.give(statement, parameter, cell)?;
        }
        Ok(())
    }

    fn give(
        &self,
        statement: &mut Statement<'_>,
        parameter: usize,
        cell: &Cell,
    ) -> sqlx::Result<()> {
        match cell {
            Cell::Null => statement.raw_bind_parameter(parameter, Null),
            Cell::Int(number) => statement.raw_bind_parameter(parameter, number),
            Cell::Real(number) => statement.raw_bind_parameter(parameter, number),
            Cell::Text(part) => statement.raw_bind_parameter(parameter, &self.texts[part.clone()]),
            Cell::Blob(part) => statement.raw_bind_parameter(parameter, &self.blobs[part.clone()]),
        }
        .map_err(failed)
    }
}

/// The values of many rows.
#[derive(Default)]
pub(crate) struct CellRows {
    cells: Cells,
    n_rows: usize,
}

impl Rows for CellRows {
    fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError> {
        self.cells.push(value)
    }

    fn end_row(&mut self) {
        self.n_rows += 1;
    }
}

impl CellRows {
    /// What follows `INSERT INTO table (columns)` for one row.
    pub(super) fn placeholders(&self) -> String {
        format!("VALUES ({})", vec!["?"; self.n_columns()].join(","))
    }

    fn n_columns(&self) -> usize {
        self.cells.cells.len() / self.n_rows.max(1)
    }

    /// Runs the statement for each row and counts the rows it touched.
    pub(super) fn execute(&self, statement: &mut Statement<'_>) -> sqlx::Result<u64> {
        debug_assert_eq!(self.cells.cells.len(), self.n_rows * self.n_columns(), "equal rows");
        let mut n_touched = 0;
        for row in self.cells.cells.chunks_exact(self.n_columns().max(1)) {
            for (parameter, cell) in (1..).zip(row) {
                self.cells.give(statement, parameter, cell)?;
            }
            n_touched += statement.raw_execute().map_err(failed)? as u64;
        }
        Ok(n_touched)
    }
}
