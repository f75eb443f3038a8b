//! What is said on standard error.

use crate::arguments::LogFormat;

/// Says a sentence, as text or as a line of the log.
pub(crate) fn tell(format: LogFormat, text: &str) {
    match format {
        LogFormat::Text => eprintln!("{text}"),
        LogFormat::Json => tracing::info!("{text}"),
    }
}
