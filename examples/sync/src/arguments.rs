//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use chrono_tz::Tz;
use clap::{Args, Parser, Subcommand, ValueEnum};
use intercom_client::{Origin, Region};
use intercom_store::Stream;
use intercom_sync::Schedule;

const EXAMPLES: &str = "\
Examples:
  sync check                                     whether a run can work, and what to do if not
  sync run                                       what changed since the last run
  sync run --full                                everything; finds what is deleted or merged
  sync run --streams contacts,companies --database postgres://user@host/name
  sync watch --metrics-listen 127.0.0.1:9187     every six hours, everything on Sundays
  sync status
  sync verify --repair                           every record of the workspace against the store
  sync movements --from 2026-01-01 --to 2026-01-31
  sync export --format csv > customers.csv
  sync settings > sync.toml                      every setting with its default and its meaning
  sync forget jo@example.com                     shows what is known; --yes erases it

  intercom-sim --listen 127.0.0.1:8700 &
  INTERCOM_ACCESS_TOKEN=any sync run --api-base http://127.0.0.1:8700

Environment, also read from the file .env: INTERCOM_ACCESS_TOKEN (or INTERCOM_API_KEY),
INTERCOM_API_BASE, INTERCOM_REGION (us, eu, au), INTERCOM_VERSION, INTERCOM_USER_AGENT_HEADER,
DATABASE_URL, REPORT_TIMEZONE. Flags outrank the environment, the environment outranks .env.

A settings file is TOML and holds what differs from the default:
  match = \"users_first\"              # or \"seed\": the latest contact of an e-mail, lead or user
  overlap_for = 900                  # seconds an incremental query reaches back
  [attributes]                       # one name or several, the first that has a value is read
  stripe_customer_id = \"stripe_id\"
  subscriptions = [\"Stripe Subscriptions\", \"stripe_subscriptions\"]
  [revenue]                          # how subscriptions and payments become MRR, ARR and LTV
  preset = \"stripe\"
  [alerts]                           # in smallest units, for each currency; others have no limit
  high_value_above = [{ minor = 50000, currency = \"USD\" }, { minor = 45000, currency = \"EUR\" }]
`sync settings` prints such a file with every setting.

Exit status: 0 done, 1 failed or something was left behind, 2 bad arguments.";

const RUNNING: &str = "\
Examples:
  sync run
  sync run --full --streams contacts
  sync run --dry-run

The success metrics are one JSON object on standard output; the log entry and what was left behind
are on standard error. What earlier runs have put aside of these streams is named, too, and the exit
status is 1 until it can be read. Ctrl-C ends the run at its last committed page, and the same command goes on
there. A workspace has one run at a time.

--full reads every record and writes what differs from the digests that are stored, unless it claims
to be older than what is stored; parts are read of conversations that have changed. It makes rows of
contacts and customers again that others have deleted. It does not look at stored bodies: one that
the disk has lost or damaged, or that claims to be older, is found and mended by `sync verify
--repair`, and parts whose conversation did not change, such as those of an author who was renamed, by
`sync verify --repair --parts`.

--dry-run asks how many records each stream would fetch, with one call a stream, and writes nothing.";

const CHECKING: &str = "\
Examples:
  sync check
  sync check --json

✓ is as it should be, ! lacks something that stays empty, ✗ makes a run fail or leaves something
behind. Nothing is written but an empty database. Exit status: 0 without ✗, else 1.";

const WATCHING: &str = "\
Examples:
  sync watch
  sync watch --cron \"*/30 * * * *\" --full-cron \"0 3 * * SAT\" --metrics-listen 127.0.0.1:9187

A run that was due while nobody watched is made up for at once. A run over everything that did not
read everything is tried again with the next run. A run that fails is told on standard
error, and the next one is made when it is due. Ctrl-C and SIGTERM end the watch at the last
committed page. GET /metrics is for Prometheus; GET /healthz answers 200 while the store answers.";

const VERIFYING: &str = "\
Examples:
  sync verify
  sync verify --streams contacts --json
  sync verify --repair
  sync verify --streams conversation_parts

Every record of the workspace is compared with what is stored, and every stored body of them with
the digest it was stored with. What changed since the last run is shown, and no difference. Parts have no list: with --parts, or where --streams names them, every
stored conversation is asked for by itself, which at 10,000 calls a minute takes ten minutes for
100,000 of them. A repair writes the parts that differ, and reads everything else anew; bodies that are lost or
damaged are written again, too. Exit status: 0 when nothing differs, or no more after a repair,
else 1.";

const STATUS: &str = "\
Examples:
  sync status
  sync status --json

Nothing is asked of the API. A run is running while its process renews its lease, and interrupted
when the process died. The parts of conversations are as far behind as the conversations, or as the
change of the longest due of them. With several workspaces in the database all are shown.";

const EXPORTING: &str = "\
Examples:
  sync export --format csv > customers.csv
  sync export --format jsonl | head -1

Amounts are in major units of the currency, times RFC 3339. In CSV a text that a spreadsheet would
take for a formula begins with an apostrophe.";

const MOVING: &str = "\
Examples:
  sync movements
  sync movements --from 2026-01-01 --to 2026-01-31
  sync movements --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --json

From the MRR at the start to the MRR at the end, a waterfall for each currency, and how much was
retained: NRR, GRR. A day begins at midnight of --timezone, the settings' zone or the workspace's; the
last day is part of the period, an instant is not. What the first run found is \"opening\", what only
rates have moved \"exchange rates\", what changed settings made of the same records \"other rules\".
In JSON amounts are in smallest units and ratios are fractions. Nothing is asked of the API.
Exit status: 0, or 1 when customers were left out because their amounts do not fit.";

const SETTING: &str = "\
Example:
  sync settings > sync.toml
  sync run --settings sync.toml

What is printed is a settings file that says what holds without one; keep the lines that differ.";

const FORGETTING: &str = "\
Examples:
  sync forget jo@example.com
  sync forget 6500003149b6c129b3c90030 --yes

Contacts with this id, external id or e-mail address, those merged into them, their conversations as
a whole, their history, what is put aside, and messages in the outbox are erased (of a digest about
others, too, only the lines), and the customer that nobody else stands for. Later runs do not store
contacts with these ids again, nor conversations with them; whoever signs up anew with the same
address has another id, and is somebody new. Nothing is asked of the API, and Intercom keeps what it
has: delete the contact there, too. A journal of `deliver` names nobody: the number of a line, 8
bytes of a digest and what became of it. The events themselves are in its input and in the file of --rejected, which are yours.";

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
    /// Look at token, scopes, zone, dates, attributes and the database.
    #[command(after_help = CHECKING, after_long_help = CHECKING)]
    Check(Json),
    /// Run by the clock until stopped.
    #[command(after_help = WATCHING, after_long_help = WATCHING)]
    Watch(Watch),
    /// Show the last runs, how far behind each stream is, and what waits.
    #[command(after_help = STATUS, after_long_help = STATUS)]
    Status(Json),
    /// Compare every record of the workspace with the store.
    #[command(after_help = VERIFYING, after_long_help = VERIFYING)]
    Verify(Verify),
    /// Write the customers to standard output.
    #[command(after_help = EXPORTING, after_long_help = EXPORTING)]
    Export(Export),
    /// Show how MRR moved over a period: waterfall, NRR and GRR.
    #[command(after_help = MOVING, after_long_help = MOVING)]
    Movements(Movements),
    /// Print every setting of the settings file with its default and its meaning.
    #[command(after_help = SETTING, after_long_help = SETTING)]
    Settings,
    /// Show where each value of a customer comes from.
    #[command(after_help = "Example:\n  sync explain jo@example.com")]
    Explain(Explain),
    /// Erase what is known of a contact, and block that it comes back.
    #[command(after_help = FORGETTING, after_long_help = FORGETTING)]
    Forget(Forget),
}

/// Show how MRR moved over a period: waterfall, NRR and GRR.
#[derive(Args, Debug)]
pub(crate) struct Movements {
    /// The first day, or the first instant (RFC 3339) [default: the first day of this month].
    #[arg(long, value_name = "T", value_parser = moment)]
    pub(crate) from: Option<Moment>,

    /// The last day, or the first instant after the period [default: until now].
    #[arg(long, value_name = "T", value_parser = moment)]
    pub(crate) to: Option<Moment>,

    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,

    /// The workspace, when the database holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,
}

/// A day of some zone, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Day(NaiveDate),
    Instant(DateTime<Utc>),
}

/// Show where each value of a customer comes from.
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The customer's e-mail address.
    #[arg(value_name = "CUSTOMER")]
    pub(crate) customer: String,

    /// The workspace, when the database holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,
}

