//! A throwaway PostgreSQL cluster on a free loopback port, gone when dropped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::Context;

use crate::debian::{is_root, run};
use crate::{Verdict, debian};

/// A running cluster.
pub(crate) struct Cluster {
    programs: PathBuf,
    folder: tempfile::TempDir,
    user: Option<&'static str>,
    port: u16,
}

impl Cluster {
    /// Starts a cluster; as root it runs as an unprivileged user, because `initdb` insists.
    ///
    /// `Ok(None)` when PostgreSQL is not installed and cannot be.
    pub(crate) fn start() -> anyhow::Result<Option<Self>> {
        let Some(programs) = programs() else { return Ok(None) };
        let user = if is_root() { Some(unprivileged_user()?) } else { None };
        let folder = tempfile::Builder::new().prefix("postgres-").tempdir()?;
        if let Some(user) = user {
            run(Command::new("chown").arg(user).arg(folder.path()))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self { programs, folder, user, port };
        cluster.initialise()?;
        Ok(Some(cluster))
    }

    /// The address of its maintenance database.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn initialise(&self) -> anyhow::Result<()> {
        let mut initdb = self.program("initdb");
        initdb.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync"]);
        run(initdb.arg("--locale=C").arg("--pgdata").arg(self.data()))?;
        let options = format!(
            "-p {} -k {} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200",
            self.port,
            self.folder.path().display()
        );
        let mut start = self.program("pg_ctl");
        start.args(["start", "--wait", "--silent", "--options", &options]);
        start.arg("--log").arg(self.folder.path().join("log"));
        run(start.arg("--pgdata").arg(self.data()))
    }

    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = match self.user {
            None => Command::new(path),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]).arg(path);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let mut stop = self.program("pg_ctl");
        stop.args(["stop", "--mode=immediate", "--silent", "--pgdata"]).arg(self.data());
        if let Err(error) = run(&mut stop) {
            eprintln!("warning: the PostgreSQL cluster did not stop: {error:#}");
        }
    }
}

/// Runs a command with the address of a fresh cluster in `TEST_POSTGRES_URL`.
pub(crate) fn run_beside(command: &[String]) -> anyhow::Result<Verdict> {
    let (program, arguments) = command.split_first().context("no command given")?;
    let cluster = Cluster::start()?.context("PostgreSQL is not installed (no initdb found)")?;
    let status = Command::new(program)
        .args(arguments)
        .env("TEST_POSTGRES_URL", cluster.url())
        .status()
        .with_context(|| format!("{program} could not be started"))?;
    Ok(Verdict::of(status.success()))
}

/// The folder of `initdb` and `pg_ctl`; installs Debian's package when root and absent.
fn programs() -> Option<PathBuf> {
    installed().or_else(|| {
        debian::install("PostgreSQL", &["postgresql"]);
        installed()
    })
}

fn installed() -> Option<PathBuf> {
    // Debian keeps the server programs out of PATH, one folder a version.
    let newest = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("bin/initdb").exists())
        .max_by_key(|entry| entry.file_name().to_string_lossy().parse::<u32>().unwrap_or(0))
        .map(|entry| entry.path().join("bin"));
    newest.or_else(|| {
        #[expect(clippy::disallowed_methods, reason = "looks for a program on the PATH")]
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|folder| folder.join("initdb").exists())
    })
}

fn unprivileged_user() -> anyhow::Result<&'static str> {
    let exists = |user: &&str| {
        let mut id = Command::new("id");
        let status = id.arg(user).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    };
    ["postgres", "nobody"]
        .into_iter()
        .find(exists)
        .context("no unprivileged user to run PostgreSQL as (postgres or nobody)")
}
