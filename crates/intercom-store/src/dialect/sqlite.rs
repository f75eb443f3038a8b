//! SQLite: a file beside the program, one writer and several readers.

mod cells;
mod migrate;
mod open;
mod pool;

use std::sync::Arc;

use rusqlite::Row;
use rusqlite::types::ValueRef;
use sqlx::error::BoxDynError;

use self::cells::{CellRows, Cells};
pub(crate) use self::open::{Pools, open};
pub(crate) use self::pool::SqliteFailure;
use self::pool::{Connection, Pool, failed};
use crate::dialect::{Dialect, Sql, Value};

/// The dialect.
pub(crate) enum Sqlite {}

impl Dialect for Sqlite {
    type Pool = Pool;
    type Connection = Connection;
    type Reading = Box<Connection>;
    /// Dropped before it is committed, it is undone.
    type Transaction = Box<Connection>;
    type Parameters = Cells;
    type Rows = CellRows;
    type Row<'r> = &'r Row<'r>;

    const CLOCK: &'static str = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)";

    const RANDOM: &'static str = "lower(hex(randomblob(16)))";

    /// One visit to the thread of the database.
    const ROWS_AT_A_TIME: usize = 256;

    const SHARED_COLUMNS: &'static str =
        "SELECT COUNT(*) FROM pragma_table_info('unified_customers')";

    /// There is one writer.
    const SKIP_LOCKED: &'static str = "";

    fn is_one_of(position: usize) -> String {
        format!("IN (SELECT value FROM json_each(${position}))")
    }

    fn each(position: usize) -> String {
        format!("json_each(${position}) AS given")
    }

    fn contains(bytes: &str, position: usize) -> String {
        format!("INSTR(LOWER(CAST({bytes} AS TEXT)), LOWER(${position})) > 0")
    }

    async fn read(pool: &Pool) -> sqlx::Result<Box<Connection>> {
        pool.acquire().await.map(Box::new)
    }

    /// A deferred transaction that reads first cannot wait for a lock when it comes to write.
    async fn begin(pool: &Pool) -> sqlx::Result<Box<Connection>> {
        let mut connection = pool.acquire().await?;
        connection.run("BEGIN IMMEDIATE").await?;
        Ok(Box::new(connection))
    }

    async fn commit(mut transaction: Box<Connection>) -> sqlx::Result<()> {
        transaction.run("COMMIT").await
    }

    async fn close(pool: &Pool) {
        pool.close().await;
    }

    /// Free pages keep what was deleted, and so does the log.
    async fn scrub(pool: &Pool) -> sqlx::Result<bool> {
        let mut connection = pool.acquire().await?;
        let scrubbing = connection.call(|connection| {
            connection.execute_batch("VACUUM").map_err(failed)?;
            // It fails for nobody, and tells whether it waited for a reader in vain.
            let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
            let was_busy: bool = connection.query_row(sql, (), |row| row.get(0)).map_err(failed)?;
            Ok(!was_busy)
        });
        scrubbing.await
    }

    /// SQLite plans these statements by their indices alone.
    async fn refresh_statistics(_: &Pool) {}

    fn bind(parameters: &mut Cells, value: Value<'_>) -> Result<(), BoxDynError> {
        parameters.push(value)
    }

    async fn execute(
        connection: &mut Connection,
        sql: Sql,
        parameters: Cells,
    ) -> sqlx::Result<u64> {
        let work = move |connection: &mut rusqlite::Connection| {
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            parameters.bind(&mut statement)?;
            Ok(statement.raw_execute().map_err(failed)? as u64)
        };
        connection.call(work).await
    }

    /// One statement, run for each row: values go straight into it.
    async fn insert(
        connection: &mut Connection,
        head: &str,
        rows: CellRows,
        tail: &str,
    ) -> sqlx::Result<u64> {
        let sql = format!("{head} {} {tail}", rows.placeholders());
        let work = move |connection: &mut rusqlite::Connection| {
            rows.execute(&mut *connection.prepare_cached(&sql).map_err(failed)?)
        };
        connection.call(work).await
    }

    async fn fetch<T: Send + 'static>(
        connection: &mut Connection,
        sql: Sql,
        parameters: Cells,
        read: impl for<'r> Fn(&'r Row<'r>) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<Vec<T>> {
        let waiting = Arc::new(());
        let waits = Arc::downgrade(&waiting);
        let work = move |connection: &mut rusqlite::Connection| {
            let mut statement = connection.prepare_cached(&sql).map_err(failed)?;
            parameters.bind(&mut statement)?;
            let mut rows = statement.raw_query();
            let mut read_rows = Vec::new();
            while let Some(row) = rows.next().map_err(failed)? {
                read_rows.push(read(row)?);
                // Nobody is there to take the rest.
                if waits.strong_count() == 0 {
                    break;
                }
            }
            Ok(read_rows)
        };
        let read_rows = connection.call(work).await;
        drop(waiting);
        read_rows
    }

    fn text(row: &Row<'_>, index: usize) -> sqlx::Result<Option<String>> {
        match value(row, index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Text(text) => match str::from_utf8(text) {
                Ok(text) => Ok(Some(text.to_owned())),
                Err(error) => Err(sqlx::Error::Decode(error.into())),
            },
            _ => Err(misfit("a text")),
        }
    }

    fn int(row: &Row<'_>, index: usize) -> sqlx::Result<Option<i64>> {
        match value(row, index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Integer(number) => Ok(Some(number)),
            _ => Err(misfit("a whole number")),
        }
    }

    fn flag(row: &Row<'_>, index: usize) -> sqlx::Result<Option<bool>> {
        Ok(Self::int(row, index)?.map(|number| number != 0))
    }

    fn real(row: &Row<'_>, index: usize) -> sqlx::Result<Option<f64>> {
        match value(row, index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Real(number) => Ok(Some(number)),
            ValueRef::Integer(number) => Ok(Some(number as f64)),
            _ => Err(misfit("a number")),
        }
    }

    fn blob(row: &Row<'_>, index: usize) -> sqlx::Result<Option<Vec<u8>>> {
        match value(row, index)? {
            ValueRef::Null => Ok(None),
            ValueRef::Blob(bytes) | ValueRef::Text(bytes) => Ok(Some(bytes.to_vec())),
            _ => Err(misfit("bytes")),
        }
    }
}

