//! What notifications tell of records that vanish.

use intercom_store::{
    Fate, Gone, MirrorNotification, NotificationOutcome, NotifiedChange, PageOutcome, Stream,
    Tombstone,
};

use crate::database::{Database, NOW};
use crate::mirror::record;

fn about(number: u32, id: &str, change: NotifiedChange, seconds: i64) -> MirrorNotification {
    let stream = Stream::Contacts;
    let (notification_id, record_id) = (format!("notif_{number}"), id.to_owned());
    MirrorNotification { notification_id, stream, record_id, change, happened_at: NOW + seconds }
}

fn archived(number: u32, seconds: i64) -> MirrorNotification {
    about(number, "c1", NotifiedChange::Gone(Fate::Archived), seconds)
}

fn unarchived(number: u32, seconds: i64) -> MirrorNotification {
    about(number, "c1", NotifiedChange::Unarchived, seconds)
}

impl Database {
    async fn tell(&self, told: &MirrorNotification) -> NotificationOutcome {
        let outcome = self.store.apply_notification(&self.workspace, told, NOW + 100).await;
        outcome.expect("the notification is applied")
    }

    async fn ids_there(&self) -> Vec<String> {
        self.store.ids(&self.workspace, Stream::Contacts, "", 10).await.expect("ids")
    }

    async fn reasons(&self) -> Vec<String> {
        let stones: Vec<Tombstone> = self.store.tombstones(&self.workspace).await.expect("stones");
        stones.into_iter().map(|stone| stone.reason).collect()
    }

    async fn arrive(&self, updated_at: i64, observed_at: i64) -> PageOutcome {
        let mut page = crate::mirror::page(vec![record("c1", updated_at, b"one")]);
        page.observed_at = observed_at;
        self.store.commit_page(&self.workspace, Stream::Contacts, &page).await.expect("a page")
    }
}

pub(crate) async fn an_archived_contact_keeps_its_row(on: &Database) {
    on.arrive(NOW, NOW).await;
    assert_eq!(on.tell(&archived(1, 10)).await, NotificationOutcome::Applied);
    assert_eq!(on.number("SELECT COUNT(*) FROM contact_bodies").await, 1);
    assert_eq!(on.number("SELECT archived_at FROM contacts").await, NOW + 10);
    assert!(on.ids_there().await.is_empty());
    assert_eq!(on.reasons().await, ["archived"]);
    let pending = on.store.pending(&on.workspace, Stream::Contacts, 9, None, 10).await.unwrap();
    assert!(pending.is_empty());

    assert_eq!(on.tell(&unarchived(2, 20)).await, NotificationOutcome::Applied);
    assert_eq!((on.ids_there().await.len(), on.reasons().await.len()), (1, 0));
    let pending = on.store.pending(&on.workspace, Stream::Contacts, 9, None, 10).await.unwrap();
    assert_eq!(pending.len(), 1);
}

pub(crate) async fn an_archived_contact_that_is_received_again_is_back(on: &Database) {
    on.arrive(NOW, NOW).await;
    on.tell(&archived(1, 10)).await;
    // The index still shows it as it was.
    assert_eq!(on.arrive(NOW, NOW + 60).await.n_stale, 1);
    assert!(on.ids_there().await.is_empty());
    assert_eq!(on.arrive(NOW + 30, NOW + 90).await.n_changed, 1);
    assert_eq!((on.ids_there().await.len(), on.reasons().await.len()), (1, 0));
}

pub(crate) async fn an_echo_of_what_is_gone_is_no_return(on: &Database) {
    on.arrive(NOW, NOW).await;
    let gone = [Gone { id: "c1".into(), fate: Fate::Deleted }];
    on.store.bury(&on.workspace, Stream::Contacts, &gone, NOW + 10).await.unwrap();
    assert_eq!(on.arrive(NOW, NOW + 60).await, PageOutcome { n_stale: 1, ..Default::default() });
    assert_eq!(on.reasons().await, ["deleted"]);
    // After an hour no index lags that much.
    assert_eq!(on.arrive(NOW, NOW + 3_700).await.n_inserted, 1);
    assert!(on.reasons().await.is_empty());
}

