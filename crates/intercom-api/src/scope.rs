//! Scopes: what a token may do.
//!
//! A 403 names the scope that the token lacks on some endpoints only. For the others the published
//! list of scopes says what each is for; [`required_scope`] reads that list the other way round.

use std::fmt;

use crate::request::Method;

/// Defines [`Scope`] with the labels of its variants.
macro_rules! scopes {
    ($($variant:ident = $label:literal),+ $(,)?) => {
        /// A permission that an app asks for and a workspace grants; an open set.
        ///
        /// `Display` quotes the label that the Developer Hub shows.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the variants are the labels of the Developer Hub")]
        pub enum Scope {
            $($variant,)+
            /// A scope this crate does not know, as the API names it.
            Other(Box<str>),
        }

        impl Scope {
            /// The scope as the Developer Hub labels it.
            pub fn label(&self) -> &str {
                match self {
                    $(Self::$variant => $label,)+
                    Self::Other(name) => name,
                }
            }

            const KNOWN: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

scopes! {
    CreatePhoneCallRedirects = "Create phone call redirects",
    DeleteConversationsAndMetrics = "Delete conversations and metrics",
    ExportContentData = "Export content data",
    ExportMessageData = "Export message data",
    ReadAdminActivityLogs = "Read admin activity logs",
    ReadAdmins = "Read admins",
    ReadAndListArticles = "Read and list articles",
    ReadAndListNews = "Read and list news items and newsfeeds",
    ReadAndListUsersAndCompanies = "Read and list users and companies",
    ReadAndWriteArticles = "Read and write articles",
    ReadAndWriteNews = "Read and write news items and newsfeeds",
    ReadAndWriteUsers = "Read and write users",
    ReadContentData = "Read content data",
    ReadConversations = "Read conversations",
    ReadCounts = "Read counts",
    ReadEvents = "Read events",
    ReadOneAdmin = "Read one admin",
    ReadOneUserAndOneCompany = "Read one user and one company",
    ReadTags = "Read tags",
    ReadTickets = "Read tickets",
    UpdateAdmins = "Update admins",
    WriteConversations = "Write conversations",
    WriteDataAttributes = "Write data attributes",
    WriteEvents = "Write events",
    WriteTags = "Write tags",
    WriteTickets = "Write tickets",
    WriteUsersAndCompanies = "Write users and companies",
}

impl From<&str> for Scope {
    /// A scope from its name in an answer, such as `read_conversations`, or from its label.
    fn from(name: &str) -> Self {
        match name {
            "read_articles_scope" => return Self::ReadAndListArticles,
            "read_write_articles_scope" => return Self::ReadAndWriteArticles,
            "read_write_users" => return Self::ReadAndWriteUsers,
            _ => {}
        }
        let is_same = |scope: &&Self| {
            let label = scope.label().bytes().map(|b| if b == b' ' { b'_' } else { b });
            let name = name.bytes().map(|b| if b == b' ' { b'_' } else { b });
            label.map(|b| b.to_ascii_lowercase()).eq(name.map(|b| b.to_ascii_lowercase()))
        };
        let known = Self::KNOWN.iter().find(is_same).cloned();
        known.unwrap_or_else(|| Self::Other(name.chars().take(100).collect::<String>().into()))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.label())
    }
}

/// What a request does, as far as scopes tell apart.
#[derive(Clone, Copy, PartialEq)]
enum Access {
    Read,
    Write,
    Any,
}

use Access::{Any, Read, Write};

/// Routes with their scopes; the first that fits counts. `*` at the end stands for any rest.
const SCOPES: &[(Access, &str, Scope)] = &[
    (Any, "/contacts/search", Scope::ReadAndListUsersAndCompanies),
    (Read, "/contacts", Scope::ReadAndListUsersAndCompanies),
    (Read, "/contacts/{}/tags", Scope::ReadTags),
    (Write, "/contacts/{}/tags*", Scope::WriteTags),
    (Read, "/contacts/{}", Scope::ReadOneUserAndOneCompany),
    (Read, "/contacts/find_by_external_id/{}", Scope::ReadOneUserAndOneCompany),
    (Write, "/contacts*", Scope::WriteUsersAndCompanies),
    (Any, "/companies/list", Scope::ReadAndListUsersAndCompanies),
    (Any, "/companies/search", Scope::ReadAndListUsersAndCompanies),
    (Read, "/companies/{}", Scope::ReadOneUserAndOneCompany),
    (Read, "/companies*", Scope::ReadAndListUsersAndCompanies),
    (Write, "/companies*", Scope::WriteUsersAndCompanies),
    (Read, "/segments*", Scope::ReadAndListUsersAndCompanies),
    (Read, "/tags*", Scope::ReadTags),
    (Write, "/tags*", Scope::WriteTags),
    (Any, "/conversations/search", Scope::ReadConversations),
    (Write, "/conversations/{}/tags*", Scope::WriteTags),
    (Read, "/conversations*", Scope::ReadConversations),
    (Write, "/conversations*", Scope::WriteConversations),
    (Read, "/macros*", Scope::ReadConversations),
    (Any, "/tickets/search", Scope::ReadTickets),
    (Write, "/tickets/{}/tags*", Scope::WriteTags),
    (Read, "/tickets*", Scope::ReadTickets),
    (Write, "/tickets*", Scope::WriteTickets),
    (Any, "/events/summaries", Scope::WriteEvents),
    (Read, "/events", Scope::ReadEvents),
    (Write, "/events", Scope::WriteEvents),
    (Write, "/data_attributes*", Scope::WriteDataAttributes),
    (Any, "/admins/activity_logs*", Scope::ReadAdminActivityLogs),
    (Read, "/admins", Scope::ReadAdmins),
    (Read, "/admins/{}", Scope::ReadOneAdmin),
    (Write, "/admins*", Scope::UpdateAdmins),
    (Read, "/articles*", Scope::ReadAndListArticles),
    (Write, "/articles*", Scope::ReadAndWriteArticles),
    (Write, "/internal_articles/{}/tags*", Scope::ReadAndWriteArticles),
    (Read, "/news*", Scope::ReadAndListNews),
    (Write, "/news*", Scope::ReadAndWriteNews),
    (Any, "/export/content/data*", Scope::ExportMessageData),
    (Read, "/counts", Scope::ReadCounts),
    (Write, "/phone_call_redirects", Scope::CreatePhoneCallRedirects),
];

/// The scope that a route asks for by the published description of the scopes; `None` where no
/// description covers it. An answer that names a scope knows better.
///
/// `route` is a path with its parameters in braces, as in [`Request::route`].
///
/// [`Request::route`]: crate::Request::route
///
/// ```
/// use intercom_api::{Method, Scope, required_scope};
///
/// let scope = required_scope(Method::Get, "/conversations/{conversation_id}");
/// assert_eq!(scope, Some(Scope::ReadConversations));
/// ```
pub fn required_scope(method: Method, route: &str) -> Option<Scope> {
    let access = match method {
        Method::Get | Method::Head => Read,
        Method::Post | Method::Put | Method::Patch | Method::Delete => Write,
    };
    let mut rows = SCOPES.iter();
    let found = rows
        .find(|(wanted, pattern, _)| (*wanted == Any || *wanted == access) && fits(pattern, route));
    found.map(|(_, _, scope)| scope.clone())
}

fn fits(pattern: &str, route: &str) -> bool {
    let (pattern, has_rest) = match pattern.strip_suffix('*') {
        Some(start) => (start, true),
        None => (pattern, false),
    };
    let mut given = route.split('/');
    let starts_alike = pattern.split('/').all(|wanted| {
        given
            .next()
            .is_some_and(|part| if wanted == "{}" { part.starts_with('{') } else { part == wanted })
    });
    starts_alike && (has_rest || given.next().is_none())
}
