//! Any line is refused with a path or becomes a plan; whatever the API answers, the plan ends, and
//! every body it sends is JSON.
//!
//! The first byte of an input chooses the settings. The line follows; each further line is an
//! answer: its first byte chooses the status, the rest is the body.

#![no_main]

use intercom_api::{ApiVersion, Exchange, Response, Step};
use intercom_transform::settings::Destination;
use intercom_transform::{Event, Scratch, Settings, Tape, echo, plan};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;

const STATUSES: [u16; 8] = [200, 202, 400, 401, 404, 409, 429, 500];

/// Finding, reading and restoring a contact, the company and its fifty tags, twice when a contact
/// known from elsewhere is gone.
const MAX_REQUESTS: usize = 160;

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let mut lines = rest.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default();
    let mut tape = Tape::default();
    let parsed = Event::parse(line, &mut tape);
    let text = std::str::from_utf8(line).ok();
    // It reads no deeper than this, and refuses halves of surrogate pairs.
    let theirs = text.is_some_and(|text| {
        text.trim_start().starts_with('{') && serde_json::from_str::<&RawValue>(text).is_ok()
    });
    let event = match parsed {
        Ok(event) => event,
        Err(rejection) => {
            let may_differ = ["too_deep", "lone_surrogate"].contains(&rejection.code());
            assert!(!theirs || may_differ, "refused: {rejection}");
            return assert!(rejection.path.len() < 600, "a path as long as the line");
        }
    };
    assert!(theirs, "accepted, though it is no JSON object");
    let mut written = Vec::new();
    echo(&event, &mut written);
    let value = |json: &[u8]| serde_json::from_slice::<Value>(json).ok();
    // Numbers beyond a float are JSON, but no value of theirs.
    if let (Some(before), Some(after)) = (value(line), value(&written)) {
        assert_eq!(before, after, "an echo is the same value");
    }
    let mut scratch = Scratch::new();
    let Ok(mut plan) = plan(&event, &settings(*choice), &mut scratch) else { return };
    let mut n_sent = 0;
    while let Ok(Step::Send(request)) = plan.next() {
        n_sent += 1;
        assert!(n_sent <= MAX_REQUESTS + line.len(), "the plan does not end");
        if let Some(body) = &request.body {
            assert!(serde_json::from_slice::<&RawValue>(body).is_ok(), "a body is JSON");
        }
        let (status, body) = match lines.next().and_then(|answer| answer.split_first()) {
            Some((status, body)) => (STATUSES[usize::from(*status) % STATUSES.len()], body),
            None => (200, &br#"{"id":"c1","data":[{"id":"c1"}]}"#[..]),
        };
        plan.reply(Response::new(status, body.to_vec()));
    }
    scratch.remember(&plan);
});

fn settings(choice: u8) -> Settings {
    let base = if choice & 1 == 0 { Settings::default() } else { Settings::rudderstack() };
    let version = if choice & 2 == 0 { ApiVersion::V2_16 } else { ApiVersion::V1_4 };
    let destination =
        if choice & 4 == 0 { Destination::Intercom } else { Destination::IntercomV2 };
    let one_time_attributes = intercom_transform::ONE_TIME_ATTRIBUTES.map(str::to_owned).to_vec();
    let now = (choice & 8 == 0).then_some(1_772_366_400);
    Settings { version, destination, now, one_time_attributes, ..base }
}
