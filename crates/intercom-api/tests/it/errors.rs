//! Answers that are errors, and answers that cannot be read.

use intercom_api::contacts::{ListContacts, RetrieveContact};
use intercom_api::{
    ApiError, ApiVersion, ErrorCode, Headers, Method, Operation, Request, Response, Safety,
    ScrollFault,
};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};
use serde_json::json;

fn read(status: u16, body: &str) -> ApiError {
    ApiError::from_response(&Response::new(status, body.to_owned()))
}

#[test]
fn the_envelope_is_read() {
    let error = read(
        404,
        r#"{"type":"error.list","request_id":"r1","errors":[
            {"code":"not_found","message":"User Not Found","field":"id"},{"code":"brand_new"}]}"#,
    );
    assert_eq!(error.code(), Some(&ErrorCode::NotFound));
    assert_eq!(error.errors[0].field.as_deref(), Some("id"));
    assert_eq!(error.errors[1].code, ErrorCode::Other("brand_new".into()));
    assert_eq!(error.to_string(), "status 404, not_found: User Not Found (request r1)");
}

#[test]
fn rarer_shapes_are_read_too() {
    let message = read(400, r#"{"type":"error","message":"ruleset_id is required"}"#);
    assert_eq!(message.to_string(), "status 400, unknown: ruleset_id is required");
    let key = read(422, r#"{"error_key":"some_error"}"#);
    assert_eq!(key.code(), Some(&ErrorCode::Other("some_error".into())));
    let fields = read(422, r#"{"errors":{"rating":"is no option"}}"#);
    assert_eq!(fields.errors[0].field.as_deref(), Some("rating"));
}

#[test]
fn what_is_no_envelope_leaves_the_status() {
    for body in ["", "<html>502 Bad Gateway</html>", "[]", "null", r#"{"errors":"no"}"#] {
        let error = read(502, body);
        assert_eq!(error.to_string(), "status 502", "{body}");
        assert!(error.errors.is_empty());
    }
}

#[test]
fn the_request_id_comes_from_the_header_when_the_body_has_none() {
    let mut response = Response::new(500, "");
    response.headers = Headers::from_iter([("x-request-id", "r2")]);
    assert_eq!(ApiError::from_response(&response).request_id.as_deref(), Some("r2"));
}

#[test]
fn e_mail_addresses_are_masked() {
    let body =
        r#"{"errors":[{"code":"conflict","message":"jo@example.com exists, (ann@x.org) too"}]}"#;
    let error = read(409, body);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("jo@") && !shown.contains("ann@"), "{shown}");
    assert_eq!(error.to_string(), "status 409, conflict: <e-mail> exists, <e-mail> too");
}

/// What is shown of a message.
#[track_caller]
fn check_shown(message: &str, expected: &str) {
    let body = json!({ "errors": [{ "code": "x", "message": message }] });
    let error = read(400, &body.to_string());
    assert_eq!(error.to_string(), format!("status 400, x: {expected}"));
    assert_eq!(error.message(), Some(message));
    let item = format!("{:?}", error.errors);
    assert!(item.contains(&format!("{expected:?}")), "{item}");
}

#[test]
fn addresses_tokens_and_phone_numbers_are_masked() {
    check_shown(
        "Access Token tok3nSECRETabc123def456 bad for GET /contacts/5ba6?phone=%2B1415",
        "Access Token <token> bad for GET <url>",
    );
    check_shown("+1 415 555 0100 is taken by Ada", "<phone> is taken by Ada");
    check_shown("phone:+14155550100, or (415) 555-0100.", "phone:<phone>, or <phone>.");
    check_shown("see https://x.example/a or contacts?name=Ada", "see <url> or <url>");
    check_shown("token=eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MX0.c2ln given", "<token> given");
    check_shown("+", "+");
}

#[test]
fn ids_codes_and_words_are_shown() {
    for message in [
        "A contact matching those details already exists with id=5ba682d23d7cf92bef87bfd4",
        "no such id (550e8400-e29b-4123-8716-446655440000).",
        "conversation 215473840812345 at 1700000000 is gone",
        "sso_v2_login_required_for_this_workspace, conversation_part_or_message_not_found",
        "HTTP/1.1 takes application/json and/or 2.11; 3 of 15 (10) - 2",
        "名前 is not a name?",
    ] {
        check_shown(message, message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_message_can_be_shown(message in "[a-f0-9@%/?=+() é_.-]{0,60}") {
        let body = json!({ "errors": [{ "code": "x", "message": message }] });
        let shown = read(400, &body.to_string()).to_string();
        prop_assert!(!shown.contains('@'), "{shown}");
    }
}

#[test]
fn what_the_request_says_is_not_shown_again() {
    let path = "/companies/Ada%20Lovelace/contacts?name=Grace+Hopper&order=asc";
    let request = Request::raw(Method::Get, Safety::Read, path, ApiVersion::default());
    for (message, expected) in [
        ("no Ada Lovelace in companies", "no … in companies"),
        ("no Ada%20Lovelace, asc", "no …, asc"),
        ("Grace Hopper or Grace+Hopper?", "… or …?"),
        ("GET /companies/Ada%20Lovelace/contacts failed", "GET … failed"),
        ("bad query name=Grace+Hopper&order=asc", "bad query …"),
    ] {
        let body = json!({ "errors": [{ "code": "x", "message": message }] });
        let error = ApiError::of_exchange(&request, &Response::new(400, body.to_string()));
        assert_eq!(error.to_string(), format!("status 400, x: {expected}"));
        assert_eq!(error.message(), Some(message));
    }
}

#[test]
fn a_misfit_is_named_by_its_path_and_not_by_its_value() {
    let body = r#"{"data":[{"id":"1"},{"id":"2","created_at":"jo@example.com"}]}"#;
    let error = ListContacts::decode(&Response::new(200, body)).expect_err("not an instant");
    assert_eq!((error.operation, error.path.as_str()), ("ListContacts", "data[1].created_at"));
    assert!(!format!("{error} {error:?}").contains("jo@"));
    assert!(!error.is_truncated());
}

#[test]
fn a_truncated_body_says_so() {
    for body in ["", r#"{"id":"1","#, r#"{"id":"1","tags":{"data":["#] {
        let error = RetrieveContact::decode(&Response::new(200, body)).expect_err("truncated");
        assert!(error.is_truncated(), "{body}: {error}");
    }
}

#[test]
fn text_after_the_json_is_an_error() {
    let error = RetrieveContact::decode(&Response::new(200, "{} x")).expect_err("not json");
    assert_eq!(error.path, ".");
}

#[test]
fn every_known_code_is_a_variant() {
    let list = include_str!("../fixtures/error-codes.txt");
    let codes: Vec<&str> = list.lines().filter(|line| !line.starts_with('#')).collect();
    for code in &codes {
        assert!(!matches!(ErrorCode::from(*code), ErrorCode::Other(_)), "{code}");
        assert_eq!(ErrorCode::from(*code).as_str(), *code);
    }
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ErrorCode::KNOWN);
    let described = list.lines().skip(1).take_while(|line| !line.starts_with('#'));
    assert_eq!(described.count(), 59);
}

fn conflict(status: u16, message: &str) -> Option<(String, bool)> {
    let body = json!({ "errors": [{ "code": "conflict", "message": message }] });
    let found = read(status, &body.to_string()).conflict()?;
    Some((found.existing.to_string(), found.is_archived))
}

#[test]
fn a_conflict_names_the_contact_in_the_way() {
    let id = "5ba682d23d7cf92bef87bfd4".to_owned();
    let message = format!("A contact matching those details already exists with id={id}");
    assert_eq!(conflict(409, &message), Some((id.clone(), false)));
    let message = format!("An archived contact matching those details already exists with id={id}");
    assert_eq!(conflict(409, &message), Some((id.clone(), true)));
    assert_eq!(conflict(409, &format!("exists (id={id}).")), Some((id.clone(), false)));
    assert_eq!(conflict(422, &message), None);
}

#[test]
fn a_conflict_without_an_id_names_nobody() {
    let long = format!("exists with id={}", "a".repeat(65));
    let huge = format!("{} id=5ba6", "x".repeat(10_000_000));
    let messages = [
        "",
        "id=",
        "exists",
        "user_id=7",
        "valid=7",
        "paid=7",
        "id=../admins",
        "id=ann@x.org",
        "id=\u{0}",
        "id=é",
        "id=5ba6é",
        "exists with ID 5ba6",
        long.as_str(),
        huge.as_str(),
    ];
    for message in messages {
        let shown: String = message.chars().take(40).collect();
        let found = conflict(409, message);
        assert!(found.is_none(), "{shown}: {found:?}");
    }
}

fn merged(links: &[&str], message: &str) -> Option<String> {
    let body = json!({ "errors": [{ "code": "contact_merged", "message": message }] });
    let mut response = Response::new(410, body.to_string());
    response.headers = links.iter().map(|link| ("link", *link)).collect();
    ApiError::from_response(&response).surviving_contact().map(|id| id.to_string())
}

#[test]
fn a_merged_contact_names_the_surviving_one() {
    let found = |link| merged(&[link], "");
    assert_eq!(found(r#"</contacts/5ba6>; rel="canonical""#).as_deref(), Some("5ba6"));
    assert_eq!(found("<https://api.eu.intercom.io/contacts/5ba6>").as_deref(), Some("5ba6"));
    assert_eq!(found("<https://x.example/contacts/5ba6?a=b>").as_deref(), Some("5ba6"));
    let several = r#"</contacts/1>; rel="self", </contacts/2>; rel="canonical""#;
    assert_eq!(found(several).as_deref(), Some("2"));
    let apart = [r#"</contacts/1>; rel="self""#, r#"</contacts/2>; rel=canonical"#];
    assert_eq!(merged(&apart, "").as_deref(), Some("2"));
    assert_eq!(merged(&[], "merged into id=5ba6").as_deref(), Some("5ba6"));
    let huge = "<".repeat(1_000_000);
    for link in ["", "<", "<>", "</contacts/>", "</contacts/../me>", "</companies/1>", &huge] {
        assert_eq!(found(link), None);
    }
    let link = [r#"</contacts/5ba6>; rel="canonical""#];
    let mut missing = Response::new(404, "");
    missing.headers = link.iter().map(|link| ("Link", *link)).collect();
    assert_eq!(ApiError::from_response(&missing).surviving_contact(), None);
}

#[test]
fn a_scroll_fails_in_three_ways() {
    let fault = |status, code: &str, message: &str| {
        let body = json!({ "errors": [{ "code": code, "message": message }] });
        read(status, &body.to_string()).scroll_fault()
    };
    let exists = fault(400, "scroll_exists", "scroll already exists for this workspace");
    assert_eq!(exists, Some(ScrollFault::InUse));
    assert_eq!(fault(404, "not_found", "scroll parameter not found"), Some(ScrollFault::Expired));
    let lost =
        "Request failed due to an internal network error. Please restart the scroll operation.";
    assert_eq!(fault(500, "server_error", lost), Some(ScrollFault::Restart));
    assert_eq!(fault(500, "server_error", "Sorry"), None);
    assert_eq!(fault(400, "parameter_invalid", ""), None);
}

#[test]
fn one_odd_entry_does_not_hide_the_others() {
    let error = read(
        400,
        r#"{"request_id":7,"errors":[null,3,{"code":{"a":1},"message":["one","two"]},
            {"code":42,"field":["a"]},{"message":{"deep":[]}},{"code":"not_found"}]}"#,
    );
    let shown: Vec<_> = error
        .errors
        .iter()
        .map(|item| (item.code.as_str(), item.message.as_deref(), item.field.as_deref()))
        .collect();
    let expected = [
        ("unknown", Some("one; two"), None),
        ("42", None, Some("a")),
        ("unknown", None, None),
        ("not_found", None, None),
    ];
    assert_eq!(shown, expected);
    assert_eq!(error.request_id.as_deref(), Some("7"));
}

#[test]
fn hostile_bodies_are_cut_to_size() {
    let body = json!({
        "request_id": "r".repeat(1_000_000),
        "errors": vec![json!({
            "code": "c".repeat(1_000), "message": "ü".repeat(20_000), "field": "f".repeat(9_999),
        }); 60],
    });
    let error = read(500, &body.to_string());
    assert_eq!((error.errors.len(), error.request_id.as_deref()), (50, None));
    let item = &error.errors[0];
    assert!(item.message.as_ref().is_some_and(|message| message.len() == 4096));
    assert!(item.code.as_str().len() <= 100 && item.field.as_ref().is_some_and(|f| f.len() <= 200));
    assert!(error.to_string().chars().count() < 500);

    let deep = format!(r#"{{"errors":[{}"#, "[".repeat(1_000_000));
    assert!(read(500, &deep).errors.is_empty());
    let deep = format!(r#"{{"x":{}{},"message":"m"}}"#, "[".repeat(9_999), "]".repeat(9_999));
    assert_eq!(read(500, &deep).message(), Some("m"));
    let broken = Response::new(500, &b"{\"message\":\"\xff\xfe\"}"[..]);
    assert_eq!(ApiError::from_response(&broken).message(), Some("\u{fffd}\u{fffd}"));
}

#[test]
fn debug_shows_no_address_wherever_it_stands() {
    let body = json!({
        "request_id": "jo@example.com",
        "errors": [{
            "code": "jo@example.com", "message": "jo%40example.com\njo@example.com", "field": "jo@example.com",
        }],
    });
    let error = read(422, &body.to_string());
    let shown = format!("{error} {error:?} {:?} {:#?}", error.errors, error.errors);
    assert!(!shown.contains("jo"), "{shown}");
}

#[test]
fn a_misfit_in_a_field_without_a_name_has_a_path() {
    let response = Response::new(200, "{\"\":\"x\u{1}\"}");
    let error = RetrieveContact::decode(&response).expect_err("not json");
    assert_eq!(error.path, ".");
}
