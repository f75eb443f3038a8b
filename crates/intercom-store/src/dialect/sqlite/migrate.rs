//! The embedded migrations. Their table is the one sqlx keeps: it brought databases of earlier
//! versions of this crate forward.

use std::collections::BTreeMap;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use sqlx::migrate::{MigrateError, Migration};

use super::pool::failed;
use crate::schema;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS intercom_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)";

/// Migrates inside one immediate transaction, so a second process that opens the same file waits.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), MigrateError> {
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(refused)?;
    transaction.execute_batch(TABLE).map_err(refused)?;
    let applied = applied(&transaction).map_err(refused)?;
    let migrations = schema::sqlite();
    // Another program may have brought the schema further while this one waited.
    let unknown = applied.keys().find(|version| !migrations.version_exists(**version));
    if let Some(&version) = unknown {
        return Err(MigrateError::VersionMissing(version));
    }
    for migration in migrations.iter() {
        match applied.get(&migration.version) {
            Some(checksum) if *checksum == *migration.checksum => {}
            Some(_) => return Err(MigrateError::VersionMismatch(migration.version)),
            None => apply(&transaction, migration).map_err(|error| {
                MigrateError::ExecuteMigration(failed(error), migration.version)
            })?,
        }
    }
    transaction.commit().map_err(refused)
}

/// Checksums by version.
fn applied(transaction: &Transaction<'_>) -> rusqlite::Result<BTreeMap<i64, Vec<u8>>> {
    transaction
        .prepare("SELECT version, checksum FROM intercom_migrations")?
        .query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn apply(transaction: &Transaction<'_>, migration: &Migration) -> rusqlite::Result<()> {
    transaction.execute_batch(migration.sql.as_str())?;
    transaction.execute(
        "INSERT INTO intercom_migrations \
         (version, description, success, checksum, execution_time) VALUES (?, ?, TRUE, ?, -1)",
        (migration.version, &*migration.description, &*migration.checksum),
    )?;
    Ok(())
}

fn refused(error: rusqlite::Error) -> MigrateError {
    MigrateError::Execute(failed(error))
}
