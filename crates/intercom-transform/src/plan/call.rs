//! The calls that plans make.

use std::borrow::Cow;

use bytes::Bytes;
use intercom_api::{ApiVersion, BuildError, Endpoint, Method, PathSegment, Request, Safety};

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
    const JSON: &str = "application/json";
    Request {
        operation: Cow::Borrowed(endpoint.operation),
        safety: endpoint.safety,
        method: endpoint.method,
        route: Cow::Borrowed(endpoint.route),
        path: endpoint.route.to_owned(),
        query: Vec::new(),
        version,
        body: Some(body),
        content_type: Cow::Borrowed(JSON),
        accept: Cow::Borrowed(JSON),
        success: intercom_api::Success::Body,
    }
}

/// A request about one thing, with or without a body.
pub(crate) fn about(
    endpoint: &Endpoint,
    version: ApiVersion,
    parameters: &[&dyn PathSegment],
    body: Option<Bytes>,
) -> Result<Request, BuildError> {
    let mut request = Request::new(endpoint, version, parameters)?;
    request.body = body;
    Ok(request)
}
