//! What a run did: per stream, and in the words of the success metrics and the log entry.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use intercom_projection::NoEmail;
use intercom_revenue::Alert;
use intercom_store::{DigestCause, Quarantined, StillAside, Stream};
use serde::Serialize;

/// So many records put aside are named of each stream, and contacts that are skipped.
const NAMED: usize = 10;

/// What to do when more is missing than can be true.
const KEPT_REMEDY: &str = "see with `sync check` whether the token sees everything; if the records \
                           are gone, raise max_missing_percent in the settings file and read \
                           everything again (`sync run --full`)";

/// What one stream brought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StreamReport {
    /// The stream.
    pub stream: Stream,
    /// Pages fetched.
    pub n_pages: u64,
    /// Records the API returned, repeats included.
    pub n_fetched: u64,
    /// Records stored for the first time.
    pub n_inserted: u64,
    /// Records whose content differs from what was stored.
    pub n_changed: u64,
    /// Records that were stored already, byte for byte.
    pub n_unchanged: u64,
    /// Records put aside because they could not be read.
    pub n_quarantined: u64,
    /// Records that were stored and are gone.
    pub n_gone: u64,
    /// Conversations of which the API shows only the most recent parts, so that some are missing.
    pub n_truncated: u64,
    /// The first records put aside; see [`StreamReport::n_quarantined`] for how many there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub put_aside: Vec<PutAside>,
    /// What could not be fetched and is tried again by the next run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_behind: Option<String>,
    /// Why the stream was not read to its end: the next run goes on where this one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broke_off_because: Option<String>,
    /// Why records that a whole walk did not meet were kept all the same: too many were missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept_because: Option<String>,
    /// Why the stream was left out, when it was: the token lacks a permission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped_because: Option<String>,
}

impl StreamReport {
    /// Nothing fetched yet.
    pub(crate) fn new(stream: Stream) -> Self {
        Self {
            stream,
            n_pages: 0,
            n_fetched: 0,
            n_inserted: 0,
            n_changed: 0,
            n_unchanged: 0,
            n_quarantined: 0,
            n_gone: 0,
            n_truncated: 0,
            put_aside: Vec::new(),
            left_behind: None,
            broke_off_because: None,
            kept_because: None,
            skipped_because: None,
        }
    }

    /// Counts a record that was put aside, and names it while few are named.
    pub(crate) fn put_aside(&mut self, entry: &Quarantined) {
        self.n_quarantined += 1;
        if self.put_aside.len() < NAMED {
            let (id, reason) = (entry.record_id.clone(), entry.reason.clone());
            self.put_aside.push(PutAside { id, reason });
        }
    }

    /// Whether another run could bring what this one has not.
    fn fell_short(&self) -> bool {
        [&self.broke_off_because, &self.kept_because, &self.left_behind]
            .into_iter()
            .any(Option::is_some)
    }

    /// What is missing of the stream, a sentence each, without the records put aside; empty when
    /// nothing is.
    pub fn shortfalls(&self) -> Vec<String> {
        let stream = self.stream;
        let skipped = self.skipped_because.as_ref();
        let broke_off = self.broke_off_because.as_ref();
        let kept = self.kept_because.as_ref();
        let left_behind = self.left_behind.as_ref();
        let sentences = [
            skipped.map(|reason| format!("{stream} left out: {reason}")),
            broke_off.map(|reason| format!("{stream} not read to the end: {reason}")),
            kept.map(|reason| {
                format!("{stream}: {reason}; nothing was taken for gone; {KEPT_REMEDY}")
            }),
            left_behind.map(|what| format!("{stream}: {what}")),
        ];
        sentences.into_iter().flatten().collect()
    }
}

/// Whether the [shortfalls](StreamReport::shortfalls) of a run, joined as they are noted with it,
/// tell of something that another run could bring: what the token may not read, none does.
pub(crate) fn tells_of_more_to_bring(detail: &str) -> bool {
    let is_short = |sentence: &str, stream: &Stream| {
        let rest = sentence.strip_prefix(stream.name());
        rest.is_some_and(|rest| {
            rest.starts_with(": ") || rest.starts_with(" not read to the end: ")
        })
    };
    detail.split("; ").any(|sentence| Stream::ALL.iter().any(|stream| is_short(sentence, stream)))
}

/// A record that was put aside or skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PutAside {
    /// Its id, when it shows one.
    pub id: Option<String>,
    /// What is wrong with it; never a value of it.
    pub reason: String,
}

/// Changed contacts that stand for no customer.
///
/// The default is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// How many there are.
    pub n: u64,
    /// The first of them, with the reason.
    pub named: Vec<PutAside>,
}

impl Skipped {
    pub(crate) fn add(&mut self, id: &str, reason: NoEmail) {
        self.n += 1;
        if self.named.len() < NAMED {
            self.named.push(PutAside { id: Some(id.to_owned()), reason: reason.to_string() });
        }
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.n += other.n;
        self.named.extend(other.named);
        self.named.truncate(NAMED);
    }
}

