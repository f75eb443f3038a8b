//! Records as received.

use std::hash::{DefaultHasher, Hasher};
use std::time::Duration;

use intercom_store::{
    AttributeChange, Bookmark, ContentHash, PageOutcome, PageWrite, Quarantined, Record, Stream,
    WorkspaceProfile,
};

use tokio::time::timeout;

use crate::database::{Database, NOW, workspace};

pub(crate) fn hash_of(body: &[u8]) -> ContentHash {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    let half = hasher.finish().to_be_bytes();
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&half);
    hash
}

pub(crate) fn record(id: &str, updated_at: i64, body: &[u8]) -> Record {
    Record {
        id: id.into(),
        created_at: Some(NOW - 1_000),
        updated_at: Some(updated_at),
        hash: hash_of(body),
        body: body.to_vec().into(),
        attribute_changes: Vec::new(),
    }
}

pub(crate) fn page(records: Vec<Record>) -> PageWrite {
    PageWrite { records, observed_at: NOW, ..Default::default() }
}

impl Database {
    pub(crate) async fn commit(&self, stream: Stream, records: Vec<Record>) -> PageOutcome {
        let page = page(records);
        self.store.commit_page(&self.workspace, stream, &page).await.expect("the page is written")
    }

    async fn body(&self, id: &str) -> Vec<u8> {
        let bodies = self.store.bodies(&self.workspace, Stream::Contacts, &[id]).await;
        bodies.expect("bodies").remove(id).map(Vec::from).expect("the body is stored")
    }

    async fn pending_ids(&self, stream: Stream) -> Vec<String> {
        let pending = self.store.pending(&self.workspace, stream, 1, None, 5_000).await;
        pending.expect("pending bodies").into_iter().map(|body| body.id).collect()
    }
}

pub(crate) async fn a_page_and_its_bookmark_are_read_back(on: &Database) {
    let (store, workspace) = (&on.store, &on.workspace);
    assert_eq!(store.bookmark(workspace, Stream::Contacts).await.unwrap(), None);

    let bookmark = Bookmark {
        watermark: Some(NOW - 900),
        next_watermark: None,
        query: r#"{"field":"updated_at"}"#.into(),
        cursor: Some("WzE3NjZd".into()),
        last_updated_at: Some(NOW - 7),
        n_pages: 3,
    };
    let write = PageWrite {
        bookmark: Some(bookmark.clone()),
        ..page(vec![
            record("c1", NOW, b"one"),
            Record { updated_at: None, ..record("c2", 0, b"2") },
        ])
    };
    let outcome = store.commit_page(workspace, Stream::Contacts, &write).await.unwrap();
    assert_eq!(outcome, PageOutcome { n_inserted: 2, ..Default::default() });

    assert_eq!(store.bookmark(workspace, Stream::Contacts).await.unwrap(), Some(bookmark));
    assert_eq!(store.bookmark(workspace, Stream::Admins).await.unwrap(), None);
    let ids = ["c2", "nobody", "c1"];
    let stored = store.stored(workspace, Stream::Contacts, &ids).await.unwrap();
    assert_eq!(stored.keys().collect::<Vec<_>>(), ["c1", "c2"]);
    assert_eq!(stored["c1"].hash, hash_of(b"one"));
    assert_eq!((stored["c1"].updated_at, stored["c2"].updated_at), (Some(NOW), None));
    let bodies = store.bodies(workspace, Stream::Contacts, &ids).await.unwrap();
    assert_eq!(bodies["c1"].as_ref(), b"one");
    assert!(store.stored(workspace, Stream::Contacts, &[]).await.unwrap().is_empty());
    assert!(store.stored(workspace, Stream::Conversations, &ids).await.unwrap().is_empty());
}

pub(crate) async fn an_unchanged_record_is_not_written(on: &Database) {
    let state = "SELECT change_number * 10000000000 + observed_at FROM contacts";
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    let before = on.number(state).await;

    let again = PageWrite { observed_at: NOW + 60, ..page(vec![record("c1", NOW + 50, b"one")]) };
    let outcome = on.store.commit_page(&on.workspace, Stream::Contacts, &again).await.unwrap();
    assert_eq!(outcome, PageOutcome { n_unchanged: 1, ..Default::default() });
    assert_eq!(on.number(state).await, before);
}

