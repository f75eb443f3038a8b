//! The embedded migrations and the refusal of a database that a later version has migrated.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

use crate::error::{Location, StoreError};

/// Our own table, because a shared database may hold another program's sqlx migrations.
const TABLE: &str = "intercom_migrations";

/// The tables that grow with a workspace.
#[cfg(feature = "postgres")]
pub(crate) const TABLES: &[&str] = &[
    "admin_bodies",
    "admins",
    "alert_state",
    "attribute_history",
    "coaches",
    "companies",
    "company_bodies",
    "contact_aliases",
    "contact_bodies",
    "contacts",
    "conversation_bodies",
    "conversation_part_bodies",
    "conversation_parts",
    "conversations",
    "customer_contacts",
    "customer_history",
    "data_attribute_bodies",
    "data_attributes",
    "dirty_customers",
    "facts",
    "intercom_customers",
    "members",
    "outbox",
    "parts_due",
    "parts_ledger",
    "segment_bodies",
    "segments",
    "sessions",
    "tag_bodies",
    "tags",
    "team_bodies",
    "teams",
    "tombstones",
    "unified_customers",
    "webhook_seen",
];

/// The last migration applied; NULL when there is none.
pub(crate) const VERSION: &str = "SELECT MAX(version) FROM intercom_migrations";

#[cfg(feature = "postgres")]
pub(crate) const EXISTS_POSTGRES: &str = "SELECT to_regclass('intercom_migrations') IS NOT NULL";

#[cfg(feature = "sqlite")]
pub(crate) const EXISTS_SQLITE: &str =
    "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'intercom_migrations')";

#[cfg(feature = "postgres")]
pub(crate) fn postgres() -> Migrator {
    migrator([
        ("mirror", include_str!("../migrations/postgres/0001_mirror.sql")),
        ("projection", include_str!("../migrations/postgres/0002_projection.sql")),
        ("customers", include_str!("../migrations/postgres/0003_customers.sql")),
        ("history", include_str!("../migrations/postgres/0004_history.sql")),
        ("work", include_str!("../migrations/postgres/0005_work.sql")),
        ("streams", include_str!("../migrations/postgres/0006_streams.sql")),
        ("gone", include_str!("../migrations/postgres/0007_gone.sql")),
        ("parts", include_str!("../migrations/postgres/0008_parts.sql")),
        ("windows", include_str!("../migrations/postgres/0009_windows.sql")),
        ("figures", include_str!("../migrations/postgres/0010_figures.sql")),
        ("alerts", include_str!("../migrations/postgres/0011_alerts.sql")),
        ("forgotten", include_str!("../migrations/postgres/0012_forgotten.sql")),
        ("notifications", include_str!("../migrations/postgres/0013_notifications.sql")),
        ("lean", include_str!("../migrations/postgres/0014_lean.sql")),
        ("restated", include_str!("../migrations/postgres/0015_restated.sql")),
        ("contacts_past", include_str!("../migrations/postgres/0016_contacts_past.sql")),
        ("other_case", include_str!("../migrations/postgres/0017_other_case.sql")),
    ])
}

#[cfg(feature = "sqlite")]
pub(crate) fn sqlite() -> Migrator {
    migrator([
        ("mirror", include_str!("../migrations/sqlite/0001_mirror.sql")),
        ("projection", include_str!("../migrations/sqlite/0002_projection.sql")),
        ("customers", include_str!("../migrations/sqlite/0003_customers.sql")),
        ("history", include_str!("../migrations/sqlite/0004_history.sql")),
        ("work", include_str!("../migrations/sqlite/0005_work.sql")),
        ("streams", include_str!("../migrations/sqlite/0006_streams.sql")),
        ("gone", include_str!("../migrations/sqlite/0007_gone.sql")),
        ("parts", include_str!("../migrations/sqlite/0008_parts.sql")),
        ("windows", include_str!("../migrations/sqlite/0009_windows.sql")),
        ("figures", include_str!("../migrations/sqlite/0010_figures.sql")),
        ("alerts", include_str!("../migrations/sqlite/0011_alerts.sql")),
        ("forgotten", include_str!("../migrations/sqlite/0012_forgotten.sql")),
        ("notifications", include_str!("../migrations/sqlite/0013_notifications.sql")),
        ("lean", include_str!("../migrations/sqlite/0014_lean.sql")),
        ("restated", include_str!("../migrations/sqlite/0015_restated.sql")),
        ("contacts_past", include_str!("../migrations/sqlite/0016_contacts_past.sql")),
        ("other_case", include_str!("../migrations/sqlite/0017_other_case.sql")),
    ])
}

/// Versions count from 1. Listed by hand, because `migrate!` needs sqlx's query macros.
fn migrator<const N: usize>(migrations: [(&'static str, &'static str); N]) -> Migrator {
    let migrations = (1..).zip(migrations).map(|(version, (name, sql))| {
        let sql = SqlStr::from_static(sql);
        Migration::new(version, name.into(), MigrationType::Simple, sql, false)
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(TABLE);
    migrator
}

/// How a schema compares with the embedded migrations.
#[derive(Clone, Copy)]
pub(crate) enum Schema {
    /// Nothing to do, so a program that only reads need not wait for a writer.
    Current,
    /// Migrations are missing.
    Behind,
}

/// Refuses a schema newer than the embedded one, before anything is written.
pub(crate) fn compare(
    location: &Location,
    found: Option<i64>,
    migrator: &Migrator,
) -> Result<Schema, StoreError> {
    let supported = migrator.iter().map(|migration| migration.version).max().unwrap_or(0);
    match found {
        Some(found) if found > supported => {
            Err(StoreError::Newer { location: location.clone(), found, supported })
        }
        Some(found) if found == supported => Ok(Schema::Current),
        Some(_) | None => Ok(Schema::Behind),
    }
}
