//! The official SDKs against a simulator, with only their base URL changed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::simulator::Simulator;
use crate::{Verdict, debian, root, services_required};

/// The workspace that the scripts call.
const WORKSPACE: [&str; 6] =
    ["--contacts", "2000", "--conversations", "400", "--now", "2026-01-05T12:00:00Z"];

/// An SDK, and the script in `xtask/sdks` that calls every verb with it.
struct Sdk {
    name: &'static str,
    /// The package with its version.
    package: &'static str,
    /// The Debian packages that it is installed and run with.
    debian: &'static [&'static str],
    /// Whether these programs are there already.
    is_ready: fn() -> bool,
    install: fn(&str, &Path) -> anyhow::Result<()>,
    script: fn(&Path) -> Command,
}

const SDKS: [Sdk; 2] = [
    Sdk {
        name: "node",
        package: "intercom-client@7.0.3",
        debian: &["nodejs", "npm"],
        is_ready: || succeeds("node", &["--version"]) && succeeds("npm", &["--version"]),
        install: install_node,
        script: node_script,
    },
    Sdk {
        name: "python",
        package: "python-intercom==5.0.1",
        debian: &["python3", "python3-venv"],
        is_ready: || succeeds("python3", &["-c", "import venv, ensurepip"]),
        install: install_python,
        script: python_script,
    },
];

/// Steps that passed and steps that failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
}

pub(super) fn run() -> anyhow::Result<Verdict> {
    let mut total = Tally::default();
    let mut simulator = None;
    for sdk in &SDKS {
        let folder = root().join("target/sdks").join(sdk.name);
        if let Err(error) = installed(sdk, &folder) {
            println!("skipped: {}: {error:#}", sdk.package);
            total.failed += usize::from(services_required());
            continue;
        }
        let simulator: &Simulator = match &simulator {
            Some(running) => running,
            None => simulator.insert(Simulator::start(&Simulator::program()?, &WORKSPACE)?),
        };
        let tally = call(sdk, &folder, &simulator.url)?;
        println!("{}: {} passed, {} failed", sdk.package, tally.passed, tally.failed);
        total.passed += tally.passed;
        total.failed += tally.failed;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(Verdict::of(total.failed == 0))
}

/// Installs an SDK unless a file beside it says that this version is there already.
fn installed(sdk: &Sdk, folder: &Path) -> anyhow::Result<()> {
    let note = folder.join("installed");
    if std::fs::read_to_string(&note).is_ok_and(|package| package == sdk.package) {
        return Ok(());
    }
    if !(sdk.is_ready)() {
        debian::install(sdk.name, sdk.debian);
    }
    std::fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
    (sdk.install)(sdk.package, folder)?;
    std::fs::write(&note, sdk.package).with_context(|| format!("{}", note.display()))
}

fn install_node(package: &str, folder: &Path) -> anyhow::Result<()> {
    silent(Command::new("node").arg("--version"))?;
    let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
    let mut npm = Command::new("npm");
    silent(npm.arg("install").args(quiet).arg("--prefix").arg(folder).arg(package))
}

fn install_python(package: &str, folder: &Path) -> anyhow::Result<()> {
    silent(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = python(folder);
    silent(pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", package]))
}

/// Runs a command; its error is the first line that it wrote about one.
fn silent(command: &mut Command) -> anyhow::Result<()> {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let program = program.to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("{program} could not be started"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let error = said.lines().find(|line| line.to_lowercase().contains("error"));
    ensure!(output.status.success(), "{program}: {}", error.unwrap_or("failed"));
    Ok(())
}

/// Whether a command can be run and ends well.
fn succeeds(program: &str, arguments: &[&str]) -> bool {
    silent(Command::new(program).args(arguments)).is_ok()
}

fn node_script(folder: &Path) -> Command {
    let mut node = Command::new("node");
    node.arg(root().join("xtask/sdks/node.mjs")).arg(folder);
    node
}

fn python_script(folder: &Path) -> Command {
    let mut python = python(folder);
    python.arg("-u").arg(root().join("xtask/sdks/python.py"));
    python
}

fn python(folder: &Path) -> Command {
    Command::new(folder.join("bin/python"))
}

/// Runs the script of an SDK and shows what it says.
fn call(sdk: &Sdk, folder: &Path, url: &str) -> anyhow::Result<Tally> {
    println!("── {}", sdk.package);
    let mut script = (sdk.script)(folder);
    script.arg(url).stdin(Stdio::null()).stdout(Stdio::piped());
    // A proxy of the machine must not come between the SDK and the simulator.
    script.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    let mut child = script.spawn().with_context(|| format!("{} could not be started", sdk.name))?;
    let output = child.stdout.take().context("the script has no output")?;
    let mut sum = None;
    for line in BufReader::new(output).lines() {
        let line = line.context("the script wrote something that is no text")?;
        sum = tally(&line);
        if sum.is_none() {
            println!("{line}");
        }
    }
    let status = child.wait().context("the script could not be waited for")?;
    // A script that broke off has no sum in its last line.
    let sum = sum.unwrap_or(Tally { passed: 0, failed: 1 });
    let failed = if status.success() { sum.failed } else { sum.failed.max(1) };
    Ok(Tally { failed, ..sum })
}

/// Reads `N passed, N failed`.
fn tally(line: &str) -> Option<Tally> {
    let (passed, failed) = line.strip_suffix(" failed")?.split_once(" passed, ")?;
    Some(Tally { passed: passed.parse().ok()?, failed: failed.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::{Tally, tally};

    #[test]
    fn the_sum_of_a_script_is_a_line_of_its_own() {
        assert_eq!(tally("38 passed, 2 failed"), Some(Tally { passed: 38, failed: 2 }));
        for line in ["", "node: passed events create", "x: 1 passed, 0 failed", "1 passed"] {
            assert_eq!(tally(line), None, "{line}");
        }
    }
}
