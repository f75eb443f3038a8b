//! Plans that are answered from a file.

use std::num::NonZeroUsize;

use intercom_deliver::{Answers, Replies, plan_lines};
use intercom_transform::Settings;
use serde_json::Value;

const IDENTIFY: &str = r#"{"type":"identify","userId":"u1","traits":{"email":"jo@example.com"}}"#;

fn plan(events: &str, replies: &str) -> Vec<Value> {
    let answers = Answers::Recorded(Replies::read(replies.as_bytes()).expect("well written"));
    let (settings, mut plans) = (Settings::default(), Vec::new());
    let one = NonZeroUsize::MIN;
    plan_lines(events.as_bytes(), &mut plans, &settings, &answers, one, &mut |_| {})
        .expect("memory can be read and written");
    let plans = String::from_utf8(plans).expect("text");
    plans
        .lines()
        .map(|line| {
            let mut line: Value = serde_json::from_str(line).expect("JSON");
            line["plans"][0].take()
        })
        .collect()
}

fn paths(plan: &Value) -> Vec<&str> {
    let requests = plan["requests"].as_array().expect("requests");
    requests.iter().filter_map(|request| request["path"].as_str()).collect()
}

#[test]
fn recorded_answers_decide_and_the_last_one_stays() {
    let replies = r#"
        {"method":"POST","path":"/contacts/search","body":{"data":[],"total_count":0}}
        {"method":"POST","path":"/contacts","status":409,"body":{"type":"error.list","errors":[{"code":"conflict","message":"A contact matching those details already exists with id=5ba6"}]}}
        {"method":"GET","path":"/contacts/5ba6","body":{"id":"5ba6","external_id":"u1"}}
        {"method":"put","path":"/contacts/5ba6","body":{"id":"5ba6"}}
    "#;
    let planned = plan(&format!("{IDENTIFY}\n{IDENTIFY}"), replies);
    let expected = ["/contacts/search", "/contacts", "/contacts/5ba6", "/contacts/5ba6"];
    for plan in &planned {
        assert_eq!(paths(plan), expected);
        assert_eq!(plan["outcome"], "delivered");
        assert_eq!(plan["notes"][0]["note"], "conflict_resolved");
    }
}

#[test]
fn a_request_without_an_answer_ends_the_plan_there() {
    let found = r#"{"method":"POST","path":"/contacts/search","body":{"data":[],"total_count":0},"body_contains":"jo@example.com"}"#;
    let other = IDENTIFY.replace("jo@", "al@");
    let planned = plan(&format!("{IDENTIFY}\n{other}"), found);
    assert_eq!(paths(&planned[0]), ["/contacts/search", "/contacts"]);
    assert_eq!(planned[0]["outcome"], "unanswered");
    assert_eq!(paths(&planned[1]), ["/contacts/search"]);
}

#[test]
fn a_refusal_shows_its_status_without_the_address() {
    let replies = r#"{"method":"POST","path":"/contacts/search","status":400,"body":{"errors":[{"code":"bad","message":"jo@example.com is odd"}]}}"#;
    let planned = plan(IDENTIFY, replies);
    assert_eq!(
        (planned[0]["outcome"].as_str(), planned[0]["status"].as_u64()),
        (Some("aborted"), Some(400))
    );
    let error = planned[0]["error"].as_str().expect("a text");
    assert!(!error.contains("jo@example.com"), "{error}");
}

#[test]
fn a_bad_line_of_answers_is_named() {
    for bad in ["{", r#"{"path":"/contacts"}"#, r#"{"method":"GET","path":"/","stats":1}"#] {
        let read = Replies::read(format!("\n{bad}\n").as_bytes());
        let message = read.map(|_| ()).map_err(|error| error.to_string());
        assert_eq!(message, Err("recorded answers, line 2".to_owned()));
    }
}
