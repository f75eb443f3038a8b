//! What was true earlier, and what runs did.

use chrono::NaiveDate;
use intercom_revenue::Currency;
use intercom_store::{
    AttributeChange, AttributeHistoryRow, Bookmark, BucketHistoryRow, ConversationParts,
    CustomerRow, FetchedParts, FoundParts, PageWrite, Part, PartsWrite, Quarantined, Record,
    RunCounts, RunEnd, RunId, RunOutcome, StoreError, Stream,
};

use crate::customers::paying;
use crate::database::{Database, NOW};
use crate::mirror::{page, record};

pub(crate) async fn a_customer_is_appended_once_per_change(on: &Database) {
    let email = "ada@example.com";
    let renamed = CustomerRow { name: Some("Countess".into()), ..paying(100) };
    let canceling = CustomerRow { mentioned_cancel: Some(true), ..paying(100) };
    for row in [paying(100), paying(100), renamed, canceling.clone(), canceling, paying(0)] {
        on.write(email, Some(row)).await;
    }
    on.write(email, None).await;
    on.write(email, None).await;
    on.write(email, Some(paying(100))).await;

    let history = on.store.customer_history(&on.workspace, email).await.unwrap();
    let seen: Vec<_> = history
        .iter()
        .map(|row| row.state.as_ref().map(|state| (state.mrr, state.mentioned_cancel)))
        .collect();
    let expected = [
        Some((Some(100), None)),
        Some((Some(100), Some(true))),
        Some((Some(0), None)),
        None,
        Some((Some(100), None)),
    ];
    assert_eq!(seen, expected);
    assert_eq!(history[0].observed_at, NOW);
    let first = history[0].state.as_ref().expect("the customer was there");
    assert_eq!(first.currency, Some(Currency::USD));
}

