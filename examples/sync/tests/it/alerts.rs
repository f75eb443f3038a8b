//! What `sync run` does with alerts.

use intercom_outreach::fake::FakeAnswer;

use crate::program::{Ended, run};
use crate::world::{AT, World};

const TRIED: &str = "the next one is tried ";

fn run_with(world: &World, webhook: &str) -> Ended {
    let mut program = world.command(&["run", "--now", AT]);
    program.env("SLACK_WEBHOOK_URL", webhook);
    run(program)
}

#[test]
fn without_a_webhook_alerts_wait_and_with_one_they_are_told_once() {
    let world = World::new();
    let waits = world.run(&["run", "--now", AT]);
    assert_eq!(waits.code, Some(0), "{waits:?}");
    assert!(waits.stderr.contains("alerts that wait to be told: 1; SLACK_WEBHOOK_URL is not set"));

    let (slack, url) = world.slack();
    let told = run_with(&world, &url);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("1 alert told in 1 message, 0 wait"), "{told:?}");
    let again = run_with(&world, &url);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(slack.headlines().len(), 1, "{:?}", slack.headlines());
    assert!(!format!("{told:?}{again:?}").contains(&url));
}

#[test]
fn a_failing_slack_leaves_the_alert_queued_and_the_run_done() {
    let world = World::new();
    let (slack, url) = world.slack();
    slack.answer(&[FakeAnswer::Refused(503, "unavailable")]);
    let failed = run_with(&world, &url);
    assert_eq!(failed.code, Some(0), "{failed:?}");
    let warning = "warning: 0 alerts told in 0 messages, 1 waits; slack is unavailable: status 503";
    assert!(failed.stderr.contains(warning), "{failed:?}");
    assert_eq!(slack.received().len(), 1);
    check_says_how_long(&failed, TRIED);
    let quiet = run_with(&world, &url);
    check_says_how_long(&quiet, TRIED);
    assert_eq!(slack.received().len(), 1, "its time has not come");
    let waits = world.run(&["run", "--now", AT]);
    assert!(waits.stderr.contains("alerts that wait to be told: 1;"), "{waits:?}");
}

#[test]
fn what_a_killed_process_was_telling_waits_for_a_minute() {
    let world = World::new();
    let (slack, url) = world.slack();
    slack.answer(&[FakeAnswer::Silence]);
    let mut program = world.command(&["run", "--now", AT]);
    let mut killed = program.env("SLACK_WEBHOOK_URL", &url).spawn().expect("the program starts");
    while slack.received().is_empty() {
        let ended = killed.try_wait().expect("a state");
        assert!(ended.is_none(), "{ended:?}");
        std::thread::yield_now();
    }
    killed.kill().expect("it works until then");
    killed.wait().expect("it ends");
    let waits = run_with(&world, &url);
    assert_eq!(waits.code, Some(0), "{waits:?}");
    let why = "a process has begun to tell them; if it was killed, they can be told again ";
    check_says_how_long(&waits, why);
    assert_eq!(slack.received().len(), 1);
}

fn check_says_how_long(ended: &Ended, why: &str) {
    let said = ended.stderr.split_once(&format!("alerts that wait to be told: 1; {why}"));
    let seconds = said.and_then(|(_, rest)| rest.split_once(" seconds from now"));
    let seconds = seconds.and_then(|(seconds, _)| seconds.parse::<u64>().ok());
    assert!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "{ended:?}");
}

#[test]
fn a_webhook_that_is_none_ends_with_2_and_is_not_quoted() {
    let world = World::new();
    let ended = run_with(&world, "http://hooks.example/secret-path");
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("SLACK_WEBHOOK_URL cannot be used"), "{ended:?}");
    assert!(!ended.stderr.contains("secret-path"), "{ended:?}");
    assert_eq!(world.sim.stats().calls("GET /me"), 0);
}
