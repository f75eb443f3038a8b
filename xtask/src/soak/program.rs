//! The program under test, as a process that can be killed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use anyhow::Context;
use tokio::process::{Child, Command};

/// `sync` and the simulator, built, and a folder of its own to run in.
pub(super) struct Program {
    pub(super) path: PathBuf,
    pub(super) simulator: PathBuf,
    pub(super) folder: PathBuf,
}

/// What one run is started with.
pub(super) struct Arguments<'a> {
    pub(super) database: &'a str,
    pub(super) api: &'a str,
    /// RFC 3339.
    pub(super) now: &'a str,
    pub(super) extent: Extent,
}

/// How much a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    Changed,
    Whole,
}

/// How a run ended.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    /// The last lines of its log.
    pub(super) log: String,
}

impl Program {
    /// Starts a run. It sees nothing of the environment but what it needs, and no `.env`.
    pub(super) fn start(&self, arguments: &Arguments<'_>) -> anyhow::Result<Child> {
        let Arguments { database, api, now, extent } = arguments;
        let mut command = Command::new(&self.path);
        command.args(["run", "--database", database, "--api-base", api, "--now", now]);
        if *extent == Extent::Whole {
            command.arg("--full");
        }
        let log = File::create(self.log()).context("the log cannot be written")?;
        command
            .current_dir(&self.folder)
            .env_clear()
            .env("INTERCOM_ACCESS_TOKEN", "soak")
            .env("NO_PROXY", "127.0.0.1")
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .context("sync could not be started")
    }

    /// The last lines of the log of the last run.
    pub(super) fn ended(&self, status: ExitStatus) -> Ended {
        let log = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let log = lines[lines.len().saturating_sub(25)..].join("\n");
        Ended { status, log }
    }

    fn log(&self) -> PathBuf {
        Path::new(&self.folder).join("sync.log")
    }
}

impl Ended {
    pub(super) fn is_success(&self) -> bool {
        self.status.success()
    }

    /// Whether the program ended as it never may: by a panic or a signal that nobody sent.
    pub(super) fn is_broken(&self) -> bool {
        !matches!(self.status.code(), Some(0 | 1)) || self.log.contains("panicked at")
    }
}
