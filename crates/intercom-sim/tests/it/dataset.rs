//! Workspaces from files.

use std::path::Path;

use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
use serde_json::{Value, json};

use crate::support::{NOW, get, ids, post, put};

fn write<T: AsRef<[u8]>>(dir: &Path, files: &[(&str, T)]) {
    for (name, text) in files {
        std::fs::write(dir.join(name), text).expect("the folder takes files");
    }
}

/// A data set of one contact, one conversation and one admin, with some files replaced.
fn load<T: AsRef<[u8]>>(replaced: &[(&str, T)]) -> Result<Workspace, String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    write(
        dir.path(),
        &[
            ("contacts.jsonl", r#"{"id":"c1","role":"user","custom_attributes":{"Seats":3}}"#),
            ("conversations.jsonl", r#"{"id":"17","state":"closed","updated_at":5}"#),
            ("admins.jsonl", "\n{\"id\":9,\"name\":null}\n\n"),
        ],
    );
    write(dir.path(), replaced);
    Workspace::load(dir.path())
        .map_err(|error| error.to_string().replace(&dir.path().display().to_string(), "DIR"))
}

#[test]
fn a_bad_line_is_named_with_its_file() {
    let cases = [
        (
            "contacts.jsonl",
            "{\"id\":\"c1\"}\n{\"id\":",
            "DIR/contacts.jsonl, line 2: not a JSON object (EOF while parsing a value at line 1 column 6)",
        ),
        (
            "contacts.jsonl",
            "\n[1]",
            "DIR/contacts.jsonl, line 2: not a JSON object (invalid type: sequence, expected a map at line 1 column 0)",
        ),
        ("contacts.jsonl", "{\"id\":null}", "DIR/contacts.jsonl, line 1: the object has no id"),
        (
            "contacts.jsonl",
            "{\"id\":\"a\"}\n{\"id\":\"a\"}",
            "DIR/contacts.jsonl, line 2: the id \"a\" is also in line 1",
        ),
        (
            "contacts.jsonl",
            "{\"id\":\"a\",\"role\":\"boss\"}",
            "DIR/contacts.jsonl, line 1: role must be user or lead",
        ),
        (
            "contacts.jsonl",
            "{\"id\":\"a\",\"created_at\":\"soon\"}",
            "DIR/contacts.jsonl, line 1: created_at must be a whole number or null",
        ),
        (
            "conversations.jsonl",
            "{\"id\":\"1\",\"state\":\"lost\"}",
            "DIR/conversations.jsonl, line 1: state must be open, closed or snoozed",
        ),
        (
            "companies.jsonl",
            "x",
            "DIR/companies.jsonl, line 1: not a JSON object (expected value at line 1 column 1)",
        ),
    ];
    for (file, text, message) in cases {
        assert_eq!(load(&[(file, text)]).err().as_deref(), Some(message));
    }
}

#[test]
fn a_line_that_is_not_utf8_is_named_with_its_file() {
    let latin1 = b"{\"id\":\"a\"}\r\n\r\n{\"id\":\"b\",\"name\":\"Andr\xe9\"}\n{\"id\":\"c\"}\n";
    for file in ["contacts.jsonl", "conversations.jsonl", "admins.jsonl", "tags.jsonl"] {
        let message = format!("DIR/{file}, line 3: not UTF-8 text; save the file as UTF-8");
        assert_eq!(load(&[(file, latin1)]).err(), Some(message));
    }
}

#[test]
fn a_missing_file_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let error = Workspace::load(dir.path()).expect_err("the folder is empty");
    assert!(error.to_string().ends_with("contacts.jsonl"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[test]
fn attributes_follow_from_the_values() {
    let contacts = concat!(
        r#"{"id":"c1","custom_attributes":{"Seats":3,"Registration Date":1700000000,"Rate":1}}"#,
        "\n",
        r#"{"id":"c2","custom_attributes":{"Registration Date":"2025-01-01","Rate":1.5,"Note":"x"}}"#,
    );
    let mut sim =
        Simulator::new(load(&[("contacts.jsonl", contacts)]).expect("it loads"), settings());
    let (_, body) = get(&mut sim, "/data_attributes");
    let types: Vec<String> = body["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|a| format!("{}: {}", a["name"].as_str().unwrap_or(""), a["data_type"]))
        .collect();
    assert_eq!(
        types,
        [
            "Engagement Status: \"string\"",
            "Last Coaching Call: \"integer\"",
            "Last Coaching Session: \"integer\"",
            "Note: \"string\"",
            "Rate: \"float\"",
            "Registration Date: \"date\"",
            "Seats: \"integer\"",
        ]
    );
    // What reports write can be written without having occurred.
    let write = json!({"custom_attributes": {"Engagement Status": "Engaged"}});
    assert_eq!(put(&mut sim, "/contacts/c1", &write).0, 200);
}

fn settings() -> SimSettings {
    SimSettings { rate_limit: None, ..SimSettings::default() }
}

#[test]
fn odd_objects_are_kept() {
    let conversations = concat!(
        r#"{"id":"9","state":"closed","statistics":{"last_close_at":"late"},"contacts":{"contacts":[{"id":"gone"}]}}"#,
        "\n",
        r#"{"id":"10","open":false,"statistics":null,"tags":{"tags":[{"id":"t1","name":"Red"}]}}"#,
        "\n",
        r#"{"id":"8","state":"open","statistics":{"last_close_at":5,"count_reopens":1}}"#,
    );
    let workspace = load(&[("conversations.jsonl", conversations)]).expect("it loads");
    let mut sim = Simulator::new(workspace, settings());
    let (_, odd) = get(&mut sim, "/conversations/9");
    assert_eq!(odd["statistics"]["last_close_at"], "late");
    assert_eq!(odd["contacts"]["contacts"][0]["id"], "gone");
    assert_eq!(odd["contacts"]["contacts"][0]["external_id"], Value::Null);
    let (_, plain) = get(&mut sim, "/conversations/10");
    assert_eq!((&plain["state"], &plain["statistics"]), (&json!("closed"), &Value::Null));
    assert_eq!(get(&mut sim, "/tags/t1").1["name"], "Red");
    let (_, known) = get(&mut sim, "/conversations/8");
    assert_eq!(known["statistics"]["count_reopens"], 1);
    assert_eq!(known["statistics"]["first_close_at"], Value::Null);
    // Ids of different lengths come in the order of numbers.
    let body = json!({
        "query": {"field": "id", "operator": "!=", "value": "x"},
        "sort": {"field": "updated_at", "order": "ascending"},
    });
    let (_, page) = post(&mut sim, "/conversations/search", &body);
    assert_eq!(ids(&page, "conversations"), ["8", "9", "10"]);
    // What is created later follows them.
    let message = json!({"from": {"type": "user", "id": "c1"}, "body": "Hi"});
    assert_eq!(post(&mut sim, "/conversations", &message).1["conversation_id"], "11");
}

#[test]
fn a_dump_loads_as_the_same_workspace() {
    let invention = Invention { now: NOW, ..Invention::default() };
    let dump: Value =
        serde_json::from_slice(&Workspace::invent(&invention).dump()).expect("a dump is JSON");
    let dir = tempfile::tempdir().expect("a temporary folder");
    for key in ["contacts", "conversations", "admins", "companies", "tags"] {
        let lines: Vec<String> =
            dump[key].as_array().expect("a list").iter().map(Value::to_string).collect();
        write(dir.path(), &[(&format!("{key}.jsonl"), &lines.join("\n"))]);
    }
    let loaded = Workspace::load(dir.path()).expect("a dump is a data set");
    let again: Value = serde_json::from_slice(&loaded.dump()).expect("a dump is JSON");
    for key in ["conversations", "admins", "tags"] {
        assert!(dump[key] == again[key], "{key}");
    }
    for (before, after) in dump["contacts"]
        .as_array()
        .into_iter()
        .flatten()
        .zip(again["contacts"].as_array().into_iter().flatten())
    {
        // The lists inside a contact are cut at ten, so longer ones and notes do not come back.
        for name in ["id", "email", "updated_at", "custom_attributes", "location", "name"] {
            assert_eq!(before[name], after[name]);
        }
    }
}

#[test]
fn what_was_snoozed_until_long_ago_is_open_before_the_first_call() {
    let snoozed = r#"{"id":"17","state":"snoozed","snoozed_until":1000,"updated_at":5}
{"id":"18","state":"snoozed","snoozed_until":1800000000,"updated_at":5}"#;
    let mut workspace = load(&[("conversations.jsonl", snoozed)]).expect("it loads");
    workspace.wake(NOW);
    let woken = workspace.conversation("17").expect("it is there");
    assert_eq!(woken["state"], "open");
    assert_eq!((&woken["updated_at"], &woken["snoozed_until"]), (&json!(1_000), &Value::Null));
    let asleep = workspace.conversation("18").expect("it is there");
    assert_eq!((&asleep["state"], &asleep["updated_at"]), (&json!("snoozed"), &json!(5)));
}
