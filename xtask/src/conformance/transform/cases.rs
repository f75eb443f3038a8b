//! Cases with known answers, as their files spell them.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

/// An event, what is answered while it is transformed, and what became of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Probe {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) destination: DestinationName,
    #[serde(default)]
    pub(super) config: Config,
    /// The event; the order of its keys counts.
    pub(super) message: Box<RawValue>,
    #[serde(default)]
    pub(super) mocked_http: Vec<Mock>,
    pub(super) expected: Expected,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DestinationName {
    Intercom,
    IntercomV2,
}

/// The settings of the system that the answers are from; what they hold is not always of the type
/// that they want.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Config {
    pub(super) api_key: Option<Value>,
    pub(super) api_version: Option<Value>,
    pub(super) api_server: Option<Value>,
    pub(super) send_anonymous_id: Option<Value>,
    pub(super) update_last_request_at: Option<Value>,
}

/// What a request is answered with.
#[derive(Deserialize)]
pub(super) struct Mock {
    pub(super) request: Target,
    pub(super) response: MockedAnswer,
}

#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) method: String,
    pub(super) url: String,
}

#[derive(Clone, Deserialize)]
pub(super) struct MockedAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The order of its keys counts: texts of errors repeat it.
    #[serde(default)]
    pub(super) body: Option<Box<RawValue>>,
}

/// What the system did that the answers are from.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Expected {
    /// The calls while transforming.
    #[serde(default)]
    calls: Vec<Call>,
    /// What was returned in the end; part of it may have been called already.
    #[serde(default)]
    requests: Option<Vec<Call>>,
    #[serde(default)]
    pub(super) status_code: Option<u16>,
    #[serde(default)]
    pub(super) error: Option<ExpectedError>,
}

impl Expected {
    /// Every call that is to be made, once and in order.
    pub(super) fn sequence(&self) -> Vec<&Call> {
        let mut sequence: Vec<&Call> = self.calls.iter().collect();
        for request in self.requests.iter().flatten() {
            if !self.calls.iter().any(|call| call.is_same_request(request)) {
                sequence.push(request);
            }
        }
        sequence
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExpectedError {
    #[serde(default)]
    pub(super) status: Option<u16>,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) stat_tags: StatTags,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct StatTags {
    pub(super) error_category: Option<String>,
    pub(super) error_type: Option<String>,
}

/// A request to the API.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Call {
    pub(super) method: String,
    /// With its origin.
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) body: Option<Value>,
}

impl Call {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
    }

    /// The body; requests to read or delete have none that counts when it is empty.
    pub(super) fn content(&self) -> Option<&Value> {
        let is_bodyless = matches!(&*self.method, "GET" | "DELETE");
        let is_empty = |body: &Value| body.as_object().is_some_and(serde_json::Map::is_empty);
        self.body.as_ref().filter(|body| !(body.is_null() || is_bodyless && is_empty(body)))
    }

    fn is_same_request(&self, other: &Self) -> bool {
        self.method == other.method && self.url == other.url && self.content() == other.content()
    }
}

/// A request that was sent, or users to delete, and how the answer was classified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: String,
    pub(super) destination: DestinationName,
    #[serde(default)]
    pub(super) config: Config,
    pub(super) input: DeliveryInput,
    #[serde(default)]
    pub(super) mocked_http: Vec<Mock>,
    pub(super) expected: DeliveryExpected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeliveryInput {
    #[serde(default)]
    pub(super) request: Option<Call>,
    #[serde(default)]
    pub(super) user_attributes: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
pub(super) struct DeliveryExpected {
    pub(super) actual: Verdict,
    #[serde(default)]
    pub(super) calls: Vec<Call>,
}

/// How an answer was classified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verdict {
    /// A status code, or a word.
    #[serde(default)]
    pub(super) status: Value,
    #[serde(default)]
    pub(super) error: Option<ExpectedError>,
}

/// The cases of a file; one that cannot be read is told from the others.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Vec<Result<T, String>>> {
    let context = || format!("reading {}", path.display());
    let text = std::fs::read_to_string(path).with_context(context)?;
    let cases: Vec<&RawValue> = serde_json::from_str(&text).with_context(context)?;
    let cases = cases.into_iter().enumerate();
    Ok(cases
        .map(|(index, case)| {
            let read = serde_json::from_str(case.get());
            read.map_err(|error| format!("case {} of {}: {error}", index + 1, path.display()))
        })
        .collect())
}
