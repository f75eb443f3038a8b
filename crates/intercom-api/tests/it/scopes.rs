//! Which scope a token needs.

use intercom_api::{ApiError, Method, Response, Scope, required_scope};
use serde_json::json;

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
        (Method::Get, "/me", None),
        (Method::Get, "/contactsx", None),
        (Method::Get, "", None),
    ];
    for (method, route, scope) in cases {
        assert_eq!(required_scope(method, route), scope, "{method} {route}");
    }
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
    let other = named(403, "the scope `read_write_office_hours` is missing").expect("a scope");
    assert_eq!(other, Scope::Other("read_write_office_hours".into()));
    assert_eq!(other.to_string(), "\"read_write_office_hours\"");
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
