//! What an error says about its call.

use insta::assert_snapshot;
use intercom_api::companies::ScrollCompanies;
use intercom_api::contacts::{ListContacts, RetrieveContact};
use intercom_api::{ContactId, Request, Response, Safety, Scope, ScrollFault};
use intercom_client::{Client, ClientSettings, Error, Reach};
use serde_json::json;

use crate::http;
use crate::script::{Reply, Script, ok, refused, text};
use crate::things::{CreateThing, FindThing, ListThings, raw};

async fn fail(reply: Reply) -> Error {
    let id = ContactId::new("5ba6").unwrap();
    Script::new([reply]).client().execute(&RetrieveContact::new(id)).await.unwrap_err()
}

fn said(status: u16, code: &str, message: &str) -> Reply {
    let body = json!({ "errors": [{ "code": code, "message": message }] });
    Reply::Answer(Response::new(status, body.to_string()))
}

#[tokio::test(start_paused = true)]
async fn a_403_names_the_scope() {
    let message = "You do not have the required scope (read_conversations) to access this resource";
    let named = fail(said(403, "forbidden", message)).await;
    assert_eq!(named.missing_scope(), Some(Scope::ReadConversations));
    assert_snapshot!(named, @r#"RetrieveContact (GET /contacts/{contact_id}): refused with status 403, forbidden: You do not have the required scope (read_conversations) to access this resource; the token needs the scope "Read conversations""#);

    let presumed = fail(said(403, "forbidden", "Forbidden request")).await;
    assert_eq!(presumed.missing_scope(), Some(Scope::ReadOneUserAndOneCompany));
    assert_snapshot!(presumed, @r#"RetrieveContact (GET /contacts/{contact_id}): refused with status 403, forbidden: Forbidden request; the token may need the scope "Read one user and one company""#);

    for body in [
        r#"{"errors":[{"code":"token_unauthorized","message":"Not authorized"}]}"#,
        r#"{"errors":[{"message":"Forbidden"}]}"#,
        r#"{"message":"Forbidden"}"#,
        r#"{"type":"error.list","request_id":"b2f1","errors":[]}"#,
    ] {
        let error = fail(text(403, body)).await;
        assert_eq!(error.missing_scope(), Some(Scope::ReadOneUserAndOneCompany), "{body}");
        assert!(error.to_string().contains("may need the scope"), "{error}");
    }

    for reply in [
        said(403, "api_plan_restricted", "Active subscription needed."),
        text(403, "<html><head><title>403 Forbidden</title></head></html>"),
        said(401, "unauthorized", "Access Token Invalid"),
    ] {
        let error = fail(reply).await;
        assert_eq!(error.missing_scope(), None);
        assert!(!error.to_string().contains("scope"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_error_says_how_far_the_request_got() {
    let unreadable = text(200, r#"{"id": "t1", "size": {}}"#);
    for (reply, reach, is_passing) in [
        (Reply::MaybeSent, Reach::MaybeSent, true),
        (refused(404, "not_found"), Reach::Answered, false),
        (refused(401, "unauthorized"), Reach::Answered, false),
        (refused(503, "service_unavailable"), Reach::Answered, true),
        (unreadable, Reach::Answered, false),
    ] {
        let error = Script::new([reply]).client().execute(&CreateThing).await.unwrap_err();
        assert_eq!((error.reach(), error.is_passing()), (reach, is_passing), "{error}");
        assert_eq!(error.is_not_found(), error.status() == Some(404));
        assert_eq!(error.is_unauthorized(), error.status() == Some(401));
    }
    let script = Script::new((0..4).map(|_| Reply::NotSent));
    let error = script.client().execute(&FindThing).await.unwrap_err();
    assert_eq!((error.reach(), error.is_passing()), (Reach::NotSent, true));
    assert!(Reach::NotSent < Reach::MaybeSent && Reach::MaybeSent < Reach::Answered);
}

#[tokio::test]
async fn what_no_time_mends_is_not_passing() {
    let long = http::write("HTTP/1.1 200 OK\nContent-Length: 10001\n\n");
    let (origin, _serving) = http::listen(vec![long]).await;
    let client = Client::http(http::settings(origin.clone()), ClientSettings::default()).unwrap();
    let error = client.execute(&FindThing).await.unwrap_err();
    assert_eq!((error.reach(), error.is_passing()), (Reach::MaybeSent, false), "{error}");

    let misfit = Request { path: "@elsewhere.example/".into(), ..raw(Safety::Read) };
    let error = client.send(misfit).await.unwrap_err();
    assert_eq!((error.reach(), error.is_passing()), (Reach::NotSent, false), "{error}");

    let unknown = Script::new([refused(501, "not_implemented")]).client();
    assert!(!unknown.execute(&FindThing).await.unwrap_err().is_passing());
}

#[tokio::test(start_paused = true)]
async fn an_error_names_the_exchange() {
    assert_eq!(fail(refused(404, "not_found")).await.request_id(), Some("req-1"));
    let mut unreadable = Response::new(200, r#"{"id": {}}"#);
    unreadable.headers.push("X-Request-Id", "req-2");
    assert_eq!(fail(Reply::Answer(unreadable)).await.request_id(), Some("req-2"));
    let script = Script::new([Reply::MaybeSent]);
    assert_eq!(script.client().execute(&CreateThing).await.unwrap_err().request_id(), None);
}

#[tokio::test(start_paused = true)]
async fn a_misfit_deep_in_a_list_is_named() {
    let data = json!([{ "id": "1" }, { "id": "2" }, {}, { "id": "4", "created_at": [] }]);
    let script = Script::new([ok(&json!({ "data": data }))]);
    let error = script.client().execute(&ListContacts::default()).await.unwrap_err();
    let Error::Unreadable { source, .. } = &error else { panic!("{error}") };
    assert_eq!(source.path, "data[3].created_at");
    assert_snapshot!(error, @"ListContacts (GET /contacts): the answer cannot be read");
}

#[tokio::test(start_paused = true)]
async fn only_a_scroll_has_scroll_faults() {
    let scroll = ScrollCompanies::default();
    let reply = said(400, "scroll_exists", "scroll already exists for this workspace");
    let error = Script::new([reply]).client().execute(&scroll).await.unwrap_err();
    assert_eq!(error.scroll_fault(), Some(ScrollFault::InUse));
    let expired = said(404, "not_found", "scroll parameter not found");
    let error = Script::new([expired]).client().execute(&scroll).await.unwrap_err();
    assert_eq!(error.scroll_fault(), Some(ScrollFault::Expired));
    assert_eq!(fail(refused(404, "not_found")).await.scroll_fault(), None);
    let error = Script::new([refused(404, "x")]).client().execute(&ListThings).await.unwrap_err();
    assert_eq!(error.scroll_fault(), None);
}