pub(crate) async fn a_changed_record_is_written(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one"), record("c2", NOW, b"two")]).await;
    let later =
        PageWrite { observed_at: NOW + 60, ..page(vec![record("c1", NOW + 50, b"changed")]) };
    let outcome = on.store.commit_page(&on.workspace, Stream::Contacts, &later).await.unwrap();
    assert_eq!(outcome, PageOutcome { n_changed: 1, ..Default::default() });
    assert_eq!(on.body("c1").await, b"changed");
    assert_eq!(on.body("c2").await, b"two");

    let seen = "SELECT observed_at - first_seen_at FROM contacts WHERE id = 'c1'";
    assert_eq!(on.number(seen).await, 60);
    let newer = "SELECT COUNT(*) FROM contacts WHERE change_number > \
                 (SELECT change_number FROM contacts WHERE id = 'c2')";
    assert_eq!(on.number(newer).await, 1);
}

pub(crate) async fn an_older_record_does_not_overwrite(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"newest")]).await;
    let stale = on.commit(Stream::Contacts, vec![record("c1", NOW - 1, b"older")]).await;
    assert_eq!(stale, PageOutcome { n_stale: 1, ..Default::default() });
    assert_eq!(on.body("c1").await, b"newest");

    // The clock of a record has whole seconds, so one of the same second is taken for newer.
    let same = on.commit(Stream::Contacts, vec![record("c1", NOW, b"same second")]).await;
    assert_eq!(same.n_changed, 1);
    let undated = Record { updated_at: None, ..record("c1", 0, b"undated") };
    assert_eq!(on.commit(Stream::Contacts, vec![undated]).await.n_changed, 1);
    assert_eq!(on.body("c1").await, b"undated");
}

pub(crate) async fn the_later_of_two_records_with_one_id_counts(on: &Database) {
    let twice = vec![
        record("c1", NOW, b"newer"),
        record("c1", NOW - 5, b"older"),
        record("c2", NOW, b"first"),
        record("c2", NOW, b"second"),
    ];
    assert_eq!(on.commit(Stream::Contacts, twice).await.n_inserted, 2);
    assert_eq!(on.body("c1").await, b"newer");
    assert_eq!(on.body("c2").await, b"second");
}

pub(crate) async fn a_failing_write_leaves_nothing(on: &Database) {
    let bookmark = |n_pages| Bookmark { query: "q".into(), n_pages, ..Default::default() };
    let first = PageWrite { bookmark: Some(bookmark(1)), ..page(vec![record("c1", NOW, b"one")]) };
    on.store.commit_page(&on.workspace, Stream::Contacts, &first).await.unwrap();

    on.execute("ALTER TABLE bookmarks RENAME TO elsewhere").await;
    let second = PageWrite {
        bookmark: Some(bookmark(2)),
        ..page(vec![record("c1", NOW + 1, b"changed"), record("c2", NOW, b"two")])
    };
    let error = on.store.commit_page(&on.workspace, Stream::Contacts, &second).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot write a page of workspace ab12");
    on.execute("ALTER TABLE elsewhere RENAME TO bookmarks").await;

    assert_eq!(on.body("c1").await, b"one");
    assert_eq!(on.pending_ids(Stream::Contacts).await, ["c1"]);
    let kept = on.store.bookmark(&on.workspace, Stream::Contacts).await.unwrap();
    assert_eq!(kept, Some(bookmark(1)));
    let outcome = on.store.commit_page(&on.workspace, Stream::Contacts, &second).await.unwrap();
    assert_eq!((outcome.n_inserted, outcome.n_changed), (1, 1));
}

pub(crate) async fn bodies_are_kept_byte_for_byte(on: &Database) {
    let bodies: [&[u8]; 4] = [b"", b"\0", b"a\0b\xff\xfe", "{\"name\":\"Zo\u{eb}\"}".as_bytes()];
    for body in bodies {
        on.commit(Stream::Contacts, vec![record("c1", NOW, body)]).await;
        assert_eq!(on.body("c1").await, body);
    }
}

