//! `deliver send`, to a simulated workspace on loopback.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Output};

use intercom_api::Scope;
use intercom_sim::{Invention, SimClock, SimSettings, SimTransport, Simulator, Workspace, server};
use serde_json::Value;

use crate::program::{command, run, text};

const NOW: i64 = 1_772_366_400;
const TOKEN: &str = "tok-not-to-be-seen";

/// A workspace that answers until the test ends.
struct Served {
    transport: SimTransport,
    url: String,
    _runtime: tokio::runtime::Runtime,
}

fn serve() -> Served {
    serve_with(SimSettings::default())
}

fn serve_with(settings: SimSettings) -> Served {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let invention = Invention { contacts: 0, conversations: 0, now: NOW, ..Invention::default() };
    let simulator = Simulator::new(Workspace::invent(&invention), settings);
    let (transport, url) = runtime.block_on(async {
        let transport = SimTransport::new(simulator, SimClock::running(NOW));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(server::serve(listener, transport.clone()));
        (transport, url)
    });
    Served { transport, url, _runtime: runtime }
}

impl Served {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut program = command(arguments);
        program.env("INTERCOM_ACCESS_TOKEN", TOKEN).env("INTERCOM_API_BASE", &self.url);
        program
    }

    fn n_events(&self) -> u64 {
        self.transport.stats().calls("POST /events")
    }
}

fn identify(user: usize) -> String {
    format!(
        "{{\"type\":\"identify\",\"userId\":\"u{user}\",\
         \"traits\":{{\"email\":\"jo{user}@example.com\"}}}}\n"
    )
}

fn in_folder(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("a temporary path is text").to_owned()
}

fn outcomes(output: &Output) -> Vec<(u64, String)> {
    let mut outcomes: Vec<_> = text(&output.stdout)
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let outcome = line["outcome"].as_str().expect("an outcome").to_owned();
            (line["line"].as_u64().expect("a number"), outcome)
        })
        .collect();
    outcomes.sort();
    outcomes
}

#[test]
fn events_are_delivered_once_and_rejected_lines_are_kept() {
    let (served, folder) = (serve(), tempfile::tempdir().expect("a folder"));
    let journal = in_folder(folder.path(), "sent.journal");
    let rejected = in_folder(folder.path(), "rejected.ndjson");
    // A process that was killed left this.
    std::fs::write(&rejected, "{\"line\":2,\"rejection\":{\"co").expect("written");
    let arguments = ["send", "--journal", &journal, "--rejected", &rejected];
    let events = format!("{}oops\n{}", identify(1), identify(2));
    let first = run(served.command(&arguments), &events);
    let said = text(&first.stderr);
    assert_eq!(first.status.code(), Some(1), "{said}");
    assert_eq!(
        said,
        format!("3 lines read, 2 delivered, 1 rejected (in {rejected})\n"),
        "one line for people"
    );
    let (delivered, refused) = ("delivered".to_owned(), "rejected".to_owned());
    assert_eq!(outcomes(&first), [(1, delivered.clone()), (2, refused), (3, delivered.clone())]);
    let kept = std::fs::read_to_string(&rejected).expect("read");
    let kept: Value = serde_json::from_str(&kept).expect("one whole line");
    assert_eq!((kept["line"].as_u64(), kept["text"].as_str()), (Some(2), Some("oops")));
    assert_eq!(served.transport.stats().calls("POST /contacts"), 2);
    let second = run(served.command(&arguments), &(events + &identify(3)));
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    assert_eq!(outcomes(&second), [(4, delivered)]);
    assert_eq!(served.transport.stats().calls("POST /contacts"), 3);
}

#[test]
fn a_dry_run_makes_no_call_and_changes_no_file() {
    let (served, folder) = (serve(), tempfile::tempdir().expect("a folder"));
    let journal = in_folder(folder.path(), "sent.journal");
    let arguments = ["send", "--dry-run", "--journal", &journal];
    let mut program = command(&arguments);
    program.env("INTERCOM_API_BASE", &served.url);
    let output = run(program, &identify(1));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("\"path\":\"/contacts/search\""));
    assert_eq!(served.transport.stats().requests, 0);
    assert!(!Path::new(&journal).exists());
}

