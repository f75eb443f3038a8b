//! Every official response example, decoded and encoded again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use intercom_api::registry::OPERATIONS;
use intercom_api::{ApiError, ApiVersion, DecodeError, Response};
use serde_json::{Value, json};

use super::difference;
use super::examples::{self, Example};
use crate::Verdict;
use crate::codegen::import::{documents, newest_ids};
use crate::codegen::overlay::Exception;
use crate::codegen::versions::{Version, Versions};

/// What became of the examples of one version.
#[derive(Debug, Default)]
struct Tally {
    passed: usize,
    failed: usize,
    declared: usize,
    not_generated: usize,
}

/// Checks the examples of every description in a folder.
pub(super) fn check(dir: &Path) -> anyhow::Result<Verdict> {
    let documents = documents(dir)?;
    let ids = newest_ids(&documents);
    let overlay = crate::codegen::overlay()?;
    let mut declared = Declared::new(&overlay.exception)?;
    let mut total = Tally::default();
    for (version, document) in &documents {
        let mut tally = Tally::default();
        for example in examples::of(document, &ids) {
            check_one(*version, &example, &mut declared, &mut tally);
        }
        print(*version, &tally);
        total.passed += tally.passed;
        total.failed += tally.failed;
    }
    for stale in declared.unused() {
        println!("overlay.toml declares an exception that does not occur: {stale}");
        total.failed += 1;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(Verdict::of(total.failed == 0))
}

fn print(version: Version, tally: &Tally) {
    let checked = tally.passed + tally.failed + tally.declared;
    println!(
        "{}: {} examples, {checked} checked: {} passed, {} failed, {} declared; {} not generated",
        version.name(),
        checked + tally.not_generated,
        tally.passed,
        tally.failed,
        tally.declared,
        tally.not_generated
    );
}

fn check_one(version: Version, example: &Example, declared: &mut Declared<'_>, tally: &mut Tally) {
    let Some(outcome) = compare(version, example) else {
        tally.not_generated += 1;
        return;
    };
    let Some(difference) = outcome else {
        tally.passed += 1;
        return;
    };
    let Example { operation, status, name, .. } = example;
    let place = format!("{operation} {status} {name} {difference}");
    match declared.why(version, &place) {
        Some(why) => {
            tally.declared += 1;
            println!("declared: {} {place}: {why}", version.name());
        }
        None => {
            tally.failed += 1;
            println!("failed: {} {place}", version.name());
        }
    }
}

/// Where an example does not come back as it was; `None` when its type is not generated.
///
/// Operations that share a route are told apart by their parameters, which an example does not
/// show: one of them has to fit.
fn compare(version: Version, example: &Example) -> Option<Option<String>> {
    let response = Response::new(example.status, example.body.to_string());
    if !response.is_success() {
        let error = ApiError::from_response(&response);
        return Some(difference::first(&example.body, &envelope(&error, &example.body)));
    }
    let version: ApiVersion = version.name().parse().ok()?;
    let entries = OPERATIONS.iter().filter(|entry| entry.id == example.operation);
    let entries = entries.filter(|entry| entry.versions.contains(version));
    let mut outcomes = entries.filter_map(|entry| entry.round_trip).map(|round_trip| {
        match round_trip(&response) {
            Ok(again) => difference::first(&example.body, &again),
            Err(DecodeError { path, .. }) => Some(path),
        }
    });
    let first = outcomes.next()?;
    if first.is_none() || outcomes.any(|outcome| outcome.is_none()) {
        Some(None)
    } else {
        Some(first)
    }
}

/// What [`ApiError`] read, encoded again in the shape that the error came in.
fn envelope(error: &ApiError, body: &Value) -> Value {
    let kind = body.get("type");
    let first = error.errors.first();
    match body.get("errors") {
        Some(Value::Object(_)) => {
            let fields = error.errors.iter();
            let fields: BTreeMap<_, _> = fields
                .map(|item| (item.field.clone().unwrap_or_default(), &item.message))
                .collect();
            json!({"type": kind, "request_id": error.request_id, "errors": fields})
        }
        Some(_) => json!({"type": kind, "request_id": error.request_id, "errors": error.errors}),
        None if body.get("error_key").is_some() => {
            let (code, message) = (first.map(|item| &item.code), first.map(|item| &item.message));
            json!({"error_key": code, "message": message})
        }
        None => {
            let message = first.and_then(|item| item.message.as_ref());
            json!({"type": kind, "request_id": error.request_id, "message": message})
        }
    }
}

/// The exceptions of the overlay by version and place.
struct Declared<'a> {
    reasons: BTreeMap<(&'static str, &'a str), &'a str>,
    used: BTreeSet<(&'static str, &'a str)>,
}

impl<'a> Declared<'a> {
    fn new(exceptions: &'a [Exception]) -> anyhow::Result<Self> {
        let mut reasons = BTreeMap::new();
        for exception in exceptions {
            let versions = match &exception.versions {
                Some(range) => Versions::parse(range)?,
                None => Versions::ALL,
            };
            for version in Version::all().filter(|version| versions.contains(*version)) {
                for place in &exception.examples {
                    let key = (version.name(), place.as_str());
                    reasons.insert(key, exception.why.as_str());
                }
            }
        }
        Ok(Self { reasons, used: BTreeSet::new() })
    }

    fn why(&mut self, version: Version, place: &str) -> Option<&'a str> {
        let mut reasons = self.reasons.iter();
        let (key, why) = reasons.find(|((v, p), _)| *v == version.name() && *p == place)?;
        self.used.insert(*key);
        Some(why)
    }

    fn unused(&self) -> impl Iterator<Item = String> {
        let unused = self.reasons.keys().filter(|key| !self.used.contains(*key));
        unused.map(|(version, place)| format!("{version} {place}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use intercom_api::ApiVersion;
    use intercom_api::registry::OPERATIONS;

    /// How many operations of the descriptions are known to some version of a selection.
    fn known(selection: impl Fn(ApiVersion) -> bool) -> usize {
        let entries = OPERATIONS.iter().filter(|entry| {
            ApiVersion::ALL.into_iter().any(|v| selection(v) && entry.versions.contains(v))
        });
        entries.map(|entry| entry.id).collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn every_operation_of_every_version_is_generated() {
        assert_eq!(known(|_| true), 264);
        assert_eq!(known(|version| version < ApiVersion::Preview), 237);
        assert_eq!(known(|version| version == ApiVersion::Preview), 256);
        for (version, n) in [
            (ApiVersion::V2_7, 98),
            (ApiVersion::V2_8, 98),
            (ApiVersion::V2_9, 108),
            (ApiVersion::V2_10, 108),
            (ApiVersion::V2_11, 108),
            (ApiVersion::V2_12, 118),
            (ApiVersion::V2_13, 133),
            (ApiVersion::V2_14, 150),
            (ApiVersion::V2_15, 162),
            (ApiVersion::V2_16, 231),
        ] {
            assert_eq!(known(|v| v == version), n, "{version}");
        }
    }
}
