//! Starting the program.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The program in a folder, without the settings of whoever runs the tests.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sync"));
    program.args(arguments).current_dir(folder);
    for name in [
        "INTERCOM_ACCESS_TOKEN",
        "INTERCOM_API_KEY",
        "INTERCOM_VERSION",
        "INTERCOM_API_BASE",
        "INTERCOM_REGION",
        "INTERCOM_USER_AGENT_HEADER",
        "DATABASE_URL",
        "REPORT_TIMEZONE",
        "RUST_LOG",
        "SLACK_WEBHOOK_URL",
    ] {
        program.env_remove(name);
    }
    program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The lines of standard output, each JSON.
    pub(crate) fn json(&self) -> Vec<Value> {
        let line = |line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{self:?}"));
        self.stdout.lines().map(line).collect()
    }
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        let code = output.status.code();
        Self { code, stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// Runs the program to its end.
pub(crate) fn run(mut program: Command) -> Ended {
    program.output().expect("the program starts").into()
}
