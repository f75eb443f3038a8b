//! The program's arguments, as its user meets them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// The program at work, ended when dropped.
pub(crate) struct Running {
    process: Child,
    output: BufReader<ChildStdout>,
    pub(crate) url: String,
}

impl Running {
    /// Starts the program and waits until it says where it listens.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_intercom-sim"))
            .args(arguments)
            .env("SECRET", "s3cret")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program runs");
        let mut output = BufReader::new(process.stdout.take().expect("an output"));
        let mut line = String::new();
        output.read_line(&mut line).expect("the output is text");
        let url = line.strip_prefix("listening on ").map(|url| url.trim_end().to_owned());
        let url = url.unwrap_or_else(|| panic!("{arguments:?} said {line:?}"));
        Self { process, output, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.process.kill().and_then(|()| self.process.wait());
        ended.expect("the program can be ended");
    }
}

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_intercom-sim"))
        .args(["--listen", "127.0.0.1:0", "--contacts", "0", "--conversations", "0"])
        .args(arguments)
        .output()
        .expect("the program runs")
}

fn check_refused(arguments: &[&str], message: &str) {
    let output = run(arguments);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {text}");
    assert!(text.contains(message), "{arguments:?}: {text}");
}

#[test]
fn arguments_out_of_range_are_refused() {
    check_refused(&["--contact", "5"], "a similar argument exists: '--contacts'");
    check_refused(&["--listen", "0.0.0.0:80"], "cannot be used multiple times");
    check_refused(&["--activity", "2000000000"], "2000000000 is not in 0..=1000");
    check_refused(&["--activity", "1001"], "1001 is not in 0..=1000");
    check_refused(&["--rate-limit", "0"], "0 is not in 1..");
    check_refused(&["--workspace-rate-limit", "0"], "0 is not in 1..");
    check_refused(&["--app", "sync"], "write the app's name, an equals sign and the token");
    check_refused(&["--app", "sync="], "write the app's name, an equals sign and the token");
    check_refused(&["--scope", "read_minds"], "not a scope; the scopes are ");
    check_refused(&["--scope", "read_minds"], ", read_conversations, ");
    check_refused(&["--scroll-fails-at", "0"], "0 is not in 1..");
    check_refused(&["--plan", "free"], "[possible values: active, ended]");
    check_refused(&["--refused-calls", "no"], "[possible values: free, counted]");
    check_refused(&["--webhook-version", "2.14"], "--webhook <URL>");
    check_refused(&["--now", "1969-12-31T23:59:59Z"], "does not go back before 1970");
}

#[test]
fn a_bad_file_of_faults_ends_the_program_with_one_line() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("faults.toml");
    let path = file.to_str().expect("a temporary path is text");
    for (text, message) in [
        (None, "cannot read the faults in "),
        (
            Some("[[fault]]\nanswer = \"429\"\nwhen = 3"),
            "faults.toml, line 3: unknown field `when`",
        ),
        (
            Some("[[fault]]\nanswer = \"429\"\nroute = \"GET /contact\""),
            "faults.toml, line 3: `route` is none of the simulator's; did you mean \"GET /contacts\"?",
        ),
        (Some("fault fault\n=\n"), "faults.toml, line 1: "),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).expect("the folder takes files");
        }
        let output = run(&["--faults", path]);
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), log.lines().count()), (Some(1), 1), "{log}");
        assert!(log.contains(message), "{log}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn help_lists_the_programs_own_paths() {
    let help = String::from_utf8(run(&["--help"]).stdout).expect("the help is text");
    for path in intercom_sim::server::own_paths() {
        let is_listed = help
            .lines()
            .any(|line| line.trim_start().starts_with(path.name) && line.ends_with(path.purpose));
        assert!(is_listed, "{}", path.name);
    }
}

#[test]
fn help_shows_a_file_of_faults_that_can_be_used() {
    let output = run(&["--help"]);
    let help = String::from_utf8(output.stdout).expect("the help is text");
    let example = help.split_once("cut short.\n").map(|(_, example)| example);
    let faults: intercom_sim::Faults =
        example.expect("an example").parse().expect("the example is well written");
    assert_eq!(faults.list.len(), 2);
}

#[test]
fn a_webhook_is_checked_before_the_program_serves() {
    let url = ["--webhook", "http://example.com/", "--webhook-secret-env", "PATH"];
    check_refused(&url, "a webhook goes to a loopback address");
    check_refused(&["--webhook", "http://127.0.0.1:9/"], "--webhook-secret-env");
    for (name, message) in [
        ("INTERCOM_SIM_NO_SUCH_VARIABLE", "INTERCOM_SIM_NO_SUCH_VARIABLE is not set"),
        ("PATH", "the webhook's endpoint does not answer HEAD"),
    ] {
        // The port has no listener: it is freed before the program asks.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let output =
            run(&["--webhook", &format!("http://{address}/"), "--webhook-secret-env", name]);
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains(message), "{log}");
    }
}

#[test]
fn the_address_is_the_one_line_of_standard_output() {
    let arguments = ["--listen", "127.0.0.1:0", "--contacts", "3", "--conversations", "0"];
    let mut running = Running::start(&arguments);
    let address = running.url.strip_prefix("http://").expect("a URL").to_owned();
    let mut stream = TcpStream::connect(&address).expect("the program listens");
    let head = format!("GET /__sim/clock HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer is text");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    running.process.kill().expect("the program can be ended");
    let mut rest = String::new();
    running.output.read_to_string(&mut rest).expect("the output is text");
    assert_eq!(rest, "");
}

#[test]
fn a_port_that_is_taken_ends_the_program_with_one_line() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_intercom-sim"))
        .args(["--listen", &address])
        .output()
        .expect("the program runs");
    let log = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), log.lines().count()), (Some(1), 1), "{log}");
    assert!(log.contains(&format!("cannot listen on {address}: Address already in use")), "{log}");
    assert!(output.stdout.is_empty());
}