/// An alert and the customer it is about.
///
/// `Debug` and `Serialize` do not show who it is.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct CustomerAlert {
    /// The customer's key: the e-mail address in lower case.
    #[serde(skip)]
    pub email: String,
    /// What became true.
    pub alert: Alert,
}

impl fmt::Debug for CustomerAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerAlert").field("alert", &self.alert).finish_non_exhaustive()
    }
}

/// The success metrics of a run, under the names that dashboards read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Metrics {
    /// Customers written: the sum of the next two.
    pub contacts_synced: u64,
    /// Customers that did not exist before.
    pub new_contacts: u64,
    /// Customers that changed.
    pub updated_contacts: u64,
    /// Changed contacts that have no usable e-mail address; they stay in the mirror.
    pub skipped_contacts: u64,
    /// Records put aside, and streams of which something is missing.
    pub errors: u64,
    /// Seconds from start to end, to the tenth.
    pub sync_duration_seconds: f64,
    /// The mean quality score of all customers, 0 to 100, to the tenth; absent without customers.
    pub avg_quality_score: Option<f64>,
}

/// What a run did.
#[derive(Debug, Clone, PartialEq)]
pub struct RunReport {
    /// When the run started.
    pub started_at: DateTime<Utc>,
    /// How long it took.
    pub took_for: Duration,
    /// Every stream in the order pulled.
    pub streams: Vec<StreamReport>,
    /// The success metrics.
    pub metrics: Metrics,
    /// The contacts that [`Metrics::skipped_contacts`] counts.
    pub skipped: Skipped,
    /// What earlier runs have put aside of these streams, and nobody could read since.
    pub still_aside: StillAside,
    /// What should be told.
    pub alerts: Vec<CustomerAlert>,
    /// What is told in one, when the run has written a digest.
    pub digest: Option<Digest>,
}

/// What is told of many customers at once, with the first load or after a change of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digest {
    /// What has found it.
    pub cause: DigestCause,
    /// How many conditions last, each of a customer.
    pub n_conditions: u64,
}

impl RunReport {
    /// Whether every stream was read, no record put aside and nothing missing left unexplained;
    /// what earlier runs have put aside is not this one's.
    pub fn is_complete(&self) -> bool {
        self.metrics.errors == 0
    }

    /// Whether nothing is left behind, by this run or an earlier one.
    pub fn leaves_nothing_behind(&self) -> bool {
        self.is_complete() && self.still_aside.n == 0
    }

    /// Whether another run could bring what this one has not: records put aside, and streams that
    /// the token may not read, stay as they are.
    pub(crate) fn fell_short(&self) -> bool {
        self.streams.iter().any(StreamReport::fell_short)
    }

    /// The report of one stream.
    pub fn stream(&self, stream: Stream) -> Option<&StreamReport> {
        self.streams.iter().find(|report| report.stream == stream)
    }

    /// Records the API returned, over all streams.
    pub fn n_fetched(&self) -> u64 {
        self.streams.iter().map(|stream| stream.n_fetched).sum()
    }

    /// Records stored or changed, over all streams.
    pub fn n_written(&self) -> u64 {
        self.streams.iter().map(|stream| stream.n_inserted + stream.n_changed).sum()
    }

    /// The log entry; its `Display` has several lines.
    pub fn log_entry(&self) -> LogEntry<'_> {
        LogEntry(self)
    }
}

/// The log entry of a run: a heading with the time it ended, and five lines.
#[derive(Debug, Clone, Copy)]
pub struct LogEntry<'a>(&'a RunReport);

impl fmt::Display for LogEntry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LogEntry(report) = self;
        let metrics = &report.metrics;
        let ended_at = report.started_at + report.took_for;
        let outcome = if report.is_complete() { "completed" } else { "completed in part" };
        writeln!(f, "[{}] Intercom sync {outcome}", ended_at.format("%Y-%m-%d %H:%M:%S"))?;
        writeln!(f, "- Synced: {} contacts", metrics.contacts_synced)?;
        writeln!(
            f,
            "- New: {}, Updated: {}, Skipped: {}",
            metrics.new_contacts, metrics.updated_contacts, metrics.skipped_contacts
        )?;
        writeln!(f, "- Duration: {:.1}s", metrics.sync_duration_seconds)?;
        match metrics.avg_quality_score {
            Some(score) => writeln!(f, "- Quality: {score:.1} avg")?,
            None => writeln!(f, "- Quality: no customers")?,
        }
        write!(f, "- Alerts: {} generated", report.alerts.len())?;
        let Some(Digest { cause, n_conditions }) = report.digest else { return Ok(()) };
        let alerts = if n_conditions == 1 { "alert" } else { "alerts" };
        let cause = match cause {
            DigestCause::FirstLoad => "of the first load",
            DigestCause::ChangedRules => "after a change of the rules",
        };
        write!(f, ", {n_conditions} {alerts} {cause} in 1 digest")
    }
}
