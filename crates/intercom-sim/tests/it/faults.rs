//! Faults on purpose, from code and from files.

use intercom_api::{Method, Request};
use intercom_sim::{ErrorStatus, Faults, Probability, SimSettings, Simulator};
use serde_json::json;

use crate::support::{NOW, code, read, request, simulator_with};

fn faulty(text: &str) -> Simulator {
    let faults = text.parse().expect("the faults are well written");
    simulator_with(3, 3, SimSettings { faults, ..SimSettings::default() })
}

fn statuses(sim: &mut Simulator, request: &Request, n_calls: usize) -> Vec<u16> {
    (0..n_calls).map(|_| sim.handle(request, NOW).status).collect()
}

fn me() -> Request {
    request(Method::Get, "/me", None)
}

#[test]
fn a_fault_strikes_its_route_so_many_times_after_so_many_calls() {
    let fault = "[[fault]]\nroute = \"GET /me\"\nanswer = \"503\"\ncount = 2\nafter = 1";
    let mut sim = faulty(fault);
    assert_eq!(sim.handle(&request(Method::Get, "/tags", None), NOW).status, 200);
    assert_eq!(statuses(&mut sim, &me(), 5), [200, 503, 503, 200, 200]);
    assert_eq!(sim.stats().with_status(503), 2);
    // Replaced faults begin anew; without any, every call is answered.
    sim.set_faults(fault.parse().expect("the faults are well written"));
    assert_eq!(statuses(&mut sim, &me(), 3), [200, 503, 503]);
    sim.set_faults(Faults::default());
    assert_eq!(statuses(&mut sim, &me(), 2), [200, 200]);
}

#[test]
fn faults_of_one_route_follow_each_other() {
    let mut sim = faulty(
        "[[fault]]\nanswer = \"429\"\ncount = 2\n[[fault]]\nanswer = \"500\"\ncount = 1\nafter = 1",
    );
    assert_eq!(statuses(&mut sim, &me(), 5), [429, 429, 200, 500, 200]);
}

#[test]
fn a_probability_is_kept_and_the_seed_repeats_it() {
    let run = |seed: u64| {
        let text =
            format!("seed = {seed}\n[[fault]]\nanswer = \"500\"\nprobability = 0.05\nafter = 10");
        let settings = SimSettings {
            faults: text.parse().expect("the faults are well written"),
            rate_limit: None,
            ..SimSettings::default()
        };
        statuses(&mut simulator_with(0, 0, settings), &me(), 10_010)
    };
    let first = run(1);
    assert!(first == run(1), "the same seed gives the same faults");
    assert!(first != run(2), "another seed gives others");
    assert!(first[..10].iter().all(|status| *status == 200));
    let n_struck = first.iter().filter(|status| **status == 500).count();
    assert!((430..=570).contains(&n_struck), "{n_struck} of 10000");
    for (probability, expected) in [("0", 200), ("1", 500)] {
        let mut sim = faulty(&format!("[[fault]]\nanswer = \"500\"\nprobability = {probability}"));
        assert_eq!(statuses(&mut sim, &me(), 20), [expected; 20]);
    }
}

#[test]
fn a_refused_call_does_not_reach_the_workspace_and_a_damaged_one_does() {
    for (answer, status, n_contacts) in [
        ("500", 500, 3),
        ("422", 422, 3),
        ("429", 429, 3),
        ("truncated", 200, 4),
        ("empty", 200, 4),
    ] {
        let mut sim = faulty(&format!("[[fault]]\nanswer = \"{answer}\""));
        let body = json!({"role": "user", "email": "new@example.com"});
        let response = sim.handle(&request(Method::Post, "/contacts", Some(&body)), NOW);
        assert_eq!((response.status, sim.workspace().n_contacts()), (status, n_contacts));
    }
}

