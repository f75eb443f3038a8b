use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::deviations::Deviations;
use super::{Arguments, Profile, Report, check, run};
use crate::{Verdict, services_required};

/// A folder of cases and the deviations that are declared.
struct Folder {
    dir: TempDir,
    deviations: Deviations,
}

impl Folder {
    fn new(probes: &Value, deviations: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        fs::write(dir.path().join("probes.json"), probes.to_string()).expect("it can be written");
        let path = dir.path().join("deviations.toml");
        fs::write(&path, deviations).expect("it can be written");
        let deviations = Deviations::read(&path).expect("they can be read");
        Self { dir, deviations }
    }

    fn check(&self) -> Report {
        let report = check(self.dir.path(), Profile::Rudderstack, &self.deviations);
        report.expect("the files can be read")
    }
}

/// A track event that is sent in one request.
fn track() -> Value {
    json!({
        "id": "t-1",
        "name": "track",
        "destination": "intercom",
        "version": "v2",
        "config": {"apiKey": "k", "apiVersion": "v2"},
        "message": {"type": "track", "userId": "u1", "event": "E", "properties": {"n": 1}},
        "mockedHttp": [],
        "expected": {
            "calls": [],
            "statusCode": 200,
            "requests": [{
                "method": "POST",
                "url": "https://api.intercom.io/events",
                "headers": {
                    "content-type": "application/json",
                    "Authorization": "Bearer k",
                    "Accept": "application/json",
                    "Intercom-Version": "2.10",
                    "User-Agent": "RudderStack"
                },
                "body": {"event_name": "E", "user_id": "u1", "metadata": {"n": 1.0}},
                "userId": "ignored"
            }]
        }
    })
}

/// The same with another value at a path.
fn with(mut case: Value, path: &str, value: Value) -> Value {
    *case.pointer_mut(path).unwrap_or_else(|| panic!("{path} is there")) = value;
    case
}

const ANSWER: &str = r#"POST https://api.intercom.io/events 2.10 {"user_id":"u1","event_name":"E","metadata":{"n":1}}
delivered"#;

fn declared(answer: &str) -> String {
    format!(
        "[[deviation]]\nprofiles = ['rudderstack']\nrule = '§5'\nwhy = 'because'\ncases = ['t-1']\n\
         [answer.rudderstack]\nt-1 = '''\n{answer}\n'''\n"
    )
}

#[test]
fn a_case_with_its_answer_passes() {
    let report = Folder::new(&json!([track()]), "").check();
    assert_eq!((report.n_passed, report.n_failed), (1, 0), "{:?}", report.lines);
    assert_eq!(report.lines, ["profile rudderstack: 1 cases as known, 0 as declared"]);
}

#[test]
fn every_part_of_an_answer_counts() {
    let request = "/expected/requests/0";
    for (path, value, what) in [
        ("/method", json!("PUT"), "call 1: method"),
        ("/url", json!("https://api.eu.intercom.io/events"), "call 1: url"),
        ("/headers/User-Agent", json!("RudderLabs"), "call 1: header User-Agent"),
        ("/headers/Authorization", json!("Bearer x"), "call 1: header Authorization"),
        ("/headers/Intercom-Version", json!("1.4"), "call 1: header Intercom-Version"),
        ("/body/user_id", json!("u2"), "call 1: body.user_id"),
        ("/body/metadata", json!({"n": 1, "m": null}), "call 1: body.metadata.m"),
        ("/body/metadata", json!({}), "call 1: body.metadata.n"),
    ] {
        let case = with(track(), &format!("{request}{path}"), value);
        let report = Folder::new(&json!([case]), "").check();
        assert_eq!((report.n_passed, report.n_failed), (0, 1), "{path}");
        assert_eq!(report.lines[0], "failed: t-1 track");
        assert!(report.lines[1].starts_with(&format!("  {what}")), "{:?}", report.lines);
        assert!(report.lines[2].starts_with("    expected: "), "{:?}", report.lines);
        assert!(report.lines[3].starts_with("    ours    : POST https"), "{:?}", report.lines);
    }
}

#[test]
fn calls_that_lack_or_are_too_many_fail() {
    let none = with(track(), "/expected/requests", json!([]));
    let report = Folder::new(&json!([none]), "").check();
    assert_eq!(report.n_failed, 1);
    assert_eq!(report.lines[2], "    expected: no call");

    let request = track()["expected"]["requests"][0].clone();
    let called = with(track(), "/expected/calls", json!([request]));
    assert_eq!(
        Folder::new(&json!([called]), "").check().n_passed,
        1,
        "called once, returned again"
    );

    let other = with(json!([request]), "/0/body/event_name", json!("F"));
    let two = with(track(), "/expected/calls", other);
    assert_eq!(Folder::new(&json!([two]), "").check().n_failed, 1);
}

