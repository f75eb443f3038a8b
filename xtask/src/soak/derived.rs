//! What was made of the mirror, beside what one clean run makes of the same workspace.

use std::collections::BTreeMap;

use super::difference::Differences;

/// A row by column; every value as text.
pub(super) type Row = BTreeMap<String, Option<String>>;

/// Rows by the values of their primary key.
pub(super) type Table = BTreeMap<Vec<String>, Row>;

/// Columns that tell when something was seen or written, not what it is.
const WHEN: [&str; 8] = [
    "change_number",
    "computed_at",
    "first_seen_at",
    "last_intercom_sync",
    "mark",
    "observed_at",
    "refreshed_at",
    "run_id",
];

/// Tables that are compared with the workspace itself, tell how the work went, or grow with the
/// past; everything else is a projection.
pub(super) fn is_projection(table: &str) -> bool {
    const OTHERS: [&str; 17] = [
        "alert_state",
        "attribute_history",
        "bookmarks",
        "bucket_history",
        "contact_aliases",
        "conversation_parts",
        "customer_history",
        "intercom_migrations",
        "leases",
        "outbox",
        "parts_due",
        "parts_ledger",
        "quarantine",
        "rate_leases",
        "sync_runs",
        "tombstones",
        "workspaces",
    ];
    const STREAMS: [&str; 8] = [
        "admins",
        "companies",
        "contacts",
        "conversations",
        "data_attributes",
        "segments",
        "tags",
        "teams",
    ];
    !OTHERS.contains(&table) && !STREAMS.contains(&table) && !table.ends_with("_bodies")
}

/// A row that says nothing but whose it was.
///
/// `unified_customers` is shared with other writers: the row of a customer that is gone stays, and
/// our columns of it are emptied.
fn is_emptied(table: &str, key: &[String], row: &Row) -> bool {
    let is_ours = |name: &str| !is_when(name) && name != "workspace_id";
    let says = |value: &Option<String>| value.as_ref().is_some_and(|value| !key.contains(value));
    table == "unified_customers" && !row.iter().any(|(name, value)| is_ours(name) && says(value))
}

fn is_when(column: &str) -> bool {
    WHEN.contains(&column)
}

/// The same rows with the same content, but for what tells when.
pub(super) fn compare(name: &str, clean: &Table, found: &Table) -> Differences {
    let mut differences = Differences::default();
    for (key, clean) in clean {
        let Some(found) = found.get(key) else {
            differences.add(format!("{name} missing"), key.join(" "));
            continue;
        };
        let columns = clean.keys().filter(|column| !is_when(column));
        for column in columns.filter(|column| clean.get(*column) != found.get(*column)) {
            let shown = |row: &Row| match row.get(column) {
                Some(Some(value)) => value.chars().take(200).collect(),
                Some(None) | None => "empty".to_owned(),
            };
            let what =
                format!("{}: {column} is {} and not {}", key.join(" "), shown(found), shown(clean));
            differences.add(format!("{name} different"), what);
        }
    }
    for (key, row) in found.iter().filter(|(key, _)| !clean.contains_key(*key)) {
        if !is_emptied(name, key, row) {
            differences.add(format!("{name} left over"), key.join(" "));
        }
    }
    differences
}

/// The history of customers: the state of each is that of the clean run, each row changes
/// something, and a customer that the clean run does not know is gone.
///
/// `found` is in the order in which it was appended.
pub(super) fn compare_customers(clean: &[(String, Row)], found: &[(String, Row)]) -> Differences {
    let mut differences = Differences::default();
    let values = |row: &Row| -> Row {
        row.iter()
            .filter(|(name, _)| !is_when(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    };
    let mut latest = BTreeMap::<&str, Row>::new();
    for (email, row) in found {
        let row = values(row);
        if latest.get(&**email) == Some(&row) {
            differences.add("customer history", format!("{email}: a row changes nothing"));
        }
        latest.insert(email, row);
    }
    let clean: BTreeMap<&str, Row> =
        clean.iter().map(|(email, row)| (&**email, values(row))).collect();
    for (email, expected) in &clean {
        match latest.get(email) {
            None => differences.add("customer history", format!("{email}: has none")),
            Some(found) if found != expected => {
                let column = expected.keys().find(|name| expected.get(*name) != found.get(*name));
                let column = column.map_or("a column", String::as_str);
                differences
                    .add("customer history", format!("{email}: {column} differs at its end"));
            }
            Some(_) => {}
        }
    }
    for (email, row) in latest.iter().filter(|(email, _)| !clean.contains_key(*email)) {
        let is_present = row.get("is_present").cloned().flatten();
        if is_present.is_some_and(|it| it == "1" || it == "true") {
            differences.add("customer history", format!("{email}: is gone and stays present"));
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::{Row, Table, compare, compare_customers, is_projection};

    fn row(cells: &[(&str, &str)]) -> Row {
        let value = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        cells.iter().map(|&(name, text)| (name.to_owned(), value(text))).collect()
    }

    fn table(rows: &[(&str, &[(&str, &str)])]) -> Table {
        rows.iter().map(|&(key, cells)| (vec![key.to_owned()], row(cells))).collect()
    }

    #[test]
    fn every_planted_difference_is_found() {
        let clean = table(&[
            ("a", &[("email", "a"), ("mrr", "100"), ("change_number", "1")]),
            ("b", &[("email", "b"), ("mrr", "")]),
        ]);
        assert!(compare("members", &clean, &clean).is_empty());
        let found = table(&[
            ("a", &[("email", "a"), ("mrr", "200"), ("change_number", "9")]),
            ("c", &[("email", "c"), ("mrr", "")]),
        ]);
        let expected = [
            "members different: a: mrr is 200 and not 100",
            "members missing: b",
            "members left over: c",
        ];
        assert_eq!(compare("members", &clean, &found).lines(), expected);
    }

    #[test]
    fn an_emptied_row_of_a_shared_table_is_no_difference() {
        let clean = Table::new();
        let emptied = table(&[("a", &[("email", "a"), ("mrr", "")])]);
        assert!(compare("unified_customers", &clean, &emptied).is_empty());
        let left = table(&[("a", &[("email", "a"), ("mrr", "5")])]);
        let expected = ["unified_customers left over: a"];
        assert_eq!(compare("unified_customers", &clean, &left).lines(), expected);
    }

    #[test]
    fn the_history_of_a_customer_ends_as_a_clean_one() {
        let at = |email: &str, mrr: &str, present: &str| {
            (email.to_owned(), row(&[("mrr", mrr), ("is_present", present)]))
        };
        let clean = [at("a", "3", "1"), at("b", "1", "1")];
        let right = [at("a", "1", "1"), at("b", "1", "1"), at("a", "3", "1"), at("c", "1", "1")];
        let gone = [&right[..], &[at("c", "", "0")]].concat();
        assert_eq!(compare_customers(&clean, &gone).lines(), [] as [&str; 0]);
        let wrong = [at("a", "3", "1"), at("a", "3", "1"), at("a", "2", "1"), at("c", "1", "1")];
        let expected = [
            "customer history: a: a row changes nothing",
            "customer history: a: mrr differs at its end",
            "customer history: b: has none",
            "customer history: c: is gone and stays present",
        ];
        assert_eq!(compare_customers(&clean, &wrong).lines(), expected);
    }

    #[test]
    fn projections_are_what_is_left() {
        for table in ["members", "sessions", "unified_customers", "dirty_customers"] {
            assert!(is_projection(table), "{table}");
        }
        for table in ["contacts", "contact_bodies", "leases", "customer_history"] {
            assert!(!is_projection(table), "{table}");
        }
    }
}
