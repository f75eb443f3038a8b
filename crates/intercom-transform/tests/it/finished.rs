//! Requests made elsewhere, and refusals in the words of RudderStack.

use std::fmt::Write as _;

use intercom_api::{ApiVersion, Exchange, Method, Request, Response, Safety, Step};
use intercom_transform::settings::Destination;
use intercom_transform::{Outcome, Plan, Settings, router};

use crate::model::{Answer, NOBODY, drive, planned};

fn request(method: Method, target: &str) -> Request {
    let mut request = Request::raw(method, Safety::Once, target, ApiVersion::V2_10);
    request.body = Some(r#"{"external_id":"u1","name":"N"}"#.into());
    request
}

/// What becomes of a request: the requests, the outcome, and RudderStack's words for it.
fn run(request: Request, settings: &Settings, answers: &[Answer]) -> String {
    let mut plan = Plan::of_request(request, settings).expect("plans make this call");
    let (requests, outcome) = drive(&mut plan, answers);
    let mut text = String::new();
    for request in &requests {
        let _ = writeln!(text, "{} {}", request.method, request.target());
    }
    let _ = writeln!(text, "→ {}", outcome.code());
    if let Some(message) = router::delivery_message(&outcome, settings.destination) {
        let _ = writeln!(text, "{message}");
    }
    text
}

fn of(destination: Destination) -> Settings {
    Settings { destination, ..Settings::rudderstack() }
}

const CONFLICT: Answer = (
    409,
    r#"{"type":"error.list","errors":[{"code":"conflict","message":"A contact matching those details already exists with id=5ba6"}]}"#,
);

#[test]
fn a_finished_request_is_sent_as_it_is() {
    let mut plan = Plan::of_request(request(Method::Put, "/contacts/5ba6"), &Settings::default())
        .expect("plans update contacts");
    let Step::Send(sent) = plan.next().expect("it can be built") else { panic!("nothing to send") };
    assert_eq!((sent.method, sent.target()), (Method::Put, "/contacts/5ba6".to_owned()));
    assert_eq!(sent.body, request(Method::Put, "/contacts/5ba6").body);
    plan.reply(Response::new(200, r#"{"id":"5ba6"}"#));
    assert!(matches!(plan.next(), Ok(Step::Done(Outcome::Delivered))));
}

#[test]
fn what_plans_do_not_call_is_no_plan() {
    for (method, target) in
        [(Method::Get, "/admins"), (Method::Post, "/contacts/merge"), (Method::Put, "/events")]
    {
        assert!(Plan::of_request(request(method, target), &Settings::default()).is_none());
    }
}

#[test]
fn a_conflict_is_resolved_tried_again_or_given_up() {
    let create = || request(Method::Post, "/contacts");
    let named = (200, r#"{"id":"5ba6","external_id":"u1"}"#);
    let resolved = run(create(), &Settings::default(), &[CONFLICT, named, named]);
    assert_eq!(resolved, "POST /contacts\nGET /contacts/5ba6\nPUT /contacts/5ba6\n→ delivered\n");
    let again = run(create(), &of(Destination::Intercom), &[CONFLICT]);
    assert!(again.contains("→ retryable"), "{again}");
    let given_up = run(create(), &of(Destination::IntercomV2), &[CONFLICT]);
    assert!(given_up.contains("→ aborted"), "{given_up}");
}

#[test]
fn a_conflict_of_an_update_that_names_nobody_is_not_tried_for_ever() {
    let unnamed = (409, r#"{"type":"error.list","errors":[{"code":"conflict","message":"no"}]}"#);
    let update = request(Method::Put, "/contacts/5ba6");
    let text = run(update, &Settings::default(), &[unnamed]);
    assert!(text.contains("→ aborted"), "{text}");
}

#[test]
fn deliveries_are_refused_in_the_words_of_rudderstack() {
    let refused = (422, r#"{"type":"error.list", "errors":[{"code":"x"}]}"#);
    let mut text = String::new();
    for destination in [Destination::Intercom, Destination::IntercomV2] {
        for answer in [refused, (408, "{}"), (502, "<html>")] {
            text.push_str(&run(request(Method::Post, "/events"), &of(destination), &[answer]));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_router_words_refusals_as_rudderstack_does() {
    const IDENTIFY: &str = r#"{"type":"identify","userId":"u1","context":{"traits":{"email":"a@b.c","company":{"id":"c9","remove":true}}}}"#;
    const FOUND: Answer = (200, r#"{"data":[{"id":"c1"}]}"#);
    let refusals: [&[Answer]; 6] = [
        &[(429, r#"{"type":"error.list","errors":[{"code":"rate_limit_exceeded"}]}"#)],
        &[(500, "")],
        &[FOUND, (401, r#"{"errors":[1]}"#)],
        &[FOUND, (400, r#"{"errors":[1]}"#)],
        &[FOUND, (429, r#"{"errors":[1]}"#)],
        &[NOBODY, (400, r#"{"errors":[1]}"#)],
    ];
    let mut text = String::new();
    for destination in [Destination::Intercom, Destination::IntercomV2] {
        for answers in refusals {
            let mut plan = planned(IDENTIFY, &of(destination)).expect("it can be delivered");
            let (_, outcome) = drive(&mut plan, answers);
            let message = router::message(&outcome, destination).unwrap_or_default();
            let _ = writeln!(text, "{} {message}", outcome.code());
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn what_was_delivered_has_no_message() {
    let mut plan =
        planned(r#"{"type":"track","userId":"u1","event":"E"}"#, &Settings::rudderstack())
            .expect("it can be delivered");
    let (_, outcome) = drive(&mut plan, &[(202, "")]);
    assert_eq!(router::message(&outcome, Destination::Intercom), None);
}
