//! What changes in the workspace changes in the store: exactly that, and all of it.

use chrono_tz::Tz;
use intercom_sim::{DateMode, SimSettings};
use intercom_store::Stream;
use serde_json::json;

use crate::database::Database;
use crate::meddler::Meddler;
use crate::world::{NOW, World, sim_settings};

pub(crate) async fn sync_change_three_contacts_sync_again_exactly_three_change(on: &Database) {
    let settings = sim_settings();
    assert_eq!((settings.date_mode, settings.timezone), (DateMode::Day, None));
    check_three_changes(on, settings).await;
}

pub(crate) async fn by_second_in_the_far_west(on: &Database) {
    check_three_changes(on, settings(DateMode::Second, chrono_tz::Pacific::Pago_Pago)).await;
}

pub(crate) async fn by_day_in_the_far_west(on: &Database) {
    check_three_changes(on, settings(DateMode::Day, chrono_tz::Pacific::Pago_Pago)).await;
}

pub(crate) async fn by_second_in_the_far_east(on: &Database) {
    check_three_changes(on, settings(DateMode::Second, chrono_tz::Pacific::Kiritimati)).await;
}

pub(crate) async fn by_day_in_the_far_east(on: &Database) {
    check_three_changes(on, settings(DateMode::Day, chrono_tz::Pacific::Kiritimati)).await;
}

fn settings(date_mode: DateMode, timezone: Tz) -> SimSettings {
    SimSettings { date_mode, timezone: Some(timezone), ..sim_settings() }
}

/// Three changes at a time, through two midnights of every zone.
async fn check_three_changes(on: &Database, settings: SimSettings) {
    let world = World::with(on, settings);
    let first = world.sync().await;
    let contacts = first.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!((contacts.n_inserted, contacts.n_changed), (60, 0));

    let ids = world.contact_ids();
    for (round, ids) in (0..7).zip(ids.chunks(3)) {
        world.advance(4 * 3_600);
        for id in ids {
            world.update_contact(id, json!({"custom_attributes": {"round": round}}));
        }
        world.advance(4 * 3_600);
        let report = world.sync().await;
        let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
        assert_eq!((contacts.n_inserted, contacts.n_changed), (0, 3), "round {round}");
        assert_eq!(report.n_written(), 3, "round {round}");
        let counts = world.last_run().await.end.expect("the run ended").counts;
        assert_eq!((counts.n_inserted, counts.n_changed), (0, 3), "round {round}");
    }
    world.check_mirror().await;
}

pub(crate) async fn what_changes_during_a_walk_is_found(on: &Database) {
    let world = World::new(on);
    for _ in 0..3 {
        let sim = world.sim.clone();
        let busy = Meddler::new(&world.sim, move |_, _, response| {
            sim.clock().advance(1);
            let now = sim.now();
            sim.with(|sim| sim.live(4, now));
            Ok(response)
        });
        world.run_over(busy).await.expect("the run ends");
        world.advance(3_600);
    }
    world.sync().await;
    world.check_mirror().await;
}

pub(crate) async fn what_is_indexed_late_is_found(on: &Database) {
    let world = World::with(on, SimSettings { index_lag: 300, ..sim_settings() });
    for _ in 0..12 {
        let now = world.sim.now();
        world.sim.with(|sim| sim.live(3, now));
        world.advance(70);
        world.sync().await;
    }
    world.advance(300);
    world.sync().await;
    world.check_mirror().await;
}

pub(crate) async fn a_clock_that_is_ahead_hides_no_change(on: &Database) {
    let world = World::new(on);
    let ahead = Meddler::dating(&world.sim, Some("Tue, 01 Jan 2030 00:00:00 GMT"));
    world.run_over(ahead).await.expect("the run ends");
    check_a_later_change_is_found(&world).await;
}

pub(crate) async fn an_answer_without_a_date_hides_no_change(on: &Database) {
    let world = World::new(on);
    world.create_contact(json!({"role": "user", "updated_at": NOW + 400 * 86_400}));
    let dateless = Meddler::dating(&world.sim, None);
    world.run_over(dateless).await.expect("the run ends");
    check_a_later_change_is_found(&world).await;
}

async fn check_a_later_change_is_found(world: &World) {
    world.advance(3 * 86_400);
    world.update_contact(&world.contact_ids()[0], json!({"name": "Later"}));
    world.advance(3_600);
    let report = world.sync().await;
    assert_eq!(report.stream(Stream::Contacts).map(|contacts| contacts.n_changed), Some(1));
    world.check_mirror().await;
}
