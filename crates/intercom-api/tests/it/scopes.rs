//! Which scope a token needs.

use std::collections::BTreeSet;

use intercom_api::{ApiError, Method, Response, Scope, required_scope};
use serde_json::json;

use crate::requests::{Sample, shown};
use crate::samples;

#[test]
fn a_route_needs_a_scope() {
    let cases = [
        (Method::Post, "/contacts/search", Some(Scope::ReadAndListUsersAndCompanies)),
        (Method::Get, "/contacts", Some(Scope::ReadAndListUsersAndCompanies)),
        (Method::Get, "/contacts/{contact_id}", Some(Scope::ReadOneUserAndOneCompany)),
        (Method::Put, "/contacts/{contact_id}", Some(Scope::WriteUsersAndCompanies)),
        (Method::Delete, "/contacts/{contact_id}/tags/{id}", Some(Scope::WriteTags)),
        (Method::Get, "/companies/scroll", Some(Scope::ReadAndListUsersAndCompanies)),
        (Method::Get, "/companies/{id}", Some(Scope::ReadOneUserAndOneCompany)),
        (Method::Post, "/conversations/search", Some(Scope::ReadConversations)),
        (Method::Post, "/conversations/{id}/reply", Some(Scope::WriteConversations)),
        (Method::Get, "/conversations/{id}", Some(Scope::ReadConversations)),
        (Method::Post, "/tags", Some(Scope::WriteTags)),
        (Method::Post, "/events", Some(Scope::WriteEvents)),
        (Method::Get, "/admins", Some(Scope::ReadAdmins)),
        (Method::Get, "/admins/{id}", Some(Scope::ReadOneAdmin)),
        (Method::Put, "/admins/{id}/away", Some(Scope::UpdateAdmins)),
        (Method::Post, "/tickets/search", Some(Scope::ReadTickets)),
        (
            Method::Get,
            "/contacts/{contact_id}/companies",
            Some(Scope::ReadAndListUsersAndCompanies),
        ),
        (Method::Get, "/contacts/{contact_id}/segments", Some(Scope::ReadAndListUsersAndCompanies)),
        (Method::Get, "/contacts/{contact_id}/tags", Some(Scope::ReadTags)),
        (Method::Get, "/contacts/{contact_id}/notes", Some(Scope::ReadOneUserAndOneCompany)),
        (Method::Get, "/contacts/{contact_id}/banners", Some(Scope::ReadAndWriteUsers)),
        (Method::Post, "/calls/search", Some(Scope::ReadConversations)),
        (Method::Get, "/jobs/status/{job_id}", Some(Scope::ReadStatusOfJobs)),
        (Method::Post, "/export/cancel/{job_identifier}", Some(Scope::ExportMessageData)),
        (Method::Post, "/export/reporting_data/enqueue", Some(Scope::ExportReportingData)),
        (Method::Get, "/export/reporting_data/get_datasets", Some(Scope::ReadReportingDatasets)),
        (
            Method::Post,
            "/custom_object_instances/{identifier}",
            Some(Scope::ReadAndWriteCustomObjectInstances),
        ),
        (Method::Get, "/office_hours_schedules", Some(Scope::ReadAndWriteOfficeHours)),
        (Method::Get, "/me", None),
        (Method::Get, "/teams", None),
        (Method::Get, "/data_attributes", None),
        (Method::Get, "/contactsx", None),
        (Method::Get, "", None),
    ];
    for (method, route, scope) in cases {
        assert_eq!(required_scope(method, route), scope, "{method} {route}");
    }
}

#[test]
fn most_routes_have_a_scope() {
    let version = |sample: &Sample| shown(sample).into_iter().next_back().expect("a version");
    let all = samples::groups().into_iter().flat_map(|(_, samples)| samples);
    let routes: BTreeSet<(String, String, bool)> = all
        .map(|sample| {
            let request = (sample.request)(version(&sample)).expect("a request");
            let scope = required_scope(request.method, &request.route);
            (request.method.to_string(), request.route.into_owned(), scope.is_some())
        })
        .collect();
    let n_with_scope = routes.iter().filter(|(_, _, has_scope)| *has_scope).count();
    if cfg!(all(feature = "full", feature = "preview")) {
        assert_eq!((routes.len(), n_with_scope), (264, 180));
    }
    assert!(n_with_scope * 2 > routes.len(), "{n_with_scope} of {}", routes.len());
}

#[test]
fn an_answer_may_name_the_scope() {
    let named = |status, message: &str| {
        let body = json!({ "errors": [{ "code": "forbidden", "message": message }] });
        ApiError::from_response(&Response::new(status, body.to_string())).missing_scope()
    };
    let message = "You do not have the required scope (read_conversations) to access this resource";
    assert_eq!(named(403, message), Some(Scope::ReadConversations));
    assert_eq!(named(401, message), None);
    let office_hours = named(403, "the scope `read_write_office_hours` is missing");
    assert_eq!(office_hours, Some(Scope::ReadAndWriteOfficeHours));
    let other = named(403, "the scope `read_write_weather` is missing").expect("a scope");
    assert_eq!(other, Scope::Other("read_write_weather".into()));
    assert_eq!(other.to_string(), "\"read_write_weather\"");
    for message in ["Forbidden request", "scope", "out of scope here", "scope (ann@x.org)", ""] {
        assert_eq!(named(403, message), None, "{message}");
    }
}

#[test]
fn names_and_labels_are_the_same_scope() {
    for text in ["write_tickets", "Write tickets"] {
        assert_eq!(Scope::from(text), Scope::WriteTickets);
    }
    assert_eq!(Scope::from("read_articles_scope"), Scope::ReadAndListArticles);
    assert_eq!(Scope::ReadConversations.label(), "Read conversations");
}
