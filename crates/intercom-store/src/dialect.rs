//! What the statements need of a database; everything else is written once against this.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;

use std::borrow::Cow;
use std::future::Future;
use std::ops::DerefMut;

use futures_util::future::join;
use sqlx::error::BoxDynError;

use crate::MISTRUSTED;
use crate::error::{CorruptRow, masked};

/// The text of a statement, built from constants only.
pub(crate) type Sql = Cow<'static, str>;

/// A database this crate speaks.
///
/// Statements are one text for all dialects: `$1` parameters, `ON CONFLICT`, `RETURNING`. A dialect
/// supplies the few things that differ.
pub(crate) trait Dialect: Sized + Send + Sync + 'static {
    /// Connections to one database.
    type Pool: Send + Sync;

    /// What statements run on.
    type Connection: Send;

    /// A connection on loan.
    type Reading: DerefMut<Target = Self::Connection> + Send;

    /// A transaction that may write; undone unless it is committed.
    type Transaction: DerefMut<Target = Self::Connection> + Send;

    /// The parameters of a statement.
    type Parameters: Default + Send;

    /// The rows of a statement that inserts many.
    type Rows: Rows;

    /// A row of a result.
    type Row<'r>: Copy;

    /// The database's own clock as an expression: milliseconds since 1970. It goes on within a
    /// transaction.
    const CLOCK: &'static str;

    /// A text that nobody can guess, as an expression.
    const RANDOM: &'static str;

    /// Rows that are put together and handed over at a time.
    const ROWS_AT_A_TIME: usize;

    /// How many columns `unified_customers` has, as a query.
    const SHARED_COLUMNS: &'static str;

    /// What makes a selection of rows to be updated pass over rows that others are updating.
    const SKIP_LOCKED: &'static str;

    /// The condition "is one of the texts in parameter `position`", constant for any number of them.
    fn is_one_of(position: usize) -> String;

    /// The texts in parameter `position` as a table `given` with the column `value`. Joined before
    /// others, it is what they are searched by, however few rows a planner thinks they have.
    fn each(position: usize) -> String;

    /// The condition that bytes contain the text in parameter `position`, its ASCII letters in
    /// either case.
    fn contains(bytes: &str, position: usize) -> String;

    /// Borrows a connection.
    fn read(pool: &Self::Pool) -> impl Future<Output = sqlx::Result<Self::Reading>> + Send;

    /// Starts a transaction that may write.
    fn begin(pool: &Self::Pool) -> impl Future<Output = sqlx::Result<Self::Transaction>> + Send;

    /// Ends a transaction; what it wrote stays.
    fn commit(transaction: Self::Transaction) -> impl Future<Output = sqlx::Result<()>> + Send;

    /// Closes the connections once nobody has one.
    fn close(pool: &Self::Pool) -> impl Future<Output = ()> + Send;

    /// Tells the planner about tables that have grown, which is never worth failing for.
    fn refresh_statistics(pool: &Self::Pool) -> impl Future<Output = ()> + Send;

    /// Overwrites what was deleted, where the database leaves that to its programs; `false` when
    /// somebody reads what it was, so that it stays.
    fn scrub(pool: &Self::Pool) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Appends a parameter.
    fn bind(parameters: &mut Self::Parameters, value: Value<'_>) -> Result<(), BoxDynError>;

    /// Runs a statement and counts the rows it touched.
    fn execute(
        connection: &mut Self::Connection,
        sql: Sql,
        parameters: Self::Parameters,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Inserts rows: `head`, the rows, `tail`; counts those it touched.
    fn insert(
        connection: &mut Self::Connection,
        head: &str,
        rows: Self::Rows,
        tail: &str,
    ) -> impl Future<Output = sqlx::Result<u64>> + Send;

    /// Runs a statement and maps its rows, on the thread that they are read by.
    fn fetch<T: Send + 'static>(
        connection: &mut Self::Connection,
        sql: Sql,
        parameters: Self::Parameters,
        read: impl Fn(Self::Row<'_>) -> sqlx::Result<T> + Send + 'static,
    ) -> impl Future<Output = sqlx::Result<Vec<T>>> + Send;

    fn text(row: Self::Row<'_>, index: usize) -> sqlx::Result<Option<String>>;
    fn int(row: Self::Row<'_>, index: usize) -> sqlx::Result<Option<i64>>;
    fn flag(row: Self::Row<'_>, index: usize) -> sqlx::Result<Option<bool>>;
    fn real(row: Self::Row<'_>, index: usize) -> sqlx::Result<Option<f64>>;
    fn blob(row: Self::Row<'_>, index: usize) -> sqlx::Result<Option<Vec<u8>>>;
}

/// A parameter; the type is known also where the value is absent, because PostgreSQL wants it.
pub(crate) enum Value<'a> {
    Text(Option<Cow<'a, str>>),
    Texts(Vec<Cow<'a, str>>),
    Int(Option<i64>),
    Flag(Option<bool>),
    Real(Option<f64>),
    Blob(&'a [u8]),
}

/// PostgreSQL cannot hold NUL in a text; both dialects replace it so that they hold the same.
fn storable(text: &str) -> Cow<'_, str> {
    if memchr::memchr(0, text.as_bytes()).is_some() {
        text.replace('\0', "\u{fffd}").into()
    } else {
        text.into()
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Some(storable(text)))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        text.as_str().into()
    }
}

impl<'a> From<&'a Option<String>> for Value<'a> {
    fn from(text: &'a Option<String>) -> Self {
        Self::Text(text.as_deref().map(storable))
    }
}

impl From<Option<String>> for Value<'_> {
    fn from(text: Option<String>) -> Self {
        Self::Text(text.map(|text| storable(&text).into_owned().into()))
    }
}

impl<'a> From<&'a [&'a str]> for Value<'a> {
    fn from(texts: &'a [&'a str]) -> Self {
        Self::Texts(texts.iter().map(|text| storable(text)).collect())
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value<'_> {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(Some(flag))
    }
}

impl From<Option<bool>> for Value<'_> {
    fn from(flag: Option<bool>) -> Self {
        Self::Flag(flag)
    }
}

impl From<Option<f64>> for Value<'_> {
    fn from(number: Option<f64>) -> Self {
        Self::Real(number)
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Blob(bytes)
    }
}

/// One statement and its parameters, in order. The text is built from constants only.
pub(crate) struct Query<D: Dialect> {
    sql: Sql,
    parameters: D::Parameters,
    refused: Option<BoxDynError>,
}

impl<D: Dialect> Query<D> {
    pub(crate) fn new(sql: impl Into<Sql>) -> Self {
        Self { sql: sql.into(), parameters: D::Parameters::default(), refused: None }
    }

    /// Appends a parameter; a refusal surfaces when the statement runs.
    pub(crate) fn bind<'v>(mut self, value: impl Into<Value<'v>>) -> Self {
        if let Err(error) = D::bind(&mut self.parameters, value.into()) {
            self.refused.get_or_insert(error);
        }
        self
    }

    fn finish(self) -> sqlx::Result<(Sql, D::Parameters)> {
        let Self { sql, parameters, refused } = self;
        refused.map_or(Ok((sql, parameters)), |error| Err(sqlx::Error::Encode(error)))
    }

    pub(crate) async fn execute(self, connection: &mut D::Connection) -> sqlx::Result<u64> {
        let (sql, parameters) = self.finish()?;
        D::execute(connection, sql, parameters).await
    }

    /// The rows of `table`; the first column names the row when another cannot be read.
    pub(crate) async fn fetch<T: Send + 'static>(
        self,
        connection: &mut D::Connection,
        table: &'static str,
        read: impl Fn(&mut Reader<'_, D>) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<Vec<T>> {
        let (sql, parameters) = self.finish()?;
        let read_row = move |row: D::Row<'_>| {
            read(&mut Reader { row, index: 0 }).map_err(|source| {
                let id = masked(&D::text(row, 0).ok().flatten().unwrap_or_default());
                sqlx::Error::Decode(Box::new(CorruptRow { table, id, source: source.into() }))
            })
        };
        D::fetch(connection, sql, parameters, read_row).await
    }

    /// The first row of `table`, if there is one.
    pub(crate) async fn fetch_first<T: Send + 'static>(
        self,
        connection: &mut D::Connection,
        table: &'static str,
        read: impl Fn(&mut Reader<'_, D>) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<Option<T>> {
        Ok(self.fetch(connection, table, read).await?.into_iter().next())
    }
}

