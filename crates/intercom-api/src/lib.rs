//! The Intercom REST API as data.
//!
//! An API call is a struct that implements [`Operation`]: its name, whether it may be repeated,
//! the versions that have it, what it answers. Building its [`Request`] never touches the network,
//! so a request can be printed, compared, stored and snapshotted; sending it is someone else's
//! work. An answer is a [`Response`], and decoding it is a function of its bytes.
//!
//! ```
//! use intercom_api::contacts::{SearchContacts, UpdateContact};
//! use intercom_api::search::{Operator, Query, SearchRequest};
//! use intercom_api::{ApiVersion, ContactId, Operation, PageView, Response, decode_item};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let since = Query::field("updated_at", Operator::GreaterThan, 1_700_000_000);
//! let search = SearchContacts::new(SearchRequest::new(since).ascending("updated_at"));
//! let request = search.request(ApiVersion::V2_16)?;
//! assert_eq!(request.target(), "/contacts/search");
//!
//! let answer = r#"{"data":[{"id":"5ba6","email":"jo@example.com"}],"pages":{}}"#;
//! let response = Response::new(200, answer);
//! let page = PageView::read::<SearchContacts>(&response)?;
//! let contact = decode_item::<SearchContacts>(page.items[0])?;
//! assert_eq!(contact.email.as_deref(), Some("jo@example.com"));
//!
//! // Required parameters go through `new`, the others by struct update.
//! let id = ContactId::new("5ba6")?;
//! let update = UpdateContact { name: Some("Jo".to_owned()), ..UpdateContact::new(id) };
//! let request = update.request(ApiVersion::V2_16)?;
//! assert_eq!(request.body.as_deref(), Some(&br#"{"name":"Jo"}"#[..]));
//! # Ok(())
//! # }
//! ```
//!
//! One model serves every version: fields of answers are optional, sets of values that the server
//! may extend end in `Other`, and what this crate does not know stays in `extra`, so that an answer
//! encodes as it came. The version decides how a request is encoded, and what it does not know is
//! refused before it is sent. `Debug` shows ids and names of types, never the data of a person.
//!
//! # Modules
//!
//! - By resource, generated from `spec/`: [`contacts`], [`conversations`], [`companies`] and the
//!   other groups; with [`pages`] and [`references`], which they share.
//! - [`operation`], [`request`], [`response`], [`version`]: what an API call is. [`ext`]: calls
//!   that belong together.
//! - [`search`] builds and checks queries; [`paging`] reads pages, however they go on.
//! - [`id`], [`timestamp`], [`attributes`], [`handle`], [`lenient`], [`metadata`]: values that the API spells more
//!   than one way.
//! - `v1`, with the feature of that name: the legacy API 1.4, written by hand.
//! - [`error`]: requests that cannot be built, answers that are errors or cannot be read; [`scope`]:
//!   what a token must be allowed to do.
//!
//! # Features
//!
//! Each group of operations is a feature with the name of its module. A type is there with any
//! group whose operations reach it: `contacts` brings what a contact holds, wherever it lives.
//!
//! | feature | what it turns on |
//! |---|---|
//! | a group, such as `tags` | its operations, and the types that these reach |
//! | default | the groups that most programs use |
//! | `full` | every group |
//! | `preview` | in the groups that are on, what only the version Preview has |
//! | `v1` | the module of that name: the legacy API 1.4 |
//! | `conformance` | everything, and a table of it for the repository's own checks |

#![cfg_attr(
    not(all(feature = "full", feature = "preview")),
    allow(dead_code, reason = "groups that are off leave helpers without a user")
)]

pub mod attributes;
pub mod error;
pub mod ext;
mod form;
mod generated;
pub mod handle;
pub mod id;
pub mod lenient;
pub mod media;
pub mod metadata;
#[cfg_attr(
    not(feature = "full"),
    allow(unused_imports, unused_macros, reason = "not every group has an enumeration")
)]
mod open;
pub mod operation;
pub mod paging;
mod parameter;
#[cfg_attr(
    not(feature = "full"),
    allow(unused_imports, unused_macros, reason = "without a group there is nothing to redact")
)]
mod redact;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod registry;
pub mod request;
pub mod response;
pub mod scope;
pub mod search;
pub mod timestamp;
pub mod translations;
#[cfg(feature = "v1")]
pub mod v1;
pub mod version;

pub use attributes::{Attributes, Extra};
pub use error::{
    ApiError, BuildError, Conflict, DecodeError, ErrorCode, ErrorItem, JsonError, ScrollFault,
};
// The generated table of contents lists the groups and the features that turn them on.
#[cfg_attr(
    not(feature = "full"),
    allow(unused_imports, unreachable_pub, reason = "without a group nothing is re-exported")
)]
pub use generated::*;
pub use handle::ContactHandle;
pub use id::{
    AdminId, ArticleId, AudienceId, AwayStatusReasonId, BrandId, CallId, CollectionId, CompanyId,
    ContactId, ContentImportSourceId, ContentSnippetId, ConversationAttributeId, ConversationId,
    DataConnectorId, ExternalPageId, FolderId, HelpCenterId, Id, InternalArticleId, InvalidId,
    JobId, MacroId, NewsItemId, NewsfeedId, NoteId, OfficeHoursScheduleId, PathSegment, SegmentId,
    SubscriptionTypeId, TagId, TeamId, TicketId, TicketStateId, TicketTypeAttributeId,
    TicketTypeId, WorkspaceId,
};
pub use lenient::{DataAttributeOption, OneOrMany, TextOr};
pub use media::Redirect;
pub use metadata::Metadata;
pub use operation::{
    Exchange, Operation, Safety, Step, check_parameter, check_version, decode_json,
};
pub use paging::{Cursor, PageView, Paged, Paging, decode_item};
pub use request::{Endpoint, Method, Request, Success};
pub use response::{Headers, Response};
pub use scope::{Scope, required_scope};
pub use search::{Operator, Query, SearchRequest};
pub use timestamp::{DateTimeText, Timestamp};
pub use translations::Translations;
pub use version::{ApiVersion, VersionRange};
