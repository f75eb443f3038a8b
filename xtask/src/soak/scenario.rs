//! One workspace, one database, and runs that are killed; then what they left.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{DateTime, SecondsFormat};
use fastrand::Rng;
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until};

use super::database::Database;
use super::derived;
use super::difference::Differences;
use super::history::{self, Row};
use super::mirror::{self, Gone, Records};
use super::program::{Arguments, Ended, Extent, Program};
use super::world::World;

/// A zone and an hour at which dates go wrong easily.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    pub(super) timezone: &'static str,
    /// Where the workspace's clock begins.
    pub(super) starts_at: &'static str,
}

/// Half an hour before midnight, each.
pub(super) const SCENARIOS: [Scenario; 3] = [
    Scenario { name: "west", timezone: "America/Los_Angeles", starts_at: "2026-01-15T07:30:00Z" },
    Scenario { name: "east", timezone: "Pacific/Kiritimati", starts_at: "2026-03-10T09:30:00Z" },
    // The day that follows has 25 hours.
    Scenario { name: "dst", timezone: "America/New_York", starts_at: "2025-11-02T03:30:00Z" },
];

/// Seconds after which searches find a change.
const INDEX_LAG: u64 = 120;
const CONTACTS: &str = "330";
const CONVERSATIONS: &str = "500";
/// After so many runs in a row that end before they are killed, none ever will be.
const MOST_UNHURT: u32 = 40;
/// Kills after which one run waits until a call has timed out for good.
const MANY_KILLS: u32 = 12;
/// A call that is never answered has timed out by then.
const PATIENCE: Duration = Duration::from_secs(45);
/// A last run without faults takes no longer.
const LAST_RUN: Duration = Duration::from_secs(240);
/// Streams whose bodies are compared with the workspace.
const MIRRORED: [(&str, &str); 5] = [
    ("contacts", "contact_bodies"),
    ("conversations", "conversation_bodies"),
    ("companies", "company_bodies"),
    ("admins", "admin_bodies"),
    ("tags", "tag_bodies"),
];

/// What a scenario came to.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) n_kills: u32,
    pub(super) n_kills_left: u32,
    pub(super) n_ended: u32,
    pub(super) n_edits: u64,
    pub(super) differences: Differences,
}

impl Outcome {
    /// Whether every kill happened and nothing differs.
    pub(super) fn is_passed(&self) -> bool {
        self.n_kills_left == 0 && self.differences.is_empty()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_kills, n_kills_left, n_ended, n_edits, differences } = self;
        let verdict = if differences.is_empty() { "equal" } else { "DIFFERENT" };
        write!(f, "{n_kills} runs killed, {n_ended} ended, {n_edits} changes: {verdict}")?;
        match n_kills_left {
            0 => Ok(()),
            n_left => write!(f, "; the TIME WAS UP before {n_left} more were killed"),
        }
    }
}

/// A scenario under way.
pub(super) struct Soaking<'a> {
    world: World,
    program: &'a Program,
    database: &'a Database,
    rng: Rng,
    outcome: Outcome,
    /// How long a run takes that nobody kills.
    usual: Duration,
    /// By stream: every id that was ever stored.
    ever: BTreeMap<&'static str, BTreeSet<String>>,
}

/// Faults as a workspace has them on a bad day.
fn faults(seed: u64) -> String {
    let always = [
        ("500", "probability = 0.05"),
        ("truncated", "probability = 0.02"),
        ("silent", "probability = 0.02"),
        ("429", "retry_after = 1\nprobability = 0.01"),
        ("429", "retry_after = 1\nafter = 30\ncount = 12"),
        ("stale-cursor", "probability = 0.02"),
    ];
    let mut toml = format!("seed = {}\n", seed >> 1);
    for (answer, rest) in always {
        toml.push_str(&format!("[[fault]]\nanswer = \"{answer}\"\n{rest}\n"));
    }
    toml
}

impl<'a> Soaking<'a> {
    pub(super) async fn start(
        scenario: &Scenario,
        program: &'a Program,
        database: &'a Database,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let (lag, invented) = (INDEX_LAG.to_string(), (seed >> 1).to_string());
        let options = [
            ["--timezone", scenario.timezone],
            ["--now", scenario.starts_at],
            ["--contact-dates", "day"],
            ["--index-lag", &lag],
            ["--contacts", CONTACTS],
            ["--conversations", CONVERSATIONS],
            ["--seed", &invented],
        ];
        Ok(Self {
            world: World::start(&program.simulator, options.as_flattened()).await?,
            program,
            database,
            rng: Rng::with_seed(seed),
            outcome: Outcome::default(),
            usual: Duration::from_secs(4),
            ever: BTreeMap::new(),
        })
    }

