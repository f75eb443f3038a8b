//! Repository chores: `codegen`, `conformance`, `features`, `fuzz`, `soak`, `tidy`, `ci`.

mod ci;
mod codegen;
mod conformance;
mod debian;
mod features;
mod fuzz;
mod postgres;
mod simulator;
#[cfg(feature = "soak")]
mod soak;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    after_help = "Examples:\n  cargo xtask ci\n  cargo xtask codegen --check\n  \
                  cargo xtask conformance openapi ../shared/openapi\n  \
                  cargo xtask conformance sdks\n  \
                  cargo xtask conformance transform ../shared/cases/transform\n  \
                  cargo xtask fuzz --seconds 60 --examples ../shared/openapi\n  \
                  cargo xtask soak --kills 50\n  \
                  cargo xtask soak --seed 7 --database sqlite\n  \
                  cargo xtask postgres -- cargo test -p intercom-store"
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that must hold before a change lands.
    Ci,
    /// Write the generated part of `intercom-api`.
    Codegen {
        /// Only compare; fail when a file would change.
        #[arg(long)]
        check: bool,
        #[command(subcommand)]
        step: Option<CodegenStep>,
    },
    /// Compare with answers known from elsewhere.
    Conformance {
        #[command(subcommand)]
        subject: Conformance,
    },
    /// Compile `intercom-api` with each of its features alone, and with all.
    Features,
    /// Feed the fuzz targets for a while each.
    Fuzz {
        /// How long each target runs, in seconds.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
        /// The folder of `intercom-*.yaml` files, whose examples are a good start.
        #[arg(long)]
        examples: Option<PathBuf>,
    },
    /// Kill `sync run` again and again, and compare what it leaves with the workspace.
    #[cfg(feature = "soak")]
    Soak(soak::Soak),
    /// Check crate edges, purity, names, file lengths and documents.
    Tidy,
    /// Run a command beside a throwaway PostgreSQL cluster, its address in `TEST_POSTGRES_URL`.
    Postgres {
        /// The command and its arguments.
        #[arg(last = true, required = true)]
        command: Vec<String>,
    },
}

#[derive(Subcommand)]
enum CodegenStep {
    /// Draw the facts from official API descriptions into `spec/manifest.toml`.
    Import {
        /// The folder of `intercom-*.yaml` files.
        dir: PathBuf,
    },
}

#[derive(Subcommand)]
enum Conformance {
    /// Decode and re-encode every official response example whose type is generated.
    Openapi {
        /// The folder of `intercom-*.yaml` files.
        dir: PathBuf,
    },
    /// Call a simulator with the official Node and Python SDKs.
    Sdks,
    /// Transform events with known requests, and classify answers with known outcomes.
    #[cfg(feature = "conformance")]
    Transform(conformance::Transform),
}

fn main() -> ExitCode {
    match run(Arguments::parse().chore) {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// How a chore ended that ran to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
}

impl Verdict {
    /// Passed when `ok`.
    pub(crate) fn of(ok: bool) -> Self {
        if ok { Self::Passed } else { Self::Failed }
    }
}

fn run(chore: Chore) -> anyhow::Result<Verdict> {
    match chore {
        Chore::Ci => ci::run(),
        Chore::Codegen { step: Some(CodegenStep::Import { dir }), .. } => {
            codegen::import(&dir).map(|()| Verdict::Passed)
        }
        Chore::Codegen { step: None, check: false } => {
            codegen::generate().map(|()| Verdict::Passed)
        }
        Chore::Codegen { step: None, check: true } => codegen::check(),
        Chore::Conformance { subject: Conformance::Openapi { dir } } => conformance::openapi(&dir),
        Chore::Conformance { subject: Conformance::Sdks } => conformance::sdks(),
        #[cfg(feature = "conformance")]
        Chore::Conformance { subject: Conformance::Transform(arguments) } => {
            conformance::transform(&arguments)
        }
        Chore::Features => features::run(),
        Chore::Fuzz { seconds, examples } => fuzz::run(seconds, examples.as_deref()),
        #[cfg(feature = "soak")]
        Chore::Soak(soak) => soak::run(&soak),
        Chore::Tidy => tidy::run(),
        Chore::Postgres { command } => postgres::run_beside(&command),
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Whether a missing service or input fails instead of being skipped (`REQUIRE_SERVICES=1`).
pub(crate) fn services_required() -> bool {
    #[expect(clippy::disallowed_methods, reason = "the switch of the CI script")]
    std::env::var("REQUIRE_SERVICES").is_ok_and(|value| value == "1")
}
