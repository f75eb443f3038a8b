//! Events with known requests and answers with known outcomes, compared with what
//! `intercom-transform` makes of them.

mod cases;
mod compare;
mod delivery;
mod deviations;
mod drive;
mod dump;
mod profile;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use crate::{Verdict, root, services_required};

use cases::{Delivery, DestinationName, Probe};
use compare::Difference;
use deviations::{Deviations, HeaderRules};
use drive::{Bench, Produced, Unknown, Wording};
use dump::Entry;

pub(crate) use profile::Profile;

const PROBES: &str = "probes.json";
const DELIVERIES: &str = "delivery-probes.json";
const DEVIATIONS: &str = "crates/intercom-transform/tests/deviations.toml";

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder of `probes.json` and `delivery-probes.json`.
    dir: PathBuf,
    /// The rules that events are transformed by.
    #[arg(long, value_enum, default_value_t = Profile::Default)]
    profile: Profile,
    /// Where to write what was produced.
    #[arg(long)]
    dump: Option<PathBuf>,
    /// The declared deviations; those of the transformation where none are named.
    #[arg(long)]
    deviations: Option<PathBuf>,
}

/// Compares every case of a folder.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Verdict> {
    let Arguments { dir, profile, dump, deviations } = arguments;
    if !dir.join(PROBES).is_file() && !dir.join(DELIVERIES).is_file() {
        println!("skipped: {} not found", dir.display());
        return Ok(Verdict::of(!services_required()));
    }
    let deviations = match deviations {
        Some(path) => Deviations::read(path)?,
        None => Deviations::read(&root().join(DEVIATIONS))?,
    };
    let report = check(dir, *profile, &deviations)?;
    for line in &report.lines {
        println!("{line}");
    }
    if let Some(path) = dump {
        dump::write(path, &report.produced)?;
    }
    println!("{} passed, {} failed", report.n_passed, report.n_failed);
    Ok(Verdict::of(report.n_failed == 0))
}

/// What came of a folder.
#[derive(Default)]
struct Report {
    lines: Vec<String>,
    n_passed: usize,
    n_declared: usize,
    n_failed: usize,
    produced: Vec<Entry>,
}

fn check(dir: &Path, profile: Profile, deviations: &Deviations) -> anyhow::Result<Report> {
    let mut report = Report::default();
    let mut headers = deviations.headers(profile);
    if dir.join(PROBES).is_file() {
        for probe in cases::read(&dir.join(PROBES))? {
            match probe {
                Ok(probe) => report.probe(&probe, profile, deviations, &mut headers),
                Err(fault) => report.fail(&fault),
            }
        }
    }
    if dir.join(DELIVERIES).is_file() {
        for case in cases::read(&dir.join(DELIVERIES))? {
            match case {
                Ok(case) => report.delivery(&case, profile, deviations, &mut headers),
                Err(fault) => report.fail(&fault),
            }
        }
    }
    let (n_passed, n_declared) = (report.n_passed, report.n_declared);
    for (line, is_used) in headers.lines() {
        if is_used {
            report.lines.push(format!("declared: {line}"));
        } else if n_passed > 0 {
            report.fail(&format!("a declared deviation does not occur: {line}"));
        }
    }
    for fault in deviations.faults(profile) {
        report.fail(&fault);
    }
    report.lines.push(format!(
        "profile {}: {} cases as known, {n_declared} as declared",
        profile.name(),
        n_passed - n_declared
    ));
    Ok(report)
}

