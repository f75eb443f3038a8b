//! What figures are made of, and what makes them move.

use std::collections::BTreeMap;

use intercom_revenue::{Currency, Money};
use intercom_store::{
    CustomerRow, FactRow, Mentioned, PageWrite, ProjectionRules, Quarantined, RevenueState,
    RulesChange, SaidWords, Stream, SupportCounts,
};

use crate::customers::paying;
use crate::database::{Database, NOW};
use crate::mirror::{hash_of, page};
use crate::projection::{fact, put_contact, put_conversation};

const DAY: i64 = 86_400;
const ADA: &str = "ada@example.com";
const BOB: &str = "bob@example.com";

async fn counts(on: &Database, since: i64) -> BTreeMap<String, SupportCounts> {
    on.store.support_counts(&on.workspace, &[ADA, BOB, "eve@example.com"], since).await.unwrap()
}

async fn dirty(on: &Database) -> Vec<String> {
    let dirty = on.store.dirty_customers(&on.workspace, "", 100).await.unwrap();
    dirty.into_iter().map(|dirty| dirty.email).collect()
}

pub(crate) async fn conversations_are_counted_by_customer(on: &Database) {
    put_contact(on, "c1", Some(ADA), NOW).await;
    put_contact(on, "c2", Some(BOB), NOW).await;
    let since = NOW - 30 * DAY;
    let rated = |rating, at| FactRow { rating: Some(rating), ..fact("c1", at) };
    put_conversation(on, "v1", NOW, vec![rated(5, NOW - DAY), fact("c2", NOW - DAY)]).await;
    put_conversation(on, "v2", NOW, vec![rated(2, since)]).await;
    let mention =
        |at| FactRow { is_open: true, cancel_mentioned_at: Some(at), ..fact("c1", since - 1) };
    put_conversation(on, "v3", NOW, vec![mention(since)]).await;
    let measured = FactRow {
        first_reply_for: Some(60),
        first_close_for: Some(600),
        last_close_for: Some(6_000),
        n_reopens: Some(2),
        ..mention(since - 1)
    };
    put_conversation(on, "v4", NOW, vec![measured]).await;
    let fast = FactRow { first_reply_for: Some(30), n_reopens: Some(0), ..fact("c1", 1) };
    put_conversation(on, "v5", NOW, vec![fast]).await;

    let ada = SupportCounts {
        n_total: 5,
        n_recent: 2,
        n_open: 2,
        n_ratings: 2,
        rating_sum: 7,
        n_cancel_mentions: 1,
        n_replied: 2,
        first_reply_sum: 90,
        n_closed: 1,
        first_close_sum: 600,
        n_last_closed: 1,
        last_close_sum: 6_000,
        n_with_reopens: 2,
        reopen_sum: 2,
    };
    let bob = SupportCounts { n_total: 1, n_recent: 1, ..Default::default() };
    let expected = BTreeMap::from([(ADA.to_owned(), ada), (BOB.to_owned(), bob)]);
    assert_eq!(counts(on, since).await, expected);
}

pub(crate) async fn a_conversation_with_two_contacts_of_a_customer_counts_once(on: &Database) {
    for id in ["c1", "c2"] {
        put_contact(on, id, Some(ADA), NOW).await;
    }
    let open = |id: &str| FactRow { is_open: true, rating: Some(4), ..fact(id, NOW) };
    let mention = FactRow { cancel_mentioned_at: Some(NOW), ..open("c2") };
    // The third names a contact twice.
    put_conversation(on, "v1", NOW, vec![open("c1"), mention, open("c1")]).await;
    let expected = SupportCounts {
        n_total: 1,
        n_recent: 1,
        n_open: 1,
        n_ratings: 1,
        rating_sum: 4,
        n_cancel_mentions: 1,
        ..Default::default()
    };
    assert_eq!(counts(on, NOW).await, BTreeMap::from([(ADA.to_owned(), expected)]));
}

pub(crate) async fn what_conversations_say_is_read_back(on: &Database) {
    let full = FactRow {
        contact_id: "c1".into(),
        created_at: NOW - 3,
        updated_at: NOW - 2,
        is_open: true,
        rating: Some(5),
        cancel_mentioned_at: Some(NOW - 1),
        cancel_words: Some("want to cancel".into()),
        first_reply_for: Some(1),
        first_close_for: Some(2),
        last_close_for: Some(3),
        n_reopens: Some(4),
    };
    put_conversation(on, "v1", NOW, vec![full.clone(), fact("c2", NOW - 3)]).await;
    put_conversation(on, "v2", NOW, vec![fact("c1", NOW)]).await;
    let facts = on.store.facts(&on.workspace, &["c1"], 10).await.unwrap();
    assert_eq!(facts, [("v2".to_owned(), fact("c1", NOW)), ("v1".to_owned(), full)]);
    assert_eq!(on.store.facts(&on.workspace, &["c1"], 1).await.unwrap().len(), 1);
}

