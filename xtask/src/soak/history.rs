//! The history beside everything the workspace ever was.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::difference::{Differences, short};
use super::mirror::text;

/// A value of a custom attribute; `None` while it is absent.
type Held = Option<Value>;

/// What is known of an attribute that nobody has seen.
const ABSENT: &[Held] = &[None];

/// Every value that every attribute of every contact has had, in order.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// By contact and attribute; a value stands once for as long as it held.
    values: BTreeMap<String, BTreeMap<String, Vec<Held>>>,
}

impl Journal {
    /// Notes a contact as it is.
    pub(super) fn note(&mut self, contact: &Value) {
        let Some(attributes) = contact["custom_attributes"].as_object() else { return };
        let id = text(contact, "id");
        let is_known = self.values.contains_key(&id);
        let known = self.values.entry(id).or_default();
        let absent = known.iter_mut().filter(|(name, _)| !attributes.contains_key(*name));
        for (_, held) in absent {
            if held.last() != Some(&None) {
                held.push(None);
            }
        }
        for (name, value) in attributes {
            let first = if is_known { vec![None] } else { Vec::new() };
            let held = known.entry(name.clone()).or_insert(first);
            if held.last().and_then(Option::as_ref) != Some(value) {
                held.push(Some(value.clone()));
            }
        }
    }

    fn held(&self, contact: &str, attribute: &str) -> &[Held] {
        let held = self.values.get(contact).and_then(|known| known.get(attribute));
        held.map_or(ABSENT, Vec::as_slice)
    }
}

/// A row of `attribute_history`.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) contact: String,
    pub(super) attribute: String,
    pub(super) old: Held,
    pub(super) new: Held,
}

/// Checks rows in the order in which they were appended.
///
/// For each attribute of each contact: rows follow one from the other (`old` is the `new` before
/// it), no row changes nothing, all their values were held by the workspace in that order, and the
/// last row leads to what the workspace holds, if the contact is there. A contact of `returned` was
/// gone for a while, and its rows may have gaps.
pub(super) fn check(
    journal: &Journal,
    rows: &[Row],
    here: &BTreeMap<String, Value>,
    returned: &BTreeSet<String>,
) -> Differences {
    let mut differences = Differences::default();
    let mut of_attribute = BTreeMap::<(&str, &str), Vec<&Row>>::new();
    for row in rows {
        of_attribute.entry((&row.contact, &row.attribute)).or_default().push(row);
    }
    for ((contact, attribute), rows) in of_attribute {
        let mut add = |what: String| {
            differences.add("attribute history", format!("{contact} {attribute}: {what}"));
        };
        if let Some(row) = rows.iter().find(|row| row.old == row.new) {
            add(format!("a row changes nothing: {}", shown(&row.new)));
        }
        let has_gap = |pair: &[&Row]| pair[0].new != pair[1].old;
        if let Some(pair) = rows.windows(2).find(|pair| has_gap(pair))
            && !returned.contains(contact)
        {
            add(format!("{} is followed by {}", shown(&pair[0].new), shown(&pair[1].old)));
        }
        let mut left = journal.held(contact, attribute).iter();
        let mut told: Vec<&Held> = rows.iter().flat_map(|row| [&row.old, &row.new]).collect();
        told.dedup();
        if let Some(strange) = told.into_iter().find(|value| !left.any(|held| held == *value)) {
            add(format!("{} was not its value, or not then", shown(strange)));
        }
        if let Some(now) = here.get(contact) {
            let now = now["custom_attributes"].get(attribute).cloned();
            let last = rows.last().and_then(|row| row.new.clone());
            if now != last {
                add(format!("ends with {} and not {}", shown(&last), shown(&now)));
            }
        }
    }
    differences
}

fn shown(value: &Held) -> String {
    value.as_ref().map_or_else(|| "nothing".to_owned(), short)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::{Value, json};

    use super::{Journal, Row, check};

    fn contact(seats: &Value) -> Value {
        match seats {
            Value::Null => json!({"id": "a", "custom_attributes": {}}),
            seats => json!({"id": "a", "custom_attributes": {"seats": seats}}),
        }
    }

    fn row(old: &Value, new: &Value) -> Row {
        let held = |value: &Value| (!value.is_null()).then(|| value.clone());
        let (contact, attribute) = ("a".to_owned(), "seats".to_owned());
        Row { contact, attribute, old: held(old), new: held(new) }
    }

    /// The workspace held these values; the history tells these changes.
    fn lines(held: &[Value], changes: &[(Value, Value)]) -> Vec<String> {
        let mut journal = Journal::default();
        held.iter().for_each(|seats| journal.note(&contact(seats)));
        let now = contact(held.last().unwrap_or(&Value::Null));
        let rows: Vec<Row> = changes.iter().map(|(old, new)| row(old, new)).collect();
        let here = BTreeMap::from([("a".to_owned(), now)]);
        check(&journal, &rows, &here, &BTreeSet::new()).lines()
    }

    #[test]
    fn a_history_may_skip_states_but_invents_none() {
        let held = [json!(1), json!(2), json!(3), json!(2), Value::Null, json!(4)];
        let right = [(json!(1), json!(3)), (json!(3), Value::Null), (Value::Null, json!(4))];
        assert_eq!(lines(&held, &right), [] as [&str; 0]);
        assert_eq!(lines(&held, &[(json!(1), json!(4))]), [] as [&str; 0]);
        let expected = ["attribute history: a seats: 9 was not its value, or not then"];
        assert_eq!(lines(&held, &[(json!(1), json!(9)), (json!(9), json!(4))]), expected);
        let backwards = [(json!(3), json!(1)), (json!(1), json!(4))];
        let expected = ["attribute history: a seats: 1 was not its value, or not then"];
        assert_eq!(lines(&held, &backwards), expected);
    }

    #[test]
    fn rows_follow_one_from_the_other_and_end_with_the_present() {
        let held = [json!(1), json!(2), json!(3), json!(4)];
        let gap = [(json!(1), json!(2)), (json!(3), json!(4))];
        assert_eq!(lines(&held, &gap), ["attribute history: a seats: 2 is followed by 3"]);
        let short = [(json!(1), json!(2))];
        assert_eq!(lines(&held, &short), ["attribute history: a seats: ends with 2 and not 4"]);
        let idle = [(json!(4), json!(4))];
        assert_eq!(lines(&held, &idle), ["attribute history: a seats: a row changes nothing: 4"]);
    }

    #[test]
    fn an_attribute_that_comes_later_was_absent_before() {
        let held = [Value::Null, json!(1)];
        assert_eq!(lines(&held, &[(Value::Null, json!(1))]), [] as [&str; 0]);
        let expected = ["attribute history: a seats: nothing was not its value, or not then"];
        assert_eq!(lines(&[json!(1)], &[(Value::Null, json!(1))]), expected);
    }
}