fn value<'r>(row: &'r Row<'_>, index: usize) -> sqlx::Result<ValueRef<'r>> {
    row.get_ref(index).map_err(failed)
}

/// Others may write into tables that we share.
fn misfit(expected: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("a column does not hold {expected}").into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::pool::failed;
    use super::*;
    use crate::sql::SqlStore;
    use crate::{Effect, PageWrite, Store, StoreError, Stream, WorkspaceProfile};

    async fn synchronous(pool: &Pool) -> i64 {
        let mut connection = pool.acquire().await.expect("a connection");
        let asked = connection.call(|connection| {
            connection.pragma_query_value(None, "synchronous", |row| row.get(0)).map_err(failed)
        });
        asked.await.expect("a number")
    }

    /// 2 is FULL: a commit waits until the disk has it. 1 is NORMAL: the last commits may be lost
    /// with the power, which costs pages that are fetched again.
    #[tokio::test]
    async fn effects_are_committed_durably_and_pages_are_not() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore::<Sqlite> { writer, durable, readers };
        let profile = WorkspaceProfile { id: "ab12".to_owned(), ..WorkspaceProfile::default() };
        let workspace = store.ensure_workspace(&profile, 1).await.expect("a workspace");
        let page = PageWrite::default();
        store.commit_page(&workspace, Stream::Contacts, &page).await.expect("a page");
        assert_eq!(store.durable.n_idle(), 0, "a page goes the fast way");
        let effect = Effect {
            kind: "alert".to_owned(),
            queue: "alerts".to_owned(),
            dedupe_key: "one".to_owned(),
            payload: "{}".to_owned(),
            after: Duration::ZERO,
        };
        store.enqueue(&workspace, &[&effect]).await.expect("an effect");
        assert_eq!(store.durable.n_idle(), 1, "an effect goes the durable way");
        assert_eq!((synchronous(&store.writer).await, synchronous(&store.durable).await), (1, 2));
        store.close().await;
    }

    /// The file may grow to no more than so many pages.
    async fn limit(pool: &Pool, n_pages: i64) {
        let mut connection = pool.acquire().await.expect("a connection");
        let limited = connection.call(move |connection| {
            let limited = connection.pragma_update(None, "max_page_count", n_pages);
            limited.map_err(failed)
        });
        limited.await.expect("a limit");
    }

    /// SQLite undoes the whole transaction by itself when such a statement finds no room.
    #[tokio::test]
    async fn a_full_disk_is_told_each_time_and_ends_when_there_is_room() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore::<Sqlite> { writer, durable, readers };
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

    #[tokio::test]
    async fn a_database_that_may_only_be_read_is_told() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore::<Sqlite> { writer, durable, readers };
        let mut writer = store.writer.acquire().await.expect("a connection");
        writer.run("PRAGMA query_only = 1").await.expect("a limit");
        drop(writer);
        let refused = store.change_rate_ledger("t", &mut |_, _| "x".to_owned()).await;
        assert!(matches!(refused, Err(StoreError::ReadOnly { .. })), "{refused:?}");
        store.close().await;
    }

    /// A reader that began before keeps the log as it was.
    #[tokio::test]
    async fn what_is_erased_is_overwritten_once_nobody_reads_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("intercom.db");
        let url = format!("sqlite://{}", file.display());
        let Pools { writer, durable, readers } = open(&url).await.expect("the database opens");
        let store = SqlStore::<Sqlite> { writer, durable, readers };
        store.change_rate_ledger("t", &mut |_, _| "secret".to_owned()).await.expect("a ledger");
        let mut reader = store.readers.acquire().await.expect("a connection");
        reader.run("BEGIN; SELECT * FROM rate_leases").await.expect("a reader");
        let mut writer = store.writer.acquire().await.expect("a connection");
        writer.run("PRAGMA busy_timeout = 50; DELETE FROM rate_leases").await.expect("it is gone");
        drop(writer);
        let holds = || {
            let log = file.with_extension("db-wal");
            let bytes = [&file, &log].map(|path| std::fs::read(path).unwrap_or_default()).concat();
            bytes.windows(6).any(|part| part == b"secret")
        };
        assert!(!Sqlite::scrub(&store.writer).await.expect("an answer"), "somebody reads it");
        assert!(holds());
        drop(reader);
        assert!(Sqlite::scrub(&store.writer).await.expect("an answer"));
        assert!(!holds());
        store.close().await;
    }
}
