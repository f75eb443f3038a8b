//! A fresh database for one test, with a way in past the store for what the store does not offer.
//!
//! The tests of several crates run each case on SQLite and, where there is a server, on PostgreSQL.
//! Whatever goes wrong here ends the test: nothing is an error that a test could handle.
//!
//! ```no_run
//! use intercom_throwaway::Throwaway;
//!
//! # async fn case() {
//! let database = Throwaway::sqlite();
//! database.execute("CREATE TABLE a (n INTEGER); INSERT INTO a VALUES (7)").await;
//! assert_eq!(database.number("SELECT MAX(n) FROM a").await, 7);
//! # }
//! ```

use std::io::Write;
use std::str::FromStr;
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// A database that nobody else uses.
#[derive(Debug)]
pub struct Throwaway {
    /// Where it is, as `intercom_store::open` takes it.
    pub url: String,
    on_server: Option<OnServer>,
    /// Holds a file; gone with it.
    _folder: Option<tempfile::TempDir>,
}

#[derive(Debug)]
struct OnServer {
    options: PgConnectOptions,
    name: String,
}

/// The server to test on, or a visible line that says why there is none.
///
/// `TEST_POSTGRES_URL` names a server on which databases may be created; with `REQUIRE_SERVICES=1`
/// its absence is a failure.
#[must_use]
pub fn postgres_server() -> Option<String> {
    static SKIPPED: Once = Once::new();
    #[expect(clippy::disallowed_methods, reason = "tests are configured by the environment")]
    let [url, required] = ["TEST_POSTGRES_URL", "REQUIRE_SERVICES"].map(std::env::var);
    if let Ok(url) = url {
        return Some(url);
    }
    assert_ne!(required.as_deref(), Ok("1"), "TEST_POSTGRES_URL is not set");
    SKIPPED.call_once(|| {
        // Written to the stream itself, because the harness hides what passing tests print.
        let line = b"skipped: PostgreSQL (TEST_POSTGRES_URL not set)\n";
        std::io::stderr().write_all(line).expect("standard error is open");
    });
    None
}

impl Throwaway {
    /// A file that does not exist yet.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        Self { url, on_server: None, _folder: Some(folder) }
    }

    /// An empty database on a server, named after a case of this process.
    pub async fn postgres(server: &str, case: &str) -> Self {
        // The name of a database is cut at 63 characters.
        let name = format!("t{}_{case:.48}", std::process::id());
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        Self::created(options, name).await
    }

    /// An empty database of the same kind.
    pub async fn another(&self) -> Self {
        static N_OTHERS: AtomicU32 = AtomicU32::new(0);
        let Some(OnServer { options, name }) = &self.on_server else { return Self::sqlite() };
        let name = format!("{name}_{}", N_OTHERS.fetch_add(1, Ordering::Relaxed));
        Self::created(options.clone(), name).await
    }

    async fn created(options: PgConnectOptions, name: String) -> Self {
        on_server(&options, &format!("CREATE DATABASE {name}")).await;
        let url = options.clone().database(&name).to_url_lossy().to_string();
        Self { url, on_server: Some(OnServer { options, name }), _folder: None }
    }

    /// Removes the database from its server, whoever uses it; a file goes by itself.
    pub async fn remove(&self) {
        if let Some(OnServer { options, name }) = &self.on_server {
            on_server(options, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Whether it is a file.
    #[must_use]
    pub fn is_sqlite(&self) -> bool {
        self.on_server.is_none()
    }

    /// Runs statements.
    pub async fn execute(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        if self.is_sqlite() {
            let mut connection = self.on_sqlite().await;
            sql.execute(&mut connection).await.expect("the statement runs");
            connection.close().await.expect("the connection closes");
        } else {
            sql.execute(&mut self.on_postgres().await).await.expect("the statement runs");
        }
    }

    /// The rows of a query of one text column.
    pub async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        let read = match self.is_sqlite() {
            true => sqlx::query_scalar(sql).fetch_all(&mut self.on_sqlite().await).await,
            false => sqlx::query_scalar(sql).fetch_all(&mut self.on_postgres().await).await,
        };
        read.expect("texts")
    }

    /// The only cell of a query of one number.
    pub async fn number(&self, sql: &str) -> i64 {
        let texts = self.texts(&format!("SELECT CAST(({sql}) AS TEXT)")).await;
        texts[0].as_deref().expect("a number").parse().expect("a number")
    }

    /// From here on the disk is full whenever a row of the table is written: the databases say so
    /// themselves, SQLite when an automatic key has reached its largest value.
    pub async fn fill_up(&self, table: &str) {
        let sql = match self.is_sqlite() {
            true => {
                "CREATE TABLE full_disk (id INTEGER PRIMARY KEY AUTOINCREMENT); \
                 INSERT INTO full_disk VALUES (9223372036854775807); \
                 CREATE TRIGGER full_disk_of BEFORE INSERT ON {table} \
                 BEGIN INSERT INTO full_disk (id) VALUES (NULL); END"
            }
            false => {
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; \
                 CREATE TRIGGER full_disk BEFORE INSERT ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION full_disk()"
            }
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// Undoes [`Throwaway::fill_up`].
    pub async fn make_room(&self, table: &str) {
        let sql = match self.is_sqlite() {
            true => "DROP TRIGGER full_disk_of; DROP TABLE full_disk",
            false => "DROP TRIGGER full_disk ON {table}",
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// A connection to the file.
    pub async fn on_sqlite(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::from_str(&self.url).expect("a SQLite URL");
        options.connect().await.expect("a connection")
    }

    /// A connection to the server's database.
    pub async fn on_postgres(&self) -> PgConnection {
        let options = PgConnectOptions::from_str(&self.url).expect("a PostgreSQL URL");
        options.connect().await.expect("a connection")
    }
}

async fn on_server(options: &PgConnectOptions, sql: &str) {
    let mut connection = options.connect().await.expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the statement runs");
}
