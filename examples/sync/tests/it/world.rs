//! A simulated workspace and a folder for the database.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use intercom_outreach::fake::FakeSlack;
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace, server};
use secrecy::ExposeSecret;

use crate::program::{Ended, command, run};

/// The instant at which the cases begin: 2025-11-21 17:00 UTC.
pub(crate) const NOW: i64 = 1_763_744_400;

/// [`NOW`] as the program takes it.
pub(crate) const AT: &str = "2025-11-21T17:00:00Z";

pub(crate) const TOKEN: &str = "tok-not-to-be-seen";

/// A workspace that answers until the test ends.
pub(crate) struct World {
    pub(crate) sim: SimTransport,
    pub(crate) url: String,
    folder: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
}

impl World {
    /// 60 contacts and 200 conversations.
    pub(crate) fn new() -> Self {
        Self::with(SimSettings::default())
    }

    pub(crate) fn with(settings: SimSettings) -> Self {
        let invention =
            Invention { contacts: 60, conversations: 200, now: NOW, ..Invention::default() };
        Self::serve(Workspace::invent(&invention), settings)
    }

    pub(crate) fn serve(workspace: Workspace, settings: SimSettings) -> Self {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let (sim, url) = runtime.block_on(async {
            let simulator = Simulator::new(workspace, settings);
            let sim = SimTransport::new(simulator, SimClock::running(NOW));
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("http://{}", listener.local_addr().expect("an address"));
            tokio::spawn(server::serve(listener, sim.clone()));
            (sim, url)
        });
        let folder = tempfile::tempdir().expect("a folder");
        Self { sim, url, folder, runtime }
    }

    /// A Slack that answers as long as the world does, and the address of its webhook.
    pub(crate) fn slack(&self) -> (FakeSlack, String) {
        let slack = self.runtime.block_on(FakeSlack::start()).expect("a port");
        let url = slack.url().expose_secret().to_owned();
        (slack, url)
    }

    /// Where the program runs; `intercom.db` lies there.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut program = command(self.folder(), arguments);
        program.env("INTERCOM_ACCESS_TOKEN", TOKEN).env("INTERCOM_API_BASE", &self.url);
        program
    }

    /// The program where no file may grow.
    #[cfg(target_os = "linux")]
    pub(crate) fn command_without_room(&self, arguments: &[&str]) -> Command {
        let mut program = Command::new("sh");
        program.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\""]);
        program.arg(env!("CARGO_BIN_EXE_sync")).args(arguments).current_dir(self.folder());
        program.env("INTERCOM_ACCESS_TOKEN", TOKEN).env("INTERCOM_API_BASE", &self.url);
        program.env_remove("DATABASE_URL").env_remove("RUST_LOG");
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        program
    }

    /// Runs the program as somebody who looks at it.
    pub(crate) fn run_in_a_terminal(&self, arguments: &str) -> std::io::Result<Output> {
        let program = format!("{} {arguments}", env!("CARGO_BIN_EXE_sync"));
        Command::new("script")
            .args(["--quiet", "--return", "--command", &program, "/dev/null"])
            .current_dir(self.folder())
            .env("INTERCOM_ACCESS_TOKEN", TOKEN)
            .env("INTERCOM_API_BASE", &self.url)
            .env_remove("RUST_LOG")
            .env_remove("NO_COLOR")
            .stdin(Stdio::null())
            .output()
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(self.command(arguments))
    }
}