    /// Kills runs so often, or for so long, and then compares.
    pub(super) async fn soak(
        mut self,
        n_kills: u32,
        kills_for: Option<Duration>,
        clean: &Database,
    ) -> anyhow::Result<Outcome> {
        let seed = self.rng.u64(..);
        self.world.set_faults(&faults(seed)).await?;
        let until = kills_for.map(|kills_for| Instant::now() + kills_for);
        let mut n_unhurt = 0;
        while self.outcome.n_kills < n_kills {
            let n_left = n_kills - self.outcome.n_kills;
            let left_for = until.map(|until| until.saturating_duration_since(Instant::now()));
            if left_for.is_some_and(|left_for| left_for.is_zero()) {
                self.outcome.n_kills_left = n_left;
                break;
            }
            // All kills shall fit into the time.
            let longest = left_for.map_or(self.usual, |left_for| left_for / n_left);
            let share = self.rng.f64() * 1.15;
            let is_killed = self.run_and_kill(self.usual.min(longest).mul_f64(share)).await?;
            n_unhurt = if is_killed { 0 } else { n_unhurt + 1 };
            ensure!(
                n_unhurt < MOST_UNHURT,
                "{n_unhurt} runs in a row ended before they were killed"
            );
            self.remember().await?;
            self.let_time_pass().await?;
        }
        if n_kills >= MANY_KILLS {
            self.run_and_kill(PATIENCE).await?;
            self.remember().await?;
        }
        self.world.set_faults("").await?;
        self.bring_up_to_date().await?;
        self.compare_mirror().await?;
        self.compare_with(clean).await?;
        self.outcome.n_edits = self.world.n_edits();
        Ok(self.outcome)
    }

    /// A run, and changes of the workspace until it ends or is killed, which it is after so long;
    /// whether it was.
    async fn run_and_kill(&mut self, patience: Duration) -> anyhow::Result<bool> {
        let extent = if self.rng.u8(0..5) == 0 { Extent::Whole } else { Extent::Changed };
        let now = rfc3339(self.world.now().await?)?;
        let mut child = self.program.start(&Arguments {
            database: self.database.url(),
            api: self.world.url(),
            now: &now,
            extent,
        })?;
        let begun_at = Instant::now();
        let status = loop {
            let gap = Duration::from_millis(self.rng.u64(3..60));
            tokio::select! {
                biased;
                status = child.wait() => break Some(status?),
                () = sleep_until(begun_at + patience) => break None,
                () = sleep(gap) => self.world.edit(&mut self.rng).await?,
            }
        };
        let Some(status) = status else {
            child.kill().await.context("sync could not be killed")?;
            self.outcome.n_kills += 1;
            if self.rng.u8(0..8) > 0 {
                self.expire_leases().await?;
            }
            return Ok(true);
        };
        let ended = self.program.ended(status);
        self.outcome.n_ended += 1;
        if ended.is_broken() {
            self.outcome.differences.add("runs", format!("{}: {}", ended.status, ended.log));
        }
        if ended.is_success() {
            self.usual = begun_at.elapsed().max(Duration::from_millis(500));
        }
        if ended.log.contains("is being synchronised by") {
            self.expire_leases().await?;
        }
        Ok(false)
    }

    /// What a minute of silence does.
    async fn expire_leases(&self) -> anyhow::Result<()> {
        if self.database.tables().await?.contains("leases") {
            self.database.execute("UPDATE leases SET expires_at = 0").await?;
        }
        Ok(())
    }

    /// Remembers which records are stored, to ask for them when they are no more.
    async fn remember(&mut self) -> anyhow::Result<()> {
        if !self.database.tables().await?.contains("tombstones") {
            return Ok(());
        }
        for stream in ["contacts", "conversations", "companies"] {
            let ids = self.database.rows(&format!("SELECT id FROM {stream}")).await?;
            self.ever.entry(stream).or_default().extend(ids.into_iter().flatten().flatten());
        }
        Ok(())
    }

    async fn let_time_pass(&mut self) -> anyhow::Result<()> {
        let seconds = match self.rng.u8(0..10) {
            0..3 => 0,
            3..5 => self.rng.u64(0..30),
            5..7 => self.rng.u64(30..400),
            7..9 => self.rng.u64(400..4_000),
            _ => self.rng.u64(4_000..110_000),
        };
        self.world.advance(seconds).await?;
        self.world.observe().await
    }

