//! The command line, and what is said of a bad one.

use std::process::ExitCode;

use clap::Parser;

use intercom_text::printable_lines;

use crate::complain;

/// The arguments of the program. Help goes to standard output, and ends the program with 0.
///
/// # Errors
/// The exit code of bad arguments, which have been told on standard error.
pub fn parse<A: Parser>() -> Result<A, ExitCode> {
    A::try_parse().map_err(|error| {
        let told = error.render().to_string();
        // What was typed may steer a terminal; where it does not, clap colours it.
        if !error.use_stderr() || told == printable_lines(&told) {
            error.exit()
        }
        complain(told.trim_end());
        ExitCode::from(2)
    })
}
