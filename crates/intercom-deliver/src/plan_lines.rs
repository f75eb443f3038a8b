//! Plans of a whole file, on all cores, in the order of the lines.

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use intercom_transform::Settings;

use crate::error::Error;
use crate::lines::{Batch, Batches, Fill};
use crate::planned::{Answers, Rendered, Renderer};

/// Batches that wait for a worker, and batches of a worker that wait to be written.
const QUEUED: usize = 1;

/// How many lines were read, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PlanCounts {
    /// All lines.
    pub n_lines: u64,
    /// Lines that became plans.
    pub n_planned: u64,
    /// Lines that cannot be delivered.
    pub n_rejected: u64,
}

/// A batch as it is written.
struct Written {
    text: Vec<u8>,
    counts: PlanCounts,
}

/// Reads events, one JSON object a line, and writes for each line what would be sent.
///
/// The output has the order of the input and depends on nothing else, whatever the number of
/// `workers`; blank lines are left out. `told` hears of the counts so far.
///
/// Events that plans of the same batch know of are those of the same 4096 lines or half a megabyte.
///
/// # Errors
/// [`Error::Read`], [`Error::Write`] and [`Error::Build`]; a bad line is not an error, it is
/// written as a rejection.
pub fn plan_lines<R: Read + Send>(
    input: R,
    output: &mut impl Write,
    settings: &Settings,
    answers: &Answers,
    workers: NonZeroUsize,
    told: &mut dyn FnMut(PlanCounts),
) -> Result<PlanCounts, Error> {
    thread::scope(|scope| {
        let mut to_workers = Vec::new();
        let mut from_workers = Vec::new();
        for _ in 0..workers.get() {
            let (to_worker, batches) = sync_channel(QUEUED);
            let (done, from_worker) = sync_channel(QUEUED);
            scope.spawn(move || work(&batches, &done, settings, answers));
            to_workers.push(to_worker);
            from_workers.push(from_worker);
        }
        let reader = scope.spawn(move || deal(input, &to_workers));
        let written = write_in_turn(&from_workers, output, told);
        // Workers whose results nobody takes any more end, and so does the reader.
        drop(from_workers);
        let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        // What could not be written outranks that nobody took the batches any more.
        let counts = written?;
        read?;
        Ok(counts)
    })
}

/// Gives the batches to the workers in turn, so that the results need no sorting.
fn deal<R: Read>(input: R, to_workers: &[SyncSender<Batch>]) -> Result<(), Error> {
    let mut batches = Batches::new(input);
    for worker in to_workers.iter().cycle() {
        let batch = batches.next_batch(Fill::Full).map_err(|source| Error::Read { source })?;
        if batch.is_empty() || worker.send(batch).is_err() {
            break;
        }
    }
    Ok(())
}

fn work(
    batches: &Receiver<Batch>,
    done: &SyncSender<Result<Written, Error>>,
    settings: &Settings,
    answers: &Answers,
) {
    let mut renderer = Renderer::new(settings, answers);
    for batch in batches {
        let written = render(&mut renderer, &batch);
        if done.send(written).is_err() {
            break;
        }
    }
}

fn render(renderer: &mut Renderer<'_>, batch: &Batch) -> Result<Written, Error> {
    let (mut text, mut counts) = (Vec::new(), PlanCounts::default());
    renderer.begin_batch();
    for (number, line) in batch.iter() {
        let rendered = renderer
            .render(number, line, &mut text)
            .map_err(|source| Error::Build { line: number, source })?;
        counts.n_lines += 1;
        match rendered {
            Rendered::Planned => counts.n_planned += 1,
            Rendered::Rejected => counts.n_rejected += 1,
            Rendered::Blank => {}
        }
    }
    Ok(Written { text, counts })
}

/// Takes the workers' batches in turn, as they were dealt.
fn write_in_turn(
    from_workers: &[Receiver<Result<Written, Error>>],
    output: &mut impl Write,
    told: &mut dyn FnMut(PlanCounts),
) -> Result<PlanCounts, Error> {
    let lost = |source| Error::Write { what: "the output", source };
    let mut counts = PlanCounts::default();
    for worker in from_workers.iter().cycle() {
        let Ok(written) = worker.recv() else { break };
        let written = written?;
        output.write_all(&written.text).map_err(lost)?;
        counts.n_lines += written.counts.n_lines;
        counts.n_planned += written.counts.n_planned;
        counts.n_rejected += written.counts.n_rejected;
        told(counts);
    }
    output.flush().map_err(lost)?;
    Ok(counts)
}
