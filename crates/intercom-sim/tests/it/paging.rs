//! Every row once, whatever the page length, the order and the ties.

use intercom_sim::Simulator;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{NOW, get, ids, post, simulator};

/// All pages of a search, as lists of ids.
fn walk(sim: &mut Simulator, path: &str, key: &str, mut body: Value) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let (status, answer) = post(sim, path, &body);
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["pages"]["page"], pages.len() + 1);
        pages.push(ids(&answer, key));
        match answer["pages"]["next"]["starting_after"].as_str() {
            Some(after) => body["pagination"]["starting_after"] = after.into(),
            None => return pages,
        }
    }
}

fn everything(field: &str, order: &str, per_page: usize) -> Value {
    json!({
        "query": {"field": "created_at", "operator": ">", "value": 0},
        "sort": {"field": field, "order": order},
        "pagination": {"per_page": per_page},
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_is_complete_ordered_and_without_duplicates(
        n in 0_u32..120,
        per_page in 1_usize..150,
        n_ties in 1_i64..8,
        ascending in any::<bool>(),
        field in prop::sample::select(vec!["updated_at", "created_at", "last_seen_at", "name"]),
    ) {
        let mut sim = simulator(n, 0);
        let known: Vec<String> = sim.workspace().contact_ids().map(str::to_owned).collect();
        for (number, id) in (0_i64..).zip(&known) {
            let patch = json!({"updated_at": NOW - number % n_ties});
            sim.workspace_mut().update_contact(id, patch, NOW).expect("the patch fits");
        }
        let order = if ascending { "ascending" } else { "descending" };
        let pages = walk(&mut sim, "/contacts/search", "data", everything(field, order, per_page));
        let found: Vec<String> = pages.concat();
        prop_assert_eq!(pages.len(), known.len().div_ceil(per_page).max(1));
        let mut sorted = found.clone();
        sorted.sort();
        let mut expected = known.clone();
        expected.sort();
        prop_assert_eq!(sorted, expected);
        if field == "updated_at" {
            let updated = |id: &String| {
                let contact = sim.workspace().contact(id).expect("it is listed");
                (contact["updated_at"].as_i64(), id.clone())
            };
            let keys: Vec<_> = found.iter().map(updated).collect();
            let is_sorted = keys.is_sorted_by(|a, b| if ascending { a <= b } else { a >= b });
            prop_assert!(is_sorted, "{order}: {keys:?}");
        }
    }
}

#[test]
fn rows_that_change_during_an_ascending_walk_are_seen_again_at_the_end() {
    let mut sim = simulator(60, 0);
    let mut body = everything("updated_at", "ascending", 20);
    let (_, first) = post(&mut sim, "/contacts/search", &body);
    let first_ids = ids(&first, "data");
    sim.workspace_mut().update_contact(&first_ids[3], json!({"name": "x"}), NOW + 5).expect("fits");
    // The row the cursor names disappears altogether.
    sim.workspace_mut().delete_contact(&first_ids[19]).expect("it exists");
    body["pagination"]["starting_after"] = first["pages"]["next"]["starting_after"].clone();
    let mut rest = Vec::new();
    loop {
        let (_, page) = post(&mut sim, "/contacts/search", &body);
        rest.extend(ids(&page, "data"));
        match page["pages"]["next"]["starting_after"].as_str() {
            Some(after) => body["pagination"]["starting_after"] = after.into(),
            None => break,
        }
    }
    assert_eq!(rest.len(), 41);
    assert_eq!(rest.last(), Some(&first_ids[3]));
}

#[test]
fn a_row_that_changes_during_a_descending_walk_jumps_behind_the_reader() {
    let mut sim = simulator(60, 0);
    let mut body = everything("updated_at", "descending", 20);
    let (_, first) = post(&mut sim, "/contacts/search", &body);
    let read_later = walk(&mut sim, "/contacts/search", "data", body.clone())[2][0].clone();
    sim.workspace_mut().update_contact(&read_later, json!({"name": "x"}), NOW + 5).expect("fits");
    body["pagination"]["starting_after"] = first["pages"]["next"]["starting_after"].clone();
    let mut rest = Vec::new();
    while let (200, page) = post(&mut sim, "/contacts/search", &body) {
        rest.extend(ids(&page, "data"));
        match page["pages"]["next"]["starting_after"].as_str() {
            Some(after) => body["pagination"]["starting_after"] = after.into(),
            None => break,
        }
    }
    assert_eq!(rest.len(), 39);
    assert!(!rest.contains(&read_later), "it is before the cursor and never seen");
}

#[test]
fn conversation_cursors_hold_a_number_and_contact_cursors_a_text() {
    use base64::Engine;
    let mut sim = simulator(30, 30);
    let decode = |answer: &Value| -> Value {
        let after = answer["pages"]["next"]["starting_after"].as_str().expect("a next page");
        let bytes = base64::engine::general_purpose::STANDARD.decode(after).expect("base64");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    let (_, answer) =
        post(&mut sim, "/conversations/search", &everything("updated_at", "ascending", 5));
    let cursor = decode(&answer);
    assert!(cursor[1].is_u64());
    assert_eq!(cursor[2], 2);
    let last = &answer["conversations"][4];
    assert_eq!(cursor[0].as_i64(), last["updated_at"].as_i64().map(|seconds| seconds * 1_000));
    let (_, answer) = post(&mut sim, "/contacts/search", &everything("created_at", "ascending", 5));
    assert_eq!(decode(&answer)[1], answer["data"][4]["id"]);
}

#[test]
fn plain_lists_walk_by_query() {
    let mut sim = simulator(70, 45);
    for (path, key, n) in [("/contacts", "data", 70), ("/conversations", "conversations", 45)] {
        let mut seen = Vec::new();
        let mut target = format!("{path}?per_page=20");
        loop {
            let (status, page) = get(&mut sim, &target);
            assert_eq!(status, 200);
            seen.extend(ids(&page, key));
            match page["pages"]["next"]["starting_after"].as_str() {
                Some(after) => {
                    let query = url::form_urlencoded::Serializer::new(String::new())
                        .append_pair("per_page", "20")
                        .append_pair("starting_after", after)
                        .finish();
                    target = format!("{path}?{query}");
                }
                None => break,
            }
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), n);
    }
    assert_eq!(get(&mut sim, "/contacts?starting_after=x").0, 400);
    assert_eq!(get(&mut sim, "/contacts?per_page=500").0, 400);
}

#[test]
fn fractions_are_sorted_by_their_value_with_few_rows_and_with_many() {
    for n_rows in [40_u32, 700] {
        let mut sim = simulator(0, 0);
        let attribute = json!({"name": "Score", "model": "contact", "data_type": "float"});
        assert_eq!(post(&mut sim, "/data_attributes", &attribute).0, 200);
        // Whole numbers, negative ones and thirds, each value twice, in no order.
        let scores: Vec<f64> =
            (0..n_rows).map(|n| f64::from(n * 7_919 % n_rows / 2) / 3.0 - 5.0).collect();
        for score in &scores {
            let fields = json!({"role": "user", "custom_attributes": {"Score": score}});
            sim.workspace_mut().create_contact(fields, NOW).expect("the fields fit");
        }
        for (order, is_ascending) in [("ascending", true), ("descending", false)] {
            let mut search = json!({
                "query": {"field": "role", "operator": "=", "value": "user"},
                "sort": {"field": "custom_attributes.Score", "order": order},
                "pagination": {"per_page": 13},
            });
            let (mut found, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
            loop {
                let (status, page) = post(&mut sim, "/contacts/search", &search);
                assert_eq!(status, 200, "{page}");
                let contacts = page["data"].as_array().expect("a list");
                let score = |contact: &Value| contact["custom_attributes"]["Score"].as_f64();
                found.extend(contacts.iter().map(|contact| score(contact).expect("a score")));
                seen.extend(ids(&page, "data"));
                match page["pages"]["next"]["starting_after"].as_str() {
                    Some(after) => search["pagination"]["starting_after"] = after.into(),
                    None => break,
                }
            }
            assert_eq!((found.len(), seen.len()), (scores.len(), scores.len()), "{order} {n_rows}");
            let is_sorted = found.is_sorted_by(|a, b| if is_ascending { a <= b } else { a >= b });
            assert!(is_sorted, "{order} {n_rows}: {found:?}");
        }
    }
}
