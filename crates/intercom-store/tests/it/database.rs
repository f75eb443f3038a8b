//! A fresh database for one case, with a second way in for what the store does not offer.

use std::io::Write;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Once};

use intercom_store::{Store, Workspace, WorkspaceProfile};
use sqlx::migrate::Migrator;
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};

pub(crate) const NOW: i64 = 1_766_000_000;

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workspace: Workspace,
    pub(crate) url: String,
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
        let name = format!("t{}_{case:.48}", std::process::id());
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        on_server(&options, &format!("CREATE DATABASE {name}")).await;
        let url = options.database(&name).to_url_lossy().to_string();
        Self { server_database: Some(name), ..Self::open(url).await }
    }

    async fn open(url: String) -> Self {
        let store = intercom_store::open(&url).await.expect("the database opens");
        let workspace = workspace(&*store, "ab12").await;
        Self { store, workspace, url, server_database: None, _folder: None }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.server_database.is_none()
    }

    pub(crate) async fn drop_from(self, server: &str) {
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        let name = self.server_database.expect("a database on a server");
        on_server(&options, &format!("DROP DATABASE {name} WITH (FORCE)")).await;
    }

    /// Runs statements past the store.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_sqlite() {
            let mut connection = self.sqlite_connection().await;
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statement runs");
            connection.close().await.expect("the connection closes");
        } else {
            let mut connection = PgConnection::connect(&self.url).await.expect("a connection");
            sqlx::raw_sql(sql).execute(&mut connection).await.expect("the statement runs");
        }
    }

    /// From here on the disk is full whenever a row of the table is written: the databases say so
    /// themselves, SQLite when an automatic key has reached its largest value.
    pub(crate) async fn fill_up(&self, table: &str) {
        let sql = match self.is_sqlite() {
            true => {
                "CREATE TABLE full_disk (id INTEGER PRIMARY KEY AUTOINCREMENT); \
                 INSERT INTO full_disk VALUES (9223372036854775807); \
                 CREATE TRIGGER full_disk_of BEFORE INSERT ON {table} \
                 BEGIN INSERT INTO full_disk (id) VALUES (NULL); END"
            }
            false => {
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$; \
                 CREATE TRIGGER full_disk BEFORE INSERT ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION full_disk()"
            }
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// Undoes [`Database::fill_up`].
    pub(crate) async fn make_room(&self, table: &str) {
        let sql = match self.is_sqlite() {
            true => "DROP TRIGGER full_disk_of; DROP TABLE full_disk",
            false => "DROP TRIGGER full_disk ON {table}",
        };
        self.execute(&sql.replace("{table}", table)).await;
    }

    /// The rows of a query of one text column, past the store.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<Option<String>> {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_sqlite() {
            let mut connection = self.sqlite_connection().await;
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
            rows.iter().map(|row| row.get(0)).collect()
        } else {
            let mut connection = PgConnection::connect(&self.url).await.expect("a connection");
            let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
            rows.iter().map(|row| row.get(0)).collect()
        }
    }

    /// How SQLite would read what a query asks for.
    pub(crate) async fn plan(&self, sql: &str) -> String {
        let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let mut connection = self.sqlite_connection().await;
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        steps.join("\n")
    }

    /// The only cell of a query of one number, past the store.
    pub(crate) async fn number(&self, sql: &str) -> i64 {
        let texts = self.texts(&format!("SELECT CAST(({sql}) AS TEXT)")).await;
        texts[0].as_deref().expect("a number").parse().expect("a number")
    }

    /// Leaves an empty database that an earlier version of the store has migrated.
    pub(crate) async fn rebuild(&self, version: i64) {
        let folder = match self.is_sqlite() {
            true => "migrations/sqlite",
            false => "migrations/postgres",
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut all = Migrator::new(folder).await.expect("the migrations are read");
        all.migrations = all.iter().filter(|it| it.version <= version).cloned().collect();
        all.dangerous_set_table_name("intercom_migrations");
        if self.is_sqlite() {
            let path = self.url.strip_prefix("sqlite://").expect("the URL of a file");
            std::fs::remove_file(path).expect("the file is there");
            let options = SqliteConnectOptions::from_str(&self.url).expect("a SQLite URL");
            let mut connection = options.create_if_missing(true).connect().await.expect("a file");
            all.run_direct(None, &mut connection, false).await.expect("the schema is made");
            connection.close().await.expect("the connection closes");
        } else {
            self.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
            let mut connection = PgConnection::connect(&self.url).await.expect("a connection");
            all.run_direct(None, &mut connection, false).await.expect("the schema is made");
        }
    }

    async fn sqlite_connection(&self) -> sqlx::SqliteConnection {
        let options = SqliteConnectOptions::from_str(&self.url).expect("a SQLite URL");
        options.connect().await.expect("a connection")
    }
}

pub(crate) async fn workspace(store: &dyn Store, id: &str) -> Workspace {
    let profile = WorkspaceProfile { id: id.into(), ..Default::default() };
    store.ensure_workspace(&profile, NOW).await.expect("the workspace is kept")
}

async fn on_server(options: &PgConnectOptions, sql: &str) {
    let mut connection = options.connect().await.expect("the server answers");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.expect("the statement runs");
}
