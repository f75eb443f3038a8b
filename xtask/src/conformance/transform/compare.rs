//! Where what was produced differs from what is known.

use serde_json::Value;

use super::cases::{Call, Expected};
use super::deviations::HeaderRules;
use super::drive::Produced;

/// One difference, both sides of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) ours: String,
}

impl Difference {
    pub(super) fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        ours: impl Into<String>,
    ) -> Self {
        Self { what: what.into(), expected: expected.into(), ours: ours.into() }
    }
}

/// Every difference between a case's answer and ours.
pub(super) fn differences(
    expected: &Expected,
    ours: &Produced,
    is_suppressing: bool,
    headers: &mut HeaderRules<'_>,
) -> Vec<Difference> {
    let mut found = sequence(&expected.sequence(), ours, headers);
    found.extend(ending(expected, ours, is_suppressing));
    found
}

/// Differences between two sequences of calls.
pub(super) fn sequence(
    expected: &[&Call],
    ours: &Produced,
    headers: &mut HeaderRules<'_>,
) -> Vec<Difference> {
    const NOTHING: &str = "no call";
    let n_calls = expected.len().max(ours.calls.len());
    let mut found = Vec::new();
    for index in 0..n_calls {
        let number = index + 1;
        match (expected.get(index), ours.calls.get(index).map(|made| &made.call)) {
            (Some(expected), Some(ours)) => {
                if let Some(what) = call(expected, ours, headers) {
                    let what = format!("call {number}: {what}");
                    found.push(Difference::new(what, line(expected), line(ours)));
                }
            }
            (Some(expected), None) => {
                found.push(Difference::new(format!("call {number}"), line(expected), NOTHING));
            }
            (None, Some(ours)) => {
                found.push(Difference::new(format!("call {number}"), NOTHING, line(ours)));
            }
            (None, None) => {}
        }
    }
    found
}

/// What differs between two calls.
fn call(expected: &Call, ours: &Call, headers: &mut HeaderRules<'_>) -> Option<String> {
    if expected.method != ours.method {
        return Some("method".to_owned());
    }
    if expected.url != ours.url {
        return Some("url".to_owned());
    }
    for (name, value) in &expected.headers {
        let given = ours.header(name);
        // Says nothing where there is no body.
        let is_idle = name.eq_ignore_ascii_case("Content-Type") && ours.content().is_none();
        if given != Some(value) && !is_idle && !headers.declares(name) {
            return Some(format!("header {name}: {value}, ours {}", given.unwrap_or("none")));
        }
    }
    let nothing = Value::Null;
    let content = |call: &Call| call.content().unwrap_or(&nothing).clone();
    json(&content(expected), &content(ours), String::new()).map(|path| format!("body{path}"))
}

/// The path to the first difference between two JSON values; numbers compare by value.
pub(super) fn json(expected: &Value, ours: &Value, path: String) -> Option<String> {
    match (expected, ours) {
        (Value::Object(expected), Value::Object(ours)) => {
            let missing = || {
                let one = expected.keys().find(|key| !ours.contains_key(*key));
                one.or_else(|| ours.keys().find(|key| !expected.contains_key(*key)))
            };
            let differs = expected
                .iter()
                .find_map(|(key, value)| json(value, ours.get(key)?, format!("{path}.{key}")));
            differs.or_else(|| missing().map(|key| format!("{path}.{key}")))
        }
        (Value::Array(expected), Value::Array(ours)) if expected.len() == ours.len() => {
            let mut pairs = expected.iter().zip(ours).enumerate();
            pairs.find_map(|(index, (expected, ours))| {
                json(expected, ours, format!("{path}[{index}]"))
            })
        }
        (Value::Number(expected), Value::Number(ours)) => {
            let is_same = expected == ours || expected.as_f64() == ours.as_f64();
            (!is_same).then_some(path)
        }
        (expected, ours) => (expected != ours).then_some(path),
    }
}

/// Differences in how it ended.
fn ending(expected: &Expected, ours: &Produced, is_suppressing: bool) -> Vec<Difference> {
    let mut found = Vec::new();
    let Some(error) = &expected.error else {
        let wanted = match expected.status_code {
            Some(299) if is_suppressing => &["suppressed"][..],
            // The cases call it 200 where the feature does not suppress.
            _ => &["delivered", "suppressed"],
        };
        if !wanted.contains(&ours.outcome) {
            found.push(Difference::new("outcome", wanted[0], ours.ending()));
        }
        return found;
    };
    if ours.error.as_deref() != Some(&error.message) {
        found.push(Difference::new("error", &error.message, ours.ending()));
    }
    let category = error.stat_tags.error_category.as_deref();
    let wanted: &[&str] = match (category, error.status) {
        (Some("network"), Some(429)) => &["throttled"],
        (Some("network"), Some(500..)) => &["retryable"],
        (Some("network" | "dataValidation"), _) => &["aborted", "rejected"],
        // A crash or a fault of the platform has no outcome that could be compared.
        _ => return found,
    };
    if !wanted.contains(&ours.outcome) {
        found.push(Difference::new("outcome", wanted[0], ours.ending()));
    }
    found
}

impl Produced {
    /// How it ended, on one line.
    pub(super) fn ending(&self) -> String {
        let mut text = self.outcome.to_owned();
        if let Some(class) = self.class {
            text.push(' ');
            text.push_str(class);
        }
        if let Some(error) = &self.error {
            text.push_str(": ");
            text.push_str(error);
        }
        text
    }
}

/// A call on one line: method, address, version, body.
pub(super) fn line(call: &Call) -> String {
    let version = call.header("Intercom-Version").unwrap_or("-");
    let body = call.content().map(|body| format!(" {body}")).unwrap_or_default();
    format!("{} {} {version}{body}", call.method, call.url)
}