pub(crate) async fn a_repeated_notification_counts_once(on: &Database) {
    on.arrive(NOW, NOW).await;
    on.tell(&archived(1, 10)).await;
    on.tell(&unarchived(2, 20)).await;
    assert_eq!(on.tell(&archived(1, 10)).await, NotificationOutcome::Repeated);
    assert_eq!(on.tell(&unarchived(2, 20)).await, NotificationOutcome::Repeated);
    assert_eq!(on.ids_there().await, ["c1"]);
}

pub(crate) async fn the_order_of_notifications_is_indifferent(on: &Database) {
    on.arrive(NOW, NOW).await;
    assert_eq!(on.tell(&unarchived(2, 20)).await, NotificationOutcome::Applied);
    assert_eq!(on.tell(&archived(1, 10)).await, NotificationOutcome::Outdated);
    assert_eq!(on.ids_there().await, ["c1"]);

    on.tell(&about(4, "c1", NotifiedChange::Gone(Fate::Deleted), 40)).await;
    on.tell(&archived(3, 30)).await;
    on.tell(&unarchived(5, 35)).await;
    assert_eq!(on.reasons().await, ["deleted"]);
    assert_eq!(on.number("SELECT COUNT(*) FROM contacts").await, 0);

    // A deletion is final, also where the clocks differ so that something seems to follow it.
    on.tell(&archived(6, 99)).await;
    assert_eq!(on.reasons().await, ["deleted"]);
}

pub(crate) async fn a_merge_outlives_the_deletion_that_it_is_told_as(on: &Database) {
    on.arrive(NOW, NOW).await;
    let merged = NotifiedChange::Gone(Fate::MergedInto("c2".into()));
    on.tell(&about(1, "c1", merged, 10)).await;
    on.tell(&about(2, "c1", NotifiedChange::Gone(Fate::Deleted), 10)).await;
    assert_eq!(on.reasons().await, ["merged"]);
    let aliases = on.store.aliases(&on.workspace).await.unwrap();
    assert_eq!(aliases.get("c1").map(String::as_str), Some("c2"));
}

pub(crate) async fn notifications_are_forgotten_after_a_week(on: &Database) {
    on.tell(&archived(1, 10)).await;
    let later = NOW + 8 * 86_400;
    on.store.apply_notification(&on.workspace, &unarchived(2, 20), later).await.unwrap();
    assert_eq!(on.number("SELECT COUNT(*) FROM webhook_seen").await, 1);
}

pub(crate) async fn told_of_a_part_a_conversation_is_due(on: &Database) {
    let talk = vec![record("77", NOW, b"talk")];
    on.commit(Stream::Conversations, talk).await;
    on.execute("DELETE FROM parts_due").await;
    let stream = Stream::Conversations;
    let parts_changed = |number, id| MirrorNotification {
        stream,
        ..about(number, id, NotifiedChange::PartsChanged, 10)
    };
    on.tell(&parts_changed(1, "77")).await;
    on.tell(&parts_changed(2, "nobody")).await;
    let due = on.store.due_parts(&on.workspace, "", 10).await.unwrap();
    assert_eq!(due.iter().map(|due| due.conversation_id.as_str()).collect::<Vec<_>>(), ["77"]);
}

pub(crate) async fn a_contact_back_before_it_was_received_is_no_echo(on: &Database) {
    on.tell(&archived(1, 10)).await;
    on.tell(&unarchived(2, 20)).await;
    assert!(on.reasons().await.is_empty());
    assert_eq!(on.arrive(NOW, NOW + 60).await.n_inserted, 1);
    assert_eq!(on.ids_there().await, ["c1"]);
}

pub(crate) async fn who_is_forgotten_leaves_no_notification(on: &Database) {
    on.arrive(NOW, NOW).await;
    on.tell(&archived(1, 10)).await;
    let who = on.store.personal(&on.workspace, "c1").await.expect("a person");
    assert_eq!(who.contact_ids, ["c1"]);
    on.store.forget(&on.workspace, &who, &["digest"], NOW + 100).await.expect("forgotten");
    assert_eq!(on.number("SELECT COUNT(*) FROM contacts").await, 0);
    assert_eq!(on.number("SELECT COUNT(*) FROM webhook_seen").await, 0);
    assert!(on.reasons().await.is_empty());
}
