//! Sending a whole file: in order for each user, different users at the same time.

mod lane;
mod pauses;
mod records;

use std::borrow::Cow;
use std::io::Read;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_client::Client;
use intercom_transform::{Event, Settings, Tape};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::task::JoinSet;

use crate::error::Error;
use crate::journal::{Finished, Journal, hash};
use crate::lines::{Batch, Batches, Fill, Line};
use crate::planned::TooLong;

pub use records::Sinks;

use lane::{Job, Lane};
use pauses::Pauses;
use records::{Became, Record};

/// Lines that wait in a lane.
const LANE_QUEUE: usize = 64;
/// Kilobytes of lines that wait or are under way.
const QUEUED_KILOBYTES: usize = 32 * 1024;
/// Records that wait to be written down.
const RECORD_QUEUE: usize = 256;

/// How a file is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendOptions {
    /// How many users' events are under way at the same time. The rate limit holds for all.
    pub lanes: NonZeroUsize,
    /// How long nothing may succeed before the rest is left behind.
    pub patience: Duration,
    /// The time at the start. Waits are told from it, and events that say nowhere when they were
    /// are taken to have been then, unless the settings have a time of their own.
    pub started_at: DateTime<Utc>,
}

impl SendOptions {
    /// 32 users at the same time, and an hour of patience.
    pub fn new(started_at: DateTime<Utc>) -> Self {
        let lanes = NonZeroUsize::new(32).unwrap_or(NonZeroUsize::MIN);
        Self { lanes, patience: Duration::from_secs(3600), started_at }
    }
}

/// What became of the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SendCounts {
    /// The lines that were read.
    pub n_lines: u64,
    /// The lines that Intercom accepted.
    pub n_delivered: u64,
    /// The lines that cannot be delivered.
    pub n_rejected: u64,
    /// The lines that earlier runs had finished.
    pub n_skipped: u64,
    /// The lines that were read and are still to be sent.
    pub n_left_behind: u64,
    /// The first of them.
    pub first_left_behind: Option<u64>,
}

/// How a file was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendReport {
    /// What became of the lines.
    pub counts: SendCounts,
    /// How far the input was read.
    pub extent: Extent,
}

/// How far the input was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// To its end.
    Whole,
    /// The work was stopped.
    Stopped,
    /// Nothing succeeded for longer than patience lasts.
    GaveUp,
}

impl SendReport {
    /// Whether every line was delivered, by this run or an earlier one.
    pub fn is_complete(&self) -> bool {
        let SendCounts { n_rejected, n_left_behind, .. } = self.counts;
        self.extent == Extent::Whole && n_rejected == 0 && n_left_behind == 0
    }
}

/// What all lanes share.
pub(crate) struct Shared {
    client: Client,
    settings: Settings,
    pauses: Pauses,
    /// The purposes whose calls were accepted, a bit for each.
    accepted: AtomicU32,
    records: mpsc::Sender<Record>,
    stop: watch::Sender<bool>,
    gave_up: watch::Sender<bool>,
}

/// Sends events, one JSON object a line, until the input or `stop` ends; the lines in flight are
/// finished then.
///
/// Events of one user ([`Event::ordering_key`], else the e-mail address) are sent in the order of
/// the lines; each is driven to its end before the next begins. While the API refuses the token or
/// what it wants to do, limits the rate, fails or cannot be reached, everything waits. A line that
/// alone fails again and again is left behind, and so are the later ones of its user.
///
/// # Errors
/// [`Error::Read`], [`Error::Write`] and [`Error::Changed`], after the lines in flight have been
/// finished. Bad lines and refusals are no errors; the report counts them.
pub async fn send_lines<R: Read + Send + 'static>(
    input: R,
    client: Client,
    settings: Settings,
    sinks: Sinks,
    journal: Option<Journal>,
    options: SendOptions,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<SendReport, Error> {
    let mut settings = settings;
    settings.now.get_or_insert(options.started_at.timestamp());
    let (finished, journal) = journal.map(Journal::into_parts).unwrap_or_default();
    let (stopping, _) = watch::channel(false);
    let (records, kept) = mpsc::channel(RECORD_QUEUE);
    let (tell, told) = oneshot::channel();
    let keeper_stop = stopping.clone();
    thread::spawn(move || {
        // Nobody waits for it when the caller is gone.
        let _ = tell.send(records::keep(kept, sinks, journal, &keeper_stop));
    });
    let shared = Arc::new(Shared {
        client,
        settings,
        pauses: Pauses::new(options.started_at, options.patience),
        accepted: AtomicU32::new(0),
        records,
        stop: stopping.clone(),
        gave_up: watch::channel(false).0,
    });
    let stopper = tokio::spawn(async move {
        stop.await;
        stopping.send_replace(true);
    });
    let dealt = deal(input, &shared, &finished, options.lanes).await;
    stopper.abort();
    let gave_up = *shared.gave_up.borrow();
    drop(shared);
    let (counts, written) = told.await.expect("the keeper ends when the last sender is gone");
    written?;
    let extent = match dealt? {
        _ if gave_up => Extent::GaveUp,
        extent => extent,
    };
    Ok(SendReport { counts, extent })
}

