//! Plans of whole files.

use std::io::{self, Read, Write};
use std::num::NonZeroUsize;

use intercom_deliver::{Answers, MAX_LINE_BYTES, PlanCounts, plan_lines};
use intercom_transform::{Assumption, Settings};
use serde_json::{Value, json};

const FOUND: Answers = Answers::Assumed(Assumption::Found);

fn run(input: impl Read + Send, answers: &Answers, workers: usize) -> (PlanCounts, String) {
    let workers = NonZeroUsize::new(workers).expect("not zero");
    let mut plans = Vec::new();
    let settings = Settings { now: Some(crate::api::NOW), ..Settings::default() };
    let counts = plan_lines(input, &mut plans, &settings, answers, workers, &mut |_| {});
    (counts.expect("memory can be read and written"), String::from_utf8(plans).expect("text"))
}

fn lines(events: &str, answers: &Answers) -> Vec<Value> {
    let (_, plans) = run(events.as_bytes(), answers, 1);
    plans.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// Invented events of all kinds, bad lines among them.
fn many(n: usize) -> String {
    let mut events = String::new();
    for index in 0..n {
        let user = index % 97;
        events += &match index % 5 {
            0 => json!({"type": "identify", "userId": format!("u{user}"), "traits": {"n": index}})
                .to_string(),
            1 | 2 => json!({"type": "track", "event": "paid", "userId": format!("u{user}"),
                "timestamp": "2026-03-01T12:00:00Z", "properties": {"index": index}})
            .to_string(),
            3 => json!({"type": "group", "groupId": "c1", "userId": format!("u{user}"),
                "traits": {"name": "Acme"}})
            .to_string(),
            _ => "{\"type\": \"track\"".to_owned(),
        };
        events.push('\n');
    }
    events
}

#[test]
fn a_line_holds_the_requests_of_both_branches() {
    let identify = r#"{"type":"identify","userId":"u1","messageId":"m1","traits":{"tags":["a"]}}"#;
    insta::assert_json_snapshot!(lines(identify, &Answers::Both));
}

#[test]
fn what_does_not_depend_on_look_ups_is_written_once() {
    let track = r#"{"type":"track","event":"paid","userId":"u1"}"#;
    let planned = lines(track, &Answers::Both);
    assert_eq!(planned[0]["plans"].as_array().map(Vec::len), Some(1));
    assert_eq!(planned[0]["plans"][0]["assume"], "either");
}

#[test]
fn an_assumption_gives_one_branch() {
    let identify = r#"{"type":"identify","userId":"u1"}"#;
    for (answers, name, method) in
        [(FOUND, "found", "PUT"), (Answers::Assumed(Assumption::Missing), "missing", "POST")]
    {
        let planned = lines(identify, &answers);
        let plans = planned[0]["plans"].as_array().expect("plans");
        assert_eq!((plans.len(), plans[0]["assume"].as_str()), (1, Some(name)));
        assert_eq!(plans[0]["requests"][1]["method"], method);
    }
}

#[test]
fn bad_lines_are_named_by_number_and_the_run_goes_on() {
    let events = "\u{feff}{\"type\":\"track\",\"event\":\"a\",\"userId\":\"u\"}\r\nnot json\n\n  \n\
                  [1]\n{\"type\":\"page\"}\n{\"type\":\"track\",\"event\":\"b\",\"userId\":\"u\"}";
    let (counts, _) = run(events.as_bytes(), &FOUND, 1);
    assert_eq!(counts, PlanCounts { n_lines: 7, n_planned: 2, n_rejected: 3 });
    let seen: Vec<(u64, Option<String>)> = lines(events, &FOUND)
        .iter()
        .map(|line| {
            let code = line["rejection"]["code"].as_str().map(str::to_owned);
            (line["line"].as_u64().expect("a number"), code)
        })
        .collect();
    let code = |code: &str| Some(code.to_owned());
    assert_eq!(
        seen,
        [
            (1, None),
            (2, code("not_json")),
            (5, code("not_an_object")),
            (6, code("unsupported_type")),
            (7, None)
        ]
    );
}

#[test]
fn a_line_is_too_long_from_one_byte_beyond_the_limit() {
    let track = |n: usize| {
        let empty = r#"{"type":"track","event":"a","userId":"u","properties":{"text":""}}"#;
        let filling = "x".repeat(n - empty.len());
        empty.replace(r#"text":""#, &format!(r#"text":"{filling}"#))
    };
    let (longest, longer) = (track(MAX_LINE_BYTES), track(MAX_LINE_BYTES + 1));
    let much_longer = "y".repeat(3 * MAX_LINE_BYTES);
    let events = format!("{longest}\n{longer}\n{much_longer}\n{longest}\n{longer}");
    let planned = lines(&events, &FOUND);
    let codes: Vec<Option<&str>> =
        planned.iter().map(|line| line["rejection"]["code"].as_str()).collect();
    let too_long = Some("line_too_long");
    assert_eq!(codes, [None, too_long, too_long, None, too_long]);
    let message = planned[1]["rejection"]["message"].as_str().expect("a message");
    assert_eq!(message, "the line has 10485762 bytes, more than 10485760");
}

#[test]
fn order_and_plans_are_the_same_with_any_number_of_workers() {
    let events = many(5_000);
    let (counts, one) = run(events.as_bytes(), &FOUND, 1);
    assert_eq!(counts, PlanCounts { n_lines: 5_000, n_planned: 4_000, n_rejected: 1_000 });
    let numbers = one.lines().map(|line| {
        let value: Value = serde_json::from_str(line).expect("JSON");
        value["line"].as_u64().expect("a number")
    });
    assert!(numbers.eq(1..=5_000));
    for workers in [2, 3] {
        assert!(run(events.as_bytes(), &FOUND, workers) == (counts, one.clone()), "{workers}");
    }
}

#[test]
fn events_of_one_second_are_moved_apart() {
    let track = "{\"type\":\"track\",\"event\":\"paid\",\"userId\":\"u1\",\
                 \"timestamp\":\"2026-03-01T12:00:00Z\"}\n";
    let planned = lines(&track.repeat(2), &FOUND);
    let created_at = |line: &Value| line["plans"][0]["requests"][0]["body"]["created_at"].as_i64();
    assert_eq!(created_at(&planned[0]), Some(1_772_366_400));
    assert_eq!(created_at(&planned[1]), Some(1_772_366_401));
    assert_eq!(planned[1]["plans"][0]["notes"][0]["note"], "event_shifted");
}

#[test]
fn output_that_is_gone_ends_the_run() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let events = many(9_000);
    let two = NonZeroUsize::new(2).expect("not zero");
    let settings = Settings::default();
    let ended = plan_lines(events.as_bytes(), &mut Closed, &settings, &FOUND, two, &mut |_| {});
    assert!(ended.is_err_and(|error| error.is_broken_pipe()));
}

#[test]
fn input_that_breaks_off_ends_the_run_behind_what_was_read() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let events = many(9_000);
    let mut plans = Vec::new();
    let settings = Settings::default();
    let input = events.as_bytes().chain(Broken);
    let ended = plan_lines(input, &mut plans, &settings, &FOUND, NonZeroUsize::MIN, &mut |_| {});
    assert_eq!(ended.map_err(|error| error.to_string()), Err("the input cannot be read".into()));
    assert!(plans.ends_with(b"\n"));
}
