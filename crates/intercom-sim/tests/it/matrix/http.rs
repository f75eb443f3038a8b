//! The matrix over loopback: the server, and the client's own transport.
//!
//! Every row meets every fault here too. Time is real, so waits are short, and the workspace's clock
//! stands still: rate windows and waits of minutes are left to the matrix in memory. Faults that
//! outlast the client's patience cost seconds a cell: every row meets them once, and one row of each
//! kind every time; in memory every row meets them as often as all others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use intercom_api::ApiVersion;
use intercom_client::{
    AnswerFault, BudgetSettings, Client, ClientSettings, HttpSettings, HttpTransport, Origin,
    RetryPolicy, Timeouts,
};
use intercom_sim::{SimClock, SimTransport, Simulator, server};
use tokio::net::TcpListener;

use super::cell::{DEADLINE, End, Known, Setting, check};
use super::faults::{Fault, Frequency, Kind, MAX_BODY, PROMPT};
use super::memory::Memory;
use super::rows::{self, Row};
use super::world::World;
use crate::support::NOW;

/// How many rows are under way at once.
const AT_ONCE: usize = 8;
/// How many do little but wait at once.
const WAITING_AT_ONCE: usize = 32;

/// How long clients wait for answers that come.
const PATIENT: Duration = Duration::from_secs(20);
/// How long clients wait for answers that do not come in time.
const IMPATIENT: Duration = Duration::from_secs(2);

const fn fault(text: &'static str, kind: Kind) -> Fault {
    Fault { text, kind }
}

/// The faults that take a moment, beside those that take none.
const SHORT: [Fault; 2] = [
    fault("answer = \"late\"\nseconds = 0.002", Kind::Harmless),
    fault("answer = \"dripping\"\nseconds = 0.01", Kind::Harmless),
];

/// The faults that outlast a client's patience.
const SLOW: [Fault; 3] = [
    fault("answer = \"silent\"", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"late\"\nseconds = 3", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"dripping\"\nseconds = 6", Kind::Broken(AnswerFault::Timeout)),
];

/// A server, and what its clients share.
struct Loopback {
    transport: SimTransport,
    http: Arc<HttpTransport>,
    /// Where URLs in the server's answers point.
    origin: String,
}

impl Loopback {
    /// A server whose clients wait so long for an answer.
    async fn start(simulator: Simulator, attempt: Duration) -> Self {
        let transport = SimTransport::new(simulator, SimClock::frozen(NOW));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(server::serve(listener, transport.clone()));
        let timeouts = Timeouts { attempt, ..Timeouts::default() };
        let settings = HttpSettings {
            origin: origin.parse::<Origin>().expect("an origin"),
            timeouts,
            max_body_bytes: MAX_BODY,
            ..HttpSettings::new("any".to_owned().into())
        };
        let http = Arc::new(HttpTransport::new(settings).expect("the settings work"));
        Self { transport, http, origin }
    }
}

impl Setting for Loopback {
    fn begin(&self, simulator: Simulator, version: ApiVersion) -> (SimTransport, Client) {
        self.transport.with(|served| *served = simulator);
        let moment = Duration::from_millis(1);
        let retry = RetryPolicy {
            max_attempts: 2,
            base_delay: moment,
            max_server_delay: moment,
            ..RetryPolicy::default()
        };
        let budget =
            BudgetSettings { max_wait: moment, blind_pause: moment, ..BudgetSettings::default() };
        let deadline = DEADLINE;
        let settings =
            ClientSettings { version, retry, budget, deadline, ..ClientSettings::default() };
        (self.transport.clone(), Client::new(self.http.clone(), settings))
    }

    fn seen(&self, end: End) -> End {
        match end {
            // Of an answer without a body nothing but its head can break.
            End::NoAnswer(AnswerFault::Body) => End::NoAnswer(AnswerFault::Connection),
            End::Value(text) => End::Value(text.replace(&self.origin, "https://api.intercom.io")),
            other => other,
        }
    }
}

/// Checks each row under every fault that clients have the patience for.
async fn check_rows(rows: fn(&World) -> Vec<Row>) {
    let world = &World::new(None);
    let rows = rows(world);
    let checks = stream::iter(&rows).map(|row| async move {
        let loopback = Loopback::start(world.simulator.clone(), PATIENT).await;
        let known = Known::of(row, world, &Memory).await;
        for fault in PROMPT.into_iter().chain(SHORT) {
            for frequency in Frequency::ALL {
                check(row, &known, world, (fault, frequency), &loopback).await;
            }
        }
    });
    assert_eq!(checks.buffer_unordered(AT_ONCE).count().await, rows.len());
}

#[tokio::test]
async fn every_read_under_every_fault_ends_over_http_as_in_memory() {
    check_rows(rows::reads::all).await;
}

#[tokio::test]
async fn the_first_page_of_every_list_ends_over_http_as_in_memory() {
    check_rows(|world| rows::walks::all(world).into_iter().map(|walk| walk.row).collect()).await;
}

#[tokio::test]
async fn every_write_under_every_fault_ends_over_http_as_in_memory() {
    check_rows(rows::writes::all).await;
}

#[tokio::test]
async fn every_call_gives_up_waiting_over_http() {
    let world = &World::new(None);
    let mut rows_known = Vec::new();
    // First, so that no call waits for this work.
    for row in rows::all(world) {
        let known = Known::of(&row, world, &Memory).await;
        rows_known.push((row, known));
    }
    let (mut kinds, mut cells) = (BTreeSet::new(), Vec::new());
    for (row, known) in &rows_known {
        let is_first = kinds.insert(format!("{} {:?}", row.request.method, row.safety()));
        for fault in SLOW {
            cells.push((row, known, (fault, Frequency::Once)));
            if is_first {
                cells.push((row, known, (fault, Frequency::Always)));
            }
        }
    }
    let n_cells = cells.len();
    let checks = stream::iter(cells).map(|(row, known, cell)| async move {
        let loopback = Loopback::start(world.simulator.clone(), IMPATIENT).await;
        check(row, known, world, cell, &loopback).await;
    });
    assert_eq!(checks.buffer_unordered(WAITING_AT_ONCE).count().await, n_cells);
}
