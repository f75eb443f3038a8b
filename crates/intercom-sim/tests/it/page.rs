//! The README: what it tells to type is typed, and what it says comes back.

use std::path::Path;
use std::process::{Command, Stdio};

use intercom_sim::server::own_paths;
use intercom_sim::{Faults, RouteName};

use crate::program::Running;

const PAGE: &str = include_str!("../../README.md");

/// The fenced blocks of a language below a heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let section = PAGE.split("\n## ").find(|section| section.lines().next() == Some(heading));
    let section = section.unwrap_or_else(|| panic!("no section {heading:?}"));
    let mut blocks = Vec::new();
    for (number, block) in section.split("```").enumerate() {
        let (name, text) = block.split_once('\n').unwrap_or((block, ""));
        if number % 2 == 1 && name == language {
            blocks.push(text.to_owned());
        }
    }
    assert!(!blocks.is_empty(), "no {language} below {heading:?}");
    blocks
}

/// The arguments of the last command line with `intercom-sim` in a block, on a free port.
fn arguments(block: &str) -> Vec<String> {
    let line = block.lines().rfind(|line| line.contains("intercom-sim --")).expect("a command");
    let (_, arguments) = line.split_once("intercom-sim ").expect("a command");
    arguments.split(' ').map(|word| word.replace("127.0.0.1:8700", "127.0.0.1:0")).collect()
}

fn start(arguments: &[String]) -> Running {
    Running::start(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Whether a program can be run; a test that needs it says so when it cannot.
fn has(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    let is_there = version.is_ok_and(|status| status.success());
    if !is_there {
        eprintln!("skipped: {program} is not there");
    }
    is_there
}

fn shell(script: &str) -> String {
    let mut shell = Command::new("sh");
    // A proxy of the machine must not come between curl and the simulator.
    shell.args(["-eu", "-c", script]).env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    let output = shell.output().expect("there is a shell");
    let (said, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script}\n{said}\n{errors}");
    said.into_owned()
}

/// Whether a line is what the page says, where `…` stands for anything.
fn fits(line: &str, expected: &str) -> bool {
    let mut pieces = expected.split('…');
    let Some(mut rest) = pieces.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut is_open = false;
    for piece in pieces {
        is_open = piece.is_empty();
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    is_open || rest.is_empty()
}

#[test]
fn the_tour_prints_what_the_page_says() {
    if !has("curl") {
        return;
    }
    let running = start(&arguments(&blocks("Start", "sh").concat()));
    let tour = blocks("A tour", "sh").concat();
    let said = shell(&tour.replace("http://127.0.0.1:8700", &running.url));
    let expected: Vec<&str> = tour.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let said: Vec<&str> = said.lines().collect();
    for (line, expected) in said.iter().zip(&expected) {
        assert!(fits(line, expected), "the page says {expected}, the program {line}");
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    assert!(expected.len() > 12, "{expected:#?}");
}

#[test]
fn the_commands_below_limits_and_in_ci_work() {
    drop(start(&arguments(&blocks("Limits", "sh").concat())));
    if !has("curl") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = Path::new(env!("CARGO_BIN_EXE_intercom-sim"));
    let script = blocks("In CI", "sh").concat();
    let folder = folder.path().display();
    let path = program.parent().expect("a folder").display();
    let said = shell(&format!("cd {folder}\nPATH={path}:$PATH\n{script}\nwait $!"));
    assert!(said.starts_with("{\"type\":\"admin\","), "{said}");
}

#[test]
fn the_receiver_of_the_page_gets_what_the_tour_changes() {
    if !has("curl") || !has("python3") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr());
    let port = free.expect("a free port").port().to_string();
    let receiver = blocks("Webhooks", "python").concat().replace("8701", &port);
    std::fs::write(folder.path().join("receiver.py"), receiver).expect("the folder takes files");
    let sim: String = blocks("Webhooks", "sh").concat();
    let arguments = arguments(&sim).join(" ").replace("8701", &port);
    let tour = blocks("A tour", "sh")
        .concat()
        .replace("http://127.0.0.1:8700", "$(cut -d ' ' -f 3 address)");
    // The program and the receiver run until the last topic of the tour has come.
    let script = format!(
        "cd {folder}
python3 receiver.py > topics & RECEIVER=$!
until curl -s -I http://127.0.0.1:{port}/ > headers; do sleep 0.1; done
SECRET=s3cret {program} {arguments} > address 2> log & PROGRAM=$!
until grep -q listening address; do sleep 0.1; done
( {tour} ) > told
for i in $(seq 100); do grep -q conversation.user.replied topics && break; sleep 0.1; done
kill $PROGRAM $RECEIVER; cat topics",
        folder = folder.path().display(),
        program = env!("CARGO_BIN_EXE_intercom-sim"),
    );
    let said = shell(&script);
    for topic in [
        "contact.user.created",
        "contact.user.tag.created",
        "conversation.user.created",
        "conversation.admin.closed",
        "conversation.user.replied",
    ] {
        assert!(said.lines().any(|line| line == format!("{topic} True")), "{topic}: {said}");
    }
    assert!(!said.contains("False"), "{said}");
}

#[test]
fn the_file_of_faults_can_be_used() {
    let faults: Faults = blocks("Faults", "toml").concat().parse().expect("it is well written");
    assert_eq!(faults.list.len(), 6);
}

#[test]
fn the_table_of_paths_is_complete() {
    let rows = PAGE.lines().filter(|line| line.contains("/__sim") && line.starts_with("| `"));
    let rows: Vec<String> = rows.map(|row| row.replace('`', "")).collect();
    let expected: Vec<String> =
        own_paths().iter().map(|path| format!("| {} | {} |", path.name, path.purpose)).collect();
    assert_eq!(rows, expected);
}

#[test]
fn what_the_page_says_is_not_simulated_is_not() {
    let (_, list) =
        PAGE.split_once("answered with 404 and the code `route_not_simulated`").expect("a list");
    let paths: Vec<&str> = list.split('`').filter(|text| text.starts_with('/')).collect();
    for path in &paths {
        let is_below = |route: &RouteName| {
            let (_, known) = route.as_str().rsplit_once(' ').expect("a method and a path");
            known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let simulated = RouteName::all().filter(|name| !name.as_str().starts_with("1.4 "));
        let found: Vec<RouteName> = simulated.filter(is_below).collect();
        assert_eq!(found, [], "{path} is simulated");
    }
    assert!(paths.len() > 30, "{paths:?}");
}