#[test]
fn texts_and_classes_of_errors_count() {
    let refusal = |message: &str| {
        let case = with(track(), "/message", json!({"type": "page"}));
        let tags = json!({"errorCategory": "dataValidation"});
        let error = json!({"status": 400, "message": message, "statTags": tags});
        with(case, "/expected", json!({"calls": [], "error": error}))
    };
    let report = Folder::new(&json!([refusal("message type page is not supported")]), "").check();
    assert_eq!((report.n_passed, report.n_failed), (1, 0), "{:?}", report.lines);
    let report = Folder::new(&json!([refusal("page is not supported")]), "").check();
    assert_eq!((report.n_passed, report.n_failed), (0, 1));
    assert_eq!(report.lines[1], "  error");

    let delivered = with(
        refusal("message type page is not supported"),
        "/message",
        json!({
            "type": "track", "userId": "u1", "event": "E"
        }),
    );
    let report = Folder::new(&json!([delivered]), "").check();
    assert!(report.lines.iter().any(|line| line == "  outcome"), "{:?}", report.lines);
}

#[test]
fn answers_are_matched_by_method_and_address_in_order() {
    let search = json!({"method": "POST", "url": "https://api.intercom.io/contacts/search"});
    let company = json!({"method": "GET", "url": "https://api.intercom.io/companies?name=A & B"});
    let mocks = json!([
        {"request": company, "response": {"status": 200, "body": {"id": "co1"}}},
        {"request": search, "response": {"status": 200, "body": {"data": [{"id": "c1"}]}}},
        {"request": search, "response": {"status": 500, "body": ""}},
    ]);
    let message = json!({"type": "identify", "userId": "u1", "context": {"traits": {
        "company": {"name": "A & B", "remove": true}
    }}});
    let case = with(with(track(), "/message", message), "/mockedHttp", mocks);
    let report = Folder::new(&json!([case]), "").check();
    let calls: Vec<&str> = report
        .lines
        .iter()
        .skip_while(|line| *line != "  our answer:")
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    let paths = [
        "answer:",
        "https://api.intercom.io/contacts/search",
        "https://api.intercom.io/companies?name=A+%26+B",
        "https://api.intercom.io/contacts/c1/companies/co1",
        "https://api.intercom.io/contacts/c1",
        "rudderstack:",
    ];
    assert_eq!(calls, paths, "{:?}", report.lines);
}

#[test]
fn a_declared_deviation_passes_with_our_answer_only() {
    let case = with(track(), "/expected/requests/0/body/user_id", json!("u2"));
    let report = Folder::new(&json!([case]), &declared(ANSWER)).check();
    assert_eq!((report.n_passed, report.n_failed), (1, 0), "{:?}", report.lines);
    assert_eq!(report.lines[0], "declared: t-1 track: §5: because");

    let report = Folder::new(&json!([case]), &declared("delivered")).check();
    assert_eq!((report.n_passed, report.n_failed), (0, 1));
    assert_eq!(report.lines[0], "failed: t-1 track: not the answer that is declared");
}

#[test]
fn a_stale_deviation_is_an_error() {
    let report = Folder::new(&json!([track()]), &declared(ANSWER)).check();
    assert_eq!((report.n_passed, report.n_failed), (0, 1));
    let told = "failed: t-1 track: declared as a deviation, but it is none";
    assert_eq!(report.lines[0], told);

    let header = "[[header]]\nprofile = 'rudderstack'\nname = 'User-Agent'\nwhy = 'ours'\n";
    let report = Folder::new(&json!([track()]), header).check();
    assert_eq!((report.n_passed, report.n_failed), (1, 1), "{:?}", report.lines);

    let other = with(track(), "/expected/requests/0/headers/User-Agent", json!("Other"));
    let report = Folder::new(&json!([other]), header).check();
    assert_eq!((report.n_passed, report.n_failed), (1, 0), "{:?}", report.lines);
    assert_eq!(report.lines[0], "declared: header User-Agent in 1 calls: ours");
}

