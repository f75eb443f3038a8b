//! SQLite: a file beside the program, one writer and several readers.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::path::Path;
use std::str::FromStr;
use std::thread::available_parallelism;
use std::time::Duration;

use sqlx::error::BoxDynError;
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePoolOptions,
    SqliteRow, SqliteSynchronous,
};
use sqlx::{Arguments, ConnectOptions, Connection, Row, SqlStr, Sqlite, SqlitePool, Transaction};

use crate::dialect::{Dialect, Rows, Value};
use crate::error::{Location, StoreError};
use crate::schema::{self, Schema};

/// At least two and at most four, as there are processors: each keeps memory of its own.
const READERS: RangeInclusive<u32> = 2..=4;
const WAIT_FOR_A_LOCK: Duration = Duration::from_secs(10);
const WAIT_FOR_A_CONNECTION: Duration = Duration::from_secs(30);
/// Bodies of about 2 KB fill a page of this size well; one of 4 KB would hold a single body.
const PAGE_BYTES: u32 = 16_384;
/// Negative: in KiB. Used as needed.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-4096";
/// In pages. A page that many transactions change is copied into the file once, not by each of them.
const PAGES_IN_LOG: &str = "4000";
/// A result goes from thread to thread through this many rows; each refill costs a wake-up.
const ROWS_IN_FLIGHT: usize = 1_000;
const FILE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// The connections of one database.
pub(crate) struct Pools {
    pub(crate) writer: SqlitePool,
    /// Waits until the disk has what is committed.
    pub(crate) durable: SqlitePool,
    pub(crate) readers: SqlitePool,
}

/// Opens the database, creating it when missing, and brings its schema up to date.
pub(crate) async fn open(url: &str) -> Result<Pools, StoreError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|_| StoreError::InvalidUrl { reason: "it is not a valid SQLite URL" })?
        .busy_timeout(WAIT_FOR_A_LOCK)
        .foreign_keys(true)
        .row_buffer_size(ROWS_IN_FLIGHT)
        .disable_statement_logging();
    if url.contains(":memory:") || url.contains("mode=memory") {
        return open_memory(options).await;
    }
    let location = Location(options.get_filename().display().to_string());
    let found = match contains_a_database(options.get_filename(), &location)? {
        true => version(&options, &location).await?,
        false => None,
    };
    let schema = schema::compare(&location, found, &schema::sqlite())?;
    let writer = options
        .clone()
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .pragma("wal_autocheckpoint", PAGES_IN_LOG)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal);
    let durable =
        file_pool_options(1).connect_lazy_with(writer.clone().synchronous(SqliteSynchronous::Full));
    let writer = writer.pragma("cache_size", WRITER_CACHE);
    let writer = pool(file_pool_options(1), writer, &location).await?;
    match schema {
        Schema::Current => {}
        Schema::Behind => migrate(&writer, &location).await?,
    }
    let readers = options.pragma("cache_size", READER_CACHE).read_only(true);
    let readers = pool(file_pool_options(n_readers()), readers, &location).await?;
    Ok(Pools { writer, durable, readers })
}

fn n_readers() -> u32 {
    let n_processors = available_parallelism().map_or(1, NonZero::get);
    u32::try_from(n_processors).unwrap_or(u32::MAX).clamp(*READERS.start(), *READERS.end())
}

/// A database in memory lives as long as its only connection, so readers share it with the writer.
async fn open_memory(options: SqliteConnectOptions) -> Result<Pools, StoreError> {
    let location = Location(":memory:".into());
    let writer = pool(pool_options(1), options, &location).await?;
    migrate(&writer, &location).await?;
    Ok(Pools { readers: writer.clone(), durable: writer.clone(), writer })
}

/// Looks at the file without SQLite, which would create side files next to it.
fn contains_a_database(path: &Path, location: &Location) -> Result<bool, StoreError> {
    let unusable = |source: io::Error| StoreError::Unusable {
        location: location.clone(),
        source: source.into(),
    };
    let mut header = Vec::with_capacity(FILE_HEADER.len());
    match File::open(path) {
        Ok(file) => {
            if file.metadata().map_err(unusable)?.is_dir() {
                return Err(StoreError::NotADatabase { location: location.clone() });
            }
            file.take(FILE_HEADER.len() as u64).read_to_end(&mut header).map_err(unusable)?;
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unusable(error)),
    }
    match header.is_empty() {
        true => Ok(false),
        false if header == FILE_HEADER => Ok(true),
        false => Err(StoreError::NotADatabase { location: location.clone() }),
    }
}

