//! Lines made to do harm: a refusal or a plan, in time proportional to their length.

use std::fmt::Write as _;

use intercom_api::{Exchange, Response, Step};
use intercom_transform::{Assumption, Event, Scratch, Settings, Tape, plan, preview};

use crate::model::{planned, run, v1, v2};

/// Plans a line under every set of settings and looks at what it would send.
fn survives(line: &[u8]) -> String {
    let mut told = String::new();
    for settings in [v2(), v1(), Settings::rudderstack(), crate::model::rudderstack_oauth()] {
        let (mut tape, mut scratch) = (Tape::default(), Scratch::new());
        let planned =
            Event::parse(line, &mut tape).and_then(|event| plan(&event, &settings, &mut scratch));
        match planned {
            Ok(plan) => {
                for assumption in [Assumption::Found, Assumption::Missing] {
                    let preview = preview(&plan, assumption).expect("the requests can be built");
                    for (_, request) in preview.requests {
                        let body = request.body.as_deref().unwrap_or(b"null");
                        serde_json::from_slice::<serde::de::IgnoredAny>(body).expect("JSON");
                    }
                }
                let _ = write!(told, "plan ");
            }
            Err(rejection) => {
                assert!(rejection.path.len() < 400, "a path as long as the line");
                assert!(rejection.to_string().len() < 1000, "a message as long as the line");
                let _ = write!(told, "{} ", rejection.code());
            }
        }
    }
    told
}

