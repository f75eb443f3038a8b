//! Packages of Debian that a chore needs, installed where that is allowed.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context;

/// Installs packages when root and on Debian; says why when that fails.
pub(crate) fn install(what: &str, packages: &[&str]) {
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        return;
    }
    eprintln!("installing {what} ...");
    let quiet = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        run(command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = [&["install", "-y", "-qq", "--no-install-recommends"], packages].concat();
    if let Err(error) = quiet(&["update", "-qq"]).and_then(|()| quiet(&install)) {
        eprintln!("warning: {error:#}");
    }
}

pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// Runs a command quietly; its output is part of the error when it fails.
///
/// The output goes to a file: a server that outlives `pg_ctl` would hold a pipe open.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let name = format!("{:?}", command.get_program());
    let output = tempfile::NamedTempFile::new()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(output.as_file().try_clone()?)
        .stderr(output.as_file().try_clone()?)
        .status()
        .with_context(|| format!("{name} could not be started"))?;
    if status.success() {
        return Ok(());
    }
    let said = std::fs::read_to_string(output.path()).unwrap_or_default();
    anyhow::bail!("{name} failed: {}", said.trim())
}