async fn version(
    options: &SqliteConnectOptions,
    location: &Location,
) -> Result<Option<i64>, StoreError> {
    let opening = |source| StoreError::opening(location, source);
    let mut connection = options.clone().read_only(true).connect().await.map_err(opening)?;
    let exists: bool = sqlx::query_scalar(schema::EXISTS_SQLITE)
        .fetch_one(&mut connection)
        .await
        .map_err(opening)?;
    let version = match exists {
        true => sqlx::query_scalar(schema::VERSION).fetch_one(&mut connection).await,
        false => Ok(None),
    };
    connection.close().await.map_err(opening)?;
    version.map_err(opening)
}

fn pool_options(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT_FOR_A_CONNECTION)
        .idle_timeout(None)
        .max_lifetime(None)
}

/// When the disk is full, SQLite ends the transaction by itself, and the driver goes on counting it:
/// such a connection begins no other and is replaced. One to a database in memory is the database.
fn file_pool_options(connections: u32) -> SqlitePoolOptions {
    pool_options(connections).before_acquire(|connection, _| {
        let is_usable = !connection.is_in_transaction();
        Box::pin(async move { Ok(is_usable) })
    })
}

async fn pool(
    pool: SqlitePoolOptions,
    connections: SqliteConnectOptions,
    location: &Location,
) -> Result<SqlitePool, StoreError> {
    pool.connect_with(connections).await.map_err(|source| StoreError::opening(location, source))
}

/// Migrates inside one immediate transaction, so a second process that opens the same file waits.
async fn migrate(writer: &SqlitePool, location: &Location) -> Result<(), StoreError> {
    let opening = |source| StoreError::opening(location, source);
    let mut transaction = Sqlite::begin(writer).await.map_err(opening)?;
    schema::sqlite()
        .run_direct(None, &mut *transaction, false)
        .await
        .map_err(|source| StoreError::migrating(location, source))?;
    transaction.commit().await.map_err(opening)
}

/// Every value is a parameter.
#[derive(Default)]
pub(crate) struct Parameters {
    arguments: SqliteArguments,
    n_rows: usize,
}

impl Rows<Sqlite> for Parameters {
    fn push(&mut self, value: Value<'_>) -> Result<(), BoxDynError> {
        Sqlite::bind(&mut self.arguments, value)
    }

    fn end_row(&mut self) {
        self.n_rows += 1;
    }

    /// Without numbers: SQLite looks numbered parameters up in a list, one after the other.
    fn finish(self) -> Result<(String, SqliteArguments), BoxDynError> {
        let n_columns = self.arguments.len() / self.n_rows.max(1);
        let row = format!("({})", vec!["?"; n_columns].join(","));
        Ok((format!("VALUES {}", vec![row; self.n_rows].join(",")), self.arguments))
    }
}

impl Dialect for Sqlite {
    type Rows = Parameters;

    const CLOCK: &'static str = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)";

    const RANDOM: &'static str = "lower(hex(randomblob(16)))";

    const SHARED_COLUMNS: &'static str =
        "SELECT COUNT(*) FROM pragma_table_info('unified_customers')";

    /// There is one writer.
    const SKIP_LOCKED: &'static str = "";

    fn is_one_of(position: usize) -> String {
        format!("IN (SELECT value FROM json_each(${position}))")
    }

    fn contains(bytes: &str, position: usize) -> String {
        format!("INSTR({bytes}, CAST(${position} AS BLOB)) > 0")
    }

    /// Every number of rows is a statement of its own, and prepared statements stay in memory; so
    /// there are three of each.
    fn rows_at_a_time(n_left: usize) -> usize {
        match n_left {
            64.. => 64,
            8.. => 8,
            n_left => n_left.min(1),
        }
    }