pub(crate) async fn the_last_words_of_leaving_are_a_customers_own(on: &Database) {
    for (id, email) in [("c1", ADA), ("c2", ADA), ("c3", BOB)] {
        put_contact(on, id, Some(email), NOW).await;
    }
    let says = |id: &str, at, words: &str| FactRow {
        cancel_mentioned_at: Some(at),
        cancel_words: Some(words.into()),
        ..fact(id, NOW - 9)
    };
    put_conversation(on, "v1", NOW, vec![says("c1", NOW - 1, "last"), fact("c3", NOW)]).await;
    put_conversation(on, "v2", NOW, vec![says("c2", NOW - 2, "earlier")]).await;
    put_conversation(on, "v3", NOW, vec![says("c3", NOW - 4, "too early")]).await;
    let words = async |emails: &[&str]| {
        on.store.cancel_words(&on.workspace, emails, NOW - 3).await.unwrap()
    };
    let said = SaidWords { words: "last".into(), conversation_id: "v1".into() };
    let last = Mentioned { contact_id: "c1".into(), said };
    assert_eq!(words(&[ADA, BOB]).await, BTreeMap::from([(ADA.to_owned(), last)]));
    assert_eq!((words(&[BOB]).await, words(&[]).await), (BTreeMap::new(), BTreeMap::new()));
}

pub(crate) async fn contacts_without_an_address_are_counted_and_named(on: &Database) {
    put_contact(on, "c1", Some(ADA), NOW).await;
    for (id, email) in [("c1", "'ada'"), ("c3", "'nowhere'"), ("c2", "NULL")] {
        let columns = "INSERT INTO members (workspace_id, contact_id, email) SELECT workspace_id";
        on.execute(&format!("{columns}, '{id}', {email} FROM workspaces")).await;
    }
    let without = async |limit| on.store.without_address(&on.workspace, limit).await.unwrap();
    let (n, named) = without(1).await;
    assert_eq!((n, named[0].contact_id.as_str(), named.len()), (2, "c2", 1));
    let malformed: Vec<bool> = without(9).await.1.iter().map(|it| it.is_malformed).collect();
    assert_eq!(malformed, [false, true]);
    let addresses = on.store.addresses(&on.workspace, &["c1", "c2", "c9"]).await.unwrap();
    assert_eq!(addresses, BTreeMap::from([("c1".to_owned(), ADA.to_owned())]));
}

pub(crate) async fn other_rules_make_everything_pending_again(on: &Database) {
    put_contact(on, "c1", Some(ADA), NOW).await;
    put_conversation(on, "v1", NOW, vec![fact("c1", NOW)]).await;
    on.write(ADA, Some(paying(100))).await;
    let pending =
        async |stream| on.store.pending(&on.workspace, stream, 1, None, 9).await.unwrap().len();
    let check = async |[bodies, customers, rates]: [&str; 3], expected: RulesChange| {
        let (bodies, customers, rates) = (bodies.into(), customers.into(), rates.into());
        let rules = ProjectionRules { bodies, customers, rates };
        let change = on.store.project_by(&on.workspace, &rules, NOW).await.unwrap();
        assert_eq!(change, expected, "{rules:?}");
    };
    let first = RulesChange { bodies: true, customers: true, restating_since: None };
    check(["a", "b", "1"], first).await;
    assert_eq!((pending(Stream::Contacts).await, pending(Stream::Conversations).await), (1, 1));
    assert_eq!(dirty(on).await, [ADA]);
    on.write(ADA, Some(paying(100))).await;

    check(["a", "b", "1"], RulesChange::default()).await;
    assert_eq!(dirty(on).await, [""; 0]);
    check(["a", "b", "2"], RulesChange { customers: true, ..RulesChange::default() }).await;
    assert_eq!(dirty(on).await, [ADA]);
    on.write(ADA, Some(paying(100))).await;

    let restating = RulesChange { restating_since: Some(NOW), ..RulesChange::default() };
    check(["a", "c", "2"], RulesChange { customers: true, ..restating }).await;
    assert_eq!(dirty(on).await, [ADA]);
    // Until all of them are done, also in another run.
    check(["a", "c", "2"], restating).await;
    on.store.restated(&on.workspace, NOW - 1).await.unwrap();
    check(["a", "c", "2"], restating).await;
    on.store.restated(&on.workspace, NOW).await.unwrap();
    check(["a", "c", "2"], RulesChange::default()).await;
}

pub(crate) async fn time_passes_once_a_day(on: &Database) {
    let pass = async |at| on.store.pass_time(&on.workspace, at).await.unwrap();
    assert_eq!(pass(NOW).await, Some(0));
    assert_eq!(pass(NOW + 1).await, None);
    assert_eq!(pass(NOW + DAY).await, Some(0));
    assert_eq!(pass(NOW).await, None, "time does not go back");
}

