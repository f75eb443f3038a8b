//! First loads that are read in windows side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono_tz::Tz;
use intercom_sim::{DateMode, SimSettings};
use intercom_store::{LoadWindow, Stream};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::database::Database;
use crate::leases::{Gate, run_to};
use crate::meddler::{CONTACTS, Meddler, goes_on, refusal};
use crate::world::{NOW, World, sim_settings};

const N_WINDOWS: u32 = 4;

fn in_windows(on: &Database, settings: SimSettings) -> World {
    let mut world = World::with(on, settings);
    world.settings.load_windows = Some(N_WINDOWS);
    world.settings.per_page = 5;
    world
}

async fn windows(world: &World, stream: Stream) -> Vec<LoadWindow> {
    let windows = world.store.load_windows(&world.workspace().await, stream).await;
    windows.expect("the windows of a load")
}

/// Whether a search is for the pages of a window, and not only counted.
fn asks_for_a_window(body: &Value) -> bool {
    body["sort"]["field"] == "created_at" && body["pagination"]["per_page"] != 1
}

async fn check_load(on: &Database, date_mode: DateMode, timezone: Tz) {
    let settings = SimSettings { date_mode, timezone: Some(timezone), ..sim_settings() };
    let world = in_windows(on, settings);
    let n_in_windows = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&n_in_windows);
    let counting = Meddler::new(&world.sim, move |_, request, response| {
        let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        if body.as_ref().is_some_and(asks_for_a_window) && !goes_on(request) {
            counted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(response)
    });
    let report = world.run_over(counting).await.expect("the run ends");
    assert!(report.is_complete());
    assert_eq!(n_in_windows.load(Ordering::Relaxed), 2 * N_WINDOWS, "{timezone}");
    for (stream, n_records) in [(Stream::Contacts, 60), (Stream::Conversations, 200)] {
        assert_eq!(report.stream(stream).map(|of| of.n_inserted), Some(n_records));
        assert_eq!(windows(&world, stream).await, []);
        let bookmark = world.store.bookmark(&world.workspace().await, stream).await;
        let bookmark = bookmark.expect("a bookmark").expect("the stream was read");
        assert_eq!((bookmark.watermark, bookmark.cursor), (Some(NOW - 300), None));
    }
    world.check_exact_mirror().await;
    world.advance(60);
    assert_eq!(world.sync().await.n_written(), 0);
}

pub(crate) async fn windows_are_everything_by_day(on: &Database) {
    check_load(on, DateMode::Day, chrono_tz::America::Los_Angeles).await;
}

pub(crate) async fn windows_are_everything_by_second(on: &Database) {
    check_load(on, DateMode::Second, chrono_tz::Asia::Kolkata).await;
}

pub(crate) async fn windows_are_everything_in_the_far_east(on: &Database) {
    check_load(on, DateMode::Day, chrono_tz::Pacific::Kiritimati).await;
}

pub(crate) async fn an_interrupted_load_goes_on_in_each_window(on: &Database) {
    let mut world = in_windows(on, sim_settings());
    world.settings.streams = vec![Stream::Contacts];
    // Two further pages of windows come, then nothing.
    let n_further = AtomicU32::new(0);
    let cut_off = Meddler::new(&world.sim, move |_, request, response| {
        match goes_on(request) && n_further.fetch_add(1, Ordering::Relaxed) >= 2 {
            true => Err(crate::meddler::lost()),
            false => Ok(response),
        }
    });
    world.break_off(cut_off).await;
    let begun = windows(&world, Stream::Contacts).await;
    assert_eq!(begun.len(), N_WINDOWS as usize);
    assert_eq!(begun.iter().map(|window| window.n_pages).sum::<i64>(), i64::from(N_WINDOWS) + 2);
    assert!(begun.windows(2).all(|pair| pair[0].until == pair[1].from && pair[0].until.is_some()));
    let stored = world.stored(Stream::Contacts).await.len() as u64;

    world.advance(60);
    let resumed = world.sync().await;
    let contacts = resumed.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!(contacts.n_inserted, 60 - stored);
    assert_eq!(contacts.n_changed, 0);
    assert_eq!(windows(&world, Stream::Contacts).await, []);
    world.check_mirror_of(&[Stream::Contacts]).await;
}

pub(crate) async fn what_changes_while_windows_are_read_is_found(on: &Database) {
    let world = in_windows(on, SimSettings { index_lag: 120, ..sim_settings() });
    let sim = world.sim.clone();
    let busy = Meddler::new(&world.sim, move |_, _, response| {
        sim.clock().advance(1);
        let now = sim.now();
        sim.with(|sim| sim.live(2, now));
        Ok(response)
    });
    world.run_over(busy).await.expect("the run ends");
    world.advance(3_600);
    world.sync().await;
    world.check_mirror().await;
}

