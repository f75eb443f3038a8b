//! Why the store did not answer.

use std::error::Error as StdError;
use std::fmt;

use intercom_engagement::EngagementError;
use sqlx::error::DatabaseError;
use sqlx::migrate::MigrateError;
use thiserror::Error;

#[cfg(feature = "sqlite")]
use crate::dialect::sqlite::SqliteFailure;

/// A cause from the database driver.
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Why the store could not be opened, or could not do what it was asked.
///
/// Messages name the database, the operation and ids, never a password or the content of a row.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names no database; it is not repeated, because it may hold a password.
    #[error("invalid database URL: {reason}")]
    InvalidUrl {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The file or folder is something else; nothing was written to it.
    #[error("{location} is not a database")]
    NotADatabase {
        /// Which.
        location: Location,
    },
    /// There is no such file, and the URL says that none is to be created.
    #[error("there is no database {location}")]
    Missing {
        /// Which.
        location: Location,
    },
    /// The file cannot be created, read or written.
    #[error("cannot use {location} as a database; its folder must exist and be writable")]
    Unusable {
        /// Which.
        location: Location,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A later version of this crate has migrated the database; nothing was written to it.
    #[error(
        "{location} has schema version {found}, and this program knows versions up to {supported}"
    )]
    Newer {
        /// Which.
        location: Location,
        /// The version it has.
        found: i64,
        /// The last version known here.
        supported: i64,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate {location}")]
    Migration {
        /// Which.
        location: Location,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The disk or the quota of the database is used up; it could not be opened, which takes room
    /// for files beside it, or not be brought up to date.
    #[error("cannot open {location}: its disk is full")]
    NoRoom {
        /// Which.
        location: Location,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The server does not answer, or does not let us in.
    #[error("cannot open {location}")]
    CannotOpen {
        /// Which.
        location: Location,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The connection was lost or none became free; the operation had no effect, or its answer was lost.
    #[error("cannot {operation} of workspace {workspace}: the database is unavailable")]
    Unavailable {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The disk or the quota of the database is used up; the operation had no effect.
    #[error("cannot {operation} of workspace {workspace}: the disk of the database is full")]
    Full {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The database may only be read: its file, its folder or the user's rights allow no more. The
    /// operation had no effect.
    #[error("cannot {operation} of workspace {workspace}: the database may only be read")]
    ReadOnly {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Another writer held a lock for too long; the operation had no effect and can be repeated.
    #[error("cannot {operation} of workspace {workspace}: the database is busy")]
    Busy {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// Another process has taken over the lease that the write was made under; the operation had no
    /// effect.
    #[error("cannot {operation} of workspace {workspace}: another process has taken over {lease}")]
    LeaseLost {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// The name of the lease.
        lease: String,
    },
    /// The database refused a statement; the operation had no effect.
    #[error("cannot {operation} of workspace {workspace}")]
    Refused {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// A stored row cannot be read back.
    #[error("cannot {operation} of workspace {workspace}: row {id} of {table} is corrupt")]
    Corrupt {
        /// What was asked.
        operation: &'static str,
        /// Whose data.
        workspace: String,
        /// Where.
        table: &'static str,
        /// The id of the row.
        id: String,
        /// Why.
        #[source]
        source: Cause,
    },
}

impl StoreError {
    /// Whether repeating the operation can succeed without anybody's help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unavailable { .. } | Self::Busy { .. } => true,
            Self::InvalidUrl { .. }
            | Self::NotADatabase { .. }
            | Self::Unusable { .. }
            | Self::Newer { .. }
            | Self::Migration { .. }
            | Self::NoRoom { .. }
            | Self::CannotOpen { .. }
            | Self::Full { .. }
            | Self::ReadOnly { .. }
            | Self::LeaseLost { .. }
            | Self::Refused { .. }
            | Self::Missing { .. }
            | Self::Corrupt { .. } => false,
        }
    }

    /// A failure before the schema is known to be in place.
    pub(crate) fn opening(location: &Location, source: sqlx::Error) -> Self {
        let location = location.clone();
        match sqlite_code(&source) {
            Some(SQLITE_NOTADB) => Self::NotADatabase { location },
            Some(SQLITE_CANTOPEN | SQLITE_READONLY | SQLITE_PERM) => {
                Self::Unusable { location, source: quiet(source) }
            }
            _ if is_full(&source) => Self::NoRoom { location, source: quiet(source) },
            _ => Self::CannotOpen { location, source: quiet(source) },
        }
    }

    pub(crate) fn migrating(location: &Location, source: MigrateError) -> Self {
        match source {
            MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _)
                if is_full(&source)
                    || sqlite_code(&source).is_some_and(|code| code != SQLITE_ERROR) =>
            {
                Self::opening(location, source)
            }
            source => Self::Migration { location: location.clone(), source: source.into() },
        }
    }
}

/// Which database: a path, or host, port and name of one on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location(pub(crate) String);

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A row that cannot be read, on its way through the driver's error type.
#[derive(Debug, Error)]
#[error("row {id} of {table} is corrupt")]
pub(crate) struct CorruptRow {
    pub(crate) table: &'static str,
    pub(crate) id: String,
    pub(crate) source: Cause,
}

/// A failure inside an operation, before the operation's name is added.
#[derive(Debug)]
pub(crate) enum Fault {
    Database(sqlx::Error),
    /// The name of a lease that another process has taken over.
    LeaseLost(String),
    Other(Cause),
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<EngagementError> for Fault {
    fn from(error: EngagementError) -> Self {
        Self::Other(error.into())
    }
}

impl Fault {
    pub(crate) fn during(self, operation: &'static str, workspace: &str) -> StoreError {
        let workspace = workspace.to_owned();
        let source = match self {
            Self::Database(source) => source,
            Self::LeaseLost(lease) => {
                return StoreError::LeaseLost { operation, workspace, lease };
            }
            Self::Other(source) => return StoreError::Refused { operation, workspace, source },
        };
        match source {
            sqlx::Error::Decode(cause) => match cause.downcast::<CorruptRow>() {
                Ok(row) => StoreError::Corrupt {
                    operation,
                    workspace,
                    table: row.table,
                    id: row.id,
                    source: row.source,
                },
                Err(source) => StoreError::Refused { operation, workspace, source },
            },
            source if is_lost(&source) => {
                StoreError::Unavailable { operation, workspace, source: quiet(source) }
            }
            source if is_full(&source) => {
                StoreError::Full { operation, workspace, source: quiet(source) }
            }
            source if is_busy(&source) => {
                StoreError::Busy { operation, workspace, source: quiet(source) }
            }
            source if is_read_only(&source) => {
                StoreError::ReadOnly { operation, workspace, source: quiet(source) }
            }
            source => StoreError::Refused { operation, workspace, source: quiet(source) },
        }
    }
}

/// A cause as it may be shown: servers add the values of a refused row to what they say.
struct Quiet(sqlx::Error);

fn quiet(error: sqlx::Error) -> Cause {
    Box::new(Quiet(error))
}

impl fmt::Display for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            sqlx::Error::Database(error) => f.write_str(error.message()),
            error => error.fmt(f),
        }
    }
}

impl fmt::Debug for Quiet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Quiet {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0 {
            sqlx::Error::Database(_) => None,
            error => error.source(),
        }
    }
}

/// The key of a customer is an e-mail address, of which only the domain may be shown.
pub(crate) fn masked(id: &str) -> String {
    id.rsplit_once('@').map_or_else(|| id.to_owned(), |(_, domain)| format!("…@{domain}"))
}

const SQLITE_ERROR: i32 = 1;
const SQLITE_PERM: i32 = 3;
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;
/// The memory that connections share is a file, for which there was no room.
const SQLITE_IOERR_SHMSIZE: i32 = 4874;

/// The primary result code, when the error comes from SQLite.
fn sqlite_code(error: &sqlx::Error) -> Option<i32> {
    Some(extended_sqlite_code(error)? & 0xff)
}

fn extended_sqlite_code(error: &sqlx::Error) -> Option<i32> {
    #[cfg(feature = "sqlite")]
    if let sqlx::Error::Database(error) = error
        && let Some(failure) = error.try_downcast_ref::<SqliteFailure>()
    {
        return failure.code();
    }
    let _ = error;
    None
}

/// The SQLSTATE, when the error comes from a server.
fn sqlstate(error: &dyn DatabaseError) -> Option<String> {
    error.code().filter(|code| code.len() == 5).map(Into::into)
}

fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        // Connection exceptions, too many connections, shutting down.
        sqlx::Error::Database(error) => sqlstate(&**error).is_some_and(|code| {
            code.starts_with("08") || code == "53300" || code.starts_with("57P")
        }),
        _ => false,
    }
}

fn is_full(error: &sqlx::Error) -> bool {
    // Disk full.
    sqlite_code(error) == Some(SQLITE_FULL)
        || extended_sqlite_code(error) == Some(SQLITE_IOERR_SHMSIZE)
        || matches!(error, sqlx::Error::Database(error)
            if sqlstate(&**error).is_some_and(|code| code == "53100"))
}

fn is_read_only(error: &sqlx::Error) -> bool {
    // Read-only transaction, insufficient privilege.
    matches!(sqlite_code(error), Some(SQLITE_READONLY | SQLITE_PERM))
        || matches!(error, sqlx::Error::Database(error)
            if sqlstate(&**error).is_some_and(|code| ["25006", "42501"].contains(&code.as_str())))
}

fn is_busy(error: &sqlx::Error) -> bool {
    if matches!(sqlite_code(error), Some(SQLITE_BUSY | SQLITE_LOCKED)) {
        return true;
    }
    // Serialization failure, deadlock, lock not available.
    matches!(error, sqlx::Error::Database(error)
        if sqlstate(&**error).is_some_and(|code| ["40001", "40P01", "55P03"].contains(&code.as_str())))
}