#[test]
fn damaged_bodies_are_cut_or_missing() {
    let whole = faulty("").handle(&me(), NOW);
    let cut = faulty("[[fault]]\nanswer = \"truncated\"").handle(&me(), NOW);
    assert_eq!(cut.body, whole.body[..whole.body.len() / 2]);
    assert!(serde_json::from_slice::<serde_json::Value>(&cut.body).is_err());
    assert!(cut.headers == whole.headers);
    let empty = faulty("[[fault]]\nanswer = \"empty\"").handle(&me(), NOW);
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    // A refusal of the workspace is damaged like any other answer.
    let mut sim = faulty("[[fault]]\nanswer = \"empty\"");
    let missing = sim.handle(&request(Method::Get, "/contacts/none", None), NOW);
    assert_eq!((missing.status, missing.body.len()), (404, 0));
}

#[test]
fn refusals_come_in_the_envelope() {
    for (status, expected) in [
        (400, "bad_request"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (404, "not_found"),
        (409, "conflict"),
        (429, "rate_limit_exceeded"),
        (500, "server_error"),
        (502, "server_error"),
        (503, "service_unavailable"),
    ] {
        let response = faulty(&format!("[[fault]]\nanswer = \"{status}\"")).handle(&me(), NOW);
        let (given, body) = read(&response);
        assert_eq!((given, code(&body)), (status, expected));
        assert_eq!(response.request_id(), body["request_id"].as_str());
    }
}

#[test]
fn a_429_has_the_headers_of_a_real_one_and_does_not_count() {
    for (rate_limit, limit) in [(Some(10), "10"), (None, "1667")] {
        let faults = "[[fault]]\nanswer = \"429\"\ncount = 20".parse();
        let faults = faults.expect("the faults are well written");
        let mut sim =
            simulator_with(0, 0, SimSettings { faults, rate_limit, ..SimSettings::default() });
        for _ in 0..20 {
            let response = sim.handle(&me(), NOW + 3);
            assert_eq!(response.status, 429);
            let header = |name| response.headers.get(name).map(str::to_owned);
            assert_eq!(header("X-RateLimit-Limit").as_deref(), Some(limit));
            assert_eq!(header("X-RateLimit-Remaining").as_deref(), Some("0"));
            assert_eq!(header("X-RateLimit-Reset"), Some((NOW + 10).to_string()));
        }
        let response = sim.handle(&me(), NOW + 3);
        let expected = rate_limit.map(|_| "9");
        assert_eq!(response.headers.get("X-RateLimit-Remaining"), expected);
    }
}

#[test]
fn faults_do_not_see_what_is_refused_before_them() {
    let faults = "[[fault]]\nanswer = \"500\"\ncount = 1\nafter = 1".parse();
    let faults = faults.expect("the faults are well written");
    let settings = SimSettings { faults, rate_limit: Some(1), ..SimSettings::default() };
    let mut sim = simulator_with(0, 0, settings);
    assert_eq!(sim.handle_unauthorized(&me(), NOW).status, 401);
    assert_eq!(statuses(&mut sim, &me(), 3), [200, 429, 429]);
    assert_eq!(sim.handle(&me(), NOW + 10).status, 500);
}

fn check_problems(cases: &[(&str, usize, &str)]) {
    for (text, line, message) in cases {
        let problem = text.parse::<Faults>().expect_err(text);
        assert_eq!((problem.line, problem.message.as_str()), (*line, *message), "{text}");
    }
}

#[test]
fn details_that_an_answer_cannot_have_are_refused() {
    check_problems(&[
        (
            "[[fault]]\nanswer = \"late\"\n[[fault]]\nanswer = \"reset\"\nseconds = 3",
            5,
            "`seconds` does not go with this `answer`; remove it",
        ),
        (
            "[[fault]]\nanswer = \"503\"\nretry_after = 3",
            3,
            "`retry_after` does not go with this `answer`; remove it",
        ),
        (
            "[[fault]]\nanswer = \"late\"\nseconds = 86401",
            3,
            "`seconds` must be a number from 0.001 to 86400",
        ),
        (
            "[[fault]]\nanswer = \"oversized\"\nbytes = 9223372036854775807",
            3,
            "`bytes` must be a number from 1 to 268435456",
        ),
        (
            "[[fault]]\nanswer = \"html\"\nstatus = 204",
            3,
            "answers of this `status` have no body; choose another",
        ),
    ]);
}

#[test]
fn bad_texts_are_named_by_line() {
    let contact = "`route` is none of the simulator's; did you mean \"GET /contacts/{id}\"?";
    let me = "`route` is none of the simulator's; did you mean \"GET /me\"?";
    let none = "`route` is none of the simulator's; write method and path with parameters in \
                braces, such as \"GET /contacts/{id}\", or leave it out for every route";
    let answer = "`answer` must be a status from \"400\" to \"599\", \"stale-cursor\", \"html\", \
                  \"truncated\", \"empty\", \"oversized\", \"silent\", \"late\", \"dripping\", \
                  \"reset\", \"reset-in-body\", \"create\", \"update\", \"merge\" or \"delete\"";
    let cases = [
        (
            "seed = 1\n\n[[fault]]\nanswer = \"429\"\nroute = \"GET /contacts/joe@example.com\"",
            5,
            contact,
        ),
        ("[[fault]]\nanswer = \"429\"\nroute = \"/me\"", 3, me),
        ("[[fault]]\nroute = \"GET /articles/collections\"\nanswer = \"429\"", 2, none),
        ("[[fault]]\nanswer = \"sometimes\"", 2, answer),
        ("[[fault]]\nanswer = \"200\"", 2, answer),
        ("[[fault]]\nanswer = \"600\"", 2, answer),
        (
            "[[fault]]\nanswer = \"empty\"\n\n[[fault]]\nanswer = \"429\"\ncount = 1\nprobability = 0.5",
            7,
            "a fault has `count` or `probability`, not both; remove one",
        ),
        (
            "[[fault]]\nanswer = \"429\"\nprobability = 2",
            3,
            "`probability` must be a number from 0 to 1",
        ),
        (
            "[[fault]]\nanswer = \"429\"\nprobability = nan",
            3,
            "`probability` must be a number from 0 to 1",
        ),
        (
            "[[fault]]\nanswer = \"429\"\nroutes = \"GET /me\"",
            3,
            "unknown field `routes`, expected one of `route`, `answer`, `count`, `probability`, `after`, `seconds`, `bytes`, `status`, `headers`, `retry_after`",
        ),
        ("sed = 1", 1, "unknown field `sed`, expected `seed` or `fault`"),
        ("[[fault]]\ncount = 1", 1, "missing field `answer`"),
        ("[[fault]]\nanswer = \"429\"\ncount = -1", 3, "invalid value: integer `-1`, expected u64"),
    ];
    check_problems(&cases);
    let problem = "{\"fault\": []}".parse::<Faults>().expect_err("JSON is not TOML");
    assert_eq!(problem.line, 1);
    assert!(!problem.to_string().contains('\n'), "{problem}");
}

#[test]
fn a_file_is_named_and_its_values_are_checked_in_code_too() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("faults.toml");
    let missing = Faults::load(&file).expect_err("there is no file");
    assert!(missing.to_string().ends_with("faults.toml"), "{missing}");
    std::fs::write(&file, "[[fault]]\nanswer = \"sometimes\"").expect("the folder takes files");
    let bad = Faults::load(&file).expect_err("no such answer").to_string();
    assert!(bad.contains("faults.toml, line 2: `answer` must be"), "{bad}");
    std::fs::write(&file, "[[fault]]\nanswer = \"empty\"").expect("the folder takes files");
    assert_eq!(Faults::load(&file).expect("it is well written").list.len(), 1);

    assert_eq!(
        [399, 400, 429, 599, 600].map(|status| ErrorStatus::new(status).is_some()),
        [false, true, false, true, false]
    );
    assert_eq!(
        [-0.1, 0.0, 1.0, 1.1].map(|value| Probability::new(value).is_some()),
        [false, true, true, false]
    );
}

