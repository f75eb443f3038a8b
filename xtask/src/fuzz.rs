//! Fuzz targets, each for a while.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use crate::{Verdict, root, services_required};

/// The targets, as in `fuzz/Cargo.toml`.
const TARGETS: [&str; 4] = ["decoding", "signatures", "search", "transform"];

/// Runs every target for `seconds`. The official examples in `examples`, if they are there, are what
/// the decoding target starts from.
pub(crate) fn run(seconds: u32, examples: Option<&Path>) -> anyhow::Result<Verdict> {
    let is_installed = Command::new("cargo").args(["fuzz", "--version"]).output();
    if !is_installed.is_ok_and(|output| output.status.success()) {
        let how = "cargo-fuzz is not installed (cargo install cargo-fuzz --locked)";
        println!("skipped: fuzz: {how}");
        return Ok(Verdict::of(!services_required()));
    }
    let mut n_failed = 0;
    for target in TARGETS {
        let corpus = root().join("target/fuzz-corpus").join(target);
        std::fs::create_dir_all(&corpus).with_context(|| format!("{}", corpus.display()))?;
        if let ("decoding", Some(dir)) = (target, examples) {
            seed(dir, &corpus)?;
        }
        println!("── fuzz {target}, {seconds} s");
        let passed = fuzz(target, &corpus, seconds)?;
        n_failed += usize::from(!passed);
    }
    println!("fuzz: {} passed, {n_failed} failed", TARGETS.len() - n_failed);
    Ok(Verdict::of(n_failed == 0))
}

/// The workspace forbids unsafe code, so there is nothing for a sanitizer to find, and without one
/// the stable toolchain is enough.
fn fuzz(target: &str, corpus: &Path, seconds: u32) -> anyhow::Result<bool> {
    let time = format!("-max_total_time={seconds}");
    let dictionary = format!("-dict={}", root().join("fuzz/json.dict").display());
    let limits = ["-max_len=65536", "-timeout=10", "-rss_limit_mb=2048", "-verbosity=0"];
    let status = Command::new("cargo")
        .args(["fuzz", "run", "--sanitizer", "none", target])
        .arg(corpus)
        .arg("--")
        .args([&*time, &*dictionary, "-print_final_stats=1"])
        .args(limits)
        .env("CARGO_TARGET_DIR", root().join("target/fuzz"))
        .current_dir(root())
        .status()
        .context("cargo could not be started")?;
    Ok(status.success())
}

/// Writes every official example as an input of the decoding target.
fn seed(dir: &Path, corpus: &Path) -> anyhow::Result<()> {
    if !dir.is_dir() {
        println!("skipped: examples for fuzzing: {} not found", dir.display());
        ensure!(!services_required(), "the examples are required (REQUIRE_SERVICES=1)");
        return Ok(());
    }
    let inputs = crate::conformance::inputs(dir)?;
    for (number, input) in inputs.iter().enumerate() {
        let path: PathBuf = corpus.join(format!("example-{number}"));
        std::fs::write(&path, input).with_context(|| format!("{}", path.display()))?;
    }
    println!("{} official examples to start from", inputs.len());
    Ok(())
}
