//! Databases that an earlier version has written: whatever it kept is there after the migrations,
//! and the store reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use intercom_engagement::Channel;
use intercom_revenue::Currency;
use intercom_store::{
    AttributeHistoryRow, BucketHistoryRow, CustomerRow, LeaseOutcome, MirrorNotification,
    NotificationOutcome, NotifiedChange, PartsState, ProjectionRules, RulesChange, Store, Stream,
};

use crate::database::{Database, NOW};
use crate::mirror::{page, record};

const EMAIL: &str = "ada@example.com";
const BODY: &[u8] = br#"{"kept": "byte for byte", "name":"\u00c5da"}"#;
const HASH: &[u8; 16] = b"0123456789abcdef";

/// What a program had written in the tables that came with a migration. `{body}` and `{hash}` stand
/// for bytes, which each database writes in its own way.
const WRITTEN: [(i64, &str); 12] = [
    (
        1,
        "INSERT INTO workspaces (workspace_id, name, first_seen_at, change_number) \
         VALUES ('ab12', 'Lovelace', 1, 7); \
         INSERT INTO contacts (workspace_id, id, created_at, updated_at, content_hash, \
         change_number, first_seen_at, observed_at, projected_version) \
         VALUES ('ab12', 'c1', 5, 6, {hash}, 1, 2, 3, 1); \
         INSERT INTO contact_bodies VALUES ('ab12', 'c1', {body}); \
         INSERT INTO conversations (workspace_id, id, created_at, updated_at, content_hash, \
         change_number, first_seen_at, observed_at, projected_version) \
         VALUES ('ab12', '77', 5, 6, {hash}, 2, 2, 3, 1); \
         INSERT INTO conversation_bodies VALUES ('ab12', '77', {body}); \
         INSERT INTO admins (workspace_id, id, created_at, updated_at, content_hash, \
         change_number, first_seen_at, observed_at, projected_version) \
         VALUES ('ab12', '7', NULL, NULL, {hash}, 3, 2, 3, 0); \
         INSERT INTO admin_bodies VALUES ('ab12', '7', {body}); \
         INSERT INTO bookmarks (workspace_id, stream, watermark, query, n_pages, updated_at) \
         VALUES ('ab12', 'contacts', 1700000000, 'q', 3, 1); \
         INSERT INTO sync_runs (workspace_id, run_id, kind, started_at, n_fetched) \
         VALUES ('ab12', 4, 'full', 1, 9); \
         INSERT INTO quarantine VALUES ('ab12', 'contacts', {hash}, 'c9', 'odd', {body}, 1, 2, 3, 4);",
    ),
    (
        2,
        "INSERT INTO members VALUES \
         ('ab12', 'c1', 'x1', 'Ada', 'Ada@example.com', 'user', 'Acme', '2025-11-01', 5, 6); \
         INSERT INTO coaches VALUES ('ab12', '7', 'Charles', 'charles@example.com'); \
         INSERT INTO sessions VALUES ('ab12', '77', 0, 'c1', '7', 'Phone', 'email', 8, 9); \
         INSERT INTO facts (workspace_id, contact_id, conversation_id, created_at, updated_at, \
         is_open, rating, cancel_mentioned_at) \
         VALUES ('ab12', 'c1', '77', 8, 9, TRUE, 4, 9); \
         INSERT INTO customer_contacts VALUES ('ab12', 'c1', 'ada@example.com', 1, 6, '{}'); \
         INSERT INTO dirty_customers VALUES ('ab12', 'ada@example.com', 5);",
    ),
    (
        3,
        "INSERT INTO unified_customers (workspace_id, email, intercom_contact_id, \
         intercom_contact_ids, currency, currency_exponent, mrr, is_delinquent, csat_score) \
         VALUES ('ab12', 'ada@example.com', 'c1', '[\"c1\"]', 'USD', 2, 4900, FALSE, 4.5); \
         INSERT INTO intercom_customers (workspace_id, email, intercom_contact_id, \
         intercom_contact_ids, currency, currency_exponent, mrr, is_delinquent, csat_score) \
         VALUES ('ab12', 'ada@example.com', 'c1', '[\"c1\"]', 'USD', 2, 4900, FALSE, 4.5);",
    ),
    (
        4,
        "INSERT INTO customer_history (workspace_id, email, change_number, observed_at, \
         is_present, currency, currency_exponent, mrr) \
         VALUES ('ab12', 'ada@example.com', 1, 10, TRUE, 'USD', 2, 2900), \
         ('ab12', 'ada@example.com', 2, 20, FALSE, NULL, NULL, NULL), \
         ('ab12', 'ada@example.com', 3, 30, TRUE, 'USD', 2, 4900); \
         INSERT INTO attribute_history VALUES ('ab12', 'c1', 'plan', 1, 10, NULL, '\"pro\"', 4); \
         INSERT INTO bucket_history VALUES ('ab12', 'caseload', '2025-11-20', 'bucket_1', 5, 10);",
    ),
    (
        5,
        "INSERT INTO rate_leases VALUES ('digest', 'kept', 1); \
         INSERT INTO outbox (workspace_id, effect_id, kind, queue, dedupe_key, payload, state, \
         attempts, due_at, created_at, reason) \
         VALUES ('ab12', 1, 'alert', 'alerts', 'k1', '{}', 'dead', 5, 1, 1, 'refused');",
    ),
    (
        6,
        "INSERT INTO companies VALUES ('ab12', 'o1', 5, 6, {hash}, 4, 2, 3); \
         INSERT INTO company_bodies VALUES ('ab12', 'o1', {body}); \
         INSERT INTO teams VALUES ('ab12', 't1', NULL, NULL, {hash}, 4, 2, 3); \
         INSERT INTO team_bodies VALUES ('ab12', 't1', {body}); \
         INSERT INTO tags VALUES ('ab12', 'g1', NULL, NULL, {hash}, 4, 2, 3); \
         INSERT INTO tag_bodies VALUES ('ab12', 'g1', {body}); \
         INSERT INTO segments VALUES ('ab12', 's1', 5, 6, {hash}, 4, 2, 3); \
         INSERT INTO segment_bodies VALUES ('ab12', 's1', {body}); \
         INSERT INTO data_attributes VALUES ('ab12', 'contact:plan', 5, 6, {hash}, 4, 2, 3); \
         INSERT INTO data_attribute_bodies VALUES ('ab12', 'contact:plan', {body});",
    ),
    (
        7,
        "INSERT INTO contact_aliases VALUES ('ab12', 'c8', 'c1', 10); \
         INSERT INTO tombstones VALUES ('ab12', 'contacts', 'c8', 'merged', 10);",
    ),
    (
        8,
        "INSERT INTO conversation_parts (workspace_id, id, conversation_id, created_at, part_type, \
         content_hash, change_number, first_seen_at, observed_at, deleted_at) \
         VALUES ('ab12', '91', '77', 8, 'comment', {hash}, 5, 2, 3, 12); \
         INSERT INTO conversation_part_bodies VALUES ('ab12', '91', {body}); \
         INSERT INTO parts_ledger VALUES ('ab12', '77', 'complete', NULL, 6, 1, 1, 3);",
    ),
    (
        9,
        "INSERT INTO load_windows VALUES \
         ('ab12', 'conversations', 0, NULL, 50, 'cursor', 40, 2, NULL);",
    ),
    (
        10,
        "UPDATE facts SET first_reply_for = 60, cancel_words = 'I cancel'; \
         UPDATE intercom_customers SET mrr_by_currency = '{\"USD\": \"4900\"}', reopens = 3; \
         INSERT INTO projection_state (workspace_id, body_rules, customer_rules, refreshed_at) \
         VALUES ('ab12', 'bodies', 'customers', 10);",
    ),
    (
        11,
        "INSERT INTO alert_state VALUES ('ab12', 'ada@example.com', 'high_mrr', 'c1', 9, '4900');",
    ),
    (
        12,
        "INSERT INTO forgotten VALUES ('ab12', 'erased', 10); \
         UPDATE workspaces SET forget_key = 'key';",
    ),
];