    /// A deferred transaction that reads first cannot wait for a lock when it comes to write.
    async fn begin(pool: &SqlitePool) -> sqlx::Result<Transaction<'static, Self>> {
        pool.begin_with("BEGIN IMMEDIATE").await
    }

    /// Free pages keep what was deleted, and so does the log.
    async fn scrub(pool: &SqlitePool) -> sqlx::Result<()> {
        sqlx::raw_sql("VACUUM").execute(pool).await?;
        sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await.map(drop)
    }

    /// SQLite plans these statements by their indices alone.
    async fn refresh_statistics(_: &SqlitePool) {}

    fn bind(arguments: &mut SqliteArguments, value: Value<'_>) -> Result<(), BoxDynError> {
        match value {
            Value::Text(text) => Arguments::add(arguments, text.as_deref()),
            Value::Texts(texts) => Arguments::add(arguments, serde_json::to_string(&texts)?),
            Value::Int(number) => Arguments::add(arguments, number),
            Value::Flag(flag) => Arguments::add(arguments, flag),
            Value::Real(number) => Arguments::add(arguments, number),
            Value::Blob(bytes) => Arguments::add(arguments, bytes),
        }
    }

    async fn execute(
        connection: &mut SqliteConnection,
        sql: SqlStr,
        arguments: SqliteArguments,
    ) -> sqlx::Result<u64> {
        Ok(sqlx::query_with(sql, arguments).execute(connection).await?.rows_affected())
    }

    async fn fetch<T: Send + Unpin>(
        connection: &mut SqliteConnection,
        sql: SqlStr,
        arguments: SqliteArguments,
        read: impl FnMut(SqliteRow) -> sqlx::Result<T> + Send,
    ) -> sqlx::Result<Vec<T>> {
        sqlx::query_with(sql, arguments).try_map(read).fetch_all(connection).await
    }

    fn text(row: &SqliteRow, index: usize) -> sqlx::Result<Option<String>> {
        row.try_get(index)
    }

    fn int(row: &SqliteRow, index: usize) -> sqlx::Result<Option<i64>> {
        row.try_get(index)
    }

    fn flag(row: &SqliteRow, index: usize) -> sqlx::Result<Option<bool>> {
        row.try_get(index)
    }

    fn real(row: &SqliteRow, index: usize) -> sqlx::Result<Option<f64>> {
        row.try_get(index)
    }

    fn blob(row: &SqliteRow, index: usize) -> sqlx::Result<Option<Vec<u8>>> {
        row.try_get(index)
    }
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::sql::SqlStore;
    use crate::{Effect, PageWrite, Store, Stream, WorkspaceProfile};

    async fn synchronous(pool: &SqlitePool) -> i64 {
        sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.expect("a number")
    }

    /// 2 is FULL: a commit waits until the disk has it. 1 is NORMAL: the last commits may be lost
    /// with the power, which costs pages that are fetched again.
    #[tokio::test]
    async fn effects_are_committed_durably_and_pages_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore { writer, durable, readers };
        let profile = WorkspaceProfile { id: "ab12".to_owned(), ..WorkspaceProfile::default() };
        let workspace = store.ensure_workspace(&profile, 1).await.expect("a workspace");
        let page = PageWrite::default();
        store.commit_page(&workspace, Stream::Contacts, &page).await.expect("a page");
        assert_eq!(store.durable.size(), 0, "a page goes the fast way");
        let effect = Effect {
            kind: "alert".to_owned(),
            queue: "alerts".to_owned(),
            dedupe_key: "one".to_owned(),
            payload: "{}".to_owned(),
            after: Duration::ZERO,
        };
        store.enqueue(&workspace, &[&effect]).await.expect("an effect");
        assert_eq!(store.durable.size(), 1, "an effect goes the durable way");
        assert_eq!((synchronous(&store.writer).await, synchronous(&store.durable).await), (1, 2));
        store.close().await;
    }

    /// The file may grow to no more than so many pages.
    async fn limit(pool: &SqlitePool, n_pages: i64) {
        let sql = AssertSqlSafe(format!("PRAGMA max_page_count = {n_pages}"));
        sqlx::raw_sql(sql).execute(pool).await.expect("a limit");
    }

    /// SQLite undoes the whole transaction by itself when such a statement finds no room.
    #[tokio::test]
    async fn a_full_disk_is_told_each_time_and_ends_when_there_is_room() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore { writer, durable, readers };
        let profile = WorkspaceProfile { id: "ab12".to_owned(), ..WorkspaceProfile::default() };
        let workspace = store.ensure_workspace(&profile, 1).await.expect("a workspace");
        let (short, long) = ("before".to_owned(), "x".repeat(1_000_000));
        store.change_rate_ledger("t", &mut |_, _| short.clone()).await.expect("a ledger");
        for _ in 0..5 {
            limit(&store.writer, 1).await;
            let refused = store.change_rate_ledger("t", &mut |_, _| long.clone()).await;
            assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
        }
        limit(&store.writer, 1_000_000).await;
        let ledgers = store.rate_ledgers().await.expect("ledgers");
        assert_eq!(ledgers[0].ledger, short);
        store.change_rate_ledger("t", &mut |_, _| long.clone()).await.expect("there is room");
        let page = PageWrite::default();
        store.commit_page(&workspace, Stream::Contacts, &page).await.expect("a page");
        store.close().await;
    }
}
