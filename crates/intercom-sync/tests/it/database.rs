//! A fresh database for one case.

use std::io::Write;
use std::str::FromStr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Once};

use intercom_store::Store;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, SqliteConnection};

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    url: String,
    server_database: Option<String>,
    _folder: Option<tempfile::TempDir>,
}

/// The server to test on, or a visible line that says why there is none.
pub(crate) fn postgres_server() -> Option<String> {
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

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = format!("sqlite://{}/intercom.db", folder.path().display());
        Self { _folder: Some(folder), ..Self::open(url).await }
    }

    pub(crate) async fn postgres(server: &str, case: &str) -> Self {
        // The name of a database is cut at 63 characters.
        let name = format!("s{}_{case:.48}", std::process::id());
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        on_server(&options, &format!("CREATE DATABASE {name}")).await;
        let url = options.database(&name).to_url_lossy().to_string();
        Self { server_database: Some(name), ..Self::open(url).await }
    }

    /// An empty database of the same kind.
    pub(crate) async fn another(&self) -> Self {
        static N_OTHERS: AtomicU32 = AtomicU32::new(0);
        let Some(name) = &self.server_database else { return Self::sqlite().await };
        let name = format!("{name}_{}", N_OTHERS.fetch_add(1, Ordering::Relaxed));
        let options = PgConnectOptions::from_str(&self.url).expect("a PostgreSQL URL");
        on_server(&options, &format!("CREATE DATABASE {name}")).await;
        let url = options.database(&name).to_url_lossy().to_string();
        Self { server_database: Some(name), ..Self::open(url).await }
    }

    /// Removes a database from the server that has `other` as well; a file goes by itself.
    pub(crate) async fn remove(&self, other: &Self) {
        self.store.close().await;
        if let Some(name) = &self.server_database {
            let options = PgConnectOptions::from_str(&other.url).expect("a PostgreSQL URL");
            on_server(&options, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    async fn open(url: String) -> Self {
        let store = intercom_store::open(&url).await.expect("the database opens");
        Self { store, url, server_database: None, _folder: None }
    }

    /// The same database, as another process opens it.
    pub(crate) async fn another_store(&self) -> Arc<dyn Store> {
        intercom_store::open(&self.url).await.expect("the database opens")
    }

    /// From here on the disk is full whenever a row of the table is written.
    ///
    /// The databases say so themselves: SQLite when an automatic key has reached its largest value.
    pub(crate) async fn fill_up(&self, table: &str) {
        let sql = match self.server_database {
            Some(_) => {
                "CREATE OR REPLACE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; \
                 CREATE TRIGGER full_disk BEFORE INSERT ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION full_disk()"
            }
            None => {
                "CREATE TABLE full_disk (id INTEGER PRIMARY KEY AUTOINCREMENT); \
                 INSERT INTO full_disk VALUES (9223372036854775807); \
                 CREATE TRIGGER full_disk_of BEFORE INSERT ON {table} \
                 BEGIN INSERT INTO full_disk (id) VALUES (NULL); END"
            }
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// Undoes [`Database::fill_up`].
    pub(crate) async fn make_room(&self, table: &str) {
        let sql = match self.server_database {
            Some(_) => "DROP TRIGGER full_disk ON {table}",
            None => "DROP TRIGGER full_disk_of; DROP TABLE full_disk",
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// Runs a statement past the store.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let ran = match self.server_database {
            Some(_) => sql.execute(&mut self.on_postgres().await).await.map(drop),
            None => sql.execute(&mut self.on_sqlite().await).await.map(drop),
        };
        ran.expect("the statement runs");
    }

    /// The only cell of a query of one number, past the store.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let sql = AssertSqlSafe(format!("SELECT CAST(({sql}) AS BIGINT)"));
        let read = match self.server_database {
            Some(_) => sqlx::query_scalar(sql).fetch_one(&mut self.on_postgres().await).await,
            None => sqlx::query_scalar(sql).fetch_one(&mut self.on_sqlite().await).await,
        };
        read.expect("a number")
    }

    /// The rows of a table past the store, each by the names of its columns.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Value> {
        let row = match self.server_database {
            Some(_) => format!("to_jsonb({table})::text"),
            None => {
                let pairs = format!(
                    r#"SELECT group_concat('''' || name || ''', "' || name || '"')
                    FROM pragma_table_info('{table}')"#
                );
                format!("json_object({})", self.texts(pairs).await.remove(0))
            }
        };
        let rows = self.texts(format!("SELECT {row} FROM {table}")).await;
        rows.iter().map(|row| serde_json::from_str(row).expect("JSON")).collect()
    }

    async fn texts(&self, sql: String) -> Vec<String> {
        let sql = AssertSqlSafe(sql);
        let read = match self.server_database {
            Some(_) => sqlx::query_scalar(sql).fetch_all(&mut self.on_postgres().await).await,
            None => sqlx::query_scalar(sql).fetch_all(&mut self.on_sqlite().await).await,
        };
        read.expect("texts")
    }

    /// The statements that make the database note every row written to a table.
    pub(crate) fn counting_writes(&self, table: &str) -> String {
        let notes = format!("writes_of_{table}");
        let create = format!("CREATE TABLE {notes} (n INTEGER);");
        let note = format!("INSERT INTO {notes} VALUES (1);");
        match self.server_database {
            Some(_) => format!(
                "{create} CREATE FUNCTION note_{table}() RETURNS trigger AS \
                 $$ BEGIN {note} RETURN NULL; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION note_{table}();"
            ),
            None => ["INSERT", "UPDATE", "DELETE"].iter().fold(create, |sql, event| {
                format!(
                    "{sql} CREATE TRIGGER note_{table}_{event} AFTER {event} ON {table} \
                     BEGIN {note} END;"
                )
            }),
        }
    }

    async fn on_postgres(&self) -> PgConnection {
        let options = PgConnectOptions::from_str(&self.url).expect("a PostgreSQL URL");
        options.connect().await.expect("a connection")
    }

    async fn on_sqlite(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::from_str(&self.url).expect("a SQLite URL");
        options.connect().await.expect("a connection")
    }

    pub(crate) async fn drop_from(self, server: &str) {
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        let name = self.server_database.expect("a database on a server");
        on_server(&options, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }
}

async fn on_server(options: &PgConnectOptions, sql: &str) {
    let mut connection = options.connect().await.expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the statement runs");
}
