//! Standard output and standard error. What is said for people holds nothing that steers a terminal.

use std::io::{ErrorKind, Write};

use anyhow::Context;
use serde::Serialize;

use intercom_text::printable_lines;

/// Says lines on standard output. Whoever closed it has read enough: the work goes on.
///
/// # Errors
/// [`Unwritten`].
pub fn say(text: &str) -> anyhow::Result<()> {
    write(&printable_lines(text))
}

/// Says a value on standard output, as one line of JSON.
///
/// # Errors
/// As for [`say`].
pub fn say_json(value: &impl Serialize) -> anyhow::Result<()> {
    write(&serde_json::to_string(value)?)
}

/// Says lines on standard error. Where nobody can hear it, the work goes on.
pub fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable_lines(text));
}

fn write(text: &str) -> anyhow::Result<()> {
    match writeln!(std::io::stdout(), "{text}") {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        said => said.context(Unwritten),
    }
}

/// Standard output cannot be written.
#[derive(Debug)]
pub struct Unwritten;

impl std::fmt::Display for Unwritten {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("standard output cannot be written")
    }
}

impl Unwritten {
    /// Whether somebody closed standard output, which is no failure. A connection that breaks is
    /// another thing.
    #[must_use]
    pub fn is_closed(error: &anyhow::Error) -> bool {
        let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
        error.is::<Self>() && causes.any(|cause| cause.kind() == ErrorKind::BrokenPipe)
    }
}
