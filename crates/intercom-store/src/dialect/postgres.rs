//! PostgreSQL: shared by any number of processes.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use futures_util::TryStreamExt;
use sqlx::error::BoxDynError;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgPoolOptions, PgRow};
use sqlx::{
    Arguments, AssertSqlSafe, ConnectOptions, Connection, PgPool, Postgres, Row, Transaction,
};

use crate::dialect::{Dialect, Rows, Sql, Value};
use crate::error::{Location, StoreError};
use crate::schema::{self, Schema};

const CONNECTIONS: u32 = 8;
const WAIT_FOR_A_CONNECTION: Duration = Duration::from_secs(30);
const WAIT_FOR_A_LOCK: &str = "SET lock_timeout = '10s'";

/// Our tables that are more than twice as large as when they were last analyzed.
const GROWN_TABLES: &str = "SELECT relname::text FROM pg_class \
    WHERE relnamespace = current_schema()::regnamespace AND relname = ANY($1) \
    AND pg_relation_size(oid) > 2 * GREATEST(relpages, 8) * current_setting('block_size')::bigint \
    ORDER BY relname";

/// Opens the database and brings its schema up to date.
pub(crate) async fn open(url: &str) -> Result<PgPool, StoreError> {
    // The parser's own message can repeat parts of the URL, so it is not passed on.
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| StoreError::InvalidUrl { reason: "it is not a valid PostgreSQL URL" })?
        .application_name("intercom-store")
        .disable_statement_logging();
    let (host, port) = (options.get_host(), options.get_port());
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    let location = Location(format!("postgres://{host}:{port}/{database}"));
    migrate(&options, &location).await?;
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(WAIT_FOR_A_CONNECTION)
        .after_connect(|connection, _| {
            Box::pin(
                async move { sqlx::raw_sql(WAIT_FOR_A_LOCK).execute(connection).await.map(drop) },
            )
        })
        .connect_with(options)
        .await
        .map_err(|source| StoreError::opening(&location, source))
}

/// Migrates on a connection of its own: the migration lock ends with it, whatever happens.
async fn migrate(options: &PgConnectOptions, location: &Location) -> Result<(), StoreError> {
    let opening = |source| StoreError::opening(location, source);
    let mut connection = options.connect().await.map_err(opening)?;
    let found = match sqlx::query_scalar::<_, bool>(schema::EXISTS_POSTGRES)
        .fetch_one(&mut connection)
        .await
        .map_err(opening)?
    {
        true => sqlx::query_scalar(schema::VERSION).fetch_one(&mut connection).await,
        false => Ok(None),
    };
    let migrator = schema::postgres();
    match schema::compare(location, found.map_err(opening)?, &migrator)? {
        Schema::Current => {}
        Schema::Behind => migrator
            .run_direct(None, &mut connection, false)
            .await
            .map_err(|source| StoreError::migrating(location, source))?,
    }
    connection.close().await.map_err(opening)
}

/// Every column is a parameter: the server reads an array much faster than as many parameters.
#[derive(Default)]
pub(crate) struct Arrays {
    columns: Vec<Array>,
    /// The column of the next value.
    position: usize,
}

enum Array {
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
    Real(Vec<Option<f64>>),
    Blob(Vec<Vec<u8>>),
}

impl Array {
    fn of(value: Value<'_>) -> Result<Self, BoxDynError> {
        let mut array = match &value {
            Value::Text(_) => Self::Text(Vec::new()),
            Value::Int(_) => Self::Int(Vec::new()),
            Value::Flag(_) => Self::Flag(Vec::new()),
            Value::Real(_) => Self::Real(Vec::new()),
            Value::Blob(_) => Self::Blob(Vec::new()),
            Value::Texts(_) => return Err("a list is no value of a column".into()),
        };
        array.push(value)?;
        Ok(array)
    }

    fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError> {
        match (self, value) {
            (Self::Text(texts), Value::Text(text)) => texts.push(text.map(Cow::into_owned)),
            (Self::Int(numbers), Value::Int(number)) => numbers.push(number),
            (Self::Flag(flags), Value::Flag(flag)) => flags.push(flag),
            (Self::Real(numbers), Value::Real(number)) => numbers.push(number),
            (Self::Blob(blobs), Value::Blob(bytes)) => blobs.push(bytes.to_vec()),
            _ => return Err("the values of a column are of different types".into()),
        }
        Ok(())
    }

    /// Appends the parameter and says its type.
    fn bind(self, arguments: &mut PgArguments) -> Result<&'static str, BoxDynError> {
        Ok(match self {
            Self::Text(texts) => arguments.add(texts).map(|()| "text")?,
            Self::Int(numbers) => arguments.add(numbers).map(|()| "bigint")?,
            Self::Flag(flags) => arguments.add(flags).map(|()| "boolean")?,
            Self::Real(numbers) => arguments.add(numbers).map(|()| "double precision")?,
            Self::Blob(blobs) => arguments.add(blobs).map(|()| "bytea")?,
        })
    }
}

impl Rows for Arrays {
    fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError> {
        match self.columns.get_mut(self.position) {
            Some(column) => column.push(value)?,
            None => self.columns.push(Array::of(value)?),
        }
        self.position += 1;
        Ok(())
    }

    fn end_row(&mut self) {
        self.position = 0;
    }
}

