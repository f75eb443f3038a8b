//! Notifications tell of what vanishes, repeated and in any order.

use std::collections::BTreeMap;

use intercom_api::Method;
use intercom_store::{NotificationOutcome, Stream};
use intercom_sync::{apply_notification, forget};
use intercom_webhook::Notification;

use crate::database::Database;
use crate::world::World;

async fn tell(world: &World, notification: &Notification) -> Option<NotificationOutcome> {
    let (workspace, now) = (world.workspace().await, world.sim.now());
    let told = apply_notification(&*world.store, &workspace, notification, now).await;
    told.expect("the notification is applied")
}

fn sent(world: &World) -> Vec<Notification> {
    let now = world.sim.now();
    let sent = world.sim.with(|sim| sim.take_notifications(now));
    let read = |sent: &intercom_sim::Notification| Notification::read(&sent.body);
    sent.iter().map(read).collect::<Result<_, _>>().expect("read")
}

pub(crate) async fn what_vanishes_is_known_from_notifications(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    world.sim.with(|sim| sim.subscribe("secret".into()));
    let ids = world.contact_ids();
    let [archived, deleted, back] = [&ids[4], &ids[5], &ids[6]];
    let talk = world.records(Stream::Conversations).into_keys().next().expect("a conversation");
    world.call(Method::Post, &format!("/contacts/{archived}/archive"));
    world.call(Method::Delete, &format!("/contacts/{deleted}"));
    world.call(Method::Post, &format!("/contacts/{back}/archive"));
    world.call(Method::Delete, &format!("/conversations/{talk}"));
    world.advance(60);
    world.call(Method::Post, &format!("/contacts/{back}/unarchive"));
    world.advance(60);
    let told = sent(&world);

    for notification in told.iter().rev() {
        tell(&world, notification).await;
    }
    for notification in &told {
        let again = tell(&world, notification).await;
        assert!(matches!(again, None | Some(NotificationOutcome::Repeated)), "{notification:?}");
    }
    let workspace = world.workspace().await;
    let stones = world.store.tombstones(&workspace).await.expect("tombstones");
    let reasons: BTreeMap<_, _> = stones.iter().map(|it| (it.id.as_str(), &*it.reason)).collect();
    let expected = [(&**archived, "archived"), (&**deleted, "deleted"), (&*talk, "deleted")];
    assert_eq!(reasons, BTreeMap::from(expected));
    world.sync().await;
    for stream in [Stream::Contacts, Stream::Conversations] {
        let there = world.store.ids(&workspace, stream, "", 10_000).await.expect("ids");
        assert!(there.iter().eq(world.records(stream).keys()), "{stream}");
    }
    // Conversations of a deleted contact change without saying so: only a whole run finds that.
    world.sync_whole().await;
    world.check_exact_mirror().await;
    assert_eq!(world.store.tombstones(&workspace).await.expect("tombstones"), stones);
}

pub(crate) async fn a_notification_brings_back_nobody_who_was_forgotten(on: &Database) {
    let world = World::new(on);
    world.sync().await;
    world.sim.with(|sim| sim.subscribe("secret".into()));
    let workspace = world.workspace().await;
    let ids = world.contact_ids();
    let [forgotten, other] = [&ids[4], &ids[5]];
    let who = world.store.personal(&workspace, forgotten).await.expect("a person");
    forget(&*world.store, &workspace, &who, world.now()).await.expect("forgotten");
    world.call(Method::Delete, &format!("/contacts/{forgotten}"));
    world.call(Method::Delete, &format!("/contacts/{other}"));
    world.advance(60);
    let told = sent(&world);

    let mut outcomes = Vec::new();
    for notification in &told {
        outcomes.extend(tell(&world, notification).await);
    }
    assert_eq!(outcomes, [NotificationOutcome::Applied]);
    let stones = world.store.tombstones(&workspace).await.expect("tombstones");
    assert_eq!(stones.iter().map(|stone| &stone.id).collect::<Vec<_>>(), [other]);
}
