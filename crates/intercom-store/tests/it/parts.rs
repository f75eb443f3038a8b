//! Conversation parts and their ledger.

use std::collections::BTreeMap;

use intercom_store::{
    ConversationParts, DueParts, FetchedParts, FoundParts, Gone, Part, PartsCounts, PartsOutcome,
    PartsState, PartsWrite, Quarantined, StoredPart, Stream,
};

use crate::database::{Database, NOW};
use crate::mirror::{hash_of, record};

fn part(id: &str, seconds: i64, body: &str) -> Part {
    Part {
        id: id.into(),
        created_at: Some(NOW + seconds),
        part_type: Some("comment".into()),
        author_type: Some("admin".into()),
        author_id: Some("7".into()),
        hash: hash_of(body.as_bytes()),
        body: body.as_bytes().to_vec().into(),
        ..Part::default()
    }
}

fn redacted(id: &str, seconds: i64) -> Part {
    Part { is_redacted: true, ..part(id, seconds, "taken away") }
}

/// A whole answer that counts what it holds.
fn whole(parts: Vec<Part>) -> FetchedParts {
    let n_counted = Some(parts.len() as i64);
    let updated_at = Some(NOW);
    FetchedParts { updated_at, n_counted, is_whole: true, parts, quarantined: Vec::new() }
}

/// An answer that shows the latest of 700 parts.
fn cut(parts: Vec<Part>) -> FetchedParts {
    FetchedParts { is_whole: false, n_counted: Some(700), ..whole(parts) }
}

impl Database {
    /// Conversations as they arrive, so that their parts are due.
    async fn converse(&self, ids: &[&str], body: &str) {
        let records = ids.iter().map(|id| record(id, NOW, format!("{id} {body}").as_bytes()));
        self.commit(Stream::Conversations, records.collect()).await;
    }

    async fn due(&self) -> Vec<DueParts> {
        self.store.due_parts(&self.workspace, "", 100).await.expect("what is due")
    }

    async fn due_ids(&self) -> Vec<String> {
        self.due().await.into_iter().map(|due| due.conversation_id).collect()
    }

    async fn mark_of(&self, id: &str) -> i64 {
        self.due().await.iter().find(|due| due.conversation_id == id).map_or(0, |due| due.mark)
    }

    async fn write_parts(&self, id: &str, found: FoundParts, observed_at: i64) -> PartsOutcome {
        let is_settled = !matches!(found, FoundParts::Failed { .. });
        let (conversation_id, mark) = (id.to_owned(), self.mark_of(id).await);
        let conversations = vec![ConversationParts { conversation_id, mark, is_settled, found }];
        let write = PartsWrite { conversations, observed_at, run: None };
        self.store.commit_parts(&self.workspace, &write).await.expect("the parts are written")
    }

    async fn fetched(&self, id: &str, fetched: FetchedParts) -> PartsOutcome {
        self.write_parts(id, FoundParts::Fetched(fetched), NOW).await
    }

    async fn parts_of(&self, id: &str) -> Vec<StoredPart> {
        let mut parts = self.store.parts(&self.workspace, &[id]).await.expect("parts");
        parts.remove(id).unwrap_or_default()
    }

    async fn state_of(&self, id: &str) -> PartsState {
        self.store.parts_ledger(&self.workspace, &[id]).await.expect("the ledger")[id].state
    }
}

pub(crate) async fn parts_are_read_back_in_order(on: &Database) {
    on.converse(&["77", "78", "79"], "talk").await;
    assert_eq!(on.due_ids().await, ["77", "78", "79"]);
    let parts = vec![part("1000", 5, "third"), part("999", 5, "second"), part("2", 1, "first")];
    let outcome = on.fetched("77", whole(parts)).await;
    assert_eq!(outcome, PartsOutcome { n_inserted: 3, ..PartsOutcome::default() });
    on.fetched("78", whole(vec![part("3", 0, "elsewhere")])).await;
    assert_eq!(on.due_ids().await, ["79"]);

    let parts = on.store.parts(&on.workspace, &["77", "78", "79", "nobody"]).await.unwrap();
    let ids = |id: &str| parts[id].iter().map(|part| part.id.as_str()).collect::<Vec<_>>();
    assert_eq!(parts.keys().collect::<Vec<_>>(), ["77", "78"]);
    assert_eq!((ids("77"), ids("78")), (vec!["2", "999", "1000"], vec!["3"]));
    let first = &parts["77"][0];
    assert_eq!(first.body.as_ref(), b"first");
    assert_eq!(
        (first.part_type.as_deref(), first.author_id.as_deref()),
        (Some("comment"), Some("7"))
    );

    let ledger = on.store.parts_ledger(&on.workspace, &["77", "79"]).await.unwrap();
    assert_eq!(ledger.keys().collect::<Vec<_>>(), ["77"]);
    assert_eq!((ledger["77"].state, ledger["77"].n_fetched), (PartsState::Complete, 3));
    let by_state = BTreeMap::from([(PartsState::Complete, 2)]);
    let counts = on.store.parts_counts(&on.workspace).await.unwrap();
    assert_eq!(counts, PartsCounts { by_state, n_due: 1 });
}

