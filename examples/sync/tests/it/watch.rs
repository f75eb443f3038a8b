//! `sync watch`, and what stops a run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command};
use std::time::Duration;

use intercom_sim::SimSettings;

use crate::program::Ended;
use crate::world::{AT, World};

/// Ends a program as Ctrl-C does.
fn interrupt(program: &Child) {
    let id = program.id().to_string();
    let sent = Command::new("kill").args(["-INT", &id]).status().expect("kill is there");
    assert!(sent.success());
}

/// The first line of standard error with this text; what came before it is read away.
fn wait_for(stderr: &mut impl BufRead, text: &str) -> String {
    let mut said = String::new();
    loop {
        let mut line = String::new();
        assert_ne!(stderr.read_line(&mut line).expect("text"), 0, "{text:?} is not in {said}");
        if line.contains(text) {
            return line;
        }
        said.push_str(&line);
    }
}

fn get(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("connected");
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("answered");
    answer
}

#[test]
fn a_watch_runs_at_once_serves_its_metrics_and_ends_on_ctrl_c() {
    let world = World::new();
    let arguments = ["watch", "--metrics-listen", "127.0.0.1:0", "--now", "2025-11-21T17:00:00Z"];
    let mut watch = world.command(&arguments).spawn().expect("the program starts");
    let mut stderr = BufReader::new(watch.stderr.take().expect("piped"));
    let line = wait_for(&mut stderr, "metrics are at http://");
    let address = line.trim().trim_start_matches("metrics are at http://");
    let address = address.trim_end_matches("/metrics").to_owned();
    wait_for(&mut stderr, "Intercom sync completed");
    let next = wait_for(&mut stderr, "the next run, over what changed, is due at");
    assert!(next.contains("2025-11-21T18:00:00Z"), "{next}");

    assert!(get(&address, "/healthz").starts_with("HTTP/1.1 200"));
    let metrics = get(&address, "/metrics");
    for line in [
        "intercom_sync_runs_total{outcome=\"done\"} 1",
        "intercom_sync_records_total{stream=\"contacts\",effect=\"inserted\"} 60",
        "intercom_sync_outbox_effects{state=\"dead\"} 0",
        "intercom_sync_quarantine_records 0",
        "intercom_sync_lag_seconds{stream=\"conversations\"} ",
        "intercom_sync_lag_seconds{stream=\"conversation_parts\"} ",
        "intercom_sync_last_success_timestamp_seconds ",
        "intercom_sync_calls_total ",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    interrupt(&watch);
    wait_for(&mut stderr, "the watch has ended");
    assert_eq!(watch.wait().expect("ended").code(), Some(0));
}

#[test]
fn a_watch_tells_after_a_run() {
    let world = World::new();
    let (slack, url) = world.slack();
    let mut watch = world.command(&["watch", "--now", AT]);
    let mut watch = watch.env("SLACK_WEBHOOK_URL", url).spawn().expect("the program starts");
    let mut stderr = BufReader::new(watch.stderr.take().expect("piped"));
    wait_for(&mut stderr, "1 alert told in 1 message, 0 wait");
    interrupt(&watch);
    wait_for(&mut stderr, "the watch has ended");
    assert_eq!(watch.wait().expect("ended").code(), Some(0));
    assert_eq!(slack.headlines().len(), 1, "{:?}", slack.headlines());
}

#[test]
fn a_pattern_that_is_none_ends_with_2() {
    let world = World::new();
    for arguments in [
        &["watch", "--cron", "sometimes"][..],
        &["watch", "--full-cron", "0 0 30 2 *"],
        &["watch", "--metrics-listen", "here"],
    ] {
        let ended = world.run(arguments);
        assert_eq!(ended.code, Some(2), "{arguments:?} {ended:?}");
    }
}

#[test]
fn a_run_ends_on_ctrl_c_and_the_next_one_goes_on_at_once() {
    let latency = Duration::from_millis(1_000);
    let world = World::with(SimSettings { latency, ..SimSettings::default() });
    let mut run = world.command(&["run"]).spawn().expect("the program starts");
    let mut stderr = BufReader::new(run.stderr.take().expect("piped"));
    wait_for(&mut stderr, "contacts: 60 fetched");
    let second = world.run(&["run"]);
    assert_eq!(second.code, Some(1), "{second:?}");
    assert!(second.stderr.contains("is being synchronised by process"), "{second:?}");
    assert!(
        second.stderr.contains("    → wait until that run has ended, or stop it"),
        "{second:?}"
    );
    interrupt(&run);
    wait_for(&mut stderr, "the same command goes on there");
    assert_eq!(run.wait().expect("ended").code(), Some(1));
    let third: Ended = world.run(&["run"]);
    assert_eq!(third.code, Some(0), "{third:?}");
}