#[test]
fn a_stale_cursor_strikes_only_calls_with_a_cursor() {
    let mut sim = faulty("[[fault]]\nanswer = \"stale-cursor\"\nafter = 1\ncount = 1");
    let page = |target: &str| request(Method::Get, target, None);
    let (first, other) =
        (page("/contacts?per_page=1"), page("/contacts?starting_after=&per_page=1"));
    assert_eq!(statuses(&mut sim, &first, 2), [200, 200]);
    assert_eq!(statuses(&mut sim, &other, 2), [200, 200]);
    let (_, body) = read(&sim.handle(&first, NOW));
    let cursor = body["pages"]["next"]["starting_after"].clone();
    let query = json!({"field": "created_at", "operator": ">", "value": 1});
    let body = json!({"query": query, "pagination": {"per_page": 1, "starting_after": cursor}});
    let search = request(Method::Post, "/contacts/search", Some(&body));
    assert_eq!(statuses(&mut sim, &search, 3), [200, 400, 200]);
}

/// The ids and update times that a walk in pages of two sees, while the workspace changes after
/// its second page.
fn walk(change: &str) -> (Vec<String>, Simulator) {
    let fault = format!(
        "seed = 5\n[[fault]]\nroute = \"GET /contacts\"\nanswer = \"{change}\"\ncount = 1\nafter = 2"
    );
    let faults = fault.parse().expect("the fault is well written");
    let mut sim = simulator_with(12, 0, SimSettings { faults, ..SimSettings::default() });
    let (mut seen, mut after) = (Vec::new(), String::new());
    loop {
        let target = format!("/contacts?per_page=2&starting_after={after}");
        let (status, body) = read(&sim.handle(&request(Method::Get, &target, None), NOW + 60));
        assert_eq!(status, 200, "{change}");
        seen.extend(crate::support::ids(&body, "data"));
        match body["pages"]["next"]["starting_after"].as_str() {
            Some(next) => next.clone_into(&mut after),
            None => return (seen, sim),
        }
    }
}

