//! Every stream, and the ways around what is refused.

use std::time::Duration;

use intercom_api::{ApiVersion, Method, Request, Safety};
use intercom_sim::SimSettings;
use intercom_store::Stream;
use serde_json::Value;

use crate::database::Database;
use crate::meddler::{ME, Meddler};
use crate::world::{World, sim_settings};

fn with_every_stream(on: &Database, settings: SimSettings) -> World {
    let mut world = World::with(on, settings);
    world.settings.streams = Stream::ALL.to_vec();
    world.settings.scroll_patience = Duration::ZERO;
    world
}

pub(crate) async fn every_stream_is_mirrored(on: &Database) {
    let world = with_every_stream(on, sim_settings());
    let report = world.sync().await;
    assert!(report.is_complete());
    for stream in Stream::ALL {
        let records = world.records(stream);
        assert!(!records.is_empty(), "{stream}");
        assert!(records == world.stored(stream).await, "{stream} differ");
        let inserted = report.stream(stream).map(|of_stream| of_stream.n_inserted);
        assert_eq!(inserted, Some(records.len() as u64), "{stream}");
    }
}

pub(crate) async fn a_second_run_over_every_stream_writes_nothing(on: &Database) {
    let world = with_every_stream(on, sim_settings());
    world.sync().await;
    world.advance(3_600);
    let report = world.sync().await;
    assert_eq!((report.n_written(), report.is_complete()), (0, true));
}

pub(crate) async fn a_scroll_that_breaks_begins_again(on: &Database) {
    let settings = SimSettings { scroll_fails_at: Some(1), ..sim_settings() };
    let world = with_every_stream(on, settings);
    assert!(world.sync().await.is_complete());
    let n_scrolled = world.sim.with(|sim| sim.stats().calls("GET /companies/scroll"));
    assert!(n_scrolled >= 3, "{n_scrolled}");
    assert!(world.records(Stream::Companies) == world.stored(Stream::Companies).await);
}

pub(crate) async fn a_scroll_that_somebody_has_open_makes_way_for_the_list(on: &Database) {
    let world = with_every_stream(on, sim_settings());
    let scroll = Request::raw(Method::Get, Safety::Read, "/companies/scroll", ApiVersion::V2_16);
    let now = world.sim.now();
    assert_eq!(world.sim.with(|sim| sim.handle(&scroll, now)).status, 200);
    assert!(world.sync().await.is_complete());
    assert_eq!(world.sim.with(|sim| sim.stats().calls("POST /companies/list")), 1);
    let mut peopled = world.records(Stream::Companies);
    peopled.retain(|_, company| {
        let company: Value = serde_json::from_str(company).expect("JSON");
        company["user_count"].as_i64() > Some(0)
    });
    assert!(!peopled.is_empty());
    assert!(peopled == world.stored(Stream::Companies).await);
}

pub(crate) async fn a_token_that_may_not_ask_who_it_is_still_syncs(on: &Database) {
    let world = World::new(on);
    let refused = Meddler::refusing(&world.sim, ME, 403, "no access");
    assert!(world.run_over(refused).await.expect("the run ends").is_complete());
    assert_eq!(world.workspace().await.timezone(), None);
    world.check_mirror().await;

    assert!(world.sync().await.is_complete());
    assert!(world.workspace().await.timezone().is_some());
}
