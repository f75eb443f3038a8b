//! How things stand between runs.

use std::time::Duration;

use intercom_store::{
    ConversationParts, FetchedParts, FoundParts, LeaseOutcome, Lost, PartsWait, PartsWrite,
    StoreError, Stream,
};

use crate::customers::paying;
use crate::database::{Database, NOW};
use crate::mirror::record;
use crate::projection::put_contact;

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

pub(crate) async fn what_others_have_deleted_is_found_and_made_again(on: &Database) {
    for (id, email) in [("c1", "ada@x.example"), ("c2", "ben@x.example"), ("c3", "cy@x.example")] {
        put_contact(on, id, Some(email), NOW).await;
    }
    let members = "INSERT INTO members (workspace_id, contact_id) \
                   SELECT workspace_id, id FROM contacts WHERE NOT EXISTS \
                   (SELECT 1 FROM members m WHERE m.contact_id = contacts.id)";
    on.execute(members).await;
    let lost = async || on.store.lost(&on.workspace).await.unwrap();
    assert!(lost().await.is_nothing(), "who waits to be computed is not lost");
    for email in ["ada@x.example", "ben@x.example", "cy@x.example"] {
        on.write(email, Some(paying(100))).await;
    }
    assert!(lost().await.is_nothing(), "{:?}", lost().await);

    on.execute("DELETE FROM members WHERE contact_id = 'c1'").await;
    on.execute("DELETE FROM unified_customers WHERE email = 'ben@x.example'").await;
    on.execute("DELETE FROM intercom_customers WHERE email = 'cy@x.example'").await;
    let expected = Lost { n_contacts: 1, n_customers: 2 };
    assert_eq!(lost().await, expected);
    assert_eq!(on.store.restore(&on.workspace).await.unwrap(), expected);
    let waiting = on.store.pending(&on.workspace, Stream::Contacts, 1, None, 9).await.unwrap();
    assert_eq!(waiting.iter().map(|body| body.id.as_str()).collect::<Vec<_>>(), ["c1"]);
    let emails: Vec<String> = on.dirty().await.into_iter().map(|it| it.email).collect();
    assert_eq!(emails, ["ben@x.example", "cy@x.example"]);
    for email in emails {
        on.write(&email, Some(paying(100))).await;
    }
    put_contact(on, "c1", Some("ada@x.example"), NOW + 1).await;
    on.execute(members).await;
    on.write("ada@x.example", Some(paying(100))).await;
    assert!(lost().await.is_nothing(), "{:?}", lost().await);

    // A row of others, with capitals, is the customer's.
    on.execute("UPDATE unified_customers SET email = 'Ben@X.example' WHERE email LIKE 'ben%'")
        .await;
    assert!(lost().await.is_nothing(), "{:?}", lost().await);
}

pub(crate) async fn a_damaged_digest_is_one_that_no_body_has(on: &Database) {
    let records = || vec![record("c1", NOW, b"one"), record("c2", NOW, b"two")];
    on.commit(Stream::Contacts, records()).await;
    on.execute("UPDATE contacts SET content_hash = (SELECT body FROM contact_bodies b WHERE b.id = 'c1') WHERE id = 'c1'")
        .await;
    let outcome = on.commit(Stream::Contacts, records()).await;
    assert_eq!((outcome.n_changed, outcome.n_unchanged), (1, 1));
    let outcome = on.commit(Stream::Contacts, records()).await;
    assert_eq!(outcome.n_unchanged, 2);
}

pub(crate) async fn a_database_that_can_be_written_says_so_and_is_not(on: &Database) {
    on.store.check_writable().await.unwrap();
    on.store.check_writable().await.unwrap();
    assert_eq!(on.store.workspaces().await.unwrap().len(), 1);
    if on.is_sqlite() {
        return;
    }
    let joint = if on.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}options=-c%20default_transaction_read_only%3Don", on.url);
    let only_read = intercom_store::open(&url).await.unwrap();
    let refused = only_read.check_writable().await;
    assert!(matches!(refused, Err(StoreError::ReadOnly { .. })), "{refused:?}");
    only_read.close().await;
}
