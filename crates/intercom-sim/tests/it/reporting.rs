//! Exports of data sets for reports.

use std::io::Read;

use intercom_api::{ApiVersion, Method, Response};
use intercom_sim::Simulator;
use serde_json::{Value, json};

use crate::support::{NOW, code, get, post, read, request, simulator};

fn ask() -> Value {
    json!({
        "dataset_id": "conversation", "attribute_ids": ["conversation_id", "conversation_state"],
        "start_time": 0, "end_time": NOW,
    })
}

fn at(sim: &mut Simulator, path: &str, now: i64) -> Response {
    sim.handle(&request(Method::Get, path, None), now)
}

fn text(file: &Response) -> String {
    let mut csv = String::new();
    let mut unpacked = flate2::read::GzDecoder::new(&file.body[..]);
    unpacked.read_to_string(&mut csv).expect("gzipped text");
    csv
}

#[test]
fn five_jobs_are_pending_at_most_and_a_finished_one_is_fetched() {
    let mut sim = simulator(20, 80);
    let (_, sets) = get(&mut sim, "/export/reporting_data/get_datasets");
    assert_eq!(sets["data"][0]["id"], "conversation");
    let mut jobs = Vec::new();
    for _ in 0..5 {
        let (status, job) = post(&mut sim, "/export/reporting_data/enqueue", &ask());
        assert_eq!((status, &job["status"]), (200, &json!("pending")));
        jobs.push(job["job_identifier"].as_str().expect("an id").to_owned());
    }
    let (status, answer) = post(&mut sim, "/export/reporting_data/enqueue", &ask());
    assert_eq!((status, code(&answer)), (429, "rate_limit_exceeded"));
    assert_eq!(
        answer["errors"][0]["message"],
        "Exceeded rate limit of 5 pending reporting dataset export jobs"
    );
    let path = format!("/export/reporting_data/{}", jobs[0]);
    let file = format!("/download/reporting_data/{}", jobs[0]);
    for (after, expected) in [(0, "pending"), (5, "in_progress"), (10, "complete")] {
        assert_eq!(read(&at(&mut sim, &path, NOW + after)).1["status"], expected);
        let is_there = expected == "complete";
        let status = at(&mut sim, &file, NOW + after).status;
        assert_eq!(status, if is_there { 200 } else { 404 }, "after {after} seconds");
    }
    let csv = text(&at(&mut sim, &file, NOW + 10));
    assert!(csv.starts_with("conversation_id,conversation_state\n"), "{csv}");
    assert_eq!(csv.lines().count(), 81, "a row for each conversation");
    let again = request(Method::Post, "/export/reporting_data/enqueue", Some(&ask()));
    assert_eq!(sim.handle(&again, NOW + 10).status, 200, "they are done");
    let (status, answer) = get(&mut sim, "/export/reporting_data/none");
    assert_eq!((status, code(&answer)), (404, "not_found"));
}

#[test]
fn before_2_16_conversations_without_an_answer_are_left_out() {
    let mut sim = simulator(20, 80);
    let admin_began = json!({"first_contact_reply": null});
    let id = sim.workspace().conversation_ids().next().expect("a conversation").to_owned();
    sim.workspace_mut().update_conversation(&id, admin_began, NOW).expect("the patch fits");
    let mut has_row = |version| {
        let mut enqueue = request(Method::Post, "/export/reporting_data/enqueue", Some(&ask()));
        enqueue.version = version;
        let (_, job) = read(&sim.handle(&enqueue, NOW));
        let job = job["job_identifier"].as_str().expect("an id").to_owned();
        let csv = text(&at(&mut sim, &format!("/download/reporting_data/{job}"), NOW + 10));
        csv.lines().any(|line| line.starts_with(&format!("{id},")))
    };
    assert!(!has_row(ApiVersion::V2_14) && !has_row(ApiVersion::V2_15));
    assert!(has_row(ApiVersion::V2_16) && has_row(ApiVersion::Preview));
}

#[test]
fn what_a_job_cannot_export_is_refused() {
    let mut sim = simulator(0, 0);
    for (field, value) in [
        ("dataset_id", Value::Null),
        ("dataset_id", json!("imaginary")),
        ("attribute_ids", Value::Null),
        ("attribute_ids", json!([])),
        ("attribute_ids", json!("conversation_id")),
        ("attribute_ids", json!(["nobody"])),
        ("start_time", Value::Null),
        ("end_time", json!(-1)),
    ] {
        let mut body = ask();
        body[field] = value.clone();
        let (status, answer) = post(&mut sim, "/export/reporting_data/enqueue", &body);
        assert_eq!((status, code(&answer)), (400, "bad_request"), "{field} {value}");
    }
    let mut early = request(Method::Post, "/export/reporting_data/enqueue", Some(&ask()));
    early.version = ApiVersion::V2_13;
    assert_eq!(code(&read(&sim.handle(&early, NOW)).1), "intercom_version_invalid");
}
