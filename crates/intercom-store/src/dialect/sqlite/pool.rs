//! Connections, each lent to one caller at a time, whose statements run beside the asynchronous ones.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::error::{DatabaseError, ErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const WAIT_FOR_A_CONNECTION: Duration = Duration::from_secs(30);

/// Opens a further connection.
type Open = dyn Fn() -> rusqlite::Result<rusqlite::Connection> + Send + Sync;

/// A few connections to one database.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Shared>);

struct Shared {
    n_connections: u32,
    /// One for each connection that may be lent.
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<rusqlite::Connection>>,
    /// Absent when there is one connection, and no other to the same database.
    open: Option<Box<Open>>,
}

impl Pool {
    /// Connections are opened when they are first needed.
    pub(super) fn new(
        n_connections: u32,
        open: impl Fn() -> rusqlite::Result<rusqlite::Connection> + Send + Sync + 'static,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(n_connections as usize));
        let idle = Mutex::new(Vec::new());
        Self(Arc::new(Shared { n_connections, permits, idle, open: Some(Box::new(open)) }))
    }

    /// A pool of a single connection, which is opened already.
    pub(super) fn of(connection: rusqlite::Connection) -> Self {
        let (permits, idle) = (Arc::new(Semaphore::new(1)), Mutex::new(vec![connection]));
        Self(Arc::new(Shared { n_connections: 1, permits, idle, open: None }))
    }

    /// Opens a connection without lending it.
    pub(super) fn connect(&self) -> sqlx::Result<rusqlite::Connection> {
        self.0.connect()
    }

    /// Adds a connection that this pool has opened.
    pub(super) fn put_back(&self, connection: rusqlite::Connection) {
        self.0.put_back(connection);
    }

    #[cfg(test)]
    pub(super) fn n_idle(&self) -> usize {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) async fn acquire(&self) -> sqlx::Result<Connection> {
        let permit = timeout(WAIT_FOR_A_CONNECTION, Arc::clone(&self.0.permits).acquire_owned())
            .await
            .map_err(|_| sqlx::Error::PoolTimedOut)?
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let shared = Arc::clone(&self.0);
        let idle = shared.take();
        let lent = match idle {
            Some(connection) => Lent { connection: Some(connection), shared, _permit: permit },
            None => {
                let opening = aside(move || {
                    let connection = shared.connect().map(Some);
                    connection.map(|connection| Lent { connection, shared, _permit: permit })
                });
                opening.await??
            }
        };
        Ok(Connection(Some(lent)))
    }

    /// Waits until every connection is back, and closes them.
    pub(super) async fn close(&self) {
        let all = Arc::clone(&self.0.permits).acquire_many_owned(self.0.n_connections).await;
        // Closed already, it has none.
        let Ok(all) = all else { return };
        let shared = Arc::clone(&self.0);
        let closing = aside(move || {
            while shared.take().is_some() {}
            shared.permits.close();
            drop(all);
        });
        closing.await.unwrap_or_default();
    }
}

impl Shared {
    fn take(&self) -> Option<rusqlite::Connection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn connect(&self) -> sqlx::Result<rusqlite::Connection> {
        let open = self.open.as_ref().ok_or(sqlx::Error::WorkerCrashed)?;
        open().map_err(failed)
    }

    fn put_back(&self, connection: rusqlite::Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

/// A connection that somebody has. It goes back when it is dropped, and what was not committed is
/// undone there and then, which waits for no lock.
struct Lent {
    connection: Option<rusqlite::Connection>,
    shared: Arc<Shared>,
    /// Returned after the connection.
    _permit: OwnedSemaphorePermit,
}

impl Drop for Lent {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // When the disk is full, SQLite ends the transaction by itself.
        if connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok() {
            self.shared.put_back(connection);
        }
    }
}

/// A connection on loan.
pub(crate) struct Connection(
    /// Absent while a statement runs, and after one that nobody waited for.
    Option<Lent>,
);

impl Connection {
    /// Does something with the connection where it may take its time. Whoever stops waiting does not
    /// stop it; a transaction that it leaves open is undone.
    pub(super) async fn call<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut rusqlite::Connection) -> sqlx::Result<T> + Send + 'static,
    ) -> sqlx::Result<T> {
        let mut lent = self.0.take().ok_or(sqlx::Error::WorkerCrashed)?;
        let (lent, result) = aside(move || {
            let result = match &mut lent.connection {
                Some(connection) => work(connection),
                None => Err(sqlx::Error::WorkerCrashed),
            };
            (lent, result)
        })
        .await?;
        self.0 = Some(lent);
        result
    }

    pub(super) async fn run(&mut self, sql: &'static str) -> sqlx::Result<()> {
        self.call(move |connection| connection.execute_batch(sql).map_err(failed)).await
    }
}

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> sqlx::Result<T> {
    spawn_blocking(work).await.map_err(|error| match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        // The runtime is ending.
        Err(_) => sqlx::Error::WorkerCrashed,
    })
}

/// What SQLite refused, in the type that all dialects fail with.
pub(super) fn failed(error: rusqlite::Error) -> sqlx::Error {
    // Its own text repeats the whole statement.
    let message = match &error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        error => error.to_string(),
    };
    sqlx::Error::Database(Box::new(SqliteFailure { error, message }))
}

/// A failure of SQLite.
#[derive(Debug)]
pub(crate) struct SqliteFailure {
    error: rusqlite::Error,
    message: String,
}

impl SqliteFailure {
    /// The extended result code; `None` for what SQLite was not asked at all.
    pub(crate) fn code(&self) -> Option<i32> {
        self.error.sqlite_error().map(|error| error.extended_code)
    }
}

impl fmt::Display for SqliteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for SqliteFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.error.source()
    }
}

impl DatabaseError for SqliteFailure {
    fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Self::code(self).map(|code| code.to_string().into())
    }

    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}
