//! `deliver`: customer-data events, planned or sent to Intercom.

mod arguments;
mod planning;
mod progress;
mod sending;
mod settings;

use std::process::ExitCode;

use program::{causes, complain, exit_code};
use tracing_subscriber::EnvFilter;

use arguments::{Arguments, Command, LogFormat};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Arguments = match program::parse() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    log_to_stderr(arguments.log_format);
    #[expect(clippy::disallowed_methods, reason = "the program's clock, unless --now is given")]
    let now = arguments.now.unwrap_or_else(|| std::time::SystemTime::now().into());
    let ended = match &arguments.command {
        Command::Plan(plan) => planning::run(plan, now).map(|()| true),
        Command::Send(send) => sending::run(send, now).await,
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        // What was left behind has been said.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            complain(&format!("error: {}", causes(error.as_ref())));
            exit_code(&error)
        }
    }
}

fn log_to_stderr(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match format {
        LogFormat::Text => logs.init(),
        LogFormat::Json => logs.json().init(),
    }
}
