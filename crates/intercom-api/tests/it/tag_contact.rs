//! Tagging a contact by the name of the tag, driven with recorded replies.

use intercom_api::ext::{TagContact, TagContactError, TagStep, Tagged};
use intercom_api::{ApiVersion, ContactId, Exchange, Response, Step, TagId};

/// Drives the work with replies; answers with the requests sent and the result.
fn drive(replies: &[(u16, &'static str)]) -> (Vec<String>, Result<Tagged, TagContactError>) {
    let contact_id = ContactId::new("5ba6").expect("an id");
    let mut work = TagContact::new(contact_id, "vip", ApiVersion::default());
    let mut replies = replies.iter();
    let mut sent = Vec::new();
    loop {
        match work.next().expect("a request can be built") {
            Step::Done(result) => return (sent, result),
            Step::Send(request) => {
                let body = request.body.as_deref().unwrap_or_default();
                let body = std::str::from_utf8(body).expect("a body is json");
                sent.push(format!("{} {} {body}", request.method, request.target()));
                let (status, body) = replies.next().expect("a reply is recorded");
                work.reply(Response::new(*status, *body));
            }
        }
    }
}

const TAG: &str = r#"{"type":"tag","id":"81","name":"vip"}"#;
const NOT_FOUND: &str = r#"{"type":"error.list","errors":[{"code":"not_found"}]}"#;

#[test]
fn the_tag_is_found_and_attached() {
    let (sent, result) = drive(&[(200, TAG), (200, TAG)]);
    assert_eq!(sent, [r#"POST /tags {"name":"vip"}"#, r#"POST /contacts/5ba6/tags {"id":"81"}"#]);
    let tag_id = TagId::new("81").expect("an id");
    assert_eq!(result.map(|tagged| tagged.tag_id), Ok(tag_id));
}

#[test]
fn a_refusal_names_the_step() {
    for (replies, expected) in [
        (&[(404, NOT_FOUND)][..], TagStep::FindTag),
        (&[(200, TAG), (404, NOT_FOUND)][..], TagStep::AttachTag),
    ] {
        let (_, result) = drive(replies);
        match result {
            Err(TagContactError::Refused { step, source, .. }) => {
                assert_eq!((step, source.status), (expected, 404));
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_answer_that_cannot_be_used_ends_the_work() {
    let (sent, result) = drive(&[(200, "<html>")]);
    assert!(matches!(result, Err(TagContactError::Unreadable { step: TagStep::FindTag, .. })));
    assert_eq!(sent.len(), 1);
    let (_, result) = drive(&[(200, r#"{"name":"vip"}"#)]);
    let error = result.expect_err("a tag without id cannot be attached");
    assert_eq!(error.to_string(), "5ba6: the tag has no id");
}

#[test]
fn asking_twice_without_a_reply_repeats_the_request() {
    let contact_id = ContactId::new("5ba6").expect("an id");
    let mut work = TagContact::new(contact_id, "vip", ApiVersion::default());
    let mut ask = || match work.next().expect("a request can be built") {
        Step::Send(request) => request,
        Step::Done(result) => panic!("{result:?}"),
    };
    assert!(ask() == ask());
}