#[test]
fn ten_megabytes_of_text_are_one_text() {
    let text = "x".repeat(10 << 20);
    let line = format!(r#"{{"type":"identify","userId":"u","traits":{{"bio":"{text}"}}}}"#);
    assert_eq!(survives(line.as_bytes()), "plan plan plan missing_lookup ");
}

#[test]
fn a_hundred_thousand_keys_are_refused() {
    let keys: Vec<String> = (0..100_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let keys = keys.join(",");
    for place in ["traits", "properties"] {
        let kind = if place == "traits" { "identify" } else { "track" };
        let line = format!(r#"{{"type":"{kind}","event":"E","userId":"u","{place}":{{{keys}}}}}"#);
        assert!(run(&line, &v2(), &[]).starts_with("→ rejected too_many_keys"));
        let rejection = planned(&line, &v2()).expect_err("there are too many keys");
        assert_eq!(rejection.path, format!("{place}.k10000"));
        survives(line.as_bytes());
    }
    let line = format!(r#"{{"type":"track","userId":"u","event":"E",{keys}}}"#);
    survives(line.as_bytes());
}

#[test]
fn one_name_a_hundred_thousand_times_is_one_key() {
    let same = r#""k":1,"#.repeat(100_000);
    let line = format!(r#"{{"type":"identify",{same}"userId":"u","traits":{{{same}"k":2}}}}"#);
    assert!(survives(line.as_bytes()).contains("too_many_keys"));
    let same = r#""k":1,"#.repeat(9_000);
    let line = format!(r#"{{"type":"identify","userId":"u","traits":{{{same}"k":2}}}}"#);
    let told = run(&line, &v1(), &[crate::model::WRITTEN]);
    assert!(told.contains(r#""custom_attributes":{"k":2}"#), "{}", &told[..200]);
}

#[test]
fn names_that_add_up_do_not_outgrow_the_line() {
    let name = "n".repeat(5 << 20);
    let inner: Vec<String> = (0..5_000).map(|n| format!(r#""a{n}":1"#)).collect();
    let line = format!(
        r#"{{"type":"track","userId":"u","event":"E","properties":{{"{name}":{{{}}}}}}}"#,
        inner.join(",")
    );
    survives(line.as_bytes());
    let deep = r#"{"abcdefghijklmnopqrstuvwxyz":"#.repeat(120);
    let line = format!(
        r#"{{"type":"track","userId":"u","event":"E","properties":{deep}1{}}}"#,
        "}".repeat(120)
    );
    survives(line.as_bytes());
}

#[test]
fn lists_of_a_million_elements() {
    let list = format!("[{}1]", "1,".repeat(1_000_000));
    let line = format!(
        r#"{{"type":"identify","userId":"u","traits":{{"list":{list}}},"context":{{"traits":{{"tags":{list}}}}}}}"#
    );
    survives(line.as_bytes());
    let line =
        format!(r#"{{"type":"group","groupId":"u","userId":"u","traits":{{"tags":{list}}}}}"#);
    survives(line.as_bytes());
    let line = format!(r#"{{"type":"delete","userAttributes":{list}}}"#);
    survives(line.as_bytes());
}

#[test]
fn events_of_one_second_find_their_seconds_in_time() {
    let mut scratch = Scratch::new();
    let mut tape = Tape::default();
    for n in 0..50_000 {
        let line = format!(
            r#"{{"type":"track","messageId":"{n}","userId":"u","event":"E","timestamp":7}}"#
        );
        let event = Event::parse(line.as_bytes(), &mut tape).expect("it is an event");
        plan(&event, &v2(), &mut scratch).expect("it can be planned");
    }
}

const FIELDS: [&str; 16] = [
    "type",
    "userId",
    "anonymousId",
    "messageId",
    "groupId",
    "event",
    "action",
    "properties",
    "timestamp",
    "channel",
    "integrations",
    "identifiers",
    "fields",
    "userAttributes",
    "traits",
    "context",
];
const TRAITS: [&str; 24] = [
    "email",
    "phone",
    "name",
    "firstName",
    "lastName",
    "avatar",
    "website",
    "userId",
    "id",
    "role",
    "ownerId",
    "createdAt",
    "lastSeenAt",
    "unsubscribedFromEmails",
    "company",
    "groupId",
    "plan",
    "size",
    "industry",
    "monthlySpend",
    "remoteCreatedAt",
    "tags",
    "custom_attributes",
    "metadata",
];
const VALUES: [&str; 18] = [
    "null",
    "true",
    "false",
    "0",
    "-0.0",
    "1e400",
    "-1",
    "12345678901234567890",
    r#""""#,
    r#"" ""#,
    r#""\u0000\ud83d\ude00""#,
    r#""1""#,
    "[]",
    "[null]",
    "[[[1]]]",
    "{}",
    r#"{"":{"":1}}"#,
    r#"{"id":{"a":1},"name":[],"remove":1}"#,
];

#[test]
fn every_value_in_every_field() {
    for kind in ["identify", "track", "group", "record", "delete"] {
        for value in VALUES {
            for field in FIELDS {
                survives(format!(r#"{{"type":"{kind}","userId":"u","groupId":"g","event":"e","{field}":{value}}}"#).as_bytes());
            }
            for name in TRAITS {
                let traits = format!(r#"{{"{name}":{value}}}"#);
                survives(format!(r#"{{"type":"{kind}","userId":"u","groupId":"g","event":"e","traits":{traits},"context":{{"traits":{traits},"externalId":[{{"id":{value},"identifierType":"x"}}]}}}}"#).as_bytes());
                survives(format!(r#"{{"type":"{kind}","traits":{traits},"context":{{"mappedToDestination":1,"externalId":[{{"id":{value},"identifierType":"{name}"}}]}}}}"#).as_bytes());
            }
        }
    }
}

#[test]
fn answers_of_every_kind() {
    let lines = [
        r#"{"type":"identify","userId":"u","traits":{"email":"a@b.example","company":{"id":1,"remove":true}}}"#,
        r#"{"type":"identify","userId":"u","traits":{"company":{"id":1}}}"#,
        r#"{"type":"track","userId":"u","event":"E"}"#,
        r#"{"type":"group","groupId":"g","userId":"u","traits":{"tags":["a","b"]}}"#,
        r#"{"type":"record","action":"insert","identifiers":{"email":"a"},"fields":{}}"#,
        r#"{"type":"delete","userId":"u"}"#,
    ];
    let bodies = [
        "",
        "null",
        "[]",
        "{",
        r#"{"id":null}"#,
        r#"{"id":".."}"#,
        r#"{"id":""}"#,
        r#"{"id":{"a":1}}"#,
        r#"{"data":{}}"#,
        r#"{"data":[null,{"id":[]},{"id":7}]}"#,
        r#"{"data":[{"id":"."}]}"#,
        r#"{"errors":[{"code":"conflict","message":"id=abc archived"}]}"#,
    ];
    for line in lines {
        for body in bodies {
            for status in [200, 404, 409, 429, 500] {
                drive_blindly(line, status, body);
            }
        }
    }
}

/// Answers every request alike; the plan must end.
fn drive_blindly(line: &str, status: u16, body: &'static str) {
    for settings in [v2(), v1(), Settings::rudderstack()] {
        let Ok(mut plan) = crate::model::planned(line, &settings) else { continue };
        for _ in 0..20 {
            match plan.next() {
                Ok(Step::Send(_)) => plan.reply(Response::new(status, body)),
                Ok(Step::Done(_)) | Err(_) => break,
            }
        }
        assert!(!matches!(plan.next(), Ok(Step::Send(_))), "{line} {status} {body} does not end");
    }
}