/// The notification that a database from version 13 on has received.
const RECEIVED: &str = "INSERT INTO webhook_seen VALUES \
                        ('ab12', 'n1', 'contacts', 'c7', 1765999000, 1765999001);";

impl Database {
    /// An empty database of an earlier version, filled as far as its tables go.
    async fn fill(&self, version: i64) {
        self.rebuild(version).await;
        let bytes = |bytes: &[u8]| {
            let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            match self.is_sqlite() {
                true => format!("X'{digits}'"),
                false => format!(r"'\x{digits}'::bytea"),
            }
        };
        let written = WRITTEN.iter().filter(|(since, _)| *since <= version);
        let mut sql: String = written.map(|(_, sql)| *sql).collect();
        if version >= 13 {
            sql.push_str(RECEIVED);
        }
        let sql = sql.replace("{body}", &bytes(BODY)).replace("{hash}", &bytes(HASH));
        self.execute(&format!("BEGIN; {sql} COMMIT;")).await;
    }
}

pub(crate) async fn every_earlier_schema_is_brought_forward(on: &Database) {
    on.store.close().await;
    let n_migrations = on.number("SELECT MAX(version) FROM intercom_migrations").await;
    for version in 1..n_migrations {
        on.fill(version).await;
        let store = intercom_store::open(&on.url).await.expect("the database opens");
        check_mirror(on, &*store, version).await;
        if version >= 2 {
            check_projections(on, &*store, version).await;
        }
        if version >= 4 {
            check_history(on, &*store).await;
        }
        check_work(on, &*store, version).await;
        check_goes_on(on, &*store, version).await;
        store.close().await;
    }
}