pub(crate) async fn time_that_passes_marks_whom_it_moves(on: &Database) {
    on.store.pass_time(&on.workspace, NOW).await.unwrap();
    let row = |seen: i64| CustomerRow {
        last_seen_at: Some(NOW - seen * DAY),
        days_since_seen: Some(seen),
        ..paying(100)
    };
    let later = CustomerRow { figures_change_at: Some(NOW + DAY + 1), ..paying(100) };
    let due = CustomerRow { figures_change_at: Some(NOW + DAY), ..paying(100) };
    let cases = [("seen", row(1)), ("idle", row(7)), ("later", later), ("due", due)];
    for (email, row) in cases {
        on.write(email, Some(row)).await;
    }
    let talks = [("c1", "old", 31), ("c2", "aged", 30), ("c3", "young", 29)];
    for (id, email, ago) in talks {
        put_contact(on, id, Some(email), NOW).await;
        put_conversation(on, id, NOW, vec![fact(id, NOW - ago * DAY)]).await;
        on.write(email, Some(paying(100))).await;
    }
    let mention = FactRow { cancel_mentioned_at: Some(NOW - 30 * DAY), ..fact("c4", 1) };
    put_contact(on, "c4", Some("mention"), NOW).await;
    put_conversation(on, "c4", NOW, vec![mention]).await;
    on.write("mention", Some(paying(100))).await;
    assert_eq!(dirty(on).await, [""; 0]);

    assert_eq!(on.store.pass_time(&on.workspace, NOW + DAY).await.unwrap(), Some(5));
    // One day is a boundary of both windows, so the youngest conversation is looked at as well.
    assert_eq!(dirty(on).await, ["aged", "due", "idle", "mention", "young"]);
    let customers = on.store.customers_by_emails(&on.workspace, &["seen", "idle"]).await.unwrap();
    let days = |email: &str| customers[email].days_since_seen;
    assert_eq!((days("seen"), days("idle")), (Some(2), Some(8)));
    let shared = "SELECT days_since_seen FROM unified_customers WHERE email = 'seen'";
    assert_eq!(on.number(shared).await, 2);
}

pub(crate) async fn days_of_other_writers_are_kept(on: &Database) {
    on.store.pass_time(&on.workspace, NOW).await.unwrap();
    let seen = CustomerRow { last_seen_at: Some(NOW), days_since_seen: Some(0), ..paying(100) };
    on.write(ADA, Some(seen.clone())).await;
    on.write(BOB, Some(seen)).await;
    on.execute("UPDATE unified_customers SET days_since_seen = 77 WHERE email = 'bob@example.com'")
        .await;
    on.store.pass_time(&on.workspace, NOW + 3 * DAY).await.unwrap();
    let days = "SELECT CAST(days_since_seen AS TEXT) FROM unified_customers ORDER BY email";
    assert_eq!(on.texts(days).await, [Some("3".to_owned()), Some("77".to_owned())]);
}

pub(crate) async fn revenue_is_read_in_order(on: &Database) {
    for (email, mrr) in [(BOB, 5), (ADA, 100), (ADA, 200)] {
        on.write(email, Some(paying(mrr))).await;
    }
    on.write(BOB, None).await;
    let mut seen = Vec::new();
    let mut after = (String::new(), 0);
    loop {
        let key = (after.0.as_str(), after.1);
        let read = on.store.revenue_history(&on.workspace, NOW + 1, key, 1).await.unwrap();
        let Some(row) = read.into_iter().next() else { break };
        after = (row.email.clone(), row.change_number);
        let mrr = |state: RevenueState| state.mrr.expect("MRR").minor;
        seen.push((row.email, row.state.map(mrr)));
    }
    let row = |email: &str, mrr| (email.to_owned(), mrr);
    let expected = [row(ADA, Some(100)), row(ADA, Some(200)), row(BOB, Some(5)), row(BOB, None)];
    assert_eq!(seen, expected);
    let read = on.store.revenue_history(&on.workspace, NOW + 1, ("", 0), 1).await.unwrap();
    let expected = RevenueState {
        mrr: Some(Money::new(100, Currency::USD)),
        intercom_contact_id: Some("c1".into()),
        ..Default::default()
    };
    assert_eq!(read[0].state, Some(expected));
    let none = on.store.revenue_history(&on.workspace, NOW, ("", 0), 9).await.unwrap();
    assert_eq!(none, []);
}

pub(crate) async fn released_entries_leave_the_quarantine(on: &Database) {
    let entry = |body: &'static [u8]| Quarantined {
        record_id: None,
        reason: "`id` is missing".into(),
        hash: hash_of(body),
        body: body.into(),
    };
    let bad = PageWrite { quarantined: vec![entry(b"{}"), entry(b"[]")], ..page(Vec::new()) };
    on.store.commit_page(&on.workspace, Stream::Contacts, &bad).await.unwrap();
    let good = PageWrite { released: vec![hash_of(b"{}")], ..page(Vec::new()) };
    on.store.commit_page(&on.workspace, Stream::Conversations, &good).await.unwrap();
    assert_eq!(on.store.quarantined(&on.workspace).await.unwrap().len(), 2);
    on.store.commit_page(&on.workspace, Stream::Contacts, &good).await.unwrap();
    let left = on.store.quarantined(&on.workspace).await.unwrap();
    assert_eq!(left.iter().map(|row| row.body.as_ref()).collect::<Vec<_>>(), [b"[]"]);
}