pub(crate) async fn an_unchanged_part_is_not_written(on: &Database) {
    let state = "SELECT SUM(change_number * 10000000000 + observed_at) FROM conversation_parts";
    on.converse(&["77"], "talk").await;
    on.fetched("77", whole(vec![part("1", 0, "one"), part("2", 1, "two")])).await;
    let before = on.number(state).await;
    on.converse(&["77"], "read").await;
    let same = whole(vec![part("1", 0, "one"), part("2", 1, "two")]);
    let outcome = on.write_parts("77", FoundParts::Fetched(same), NOW + 60).await;
    assert_eq!(outcome, PartsOutcome { n_unchanged: 2, ..PartsOutcome::default() });
    assert_eq!(on.number(state).await, before);

    on.converse(&["77"], "answered").await;
    let changed = whole(vec![part("1", 0, "one"), part("2", 1, "edited"), part("3", 2, "new")]);
    let outcome = on.fetched("77", changed).await;
    assert_eq!((outcome.n_inserted, outcome.n_changed, outcome.n_unchanged), (1, 1, 1));
    assert_eq!(on.parts_of("77").await[1].body.as_ref(), b"edited");
}

pub(crate) async fn changed_parts_are_projected_again(on: &Database) {
    on.converse(&["77"], "talk").await;
    on.execute("UPDATE conversations SET projected_version = 1").await;
    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    let pending = async || {
        on.store.pending(&on.workspace, Stream::Conversations, 1, None, 10).await.unwrap().len()
    };
    assert_eq!(pending().await, 1);
    on.execute("UPDATE conversations SET projected_version = 1").await;
    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    assert_eq!(pending().await, 0);
}

pub(crate) async fn what_is_taken_away_is_kept_and_marked(on: &Database) {
    on.converse(&["77"], "talk").await;
    on.fetched("77", whole(vec![part("1", 0, "one"), part("2", 1, "two"), part("3", 2, "3")]))
        .await;
    let later = NOW + 60;
    let left = whole(vec![redacted("1", 0), part("3", 2, "3")]);
    let outcome = on.write_parts("77", FoundParts::Fetched(left.clone()), later).await;
    assert_eq!((outcome.n_changed, outcome.n_unchanged), (2, 1));
    let parts = on.parts_of("77").await;
    let marks = |part: &StoredPart| (part.redacted_at, part.deleted_at);
    assert_eq!(
        parts.iter().map(marks).collect::<Vec<_>>(),
        [(Some(later), None), (None, Some(later)), (None, None)]
    );
    assert_eq!([&*parts[0].body, &*parts[1].body], [b"one", b"two"]);

    let again = on.write_parts("77", FoundParts::Fetched(left), later + 60).await;
    assert_eq!(again, PartsOutcome { n_unchanged: 2, ..PartsOutcome::default() });
    on.fetched("77", whole(vec![redacted("1", 0), part("2", 1, "two"), part("3", 2, "3")])).await;
    assert_eq!(on.parts_of("77").await[1].deleted_at, None);

    // One that is first seen without its text has no other.
    on.converse(&["78"], "talk").await;
    on.fetched("78", whole(vec![redacted("9", 0)])).await;
    assert_eq!(on.parts_of("78").await[0].body.as_ref(), b"taken away");
}