async fn check_mirror(on: &Database, store: &dyn Store, version: i64) {
    let workspace = &on.workspace;
    let known = store.workspaces().await.unwrap();
    assert_eq!(known[0].name(), Some("Lovelace"), "from {version}");
    let mut records =
        vec![(Stream::Contacts, "c1"), (Stream::Conversations, "77"), (Stream::Admins, "7")];
    if version >= 6 {
        let small = [(Stream::Companies, "o1"), (Stream::Teams, "t1"), (Stream::Tags, "g1")];
        records.extend(small);
        records.extend([(Stream::Segments, "s1"), (Stream::DataAttributes, "contact:plan")]);
    }
    for (stream, id) in records {
        let bodies = store.bodies(workspace, stream, &[id]).await.unwrap();
        assert_eq!(bodies[id], BODY, "{stream} from {version}");
        let stored = store.stored(workspace, stream, &[id]).await.unwrap();
        assert_eq!((&stored[id].hash, stored[id].is_archived), (HASH, false), "{stream}");
    }
    let pending = |stream| store.pending(workspace, stream, 1, None, 10);
    assert!(pending(Stream::Contacts).await.unwrap().is_empty(), "from {version}");
    assert_eq!(pending(Stream::Admins).await.unwrap().len(), 1, "from {version}");
    let bookmark = store.bookmark(workspace, Stream::Contacts).await.unwrap();
    assert_eq!(bookmark.and_then(|it| it.watermark), Some(1_700_000_000), "from {version}");
    let quarantined = store.quarantined(workspace).await.unwrap();
    assert_eq!((&*quarantined[0].reason, quarantined[0].n_seen), ("odd", 3), "from {version}");
    assert_eq!(quarantined[0].body, BODY, "from {version}");

    if version >= 7 {
        let aliases = BTreeMap::from([("c8".to_owned(), "c1".to_owned())]);
        assert_eq!(store.aliases(workspace).await.unwrap(), aliases, "from {version}");
        let tombstones = store.tombstones(workspace).await.unwrap();
        assert_eq!((&*tombstones[0].id, &*tombstones[0].reason), ("c8", "merged"));
    }
    let due = store.due_parts(workspace, "", 10).await.unwrap();
    if version >= 8 {
        assert!(due.is_empty(), "from {version}");
        let parts = store.parts(workspace, &["77"]).await.unwrap();
        let part = &parts["77"][0];
        assert_eq!((&*part.id, &*part.body, part.deleted_at), ("91", BODY, Some(12)));
        let ledger = store.parts_ledger(workspace, &["77"]).await.unwrap();
        assert_eq!((ledger["77"].state, ledger["77"].n_fetched), (PartsState::Complete, 1));
    } else {
        let due: Vec<&str> = due.iter().map(|due| &*due.conversation_id).collect();
        assert_eq!(due, ["77"], "parts that nobody has fetched, from {version}");
    }
    if version >= 9 {
        let windows = store.load_windows(workspace, Stream::Conversations).await.unwrap();
        assert_eq!((windows[0].until, windows[0].cursor.as_deref()), (Some(50), Some("cursor")));
    }
}

async fn check_projections(on: &Database, store: &dyn Store, version: i64) {
    let workspace = &on.workspace;
    let directory = store.directory(workspace).await.unwrap();
    assert_eq!(directory.members["c1"].client.as_deref(), Some("Acme"), "from {version}");
    assert_eq!(directory.coaches["7"], "Charles", "from {version}");
    let sessions = store.sessions(workspace).await.unwrap();
    let sessions: Vec<_> = sessions.iter().map(|it| (it.member, it.coach, it.channel)).collect();
    assert_eq!(sessions, [("c1", Some("7"), Channel::Phone)], "from {version}");
    let facts = store.facts(workspace, &["c1"], 10).await.unwrap();
    let (conversation, fact) = &facts[0];
    assert_eq!((&**conversation, fact.is_open, fact.rating), ("77", true, Some(4)));
    let figures = (version >= 10).then_some(60);
    assert_eq!(fact.first_reply_for, figures, "from {version}");
    let candidates = store.customer_candidates(workspace, &[EMAIL]).await.unwrap();
    assert_eq!(candidates[0].contact_id, "c1", "from {version}");
    let counts = store.support_counts(workspace, &[EMAIL], 0).await.unwrap();
    assert_eq!((counts[EMAIL].n_open, counts[EMAIL].rating_sum), (1, 4), "from {version}");
    let dirty = store.dirty_customers(workspace, "", 10).await.unwrap();
    assert_eq!((&*dirty[0].email, dirty[0].mark), (EMAIL, 5), "from {version}");
    if version < 3 {
        return;
    }
    let ours = store.customers_by_emails(workspace, &[EMAIL]).await.unwrap();
    let shared = store.customers_after(workspace, "", 10).await.unwrap();
    for customer in [&ours[EMAIL], &shared[0].1] {
        let CustomerRow { intercom_contact_ids, currency, mrr, csat_score, .. } = customer;
        assert_eq!((&intercom_contact_ids[..], *mrr), (&["c1".to_owned()][..], Some(4_900)));
        assert_eq!((*currency, *csat_score), (Some(Currency::USD), Some(4.5)));
        assert_eq!(customer.is_delinquent, Some(false), "from {version}");
    }
    let totals = store.customer_totals(workspace).await.unwrap();
    assert_eq!(totals.n_customers, 1, "from {version}");
    if version >= 10 {
        assert_eq!(ours[EMAIL].reopens, Some(3), "from {version}");
        assert!(ours[EMAIL].mrr_by_currency.contains_key(&Currency::USD), "from {version}");
        let text = str::to_owned;
        let rules = ProjectionRules {
            bodies: text("bodies"),
            customers: text("customers"),
            rates: String::new(),
        };
        let change = store.project_by(workspace, &rules, NOW).await.unwrap();
        assert_eq!(change, RulesChange::default(), "from {version}");
    }
}

