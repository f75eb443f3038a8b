//! The calls that plans make.

use std::borrow::Cow;

use bytes::Bytes;
use intercom_api::{ApiVersion, BuildError, Endpoint, Method, PathSegment, Request, Safety};

use crate::outcome::Purpose;

const fn endpoint(
    operation: &'static str,
    safety: Safety,
    method: Method,
    route: &'static str,
) -> Endpoint {
    Endpoint { operation, safety, method, route }
}

/// A creation that is sent twice finds the first one's contact in its way, so nothing is doubled.
pub(crate) const CREATE_CONTACT: Endpoint =
    endpoint("CreateContact", Safety::Once, Method::Post, "/contacts");
pub(crate) const SEARCH: Endpoint =
    endpoint("SearchContacts", Safety::Read, Method::Post, "/contacts/search");
pub(crate) const READ_CONTACT: Endpoint =
    endpoint("RetrieveContact", Safety::Read, Method::Get, "/contacts/{contact_id}");
pub(crate) const UPDATE_CONTACT: Endpoint =
    endpoint("UpdateContact", Safety::Idempotent, Method::Put, "/contacts/{contact_id}");
pub(crate) const DELETE_CONTACT: Endpoint =
    endpoint("DeleteContact", Safety::Idempotent, Method::Delete, "/contacts/{contact_id}");
pub(crate) const UNARCHIVE: Endpoint = endpoint(
    "UnarchiveContact",
    Safety::Idempotent,
    Method::Post,
    "/contacts/{contact_id}/unarchive",
);
pub(crate) const FIND_COMPANY: Endpoint =
    endpoint("FindCompanies", Safety::Read, Method::Get, "/companies");
pub(crate) const WRITE_COMPANY: Endpoint =
    endpoint("CreateOrUpdateCompany", Safety::Idempotent, Method::Post, "/companies");
pub(crate) const ATTACH: Endpoint = endpoint(
    "AttachContactToCompany",
    Safety::Idempotent,
    Method::Post,
    "/contacts/{contact_id}/companies",
);
pub(crate) const DETACH: Endpoint = endpoint(
    "DetachContactFromCompany",
    Safety::Idempotent,
    Method::Delete,
    "/contacts/{contact_id}/companies/{company_id}",
);
pub(crate) const TAG: Endpoint =
    endpoint("CreateOrUpdateTag", Safety::Idempotent, Method::Post, "/tags");
pub(crate) const SEND_EVENT: Endpoint =
    endpoint("CreateEvent", Safety::Idempotent, Method::Post, "/events");
pub(crate) const WRITE_USER: Endpoint =
    endpoint("CreateOrUpdateUser", Safety::Idempotent, Method::Post, "/users");
pub(crate) const REQUEST_DELETION: Endpoint = endpoint(
    "CreateUserDeletionRequest",
    Safety::Idempotent,
    Method::Post,
    "/user_delete_requests",
);

/// A request with a body, to a path without parameters.
pub(crate) fn post(endpoint: &Endpoint, version: ApiVersion, body: Bytes) -> Request {
    plain(endpoint, version, Cow::Borrowed(endpoint.route), Some(body))
}

/// A request about one thing, with or without a body.
pub(crate) fn about(
    endpoint: &Endpoint,
    version: ApiVersion,
    parameters: &[&dyn PathSegment],
    body: Option<Bytes>,
) -> Result<Request, BuildError> {
    if let Some(path) = path_of_contact(endpoint.route, parameters) {
        return Ok(plain(endpoint, version, Cow::Owned(path), body));
    }
    let mut request = Request::new(endpoint, version, parameters)?;
    request.body = body;
    Ok(request)
}

/// The path to something of a contact whose id needs no encoding, as most do: filling routes in
/// general takes longer.
fn path_of_contact(route: &str, parameters: &[&dyn PathSegment]) -> Option<String> {
    let [contact] = parameters else { return None };
    let rest = route.strip_prefix("/contacts/{contact_id}")?;
    let id = contact.segment();
    let is_plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| ["/contacts/", &*id, rest].concat())
}

fn plain(
    endpoint: &Endpoint,
    version: ApiVersion,
    path: Cow<'static, str>,
    body: Option<Bytes>,
) -> Request {
    const JSON: &str = "application/json";
    Request {
        operation: Cow::Borrowed(endpoint.operation),
        safety: endpoint.safety,
        method: endpoint.method,
        route: Cow::Borrowed(endpoint.route),
        path,
        query: Vec::new(),
        version,
        body,
        content_type: Cow::Borrowed(JSON),
        accept: Cow::Borrowed(JSON),
        success: intercom_api::Success::Body,
    }
}

/// The calls that plans make, and what each is for.
const CALLS: [(&Endpoint, Purpose); 14] = [
    (&CREATE_CONTACT, Purpose::CreateContact),
    (&SEARCH, Purpose::FindContact),
    (&READ_CONTACT, Purpose::ReadContact),
    (&UPDATE_CONTACT, Purpose::UpdateContact),
    (&DELETE_CONTACT, Purpose::DeleteContact),
    (&UNARCHIVE, Purpose::Unarchive),
    (&FIND_COMPANY, Purpose::FindCompany),
    (&WRITE_COMPANY, Purpose::WriteCompany),
    (&ATTACH, Purpose::Attach),
    (&DETACH, Purpose::Detach),
    (&TAG, Purpose::Tag),
    (&SEND_EVENT, Purpose::SendEvent),
    (&WRITE_USER, Purpose::WriteUser),
    (&REQUEST_DELETION, Purpose::DeleteContact),
];

/// The method and the route of a call, by what it is for; `None` where several calls are made for
/// the same.
pub(crate) fn call_of(purpose: Purpose) -> Option<(Method, &'static str)> {
    if purpose == Purpose::SetAttribute {
        return Some((UPDATE_CONTACT.method, UPDATE_CONTACT.route));
    }
    let mut calls = CALLS.iter().filter(|(_, of)| *of == purpose);
    let (call, _) = calls.next()?;
    calls.next().is_none().then_some((call.method, call.route))
}

/// What a finished request is for; `None` when plans make no such call.
pub(crate) fn purpose_of(request: &Request) -> Option<Purpose> {
    let segments = |path: &str| path.split('/').count();
    let fits = |route: &str| {
        let mut pairs = route.split('/').zip(request.path.split('/'));
        segments(route) == segments(&request.path)
            && pairs.all(|(part, given)| part == given || part.starts_with('{'))
    };
    let mut calls = CALLS.iter().filter(|(call, _)| call.method == request.method);
    // `/contacts/search` comes before the routes with a parameter in its place.
    calls.find(|(call, _)| fits(call.route)).map(|(_, purpose)| *purpose)
}
