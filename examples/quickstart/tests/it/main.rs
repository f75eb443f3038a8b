//! The program as a user runs it.

use std::io::Read;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const SMALL: [&str; 6] =
    ["--once", "--contacts", "200", "--now", "2026-03-01T12:00:00Z", "--seed=7"];

fn quickstart(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    program.args(arguments).stdin(Stdio::null()).output().expect("the program starts")
}

fn failed(arguments: &[&str]) -> String {
    refused(arguments, 1)
}

fn refused(arguments: &[&str], code: i32) -> String {
    let output = quickstart(arguments);
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said.lines().count(), 1, "one clear error: {said}");
    said
}

fn document() -> Value {
    let output = quickstart(&[&SMALL[..], &["--json"]].concat());
    assert!(output.status.success(), "{output:?}");
    let mut document: Value = serde_json::from_slice(&output.stdout).expect("one document");
    for sync in ["first_sync", "second_sync"] {
        let took_for = document[sync]["sync_duration_seconds"].take();
        assert!(took_for.as_f64().is_some_and(|seconds| seconds >= 0.0), "{took_for}");
    }
    document
}

#[test]
fn one_document_holds_both_syncs_the_top_ten_and_the_caseload() {
    let document = document();
    assert_eq!(document["top_mrr"].as_array().map(Vec::len), Some(10));
    let caseload = &document["caseload"];
    let buckets = caseload["summary"].as_object().expect("a summary");
    let members: u64 = buckets.values().filter_map(Value::as_u64).sum();
    assert_eq!(caseload["totalMembers"].as_u64(), Some(members));
    assert_eq!(caseload["members"].as_array().map(Vec::len), usize::try_from(members).ok());
    insta::assert_json_snapshot!(serde_json::json!({
        "first_sync": document["first_sync"],
        "second_sync": document["second_sync"],
        "mrr_movements_in_usd": document["mrr_movements"]["by_currency"]["USD"],
        "alerts": document["alerts"],
        "first_of_top_mrr": document["top_mrr"][0],
        "caseload": caseload["summary"],
    }));
}

#[test]
fn the_same_seed_and_time_give_the_same_document() {
    assert_eq!(document(), document());
}

#[test]
fn people_get_tables() {
    let output = quickstart(&SMALL);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).expect("text");
    for part in [
        "\"contacts_synced\": ",
        "Intercom sync completed",
        "highest MRR",
        "Caseload: ",
        "≤ 7 days",
        // Three contacts, and the attribute that their plans are written to.
        "and wrote 4 of them",
        "alerts of the second sync",
        "large mrr change",
        "How MRR moved",
        "opening",
        "expansion",
        "exchange rates",
        "other rules",
        "NRR",
        "GRR",
    ] {
        assert!(said.contains(part), "no {part:?} in:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "a pipe gets no colours");
}

#[test]
fn a_sync_is_logged_after_the_one_before_it() {
    for frozen in [true, false] {
        let arguments = if frozen { &SMALL[..] } else { &["--once", "--contacts", "200"] };
        let output = quickstart(arguments);
        let said = String::from_utf8(output.stdout).expect("text");
        let entries: Vec<&str> =
            said.lines().filter(|line| line.ends_with("Intercom sync completed")).collect();
        let [first, second] = entries[..] else { panic!("{said}") };
        // The instants are written so that their order is that of the texts.
        assert!(first <= second, "{first}\n{second}");
        assert!(!frozen || second.starts_with("[2026-03-01 12:01:"), "{second}");
    }
}

#[test]
fn a_file_that_is_no_database_stays_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notes.txt");
    let notes = "these are notes, not a database\n".repeat(200);
    std::fs::write(&path, &notes).expect("written");
    let said = failed(&["--once", "--database", &format!("sqlite://{}", path.display())]);
    assert!(said.contains("notes.txt is not a database"), "{said}");
    assert_eq!(std::fs::read_to_string(&path).expect("read"), notes);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let said = failed(&["--once", "--listen", &address]);
    assert!(said.contains(&address), "{said}");
}

#[test]
fn other_machines_are_not_served() {
    let said = refused(&["--once", "--listen", "0.0.0.0:4010"], 2);
    assert!(said.contains("not a loopback address"), "{said}");
}

#[test]
fn bad_arguments_exit_with_two() {
    assert_eq!(quickstart(&["--contacts", "none"]).status.code(), Some(2));
    assert_eq!(quickstart(&["--now", "yesterday"]).status.code(), Some(2));
    assert_eq!(quickstart(&["--now", "9999-12-31T00:00:00Z"]).status.code(), Some(2));
    let said = refused(&["--once", "--database", "mysql://\u{1b}[2J"], 2);
    assert!(said.contains("the database cannot be used") && !said.contains('\u{1b}'), "{said}");
}

#[test]
fn a_living_workspace_is_served_and_stops_on_interrupt() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_quickstart"))
        .args(["--contacts", "20", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut output = program.stdout.take().expect("piped");
    let mut said = String::new();
    let mut buffer = [0; 4096];
    while !said.contains("until Ctrl-C") {
        let n = output.read(&mut buffer).expect("readable");
        assert_ne!(n, 0, "it ended early: {said}");
        said.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    let interrupt = Command::new("kill").args(["-INT", &program.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    assert!(program.wait().expect("it ends").success());
}
