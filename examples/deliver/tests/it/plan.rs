//! `deliver plan`.

use std::io::Read;

use serde_json::Value;

use crate::program::{command, run, start, text};

const TRACK: &str = "{\"type\":\"track\",\"event\":\"paid\",\"userId\":\"u1\"}\n";

fn version_of_first_request(line: &str) -> String {
    let line: Value = serde_json::from_str(line).expect("JSON");
    line["plans"][0]["requests"][0]["version"].as_str().expect("a version").to_owned()
}

#[test]
fn lines_become_plans_in_order() {
    let output = run(command(&["plan"]), &format!("{TRACK}oops\n\n{TRACK}"));
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = text(&output.stdout);
    let lines: Vec<Value> =
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let numbers: Vec<_> = lines.iter().filter_map(|line| line["line"].as_u64()).collect();
    assert_eq!(numbers, [1, 2, 4]);
    assert_eq!(lines[1]["rejection"]["code"], "not_json");
    assert_eq!(text(&output.stderr), "4 lines read, 2 planned, 1 rejected\n");
}

#[test]
fn nothing_in_nothing_out() {
    let output = run(command(&["plan"]), "");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}

#[test]
fn the_environment_outranks_the_settings_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deliver.toml");
    std::fs::write(&file, "version = \"2.12\"\n").expect("written");
    let file = file.to_str().expect("a temporary path is text");
    let planned = |program| version_of_first_request(&text(&run(program, TRACK).stdout));
    assert_eq!(planned(command(&["plan"])), "2.16");
    assert_eq!(planned(command(&["plan", "--settings", file])), "2.12");
    let mut program = command(&["plan", "--settings", file]);
    program.env("INTERCOM_VERSION", "2.11");
    assert_eq!(planned(program), "2.11");
    std::fs::write(folder.path().join(".env"), "# mine\nexport INTERCOM_VERSION='2.10'\n")
        .expect("written");
    let mut program = command(&["plan", "--settings", file]);
    program.current_dir(folder.path());
    assert_eq!(planned(program), "2.10");
    let mut program = command(&["plan", "--settings", file]);
    program.current_dir(folder.path()).env("INTERCOM_VERSION", "2.11");
    assert_eq!(planned(program), "2.11");
}

#[test]
fn recorded_answers_come_from_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("replies.ndjson");
    let found = r#"{"method":"POST","path":"/contacts/search","body":{"data":[{"id":"5ba6"}],"total_count":1}}"#;
    std::fs::write(&file, found).expect("written");
    let file = file.to_str().expect("a temporary path is text");
    let identify = r#"{"type":"identify","userId":"u1"}"#;
    let output = run(command(&["plan", "--replies", file]), identify);
    let said = text(&output.stdout);
    assert!(said.contains("\"path\":\"/contacts/5ba6\""), "{said}");
}

#[test]
fn what_cannot_be_used_is_one_clear_error() {
    for (arguments, message) in [
        (&["plan", "--settings", "/no/such/file"][..], "/no/such/file cannot be read"),
        (&["plan", "--replies", "/no/such/file"], "/no/such/file cannot be read"),
    ] {
        let output = run(command(arguments), TRACK);
        let said = text(&output.stderr);
        assert_eq!((output.status.code(), said.lines().count()), (Some(2), 1), "{said}");
        assert!(said.contains(message), "{said}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn bad_arguments_exit_with_two() {
    for arguments in [
        &["plan", "--assume", "maybe"][..],
        &["plan", "--assume", "found", "--replies", "file"],
        &["plan", "--threads", "0"],
        &["plan", "--now", "yesterday"],
        &["deliver"],
        &[],
    ] {
        let output = run(command(arguments), TRACK);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_settings_in_the_help_can_be_used() {
    let output = run(command(&["plan", "--help"]), "");
    let help = text(&output.stdout);
    let (_, example) = help.split_once("differs from the profile:\n").expect("an example");
    let (example, _) = example.split_once("\nThe documentation").expect("the example's end");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deliver.toml");
    std::fs::write(&file, example).expect("written");
    let file = file.to_str().expect("a temporary path is text");
    let output = run(command(&["plan", "--settings", file]), TRACK);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_leaves_early_ends_the_program_without_a_panic() {
    let mut program = start(command(&["plan"]), &TRACK.repeat(200_000));
    let mut stdout = program.stdout.take().expect("piped");
    let mut first = [0; 64];
    stdout.read_exact(&mut first).expect("a beginning");
    drop(stdout);
    let output = program.wait_with_output().expect("it ends");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
