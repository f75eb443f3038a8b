//! A fresh database for one case.

use std::io::Write;
use std::str::FromStr;
use std::sync::{Arc, Once};

use intercom_store::{Store, Workspace, WorkspaceProfile};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions};

pub(crate) const NOW: i64 = 1_766_000_000;

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workspace: Workspace,
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
        let name = format!("w{}_{case:.48}", std::process::id());
        let options = PgConnectOptions::from_str(server).expect("a PostgreSQL URL");
        on_server(&options, &format!("CREATE DATABASE {name}")).await;
        let url = options.database(&name).to_url_lossy().to_string();
        Self { server_database: Some(name), ..Self::open(url).await }
    }

    async fn open(url: String) -> Self {
        let store = intercom_store::open(&url).await.expect("the database opens");
        let profile = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
        let workspace = store.ensure_workspace(&profile, NOW).await.expect("it is kept");
        Self { store, workspace, url, server_database: None, _folder: None }
    }

    /// Runs a statement past the store.
    pub(crate) async fn execute(&self, sql: &str) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let ran = if self.server_database.is_some() {
            let options = PgConnectOptions::from_str(&self.url).expect("a PostgreSQL URL");
            sql.execute(&mut options.connect().await.expect("a connection")).await.map(drop)
        } else {
            let options = SqliteConnectOptions::from_str(&self.url).expect("a SQLite URL");
            sql.execute(&mut options.connect().await.expect("a connection")).await.map(drop)
        };
        ran.expect("the statement runs");
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
