//! How things stand between runs.

use std::time::Duration;

use intercom_store::{
    ConversationParts, FetchedParts, FoundParts, LeaseOutcome, PartsWait, PartsWrite, Stream,
};

use crate::database::{Database, NOW};
use crate::mirror::record;

pub(crate) async fn who_has_a_lease_is_told_until_it_expires(on: &Database) {
    let holder = || on.store.lease_holder(&on.workspace, "sync");
    assert_eq!(holder().await.unwrap(), None);
    let minute = Duration::from_secs(60);
    let taken = on.store.acquire_lease(&on.workspace, "sync", "process 7", minute).await.unwrap();
    let LeaseOutcome::Acquired { lease, .. } = taken else { panic!("{taken:?}") };
    assert_eq!(holder().await.unwrap().as_deref(), Some("process 7"));
    assert_eq!(on.store.lease_holder(&on.workspace, "other").await.unwrap(), None);
    on.execute("UPDATE leases SET expires_at = 1").await;
    assert_eq!(holder().await.unwrap(), None);
    on.store.renew_lease(&on.workspace, &lease, minute).await.unwrap();
    assert!(holder().await.unwrap().is_some());
    on.store.release_lease(&on.workspace, &lease).await.unwrap();
    assert_eq!(holder().await.unwrap(), None);
}

pub(crate) async fn parts_wait_since_the_first_change_that_is_due(on: &Database) {
    let wait = || on.store.parts_wait(&on.workspace);
    assert_eq!(wait().await.unwrap(), PartsWait::default());
    let records = vec![record("c1", NOW + 60, b"one"), record("c2", NOW, b"two")];
    on.commit(Stream::Conversations, records).await;
    let expected = PartsWait { n_due: 2, due_since: Some(NOW), is_begun: false };
    assert_eq!(wait().await.unwrap(), expected);
    let due = on.store.due_parts(&on.workspace, "c1", 1).await.unwrap();
    let found = ConversationParts {
        conversation_id: "c2".to_owned(),
        mark: due[0].mark,
        is_settled: true,
        found: FoundParts::Fetched(FetchedParts { is_whole: true, ..FetchedParts::default() }),
    };
    let write = PartsWrite { conversations: vec![found], observed_at: NOW, run: None };
    on.store.commit_parts(&on.workspace, &write).await.unwrap();
    let expected = PartsWait { n_due: 1, due_since: Some(NOW + 60), is_begun: true };
    assert_eq!(wait().await.unwrap(), expected);
}

pub(crate) async fn a_record_that_is_mistrusted_is_written_again(on: &Database) {
    let records = || vec![record("c1", NOW, b"one"), record("c2", NOW, b"two")];
    on.commit(Stream::Contacts, records()).await;
    on.execute(
        "UPDATE contact_bodies SET body = (SELECT body FROM contact_bodies b WHERE b.id = 'c2')",
    )
    .await;
    let mistrust = |ids| on.store.mistrust(&on.workspace, Stream::Contacts, ids);
    assert_eq!(mistrust(&["c1", "c3"]).await.unwrap(), 1);
    assert_eq!(mistrust(&[]).await.unwrap(), 0);
    let outcome = on.commit(Stream::Contacts, records()).await;
    assert_eq!((outcome.n_changed, outcome.n_unchanged), (1, 1));
    let bodies = on.store.bodies(&on.workspace, Stream::Contacts, &["c1"]).await.unwrap();
    assert_eq!(&*bodies["c1"], b"one");
}
