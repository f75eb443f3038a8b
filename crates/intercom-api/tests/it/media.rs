//! Bodies and answers that are not JSON.

use intercom_api::calls::{RetrieveCallRecording, RetrieveCallTranscript};
use intercom_api::ecommerce::UploadEcommerceCatalog;
use intercom_api::exports::DownloadDataExport;
use intercom_api::{ApiVersion, CallId, Headers, Id, Operation, Request, Response};

fn upload(catalog: &'static [u8]) -> Request {
    let id = Id::new("42939").expect("an id");
    let upload = UploadEcommerceCatalog {
        catalog: Some(catalog.into()),
        finalize: Some(false),
        ..UploadEcommerceCatalog::new(id)
    };
    upload.request(ApiVersion::Preview).expect("a request")
}

/// The parts between the boundaries that the media type announces.
fn parts(request: &Request) -> Vec<String> {
    let (kind, boundary) = request.content_type.split_once("; boundary=").expect("a boundary");
    assert_eq!(kind, "multipart/form-data");
    let body = String::from_utf8_lossy(request.body.as_deref().expect("a body"));
    let body = body.strip_suffix(&format!("--{boundary}--\r\n")).expect("an end").to_owned();
    body.split(&format!("--{boundary}\r\n")).skip(1).map(str::to_owned).collect()
}

#[test]
fn a_form_has_a_part_for_everything_that_is_given() {
    let expected = [
        "Content-Disposition: form-data; name=\"catalog\"; filename=\"catalog.json\"\r\n\
         Content-Type: application/json\r\n\r\n[{\"id\":1}]\r\n",
        "Content-Disposition: form-data; name=\"finalize\"\r\n\r\nfalse\r\n",
    ];
    assert_eq!(parts(&upload(b"[{\"id\":1}]")), expected);
}

#[test]
fn a_boundary_never_occurs_in_the_content() {
    for catalog in [
        &b"--intercom-form-00000000\r\n--intercom-form-00000001--\r\n"[..],
        b"intercom-form-00000000intercom-form-00000000intercom-form-intercom-form-00000001",
        b"\xff\xfe intercom-form-0000000",
        b"",
    ] {
        let request = upload(catalog);
        assert_eq!(parts(&request).len(), 2);
        let (_, boundary) = request.content_type.split_once("; boundary=").expect("a boundary");
        assert!(!String::from_utf8_lossy(catalog).contains(boundary), "{boundary}");
        assert_eq!(upload(catalog), request, "the same content has the same boundary");
    }
}

#[test]
fn a_redirect_is_an_answer_where_one_is_asked_for() {
    let id = CallId::new("7").expect("an id");
    let request = RetrieveCallRecording::new(id.clone()).request(ApiVersion::V2_16);
    let request = request.expect("a request");
    let headers = Headers::from_iter([("Location", "https://files.example/1?signature=s")]);
    let answer = Response { headers, ..Response::new(302, "") };
    assert!(request.is_answered_by(&answer));
    let redirect = RetrieveCallRecording::decode(&answer).expect("an address");
    assert_eq!(redirect.location, "https://files.example/1?signature=s");
    assert_eq!(format!("{redirect:?}"), "Redirect(..)");

    let lost = RetrieveCallRecording::decode(&Response::new(302, "")).expect_err("no address");
    assert_eq!(lost.path, "Location");
    assert!(!request.is_answered_by(&Response::new(404, "")));
    let other = RetrieveCallTranscript::new(id).request(ApiVersion::V2_16).expect("a request");
    assert!(!other.is_answered_by(&answer));
}

#[test]
fn files_and_texts_are_taken_as_they_are() {
    let gzip: &[u8] = &[0x1f, 0x8b, 8, 0, 255];
    assert_eq!(DownloadDataExport::decode(&Response::new(200, gzip)).as_deref(), Ok(gzip));
    let transcript = RetrieveCallTranscript::decode(&Response::new(200, "[00:03] Jo: \"Hi\""));
    assert_eq!(transcript.as_deref(), Ok("[00:03] Jo: \"Hi\""));
    let broken = RetrieveCallTranscript::decode(&Response::new(200, &b"Jo\xff"[..]));
    assert_eq!(broken.as_deref(), Ok("Jo\u{fffd}"));
}
