//! What is found to be different, and how it is told.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// Differences of one kind that are written out; the others are counted.
const SHOWN: usize = 10;

/// One way in which the store is not what it has to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    kind: String,
    what: String,
}

/// Every difference that was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Differences(Vec<Difference>);

impl Differences {
    pub(super) fn add(&mut self, kind: impl Into<String>, what: impl Into<String>) {
        self.0.push(Difference { kind: kind.into(), what: what.into() });
    }

    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    pub(super) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|Difference { kind, what }| format!("{kind}: {what}")).collect()
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kinds = BTreeMap::<&str, Vec<&str>>::new();
        for Difference { kind, what } in &self.0 {
            kinds.entry(kind).or_default().push(what);
        }
        for (kind, found) in kinds {
            writeln!(f, "  {kind}: {}", found.len())?;
            for what in found.iter().take(SHOWN) {
                writeln!(f, "    {what}")?;
            }
            if found.len() > SHOWN {
                writeln!(f, "    … and {} more", found.len() - SHOWN)?;
            }
        }
        Ok(())
    }
}

/// The first place at which two values differ, with what stands there.
pub(super) fn first_difference(expected: &Value, found: &Value) -> Option<String> {
    let (path, expected, found) = place(expected, found)?;
    let path = if path.is_empty() { "the value" } else { &path[1..] };
    Some(format!("{path} is {} and not {}", short(found), short(expected)))
}

fn place<'v>(expected: &'v Value, found: &'v Value) -> Option<(String, &'v Value, &'v Value)> {
    const ABSENT: &Value = &Value::Null;
    match (expected, found) {
        (Value::Object(left), Value::Object(right)) => {
            let names = left.keys().chain(right.keys().filter(|name| !left.contains_key(*name)));
            names.into_iter().find_map(|name| {
                let (left, right) = (left.get(name), right.get(name));
                match (left, right) {
                    (Some(left), Some(right)) => {
                        let (path, left, right) = place(left, right)?;
                        Some((format!(".{name}{path}"), left, right))
                    }
                    _ => {
                        Some((format!(".{name}"), left.unwrap_or(ABSENT), right.unwrap_or(ABSENT)))
                    }
                }
            })
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            (0..).zip(left.iter().zip(right)).find_map(|(index, (left, right))| {
                let (path, left, right) = place(left, right)?;
                Some((format!(".{index}{path}"), left, right))
            })
        }
        _ => (expected != found).then(|| (String::new(), expected, found)),
    }
}

/// The workspace is an invented one: its values may be shown.
pub(super) fn short(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Differences, first_difference};

    fn check(expected: &Value, found: &Value, line: Option<&str>) {
        assert_eq!(first_difference(expected, found).as_deref(), line);
    }

    #[test]
    fn the_first_place_that_differs_is_named() {
        let value = json!({"a": {"b": [1, 2]}, "c": null});
        check(&value, &value.clone(), None);
        let found = json!({"a": {"b": [1, 3]}, "c": null});
        check(&value, &found, Some("a.b.1 is 3 and not 2"));
        check(&value, &json!({"a": {"b": [1]}, "c": null}), Some("a.b is [1] and not [1,2]"));
        check(&value, &json!({"a": {"b": [1, 2]}}), Some("c is null and not null"));
        check(&json!(1), &json!("1"), Some(r#"the value is "1" and not 1"#));
    }

    #[test]
    fn ten_of_a_kind_are_written_out() {
        let mut differences = Differences::default();
        (0..12).for_each(|n| differences.add("contacts", format!("c{n:02}")));
        differences.add("aliases", "a");
        let text = differences.to_string();
        assert!(text.starts_with("  aliases: 1\n    a\n  contacts: 12\n    c00\n"), "{text}");
        assert!(text.ends_with("    c09\n    … and 2 more\n"), "{text}");
    }
}