/// Erase what is known of a contact, and block that it comes back.
#[derive(Args, Debug)]
pub(crate) struct Forget {
    /// The contact's id, external id or e-mail address.
    #[arg(value_name = "CONTACT", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) contact: String,

    /// Erase; without it, what would go is shown.
    #[arg(long)]
    pub(crate) yes: bool,

    /// The workspace, when the database holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,
}

/// How something is shown.
#[derive(Args, Debug)]
pub(crate) struct Json {
    /// Print one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Run by the clock until stopped.
#[derive(Args, Debug)]
pub(crate) struct Watch {
    /// When to read what changed: minute, hour, day, month, day of the week, in UTC.
    #[arg(long, value_name = "PATTERN", default_value = Schedule::CHANGES)]
    pub(crate) cron: String,

    /// When to read everything.
    #[arg(long, value_name = "PATTERN", default_value = Schedule::FULL)]
    pub(crate) full_cron: String,

    /// Serve /metrics and /healthz on this address; a port alone is one of this machine only.
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) metrics_listen: Option<SocketAddr>,
}

/// Compare every record of the workspace with the store.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Read everything again when something differs, and compare once more.
    #[arg(long)]
    pub(crate) repair: bool,

    /// The streams to compare, with commas between them; all but the parts of conversations when
    /// left out.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = stream)]
    pub(crate) streams: Vec<Stream>,

    /// Compare the parts of conversations, too: a call for each conversation that is stored.
    #[arg(long)]
    pub(crate) parts: bool,

    /// Print one JSON document for each comparison.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the customers to standard output.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// How customers are written.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) format: ExportFormat,

    /// The workspace, when the database holds several.
    #[arg(long, value_name = "ID")]
    pub(crate) workspace: Option<String>,
}

/// How customers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// A line of names, then one customer a line.
    Csv,
    /// One JSON object a line.
    Jsonl,
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

fn moment(text: &str) -> Result<Moment, String> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Moment::Day);
    let moment = day.or_else(|_| instant(text).map(Moment::Instant)).ok();
    let year = |moment: &Moment| match moment {
        Moment::Day(day) => day.year(),
        Moment::Instant(at) => at.year(),
    };
    let known = moment.filter(|moment| (1970..=9000).contains(&year(moment)));
    known
        .ok_or_else(|| "not a day like 2026-01-31, nor a time like 2026-01-31T12:00:00Z".to_owned())
}

/// An address, or a port of this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.strip_prefix("localhost").map_or(text, |port| port);
    let port = text.strip_prefix(':').unwrap_or(text).parse::<u16>();
    let own = port.map(|port| SocketAddr::from(([127, 0, 0, 1], port)));
    own.or_else(|_| text.parse()).map_err(|_| "not an address like 127.0.0.1:9187".to_owned())
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