pub(crate) async fn a_body_of_five_megabytes(on: &Database) {
    let large: Vec<u8> = (0..5_000_000_u32).map(|byte| byte as u8).collect();
    let records = ["c1", "c2", "c3"].map(|id| record(id, NOW, &large));
    assert_eq!(on.commit(Stream::Contacts, records.into()).await.n_inserted, 3);
    assert!(on.body("c2").await == large);
}

pub(crate) async fn pages_of_a_thousand(on: &Database) {
    let records: Vec<Record> = (0..1_000)
        .map(|n| record(&format!("c{n:04}"), NOW, format!("body {n}").as_bytes()))
        .collect();
    assert_eq!(on.commit(Stream::Contacts, records.clone()).await.n_inserted, 1_000);
    assert_eq!(on.commit(Stream::Contacts, records.clone()).await.n_unchanged, 1_000);
    let ids: Vec<&str> = records.iter().map(|record| &*record.id).collect();
    let stored = on.store.stored(&on.workspace, Stream::Contacts, &ids).await.unwrap();
    assert_eq!(stored.len(), 1_000);
    assert_eq!(on.body("c0999").await, b"body 999");
}

pub(crate) async fn nul_in_a_text_is_replaced(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c\0one", NOW, b"one")]).await;
    assert_eq!(on.pending_ids(Stream::Contacts).await, ["c\u{fffd}one"]);
    let stored = on.store.stored(&on.workspace, Stream::Contacts, &["c\0one"]).await.unwrap();
    assert_eq!(stored.len(), 1);
}

pub(crate) async fn unreadable_entries_are_quarantined_once(on: &Database) {
    let (store, workspace) = (&on.store, &on.workspace);
    let entry = |record_id: Option<&str>, body: &'static [u8]| Quarantined {
        record_id: record_id.map(Into::into),
        reason: "`id` is missing".into(),
        hash: hash_of(body),
        body: body.into(),
    };
    let run = store.start_run(workspace, "full", NOW).await.unwrap();
    let bad = PageWrite {
        quarantined: vec![entry(None, b"{}"), entry(Some("c7"), b"{\xff"), entry(None, b"{}")],
        run: Some(run),
        ..page(Vec::new())
    };
    store.commit_page(workspace, Stream::Contacts, &bad).await.unwrap();
    let again = PageWrite { observed_at: NOW + 9, ..bad.clone() };
    store.commit_page(workspace, Stream::Contacts, &again).await.unwrap();

    let rows = store.quarantined(workspace).await.unwrap();
    assert_eq!(rows.len(), 2);
    let row = rows.iter().find(|row| row.record_id.is_some()).expect("the entry with an id");
    assert_eq!((row.stream, row.body.as_ref()), (Stream::Contacts, b"{\xff".as_slice()));
    assert_eq!((row.first_seen_at, row.last_seen_at, row.n_seen), (NOW, NOW + 9, 2));
    assert_eq!(row.reason, "`id` is missing");

    on.commit(Stream::Conversations, vec![record("c7", NOW, b"another stream")]).await;
    assert_eq!(store.quarantined(workspace).await.unwrap().len(), 2);
    on.commit(Stream::Contacts, vec![record("c7", NOW, b"readable")]).await;
    let rows = store.quarantined(workspace).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.record_id.as_ref()).collect::<Vec<_>>(), [None]);
}

pub(crate) async fn workspaces_are_isolated(on: &Database) {
    let other = workspace(&*on.store, "zz99").await;
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"ours")]).await;
    let theirs = PageWrite {
        bookmark: Some(Bookmark { query: "q".into(), ..Default::default() }),
        ..page(vec![record("c1", NOW - 50, b"theirs")])
    };
    let outcome = on.store.commit_page(&other, Stream::Contacts, &theirs).await.unwrap();
    assert_eq!(outcome.n_inserted, 1);
    assert_eq!(on.body("c1").await, b"ours");
    let bodies = on.store.bodies(&other, Stream::Contacts, &["c1"]).await.unwrap();
    assert_eq!(bodies["c1"].as_ref(), b"theirs");
    assert_eq!(on.store.bookmark(&on.workspace, Stream::Contacts).await.unwrap(), None);
    assert_eq!(on.pending_ids(Stream::Contacts).await.len(), 1);
    assert_eq!(on.store.start_run(&on.workspace, "full", NOW).await.unwrap().0, 1);
    assert_eq!(on.store.start_run(&other, "full", NOW).await.unwrap().0, 1);
}