#[test]
fn a_deviation_needs_a_reason_and_an_answer() {
    let all = declared(ANSWER);
    let (reason, answer) = all.split_once("[answer").expect("both are there");
    for (text, told) in [
        (reason.to_owned(), "failed: t-1 differs by §5 but has no answer of ours"),
        (format!("[answer{answer}"), "failed: t-1 has an answer of ours but no reason"),
        (all.replace("because", ""), r#"failed: a deviation of {"t-1"} lacks its rule or reason"#),
    ] {
        let report = Folder::new(&json!([]), &text).check();
        assert_eq!(report.lines[0], told);
        assert_eq!(report.n_failed, 1);
    }
}

#[test]
fn a_case_that_cannot_be_read_is_one_failure() {
    let report = Folder::new(&json!([{"id": "broken"}, track()]), "").check();
    assert_eq!((report.n_passed, report.n_failed), (1, 1));
    assert!(report.lines[0].starts_with("failed: case 1 of "), "{:?}", report.lines);
}

#[test]
fn outcomes_of_deliveries_are_compared() {
    let delivery = |status: u16, actual: Value| {
        json!({
            "id": "d-1",
            "name": "delivery",
            "destination": "intercom",
            "input": {"request": {
                "method": "POST",
                "url": "https://api.intercom.io/events",
                "headers": {"Intercom-Version": "2.10"},
                "body": {"a": 1}
            }},
            "mockedHttp": [{
                "request": {"method": "POST", "url": "https://api.intercom.io/events"},
                "response": {"status": status, "headers": {"Retry-After": "3"}, "body": ""}
            }],
            "expected": {"actual": actual, "calls": []}
        })
    };
    let counts = |case: Value| {
        let folder = Folder::new(&json!([]), "");
        let path = folder.dir.path().join("delivery-probes.json");
        fs::write(path, json!([case]).to_string()).expect("it can be written");
        let report = folder.check();
        (report.n_passed, report.n_failed)
    };
    assert_eq!(counts(delivery(202, json!({"status": 202}))), (1, 0));
    assert_eq!(counts(delivery(429, json!({"status": 429}))), (1, 0));
    assert_eq!(counts(delivery(503, json!({"status": 503}))), (1, 0));
    assert_eq!(counts(delivery(401, json!({"status": 401}))), (1, 0));
    assert_eq!(counts(delivery(503, json!({"status": 400}))), (0, 1));
    let error = json!({"message": "no", "statTags": {"errorType": "throttled"}});
    assert_eq!(counts(delivery(429, json!({"status": 429, "error": error}))), (0, 1), "the text");
}

#[test]
fn users_to_delete_need_a_token() {
    let users = |config: Value, actual: Value| {
        let users = json!([{"userId": ""}]);
        json!({
            "id": "d-2",
            "destination": "intercom",
            "config": config,
            "input": {"userAttributes": users},
            "expected": {"actual": actual, "calls": []}
        })
    };
    let missing = json!({"error": {"status": 400, "message": "The access token is not available"}});
    for case in [
        users(json!({}), missing),
        users(json!({"apiKey": "k"}), json!({"statusCode": 200, "status": "successful"})),
    ] {
        let folder = Folder::new(&json!([]), "");
        let path = folder.dir.path().join("delivery-probes.json");
        fs::write(path, json!([case]).to_string()).expect("it can be written");
        let report = folder.check();
        assert_eq!((report.n_passed, report.n_failed), (1, 0), "{:?}", report.lines);
    }
}

#[test]
fn the_dump_holds_calls_and_errors_as_they_were_made() {
    let refused = with(track(), "/message", json!({"type": "page"}));
    let folder = Folder::new(&json!([track(), with(refused, "/id", json!("t-2"))]), "");
    let path = folder.dir.path().join("dump.json");
    let verdict = run(&arguments(folder.dir.path(), Some(&path))).expect("it can be run");
    assert_eq!(verdict, Verdict::Failed);
    let text = fs::read_to_string(&path).expect("it was written");
    let dump: Value = serde_json::from_str(&text).expect("it is json");
    let call = json!({
        "method": "POST",
        "url": "https://api.intercom.io/events",
        "headers": track()["expected"]["requests"][0]["headers"].as_object().map(|headers| {
            let mut headers = headers.clone();
            let media = headers.remove("content-type").expect("it is there");
            headers.insert("Content-Type".to_owned(), media);
            headers
        }),
        "body": {"event_name": "E", "user_id": "u1", "metadata": {"n": 1}},
    });
    assert_eq!(dump[0], json!({"id": "t-1", "calls": [call], "outcome": "delivered"}));
    let message = "message type page is not supported";
    assert_eq!(dump[1]["error"], json!({"message": message}));
    assert_eq!(dump[1]["calls"], json!([]));
    assert!(text.contains(r#"{"event_name":"E","user_id":"u1","metadata":{"n":1}}"#), "{text}");
}

#[test]
fn a_missing_folder_is_skipped_unless_services_are_required() {
    let dir = tempfile::tempdir().expect("a folder");
    let verdict = run(&arguments(&dir.path().join("none"), None)).expect("it is no error");
    assert_eq!(verdict, Verdict::of(!services_required()));
}

fn arguments(dir: &Path, dump: Option<&Path>) -> Arguments {
    Arguments {
        dir: dir.to_owned(),
        profile: Profile::Rudderstack,
        dump: dump.map(Path::to_owned),
        deviations: None,
    }
}
