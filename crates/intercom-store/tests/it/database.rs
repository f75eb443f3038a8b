//! A fresh database for one case, with a workspace.

use std::ops::Deref;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use intercom_store::{Store, Workspace, WorkspaceProfile};
use intercom_throwaway::Throwaway;
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row};

pub(crate) const NOW: i64 = 1_766_000_000;

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) workspace: Workspace,
    throwaway: Throwaway,
}

impl Deref for Database {
    type Target = Throwaway;

    fn deref(&self) -> &Throwaway {
        &self.throwaway
    }
}

impl Database {
    pub(crate) async fn sqlite() -> Self {
        Self::open(Throwaway::sqlite()).await
    }

    pub(crate) async fn postgres(server: &str, case: &str) -> Self {
        Self::open(Throwaway::postgres(server, case).await).await
    }

    async fn open(throwaway: Throwaway) -> Self {
        let store = intercom_store::open(&throwaway.url).await.expect("the database opens");
        let workspace = workspace(&*store, "ab12").await;
        Self { store, workspace, throwaway }
    }

    /// How SQLite would read what a query asks for.
    pub(crate) async fn plan(&self, sql: &str) -> String {
        let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}"));
        let mut connection = self.on_sqlite().await;
        let rows = sqlx::query(sql).fetch_all(&mut connection).await.expect("rows");
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        steps.join("\n")
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
            let mut connection = self.on_postgres().await;
            all.run_direct(None, &mut connection, false).await.expect("the schema is made");
        }
    }
}

pub(crate) async fn workspace(store: &dyn Store, id: &str) -> Workspace {
    let profile = WorkspaceProfile { id: id.into(), ..Default::default() };
    store.ensure_workspace(&profile, NOW).await.expect("the workspace is kept")
}
