//! Leases: one holder at a time, by the clock of the database.

use std::sync::Arc;
use std::time::Duration;

use intercom_store::{Lease, LeaseOutcome, PageWrite, Store, StoreError, Stream, Workspace};

use crate::database::{Database, NOW, workspace};
use crate::mirror::{page, record};

const MINUTE: Duration = Duration::from_secs(60);

async fn acquire(on: &Database, holder: &str) -> LeaseOutcome {
    on.store.acquire_lease(&on.workspace, "sync", holder, MINUTE).await.unwrap()
}

async fn acquired(on: &Database, holder: &str) -> (Lease, Workspace) {
    match acquire(on, holder).await {
        LeaseOutcome::Acquired { lease, workspace } => (lease, workspace),
        LeaseOutcome::Held { holder, until } => panic!("{holder} has it until {until}"),
    }
}

impl Database {
    /// What a minute does to leases.
    async fn expire_leases(&self) {
        self.execute("UPDATE leases SET expires_at = expires_at - 60000").await;
    }

    async fn another_store(&self) -> Arc<dyn Store> {
        intercom_store::open(&self.url).await.expect("the database opens")
    }
}

pub(crate) async fn the_second_hears_who_has_it_and_until_when(on: &Database) {
    let (lease, _) = acquired(on, "one on ada").await;
    assert_eq!((lease.name(), lease.epoch()), ("sync", 1));
    let expected = LeaseOutcome::Held { holder: "one on ada".into(), until: lease.expires_at() };
    assert_eq!(acquire(on, "two").await, expected);
    let other = on.another_store().await;
    let held = other.acquire_lease(&on.workspace, "sync", "two", MINUTE).await.unwrap();
    assert_eq!(held, expected);
    let verify = on.store.acquire_lease(&on.workspace, "verify", "two", MINUTE).await.unwrap();
    assert!(matches!(verify, LeaseOutcome::Acquired { .. }));
}

pub(crate) async fn one_of_many_gets_it(on: &Database) {
    let mut tries = Vec::new();
    for _ in 0..4 {
        let (store, workspace) = (on.another_store().await, on.workspace.clone());
        tries.push(tokio::spawn(async move {
            store.acquire_lease(&workspace, "sync", "any", MINUTE).await.unwrap()
        }));
    }
    let mut n_acquired = 0;
    for attempt in tries {
        n_acquired += u32::from(matches!(attempt.await.unwrap(), LeaseOutcome::Acquired { .. }));
    }
    assert_eq!(n_acquired, 1);
}

pub(crate) async fn a_lease_that_is_given_back_is_free(on: &Database) {
    let (first, _) = acquired(on, "one").await;
    assert!(on.store.release_lease(&on.workspace, &first).await.unwrap());
    let (second, _) = acquired(on, "two").await;
    assert!(second.epoch() > first.epoch());
    assert!(!on.store.release_lease(&on.workspace, &first).await.unwrap());
    assert!(matches!(acquire(on, "three").await, LeaseOutcome::Held { .. }));
}

pub(crate) async fn a_lease_is_renewed_until_another_has_it(on: &Database) {
    let (lease, _) = acquired(on, "one").await;
    on.expire_leases().await;
    let renew = || on.store.renew_lease(&on.workspace, &lease, MINUTE);
    let renewed = renew().await.unwrap().expect("nobody has taken it over");
    assert_eq!(renewed.epoch(), lease.epoch());
    assert!(renewed.expires_at() >= lease.expires_at());
    assert!(matches!(acquire(on, "two").await, LeaseOutcome::Held { .. }));
    on.expire_leases().await;
    acquired(on, "two").await;
    assert_eq!(renew().await.unwrap(), None);
}

pub(crate) async fn the_lease_of_a_dead_process_is_taken_over(on: &Database) {
    let (dead, _) = acquired(on, "dead").await;
    assert!(matches!(acquire(on, "heir").await, LeaseOutcome::Held { .. }));
    on.expire_leases().await;
    let (heir, _) = acquired(on, "heir").await;
    assert_eq!(heir.epoch(), dead.epoch() + 1);
}

