//! What a run would send, without a client.

use std::io::{Read, Write};

use intercom_transform::Settings;

use crate::error::Error;
use crate::journal::{Journal, hash};
use crate::lines::{Batches, Fill, Line};
use crate::plan_lines::PlanCounts;
use crate::planned::{Answers, Rendered, Renderer};

/// Writes what a run would send, as [`plan_lines`](crate::plan_lines()) does, without the lines
/// that earlier runs finished. The journal stays as it is.
///
/// # Errors
/// [`Error::Read`], [`Error::Write`], [`Error::Build`] and [`Error::Changed`].
pub fn dry_run(
    input: impl Read,
    output: &mut impl Write,
    settings: &Settings,
    answers: &Answers,
    journal: Option<Journal>,
) -> Result<PlanCounts, Error> {
    let (finished, _) = journal.map(Journal::into_parts).unwrap_or_default();
    let lost = |source| Error::Write { what: "the output", source };
    let mut batches = Batches::new(input);
    let mut renderer = Renderer::new(settings, answers);
    let (mut counts, mut text) = (PlanCounts::default(), Vec::new());
    loop {
        let batch = batches.next_batch(Fill::Full).map_err(|source| Error::Read { source })?;
        if batch.is_empty() {
            break;
        }
        renderer.begin_batch();
        for (number, line) in batch.iter() {
            counts.n_lines += 1;
            let hash = match line {
                Line::Text(text) => hash(text),
                Line::TooLong { bytes } => hash(&bytes.to_be_bytes()),
            };
            let is_finished = finished.holds(number, hash)?;
            text.clear();
            let rendered = renderer
                .render(number, line, &mut text)
                .map_err(|source| Error::Build { line: number, source })?;
            if is_finished {
                continue;
            }
            match rendered {
                Rendered::Planned => counts.n_planned += 1,
                Rendered::Rejected => counts.n_rejected += 1,
                Rendered::Blank => {}
            }
            output.write_all(&text).map_err(lost)?;
        }
    }
    output.flush().map_err(lost)?;
    Ok(counts)
}
