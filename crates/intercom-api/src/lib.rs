//! The Intercom REST API as data.

pub mod attributes;
pub mod error;
pub mod id;
pub mod operation;
pub mod paging;
pub mod request;
pub mod response;
pub mod search;
pub mod timestamp;
pub mod version;

pub use attributes::{Attributes, Extra};
pub use error::{ApiError, BuildError, DecodeError, ErrorCode, ErrorItem, JsonError};
pub use id::{
    AdminId, CompanyId, ContactId, ConversationId, Id, InvalidId, JobId, NoteId, PathSegment,
    SegmentId, SubscriptionTypeId, TagId, TeamId, TicketId, WorkspaceId,
};
pub use operation::{Exchange, Operation, Safety, Step, check_version, decode_json};
pub use paging::{Cursor, PageView, Paged, Paging, decode_item};
pub use request::{Endpoint, Method, Request};
pub use response::{Headers, Response};
pub use search::{Operator, Query, SearchRequest};
pub use timestamp::Timestamp;
pub use version::{ApiVersion, VersionRange};
