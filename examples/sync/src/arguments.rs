//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand, ValueEnum};
use intercom_client::{Origin, Region};
use intercom_store::Stream;

const EXAMPLES: &str = "\
Examples:
  sync run                                       what changed since the last run
  sync run --full                                everything; finds what is deleted or merged
  sync run --streams contacts,companies --database postgres://user@host/name

  intercom-sim --listen 127.0.0.1:8700 &
  INTERCOM_ACCESS_TOKEN=any sync run --api-base http://127.0.0.1:8700

Environment, also read from the file .env: INTERCOM_ACCESS_TOKEN (or INTERCOM_API_KEY),
INTERCOM_API_BASE, INTERCOM_REGION (us, eu, au), INTERCOM_VERSION, INTERCOM_USER_AGENT_HEADER,
DATABASE_URL, REPORT_TIMEZONE. Flags outrank the environment, the environment outranks .env.

A settings file is TOML and holds what differs from the default:
  match_rule = \"users_first\"        # or \"seed\": the latest contact of an e-mail, lead or user
  overlap_for = 900                  # seconds an incremental query reaches back
  [attributes]                       # one name or several, the first that has a value is read
  stripe_customer_id = \"stripe_id\"
  subscriptions = [\"Stripe Subscriptions\", \"stripe_subscriptions\"]
  [revenue]                          # fields of intercom_revenue::RevenueSettings
  preset = \"stripe\"
  [alerts]                           # fields of intercom_revenue::AlertThresholds
  large_change_above_percent = 50

Exit status: 0 done, 1 failed or something was left behind, 2 bad arguments.";

const RUNNING: &str = "\
Examples:
  sync run
  sync run --full --streams contacts
  sync run --dry-run

The success metrics are one JSON object on standard output; the log entry and what was left behind
are on standard error. Ctrl-C ends the run at its last committed page, and the same command goes on
there. A workspace has one run at a time.

--dry-run asks how many records each stream would fetch, with one call a stream, and writes nothing.";

/// A workspace mirrored into SQLite or PostgreSQL, with customers made of it.
#[derive(Parser, Debug)]
#[command(name = "sync", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) common: Common,
}

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Common {
    /// Where the mirror is stored [default: `DATABASE_URL`, or `sqlite://intercom.db`].
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,

    /// Scheme, host and port of the API, such as `http://127.0.0.1:8700` [default: the region's].
    #[arg(long, global = true, value_name = "URL", conflicts_with = "region", value_parser = origin)]
    pub(crate) api_base: Option<Origin>,

    /// Where the workspace's data is kept: us, eu or au [default: us].
    #[arg(long, global = true, value_name = "REGION", value_parser = region)]
    pub(crate) region: Option<Region>,

    /// Attribute names, revenue policy, alerts and limits, as TOML; see below.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// The zone whose days the daily history counts [default: the workspace's].
    #[arg(long, global = true, value_name = "TZ")]
    pub(crate) timezone: Option<Tz>,

    /// The time (RFC 3339), which stands still; the system's clock when absent.
    #[arg(long, global = true, value_name = "T", value_parser = instant)]
    pub(crate) now: Option<DateTime<Utc>>,

    /// How logs are written to standard error.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Read what changed, or everything, into the database, and refresh the customers.
    #[command(after_help = RUNNING, after_long_help = RUNNING)]
    Run(Run),
}

/// Read what changed, or everything, into the database, and refresh the customers.
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Read everything; what is stored and no more there is buried.
    #[arg(long)]
    pub(crate) full: bool,

    /// The streams to read, with commas between them; all when left out.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = stream)]
    pub(crate) streams: Vec<Stream>,

    /// How long another run waits for this one when it has died, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) lease_for: u64,

    /// Take in the token's workspace beside others that the database mirrors; refused without this.
    #[arg(long)]
    pub(crate) add_workspace: bool,

    /// Ask how much would be fetched, and write nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    let at = DateTime::parse_from_rfc3339(text).map_err(|error| error.to_string())?;
    Ok(at.to_utc())
}

fn origin(text: &str) -> Result<Origin, String> {
    Origin::parse(text).map_err(|error| error.to_string())
}

fn region(text: &str) -> Result<Region, String> {
    text.parse::<Region>().map_err(|error| error.to_string())
}

fn stream(text: &str) -> Result<Stream, String> {
    let known = Stream::ALL.into_iter().find(|stream| stream.name() == text.trim());
    known.ok_or_else(|| {
        let names = Stream::ALL.map(Stream::name);
        format!("the streams are {}", names.join(", "))
    })
}
