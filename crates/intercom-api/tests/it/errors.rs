//! Answers that are errors, and answers that cannot be read.

use intercom_api::contacts::{ListContacts, RetrieveContact};
use intercom_api::{ApiError, ErrorCode, Headers, Operation, Response};

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
