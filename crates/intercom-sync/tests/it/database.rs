//! A fresh database for one case.

use std::ops::Deref;
use std::sync::Arc;

use intercom_store::Store;
use intercom_throwaway::Throwaway;
use serde_json::Value;

pub(crate) struct Database {
    pub(crate) store: Arc<dyn Store>,
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

    /// An empty database of the same kind.
    pub(crate) async fn another(&self) -> Self {
        Self::open(self.throwaway.another().await).await
    }

    async fn open(throwaway: Throwaway) -> Self {
        let store = intercom_store::open(&throwaway.url).await.expect("the database opens");
        Self { store, throwaway }
    }

    /// Removes the database from its server; a file goes by itself.
    pub(crate) async fn remove(&self) {
        self.store.close().await;
        self.throwaway.remove().await;
    }

    /// The same database, as another process opens it.
    pub(crate) async fn another_store(&self) -> Arc<dyn Store> {
        intercom_store::open(&self.url).await.expect("the database opens")
    }

    /// The rows of a table past the store, each by the names of its columns.
    pub(crate) async fn rows(&self, table: &str) -> Vec<Value> {
        let row = match self.is_sqlite() {
            false => format!("to_jsonb({table})::text"),
            true => {
                let pairs = format!(
                    r#"SELECT group_concat('''' || name || ''', "' || name || '"')
                    FROM pragma_table_info('{table}')"#
                );
                format!("json_object({})", text(self.texts(&pairs).await.remove(0)))
            }
        };
        let rows = self.texts(&format!("SELECT {row} FROM {table}")).await;
        rows.into_iter().map(|row| serde_json::from_str(&text(row)).expect("JSON")).collect()
    }

    /// The statements that make the database note every row written to a table.
    pub(crate) fn counting_writes(&self, table: &str) -> String {
        let notes = format!("writes_of_{table}");
        let create = format!("CREATE TABLE {notes} (n INTEGER);");
        let note = format!("INSERT INTO {notes} VALUES (1);");
        match self.is_sqlite() {
            false => format!(
                "{create} CREATE FUNCTION note_{table}() RETURNS trigger AS \
                 $$ BEGIN {note} RETURN NULL; END $$ LANGUAGE plpgsql; \
                 CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION note_{table}();"
            ),
            true => ["INSERT", "UPDATE", "DELETE"].iter().fold(create, |sql, event| {
                format!(
                    "{sql} CREATE TRIGGER note_{table}_{event} AFTER {event} ON {table} \
                     BEGIN {note} END;"
                )
            }),
        }
    }
}

fn text(cell: Option<String>) -> String {
    cell.expect("a text")
}