/// Reads in a thread of its own: a read that waits must not keep the lanes waiting.
fn read_batches<R: Read + Send + 'static>(input: R) -> mpsc::Receiver<std::io::Result<Batch>> {
    let (batches, read) = mpsc::channel(1);
    thread::spawn(move || {
        let mut input = Batches::new(input);
        loop {
            let batch = input.next_batch(Fill::WhatIsThere);
            let is_last = !matches!(&batch, Ok(batch) if !batch.is_empty());
            if batches.blocking_send(batch).is_err() || is_last {
                break;
            }
        }
    });
    read
}

/// Deals the lines to the lanes, each user's to the same one, and waits for the lanes to end.
async fn deal<R: Read + Send + 'static>(
    input: R,
    shared: &Arc<Shared>,
    finished: &Finished,
    n_lanes: NonZeroUsize,
) -> Result<Extent, Error> {
    let mut tasks = JoinSet::new();
    let mut lanes = Vec::new();
    for _ in 0..n_lanes.get() {
        let (lane, jobs) = mpsc::channel(LANE_QUEUE);
        tasks.spawn(Lane::new(shared.clone()).run(jobs));
        lanes.push(lane);
    }
    let mut dealer = Dealer { shared, finished, lanes, tape: Tape::default(), space: space() };
    let dealt = dealer.deal_all(read_batches(input)).await;
    if dealt.is_err() {
        shared.stop.send_replace(true);
    }
    drop(dealer);
    tasks.join_all().await;
    dealt
}

fn space() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(QUEUED_KILOBYTES))
}

struct Dealer<'a> {
    shared: &'a Shared,
    finished: &'a Finished,
    lanes: Vec<mpsc::Sender<Job>>,
    tape: Tape,
    /// Room for lines.
    space: Arc<Semaphore>,
}

impl Dealer<'_> {
    async fn deal_all(
        &mut self,
        mut batches: mpsc::Receiver<std::io::Result<Batch>>,
    ) -> Result<Extent, Error> {
        let mut stop = self.shared.stop.subscribe();
        loop {
            let batch = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(Extent::Stopped),
                batch = batches.recv() => batch,
            };
            let Some(batch) = batch else { return Ok(Extent::Whole) };
            let batch = batch.map_err(|source| Error::Read { source })?;
            if batch.is_empty() {
                return Ok(Extent::Whole);
            }
            let (mut n_skipped, mut n_blank) = (0, 0);
            let mut dealt = Ok(Extent::Whole);
            for (number, line) in batch.iter() {
                if *stop.borrow() {
                    dealt = Ok(Extent::Stopped);
                    break;
                }
                match self.deal(number, line).await {
                    Ok(Dealt::Blank) => n_blank += 1,
                    Ok(Dealt::Finished) => n_skipped += 1,
                    Ok(Dealt::Open) => {}
                    Err(error) => {
                        dealt = Err(error);
                        break;
                    }
                }
            }
            self.count(Became::Skipped(n_skipped)).await;
            self.count(Became::Blank(n_blank)).await;
            if !matches!(dealt, Ok(Extent::Whole)) {
                return dealt;
            }
        }
    }

    async fn deal(&mut self, number: u64, line: Line<'_>) -> Result<Dealt, Error> {
        let text = match line {
            line if line.is_blank() => return Ok(Dealt::Blank),
            Line::Text(text) => text,
            Line::TooLong { bytes } => {
                let hash = hash(&bytes.to_be_bytes());
                if self.finished.holds(number, hash)? {
                    return Ok(Dealt::Finished);
                }
                let record = lane::rejected(number, hash, &TooLong::new(bytes), None);
                // The keeper outlives the dealer.
                let _ = self.shared.records.send(record).await;
                return Ok(Dealt::Open);
            }
        };
        let hash = hash(text);
        let is_finished = self.finished.holds(number, hash)?;
        let user = user(text, &mut self.tape);
        let lane = usize::try_from(user % self.lanes.len() as u64).unwrap_or(0);
        let n_kilobytes = u32::try_from(text.len() / 1024 + 1).unwrap_or(u32::MAX);
        let room = self.space.clone().acquire_many_owned(n_kilobytes).await;
        let room = room.expect("the semaphore is never closed");
        let job = Job { number, hash, text: text.to_vec(), user, is_finished, _room: room };
        // A lane ends only behind its sender.
        let _ = self.lanes[lane].send(job).await;
        Ok(if is_finished { Dealt::Finished } else { Dealt::Open })
    }

    async fn count(&self, became: Became) {
        let record = Record { line: 0, hash: 0, became, outcome: Vec::new() };
        let _ = self.shared.records.send(record).await;
    }
}

/// What was done with a line.
enum Dealt {
    Blank,
    /// An earlier run finished it.
    Finished,
    Open,
}

/// Whom a line is about; lines that name nobody are kept in order among themselves.
fn user(text: &[u8], tape: &mut Tape) -> u64 {
    let Ok(event) = Event::parse(text, tape) else { return 0 };
    let key = event.ordering_key().map(Cow::into_owned);
    let key = key.or_else(|| event.email().map(|email| email.to_lowercase()));
    key.map_or(0, |key| hash(key.as_bytes()))
}
