//! The simulator as a child process, and programs of this workspace, built.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::root;

/// A simulator on a free loopback port, gone when dropped.
pub(crate) struct Simulator {
    process: Child,
    /// Where it listens, such as `http://127.0.0.1:8700`.
    pub(crate) url: String,
}

impl Simulator {
    /// The program, built.
    pub(crate) fn program() -> anyhow::Result<PathBuf> {
        built("intercom-sim", &["--features", "server"])
    }

    /// Starts the program with these options; returns once it listens.
    pub(crate) fn start(program: &Path, options: &[&str]) -> anyhow::Result<Self> {
        let mut process = Command::new(program)
            .args(["--listen", "127.0.0.1:0"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the simulator could not be started")?;
        let output = process.stdout.take().context("the simulator has no output")?;
        match address(&mut BufReader::new(output)) {
            Ok(url) => Ok(Self { process, url }),
            Err(error) => {
                stop(&mut process);
                Err(error)
            }
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        stop(&mut self.process);
    }
}

fn stop(process: &mut Child) {
    if let Err(error) = process.kill().and_then(|()| process.wait()) {
        eprintln!("warning: the simulator did not stop: {error}");
    }
}

/// The address in the line that the simulator writes when it is ready.
fn address(output: &mut impl BufRead) -> anyhow::Result<String> {
    let mut line = String::new();
    output.read_line(&mut line).context("the simulator's output cannot be read")?;
    let url = line.strip_prefix("listening on ").map(|url| url.trim_end().to_owned());
    url.context("the simulator ended before it was ready")
}

/// The program of a package that has its name, built.
pub(crate) fn built(package: &str, options: &[&str]) -> anyhow::Result<PathBuf> {
    let output = Command::new("cargo")
        .args(["build", "--quiet", "--locked", "--message-format", "json-render-diagnostics"])
        .args(["--package", package, "--bin", package])
        .args(options)
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .context("cargo could not be started")?;
    ensure!(output.status.success(), "{package} could not be built");
    let messages = String::from_utf8(output.stdout).context("cargo's messages are no text")?;
    let path = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        message.get("executable")?.as_str().map(PathBuf::from)
    });
    path.with_context(|| format!("cargo did not say where {package} is"))
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn the_address_stands_in_the_output() {
        let output = "listening on http://127.0.0.1:1\n";
        assert_eq!(address(&mut output.as_bytes()).expect("an address"), "http://127.0.0.1:1");
        for output in ["", "no address\n"] {
            assert!(address(&mut output.as_bytes()).is_err(), "{output}");
        }
    }
}
