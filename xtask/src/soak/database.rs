//! The store's database, read past the store.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr;

use anyhow::Context;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Row as _};

use super::derived::{Row, Table};

/// A database of its own for one mirror.
pub(super) enum Database {
    /// A file; its URL.
    Sqlite(String),
    /// A database on a server; its URL, its name, and the URL of the server.
    Postgres { url: String, name: String, server: String },
}

/// A row of texts.
type Cells = Vec<Option<String>>;

struct Column {
    name: String,
    is_blob: bool,
    is_key: bool,
}

impl Database {
    /// A database that does not exist yet, in a file of this folder.
    pub(super) fn sqlite(folder: &Path, name: &str) -> Self {
        Self::Sqlite(format!("sqlite://{}/{name}.db", folder.display()))
    }

    /// An empty database on a server.
    pub(super) async fn postgres(server: &str, name: &str) -> anyhow::Result<Self> {
        let name = format!("soak_{}_{name}", std::process::id());
        let options = PgConnectOptions::from_str(server).context("not a PostgreSQL URL")?;
        on_server(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        on_server(server, &format!("CREATE DATABASE {name}")).await?;
        let url = options.database(&name).to_url_lossy().to_string();
        Ok(Self::Postgres { url, name, server: server.to_owned() })
    }

    pub(super) fn url(&self) -> &str {
        match self {
            Self::Sqlite(url) | Self::Postgres { url, .. } => url,
        }
    }

    /// Removes a database from its server; a file goes with its folder.
    pub(super) async fn drop(self) -> anyhow::Result<()> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres { name, server, .. } => {
                on_server(&server, &format!("DROP DATABASE {name} WITH (FORCE)")).await
            }
        }
    }

    /// Runs a statement.
    pub(super) async fn execute(&self, sql: &str) -> anyhow::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(url) => {
                let mut connection = sqlite(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
            Self::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await?;
                sqlx::raw_sql(sql).execute(&mut connection).await?;
                connection.close().await?;
            }
        }
        Ok(())
    }

    /// The rows of a query of text columns.
    pub(super) async fn rows(&self, sql: &str) -> anyhow::Result<Vec<Cells>> {
        let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
        match self {
            Self::Sqlite(url) => {
                let mut connection = sqlite(url).await?;
                let rows = query.fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter()
                    .map(|row| (0..row.len()).map(|index| Ok(row.try_get(index)?)).collect())
                    .collect()
            }
            Self::Postgres { url, .. } => {
                let mut connection = PgConnection::connect(url).await?;
                let query = sqlx::query(AssertSqlSafe(sql.to_owned()));
                let rows = query.fetch_all(&mut connection).await?;
                connection.close().await?;
                rows.iter()
                    .map(|row| (0..row.len()).map(|index| Ok(row.try_get(index)?)).collect())
                    .collect()
            }
        }
    }

    /// The names of all tables.
    pub(super) async fn tables(&self) -> anyhow::Result<BTreeSet<String>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            }
            Self::Postgres { .. } => {
                "SELECT table_name::text FROM information_schema.tables \
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            }
        };
        Ok(self.rows(sql).await?.into_iter().flatten().flatten().collect())
    }

    /// A whole table, by its primary key.
    pub(super) async fn table(&self, name: &str) -> anyhow::Result<Table> {
        let columns = self.columns(name).await?;
        let rows = self.rows(&self.select(name, &columns, "")).await?;
        let read = |cells: Cells| {
            let named = columns.iter().zip(&cells);
            let key = named.filter(|(column, _)| column.is_key && column.name != "workspace_id");
            let key = key.map(|(_, cell)| cell.clone().unwrap_or_default()).collect();
            (key, named_cells(&columns, cells))
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The rows of a table that has a history, in the order in which they were appended, each with
    /// the value of one of its columns.
    pub(super) async fn appended(
        &self,
        name: &str,
        by: &str,
    ) -> anyhow::Result<Vec<(String, Row)>> {
        let columns = self.columns(name).await?;
        // Not the column of the answer, which PostgreSQL calls the same and which is text.
        let order = format!(" ORDER BY {name}.change_number");
        let rows = self.rows(&self.select(name, &columns, &order)).await?;
        let read = |cells: Cells| {
            let row = named_cells(&columns, cells);
            (row.get(by).cloned().flatten().unwrap_or_default(), row)
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// The bodies of a table, by id.
    pub(super) async fn bodies(&self, table: &str) -> anyhow::Result<BTreeMap<String, String>> {
        let body = match self {
            Self::Sqlite(_) => "CAST(body AS TEXT)",
            Self::Postgres { .. } => "convert_from(body, 'UTF8')",
        };
        let rows = self.rows(&format!("SELECT id, {body} FROM {table}")).await?;
        let pair = |cells: Cells| {
            let mut cells = cells.into_iter();
            Some((cells.next()??, cells.next()??))
        };
        Ok(rows.into_iter().filter_map(pair).collect())
    }

    async fn columns(&self, table: &str) -> anyhow::Result<Vec<Column>> {
        let sql = match self {
            Self::Sqlite(_) => format!(
                "SELECT name, CASE type WHEN 'BLOB' THEN 'yes' END, \
                 CASE WHEN pk > 0 THEN 'yes' END FROM pragma_table_info('{table}')"
            ),
            Self::Postgres { .. } => format!(
                "SELECT c.column_name::text, CASE c.data_type WHEN 'bytea' THEN 'yes' END, \
                 (SELECT 'yes' FROM information_schema.key_column_usage k \
                 JOIN information_schema.table_constraints t \
                 ON t.constraint_schema = k.constraint_schema \
                 AND t.constraint_name = k.constraint_name AND t.table_name = k.table_name \
                 WHERE t.constraint_type = 'PRIMARY KEY' AND k.table_schema = c.table_schema \
                 AND k.table_name = c.table_name AND k.column_name = c.column_name) \
                 FROM information_schema.columns c \
                 WHERE c.table_schema = 'public' AND c.table_name = '{table}' \
                 ORDER BY c.ordinal_position"
            ),
        };
        let columns = self.rows(&sql).await?.into_iter().map(|cells| {
            let [name, blob, key] = <[Option<String>; 3]>::try_from(cells).ok()?;
            Some(Column { name: name?, is_blob: blob.is_some(), is_key: key.is_some() })
        });
        Ok(columns.flatten().collect())
    }

    fn select(&self, table: &str, columns: &[Column], tail: &str) -> String {
        let columns = columns.iter().map(|Column { name, is_blob, .. }| match (self, is_blob) {
            (_, false) => format!(r#"CAST("{name}" AS TEXT)"#),
            (Self::Sqlite(_), true) => format!(r#"hex("{name}")"#),
            (Self::Postgres { .. }, true) => format!(r#"encode("{name}", 'hex')"#),
        });
        let columns: Vec<String> = columns.collect();
        format!("SELECT {} FROM {table}{tail}", columns.join(", "))
    }
}

fn named_cells(columns: &[Column], cells: Cells) -> Row {
    columns.iter().map(|column| column.name.clone()).zip(cells).collect()
}

async fn sqlite(url: &str) -> anyhow::Result<SqliteConnection> {
    let options = SqliteConnectOptions::from_str(url).context("not a SQLite URL")?;
    Ok(options.busy_timeout(std::time::Duration::from_secs(10)).connect().await?)
}

async fn on_server(server: &str, sql: &str) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await?;
    Ok(connection.close().await?)
}
