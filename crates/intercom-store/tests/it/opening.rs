//! Opening: what is created, what is refused, and that nothing is written when it is.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use intercom_store::{Store, StoreError, Stream};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;

use crate::database::{Database, NOW, workspace};
use crate::mirror::record;

async fn refusal(url: &str) -> StoreError {
    match intercom_store::open(url).await {
        Ok(_) => panic!("{url} was opened"),
        Err(error) => error,
    }
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

pub(crate) async fn data_survives_reopening(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    let again = intercom_store::open(&on.url).await.unwrap();
    assert_eq!(again.workspaces().await.unwrap(), std::slice::from_ref(&on.workspace));
    assert_eq!(again.stored(&on.workspace, Stream::Contacts, &["c1"]).await.unwrap().len(), 1);
}

pub(crate) async fn a_closed_store_is_unavailable(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    on.store.close().await;
    let error = on.store.bookmark(&on.workspace, Stream::Contacts).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert!(error.is_transient());
    if let Some(path) = on.url.strip_prefix("sqlite://") {
        let path = Path::new(path);
        assert_eq!(files_in(path.parent().expect("a folder")), [path]);
    }
    let again = intercom_store::open(&on.url).await.unwrap();
    assert_eq!(again.stored(&on.workspace, Stream::Contacts, &["c1"]).await.unwrap().len(), 1);
}

pub(crate) async fn a_newer_schema_is_refused(on: &Database) {
    on.execute(
        "INSERT INTO intercom_migrations \
         (version, description, success, checksum, execution_time) \
         SELECT 9999, 'later', success, checksum, 0 FROM intercom_migrations WHERE version = 1",
    )
    .await;
    let error = refusal(&on.url).await;
    let message = error.to_string();
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error:?}");
    assert!(message.contains("schema version 9999"), "{message}");
    assert_eq!(message.contains("/intercom.db"), on.is_sqlite(), "{message}");
    assert_eq!(on.number("SELECT COUNT(*) FROM workspaces").await, 1);
}

pub(crate) async fn two_programs_open_at_once(on: &Database) {
    on.store.close().await;
    on.rebuild(4).await;
    on.execute("INSERT INTO workspaces (workspace_id, first_seen_at) VALUES ('ab12', 1)").await;
    let open = || intercom_store::open(&on.url);
    let (one, two, three) = tokio::join!(open(), open(), open());
    for store in [one, two, three] {
        let store = store.expect("the database opens");
        assert!(store.dead_effects(&on.workspace).await.unwrap().is_empty());
    }
}

pub(crate) async fn a_disk_without_room_for_the_schema_is_named(on: &Database) {
    on.store.close().await;
    on.rebuild(4).await;
    on.fill_up("intercom_migrations").await;
    for _ in 0..2 {
        let error = refusal(&on.url).await;
        assert!(matches!(error, StoreError::NoRoom { .. }), "{error:?}");
        assert!(error.to_string().ends_with(": its disk is full"), "{error}");
    }
    on.make_room("intercom_migrations").await;
    intercom_store::open(&on.url).await.expect("the database opens");
}