impl Report {
    fn probe(
        &mut self,
        probe: &Probe,
        profile: Profile,
        deviations: &Deviations,
        headers: &mut HeaderRules<'_>,
    ) {
        let Probe { id, name, .. } = probe;
        let bench = Bench {
            settings: settings(probe, profile),
            token: token(probe),
            mocks: &probe.mocked_http,
            unknown: Unknown::Nobody,
            wording: match profile {
                Profile::Default => Wording::Own,
                Profile::Rudderstack => Wording::Router,
            },
        };
        let ours = match bench.run(probe.message.get()) {
            Ok(ours) => ours,
            Err(error) => return self.fail(&format!("{id} {name}: {error:#}")),
        };
        let is_suppressing = profile == Profile::Rudderstack;
        let found = compare::differences(&probe.expected, &ours, is_suppressing, headers);
        self.judge(id, name, profile, deviations, &found, &ours);
        self.produced.push(Entry::new(id, &ours));
    }

    fn delivery(
        &mut self,
        case: &Delivery,
        profile: Profile,
        deviations: &Deviations,
        headers: &mut HeaderRules<'_>,
    ) {
        let Delivery { id, name, .. } = case;
        let ours = match delivery::run(case, profile) {
            Ok(ours) => ours,
            Err(error) => return self.fail(&format!("{id} {name}: {error:#}")),
        };
        let found = delivery::differences(case, &ours, profile, headers);
        self.judge(id, name, profile, deviations, &found, &ours);
        self.produced.push(Entry::new(id, &ours));
    }

    /// Equal and not declared, or different in the way that is declared.
    fn judge(
        &mut self,
        id: &str,
        name: &str,
        profile: Profile,
        deviations: &Deviations,
        found: &[Difference],
        ours: &Produced,
    ) {
        match (deviations.of(profile, id), found) {
            (None, []) => self.n_passed += 1,
            (None, found) => {
                self.fail(&format!("{id} {name}"));
                self.explain(found, "expected");
                self.lines.push("  our answer:".to_owned());
                self.lines.extend(ours.lines().into_iter().map(|line| format!("    {line}")));
            }
            (Some(_), []) => {
                self.fail(&format!("{id} {name}: declared as a deviation, but it is none"));
            }
            (Some(declared), _) => {
                let found = deviations::differences(declared.answer, ours);
                if found.is_empty() {
                    self.n_passed += 1;
                    self.n_declared += 1;
                    let reasons = declared.reasons.join("; ");
                    self.lines.push(format!("declared: {id} {name}: {reasons}"));
                } else {
                    self.fail(&format!("{id} {name}: not the answer that is declared"));
                    self.explain(&found, "declared");
                }
            }
        }
    }

    fn fail(&mut self, what: &str) {
        self.n_failed += 1;
        self.lines.push(format!("failed: {what}"));
    }

    fn explain(&mut self, found: &[Difference], side: &str) {
        for Difference { what, expected, ours } in found {
            self.lines.push(format!("  {what}"));
            self.lines.push(format!("    {side:8}: {expected}"));
            self.lines.push(format!("    ours    : {ours}"));
        }
    }
}

/// The profile with the case's own settings and whether there is a token.
fn settings(probe: &Probe, profile: Profile) -> intercom_transform::Settings {
    let settings = profile.settings(probe.destination, &probe.config);
    let has_token = match probe.destination {
        DestinationName::Intercom => profile::text(&probe.config.api_key).is_some(),
        // The token is no part of these cases; that it lacks shows in the answer only.
        DestinationName::IntercomV2 => {
            let error = probe.expected.error.as_ref();
            let kind = error.and_then(|error| error.stat_tags.error_type.as_deref());
            kind != Some("oAuthSecret")
        }
    };
    intercom_transform::Settings { has_token, ..settings }
}

/// The token that requests are sent with. Those of an OAuth installation stand in the answer only.
fn token(probe: &Probe) -> &str {
    let sent = || {
        let calls = probe.expected.sequence();
        calls.iter().find_map(|call| call.header("Authorization")?.strip_prefix("Bearer "))
    };
    let named = match probe.destination {
        DestinationName::Intercom => profile::text(&probe.config.api_key),
        DestinationName::IntercomV2 => sent(),
    };
    named.unwrap_or_default()
}
