//! Events a second on one core, beside reading and writing the same bytes: `cargo bench -p
//! intercom-transform`.
//!
//! The events are those of `../shared/data/events-mix.ndjson` if that file is there, else invented
//! ones of the same shape. Look-ups are answered from memory, by 300 bytes.

#![expect(clippy::disallowed_methods, reason = "measuring needs a clock")]
#![expect(clippy::unwrap_used, reason = "a measurement that fails has no result")]

mod invented;
mod ratios;

use std::path::Path;

use bytes::Bytes;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use intercom_api::{ApiVersion, Exchange, Response, Step};
use intercom_transform::{Event, Purpose, Scratch, Settings, Tape, echo, plan};

/// Which events are measured.
const KINDS: [&str; 4] = ["identify", "track", "group", "mix"];

fn main() {
    // Only `cargo bench` passes this; a test run builds benchmarks and does not measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    ratios::print();
    divan::main();
}

/// Reading and writing the same bytes, with the same parser.
#[divan::bench(args = KINDS)]
fn floor(bencher: Bencher<'_, '_>, kind: &str) {
    measure(bencher, kind, ApiVersion::V2_10, Bench::floor);
}

#[divan::bench(args = KINDS)]
fn v1(bencher: Bencher<'_, '_>, kind: &str) {
    measure(bencher, kind, ApiVersion::V1_4, Bench::plan);
}

#[divan::bench(args = KINDS)]
fn v2(bencher: Bencher<'_, '_>, kind: &str) {
    measure(bencher, kind, ApiVersion::V2_10, Bench::plan);
}

/// Reading only.
#[divan::bench(args = KINDS)]
fn parsing(bencher: Bencher<'_, '_>, kind: &str) {
    measure(bencher, kind, ApiVersion::V2_10, Bench::parse);
}

fn measure(
    bencher: Bencher<'_, '_>,
    kind: &str,
    version: ApiVersion,
    round: impl Fn(&mut Bench, &[String]),
) {
    let lines = lines(kind);
    let mut bench = Bench::new(version);
    let (items, bytes) = counts(&lines);
    bencher.counter(items).counter(bytes).bench_local(|| round(&mut bench, &lines));
}

/// What the rounds use again.
struct Bench {
    settings: Settings,
    answers: Answers,
    tape: Tape,
    scratch: Scratch,
    out: Vec<u8>,
}

impl Bench {
    fn new(version: ApiVersion) -> Self {
        Self {
            settings: Settings { version, ..Settings::default() },
            answers: Answers::new(),
            tape: Tape::default(),
            scratch: Scratch::new(),
            out: Vec::new(),
        }
    }

    fn parse(&mut self, lines: &[String]) {
        for line in lines {
            black_box(Event::parse(line.as_bytes(), &mut self.tape).unwrap());
        }
    }

    fn floor(&mut self, lines: &[String]) {
        for line in lines {
            self.out.clear();
            echo(&Event::parse(line.as_bytes(), &mut self.tape).unwrap(), &mut self.out);
            black_box(Bytes::copy_from_slice(&self.out));
        }
    }

    fn plan(&mut self, lines: &[String]) {
        // A batch of its own: otherwise every event would find the seconds of the last round taken.
        self.scratch.begin_batch();
        for line in lines {
            let event = Event::parse(line.as_bytes(), &mut self.tape).unwrap();
            let mut plan = plan(&event, &self.settings, &mut self.scratch).unwrap();
            while let Step::Send(request) = plan.next().unwrap() {
                let answer = self.answers.to(plan.purpose().unwrap());
                black_box(request);
                plan.reply(answer);
            }
            black_box(plan);
        }
    }
}

fn counts(lines: &[String]) -> (ItemsCount, BytesCount) {
    let n_bytes: usize = lines.iter().map(String::len).sum();
    (ItemsCount::new(lines.len()), BytesCount::new(n_bytes))
}

/// What the API answers.
struct Answers {
    found: Response,
    written: Response,
    accepted: Response,
}

impl Answers {
    fn new() -> Self {
        let found = r#"{"type":"list","total_count":1,"pages":{"type":"pages","page":1,"per_page":50,"total_pages":1},"data":[{"type":"contact","id":"65f1a2b3c4d5e6f708192a3b","workspace_id":"ws1","role":"user","email":"someone@example.com","name":"Some One","phone":null,"created_at":1700000000,"owner_id":null,"external_id":null,"tags":null}]}"#;
        let written = r#"{"type":"company","company_id":"co_34","id":"65f1a2b3c4d5e6f708192a3c"}"#;
        assert!((290..=330).contains(&found.len()), "{}", found.len());
        Self {
            found: Response::new(200, found),
            written: Response::new(200, written),
            accepted: Response::new(202, ""),
        }
    }

    fn to(&self, purpose: Purpose) -> Response {
        match purpose {
            Purpose::FindContact => self.found.clone(),
            Purpose::SendEvent => self.accepted.clone(),
            _ => self.written.clone(),
        }
    }
}

fn lines(kind: &str) -> Vec<String> {
    let shared =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/events-mix.ndjson");
    let text = std::fs::read_to_string(shared).unwrap_or_else(|_| invented::events(1000));
    let wanted = format!(r#""type":"{kind}""#);
    text.lines().filter(|line| kind == "mix" || line.contains(&wanted)).map(str::to_owned).collect()
}