pub(crate) async fn who_lost_the_lease_writes_nothing(on: &Database) {
    let (_, stalled) = acquired(on, "stalled").await;
    let write = |id| PageWrite { ..page(vec![record(id, NOW, b"one")]) };
    on.store.commit_page(&stalled, Stream::Contacts, &write("c1")).await.unwrap();
    on.expire_leases().await;
    // Late, but nobody else has begun.
    on.store.commit_page(&stalled, Stream::Contacts, &write("c2")).await.unwrap();
    let (_, heir) = acquired(on, "heir").await;
    let refused = on.store.commit_page(&stalled, Stream::Contacts, &write("c3")).await;
    let error = refused.unwrap_err();
    assert!(matches!(&error, StoreError::LeaseLost { lease, .. } if lease == "sync"), "{error:?}");
    assert!(!error.is_transient());
    let expected = "cannot write a page of workspace ab12: another process has taken over sync";
    assert_eq!(error.to_string(), expected);
    on.store.commit_page(&heir, Stream::Contacts, &write("c4")).await.unwrap();
    let stored = on.texts("SELECT id FROM contacts ORDER BY id").await;
    assert_eq!(stored, ["c1", "c2", "c4"].map(|id| Some(id.to_owned())));
}

pub(crate) async fn workspaces_have_leases_of_their_own(on: &Database) {
    acquired(on, "one").await;
    let other = workspace(&*on.store, "cd34").await;
    let outcome = on.store.acquire_lease(&other, "sync", "two", MINUTE).await.unwrap();
    assert!(matches!(outcome, LeaseOutcome::Acquired { .. }));
}

pub(crate) async fn a_ledger_is_changed_by_one_at_a_time(on: &Database) {
    let mut processes = Vec::new();
    for _ in 0..3 {
        let store = on.another_store().await;
        processes.push(tokio::spawn(async move {
            for _ in 0..20 {
                let mut count =
                    |_, before: &str| (before.parse::<u32>().unwrap_or_default() + 1).to_string();
                store.change_rate_ledger("one token", &mut count).await.unwrap();
            }
        }));
    }
    for process in processes {
        process.await.unwrap();
    }
    on.store.change_rate_ledger("another token", &mut |_, _| "x".into()).await.unwrap();
    let ledgers = on.texts("SELECT ledger FROM rate_leases ORDER BY ledger").await;
    assert_eq!(ledgers, ["60", "x"].map(|text| Some(text.to_owned())));
}

pub(crate) async fn ledgers_are_read_without_a_change(on: &Database) {
    assert_eq!(on.store.rate_ledgers().await.unwrap(), []);
    let mut changed_at = Vec::new();
    for token in ["one token", "another token"] {
        let mut note = |now, _: &str| {
            changed_at.push(now);
            format!("of {token}")
        };
        on.store.change_rate_ledger(token, &mut note).await.unwrap();
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let rows = on.store.rate_ledgers().await.unwrap();
    let [last, first] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((&*last.token_digest, &*last.ledger), ("another token", "of another token"));
    assert_eq!((&*first.token_digest, &*first.ledger), ("one token", "of one token"));
    assert_eq!([first.changed_at, last.changed_at], *changed_at);
    assert!(rows.iter().all(|row| row.now > last.changed_at), "{rows:?}");
}

pub(crate) async fn the_clock_of_a_ledger_runs(on: &Database) {
    let mut readings = Vec::new();
    for _ in 0..3 {
        let mut read = |now, _: &str| {
            readings.push(now);
            String::new()
        };
        on.store.change_rate_ledger("one token", &mut read).await.unwrap();
    }
    assert!(readings.is_sorted(), "{readings:?}");
    assert!(readings[0] > Duration::from_secs(1_700_000_000), "{readings:?}");
}

pub(crate) async fn a_failing_change_leaves_the_ledger(on: &Database) {
    on.store.change_rate_ledger("one token", &mut |_, _| "kept".into()).await.unwrap();
    on.execute("ALTER TABLE rate_leases RENAME COLUMN changed_at TO elsewhere").await;
    let failed = on.store.change_rate_ledger("one token", &mut |_, _| "lost".into()).await;
    failed.unwrap_err();
    on.execute("ALTER TABLE rate_leases RENAME COLUMN elsewhere TO changed_at").await;
    assert_eq!(on.texts("SELECT ledger FROM rate_leases").await, [Some("kept".to_owned())]);
}