pub(crate) async fn the_oldest_of_many_parts_are_not_taken_for_gone(on: &Database) {
    on.converse(&["77"], "talk").await;
    let first =
        on.fetched("77", cut(vec![part("2", 2, "b"), part("3", 3, "c"), part("4", 4, "d")]));
    assert_eq!(first.await.n_truncated, 1);
    assert_eq!(on.state_of("77").await, PartsState::Truncated);
    // The oldest has left the answer because there is a newer one; the third has vanished.
    on.fetched("77", cut(vec![part("3", 3, "c"), part("5", 5, "e")])).await;
    let gone: Vec<bool> =
        on.parts_of("77").await.iter().map(|part| part.deleted_at.is_some()).collect();
    assert_eq!(gone, [false, false, true, false]);
    // What is stored since before makes up for what is not shown.
    let enough = FetchedParts { n_counted: Some(3), ..cut(vec![part("5", 5, "e")]) };
    on.fetched("77", enough).await;
    assert_eq!(on.state_of("77").await, PartsState::Complete);
    let short = FetchedParts { n_counted: Some(9), ..whole(vec![part("5", 5, "e")]) };
    on.fetched("77", short).await;
    assert_eq!(on.state_of("77").await, PartsState::Short);
}

pub(crate) async fn a_failure_is_noted_and_stays_due(on: &Database) {
    on.converse(&["77"], "talk").await;
    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    on.converse(&["77"], "more").await;
    let answer = Quarantined {
        record_id: Some("77".into()),
        reason: "no list".into(),
        hash: hash_of(b"[]"),
        body: b"[]".as_slice().into(),
    };
    let failed = FoundParts::Failed { reason: "no list".into(), quarantined: Some(answer) };
    on.write_parts("77", failed, NOW).await;
    assert_eq!(on.state_of("77").await, PartsState::Failed);
    assert_eq!((on.due_ids().await, on.parts_of("77").await.len()), (vec!["77".to_owned()], 1));
    let ledger = on.due().await[0].ledger.clone().expect("an entry");
    assert_eq!((ledger.n_fetched, ledger.reason.as_deref()), (1, Some("no list")));
    let rows = on.store.quarantined(&on.workspace).await.unwrap();
    let named: Vec<_> = rows.iter().map(|row| (row.stream, row.record_id.as_deref())).collect();
    assert_eq!(named, [(Stream::Parts, Some("77"))]);

    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    assert_eq!(on.state_of("77").await, PartsState::Complete);
    assert!(on.store.quarantined(&on.workspace).await.unwrap().is_empty());
}

pub(crate) async fn a_mark_made_while_parts_are_fetched_survives(on: &Database) {
    on.converse(&["77"], "talk").await;
    let mark = on.mark_of("77").await;
    on.converse(&["77"], "more").await;
    let found = FoundParts::Unchanged;
    let conversations =
        vec![ConversationParts { conversation_id: "77".into(), mark, is_settled: true, found }];
    let write = PartsWrite { conversations, observed_at: NOW, run: None };
    on.store.commit_parts(&on.workspace, &write).await.unwrap();
    assert_eq!(on.due_ids().await, ["77"]);
    on.write_parts("77", FoundParts::Unchanged, NOW).await;
    assert!(on.due_ids().await.is_empty());
}

pub(crate) async fn a_buried_conversation_takes_its_parts_along(on: &Database) {
    on.converse(&["77"], "talk").await;
    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    on.converse(&["77"], "more").await;
    let gone = [Gone { id: "77".into(), fate: intercom_store::Fate::Deleted }];
    on.store.bury(&on.workspace, Stream::Conversations, &gone, NOW).await.unwrap();
    for table in ["conversation_parts", "conversation_part_bodies", "parts_due"] {
        assert_eq!(on.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(on.state_of("77").await, PartsState::Gone);
    // An answer that arrives after the burial has nowhere to go.
    let outcome = on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    assert_eq!((outcome, on.parts_of("77").await.len()), (PartsOutcome::default(), 0));

    on.converse(&["77"], "back").await;
    assert_eq!(on.due_ids().await, ["77"]);
}

pub(crate) async fn a_part_that_moves_is_stored_once(on: &Database) {
    on.converse(&["77", "78"], "talk").await;
    on.fetched("77", whole(vec![part("1", 0, "one")])).await;
    on.fetched("78", whole(vec![part("1", 0, "one")])).await;
    assert!(on.parts_of("77").await.is_empty());
    assert_eq!(on.parts_of("78").await.len(), 1);
}
