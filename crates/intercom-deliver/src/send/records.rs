//! What became of lines, written down in the order in which it is safe to be killed.

use std::io::{self, Write};

use tokio::sync::{mpsc, watch};

use super::SendCounts;
use crate::error::Error;
use crate::journal::{self, JournalWriter};

/// Records that are written down together.
const MAX_TOGETHER: usize = 256;

/// Where the results go.
pub struct Sinks {
    /// One line for each event that was tried.
    pub outcomes: Box<dyn Write + Send>,
    /// One line for each event that was rejected: the reason and the event.
    pub rejected: Option<Box<dyn Write + Send>>,
    /// Hears how far the work is.
    pub told: Box<dyn FnMut(SendCounts) + Send>,
}

/// What became of a line.
pub(super) struct Record {
    pub(super) line: u64,
    pub(super) hash: u64,
    pub(super) became: Became,
    /// The line for the outcomes, with its end.
    pub(super) outcome: Vec<u8>,
}

pub(super) enum Became {
    Delivered,
    /// With the line for the rejected.
    Rejected(Vec<u8>),
    LeftBehind,
    /// So many lines were finished by earlier runs.
    Skipped(u64),
    /// So many lines are blank.
    Blank(u64),
}

/// Writes records down until all senders are gone.
///
/// The effect comes first, then the outcome, then the journal: who is killed in between repeats a
/// line, but never loses one. When the outcomes cannot be written any more, the lines in flight
/// still reach the journal.
pub(super) fn keep(
    mut records: mpsc::Receiver<Record>,
    sinks: Sinks,
    journal: Option<JournalWriter>,
    stop: &watch::Sender<bool>,
) -> (SendCounts, Result<(), Error>) {
    let mut keeper = Keeper { sinks, journal, entries: Vec::new(), failed: None };
    let mut counts = SendCounts::default();
    let mut together = Vec::new();
    while records.blocking_recv_many(&mut together, MAX_TOGETHER) > 0 {
        for record in &together {
            count(&mut counts, record);
        }
        keeper.write(&together);
        together.clear();
        (keeper.sinks.told)(counts);
        if keeper.failed.is_some() {
            stop.send_replace(true);
        }
    }
    (counts, keeper.failed.map_or(Ok(()), Err))
}

struct Keeper {
    sinks: Sinks,
    journal: Option<JournalWriter>,
    entries: Vec<u8>,
    failed: Option<Error>,
}

impl Keeper {
    fn write(&mut self, records: &[Record]) {
        let outcomes = write_all(&mut self.sinks.outcomes, records.iter().map(|r| &r.outcome[..]));
        let rejected = records.iter().filter_map(|record| match &record.became {
            Became::Rejected(text) => Some(&text[..]),
            _ => None,
        });
        let rejected = self.sinks.rejected.as_mut().map_or(Ok(()), |out| write_all(out, rejected));
        self.fail("the outcomes", outcomes);
        let are_kept = rejected.is_ok();
        self.fail("the rejected events", rejected);
        self.entries.clear();
        for record in records {
            let became = match &record.became {
                Became::Delivered => "delivered",
                Became::Rejected(_) if are_kept => "rejected",
                Became::Rejected(_)
                | Became::LeftBehind
                | Became::Skipped(_)
                | Became::Blank(_) => continue,
            };
            journal::push_entry(&mut self.entries, record.line, record.hash, became);
        }
        if let Some(journal) = self.journal.as_mut().filter(|_| !self.entries.is_empty()) {
            let written = journal.write(&self.entries);
            self.fail("the journal", written);
        }
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, what: &'static str, written: io::Result<()>) {
        if let Err(source) = written {
            self.failed.get_or_insert(Error::Write { what, source });
        }
    }
}

fn write_all<'a>(
    out: &mut Box<dyn Write + Send>,
    texts: impl Iterator<Item = &'a [u8]>,
) -> io::Result<()> {
    for text in texts.filter(|text| !text.is_empty()) {
        out.write_all(text)?;
    }
    out.flush()
}

fn count(counts: &mut SendCounts, record: &Record) {
    counts.n_lines += match record.became {
        Became::Skipped(n) | Became::Blank(n) => n,
        Became::Delivered | Became::Rejected(_) | Became::LeftBehind => 1,
    };
    match record.became {
        Became::Delivered => counts.n_delivered += 1,
        Became::Rejected(_) => counts.n_rejected += 1,
        Became::Skipped(n) => counts.n_skipped += n,
        Became::Blank(_) => {}
        Became::LeftBehind => {
            counts.n_left_behind += 1;
            let first = counts.first_left_behind.unwrap_or(record.line);
            counts.first_left_behind = Some(first.min(record.line));
        }
    }
}
