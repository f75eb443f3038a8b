//! Records that the API knows no more.

use intercom_store::{
    CustomerContact, FactRow, Fate, Gone, MemberRow, ProjectedContact, ProjectedConversation,
    ProjectionWrite, Stream, Tombstone,
};

use crate::database::{Database, NOW};
use crate::mirror::{hash_of, record};

fn deleted(id: &str) -> Gone {
    Gone { id: id.into(), fate: Fate::Deleted }
}

fn merged(id: &str, into: &str) -> Gone {
    Gone { id: id.into(), fate: Fate::MergedInto(into.into()) }
}

impl Database {
    async fn bury(&self, stream: Stream, gone: &[Gone]) -> u64 {
        self.store.bury(&self.workspace, stream, gone, NOW).await.expect("the burial ends")
    }

    /// A contact and a conversation of it, projected.
    async fn project_one_of_each(&self) {
        self.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
        self.commit(Stream::Conversations, vec![record("77", NOW, b"talk")]).await;
        let customer = CustomerContact {
            email: "ada@example.com".into(),
            role_rank: 0,
            updated_at: NOW,
            profile: "{}".into(),
        };
        let (member, customer) = (Some(MemberRow::default()), Some(customer));
        let contact = ProjectedContact { id: "c1".into(), hash: hash_of(b"one"), member, customer };
        let fact = FactRow {
            contact_id: "c1".into(),
            created_at: NOW,
            updated_at: NOW,
            is_open: true,
            ..Default::default()
        };
        let conversation = ProjectedConversation {
            id: "77".into(),
            hash: hash_of(b"talk"),
            sessions: Vec::new(),
            facts: vec![fact],
        };
        let write = ProjectionWrite {
            version: 1,
            contacts: vec![contact],
            conversations: vec![conversation],
            ..ProjectionWrite::default()
        };
        self.store.commit_projection(&self.workspace, &write).await.expect("it is written");
        self.execute("DELETE FROM dirty_customers").await;
    }

    async fn n_dirty(&self) -> usize {
        self.store.dirty_customers(&self.workspace, "", 10).await.expect("marks").len()
    }
}

pub(crate) async fn a_buried_contact_leaves_a_tombstone_and_nothing_else(on: &Database) {
    on.project_one_of_each().await;
    assert_eq!(on.bury(Stream::Contacts, &[deleted("c1"), deleted("nobody")]).await, 1);
    for table in ["contacts", "contact_bodies", "members", "customer_contacts"] {
        assert_eq!(on.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(on.n_dirty().await, 1);
    let tombstone = |id: &str| Tombstone {
        stream: Stream::Contacts,
        id: id.into(),
        reason: "deleted".into(),
        observed_at: NOW,
    };
    let left = on.store.tombstones(&on.workspace).await.unwrap();
    assert_eq!(left, [tombstone("c1"), tombstone("nobody")]);
    assert_eq!(on.number("SELECT COUNT(*) FROM conversations").await, 1);
}

pub(crate) async fn a_buried_conversation_counts_no_more(on: &Database) {
    on.project_one_of_each().await;
    assert_eq!(on.bury(Stream::Conversations, &[deleted("77")]).await, 1);
    for table in ["conversations", "conversation_bodies", "facts"] {
        assert_eq!(on.number(&format!("SELECT COUNT(*) FROM {table}")).await, 0, "{table}");
    }
    assert_eq!(on.n_dirty().await, 1);
    let counts = on.store.support_counts(&on.workspace, &["ada@example.com"], 0).await.unwrap();
    assert!(counts.is_empty());
}

pub(crate) async fn an_alias_leads_to_the_contact_that_remains(on: &Database) {
    on.bury(Stream::Contacts, &[merged("a", "b")]).await;
    on.bury(Stream::Contacts, &[merged("b", "c"), merged("d", "c")]).await;
    let aliases = on.store.aliases(&on.workspace).await.unwrap();
    let pairs: Vec<_> = aliases.iter().map(|(old, id)| (old.as_str(), id.as_str())).collect();
    assert_eq!(pairs, [("a", "c"), ("b", "c"), ("d", "c")]);
    let reasons = on.texts("SELECT DISTINCT reason FROM tombstones").await;
    assert_eq!(reasons, [Some("merged".to_owned())]);
}

pub(crate) async fn what_is_received_again_is_unburied(on: &Database) {
    on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    on.bury(Stream::Contacts, &[merged("c1", "c2"), deleted("c3")]).await;
    let again = on.commit(Stream::Contacts, vec![record("c1", NOW, b"one")]).await;
    assert_eq!(again.n_inserted, 1);
    let left = on.store.tombstones(&on.workspace).await.unwrap();
    assert_eq!(left.iter().map(|stone| stone.id.as_str()).collect::<Vec<_>>(), ["c3"]);
    assert!(on.store.aliases(&on.workspace).await.unwrap().is_empty());
}

pub(crate) async fn ids_come_in_order(on: &Database) {
    let records = ["b", "a", "c", "d"].map(|id| record(id, NOW, b"x"));
    on.commit(Stream::Tags, records.to_vec()).await;
    let ids =
        async |after, limit| on.store.ids(&on.workspace, Stream::Tags, after, limit).await.unwrap();
    assert_eq!(ids("", 2).await, ["a", "b"]);
    assert_eq!(ids("b", 10).await, ["c", "d"]);
    assert!(ids("d", 10).await.is_empty());
}

pub(crate) async fn a_failing_burial_leaves_everything(on: &Database) {
    on.project_one_of_each().await;
    on.execute("ALTER TABLE contact_aliases RENAME TO elsewhere").await;
    let gone = [merged("c1", "c2")];
    on.store.bury(&on.workspace, Stream::Contacts, &gone, NOW).await.unwrap_err();
    for table in ["contacts", "contact_bodies", "members", "customer_contacts"] {
        assert_eq!(on.number(&format!("SELECT COUNT(*) FROM {table}")).await, 1, "{table}");
    }
    assert_eq!(on.n_dirty().await, 0);
    assert!(on.store.tombstones(&on.workspace).await.unwrap().is_empty());
}
