//! The table of facts about the API: each has a test that proves it, or a reason why it has none.
//!
//! `cargo xtask tidy` checks that the tests exist.

use std::collections::BTreeSet;

struct Fact {
    section: &'static str,
    said: &'static str,
    proof: &'static str,
}

fn facts() -> Vec<Fact> {
    let lines = include_str!("facts.tsv").lines().filter(|line| !line.starts_with('#'));
    let facts = lines.map(|line| {
        let columns: Vec<&str> = line.split('\t').collect();
        let [section, said, proof] = columns[..] else { panic!("three columns: {line}") };
        Fact { section, said, proof }
    });
    facts.collect()
}

#[test]
fn every_section_has_facts_and_every_fact_a_proof_or_a_reason() {
    let facts = facts();
    let sections: BTreeSet<&str> = facts.iter().map(|fact| fact.section).collect();
    let expected = (1..=10).map(|number| format!("0.{number}"));
    let expected = expected.chain((1..=11).map(|number| format!("3.{number}")));
    let expected: BTreeSet<String> =
        expected.chain(["openapi 7".to_owned(), "openapi codes".to_owned()]).collect();
    assert_eq!(sections, expected.iter().map(String::as_str).collect());
    let mut said = BTreeSet::new();
    for fact in &facts {
        assert!(said.insert((fact.section, fact.said)), "twice: {}", fact.said);
        let tests: Vec<&str> = fact.proof.split(' ').collect();
        let is_test = |word: &&str| word.split("::").count() >= 2;
        let has_reason = fact.proof.strip_prefix("none: ").is_some_and(|why| why.len() > 10);
        assert!(has_reason || tests.iter().all(is_test), "{}: {}", fact.said, fact.proof);
    }
}

#[test]
fn every_code_of_the_official_examples_has_a_line() {
    let facts = facts();
    let codes: Vec<&str> =
        facts.iter().filter(|f| f.section == "openapi codes").map(|f| f.said).collect();
    assert_eq!(codes.len(), 59);
    let raised = crate::error_codes::CODES;
    for (code, status) in raised {
        let line = codes.iter().find(|line| line.split(':').next() == Some(code));
        if let Some(line) = line {
            assert!(line.contains(&status.to_string()), "{line}");
        }
    }
}
