//! The matrix over the transport in memory, whose clock stands still unless a call waits.

use std::sync::Arc;
use std::time::Duration;

use intercom_api::ApiVersion;
use intercom_client::{Client, ClientSettings};
use intercom_sim::{Patience, SimClock, SimTransport, Simulator};

use super::cell::{DEADLINE, Known, Setting, check};
use super::faults::{Frequency, MAX_BODY, PROMPT, SLOW};
use super::rows::{self, Row};
use super::world::World;
use crate::support::NOW;

/// Calls per ten seconds: fewer than a call has attempts.
pub(super) const RATE_LIMIT: u32 = 2;

/// A simulator behind a transport.
pub(super) struct Memory;

impl Setting for Memory {
    fn begin(&self, simulator: Simulator, version: ApiVersion) -> (SimTransport, Client) {
        let patience = Patience { answer: Duration::from_secs(30), max_body_bytes: MAX_BODY };
        let transport =
            SimTransport::new(simulator, SimClock::running(NOW)).with_patience(patience);
        let settings = ClientSettings { version, deadline: DEADLINE, ..ClientSettings::default() };
        (transport.clone(), Client::new(Arc::new(transport), settings))
    }
}

async fn check_rows(rows: fn(&World) -> Vec<Row>) {
    let world = World::new(Some(RATE_LIMIT));
    for row in rows(&world) {
        let known = Known::of(&row, &world, &Memory).await;
        for fault in PROMPT.into_iter().chain(SLOW) {
            for frequency in Frequency::ALL {
                check(&row, &known, &world, (fault, frequency), &Memory).await;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_read_under_every_fault_ends_in_the_right_value_or_error() {
    check_rows(rows::reads::all).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_page_of_every_list_ends_in_the_right_value_or_error() {
    check_rows(|world| rows::walks::all(world).into_iter().map(|walk| walk.row).collect()).await;
}

#[tokio::test(start_paused = true)]
async fn every_write_under_every_fault_takes_effect_once_or_not_at_all() {
    check_rows(rows::writes::all).await;
}
