//! The deviations that are declared: why, and what our answer is.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use super::compare::{self, Difference};
use super::drive::Produced;
use super::profile::Profile;

/// Everything that is declared.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Deviations {
    /// Headers that differ in every case.
    #[serde(default)]
    header: Vec<HeaderRule>,
    /// Rules by which answers differ.
    #[serde(default)]
    deviation: Vec<Deviation>,
    /// Our answers.
    #[serde(default)]
    answer: BTreeMap<AnswerProfile, BTreeMap<String, String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AnswerProfile {
    /// The answer is the same with both profiles.
    Both,
    Default,
    Rudderstack,
}

/// A header that differs in every case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderRule {
    profile: Profile,
    name: String,
    why: String,
}

/// One rule by which answers differ.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deviation {
    profiles: BTreeSet<Profile>,
    /// The section of the facts that says what the other system does.
    rule: String,
    /// Why ours is another.
    why: String,
    cases: BTreeSet<String>,
}

/// What is declared of one case.
pub(super) struct Declared<'a> {
    /// Rules and reasons.
    pub(super) reasons: Vec<String>,
    pub(super) answer: &'a str,
}

/// The headers that may differ, and those that did.
pub(super) struct HeaderRules<'a> {
    rules: Vec<(&'a HeaderRule, usize)>,
}

impl Deviations {
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let context = || format!("reading {}", path.display());
        let text = std::fs::read_to_string(path).with_context(context)?;
        toml::from_str(&text).with_context(context)
    }

    /// What does not fit together for a profile.
    pub(super) fn faults(&self, profile: Profile) -> Vec<String> {
        let mut faults = Vec::new();
        let of_profile = || self.deviation.iter().filter(|one| one.profiles.contains(&profile));
        for one in of_profile() {
            if one.rule.is_empty() || one.why.is_empty() {
                faults.push(format!("a deviation of {:?} lacks its rule or reason", one.cases));
            }
            for case in one.cases.iter().filter(|case| self.answer(profile, case).is_none()) {
                faults.push(format!("{case} differs by {} but has no answer of ours", one.rule));
            }
        }
        for case in self.answered(profile) {
            if !of_profile().any(|one| one.cases.contains(case)) {
                faults.push(format!("{case} has an answer of ours but no reason"));
            }
        }
        faults
    }

    fn answers(&self, profile: Profile) -> impl Iterator<Item = &BTreeMap<String, String>> {
        let own = match profile {
            Profile::Default => AnswerProfile::Default,
            Profile::Rudderstack => AnswerProfile::Rudderstack,
        };
        [own, AnswerProfile::Both].into_iter().filter_map(|profile| self.answer.get(&profile))
    }

    fn answered(&self, profile: Profile) -> BTreeSet<&str> {
        self.answers(profile).flat_map(BTreeMap::keys).map(String::as_str).collect()
    }

    fn answer(&self, profile: Profile, case: &str) -> Option<&str> {
        self.answers(profile).find_map(|answers| answers.get(case)).map(String::as_str)
    }

    /// What is declared of a case.
    pub(super) fn of(&self, profile: Profile, case: &str) -> Option<Declared<'_>> {
        let answer = self.answer(profile, case)?;
        let reasons = self
            .deviation
            .iter()
            .filter(|one| one.profiles.contains(&profile) && one.cases.contains(case));
        let reasons = reasons.map(|one| format!("{}: {}", one.rule, one.why)).collect();
        Some(Declared { reasons, answer })
    }

    pub(super) fn headers(&self, profile: Profile) -> HeaderRules<'_> {
        let rules = self.header.iter().filter(|rule| rule.profile == profile);
        HeaderRules { rules: rules.map(|rule| (rule, 0)).collect() }
    }
}

impl HeaderRules<'_> {
    /// Whether the header may differ; counts how often it did.
    pub(super) fn declares(&mut self, name: &str) -> bool {
        let rule = self.rules.iter_mut().find(|(rule, _)| rule.name.eq_ignore_ascii_case(name));
        rule.map(|(_, n_found)| *n_found += 1).is_some()
    }

    /// Each rule on one line, and whether it was needed.
    pub(super) fn lines(&self) -> impl Iterator<Item = (String, bool)> {
        self.rules.iter().map(|(HeaderRule { name, why, .. }, n_found)| {
            (format!("header {name} in {n_found} calls: {why}"), *n_found > 0)
        })
    }
}

impl Produced {
    /// The answer as `deviations.toml` spells it: a line for each call, and one for the end.
    pub(super) fn lines(&self) -> Vec<String> {
        let calls = self.calls.iter().map(|made| {
            let body = made.body.as_ref().map(|body| format!(" {body}")).unwrap_or_default();
            let version = made.call.header("Intercom-Version").unwrap_or("-");
            format!("{} {} {version}{body}", made.call.method, made.call.url)
        });
        calls.chain([self.ending()]).collect()
    }
}

/// Where our answer is not the one declared.
pub(super) fn differences(declared: &str, ours: &Produced) -> Vec<Difference> {
    let declared: Vec<&str> = declared.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    let ours = ours.lines();
    let mut found = Vec::new();
    for index in 0..declared.len().max(ours.len()) {
        let declared = declared.get(index).copied().unwrap_or("nothing");
        let ours = ours.get(index).map_or("nothing", String::as_str);
        if !is_same(declared, ours) {
            let what = format!("line {} of the declared answer", index + 1);
            found.push(Difference::new(what, declared, ours));
        }
    }
    found
}

/// Whether two lines say the same; bodies compare as JSON.
fn is_same(declared: &str, ours: &str) -> bool {
    let parts = |line: &str| -> Option<(String, Value)> {
        let (head, body) = line.split_once(" {")?;
        Some((head.to_owned(), serde_json::from_str(&format!("{{{body}")).ok()?))
    };
    match (parts(declared), parts(ours)) {
        (Some((head, body)), Some((our_head, our_body))) => {
            head == our_head && compare::json(&body, &our_body, String::new()).is_none()
        }
        _ => declared == ours,
    }
}
