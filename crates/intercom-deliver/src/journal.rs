//! What is finished, so that a later run leaves it out.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::Error;

const HEADER: &[u8] = b"intercom-deliver journal 1\n";

/// Lines of the input in one block of memory.
const BLOCK: u64 = 1024;

/// The lines that earlier runs finished.
///
/// The file begins with a line that names it; then each line is the number of a line of the input,
/// a hash of its text and what became of it. It takes 8 bytes of memory for each finished line.
#[derive(Debug)]
pub struct Journal {
    finished: Finished,
    /// Where the next entry goes; `None` when the journal is only looked at.
    file: Option<File>,
}

/// Hashes by the number of the line; 0 is a line that is not finished.
#[derive(Debug, Default)]
pub(crate) struct Finished {
    blocks: BTreeMap<u64, Box<[u64]>>,
}

/// Writes entries.
pub(crate) struct JournalWriter {
    file: File,
}

impl Journal {
    /// Opens a journal, or begins one where there is no file. No other process can open it until
    /// this one has ended.
    ///
    /// What a process that was killed left of an entry is cut off.
    ///
    /// # Errors
    /// [`Error::Journal`], [`Error::JournalInUse`], and [`Error::NotAJournal`] for a file of
    /// another kind, which is left as it is.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let journal = |source| Error::Journal { source };
        let mut file =
            OpenOptions::new().read(true).append(true).create(true).open(path).map_err(journal)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::JournalInUse),
            Err(TryLockError::Error(source)) => return Err(journal(source)),
        }
        let (finished, n_bytes) = read(&file)?;
        file.set_len(n_bytes).map_err(journal)?;
        if n_bytes == 0 {
            file.write_all(HEADER).and_then(|()| file.sync_data()).map_err(journal)?;
        }
        Ok(Self { finished, file: Some(file) })
    }

    /// Reads a journal and leaves it alone; without a file, nothing is finished.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn look(path: &Path) -> Result<Self, Error> {
        let finished = match File::open(path) {
            Ok(file) => read(&file)?.0,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Finished::default(),
            Err(source) => return Err(Error::Journal { source }),
        };
        Ok(Self { finished, file: None })
    }

    pub(crate) fn into_parts(self) -> (Finished, Option<JournalWriter>) {
        (self.finished, self.file.map(|file| JournalWriter { file }))
    }
}

impl Finished {
    /// Whether an earlier run finished a line.
    ///
    /// # Errors
    /// [`Error::Changed`] when it finished another line under this number.
    pub(crate) fn holds(&self, line: u64, hash: u64) -> Result<bool, Error> {
        let block = self.blocks.get(&(line / BLOCK));
        match block.map_or(0, |block| block[index(line)]) {
            0 => Ok(false),
            known if known == hash => Ok(true),
            _ => Err(Error::Changed { line }),
        }
    }

    fn insert(&mut self, line: u64, hash: u64) {
        let empty = || vec![0; index(BLOCK - 1) + 1].into_boxed_slice();
        self.blocks.entry(line / BLOCK).or_insert_with(empty)[index(line)] = hash;
    }
}

impl JournalWriter {
    /// Writes entries and waits until they are on the disk.
    pub(crate) fn write(&mut self, entries: &[u8]) -> io::Result<()> {
        self.file.write_all(entries)?;
        self.file.sync_data()
    }
}

/// Writes an entry.
pub(crate) fn push_entry(out: &mut Vec<u8>, line: u64, hash: u64, became: &str) {
    // Memory takes every write.
    let _ = writeln!(out, "{line} {} {became}", hex::encode(hash.to_be_bytes()));
}

/// Tells a line from another that takes its place; never 0.
pub(crate) fn hash(text: &[u8]) -> u64 {
    let digest = Sha256::digest(text);
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte)).max(1)
}

fn index(line: u64) -> usize {
    usize::try_from(line % BLOCK).expect("less than a block")
}

/// The finished lines, and how many bytes of the file are whole.
fn read(file: &File) -> Result<(Finished, u64), Error> {
    let read = |source| Error::Journal { source };
    let mut reader = BufReader::new(file);
    let mut header = Vec::new();
    reader.by_ref().take(HEADER.len() as u64).read_to_end(&mut header).map_err(read)?;
    if header != HEADER {
        return match HEADER.starts_with(&header) {
            true => Ok((Finished::default(), 0)),
            false => Err(Error::NotAJournal { line: 1 }),
        };
    }
    let (mut finished, mut n_bytes) = (Finished::default(), HEADER.len() as u64);
    let mut entry = Vec::new();
    for line in 2.. {
        entry.clear();
        reader.by_ref().take(4096).read_until(b'\n', &mut entry).map_err(read)?;
        let Some(whole) = entry.strip_suffix(b"\n") else {
            // A file of another kind has long lines; an entry that was cut off is short.
            if entry.len() == 4096 {
                return Err(Error::NotAJournal { line });
            }
            break;
        };
        let (number, hash) = parse(whole).ok_or(Error::NotAJournal { line })?;
        finished.insert(number, hash);
        n_bytes += entry.len() as u64;
    }
    Ok((finished, n_bytes))
}

fn parse(entry: &[u8]) -> Option<(u64, u64)> {
    let mut parts = std::str::from_utf8(entry).ok()?.split(' ');
    let (number, hash, _) = (parts.next()?, parts.next()?, parts.next()?);
    let hash = u64::from_str_radix(hash, 16).ok().filter(|hash| *hash != 0)?;
    Some((number.parse().ok()?, hash))
}
