//! Requests and answers in the form tests like to read.

use intercom_api::{ApiVersion, Method, Request, Response, Safety};
use intercom_sim::{Invention, SimSettings, Simulator, Workspace};
use serde_json::Value;

/// The instant at which the tests look at their workspaces: 2025-11-21 17:00 UTC.
pub(crate) const NOW: i64 = 1_763_744_400;

/// A request as a client would send it.
pub(crate) fn request(method: Method, target: &str, body: Option<&Value>) -> Request {
    let mut request = Request::raw(method, Safety::Read, target, ApiVersion::V2_16);
    request.body = body.map(|body| body.to_string().into());
    request
}

/// A simulator over an invented workspace without a rate limit.
pub(crate) fn simulator(contacts: u32, conversations: u32) -> Simulator {
    simulator_with(contacts, conversations, SimSettings { rate_limit: None, ..Default::default() })
}

pub(crate) fn simulator_with(
    contacts: u32,
    conversations: u32,
    settings: SimSettings,
) -> Simulator {
    let invention = Invention { contacts, conversations, now: NOW, ..Invention::default() };
    Simulator::new(Workspace::invent(&invention), settings)
}

/// Sends and reads a request at [`NOW`].
pub(crate) fn send(
    simulator: &mut Simulator,
    method: Method,
    target: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    read(&simulator.handle(&request(method, target, body), NOW))
}

/// Sends and reads a request of an API version at [`NOW`].
pub(crate) fn send_in(
    simulator: &mut Simulator,
    version: ApiVersion,
    method: Method,
    target: &str,
    body: Option<&Value>,
) -> (u16, Value) {
    let mut request = request(method, target, body);
    request.version = version;
    read(&simulator.handle(&request, NOW))
}

pub(crate) fn get(simulator: &mut Simulator, target: &str) -> (u16, Value) {
    send(simulator, Method::Get, target, None)
}

pub(crate) fn post(simulator: &mut Simulator, target: &str, body: &Value) -> (u16, Value) {
    send(simulator, Method::Post, target, Some(body))
}

pub(crate) fn put(simulator: &mut Simulator, target: &str, body: &Value) -> (u16, Value) {
    send(simulator, Method::Put, target, Some(body))
}

pub(crate) fn delete(simulator: &mut Simulator, target: &str) -> (u16, Value) {
    send(simulator, Method::Delete, target, None)
}

/// Status and body; an empty body reads as null.
pub(crate) fn read(response: &Response) -> (u16, Value) {
    let body = match response.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&response.body).expect("answers are JSON"),
    };
    (response.status, body)
}

/// The code of an error answer.
pub(crate) fn code(body: &Value) -> &str {
    body["errors"][0]["code"].as_str().unwrap_or_default()
}

/// Ids under a key of an answer.
pub(crate) fn ids(body: &Value, key: &str) -> Vec<String> {
    let entries = body[key].as_array().map_or(&[][..], Vec::as_slice);
    entries.iter().map(|entry| entry["id"].as_str().expect("an id").to_owned()).collect()
}
