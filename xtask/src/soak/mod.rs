//! Proves that the mirror loses nothing: `sync run` is killed again and again while the workspace
//! changes and answers badly, and what it leaves is compared with the workspace.
//!
//! For each database there are three workspaces: west of UTC, fourteen hours east of it, and one
//! whose clocks change; each begins half an hour before its midnight. Contact searches compare
//! dates by whole days, and find a change two minutes after it was made. While a run works, records
//! change, several within a second too; contacts are created, merged, deleted, archived and brought
//! back; conversations begin, go on and vanish; 5 % of the calls answer 500, 2 % are cut short, 2 %
//! never answer, 429 comes in bursts and cursors go stale. Runs are killed with SIGKILL at random
//! points, and the clock moves on between them, seconds or days.
//!
//! After a last complete run, a quiet one (which has to write nothing) and a run a day later, this
//! has to hold:
//!
//! - **Mirror.** The stored bodies of contacts, conversations, companies, admins and tags, and the
//!   parts of conversations, are those of `GET /__sim/dump`: no more, no fewer, the same JSON; the
//!   authors of parts by id after the aliases: another name, or a merge, shows in parts that were
//!   fetched long ago.
//! - **Gone.** Every contact, conversation and company that was ever stored and is not listed any
//!   more has a tombstone, or is marked as archived; a merged contact leads to the one that the API
//!   names. Nothing that is listed has a tombstone or leads elsewhere. Nothing is in quarantine.
//! - **Projections.** Every table that is made of the mirror holds the same rows as after one clean
//!   run into an empty database at the same time, but for the columns that tell when or in which
//!   run something was seen. An emptied row of `unified_customers` counts as none: that table is
//!   shared, and our columns are emptied when a customer is gone.
//! - **History.** It cannot be equal to that of one clean run, which saw no change; equal is where
//!   it ends. Of attributes: each row follows from the one before, none changes nothing, every value
//!   was held by the workspace, in this order, and the last one is held. Of customers: each row
//!   changes something, the last one of each is that of the clean run, and who is gone is not
//!   present. Of buckets: the last day is that of the clean run.
//!
//! The seed decides the workspace, its changes and the points of the kills; how far a run has come
//! when it is killed depends on the machine as well. With `--minutes` runs are killed early enough
//! for all kills to fit; when they do not all the same, the soak has failed.

mod database;
mod derived;
mod difference;
mod history;
mod mirror;
mod program;
mod scenario;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tokio::time::Instant;

use crate::postgres::Cluster;
use crate::simulator::{Simulator, built};
use crate::{Verdict, services_required};

use program::Program;
use scenario::{Outcome, Place, SCENARIOS, Scenario, Soaking};

/// Kill `sync run` again and again, and compare what it leaves with the workspace.
#[derive(Args)]
pub(crate) struct Soak {
    /// Runs that are killed, for each database: a third of them in each workspace.
    #[arg(long, default_value_t = 5)]
    kills: u32,
    /// Repeats the choices of an earlier soak; another one each time when absent.
    #[arg(long)]
    seed: Option<u64>,
    /// Where the mirror is stored.
    #[arg(long, value_enum, default_value = "both")]
    database: Choice,
    /// The longest that the kills may take on each database; if they take longer, the soak fails.
    #[arg(long)]
    minutes: Option<u64>,
    /// The folder of `sync` and `intercom-sim`, which are built when absent.
    #[arg(long)]
    programs: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Sqlite,
    Postgres,
    Both,
}

/// The soak of `cargo xtask ci`: five kills on each database.
pub(crate) fn short(postgres: Option<&str>) -> anyhow::Result<Verdict> {
    let database = if postgres.is_some() { Choice::Both } else { Choice::Sqlite };
    let soak = Soak { kills: 5, seed: None, database, minutes: Some(1), programs: None };
    soak.run(postgres)
}

/// Soaks, beside a PostgreSQL cluster if need be.
pub(crate) fn run(soak: &Soak) -> anyhow::Result<Verdict> {
    #[expect(clippy::disallowed_methods, reason = "a server that is there need not be started")]
    let given = std::env::var("TEST_POSTGRES_URL").ok();
    if soak.database == Choice::Sqlite || given.is_some() {
        return soak.run(given.as_deref());
    }
    match Cluster::start()? {
        Some(cluster) => soak.run(Some(&cluster.url())),
        None if services_required() || soak.database == Choice::Postgres => {
            anyhow::bail!("PostgreSQL is not installed (no initdb found)")
        }
        None => {
            println!("skipped: PostgreSQL is not installed");
            soak.run(None)
        }
    }
}

