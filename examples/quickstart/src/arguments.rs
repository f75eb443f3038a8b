//! The command line.

use std::net::SocketAddr;

use chrono::{DateTime, Datelike, Utc};
use clap::{Parser, ValueEnum};

/// A whole Intercom integration in one process: an invented workspace, a sync of it into SQLite,
/// revenue figures and the caseload report. No account, no network, no flags needed.
#[derive(Parser, Debug)]
#[command(
    name = "quickstart",
    version,
    after_help = "Examples:\n  \
        quickstart                           sync, report, and keep syncing until Ctrl-C\n  \
        quickstart --once                    stop after the second sync\n  \
        quickstart --once --json             one JSON document on standard output\n  \
        quickstart --contacts 50000 --once   a larger workspace\n  \
        quickstart --listen 127.0.0.1:4010   also serve the workspace to curl\n\n\
        Exit status: 0 done, 1 failed or partial, 2 bad arguments."
)]
pub(crate) struct Arguments {
    /// Contacts of the invented workspace; it has four times as many conversations.
    #[arg(long, value_name = "N", default_value_t = 5_000,
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) contacts: u32,

    /// Stop after the second sync instead of syncing a living workspace every ten seconds.
    #[arg(long)]
    pub(crate) once: bool,

    /// Print JSON instead of tables: one document, then one line per later sync.
    #[arg(long)]
    pub(crate) json: bool,

    /// Also serve the workspace over HTTP on this loopback address.
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,

    /// Where to store the mirror; a temporary SQLite file when absent.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Seed of the invention: the same seed and time make the same workspace.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// The time to begin at (RFC 3339); the system's clock when absent. Given together with
    /// `--once`, the second sync is a minute later, as long as the first takes no longer.
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) now: Option<DateTime<Utc>>,

    /// How logs are written to standard error.
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

/// A time between 1970 and 2100: what the API's seconds and the invention can express.
fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    match at.year() {
        1970..2100 => Ok(at.to_utc()),
        _ => Err("not between 1970 and 2100".to_owned()),
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
