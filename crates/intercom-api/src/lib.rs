//! The Intercom REST API as data.

pub mod attributes;
pub mod error;
pub mod ext;
mod generated;
pub mod handle;
pub mod id;
pub mod lenient;
mod open;
pub mod operation;
pub mod paging;
mod redact;
#[cfg(feature = "conformance")]
#[doc(hidden)]
pub mod registry;
pub mod request;
pub mod response;
pub mod search;
pub mod timestamp;
pub mod version;

pub use attributes::{Attributes, Extra};
pub use error::{ApiError, BuildError, DecodeError, ErrorCode, ErrorItem, JsonError};
pub use generated::{
    admins, companies, contacts, conversations, data_attributes, events, jobs, messages, notes,
    pages, references, segments, subscription_types, tags, teams, tickets,
};
pub use handle::ContactHandle;
pub use id::{
    AdminId, CompanyId, ContactId, ConversationId, Id, InvalidId, JobId, NoteId, PathSegment,
    SegmentId, SubscriptionTypeId, TagId, TeamId, TicketId, WorkspaceId,
};
pub use lenient::{DataAttributeOption, OneOrMany, TextOr};
pub use operation::{
    Exchange, Operation, Safety, Step, check_parameter, check_version, decode_json,
};
pub use paging::{Cursor, PageView, Paged, Paging, decode_item};
pub use request::{Endpoint, Method, Request};
pub use response::{Headers, Response};
pub use search::{Operator, Query, SearchRequest};
pub use timestamp::{DateTimeText, Timestamp};
pub use version::{ApiVersion, VersionRange};