#[test]
fn the_workspace_changes_in_the_middle_of_a_walk() {
    let before: Vec<String> = simulator_with(12, 0, SimSettings::default())
        .workspace()
        .contact_ids()
        .map(str::to_owned)
        .collect();
    let now_there = |sim: &Simulator| -> Vec<String> {
        sim.workspace().contact_ids().map(str::to_owned).collect()
    };
    for (change, n_left) in [("create", 13), ("update", 12), ("merge", 11), ("delete", 11)] {
        let (seen, sim) = walk(change);
        let left = now_there(&sim);
        assert_eq!(left.len(), n_left, "{change}");
        // A walk by creation, newest first, does not see who comes, and loses nobody who stays.
        for id in left.iter().filter(|id| before.contains(id)) {
            assert_eq!(seen.iter().filter(|found| found == &id).count(), 1, "{change}: {id}");
        }
        let n_touched = left
            .iter()
            .filter_map(|id| sim.workspace().contact(id))
            .filter(|contact| contact["updated_at"] == NOW + 60)
            .count();
        assert_eq!(n_touched, usize::from(change != "delete"), "{change}");
        assert!(walk(change).0 == seen && now_there(&walk(change).1) == left, "{change}");
    }
    // Nothing to change is no reason to fail.
    for change in ["update", "merge", "delete"] {
        let faults = format!("[[fault]]\nanswer = \"{change}\"").parse();
        let faults = faults.expect("the fault is well written");
        let mut sim = simulator_with(0, 0, SimSettings { faults, ..SimSettings::default() });
        assert_eq!(statuses(&mut sim, &me(), 1), [200], "{change}");
    }
}