pub(crate) async fn a_workspace_keeps_what_is_known_of_it(on: &Database) {
    let known = WorkspaceProfile {
        id: "ab12".into(),
        name: Some("Coaching".into()),
        timezone: Some("America/New_York".into()),
    };
    on.store.ensure_workspace(&known, NOW).await.unwrap();
    let unknown = WorkspaceProfile { id: "ab12".into(), ..Default::default() };
    let workspace = on.store.ensure_workspace(&unknown, NOW + 5).await.unwrap();
    assert_eq!((workspace.id(), workspace.name()), ("ab12", Some("Coaching")));
    assert_eq!(workspace.timezone(), Some("America/New_York"));
    assert_eq!(on.store.workspaces().await.unwrap(), [workspace]);
}

pub(crate) async fn readers_see_whole_pages_during_writes(on: &Database) {
    const PAGES: i64 = 12;
    const ROWS: i64 = 100;
    let write = async {
        for n in 0..PAGES {
            let records = (0..ROWS).map(|row| record(&format!("{n}-{row}"), NOW, b"body"));
            let bookmark = Bookmark { query: "q".into(), n_pages: n + 1, ..Default::default() };
            let write = PageWrite { bookmark: Some(bookmark), ..page(records.collect()) };
            on.store.commit_page(&on.workspace, Stream::Contacts, &write).await.unwrap();
        }
    };
    let read = async {
        loop {
            let bookmark = on.store.bookmark(&on.workspace, Stream::Contacts).await.unwrap();
            let n_pages = bookmark.map_or(0, |bookmark| bookmark.n_pages);
            let n_rows = on.pending_ids(Stream::Contacts).await.len() as i64;
            assert_eq!(n_rows % ROWS, 0);
            assert!(n_rows >= n_pages * ROWS);
            if n_pages == PAGES {
                break;
            }
        }
    };
    tokio::join!(write, read, read_until_done(on, PAGES * ROWS));
}

async fn read_until_done(on: &Database, n_rows: i64) {
    while (on.pending_ids(Stream::Contacts).await.len() as i64) < n_rows {}
}

pub(crate) async fn writers_take_turns(on: &Database) {
    let write = async |stream: Stream| {
        for n in 0..10 {
            let mut changed = record(&format!("r{}", n % 3), NOW + n, format!("{n}").as_bytes());
            changed.attribute_changes =
                vec![AttributeChange { attribute: "n".into(), old: None, new: Some("1".into()) }];
            assert_eq!(on.commit(stream, vec![changed]).await.n_stale, 0);
        }
    };
    tokio::join!(
        write(Stream::Contacts),
        write(Stream::Conversations),
        write(Stream::Admins),
        read_until_done(on, 3)
    );
    assert_eq!(on.number("SELECT change_number FROM workspaces").await, 30);
    assert_eq!(on.number("SELECT COUNT(DISTINCT change_number) FROM attribute_history").await, 30);
}

/// Whoever stops waiting for a write leaves it whole or undone, and the store goes on.
pub(crate) async fn a_write_that_nobody_waits_for_is_whole_or_undone(on: &Database) {
    let ids: Vec<String> = (0..300).map(|number| format!("c{number}")).collect();
    let known: Vec<&str> = ids.iter().map(String::as_str).collect();
    for micros in [0, 50, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000] {
        let body = format!("after {micros}");
        let records = ids.iter().map(|id| record(id, NOW + micros, body.as_bytes())).collect();
        let written = on.commit(Stream::Contacts, records);
        let waited = timeout(Duration::from_micros(micros.unsigned_abs()), written).await;
        // The next write waits until the connection is back.
        on.commit(Stream::Companies, vec![record("k1", NOW + micros, body.as_bytes())]).await;
        let stored = on.store.stored(&on.workspace, Stream::Contacts, &known).await.unwrap();
        let hash = hash_of(body.as_bytes());
        let n_new = stored.values().filter(|stored| stored.hash == hash).count();
        assert!([0, ids.len()].contains(&n_new), "{n_new} of {} after {micros} µs", ids.len());
        assert!(waited.is_err() || n_new == ids.len(), "what was answered is written");
    }
}
