//! Formats source the way `cargo fmt` would.

use std::io::Write;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

/// The source, formatted.
pub(super) fn format(source: &str) -> anyhow::Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(crate::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("rustfmt does not start")?;
    let mut input = rustfmt.stdin.take().context("rustfmt takes no input")?;
    // rustfmt reads all of its input before it writes.
    input.write_all(source.as_bytes()).context("rustfmt stopped reading")?;
    drop(input);
    let output = rustfmt.wait_with_output().context("rustfmt does not end")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "rustfmt: {complaint}\n{source}");
    String::from_utf8(output.stdout).context("rustfmt wrote no utf-8")
}
