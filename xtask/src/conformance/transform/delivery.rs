//! Requests that were sent, users that were deleted: how the answers are classified.

use anyhow::{Context, bail};
use intercom_api::{ApiVersion, Method, Request, Safety};
use intercom_transform::{Plan, Settings};

use super::cases::{Call, Delivery, ExpectedError, Verdict};
use super::compare::{self, Difference};
use super::deviations::HeaderRules;
use super::drive::{Bench, Produced, Unknown, Wording};
use super::profile::{Profile, text};

/// The token of requests that came with one.
const TOKEN: &str = "k";

/// Drives the plan of one case.
pub(super) fn run(case: &Delivery, profile: Profile) -> anyhow::Result<Produced> {
    let token = text(&case.config.api_key);
    let bench = Bench {
        settings: Settings {
            has_token: token.is_some(),
            ..profile.settings(case.destination, &case.config)
        },
        token: token.unwrap_or(TOKEN),
        mocks: &case.mocked_http,
        // Users to delete are named by an id that is taken for Intercom's own.
        unknown: Unknown::Namesake,
        wording: match profile {
            Profile::Default => Wording::Own,
            Profile::Rudderstack => Wording::Delivery,
        },
    };
    if let Some(users) = &case.input.user_attributes {
        return bench.run(&format!(r#"{{"type":"delete","userAttributes":{users}}}"#));
    }
    let given = case.input.request.as_ref().context("neither a request nor users to delete")?;
    let plan = Plan::of_request(request(given)?, &bench.settings);
    bench.drive(plan.context("no request that plans make")?)
}

/// Where our outcome is not the known one. The calls are compared where users are deleted: others
/// were given.
pub(super) fn differences(
    case: &Delivery,
    ours: &Produced,
    profile: Profile,
    headers: &mut HeaderRules<'_>,
) -> Vec<Difference> {
    let actual = &case.expected.actual;
    let mut found = Vec::new();
    if case.input.user_attributes.is_some() {
        let expected: Vec<&Call> = case.expected.calls.iter().collect();
        found.extend(compare::sequence(&expected, ours, headers));
    }
    let wanted = actual.outcome();
    let is_same = match wanted {
        "aborted" => matches!(ours.outcome, "aborted" | "rejected"),
        "delivered" => matches!(ours.outcome, "delivered" | "suppressed"),
        wanted => ours.outcome == wanted,
    };
    if !is_same {
        found.push(Difference::new("outcome", wanted, ours.ending()));
    }
    if let Some(ExpectedError { message, .. }) = &actual.error
        && profile == Profile::Rudderstack
        && ours.error.as_ref() != Some(message)
    {
        found.push(Difference::new("error", message, ours.ending()));
    }
    found
}

impl Verdict {
    /// The class that the error names, else the one that the status stands for.
    fn outcome(&self) -> &'static str {
        let error = self.error.as_ref();
        let named = error.and_then(|error| error.stat_tags.error_type.as_deref());
        match named {
            Some("aborted") => return "aborted",
            Some("retryable") => return "retryable",
            Some("throttled") => return "throttled",
            _ => {}
        }
        let status = self.status.as_u64().or(error.and_then(|error| error.status).map(u64::from));
        match status {
            None | Some(200..300) => "delivered",
            Some(429) => "throttled",
            Some(408 | 500..) => "retryable",
            Some(_) => "aborted",
        }
    }
}

/// The request that a case gives, without its headers.
fn request(given: &Call) -> anyhow::Result<Request> {
    let (method, safety) = match &*given.method {
        "GET" => (Method::Get, Safety::Read),
        "POST" => (Method::Post, Safety::Once),
        "PUT" => (Method::Put, Safety::Idempotent),
        "DELETE" => (Method::Delete, Safety::Idempotent),
        other => bail!("method {other}"),
    };
    let path = given.url.splitn(4, '/').nth(3).context("an address without a path")?;
    let version: ApiVersion = given.header("Intercom-Version").unwrap_or("2.10").parse()?;
    let mut request = Request::raw(method, safety, format!("/{path}"), version);
    if let Some(body) = given.content() {
        request.set_json(body)?;
    }
    Ok(request)
}
