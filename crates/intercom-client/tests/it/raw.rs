//! The way out: any request, and the answer as it came.

use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use serde_json::json;

use crate::script::{Reply, Script};

#[tokio::test(start_paused = true)]
async fn any_request_can_be_sent() {
    let mut answer = Response::new(418, &b"\x00\xffnot json"[..]);
    answer.headers.push("X-Request-Id", "req-7");
    answer.headers.push("X-Brand-New", "yes");
    let script = Script::new([Reply::Answer(answer)]);
    let target = "/brand/new?a=b%20c";
    let mut request = Request::raw(Method::Patch, Safety::Once, target, ApiVersion::Preview);
    request.set_json(&json!({ "deep": [1] })).unwrap();
    let answer = script.client().send(request).await.unwrap();
    assert_eq!((answer.status, answer.request_id()), (418, Some("req-7")));
    assert_eq!(answer.headers.get("x-brand-new"), Some("yes"));
    assert_eq!(&answer.body[..], b"\x00\xffnot json");
    assert_eq!(script.targets(), [r#"/brand/new?a=b+c {"deep":[1]}"#]);
}
