//! The command line of `intercom-sim`.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Parser, ValueEnum};
use intercom_api::{ApiVersion, Scope};
use intercom_sim::server::{self, WebhookUrl};
use intercom_sim::{Plan, RefusedCalls};

const EXAMPLES: &str = "\
Examples:
  intercom-sim --listen 127.0.0.1:8700 --contacts 5000 --conversations 20000
  intercom-sim --listen 127.0.0.1:8700 --dataset ./workspace --timezone America/New_York
  intercom-sim --listen [::1]:0 --now 2025-12-22T15:00:00Z --rate-limit 167 --activity 2
  intercom-sim --listen 127.0.0.1:8700 --faults ./faults.toml
  intercom-sim --listen 127.0.0.1:8700 --rate-limit 167 --workspace-rate-limit 300 --app sync=one
  intercom-sim --listen 127.0.0.1:8700 --scope read_conversations --scope read_tags
  SECRET=s3 intercom-sim --listen 127.0.0.1:8700 --activity 2 \\
    --webhook http://127.0.0.1:8080/intercom --webhook-secret-env SECRET

  curl -H 'Authorization: Bearer any' http://127.0.0.1:8700/me
  curl -d '{\"advance\": 60}' http://127.0.0.1:8700/__sim/clock

It writes \"listening on http://…\" to standard output when it is ready, and its log to standard error.";

const FAULTS: &str = "\
Answers of a file of faults: a status from 400 to 599, 429 with headers = false or retry_after = S,
stale-cursor, html (status = N), truncated, empty, oversized (bytes = N), silent, late and dripping
(seconds = S), reset, reset-in-body; create, update, merge and delete change a contact right before
the call is answered. The same seed and the same calls give the same faults.

A file of faults: contact searches 11 to 13 answer 429, then one call in twenty is cut short.
  seed = 1
  [[fault]]
  route = \"POST /contacts/search\"  # every route when left out
  answer = \"429\"
  retry_after = 2
  count = 3                        # or a probability; always when both are left out
  after = 10
  [[fault]]
  answer = \"truncated\"
  probability = 0.05";

/// A simulated Intercom workspace that answers like the API, on a loopback address.
#[derive(Debug, Parser)]
#[command(name = "intercom-sim", version, after_help = after_help())]
pub(crate) struct Arguments {
    /// Loopback address to listen on; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", value_parser = loopback)]
    pub(crate) listen: SocketAddr,
    /// Number of invented contacts.
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) contacts: u32,
    /// Number of invented conversations.
    #[arg(long, value_name = "N", default_value_t = 4_000)]
    pub(crate) conversations: u32,
    /// Folder with contacts.jsonl, conversations.jsonl and admins.jsonl, one API object a line;
    /// companies.jsonl and tags.jsonl are optional. Nothing is invented then.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["contacts", "conversations", "seed"])]
    pub(crate) dataset: Option<PathBuf>,
    /// The same seed invents the same workspace.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Where the workspace's clock starts (RFC 3339); it runs on from there.
    #[arg(long, value_name = "T", value_parser = instant)]
    pub(crate) now: Option<i64>,
    /// How long to wait before each answer.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) latency_ms: u64,
    /// Calls per 10 seconds for each app.
    #[arg(long, value_name = "CALLS", default_value_t = 1_667,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate_limit: u32,
    /// Calls per 10 seconds for all apps together.
    #[arg(long, value_name = "CALLS", default_value_t = 4_167,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) workspace_rate_limit: u32,
    /// Whether answers say in their headers where the rate limit stands.
    #[arg(long, value_enum, default_value_t = RateLimitHeaders::On)]
    pub(crate) rate_headers: RateLimitHeaders,
    /// Whether calls that are refused for the rate limit count towards it.
    #[arg(long, value_name = "HOW", default_value = "free", value_parser = refused_calls())]
    pub(crate) refused_calls: RefusedCalls,
    /// What the workspace pays for: with an ended plan, conversations and messages answer 403.
    #[arg(long, value_name = "PLAN", default_value = "active", value_parser = plan())]
    pub(crate) plan: Plan,
    /// A token that belongs to an app of its own; may be given several times. All other tokens
    /// belong to one app together.
    #[arg(long = "app", value_name = "NAME=TOKEN", value_parser = app)]
    pub(crate) apps: Vec<AppToken>,
    /// A scope of the tokens, as the API names it; may be given several times. Calls that need
    /// another one answer 403; without this, tokens may do everything.
    #[arg(long = "scope", value_name = "NAME", value_parser = scope)]
    pub(crate) scopes: Vec<Scope>,
    /// The page at which the first scroll breaks off with 500.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) scroll_fails_at: Option<u32>,
    /// How dates are matched in contact searches.
    #[arg(long, value_enum, default_value_t = ContactDates::Day)]
    pub(crate) contact_dates: ContactDates,
    /// Zone of the workspace, such as Europe/Berlin; New York unless given, UTC for a data set.
    #[arg(long, value_name = "TZ")]
    pub(crate) timezone: Option<Tz>,
    /// Searches find a change only so many seconds after it was made.
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(crate) index_lag: u32,
    /// Invented changes a second: sign-ups, tags, answers, closings, plan changes; at most 1000.
    #[arg(long, value_name = "N", default_value_t = 0,
        value_parser = clap::value_parser!(u32).range(0..=1_000))]
    pub(crate) activity: u32,
    /// TOML file of the calls that fail on purpose; see the example below.
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Loopback URL that gets signed notifications when contacts, tags, companies or conversations
    /// change. It must answer HEAD with 200 when the program starts.
    #[arg(long, value_name = "URL", requires = "webhook_secret_env")]
    pub(crate) webhook: Option<WebhookUrl>,
    /// Environment variable with the secret that notifications are signed with.
    #[arg(long, value_name = "NAME", requires = "webhook")]
    pub(crate) webhook_secret_env: Option<String>,
    /// API version in which notifications show objects; conversations are plain text since 2.15.
    #[arg(long, value_name = "VERSION", default_value = "2.16", requires = "webhook")]
    pub(crate) webhook_version: ApiVersion,
    /// Format of the log on standard error.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
}