pub(crate) async fn attributes_are_appended_once_per_change(on: &Database) {
    let changed = |updated_at, body: &[u8]| Record {
        attribute_changes: vec![AttributeChange {
            attribute: "plan".into(),
            old: Some(r#""free""#.into()),
            new: None,
        }],
        ..record("c1", updated_at, body)
    };
    let run = on.store.start_run(&on.workspace, "full", NOW).await.unwrap();
    let first = PageWrite { run: Some(run), ..page(vec![changed(NOW, b"one")]) };
    on.store.commit_page(&on.workspace, Stream::Contacts, &first).await.unwrap();
    // Neither the same page again nor an older body is a change.
    on.store.commit_page(&on.workspace, Stream::Contacts, &first).await.unwrap();
    on.commit(Stream::Contacts, vec![changed(NOW - 1, b"older")]).await;

    let history = on.store.attribute_history(&on.workspace, "c1").await.unwrap();
    let expected = AttributeHistoryRow {
        attribute: "plan".into(),
        old: Some(r#""free""#.into()),
        new: None,
        observed_at: NOW,
    };
    assert_eq!(history, [expected]);
}

pub(crate) async fn the_last_buckets_of_a_day_count(on: &Database) {
    let (store, workspace) = (&on.store, &on.workspace);
    let day = |day| NaiveDate::from_ymd_opt(2025, 12, day).expect("a day");
    let counts: [(u32, &[(&str, i64)]); 3] = [
        (17, &[("bucket_1", 5), ("bucket_2", 0)]),
        (18, &[("bucket_1", 4)]),
        (18, &[("bucket_1", 6)]),
    ];
    for (on_day, buckets) in counts {
        store.record_buckets(workspace, "caseload", day(on_day), buckets, NOW).await.unwrap();
    }
    store.record_buckets(workspace, "caseload", day(19), &[], NOW).await.unwrap();
    let row = |on_day, bucket: &str, n_members| BucketHistoryRow {
        day: day(on_day),
        bucket: bucket.into(),
        n_members,
    };
    let all = store.bucket_history(workspace, "caseload", day(1)).await.unwrap();
    assert_eq!(all, [row(17, "bucket_1", 5), row(17, "bucket_2", 0), row(18, "bucket_1", 6)]);
    let late = store.bucket_history(workspace, "caseload", day(18)).await.unwrap();
    assert_eq!(late, [row(18, "bucket_1", 6)]);
    assert!(store.bucket_history(workspace, "billing", day(1)).await.unwrap().is_empty());
}

pub(crate) async fn runs_are_numbered_and_ended(on: &Database) {
    let (store, workspace) = (&on.store, &on.workspace);
    let first = store.start_run(workspace, "full", NOW).await.unwrap();
    let end = RunEnd {
        finished_at: NOW + 45,
        outcome: RunOutcome::Partial,
        counts: RunCounts {
            n_fetched: 1,
            n_inserted: 2,
            n_changed: 3,
            n_skipped: 4,
            n_quarantined: 5,
            n_customers: 6,
        },
        detail: Some("no permission to read conversations".into()),
    };
    store.finish_run(workspace, first, &end).await.unwrap();
    let second = store.start_run(workspace, "incremental", NOW + 60).await.unwrap();
    assert_eq!((first, second), (RunId(1), RunId(2)));

    let runs = store.last_runs(workspace, 10).await.unwrap();
    assert_eq!(runs.iter().map(|run| run.id).collect::<Vec<_>>(), [second, first]);
    assert_eq!((runs[0].started_at, &runs[0].end), (NOW + 60, &None));
    assert_eq!((&*runs[1].kind, &runs[1].end), ("full", &Some(end)));
    assert_eq!(store.last_runs(workspace, 1).await.unwrap().len(), 1);
}

pub(crate) async fn a_run_counts_what_it_commits(on: &Database) {
    let (store, workspace) = (&on.store, &on.workspace);
    let run = store.start_run(workspace, "full", NOW).await.unwrap();
    let other = store.start_run(workspace, "full", NOW).await.unwrap();
    let talk = record("v1", NOW, b"{}");
    let write = PageWrite { run: Some(run), ..page(vec![talk, record("v2", NOW, b"{}")]) };
    store.commit_page(workspace, Stream::Conversations, &write).await.unwrap();
    let odd = Quarantined {
        record_id: None,
        reason: "odd".into(),
        hash: [1; 16],
        body: b"?".as_slice().into(),
    };
    let later = PageWrite {
        quarantined: vec![odd],
        run: Some(run),
        ..page(vec![record("v1", NOW + 1, b"{ }"), record("v2", NOW, b"{}")])
    };
    store.commit_page(workspace, Stream::Conversations, &later).await.unwrap();
    let part = |id: &str| Part { id: id.into(), body: b"{}".as_slice().into(), ..Part::default() };
    let parts = FetchedParts { parts: vec![part("p1"), part("p2")], ..FetchedParts::default() };
    let found = ConversationParts {
        conversation_id: "v1".into(),
        mark: 0,
        is_settled: false,
        found: FoundParts::Fetched(parts),
    };
    let write = PartsWrite { conversations: vec![found], observed_at: NOW, run: Some(run) };
    store.commit_parts(workspace, &write).await.unwrap();
    store.count_customers(workspace, run, 7).await.unwrap();
    let counts = async |run| {
        let runs = store.last_runs(workspace, 10).await.unwrap();
        runs.into_iter().find(|row| row.id == run).expect("the run").counts
    };
    let so_far = RunCounts {
        n_fetched: 7,
        n_inserted: 4,
        n_changed: 1,
        n_quarantined: 1,
        n_customers: 7,
        ..RunCounts::default()
    };
    assert_eq!(counts(run).await, so_far);
    assert_eq!(counts(other).await, RunCounts::default());

    // How it ended is the last word.
    let end = RunEnd {
        finished_at: NOW + 45,
        outcome: RunOutcome::Done,
        counts: RunCounts { n_skipped: 4, ..so_far },
        detail: None,
    };
    store.finish_run(workspace, run, &end).await.unwrap();
    store.count_customers(workspace, run, 7).await.unwrap();
    assert_eq!(counts(run).await, end.counts);
}

pub(crate) async fn a_row_that_cannot_be_read_is_named(on: &Database) {
    on.write("ada@example.com", Some(paying(100))).await;
    on.execute("UPDATE intercom_customers SET currency = 'doubloons'").await;
    let error = on.store.top_customers(&on.workspace, 5).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { table: "intercom_customers", .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "cannot rank customers of workspace ab12: \
         row …@example.com of intercom_customers is corrupt"
    );
    assert!(!error.is_transient());
}

pub(crate) async fn an_error_shows_no_values(on: &Database) {
    on.execute(if on.is_sqlite() {
        "CREATE TRIGGER refuse BEFORE INSERT ON bookmarks \
         BEGIN SELECT RAISE(ABORT, 'not null'); END"
    } else {
        "ALTER TABLE bookmarks ALTER COLUMN watermark SET NOT NULL"
    })
    .await;
    let bookmark = Bookmark { query: "sesame".into(), ..Default::default() };
    let write = PageWrite { bookmark: Some(bookmark), ..page(Vec::new()) };
    let error = on.store.commit_page(&on.workspace, Stream::Contacts, &write).await.unwrap_err();
    let cause = std::error::Error::source(&error).expect("a cause");
    assert!(cause.to_string().contains("null"), "{cause}");
    let shown = format!("{error} {error:?} {cause} {cause:?}");
    assert!(!shown.contains("sesame"), "{shown}");
}

pub(crate) async fn the_last_states_of_contacts_have_an_index(on: &Database) {
    let spoken = |id: &str, mrr| CustomerRow { intercom_contact_id: id.into(), ..paying(mrr) };
    on.write("ada@example.com", Some(spoken("c1", 100))).await;
    on.write("ada@example.com", Some(spoken("c2", 200))).await;
    on.write("zoe@example.com", Some(spoken("c1", 300))).await;
    on.write("zoe@example.com", None).await;
    let last = on.store.last_states(&on.workspace, &["c1", "c2", "c3"]).await.unwrap();
    let seen: Vec<_> =
        last.iter().map(|(id, (email, state))| (id.as_str(), email.as_str(), state.mrr)).collect();
    let expected = [("c1", "zoe@example.com", Some(300)), ("c2", "ada@example.com", Some(200))];
    assert_eq!(seen, expected);
    if on.is_sqlite() {
        let plan = "SELECT COUNT(*) FROM customer_history \
                    WHERE workspace_id = 'ab12' \
                    AND intercom_contact_id IN (SELECT value FROM json_each('[\"c1\"]')) \
                    ORDER BY change_number, email";
        let plan = on.plan(plan).await;
        assert!(
            plan.contains("customer_history_contact (workspace_id=? AND intercom_contact_id=?"),
            "{plan}"
        );
    }
}
