//! Lines in batches: input of any length in memory of a fixed size.

use std::io::{self, BufRead, BufReader, Read};

/// The longest line that is read, in bytes. Longer ones are skipped and reported.
pub const MAX_LINE_BYTES: usize = 10 * 1024 * 1024;

/// A batch ends behind the line that reaches one of these.
const BATCH_BYTES: usize = 512 * 1024;
const BATCH_LINES: usize = 4096;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of the input, without its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Text(&'a [u8]),
    /// The line was longer than [`MAX_LINE_BYTES`] and was not kept.
    TooLong {
        bytes: u64,
    },
}

impl Line<'_> {
    /// Whether there is nothing on the line but white space.
    pub(crate) fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.trim_ascii().is_empty())
    }
}

/// Lines that follow each other.
#[derive(Default)]
pub(crate) struct Batch {
    /// The number of the first line, from 1.
    first: u64,
    text: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
enum Entry {
    /// The line's text ends here.
    Text(usize),
    TooLong(u64),
}

impl Batch {
    /// The lines with their numbers, from 1.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Line<'_>)> {
        let mut start = 0;
        (self.first..).zip(&self.entries).map(move |(number, entry)| match *entry {
            Entry::Text(end) => {
                let text = &self.text[start..end];
                start = end;
                (number, Line::Text(text))
            }
            Entry::TooLong(bytes) => (number, Line::TooLong { bytes }),
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// When a batch ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    /// When it is full: the batches depend on the input alone.
    Full,
    /// When it is full, or the next line would have to be waited for.
    WhatIsThere,
}

/// Reads lines in batches.
pub(crate) struct Batches<R> {
    reader: BufReader<R>,
    n_read: u64,
}

impl<R: Read> Batches<R> {
    pub(crate) fn new(input: R) -> Self {
        Self { reader: BufReader::with_capacity(128 * 1024, input), n_read: 0 }
    }

    /// The next batch; an empty one at the end.
    pub(crate) fn next_batch(&mut self, fill: Fill) -> io::Result<Batch> {
        let mut batch = Batch { first: self.n_read + 1, ..Batch::default() };
        while batch.text.len() < BATCH_BYTES && batch.entries.len() < BATCH_LINES {
            let is_end = !self.read_line(&mut batch)?;
            if is_end || fill == Fill::WhatIsThere && self.reader.buffer().is_empty() {
                break;
            }
        }
        Ok(batch)
    }

    /// Reads one line; `false` at the end of the input.
    fn read_line(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let start = batch.text.len();
        let limit = MAX_LINE_BYTES as u64 + 1;
        let n_read = self.reader.by_ref().take(limit).read_until(b'\n', &mut batch.text)?;
        if n_read == 0 {
            return Ok(false);
        }
        let is_whole = batch.text.ends_with(b"\n");
        if is_whole {
            batch.text.pop();
        }
        if batch.text.len() - start > MAX_LINE_BYTES {
            batch.text.truncate(start);
            let n_skipped = self.reader.skip_until(b'\n')?;
            batch.entries.push(Entry::TooLong((n_read + n_skipped) as u64));
        } else {
            if self.n_read == 0 && batch.text.starts_with(BYTE_ORDER_MARK) {
                batch.text.drain(..BYTE_ORDER_MARK.len());
            }
            batch.entries.push(Entry::Text(batch.text.len()));
        }
        self.n_read += 1;
        Ok(true)
    }
}