impl Soak {
    #[tokio::main]
    async fn run(&self, postgres: Option<&str>) -> anyhow::Result<Verdict> {
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..1 << 32));
        println!("seed {seed} (cargo xtask soak --kills {} --seed {seed})", self.kills);
        let folder = tempfile::Builder::new().prefix("soak-").tempdir()?;
        let (path, simulator) = match &self.programs {
            Some(programs) => (programs.join("sync"), programs.join("intercom-sim")),
            None => (built("sync", &[])?, Simulator::program()?),
        };
        let program = Program { path, simulator, folder: folder.path().to_owned() };
        let mut verdict = Verdict::Passed;
        let sqlite = (self.database != Choice::Postgres).then(|| Place::Folder(folder.path()));
        let server = postgres.filter(|_| self.database != Choice::Sqlite).map(Place::Server);
        for place in sqlite.iter().chain(&server) {
            let begun_at = Instant::now();
            for (number, scenario) in (0_u64..).zip(&SCENARIOS) {
                let n_kills = share(self.kills, number as u32);
                let seed = seed.wrapping_add(number) * 2 + u64::from(!is_file(place));
                let kills = (n_kills, self.share_of_time(n_kills));
                let soaked = soak_in(scenario, &program, place, seed, kills);
                let outcome = soaked.await.with_context(|| format!("{} failed", scenario.name))?;
                if !tell(scenario, place, &outcome) {
                    verdict = Verdict::Failed;
                }
            }
            println!("{}: {} s", name(place), begun_at.elapsed().as_secs());
        }
        if verdict == Verdict::Failed {
            println!("failed; cargo xtask soak --kills {} --seed {seed}", self.kills);
        }
        Ok(verdict)
    }

    /// How long so many of the kills may take.
    fn share_of_time(&self, n_kills: u32) -> Option<Duration> {
        let minutes = Duration::from_secs(self.minutes? * 60);
        Some(minutes * n_kills / self.kills.max(1))
    }
}

/// The kills of one scenario: all together make the whole number.
fn share(n_kills: u32, number: u32) -> u32 {
    let n_scenarios = SCENARIOS.len() as u32;
    (n_kills + n_scenarios - 1 - number) / n_scenarios
}

async fn soak_in(
    scenario: &Scenario,
    program: &Program,
    place: &Place<'_>,
    seed: u64,
    (n_kills, kills_for): (u32, Option<Duration>),
) -> anyhow::Result<Outcome> {
    let soaked = place.database(scenario.name).await?;
    let clean = place.database(&format!("{}_clean", scenario.name)).await?;
    let soaking = Soaking::start(scenario, program, &soaked, seed).await?;
    let outcome = soaking.soak(n_kills, kills_for, &clean).await;
    soaked.drop().await?;
    clean.drop().await?;
    outcome
}

fn is_file(place: &Place<'_>) -> bool {
    matches!(place, Place::Folder(_))
}

fn name(place: &Place<'_>) -> &'static str {
    if is_file(place) { "SQLite" } else { "PostgreSQL" }
}

/// Prints what came of a scenario; whether every kill happened and nothing differs.
fn tell(scenario: &Scenario, place: &Place<'_>, outcome: &Outcome) -> bool {
    let (name, at) = (name(place), format!("{} ({})", scenario.name, scenario.timezone));
    println!("{name} {at}: {outcome}");
    print!("{}", outcome.differences);
    outcome.is_passed()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Choice, Soak, share};

    #[test]
    fn the_kills_are_shared_out() {
        for n_kills in [0, 1, 5, 50] {
            assert_eq!((0..3).map(|number| share(n_kills, number)).sum::<u32>(), n_kills);
        }
        assert_eq!([0, 1, 2].map(|number| share(5, number)), [2, 2, 1]);
    }

    #[test]
    fn the_time_is_shared_out_like_the_kills() {
        let soak = |minutes| {
            let (database, programs) = (Choice::Both, None);
            Soak { kills: 50, seed: None, database, minutes, programs }
        };
        assert_eq!(soak(Some(5)).share_of_time(17), Some(Duration::from_secs(102)));
        assert_eq!(soak(None).share_of_time(17), None);
    }
}
