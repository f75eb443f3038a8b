//! How a run gets on: bars on a terminal, lines elsewhere, on standard error.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use intercom_store::Stream;
use intercom_sync::Progress;
use tokio::time::Instant;

use crate::arguments::LogFormat;
use crate::telling::{lasting, tell};

/// A line is written this often at most while a step goes on.
const A_LINE_EACH: Duration = Duration::from_secs(10);

/// There is no speed before this.
const FIRST_MEASURE: Duration = Duration::from_secs(1);

/// A progress that can be taken off the screen.
pub(crate) trait Told: Progress {
    /// Nothing more is shown.
    fn clear(&self) {}
}

/// Bars when somebody looks, lines otherwise.
pub(crate) fn on_stderr(format: LogFormat) -> Box<dyn Told> {
    match format {
        LogFormat::Text if std::io::stderr().is_terminal() => Box::new(Bars::default()),
        LogFormat::Text | LogFormat::Json => Box::new(Lines { format, steps: Mutex::default() }),
    }
}

/// A step that is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Stream(Stream),
    Projected,
    Customers,
}

impl Step {
    fn name(self) -> &'static str {
        match self {
            Self::Stream(stream) => stream.name(),
            Self::Projected => "projected",
            Self::Customers => "customers",
        }
    }
}

/// One bar per step, which appears with its first record.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    // Shared with whatever thread the run is polled on.
    shown: Mutex<BTreeMap<Step, ProgressBar>>,
}

impl Bars {
    /// The bar of a step, at what is done of it.
    fn at(&self, step: Step, done: u64) -> ProgressBar {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let bar = self.all.add(ProgressBar::no_length());
            bar.set_style(style(COUNTED));
            bar.set_prefix(step.name());
            // What came before the bar took a time that nobody knows.
            bar.set_position(done);
            bar.reset_eta();
            bar
        };
        let bar = shown.entry(step).or_insert_with(make).clone();
        bar.set_position(done);
        bar
    }
}

impl Progress for Bars {
    fn pulled(&self, stream: Stream, fetched: u64, total: Option<u64>) {
        let bar = self.at(Step::Stream(stream), fetched);
        if let Some(total) = total {
            if bar.length().is_none() {
                bar.set_style(style(MEASURED));
            }
            bar.set_length(total.max(fetched));
        }
    }

    fn finished(&self, stream: Stream, fetched: u64) {
        let bar = self.at(Step::Stream(stream), fetched);
        bar.set_style(style(MEASURED));
        bar.set_length(fetched);
        bar.abandon();
    }

    fn projected(&self, _: Stream, done: u64) {
        self.at(Step::Projected, done);
    }

    fn customers(&self, done: u64) {
        self.at(Step::Customers, done);
    }
}

impl Told for Bars {
    fn clear(&self) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.values().for_each(ProgressBar::finish_and_clear);
    }
}

/// Whole rows a second, once there is something to measure.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    if state.elapsed() >= FIRST_MEASURE {
        // A bar of which a part cannot be written is drawn without it.
        let _ = write!(out, "{:.0}/s", state.per_sec());
    }
}

/// How long the rest takes at that speed.
fn left(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    if state.elapsed() >= FIRST_MEASURE && !state.is_finished() && state.per_sec() > 0.0 {
        let _ = write!(out, "{} left", lasting(state.eta().as_secs()));
    }
}

/// What is shown of a step whose total is known.
const MEASURED: &str = "{prefix:>18} {bar:30} {human_pos:>9}/{human_len:<9} {rate:>14}  {left}";

/// What is shown of a step whose total nobody has announced: no bar, which would stay empty.
const COUNTED: &str = "{prefix:>18} {human_pos:>40} {rate:>24}";

fn style(columns: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(columns);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", rate)
        .with_key("left", left)
}

/// A line when a stream is complete, and now and then before.
struct Lines {
    format: LogFormat,
    // Shared with whatever thread the run is polled on.
    steps: Mutex<BTreeMap<Step, Times>>,
}

/// When a step began, and when it was last told of.
#[derive(Clone, Copy)]
struct Times {
    since: Instant,
    told_at: Instant,
}

impl Lines {
    fn times(&self, step: Step, with: impl FnOnce(&mut Times)) {
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        with(steps.entry(step).or_insert(Times { since: now, told_at: now }));
    }

    fn now_and_then(&self, step: Step, done: u64, total: Option<u64>) {
        self.times(step, |times| {
            if times.told_at.elapsed() >= A_LINE_EACH {
                times.told_at = Instant::now();
                tell(self.format, &line(step, done, total, times.since.elapsed()));
            }
        });
    }
}

impl Progress for Lines {
    fn pulled(&self, stream: Stream, fetched: u64, total: Option<u64>) {
        self.now_and_then(Step::Stream(stream), fetched, total);
    }

    fn finished(&self, stream: Stream, fetched: u64) {
        self.times(Step::Stream(stream), |times| {
            let seconds = times.since.elapsed().as_secs_f64();
            tell(self.format, &format!("{stream}: {fetched} fetched in {seconds:.1} s"));
        });
    }

    fn projected(&self, _: Stream, done: u64) {
        self.now_and_then(Step::Projected, done, None);
    }

    fn customers(&self, done: u64) {
        self.now_and_then(Step::Customers, done, None);
    }
}

impl Told for Lines {}

/// How far a step is, how fast, and how long it still takes at that speed.
fn line(step: Step, done: u64, total: Option<u64>, took_for: Duration) -> String {
    let per_second = done * 1000 / u64::try_from(took_for.as_millis()).unwrap_or(u64::MAX).max(1);
    let name = step.name();
    match total.and_then(|total| Some((total, total.saturating_sub(done).checked_div(per_second)?)))
    {
        Some((total, left)) => {
            let left = lasting(left);
            format!("{name}: {done} of {total}, {per_second} rows/s, {left} left")
        }
        None => format!("{name}: {done}, {per_second} rows/s"),
    }
}