    /// A last complete run and a quiet one, which writes nothing.
    async fn bring_up_to_date(&mut self) -> anyhow::Result<()> {
        self.expire_leases().await?;
        self.world.advance(INDEX_LAG + 1).await?;
        for _ in 0..4 {
            let before = self.world.dump().await?;
            self.last_run(self.database, Extent::Whole).await?;
            self.remember().await?;
            self.world.advance(60).await?;
            self.last_run(self.database, Extent::Changed).await?;
            // A conversation that was snoozed may have opened meanwhile.
            if self.world.dump().await? == before {
                let n_written = self.n_written_last().await?;
                if n_written != "0" {
                    let what = format!("the quiet run wrote {n_written} records");
                    self.outcome.differences.add("runs", what);
                }
                return Ok(());
            }
            self.world.advance(INDEX_LAG + 1).await?;
        }
        anyhow::bail!("the workspace does not come to rest")
    }

    async fn n_written_last(&self) -> anyhow::Result<String> {
        let sql = "SELECT CAST(n_inserted + n_changed AS TEXT) FROM sync_runs \
                   ORDER BY run_id DESC LIMIT 1";
        let rows = self.database.rows(sql).await?;
        rows.into_iter().flatten().flatten().next().context("no run is noted")
    }

    /// A run without faults; anything but success is a difference.
    async fn last_run(&mut self, database: &Database, extent: Extent) -> anyhow::Result<()> {
        let now = rfc3339(self.world.now().await?)?;
        let api = self.world.url();
        let arguments = Arguments { database: database.url(), api, now: &now, extent };
        let mut child = self.program.start(&arguments)?;
        let Ok(status) = tokio::time::timeout(LAST_RUN, child.wait()).await else {
            child.kill().await?;
            anyhow::bail!("a run without faults does not end");
        };
        let ended: Ended = self.program.ended(status?);
        if !ended.is_success() {
            let what = format!("{extent:?} without faults: {}\n{}", ended.status, ended.log);
            self.outcome.differences.add("runs", what);
        }
        Ok(())
    }

    /// Everything that was received beside the workspace.
    async fn compare_mirror(&mut self) -> anyhow::Result<()> {
        let workspace = self.world.read().await?;
        let database = self.database;
        let mut found = Differences::default();
        let tables = database.tables().await?;
        let archived = match has_column(database, "contacts", "archived_at").await? {
            true => ids(database, "SELECT id FROM contacts WHERE archived_at IS NOT NULL").await?,
            false => BTreeSet::new(),
        };
        for (stream, bodies) in MIRRORED {
            let mut stored = records(database, bodies).await?;
            if stream == "contacts" {
                stored.retain(|id, _| !archived.contains(id));
            }
            let expected = &workspace.lists[stream];
            found.extend(mirror::compare(stream, expected, &stored));
        }
        let mut gone = Gone { archived, ..self.gone().await? };
        if tables.contains("conversation_part_bodies") {
            let deleted = "SELECT id FROM conversation_parts WHERE deleted_at IS NOT NULL";
            let deleted = ids(database, deleted).await?;
            let mut stored = records(database, "conversation_part_bodies").await?;
            stored.retain(|id, _| !deleted.contains(id));
            mirror::follow_aliases(&mut stored, &workspace.parts, &gone.aliases);
            found.extend(mirror::compare("parts", &workspace.parts, &stored));
        }
        for (stream, ids) in &self.ever {
            for id in ids.iter().filter(|id| !workspace.lists[stream].contains_key(*id)) {
                let fate = self.world.fate(stream, id).await?;
                gone.fates.insert(((*stream).to_owned(), id.clone()), fate);
            }
        }
        found.extend(gone.compare(&workspace));
        let rows =
            "SELECT stream || ' ' || COALESCE(record_id, '?') || ': ' || reason FROM quarantine";
        for line in database.rows(rows).await?.into_iter().flatten().flatten() {
            found.add("quarantine", line);
        }
        let rows = database.rows(
            "SELECT contact_id, attribute, old_value, new_value FROM attribute_history \
             ORDER BY change_number",
        );
        let rows = rows.await?.into_iter().map(history_row).collect::<anyhow::Result<Vec<_>>>()?;
        let here = workspace.contacts();
        found.extend(history::check(&self.world.journal, &rows, here, &self.world.returned));
        self.outcome.differences.extend(found);
        Ok(())
    }

    async fn gone(&self) -> anyhow::Result<Gone> {
        let mut gone = Gone::default();
        let rows = self.database.rows("SELECT stream, id, reason FROM tombstones").await?;
        for cells in rows {
            let [stream, id, reason] = texts(cells)?;
            gone.tombstones.insert((stream, id), reason);
        }
        let rows = self.database.rows("SELECT old_id, contact_id FROM contact_aliases").await?;
        for cells in rows {
            let [old, contact] = texts(cells)?;
            gone.aliases.insert(old, contact);
        }
        Ok(gone)
    }