/// A server that takes `<` for "up to": windows overlap, and nothing tells what else they do.
pub(crate) async fn windows_that_do_not_add_up_are_not_read(on: &Database) {
    let mut world = in_windows(on, sim_settings());
    world.settings.streams = vec![Stream::Contacts];
    let rewritten = Meddler::new(&world.sim, |_, request, mut response| {
        let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        if body.as_ref().is_some_and(asks_for_a_window) {
            let mut page: Value = serde_json::from_slice(&response.body).expect("JSON");
            page["total_count"] = json!(page["total_count"].as_u64().map(|total| total + 3));
            response.body = page.to_string().into();
        }
        Ok(response)
    });
    let report = world.run_over(rewritten).await.expect("the run ends");
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!((contacts.n_pages, contacts.n_inserted), (12, 60));
    assert_eq!(windows(&world, Stream::Contacts).await, []);
    world.check_mirror_of(&[Stream::Contacts]).await;
}

pub(crate) async fn a_server_that_refuses_windows_is_walked(on: &Database) {
    let world = in_windows(on, sim_settings());
    let narrow = Meddler::new(&world.sim, |_, request, response| {
        let body = request.body.as_ref().and_then(|body| serde_json::from_slice(body).ok());
        match body.as_ref().is_some_and(asks_for_a_window) {
            true => Ok(refusal(400, "created_at is not a valid search field")),
            false => Ok(response),
        }
    });
    assert!(world.run_over(narrow).await.expect("the run ends").is_complete());
    world.check_mirror().await;
}

pub(crate) async fn a_refused_cursor_lets_a_window_go_on_at_the_last_creation(on: &Database) {
    let world = in_windows(on, sim_settings());
    let n_seen = AtomicU32::new(0);
    let refusing = Meddler::new(&world.sim, move |_, request, response| {
        let is_cursor = request.operation == CONTACTS && goes_on(request);
        match is_cursor && n_seen.fetch_add(1, Ordering::Relaxed) % 3 == 1 {
            true => Ok(refusal(400, "Invalid starting_after param")),
            false => Ok(response),
        }
    });
    assert!(world.run_over(refusing).await.expect("the run ends").is_complete());
    world.check_mirror().await;
}

/// Pages of one walk are committed ten at a time at most.
pub(crate) async fn a_group_has_ten_pages_at_most(on: &Database) {
    let mut world = World::new(on);
    world.settings.per_page = 1;
    world.settings.streams = vec![Stream::Contacts];
    world.sync().await;
    let groups = "FROM (SELECT COUNT(*) AS n FROM contacts GROUP BY change_number) AS commits";
    let largest = on.number(&format!("SELECT MAX(n) {groups}")).await;
    let n_groups = on.number(&format!("SELECT COUNT(*) {groups}")).await;
    // How many pages come within 100 ms is the machine's.
    assert!((2..=10).contains(&largest) && n_groups < 60, "{n_groups} groups, {largest} pages");
}

/// The second page is long in coming, and the first is stored all the same.
pub(crate) async fn a_page_does_not_wait_for_the_next(on: &Database) {
    let mut world = World::new(on);
    world.settings.streams = vec![Stream::Contacts];
    let world = Arc::new(world);
    let gate = Gate::new(&world);
    let run = run_to(&gate, &world).await;
    let first_page = async {
        while on.number("SELECT COUNT(*) FROM contacts").await == 0 {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(60), first_page).await.expect("the first page is stored");
    assert!(!run.is_finished());
    gate.opened.notify_one();
    assert!(run.await.expect("no panic").expect("the run ends").is_complete());
}

/// What is written to a table, counted by the database.
async fn count_writes(on: &Database, table: &str) {
    on.execute(&on.counting_writes(table)).await;
}

async fn n_writes(on: &Database, table: &str) -> i64 {
    on.number(&format!("SELECT COUNT(*) FROM writes_of_{table}")).await
}

pub(crate) async fn a_changed_row_costs_one_write_and_an_unchanged_one_none(on: &Database) {
    let mut world = World::new(on);
    world.settings.streams = vec![Stream::Contacts];
    world.sync().await;
    for table in ["contacts", "contact_bodies", "members"] {
        count_writes(on, table).await;
    }
    world.advance(60);
    let changed = &world.contact_ids()[..7];
    for id in changed {
        world.update_contact(id, json!({"custom_attributes": {"round": 1}}));
    }
    world.advance(60);
    let report = world.sync().await;
    let contacts = report.stream(Stream::Contacts).expect("contacts are pulled");
    assert_eq!(contacts.n_changed, 7);
    assert!(contacts.n_fetched > 7, "{contacts:?}");
    assert_eq!(n_writes(on, "contact_bodies").await, 7);
    // Once when it was received, and once when it was projected.
    assert_eq!(n_writes(on, "contacts").await, 2 * 7);
    let n_members = n_writes(on, "members").await;

    world.advance(60);
    assert!(world.sync().await.n_fetched() > 7);
    assert_eq!(n_writes(on, "contact_bodies").await, 7);
    assert_eq!(n_writes(on, "contacts").await, 2 * 7);
    assert_eq!(n_writes(on, "members").await, n_members);
}
