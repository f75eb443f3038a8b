//! `intercom-sim`: a simulated Intercom workspace on a loopback port.

mod arguments;
mod signals;
mod waiting;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use intercom_sim::server::{self, WebhookUrl};
use intercom_sim::{
    AppName, Apps, DateMode, Faults, Invention, RateHeaders, SimClock, SimSettings, SimTransport,
    Simulator, Workspace,
};
use secrecy::SecretString;
use tokio::net::TcpListener;

use crate::arguments::{Arguments, ContactDates, LogFormat, RateLimitHeaders};

#[expect(clippy::disallowed_methods, reason = "the edge: where the workspace's clock starts")]
fn wall_clock() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let log =
        tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    match arguments.log_format {
        LogFormat::Json => log.json().init(),
        LogFormat::Text => log.init(),
    }
    match run(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let faults = arguments.faults.as_deref().map(Faults::load).transpose()?;
    let webhook = webhook(&arguments)?;
    if let Some((url, _)) = &webhook {
        server::probe(url).await?;
    }
    let now = arguments.now.unwrap_or_else(wall_clock);
    let workspace = workspace(&arguments, now)?;
    let (contacts, conversations) = (workspace.n_contacts(), workspace.n_conversations());
    let settings = settings(&arguments, faults.unwrap_or_default());
    let transport = SimTransport::new(Simulator::new(workspace, settings), SimClock::running(now));
    if arguments.activity > 0 {
        tokio::spawn(live(transport.clone(), arguments.activity));
    }
    if let Some((url, secret)) = webhook {
        transport.with(|simulator| simulator.subscribe(secret));
        tokio::spawn(server::deliver(transport.clone(), url));
    }
    let url = format!("http://{}", listener.local_addr()?);
    tracing::info!(url, contacts, conversations, "The simulated workspace is ready.");
    announce(&url);
    server::serve_until(listener, transport, signals::first()).await.context("serving failed")?;
    tracing::info!("The simulated workspace has stopped.");
    Ok(())
}

/// Tells a waiting script where the workspace is.
fn announce(url: &str) {
    let mut output = io::stdout().lock();
    // Whoever closed standard output does not want to know.
    let _told = writeln!(output, "listening on {url}").and_then(|()| output.flush());
}

/// Where notifications go, and what they are signed with.
#[expect(clippy::disallowed_methods, reason = "the edge: the secret is read here and nowhere else")]
fn webhook(arguments: &Arguments) -> anyhow::Result<Option<(WebhookUrl, SecretString)>> {
    let (Some(url), Some(name)) = (&arguments.webhook, &arguments.webhook_secret_env) else {
        return Ok(None);
    };
    let secret = std::env::var(name).ok().filter(|secret| !secret.trim().is_empty());
    let secret = secret.with_context(|| format!("the environment variable {name} is not set"))?;
    Ok(Some((url.clone(), secret.into())))
}

fn settings(arguments: &Arguments, faults: Faults) -> SimSettings {
    let mut apps = Apps::default();
    for listed in &arguments.apps {
        apps.insert(listed.token.as_str(), AppName::new(listed.app.as_str()));
    }
    SimSettings {
        date_mode: match arguments.contact_dates {
            ContactDates::Day => DateMode::Day,
            ContactDates::Second => DateMode::Second,
        },
        timezone: arguments.timezone,
        index_lag: arguments.index_lag,
        rate_limit: Some(arguments.rate_limit),
        workspace_rate_limit: Some(arguments.workspace_rate_limit),
        rate_headers: match arguments.rate_headers {
            RateLimitHeaders::On => RateHeaders::Sent,
            RateLimitHeaders::Off => RateHeaders::Absent,
        },
        refused_calls: arguments.refused_calls,
        plan: arguments.plan,
        scopes: (!arguments.scopes.is_empty()).then(|| arguments.scopes.iter().cloned().collect()),
        scroll_fails_at: arguments.scroll_fails_at,
        webhook_version: arguments.webhook_version,
        apps,
        latency: Duration::from_millis(arguments.latency_ms),
        faults,
    }
}

fn workspace(arguments: &Arguments, now: i64) -> anyhow::Result<Workspace> {
    let mut tell = waiting::teller();
    let mut workspace = if let Some(dir) = &arguments.dataset {
        let mut workspace = Workspace::load(dir)?;
        workspace.wake(now);
        workspace
    } else {
        let invention = Invention {
            contacts: arguments.contacts,
            conversations: arguments.conversations,
            seed: arguments.seed,
            now,
            timezone: arguments.timezone.unwrap_or(chrono_tz::America::New_York),
        };
        Workspace::invent_telling(&invention, &mut tell)
    };
    workspace.prepare_searches(now, &mut tell);
    Ok(workspace)
}

/// Changes the workspace so many times a second.
async fn live(transport: SimTransport, per_second: u32) {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / per_second);
    loop {
        pace.tick().await;
        let now = transport.now();
        transport.with(|simulator| simulator.live(1, now));
    }
}