    /// What was made of it beside what one clean run makes of it a day later, when figures that
    /// depend on the date have been computed again.
    async fn compare_with(&mut self, clean: &Database) -> anyhow::Result<()> {
        self.world.advance(86_400).await?;
        self.world.advance(INDEX_LAG + 1).await?;
        self.last_run(self.database, Extent::Changed).await?;
        self.last_run(clean, Extent::Changed).await?;
        let mut found = Differences::default();
        for table in clean.tables().await?.iter().filter(|table| derived::is_projection(table)) {
            let (expected, stored) = (clean.table(table).await?, self.database.table(table).await?);
            found.extend(derived::compare(table, &expected, &stored));
        }
        let history = "customer_history";
        let expected = clean.appended(history, "email").await?;
        let stored = self.database.appended(history, "email").await?;
        found.extend(derived::compare_customers(&expected, &stored));
        let today = "SELECT CAST(MAX(day) AS TEXT) FROM bucket_history";
        let last = |rows: Vec<Vec<Option<String>>>| rows.into_iter().flatten().flatten().next();
        let (expected, stored) = (clean.rows(today).await?, self.database.rows(today).await?);
        let day = last(expected).unwrap_or_default();
        ensure!(last(stored).unwrap_or_default() == day, "the last day of buckets differs");
        let keep = |mut table: derived::Table| {
            table.retain(|key, _| key.contains(&day));
            table
        };
        let expected = keep(clean.table("bucket_history").await?);
        let stored = keep(self.database.table("bucket_history").await?);
        found.extend(derived::compare("buckets", &expected, &stored));
        self.outcome.differences.extend(found);
        Ok(())
    }
}

async fn has_column(database: &Database, table: &str, column: &str) -> anyhow::Result<bool> {
    Ok(database.table(table).await?.values().next().is_some_and(|row| row.contains_key(column)))
}

async fn ids(database: &Database, sql: &str) -> anyhow::Result<BTreeSet<String>> {
    Ok(database.rows(sql).await?.into_iter().flatten().flatten().collect())
}

async fn records(database: &Database, bodies: &str) -> anyhow::Result<Records> {
    let bodies = database.bodies(bodies).await?.into_iter();
    bodies
        .map(|(id, body)| {
            let body = serde_json::from_str(&body).with_context(|| format!("the body of {id}"))?;
            Ok((id, body))
        })
        .collect()
}

fn texts<const N: usize>(cells: Vec<Option<String>>) -> anyhow::Result<[String; N]> {
    let texts: Vec<String> = cells.into_iter().map(Option::unwrap_or_default).collect();
    texts.try_into().ok().context("a row of another length")
}

fn history_row(cells: Vec<Option<String>>) -> anyhow::Result<Row> {
    let mut cells = cells.into_iter();
    let mut next = || cells.next().flatten();
    let (contact, attribute) = (next().unwrap_or_default(), next().unwrap_or_default());
    let value = |text: Option<String>| -> anyhow::Result<Option<Value>> {
        text.map(|text| serde_json::from_str(&text)).transpose().context("a value is no JSON")
    };
    Ok(Row { contact, attribute, old: value(next())?, new: value(next())? })
}

/// An instant as the command line takes it.
fn rfc3339(unix: i64) -> anyhow::Result<String> {
    let at = DateTime::from_timestamp(unix, 0).context("an instant out of range")?;
    Ok(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// Where the databases of a scenario lie, or are made.
pub(super) enum Place<'a> {
    Folder(&'a Path),
    Server(&'a str),
}

impl Place<'_> {
    pub(super) async fn database(&self, name: &str) -> anyhow::Result<Database> {
        match self {
            Self::Folder(folder) => Ok(Database::sqlite(folder, name)),
            Self::Server(server) => Database::postgres(server, name).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Outcome;

    #[test]
    fn too_few_kills_are_a_failure_that_names_their_number() {
        let whole = Outcome { n_kills: 17, ..Outcome::default() };
        assert!(whole.is_passed());
        assert_eq!(whole.to_string(), "17 runs killed, 0 ended, 0 changes: equal");
        let cut = Outcome { n_kills: 12, n_kills_left: 5, ..Outcome::default() };
        assert!(!cut.is_passed());
        let line = "12 runs killed, 0 ended, 0 changes: equal; \
                    the TIME WAS UP before 5 more were killed";
        assert_eq!(cut.to_string(), line);
    }
}
