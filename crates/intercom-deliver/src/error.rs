//! What ends the work on a file of events.

use std::io;

use intercom_api::BuildError;

/// What ends the work on a file of events. A bad line is not among it.
///
/// Neither `Display` nor `Debug` shows a token or what an event holds.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot be used.
    #[error("the settings of events: {problem}")]
    Settings {
        /// What is wrong, with the path to it.
        problem: String,
    },
    /// A recorded answer cannot be read.
    #[error("recorded answers, line {line}")]
    Reply {
        /// The line, from 1.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// The input cannot be read on.
    #[error("the input cannot be read")]
    Read {
        /// Why.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("{what} cannot be written")]
    Write {
        /// Which output.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The journal cannot be opened.
    #[error("the journal cannot be opened")]
    Journal {
        /// Why.
        source: io::Error,
    },
    /// Another process writes the journal.
    #[error("the journal is in use by another process")]
    JournalInUse,
    /// The file named as the journal is something else.
    #[error("the file is no journal: line {line} is not one of a journal")]
    NotAJournal {
        /// The line of the file, from 1.
        line: u64,
    },
    /// A line is not the one that an earlier run finished under its number.
    #[error("line {line} is not the one that the journal says is finished; the input has changed")]
    Changed {
        /// The line of the input, from 1.
        line: u64,
    },
    /// A request cannot be built.
    #[error("line {line}: a request cannot be built")]
    Build {
        /// The line, from 1.
        line: u64,
        /// Why.
        source: BuildError,
    },
}

impl Error {
    /// Whether whoever reads the output has gone away.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Write { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }
}
