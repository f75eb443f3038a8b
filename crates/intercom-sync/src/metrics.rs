//! What a process that runs by the clock has done, in the form that Prometheus reads.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use intercom_client::Usage;
use intercom_store::{Backlog, Stream};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::error::SyncError;
use crate::report::{RunReport, StreamReport};

/// The media type of [`RunMetrics::encode`].
pub const METRICS_MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Float = Gauge<f64, AtomicU64>;

/// Counters and gauges of one process; the names begin with `intercom_sync_`.
pub struct RunMetrics {
    registry: Registry,
    runs: Family<OutcomeLabel, Counter>,
    records: Family<RecordLabels, Counter>,
    customers: Counter,
    alerts: Counter,
    calls: Counter,
    throttled: Counter,
    failed_calls: Counter,
    waits: Counter,
    waited_for: Counter<f64, AtomicU64>,
    lag: Family<StreamLabel, Float>,
    quarantine: Gauge,
    outbox: Family<StateLabel, Gauge>,
    last_run_took: Float,
    last_success: Float,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabel {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RecordLabels {
    stream: &'static str,
    effect: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StreamLabel {
    stream: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

impl Default for RunMetrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix("intercom_sync"),
            runs: Family::default(),
            records: Family::default(),
            customers: Counter::default(),
            alerts: Counter::default(),
            calls: Counter::default(),
            throttled: Counter::default(),
            failed_calls: Counter::default(),
            waits: Counter::default(),
            waited_for: Counter::default(),
            lag: Family::default(),
            quarantine: Gauge::default(),
            outbox: Family::default(),
            last_run_took: Gauge::default(),
            last_success: Gauge::default(),
        };
        for outcome in ["done", "partial", "failed"] {
            // An outcome that has not occurred is 0, not absent.
            drop(metrics.runs.get_or_create(&OutcomeLabel { outcome }));
        }
        metrics.registered()
    }
}

impl RunMetrics {
    fn registered(mut self) -> Self {
        let all = &mut self.registry;
        all.register("runs", "Runs by outcome", self.runs.clone());
        all.register("records", "Records by stream and effect", self.records.clone());
        all.register("customers_written", "Customers written", self.customers.clone());
        all.register("alerts", "Alerts generated", self.alerts.clone());
        all.register("calls", "Attempts sent to the API", self.calls.clone());
        let throttled = "Attempts answered with 429";
        all.register("calls_throttled", throttled, self.throttled.clone());
        let failed = "Attempts answered with 5xx or not at all";
        all.register("calls_failed", failed, self.failed_calls.clone());
        let waits = "Attempts that waited for the rate limit";
        all.register("rate_limit_waits", waits, self.waits.clone());
        let waited = "The sum of these waits";
        let name = "rate_limit_wait";
        all.register_with_unit(name, waited, Unit::Seconds, self.waited_for.clone());
        let lag = "Time since the instant up to which a stream has been read";
        all.register_with_unit("lag", lag, Unit::Seconds, self.lag.clone());
        let quarantine = "Records put aside because they cannot be read";
        all.register("quarantine_records", quarantine, self.quarantine.clone());
        let outbox = "Effects in the outbox by state";
        all.register("outbox_effects", outbox, self.outbox.clone());
        let took = "How long the last run took";
        all.register_with_unit("last_run", took, Unit::Seconds, self.last_run_took.clone());
        let success = "When a run last left nothing behind, in Unix time";
        let name = "last_success_timestamp";
        all.register_with_unit(name, success, Unit::Seconds, self.last_success.clone());
        self
    }

    /// Counts a run that came to its end, or did not.
    pub fn count_run(&self, ended_at: DateTime<Utc>, ended: &Result<RunReport, SyncError>) {
        let report = match ended {
            Ok(report) => report,
            Err(SyncError::Stopped) => return,
            Err(_) => {
                self.runs.get_or_create(&OutcomeLabel { outcome: "failed" }).inc();
                return;
            }
        };
        let outcome = if report.is_complete() { "done" } else { "partial" };
        self.runs.get_or_create(&OutcomeLabel { outcome }).inc();
        for stream in &report.streams {
            self.count_records(stream);
        }
        self.customers.inc_by(report.metrics.contacts_synced);
        self.alerts.inc_by(report.alerts.len() as u64);
        self.last_run_took.set(report.took_for.as_secs_f64());
        if report.is_complete() {
            self.set_last_success(ended_at);
        }
    }

    fn count_records(&self, report: &StreamReport) {
        let stream = report.stream.name();
        for (effect, n) in [
            ("inserted", report.n_inserted),
            ("changed", report.n_changed),
            ("unchanged", report.n_unchanged),
            ("quarantined", report.n_quarantined),
            ("gone", report.n_gone),
        ] {
            self.records.get_or_create(&RecordLabels { stream, effect }).inc_by(n);
        }
    }

    /// Takes over what the client has counted.
    pub fn set_usage(&self, usage: &Usage) {
        self.calls.inner().store(usage.n_calls, Ordering::Relaxed);
        self.throttled.inner().store(usage.n_throttled, Ordering::Relaxed);
        self.failed_calls.inner().store(usage.n_failed, Ordering::Relaxed);
        self.waits.inner().store(usage.n_waits, Ordering::Relaxed);
        let seconds = usage.waited_for.as_secs_f64();
        self.waited_for.inner().store(seconds.to_bits(), Ordering::Relaxed);
    }

    /// Takes over what waits in the store.
    pub fn set_backlog(&self, backlog: &Backlog) {
        self.quarantine.set(backlog.n_quarantined);
        let states =
            [("due", backlog.n_due), ("claimed", backlog.n_claimed), ("dead", backlog.n_dead)];
        for (state, n) in states {
            self.outbox.get_or_create(&StateLabel { state }).set(n);
        }
    }

    /// Sets how far behind a stream is, in seconds.
    pub fn set_lag(&self, stream: Stream, seconds: i64) {
        #[expect(clippy::cast_precision_loss, reason = "seconds of a few years")]
        self.lag.get_or_create(&StreamLabel { stream: stream.name() }).set(seconds as f64);
    }

    /// Sets when a run last left nothing behind; earlier processes' runs count, too.
    pub fn set_last_success(&self, at: DateTime<Utc>) {
        #[expect(clippy::cast_precision_loss, reason = "seconds are exact for ages to come")]
        self.last_success.set(at.timestamp() as f64);
    }

    /// Everything, as text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a text cannot fail");
        text
    }
}

impl fmt::Debug for RunMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunMetrics").finish_non_exhaustive()
    }
}
