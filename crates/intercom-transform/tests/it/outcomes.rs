//! What answers mean.

use std::time::Duration;

use intercom_api::{Exchange, Headers, Response, Step};
use intercom_transform::settings::Destination;
use intercom_transform::{Assumption, Class, Outcome, Settings, preview, router};

use crate::model::{NOBODY, planned, run, v2};

const EVENT: &str = r#"{"type":"track","userId":"u","event":"E","timestamp":1}"#;

fn outcome(response: Response) -> Outcome {
    let settings =
        Settings { unknown_users: intercom_transform::settings::UnknownUsers::Abort, ..v2() };
    let mut plan = planned(EVENT, &settings).expect("it is a whole event");
    assert!(matches!(plan.next(), Ok(Step::Send(_))));
    plan.reply(response);
    match plan.next() {
        Ok(Step::Done(outcome)) => outcome,
        _ => panic!("the plan has one request"),
    }
}

#[test]
fn statuses_are_classified() {
    let told: Vec<String> =
        [200, 202, 400, 401, 403, 404, 408, 409, 410, 422, 425, 429, 500, 502, 503]
            .iter()
            .map(|status| {
                let outcome = outcome(Response::new(*status, r#"{"errors":[{"code":"c"}]}"#));
                let class = match &outcome {
                    Outcome::Aborted { class: Class::Configuration, .. } => " configuration",
                    Outcome::Aborted { class: Class::Instrumentation, .. } => " instrumentation",
                    _ => "",
                };
                format!("{status} {}{class}", outcome.code())
            })
            .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn the_apis_own_delay_is_passed_on() {
    let after = |status, headers: &[(&str, &str)]| {
        let mut response = Response::new(status, "");
        response.headers = headers.iter().copied().collect::<Headers>();
        match outcome(response) {
            Outcome::Throttled { after, .. } | Outcome::Retryable { after, .. } => after,
            other => panic!("{other:?}"),
        }
    };
    let date = ("Date", "Wed, 22 Nov 2023 04:42:44 GMT");
    assert_eq!(after(429, &[("Retry-After", "7")]), Some(Duration::from_secs(7)));
    assert_eq!(after(503, &[("retry-after", "7")]), Some(Duration::from_secs(7)));
    let at = ("Retry-After", "Wed, 22 Nov 2023 04:42:54 GMT");
    assert_eq!(after(429, &[date, at]), Some(Duration::from_secs(10)));
    let reset = ("X-RateLimit-Reset", "1700628170");
    assert_eq!(after(429, &[date, reset]), Some(Duration::from_secs(6)));
    assert_eq!(after(500, &[date, reset]), None);
    assert_eq!(after(429, &[reset]), None);
    assert_eq!(after(429, &[("Retry-After", "999999999")]), Some(Duration::from_secs(3600)));
}

#[test]
fn failures_have_the_texts_of_the_system_that_is_replaced() {
    let line = r#"{"type":"group","userId":"u","groupId":"g","context":{"traits":{"tags":["x"]}}}"#;
    let settings = Settings::rudderstack();
    let refused = (400, r#"{"errors": [ {"code":"c", "message":"m"} ]}"#);
    let company = (200, r#"{"id":"co1"}"#);
    let steps: [&[_]; 5] = [
        &[refused],
        &[(500, "")],
        &[NOBODY, refused],
        &[NOBODY, company, refused],
        &[(200, r#"{"data":[{"id":"c1"}]}"#), company, refused],
    ];
    let told: Vec<String> = steps
        .iter()
        .map(|answers| {
            let mut plan = planned(line, &settings).expect("it is a whole event");
            let (_, outcome) = crate::model::drive(&mut plan, answers);
            [Destination::Intercom, Destination::IntercomV2]
                .map(|destination| router::message(&outcome, destination).expect("a failure"))
                .join("\n")
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_preview_shows_both_branches_and_leaves_the_plan() {
    let line = r#"{"type":"identify","userId":"u","traits":{"company":{"id":1}}}"#;
    let plan = planned(line, &v2()).expect("it is a whole event");
    let before = plan.clone();
    let told = [Assumption::Found, Assumption::Missing].map(|assumption| {
        let preview = preview(&plan, assumption).expect("the requests can be built");
        let requests = preview.requests.iter();
        let told: Vec<String> = requests
            .map(|(purpose, request)| format!("{purpose:?} {}", request.target()))
            .collect();
        format!("{} → {}", told.join(", "), preview.outcome.code())
    });
    insta::assert_snapshot!(told.join("\n"));
    assert_eq!(plan, before);
}

#[test]
fn an_event_that_was_transformed_before_or_is_of_another_type_is_refused() {
    let told = [
        r#"{"statusCode":200,"type":"REST","userId":"u"}"#,
        r#"{"type":"Page","userId":"u"}"#,
        r#"{"userId":"u"}"#,
        r#"{"type":{"a":1}}"#,
    ]
    .map(|line| run(line, &v2(), &[]));
    insta::assert_snapshot!(told.join(""));
    let settings = Settings { has_token: false, ..v2() };
    let oauth = Settings { destination: Destination::IntercomV2, ..settings.clone() };
    insta::assert_snapshot!([settings, oauth].map(|settings| run(EVENT, &settings, &[])).join(""));
}