async fn check_history(on: &Database, store: &dyn Store) {
    let workspace = &on.workspace;
    let customer = store.customer_history(workspace, EMAIL).await.unwrap();
    let customer: Vec<_> = customer
        .into_iter()
        .map(|row| (row.observed_at, row.state.and_then(|it| it.mrr), row.is_restated))
        .collect();
    let expected = [(10, Some(2_900), false), (20, None, false), (30, Some(4_900), false)];
    assert_eq!(customer, expected);
    let attributes = store.attribute_history(workspace, "c1").await.unwrap();
    let (attribute, new) = ("plan".to_owned(), Some(r#""pro""#.to_owned()));
    assert_eq!(attributes, [AttributeHistoryRow { attribute, old: None, new, observed_at: 10 }]);
    let day = NaiveDate::from_ymd_opt(2025, 11, 20).unwrap();
    let buckets = store.bucket_history(workspace, "caseload", day).await.unwrap();
    assert_eq!(buckets, [BucketHistoryRow { day, bucket: "bucket_1".to_owned(), n_members: 5 }]);
}

async fn check_work(on: &Database, store: &dyn Store, version: i64) {
    let workspace = &on.workspace;
    let runs = store.last_runs(workspace, 10).await.unwrap();
    assert_eq!((runs[0].id.0, &*runs[0].kind, &runs[0].end), (4, "full", &None));
    if version >= 5 {
        let ledgers = store.rate_ledgers().await.unwrap();
        assert_eq!((&*ledgers[0].token_digest, &*ledgers[0].ledger), ("digest", "kept"));
        let dead = store.dead_effects(workspace).await.unwrap();
        assert_eq!((&*dead[0].dedupe_key, dead[0].attempts), ("k1", 5), "from {version}");
    }
    if version >= 11 {
        let memory = store.alert_memory(workspace, &[EMAIL], &[]).await.unwrap();
        assert_eq!((&*memory[0].kind, memory[0].since), ("high_mrr", 9), "from {version}");
    }
    if version >= 12 {
        let forgotten = store.forgotten(workspace).await.unwrap();
        let digests = BTreeSet::from(["erased".to_owned()]);
        assert_eq!((&*forgotten.key, forgotten.digests), ("key", digests), "from {version}");
    }
    if version >= 13 {
        let (notification_id, record_id) = ("n1".to_owned(), "c7".to_owned());
        let (stream, change) = (Stream::Contacts, NotifiedChange::Unarchived);
        let told =
            MirrorNotification { notification_id, stream, record_id, change, happened_at: NOW };
        let outcome = store.apply_notification(workspace, &told, NOW).await.unwrap();
        assert_eq!(outcome, NotificationOutcome::Repeated, "from {version}");
    }
}

/// What is written next goes on where the earlier version was.
async fn check_goes_on(on: &Database, store: &dyn Store, version: i64) {
    let page = page(vec![record("c2", NOW, b"one")]);
    let written = store.commit_page(&on.workspace, Stream::Contacts, &page).await.unwrap();
    assert_eq!(written.n_inserted, 1, "from {version}");
    assert!(on.number("SELECT change_number FROM contacts WHERE id = 'c2'").await > 7);
    let run = store.start_run(&on.workspace, "full", NOW).await.unwrap();
    assert_eq!(run.0, 5, "from {version}");
    let held = Duration::from_secs(60);
    let lease = store.acquire_lease(&on.workspace, "sync", "a", held).await.unwrap();
    assert!(matches!(lease, LeaseOutcome::Acquired { .. }), "from {version}");
}
