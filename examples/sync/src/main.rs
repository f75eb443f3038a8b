//! `sync`: a workspace mirrored into a database, with customers made of it.

mod advising;
mod alerting;
mod arguments;
mod checking;
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
use std::num::NonZero;
use std::process::ExitCode;
use std::thread::available_parallelism;

use program::complain;
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command, LogFormat};
use wiring::Verdict;

/// Threads that wait for the disk or only compute, beyond one for each processor. Each keeps memory
/// of its own, so there are no more than have work.
const BLOCKING_THREADS: usize = 2;

fn main() -> ExitCode {
    let arguments: Arguments = match program::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    log_to_stderr(arguments.common.log_format);
    let n_processors = available_parallelism().map_or(1, NonZero::get);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(n_processors + BLOCKING_THREADS)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(run(&arguments)),
        Err(error) => {
            complain(&format!("error: no threads can be started: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> ExitCode {
    let common = &arguments.common;
    let now = wiring::now(common);
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
            program::say(intercom_sync::SETTINGS.trim_end()).map(|()| Verdict::Done)
        }
        Command::Forget(forget) => forgetting::run(common, forget, now).await,
    };
    match ended {
        Ok(Verdict::Done) => ExitCode::SUCCESS,
        // What was left behind has been said.
        Ok(Verdict::LeftBehind) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("error: {}", program::causes(error.as_ref())));
            if let Some(remedy) = advising::remedy(error.as_ref()) {
                complain(&format!("    → {remedy}"));
            }
            program::exit_code(&error)
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
