//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  deliver plan < events.ndjson > plans.ndjson
  deliver plan --assume missing --settings deliver.toml < events.ndjson
  deliver send --dry-run < events.ndjson
  deliver send --journal sent.journal --rejected rejected.ndjson < events.ndjson > outcomes.ndjson

  intercom-sim --listen 127.0.0.1:8700 &
  INTERCOM_ACCESS_TOKEN=any deliver send --base-url http://127.0.0.1:8700 < events.ndjson

Environment, also read from the file .env: INTERCOM_ACCESS_TOKEN (or INTERCOM_API_KEY),
INTERCOM_VERSION, INTERCOM_API_BASE, INTERCOM_REGION (us, eu, au), INTERCOM_USER_AGENT_HEADER.
Flags outrank the environment, the environment outranks .env, and all outrank the settings file.

Exit status: 0 done, 1 failed or something was left behind, 2 bad arguments.";

const SETTINGS: &str = "\
Events are JSON objects, one a line, in the Segment and RudderStack specification. Blank lines are
left out; a line of more than 10 MB is a bad line like others.

A settings file is TOML and holds what differs from the profile:
  profile = \"recommended\"            # or \"rudderstack\", for moving over without a change
  version = \"2.16\"                   # \"1.4\" writes users, later versions contacts
  region = \"eu\"                      # us, eu, au
  lookup_field = \"email\"
  send_anonymous_id = false
  unknown_users = \"create\"           # or \"abort\"
  identify_company = \"attach\"        # or \"ignore\"
  undated_events = \"now\"             # at --now or the clock's time; \"refuse\", \"as_sent\"
  one_time_attributes = [\"opened_tour\"]
  [attributes]                       # what becomes of values that Intercom refuses
  lists = \"drop\"                     # keep, flatten, drop, as_text
  long_texts = \"cut\"                 # keep, drop, cut
  [metadata]                         # properties of events
  max_keys = 5                       # up to 10; 0 sends all
  priority = [\"plan\"]
The documentation of intercom_transform::Settings names all fields.";

const SENDING: &str = "\
Events of one user (userId, else anonymousId, else e-mail) are sent in order, one after the other.
Every line has an outcome on standard output, in the order in which they end: delivered, rejected
or aborted with the reason, or left_behind.

While the API refuses the token (401) or what it wants to do (402, 403: a scope is missing), limits
the rate (429), fails (5xx) or cannot be reached, everything waits, and standard error says for what
and until when. An event that alone fails again and again is left behind with the later ones of its
user. Whatever is left behind or rejected makes the exit status 1.

The journal knows lines by their number and text: lines may be added at the end of the input, but
not changed. Ctrl-C finishes the lines in flight; the journal also bears being killed.";

/// Customer-data events become requests to Intercom: shown, or sent.
#[derive(Parser, Debug)]
#[command(name = "deliver", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// How logs are written to standard error.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: LogFormat,

    /// The time at the start (RFC 3339), the system's clock when absent. Waits are told from it, and
    /// events that say nowhere when they were are taken to have been then.
    #[arg(long, global = true, value_name = "T", value_parser = instant)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Write for each event what would be sent; no token, no call.
    #[command(after_help = SETTINGS, after_long_help = SETTINGS)]
    Plan(Plan),
    /// Send events, each user's in order.
    #[command(after_help = SENDING, after_long_help = SENDING)]
    Send(Send),
}

/// Write for each event what would be sent; no token, no call.
#[derive(Args, Debug)]
pub(crate) struct Plan {
    /// How events become requests; see below.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// Answer requests from this file: one JSON object a line with `method`, `path`, `status`,
    /// `body`, `headers`, and `body_contains` where the request's body decides.
    #[arg(long, value_name = "FILE", conflicts_with = "assume")]
    pub(crate) replies: Option<PathBuf>,

    /// What look-ups are taken to find; both, one after the other, when left out.
    #[arg(long, value_name = "WHAT")]
    pub(crate) assume: Option<Assume>,

    /// Threads that plan; as many as there are processors when left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
}

/// Send events, each user's in order.
#[derive(Args, Debug)]
pub(crate) struct Send {
    /// How events become requests; see `deliver plan --help`.
    #[arg(long, value_name = "FILE")]
    pub(crate) settings: Option<PathBuf>,

    /// Write what would be sent, as `deliver plan` does; no token, no call, no file is changed.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Lines that are finished, so that the same command goes on where it ended. The file is made
    /// when there is none.
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,

    /// Where rejected events go, each with its reason; appended to what is there.
    #[arg(long, value_name = "FILE")]
    pub(crate) rejected: Option<PathBuf>,

    /// Scheme, host and port of the API, such as `http://127.0.0.1:8700`.
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// How many users' events are under way at the same time, within the rate limit.
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,

    /// How long nothing may succeed before the rest is left behind, in seconds.
    #[arg(long, value_name = "S", default_value_t = 3600)]
    pub(crate) max_pause: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Assume {
    /// Whoever is looked up exists.
    Found,
    /// Nobody is found.
    Missing,
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
