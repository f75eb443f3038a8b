//! The matrix over loopback: the server, and the client's own transport.
//!
//! Time is real here, so waits are short, and one status stands for those that are treated alike:
//! the matrix in memory has them all.

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
use super::faults::{Fault, Frequency, Kind, MAX_BODY};
use super::memory::Memory;
use super::rows::{self, Row};
use super::world::World;
use crate::support::NOW;

/// How many rows are under way at once.
const AT_ONCE: usize = 8;

const fn fault(text: &'static str, kind: Kind) -> Fault {
    Fault { text, kind }
}

/// The faults that are over at once, checked with time enough for every answer.
const PROMPT: [Fault; 15] = [
    fault("answer = \"429\"", Kind::Busy),
    fault("answer = \"429\"\nheaders = false\nretry_after = 0", Kind::Busy),
    fault("answer = \"503\"", Kind::Failing(503)),
    fault("answer = \"403\"", Kind::Final(403)),
    fault("answer = \"html\"", Kind::Failing(502)),
    fault("answer = \"html\"\nstatus = 200", Kind::Page),
    fault("answer = \"stale-cursor\"", Kind::Harmless),
    fault("answer = \"truncated\"", Kind::Damaged(1)),
    fault("answer = \"empty\"", Kind::Damaged(0)),
    fault("answer = \"oversized\"\nbytes = 262145", Kind::TooLarge),
    fault("answer = \"late\"\nseconds = 0.002", Kind::Harmless),
    fault("answer = \"dripping\"\nseconds = 0.01", Kind::Harmless),
    fault("answer = \"reset\"", Kind::Lost(AnswerFault::Connection)),
    fault("answer = \"reset-in-body\"", Kind::Broken(AnswerFault::Body)),
    fault("answer = \"delete\"", Kind::Change),
];

/// The faults that outlast a client's patience.
const SLOW: [Fault; 3] = [
    fault("answer = \"silent\"", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"late\"\nseconds = 0.9", Kind::Lost(AnswerFault::Timeout)),
    fault("answer = \"dripping\"\nseconds = 2", Kind::Broken(AnswerFault::Timeout)),
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

/// Checks each row, known by its place, in some cells.
async fn check_rows(
    world: &World,
    rows: &[Row],
    cells: fn(usize) -> Vec<(Fault, Frequency)>,
    attempt: Duration,
) {
    let checks = stream::iter((0..).zip(rows)).map(|(place, row)| async move {
        let loopback = Loopback::start(world.simulator.clone(), attempt).await;
        let known = Known::of(row, world, &Memory).await;
        for cell in cells(place) {
            check(row, &known, world, cell, &loopback).await;
        }
    });
    assert_eq!(checks.buffer_unordered(AT_ONCE).count().await, rows.len());
}

/// Every prompt fault, always and once in turns, and the other way round in the next row: the
/// matrix in memory has both for each.
fn prompt_cells(row: usize) -> Vec<(Fault, Frequency)> {
    let turns = [Frequency::Always, Frequency::Once].into_iter().cycle().skip(row % 2);
    PROMPT.into_iter().zip(turns).collect()
}

fn slow_cells(_row: usize) -> Vec<(Fault, Frequency)> {
    let both = |fault| [(fault, Frequency::Always), (fault, Frequency::Once)];
    SLOW.into_iter().flat_map(both).collect()
}

#[tokio::test]
async fn every_call_under_every_fault_ends_over_http_as_in_memory() {
    let world = World::new(None);
    check_rows(&world, &rows::all(&world), prompt_cells, Duration::from_secs(20)).await;
}

#[tokio::test]
async fn calls_of_every_kind_give_up_waiting_over_http() {
    let world = World::new(None);
    let mut kinds = BTreeSet::new();
    let mut rows = rows::all(&world);
    // One of each kind is enough: every one of them waits for real.
    rows.retain(|row| kinds.insert(format!("{} {:?}", row.request.method, row.safety())));
    assert_eq!(rows.len(), kinds.len());
    check_rows(&world, &rows, slow_cells, Duration::from_millis(600)).await;
}