/// Examples, the simulator's own paths, and a file of faults.
fn after_help() -> String {
    let own = server::own_paths().iter();
    let own: String = own.map(|path| format!("  {:<41} {}\n", path.name, path.purpose)).collect();
    format!("{EXAMPLES}\n\nPaths of its own, without a token:\n{own}\n{FAULTS}")
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum ContactDates {
    /// By whole days of the workspace's zone, as stable versions do.
    Day,
    /// By the exact second.
    Second,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum RateLimitHeaders {
    On,
    Off,
}

/// A token and the app it belongs to. `Debug` does not show the token.
#[derive(Clone)]
pub(crate) struct AppToken {
    pub(crate) app: String,
    pub(crate) token: String,
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppToken").field("app", &self.app).finish_non_exhaustive()
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum LogFormat {
    Json,
    Text,
}

fn scope(text: &str) -> Result<Scope, String> {
    match Scope::from(text) {
        Scope::Other(_) => {
            let name = |scope: &Scope| scope.label().replace(' ', "_").to_lowercase();
            let known: Vec<String> = Scope::KNOWN.iter().map(name).collect();
            Err(format!("not a scope; the scopes are {}", known.join(", ")))
        }
        known => Ok(known),
    }
}

fn refused_calls() -> impl TypedValueParser<Value = RefusedCalls> {
    PossibleValuesParser::new(["free", "counted"]).map(|text| match text.as_str() {
        "counted" => RefusedCalls::Counted,
        _ => RefusedCalls::Free,
    })
}

fn plan() -> impl TypedValueParser<Value = Plan> {
    PossibleValuesParser::new(["active", "ended"]).map(|text| match text.as_str() {
        "ended" => Plan::Ended,
        _ => Plan::Active,
    })
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let text = text.replacen("localhost:", "127.0.0.1:", 1);
    let address: SocketAddr = text.parse().map_err(|_| "not an address like 127.0.0.1:8700")?;
    match address.ip().is_loopback() {
        true => Ok(address),
        false => Err("only loopback addresses such as 127.0.0.1 are allowed".to_owned()),
    }
}

fn app(text: &str) -> Result<AppToken, String> {
    match text.split_once('=').map(|(app, token)| (app.trim(), token.trim())) {
        Some((app, token)) if !app.is_empty() && !token.is_empty() => {
            Ok(AppToken { app: app.to_owned(), token: token.to_owned() })
        }
        _ => Err("write the app's name, an equals sign and the token".to_owned()),
    }
}

fn instant(text: &str) -> Result<i64, String> {
    let at = chrono::DateTime::parse_from_rfc3339(text)
        .map_err(|error| format!("not an RFC 3339 instant: {error}"))?;
    match at.timestamp() {
        now @ 0.. => Ok(now),
        _ => Err("the workspace's clock does not go back before 1970".to_owned()),
    }
}