impl Arrays {
    /// What follows `INSERT INTO table (columns)`, and its parameters.
    fn finish(self) -> Result<(String, PgArguments), BoxDynError> {
        let mut arguments = PgArguments::default();
        let mut parameters = Vec::with_capacity(self.columns.len());
        for (column, position) in self.columns.into_iter().zip(1..) {
            let kind = column.bind(&mut arguments)?;
            parameters.push(format!("${position}::{kind}[]"));
        }
        Ok((format!("SELECT * FROM UNNEST({})", parameters.join(", ")), arguments))
    }
}

impl Dialect for Postgres {
    type Pool = PgPool;
    type Connection = PgConnection;
    type Reading = PoolConnection<Self>;
    type Transaction = Transaction<'static, Self>;
    type Parameters = PgArguments;
    type Rows = Arrays;
    type Row<'r> = &'r PgRow;

    const CLOCK: &'static str = "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

    const RANDOM: &'static str = "CAST(gen_random_uuid() AS TEXT)";

    /// One statement.
    const ROWS_AT_A_TIME: usize = 500;

    const SHARED_COLUMNS: &'static str = "SELECT COUNT(*) FROM pg_attribute \
         WHERE attrelid = to_regclass('unified_customers') AND attnum > 0 AND NOT attisdropped";

    const SKIP_LOCKED: &'static str = "FOR UPDATE SKIP LOCKED";

    fn is_one_of(position: usize) -> String {
        format!("= ANY(${position})")
    }

    fn each(position: usize) -> String {
        format!("UNNEST(CAST(${position} AS TEXT[])) AS given (value)")
    }

    fn contains(bytes: &str, position: usize) -> String {
        // Bytes have no letters, and may be no text: each that is no ASCII becomes its number.
        let escaped = |bytes: &str| format!("LOWER(ENCODE({bytes}, 'escape'))");
        let text = escaped(&format!("CONVERT_TO(${position}, 'UTF8')"));
        format!("POSITION({text} IN {}) > 0", escaped(bytes))
    }

    async fn read(pool: &PgPool) -> sqlx::Result<PoolConnection<Self>> {
        pool.acquire().await
    }

    async fn begin(pool: &PgPool) -> sqlx::Result<Transaction<'static, Self>> {
        pool.begin().await
    }

    async fn commit(transaction: Transaction<'static, Self>) -> sqlx::Result<()> {
        transaction.commit().await
    }

    async fn close(pool: &PgPool) {
        pool.close().await;
    }

    /// The server's vacuum does.
    async fn scrub(_: &PgPool) -> sqlx::Result<bool> {
        Ok(true)
    }

    /// Without statistics a planner takes a workspace for a handful of rows and scans it for every
    /// id. The server gathers them at most once a minute, which a first load outruns.
    async fn refresh_statistics(pool: &PgPool) {
        let grown = sqlx::query_scalar::<_, String>(GROWN_TABLES).bind(schema::TABLES);
        if let Ok(tables) = grown.fetch_all(pool).await
            && !tables.is_empty()
        {
            let analyze = format!("ANALYZE {}", tables.join(", "));
            let _ = sqlx::raw_sql(AssertSqlSafe(analyze)).execute(pool).await;
        }
    }

    fn bind(arguments: &mut PgArguments, value: Value<'_>) -> Result<(), BoxDynError> {
        match value {
            Value::Text(text) => arguments.add(text.as_deref()),
            Value::Texts(texts) => {
                arguments.add(texts.iter().map(AsRef::as_ref).collect::<Vec<&str>>())
            }
            Value::Int(number) => arguments.add(number),
            Value::Flag(flag) => arguments.add(flag),
            Value::Real(number) => arguments.add(number),
            Value::Blob(bytes) => arguments.add(bytes),
        }
    }

    async fn execute(
        connection: &mut PgConnection,
        sql: Sql,
        parameters: PgArguments,
    ) -> sqlx::Result<u64> {
        let query = sqlx::query_with(AssertSqlSafe(sql), parameters);
        Ok(query.execute(connection).await?.rows_affected())
    }

    /// Rows travel as one array for each column: the statement is the same for any number.
    async fn insert(
        connection: &mut PgConnection,
        head: &str,
        rows: Arrays,
        tail: &str,
    ) -> sqlx::Result<u64> {
        let (rows, parameters) = rows.finish().map_err(sqlx::Error::Encode)?;
        Self::execute(connection, format!("{head} {rows} {tail}").into(), parameters).await
    }

    async fn fetch<T: Send + 'static>(
        connection: &mut PgConnection,
        sql: Sql,
        parameters: PgArguments,
        read: impl Fn(&PgRow) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<Vec<T>> {
        let query = sqlx::query_with(AssertSqlSafe(sql), parameters);
        let mut rows = query.fetch(connection);
        let mut read_rows = Vec::new();
        while let Some(row) = rows.try_next().await? {
            read_rows.push(read(&row)?);
        }
        Ok(read_rows)
    }

    fn text(row: &PgRow, index: usize) -> sqlx::Result<Option<String>> {
        row.try_get(index)
    }

    fn int(row: &PgRow, index: usize) -> sqlx::Result<Option<i64>> {
        row.try_get(index)
    }

    fn flag(row: &PgRow, index: usize) -> sqlx::Result<Option<bool>> {
        row.try_get(index)
    }

    fn real(row: &PgRow, index: usize) -> sqlx::Result<Option<f64>> {
        row.try_get(index)
    }

    fn blob(row: &PgRow, index: usize) -> sqlx::Result<Option<Vec<u8>>> {
        row.try_get(index)
    }
}
