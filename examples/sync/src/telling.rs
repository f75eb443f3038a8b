//! What is said on standard error.

use std::io::Write;

use crate::arguments::LogFormat;

/// Says a sentence, as text or as a line of the log.
pub(crate) fn tell(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => complain(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// Says a sentence as text. Where nobody can hear it, the work goes on.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A number with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