pub(crate) async fn the_migrations_of_another_program_are_left_alone(on: &Database) {
    on.execute("CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY)").await;
    on.execute("INSERT INTO _sqlx_migrations VALUES (20990101)").await;
    intercom_store::open(&on.url).await.expect("the database opens");
    assert_eq!(on.number("SELECT COUNT(*) FROM _sqlx_migrations").await, 1);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for content in ["short", "a text that is longer than the header of a database"] {
        fs::write(&path, content).unwrap();
        let error = refusal(&sqlite_url(&path)).await;
        assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
        assert_eq!(error.to_string(), format!("{} is not a database", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
        assert_eq!(files_in(folder.path()), std::slice::from_ref(&path));
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.db");
    let mut content = b"SQLite format 3\0".to_vec();
    content.resize(8_192, 0xaa);
    fs::write(&path, &content).unwrap();
    let error = refusal(&sqlite_url(&path)).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
    assert_eq!(fs::read(&path).unwrap(), content);
}

#[tokio::test]
async fn opening_does_not_wait_for_a_writer() {
    let on = Database::sqlite().await;
    let options = SqliteConnectOptions::from_str(&on.url).unwrap();
    let mut writer = options.connect().await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    let store = intercom_store::open(&on.url).await.expect("the database opens");
    assert_eq!(store.workspaces().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    let error = refusal(&sqlite_url(folder.path())).await;
    assert!(matches!(error, StoreError::NotADatabase { .. }), "{error:?}");
    assert_eq!(files_in(folder.path()), [] as [PathBuf; 0]);
}

#[tokio::test]
async fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    for path in [folder.path().join("missing/intercom.db"), file.join("intercom.db")] {
        let error = refusal(&sqlite_url(&path)).await;
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
        let because = "its folder must exist and be writable";
        let expected = format!("cannot use {} as a database; {because}", path.display());
        assert_eq!(error.to_string(), expected);
    }
    assert_eq!(files_in(folder.path()), [file]);
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("intercom.db");
    fs::write(&path, "").unwrap();
    let store = intercom_store::open(&sqlite_url(&path)).await.unwrap();
    workspace(&*store, "ab12").await;
}

#[tokio::test]
async fn databases_in_memory_are_private() {
    let one = intercom_store::open("sqlite::memory:").await.unwrap();
    let two = intercom_store::open("sqlite::memory:").await.unwrap();
    workspace(&*one, "ab12").await;
    assert_eq!(one.workspaces().await.unwrap().len(), 1);
    assert!(two.workspaces().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_path_may_hold_what_a_url_may_not() {
    let folder = tempfile::tempdir().unwrap();
    for (written, name) in [("what%3F.db", "what?.db"), ("100%25.db", "100%.db"), ("é b", "é b")]
    {
        for scheme in ["sqlite:", "sqlite://"] {
            let url = format!("{scheme}{}/{written}?mode=rwc", folder.path().display());
            let store = intercom_store::open(&url).await.unwrap();
            store.close().await;
            fs::remove_file(folder.path().join(name)).expect(name);
        }
    }
    for url in [
        "sqlite:",
        "sqlite://",
        "sqlite://a.db?cache=shared",
        "sqlite://%ff.db",
        "sqlite:file:a.db",
        "sqlite:%3Amemory%3A",
    ] {
        assert!(matches!(refusal(url).await, StoreError::InvalidUrl { .. }), "{url}");
    }
}

pub(crate) async fn a_migration_that_differs_is_refused(on: &Database) {
    on.execute(
        "UPDATE intercom_migrations SET version = 9999 \
         WHERE version = (SELECT MAX(version) FROM intercom_migrations)",
    )
    .await;
    let error = refusal(&on.url).await;
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error:?}");
    on.execute("DELETE FROM intercom_migrations WHERE version = 9999").await;
    // One that nobody knows, before the last one.
    on.execute(
        "INSERT INTO intercom_migrations \
         (version, description, success, checksum, execution_time) \
         SELECT -1, 'foreign', success, checksum, 0 FROM intercom_migrations WHERE version = 1",
    )
    .await;
    let error = refusal(&on.url).await;
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("-1"), "{error:?}: {cause}");
    on.execute("DELETE FROM intercom_migrations WHERE version = -1").await;
    on.execute(
        "UPDATE intercom_migrations SET checksum = \
         (SELECT checksum FROM intercom_migrations WHERE version = 1) WHERE version = 2",
    )
    .await;
    on.execute(
        "DELETE FROM intercom_migrations \
         WHERE version = (SELECT MAX(version) FROM intercom_migrations)",
    )
    .await;
    let error = refusal(&on.url).await;
    assert!(matches!(error, StoreError::Migration { .. }), "{error:?}");
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains("migration 2"), "{cause}");
}

#[tokio::test]
async fn a_password_is_never_shown() {
    let urls = [
        "postgres://ada:sesame@127.0.0.1:1/intercom",
        "postgres://ada:sesame@127.0.0.1:notaport/intercom",
        "postgresql://127.0.0.1:1/intercom?password=sesame",
        "postgres://ada:sesame@127.0.0.1:1/intercom?sslmode=sesame",
        "mysql://ada:sesame@127.0.0.1/intercom",
        "sqlite://intercom.db?password=sesame",
        "sesame",
    ];
    for url in urls {
        let error = refusal(url).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("sesame"), "{shown}");
    }
    let error = refusal(urls[0]).await;
    assert_eq!(error.to_string(), "cannot open postgres://127.0.0.1:1/intercom");
}

#[test]
fn a_store_is_shared_between_tasks() {
    fn check<T: Send + Sync + ?Sized>() {}
    check::<dyn Store>();
}
