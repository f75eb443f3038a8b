//! `sync`: a workspace mirrored into a database, with customers made of it.

mod advising;
mod alerting;
mod arguments;
mod checking;
mod environment;
mod explaining;
mod exporting;
mod forgetting;
mod moving;
mod progress;
mod running;
mod serving;
mod status;
mod stopping;
mod telling;
mod verifying;
mod watching;
mod wiring;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command, LogFormat};
use telling::complain;
use wiring::Verdict;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    log_to_stderr(arguments.common.log_format);
    #[expect(clippy::disallowed_methods, reason = "the program's clock, unless --now is given")]
    let now = arguments.common.now.unwrap_or_else(|| std::time::SystemTime::now().into());
    let common = &arguments.common;
    let ended = match &arguments.command {
        Command::Run(run) => running::run(common, run, now).await,
        Command::Check(check) => checking::run(common, check).await,
        Command::Watch(watch) => watching::run(common, watch, now).await,
        Command::Status(status) => status::run(common, status, now).await,
        Command::Verify(verify) => verifying::run(common, verify, now).await,
        Command::Export(export) => exporting::run(common, export).await,
        Command::Explain(explain) => explaining::run(common, explain, now).await,
        Command::Movements(movements) => moving::run(common, movements, now).await,
        Command::Settings => {
            wiring::say(intercom_sync::SETTINGS.trim_end()).map(|()| Verdict::Done)
        }
        Command::Forget(forget) => forgetting::run(common, forget, now).await,
    };
    match ended {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        // What was left behind has been said.
        Ok(Verdict::LeftBehind) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("error: {}", wiring::causes(error.as_ref())));
            if let Some(remedy) = advising::remedy(error.as_ref()) {
                complain(&format!("    → {remedy}"));
            }
            wiring::exit_code(&error)
        }
    }
}

fn log_to_stderr(format: LogFormat) {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,sync=info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        // A log that cannot be written ends nothing, and complaining of it would.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}
