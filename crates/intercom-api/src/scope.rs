//! Scopes: what a token may do.
//!
//! A 403 names the scope that the token lacks on some endpoints only. For the others
//! [`required_scope`] answers from what Intercom publishes: the list of scopes with a line on what
//! each is for, the scopes that single operations are described with, and the permissions of the
//! webhook topics about the same objects.
//!
//! That covers 180 of the 264 routes of 2.7 to Preview. Nothing published says what the others
//! ask for, among them `/me`, teams, reading data attributes, messages, notes by their id,
//! subscription types, ticket types, visitors, and collections of articles.

use std::fmt;

use crate::request::Method;

/// Defines [`Scope`] with the labels of its variants.
macro_rules! scopes {
    ($($variant:ident = $label:literal),+ $(,)?) => {
        /// A permission that an app asks for and a workspace grants; an open set.
        ///
        /// `Display` quotes the label that the Developer Hub shows, or where none is published the
        /// name that the API uses.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[allow(missing_docs, reason = "the variants are the labels of the Developer Hub")]
        pub enum Scope {
            $($variant,)+
            /// A scope this crate does not know, as the API names it.
            Other(Box<str>),
        }

        impl Scope {
            /// The scope as the Developer Hub labels it, or else as the API names it.
            pub fn label(&self) -> &str {
                match self {
                    $(Self::$variant => $label,)+
                    Self::Other(name) => name,
                }
            }

            /// Every scope that has a name here.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];
        }
    };
}

scopes! {
    CreatePhoneCallRedirects = "Create phone call redirects",
    DeleteConversationsAndMetrics = "Delete conversations and metrics",
    ExportContentData = "Export content data",
    ExportMessageData = "Export message data",
    ExportReportingData = "Export reporting data",
    ManageIpAllowlist = "manage_ip_allowlist",
    ReadAdminActivityLogs = "Read admin activity logs",
    ReadAdmins = "Read admins",
    ReadAndListArticles = "Read and list articles",
    ReadAndListNews = "Read and list news items and newsfeeds",
    ReadAndListUsersAndCompanies = "Read and list users and companies",
    ReadAndWriteArticles = "Read and write articles",
    ReadAndWriteContentSnippets = "read_write_content_snippets",
    ReadAndWriteCustomObjectInstances = "Read and write custom object instances",
    ReadAndWriteHelpCenterRedirects = "read_write_help_center_redirects_scope",
    ReadAndWriteNews = "Read and write news items and newsfeeds",
    ReadAndWriteOfficeHours = "read_write_office_hours",
    ReadAndWriteUsers = "Read and write users",
    ReadContent = "read_content",
    ReadContentData = "Read content data",
    ReadConversations = "Read conversations",
    ReadCounts = "Read counts",
    ReadEvents = "Read events",
    ReadHelpCenterRedirects = "read_help_center_redirects_scope",
    ReadOneAdmin = "Read one admin",
    ReadOneUserAndOneCompany = "Read one user and one company",
    ReadReportingDatasets = "Read reporting datasets",
    ReadStatusOfJobs = "Read status of jobs",
    ReadTags = "Read tags",
    ReadTickets = "Read tickets",
    UpdateAdmins = "Update admins",
    WriteContent = "write_content",
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
    (Any, "/contacts/{}/banners*", Scope::ReadAndWriteUsers),
    (Read, "/contacts/{}/companies", Scope::ReadAndListUsersAndCompanies),
    (Read, "/contacts/{}/segments", Scope::ReadAndListUsersAndCompanies),
    (Read, "/contacts/{}/merge_history", Scope::ReadOneUserAndOneCompany),
    (Read, "/contacts/{}/notes", Scope::ReadOneUserAndOneCompany),
    (Read, "/contacts/{}/subscriptions", Scope::ReadOneUserAndOneCompany),
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
    (Any, "/procedures/{}/collect_agent_input", Scope::WriteConversations),
    (Any, "/calls/search", Scope::ReadConversations),
    (Read, "/calls*", Scope::ReadConversations),
    (Read, "/macros*", Scope::ReadConversations),
    (Any, "/tickets/search", Scope::ReadTickets),
    (Write, "/tickets/{}/tags*", Scope::WriteTags),
    (Read, "/tickets*", Scope::ReadTickets),
    (Write, "/tickets*", Scope::WriteTickets),
    (Any, "/events/summaries", Scope::WriteEvents),
    (Read, "/events", Scope::ReadEvents),
    (Write, "/events", Scope::WriteEvents),
    (Write, "/data_attributes*", Scope::WriteDataAttributes),
    (Read, "/admins/activity_log_event_types", Scope::ReadAdminActivityLogs),
    (Any, "/admins/activity_logs*", Scope::ReadAdminActivityLogs),
    (Read, "/admins", Scope::ReadAdmins),
    (Read, "/admins/{}", Scope::ReadOneAdmin),
    (Write, "/admins*", Scope::UpdateAdmins),
    (Read, "/articles*", Scope::ReadAndListArticles),
    (Write, "/articles*", Scope::ReadAndWriteArticles),
    (Read, "/internal_articles*", Scope::ReadAndListArticles),
    (Write, "/internal_articles*", Scope::ReadAndWriteArticles),
    (Read, "/content/search", Scope::ReadContent),
    (Write, "/content/bulk_actions", Scope::WriteContent),
    (Any, "/content_snippets*", Scope::ReadAndWriteContentSnippets),
    (Read, "/help_center/help_centers/{}/redirects*", Scope::ReadHelpCenterRedirects),
    (Write, "/help_center/help_centers/{}/redirects*", Scope::ReadAndWriteHelpCenterRedirects),
    (Read, "/news*", Scope::ReadAndListNews),
    (Write, "/news*", Scope::ReadAndWriteNews),
    (Any, "/export/content/data*", Scope::ExportMessageData),
    (Any, "/export/cancel/{}", Scope::ExportMessageData),
    (Any, "/download/content/data/{}", Scope::ExportMessageData),
    (Read, "/export/reporting_data/get_datasets", Scope::ReadReportingDatasets),
    (Any, "/export/reporting_data*", Scope::ExportReportingData),
    (Any, "/download/reporting_data/{}", Scope::ExportReportingData),
    (Read, "/jobs/status/{}", Scope::ReadStatusOfJobs),
    (Any, "/custom_object_instances*", Scope::ReadAndWriteCustomObjectInstances),
    (Any, "/office_hours_schedules*", Scope::ReadAndWriteOfficeHours),
    (Any, "/ip_allowlist", Scope::ManageIpAllowlist),
    (Read, "/counts", Scope::ReadCounts),
    (Write, "/phone_call_redirects", Scope::CreatePhoneCallRedirects),
];

/// The scope that a route asks for by what Intercom publishes; `None` where nothing published
/// covers it. An answer that names a scope knows better.
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