#[test]
fn nothing_shows_the_token_or_an_address() {
    let served = serve();
    let output = run(served.command(&["send", "--log-format", "json"]), &(identify(1) + "oops\n"));
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(!said.contains(TOKEN) && !said.contains("jo1@example.com"), "{said}");
}

#[test]
fn a_scope_that_is_missing_is_named_and_no_line_is_rejected() {
    let scopes = ["write_users_and_companies", "read_and_list_users_and_companies"];
    let scopes = Some(scopes.map(Scope::from).into_iter().collect());
    let served = serve_with(SimSettings { scopes, ..SimSettings::default() });
    let track = |user: usize| {
        format!(
            "{{\"type\":\"track\",\"event\":\"paid\",\"userId\":\"u{user}\",\
             \"timestamp\":\"2026-03-01T11:00:00Z\"}}\n"
        )
    };
    let events = identify(1) + &(1..50).map(track).collect::<String>();
    let output = run(served.command(&["send", "--max-pause", "0"]), &events);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    let named = "the token needs the scope \"Write events\" to send events; grant it to the app in \
                 Intercom's Developer Hub (403)";
    assert_eq!(said.matches(named).count(), 1, "{said}");
    assert!(said.contains("none rejected") && said.contains("gave up"), "{said}");
    assert!(outcomes(&output).iter().all(|(_, outcome)| outcome != "rejected"));
}

#[test]
fn an_api_that_cannot_be_reached_is_named_and_the_lines_stay() {
    // The port has no listener: it is freed before the program asks.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let arguments =
        ["send", "--base-url", &url, "--max-pause", "0", "--now", "2026-03-01T12:00:00Z"];
    let mut program = command(&arguments);
    program.env("INTERCOM_API_KEY", TOKEN);
    let output = run(program, &identify(1));
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(outcomes(&output), [(1, "left_behind".to_owned())]);
    assert!(said.contains("no connection could be made"), "{said}");
    assert!(said.contains("1 left behind (the first is line 1); gave up"), "{said}");
}

#[test]
fn what_a_killed_run_left_is_sent_by_the_next_one() {
    let (served, folder) = (serve(), tempfile::tempdir().expect("a folder"));
    let journal = in_folder(folder.path(), "sent.journal");
    let arguments = ["send", "--journal", &journal];
    let mut program = served.command(&arguments).spawn().expect("the program starts");
    let mut stdin = program.stdin.take().expect("piped");
    let mut stdout = BufReader::new(program.stdout.take().expect("piped"));
    let events: String = (0..40).map(identify).collect();
    stdin.write_all(events.as_bytes()).expect("it reads");
    drop(stdin);
    let mut line = String::new();
    stdout.read_line(&mut line).expect("an outcome");
    program.kill().expect("it is killed");
    program.wait().expect("it ends");
    let second = run(served.command(&arguments), &events);
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    let third = run(served.command(&arguments), &events);
    assert_eq!((third.status.code(), third.stdout.len()), (Some(0), 0));
    // Each user exists once, whatever was repeated.
    let n_created = served.transport.stats().routes["POST /contacts"].get(&200).copied();
    assert_eq!(n_created, Some(40));
    assert_eq!(served.n_events(), 0);
}

#[test]
fn an_interrupt_ends_the_program_and_names_what_is_left() {
    let served = serve();
    let mut program = served.command(&["send"]).spawn().expect("the program starts");
    let mut stdin = program.stdin.take().expect("piped");
    // The input stays open.
    stdin.write_all(identify(1).as_bytes()).expect("it reads");
    let mut stdout = BufReader::new(program.stdout.take().expect("piped"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("an outcome");
    let interrupt = Command::new("kill").args(["-INT", &program.id().to_string()]).status();
    assert!(interrupt.expect("kill runs").success());
    let output = program.wait_with_output().expect("it ends");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("1 delivered, none rejected; stopped"), "{said}");
    drop(stdin);
}

#[test]
fn what_is_missing_is_named_before_anything_is_read() {
    let served = serve();
    let mut program = command(&["send"]);
    program.env("INTERCOM_API_BASE", &served.url);
    let output = run(program, &identify(1));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(text(&output.stderr), "error: INTERCOM_ACCESS_TOKEN is not set\n");
    let output = run(served.command(&["send", "--base-url", "http://example.com"]), "");
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("the base url"), "{}", text(&output.stderr));
    let output = run(served.command(&["send", "--concurrency", "0"]), "");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(served.transport.stats().requests, 0);
}
