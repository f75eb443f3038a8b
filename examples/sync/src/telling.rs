//! What is said on standard error.

use program::complain;

use crate::arguments::LogFormat;

/// Says a sentence, as text or as a line of the log.
pub(crate) fn tell(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => complain(text),
        LogFormat::Json => tracing::info!("{text}"),
    }
}

/// A number with its noun.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
