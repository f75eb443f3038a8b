//! Everything that must hold before a change lands, step by step.

use std::process::{Command, ExitStatus};
use std::time::Duration;

use anyhow::Context;

use crate::postgres::Cluster;
#[cfg(feature = "soak")]
use crate::soak;
use crate::{Verdict, codegen, root, services_required, tidy};

/// How one step ended.
enum Outcome {
    Passed,
    Failed,
    Skipped(String),
}

struct Step {
    name: &'static str,
    outcome: Outcome,
    took_for: Duration,
}

/// Runs every step, also after a failed one, and prints a table of times.
pub(crate) fn run() -> anyhow::Result<Verdict> {
    let cluster = start_cluster()?;
    let url = cluster.as_ref().map(Cluster::url);
    let mut steps = vec![step("services", || {
        Ok(match &url {
            Some(_) => Outcome::Passed,
            None => missing("PostgreSQL is not installed; the store is tested on SQLite only"),
        })
    })];
    steps.push(step("fmt", || cargo(&["fmt", "--all", "--", "--check"], None)));
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    steps.push(step("clippy", || cargo(&clippy, None)));
    let without_http =
        ["check", "--package", "intercom-client", "--no-default-features", "--locked"];
    steps.push(step("no http", || cargo(&without_http, None)));
    steps.push(step("tests", || tests(url.as_deref())));
    #[cfg(feature = "soak")]
    steps.push(step("soak", || soak::short(url.as_deref()).map(Outcome::from)));
    let documented = ["test", "--workspace", "--doc", "--locked", "--quiet"];
    steps.push(step("doc tests", || cargo(&documented, None)));
    steps.push(step("codegen", || codegen::check().map(Outcome::from)));
    steps.push(step("tidy", || tidy::run().map(Outcome::from)));
    steps.push(step("deny", deny));
    drop(cluster);
    Ok(report(&steps))
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Passed,
            Verdict::Failed => Self::Failed,
        }
    }
}

impl From<ExitStatus> for Outcome {
    fn from(status: ExitStatus) -> Self {
        if status.success() { Self::Passed } else { Self::Failed }
    }
}

fn step(name: &'static str, work: impl FnOnce() -> anyhow::Result<Outcome>) -> Step {
    println!("── {name}");
    #[expect(clippy::disallowed_methods, reason = "measures a step for the table of times")]
    let started_at = std::time::Instant::now();
    let outcome = work().unwrap_or_else(|error| {
        println!("error: {error:#}");
        Outcome::Failed
    });
    if let Outcome::Skipped(reason) = &outcome {
        println!("skipped: {name}: {reason}");
    }
    Step { name, outcome, took_for: started_at.elapsed() }
}

/// A skip, or a failure where everything has to be there.
fn missing(reason: &str) -> Outcome {
    if services_required() {
        println!("error: {reason} (REQUIRE_SERVICES=1)");
        return Outcome::Failed;
    }
    Outcome::Skipped(reason.to_owned())
}

fn start_cluster() -> anyhow::Result<Option<Cluster>> {
    match Cluster::start() {
        Ok(cluster) => Ok(cluster),
        Err(error) if services_required() => Err(error),
        Err(error) => {
            eprintln!("warning: PostgreSQL did not start: {error:#}");
            Ok(None)
        }
    }
}

fn cargo(arguments: &[&str], postgres: Option<&str>) -> anyhow::Result<Outcome> {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    if let Some(url) = postgres {
        command.env("TEST_POSTGRES_URL", url);
    }
    let status = command.status().context("cargo could not be started")?;
    Ok(status.into())
}

fn is_installed(subcommand: &str) -> bool {
    let output = Command::new("cargo").args([subcommand, "--version"]).output();
    output.is_ok_and(|output| output.status.success())
}

fn tests(postgres: Option<&str>) -> anyhow::Result<Outcome> {
    let shared = ["--workspace", "--all-targets", "--locked"];
    if is_installed("nextest") {
        return cargo(&[&["nextest", "run", "--no-fail-fast"], &shared[..]].concat(), postgres);
    }
    cargo(&[&["test", "--no-fail-fast"], &shared[..]].concat(), postgres)
}

fn deny() -> anyhow::Result<Outcome> {
    if !is_installed("deny") {
        return Ok(missing("cargo-deny is not installed (cargo install cargo-deny --locked)"));
    }
    // The advisory database lives in a git repository and is not part of this check.
    cargo(&["deny", "--log-level", "error", "check", "bans", "licenses", "sources"], None)
}

fn report(steps: &[Step]) -> Verdict {
    println!("──");
    let (mut passed, mut failed, mut skipped) = (0, 0, 0);
    for step in steps {
        let word = match &step.outcome {
            Outcome::Passed => {
                passed += 1;
                "passed"
            }
            Outcome::Failed => {
                failed += 1;
                "FAILED"
            }
            Outcome::Skipped(_) => {
                skipped += 1;
                "skipped"
            }
        };
        println!("{:<10} {word:<8} {:>6.1} s", step.name, step.took_for.as_secs_f64());
    }
    if skipped > 0 {
        println!("{skipped} skipped, each with its reason above");
    }
    println!("{passed} passed, {failed} failed");
    Verdict::of(failed == 0)
}
