//! From a URL to connections, by way of the migrations.

use std::fs::File;
use std::io::{self, Read};
use std::num::NonZero;
use std::ops::RangeInclusive;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use rusqlite::{Connection, OpenFlags};
use tokio::task::{JoinError, spawn_blocking};

use super::migrate;
use super::pool::{Pool, failed};
use crate::error::{Location, StoreError};
use crate::schema::{self, Schema};

/// At least two and at most four, as there are processors: each keeps memory of its own.
const READERS: RangeInclusive<u32> = 2..=4;
const WAIT_FOR_A_LOCK: Duration = Duration::from_secs(10);
/// Bodies of about 2 KB fill a page of this size well; one of 4 KB would hold a single body.
const PAGE_BYTES: u32 = 16_384;
/// Negative: in KiB. Used as needed.
const WRITER_CACHE: i32 = -16_384;
const READER_CACHE: i32 = -4_096;
/// In pages. A page that many transactions change is copied into the file once, not by each of them.
const PAGES_IN_LOG: u32 = 4_000;
const FILE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Statements that a connection keeps prepared. One more than these costs its preparation.
const PREPARED_STATEMENTS: usize = 256;

/// The connections of one database.
pub(crate) struct Pools {
    pub(crate) writer: Pool,
    /// Waits until the disk has what is committed.
    pub(crate) durable: Pool,
    pub(crate) readers: Pool,
}

/// Opens the database, creating it when missing, and brings its schema up to date.
pub(crate) async fn open(url: &str) -> Result<Pools, StoreError> {
    let place = Place::of(url)?;
    let location = place.location();
    let opening = spawn_blocking(move || match place {
        Place::Memory => open_memory(),
        Place::File { path, if_missing } => open_file(&path, if_missing),
    });
    match opening.await.map_err(JoinError::try_into_panic) {
        Ok(opened) => opened,
        Err(Ok(panic)) => resume_unwind(panic),
        Err(Err(_)) => Err(StoreError::opening(&location, sqlx::Error::WorkerCrashed)),
    }
}

/// Where a database is.
enum Place {
    File { path: PathBuf, if_missing: IfMissing },
    Memory,
}

/// What becomes of a file that is not there.
#[derive(Clone, Copy)]
enum IfMissing {
    Create,
    /// `mode=rw`
    Refuse,
}

impl Place {
    /// `sqlite:PATH` or `sqlite://PATH`. A question mark in a path, and a percent sign before two
    /// digits, are written as `%3F` and `%25`.
    fn of(url: &str) -> Result<Self, StoreError> {
        let invalid = |reason| StoreError::InvalidUrl { reason };
        let rest = url.strip_prefix("sqlite:").unwrap_or(url);
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (path, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let mut is_in_memory = path == ":memory:";
        let mut if_missing = IfMissing::Create;
        for parameter in parameters.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter {
                "mode=memory" => is_in_memory = true,
                "mode=rw" => if_missing = IfMissing::Refuse,
                "mode=rwc" => if_missing = IfMissing::Create,
                _ => {
                    return Err(invalid(
                        "of parameters it takes `mode=rw`, `mode=rwc` and `mode=memory`",
                    ));
                }
            }
        }
        if is_in_memory {
            return Ok(Self::Memory);
        }
        let path = percent_decode_str(path).decode_utf8();
        match path.map_err(|_| invalid("its path is not UTF-8"))? {
            path if path.is_empty() => Err(invalid("it names no file")),
            // SQLite takes these for something else than a path.
            path if path.starts_with("file:") || path.starts_with(':') => {
                Err(invalid("a path that begins with `file:` or a colon needs `./` before it"))
            }
            path => Ok(Self::File { path: path.into_owned().into(), if_missing }),
        }
    }

    fn location(&self) -> Location {
        Location(match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Memory => ":memory:".to_owned(),
        })
    }
}

fn open_file(path: &Path, if_missing: IfMissing) -> Result<Pools, StoreError> {
    let location = Location(path.display().to_string());
    if matches!(if_missing, IfMissing::Refuse) && !path.exists() {
        return Err(StoreError::Missing { location });
    }
    let refused = |source| StoreError::opening(&location, source);
    let found = match contains_a_database(path, &location)? {
        true => version(path).map_err(failed).map_err(refused)?,
        false => None,
    };
    let schema = schema::compare(&location, found, &schema::sqlite())?;
    let path: Arc<Path> = path.into();
    let writer = pool(1, &path, |path| {
        let connection = writer(path)?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", WRITER_CACHE)?;
        Ok(connection)
    });
    // This one creates the file.
    let mut first = writer.connect().map_err(refused)?;
    match schema {
        Schema::Current => {}
        Schema::Behind => migrate::migrate(&mut first)
            .map_err(|source| StoreError::migrating(&location, source))?,
    }
    writer.put_back(first);
    let durable = pool(1, &path, |path| {
        let connection = self::writer(path)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Ok(connection)
    });
    let readers = pool(n_readers(), &path, |path| {
        let connection = reader(path)?;
        connection.pragma_update(None, "cache_size", READER_CACHE)?;
        Ok(connection)
    });
    readers.put_back(readers.connect().map_err(refused)?);
    Ok(Pools { writer, durable, readers })
}

fn pool(
    n_connections: u32,
    path: &Arc<Path>,
    connect: impl Fn(&Path) -> rusqlite::Result<Connection> + Send + Sync + 'static,
) -> Pool {
    let path = Arc::clone(path);
    Pool::new(n_connections, move || connect(&path))
}

fn n_readers() -> u32 {
    let n_processors = available_parallelism().map_or(1, NonZero::get);
    u32::try_from(n_processors).unwrap_or(u32::MAX).clamp(*READERS.start(), *READERS.end())
}

/// A database in memory lives as long as its only connection, so readers share it with the writer.
fn open_memory() -> Result<Pools, StoreError> {
    let location = Place::Memory.location();
    let opening = |source| StoreError::opening(&location, failed(source));
    let mut connection = Connection::open_in_memory().and_then(prepared).map_err(opening)?;
    migrate::migrate(&mut connection).map_err(|source| StoreError::migrating(&location, source))?;
    let writer = Pool::of(connection);
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

/// The last migration applied.
fn version(path: &Path) -> rusqlite::Result<Option<i64>> {
    let connection = reader(path)?;
    match connection.query_row(schema::EXISTS_SQLITE, (), |row| row.get(0))? {
        true => connection.query_row(schema::VERSION, (), |row| row.get(0)),
        false => Ok(None),
    }
}

fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    prepared(Connection::open_with_flags(path, flags)?)
}

fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = prepared(Connection::open_with_flags(path, flags)?)?;
    // The size of a page comes before everything that writes one.
    connection.pragma_update(None, "page_size", PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", PAGES_IN_LOG)?;
    Ok(connection)
}

/// What every connection has.
fn prepared(connection: Connection) -> rusqlite::Result<Connection> {
    connection.busy_timeout(WAIT_FOR_A_LOCK)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
    Ok(connection)
}