/// Rows of one statement, value by value in the order of the columns.
pub(crate) trait Rows: Default + Send {
    /// Appends the next value of the row.
    fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError>;

    /// Ends the row; all rows have the same columns.
    fn end_row(&mut self);
}

/// One row of many, filled from left to right.
pub(crate) struct RowBinder<D: Dialect> {
    rows: D::Rows,
    refused: Option<BoxDynError>,
}

impl<D: Dialect> RowBinder<D> {
    /// Appends a value; a refusal surfaces when the statement runs.
    pub(crate) fn bind<'v>(&mut self, value: impl Into<Value<'v>>) -> &mut Self {
        if let Err(error) = self.rows.push(value.into()) {
            self.refused.get_or_insert(error);
        }
        self
    }
}

/// Inserts any number of rows: `head`, the rows, `tail`.
pub(crate) async fn execute_rows<D: Dialect, T: Sync>(
    connection: &mut D::Connection,
    head: &str,
    rows: &[T],
    tail: &str,
    bind: impl Fn(&mut RowBinder<D>, &T) + Send + Sync,
) -> sqlx::Result<u64> {
    let mut n_rows = 0;
    let mut chunks = rows.chunks(D::ROWS_AT_A_TIME);
    let mut next = chunks.next().map(|rows| bound::<D, T>(rows, &bind)).transpose()?;
    while let Some(rows) = next {
        // The database inserts some rows while the next ones are put together.
        let (written, following) = join(D::insert(connection, head, rows, tail), async {
            chunks.next().map(|rows| bound::<D, T>(rows, &bind)).transpose()
        })
        .await;
        n_rows += written?;
        next = following?;
    }
    Ok(n_rows)
}

fn bound<D: Dialect, T>(rows: &[T], bind: impl Fn(&mut RowBinder<D>, &T)) -> sqlx::Result<D::Rows> {
    let mut binder = RowBinder::<D> { rows: D::Rows::default(), refused: None };
    for row in rows {
        bind(&mut binder, row);
        binder.rows.end_row();
    }
    let RowBinder { rows, refused } = binder;
    refused.map_or(Ok(rows), |error| Err(sqlx::Error::Encode(error)))
}

/// The columns of a row, left to right.
pub(crate) struct Reader<'r, D: Dialect> {
    row: D::Row<'r>,
    index: usize,
}

impl<D: Dialect> Reader<'_, D> {
    pub(crate) fn next<T: Column>(&mut self) -> sqlx::Result<T> {
        let value = T::read::<D>(self.row, self.index)?;
        self.index += 1;
        Ok(value)
    }
}

/// Reads rows of one column.
pub(crate) fn only_column<D: Dialect, T: Column>(row: &mut Reader<'_, D>) -> sqlx::Result<T> {
    row.next()
}

/// A type a column can be read as.
pub(crate) trait Column: Sized + Send + 'static {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self>;
}

fn present<T>(value: Option<T>) -> sqlx::Result<T> {
    value.ok_or_else(|| sqlx::Error::Decode("a required column is null".into()))
}

impl Column for Option<String> {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        D::text(row, index)
    }
}

impl Column for String {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        present(D::text(row, index)?)
    }
}

impl Column for Option<i64> {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        D::int(row, index)
    }
}

impl Column for i64 {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        present(D::int(row, index)?)
    }
}

impl Column for Option<bool> {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        D::flag(row, index)
    }
}

impl Column for bool {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        present(D::flag(row, index)?)
    }
}

impl Column for Option<f64> {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        D::real(row, index)
    }
}

impl Column for Vec<u8> {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        present(D::blob(row, index)?)
    }
}

/// A content hash. One of another length is damaged, and no body has it: what is received next is
/// written.
impl Column for [u8; 16] {
    fn read<D: Dialect>(row: D::Row<'_>, index: usize) -> sqlx::Result<Self> {
        Ok(Vec::read::<D>(row, index)?.try_into().unwrap_or(MISTRUSTED))
    }
}
