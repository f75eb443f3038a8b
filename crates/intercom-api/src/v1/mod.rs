//! The legacy API 1.4, written by hand: there is no official description of it.
//!
//! Every type and operation names the sources its shape is known from: Intercom's reference of that
//! version (or the nearest that could be read; "undated" is the reference before there were
//! versions), its changelog, its own libraries of that time, with file or type, and what the legacy
//! event transformation sends. Where sources disagree the item says so, and the field of an answer
//! takes either spelling. Nothing here was tried against the live service.
//!
//! ```
//! use intercom_api::v1::{CreateOrUpdateUser, ListUsers, UserCompany};
//! use intercom_api::{ApiVersion, Id, Operation, PageView, Paged, Response, decode_item};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let company = UserCompany { company_id: Some(Id::new("g1")?), ..UserCompany::default() };
//! let user = CreateOrUpdateUser {
//!     user_id: Some(Id::new("u1")?),
//!     update_last_request_at: Some(true),
//!     companies: Some(vec![company]),
//!     ..CreateOrUpdateUser::default()
//! };
//! let request = user.request(ApiVersion::V1_4)?;
//! assert_eq!(request.target(), "/users");
//! let body = r#"{"user_id":"u1","update_last_request_at":true,"companies":[{"company_id":"g1"}]}"#;
//! assert_eq!(request.body.as_deref(), Some(body.as_bytes()));
//! assert!(user.request(ApiVersion::V2_16).is_err());
//!
//! let answer = r#"{"type":"user.list","users":[{"type":"user","id":"5ba6","user_id":1}],
//!     "pages":{"next":"https://api.intercom.io/users?per_page=50&page=2","page":1}}"#;
//! let response = Response::new(200, answer);
//! let page = PageView::read::<ListUsers>(&response)?;
//! let user = decode_item::<ListUsers>(page.items[0])?;
//! assert_eq!(user.user_id, Some(Id::new("1")?));
//! let next = ListUsers::default().request_at(ApiVersion::V1_4, &page.next.expect("a next page"))?;
//! assert_eq!(next.target(), "/users?per_page=50&page=2");
//! # Ok(())
//! # }
//! ```
//!
//! # How 1.4 differs from 2.x
//!
//! | | 1.4 | 2.x |
//! |---|---|---|
//! | people | `/users`, and `/contacts` for leads; type `user` or `contact` | `/contacts` with a `role` |
//! | the customer's own id | `user_id` | `external_id` |
//! | writing a user | one `POST` creates or updates, by `id`, `user_id` or `email` | `POST` creates, `PUT` updates |
//! | finding by e-mail | a list, `?email=` | search |
//! | when a person signed up | `signed_up_at`, and `remote_created_at` with the same value | `signed_up_at` |
//! | when Intercom knew a person first | `created_at` | `created_at` |
//! | when an event happened | `created_at`; the legacy transformation sends `created` | `created_at` |
//! | last seen | `last_request_at`, `update_last_request_at`, `new_session` | `last_seen_at` |
//! | companies of a user | inside of the user, `remove: true` detaches | attach and detach |
//! | tagging | `POST /tags` with `users` or `companies`, `untag: true` takes it off | by contact; companies as in 1.4 |
//! | first message of a conversation | `conversation_message` | `source` |
//! | people in a conversation | `user` and `customers` | `contacts` |
//! | assigning, closing, snoozing | a reply with a `message_type` | `…/parts` |
//! | lists | under the name of their entries, `pages.next` is a URL | under `data`, `pages.next` is a cursor |
//! | all users | `/users/scroll`, `/contacts/scroll` | a list by cursor |
//! | unknown custom attributes | are created | are refused |
//! | `/counts`, `/bulk/users`, `/bulk/events` | present | gone |
//! | deleting for good | `POST /user_delete_requests` | `DELETE /contacts/{id}` |

mod admins;
mod call;
mod companies;
mod conversations;
mod counts;
mod events;
mod jobs;
mod leads;
mod messages;
mod notes;
mod person;
mod replies;
mod segments;
mod tags;
mod users;

pub use admins::{Admin, AdminList, App, ListAdmins, RetrieveAdmin, RetrieveMe};
pub use companies::{
    Company, CompanyHandle, CompanyList, CreateOrUpdateCompany, ListCompanies, ListCompanyUsers,
    ListUsersByCompanyId, Plan, RetrieveCompany, ScrollCompanies, UserCompany,
};
pub use conversations::{
    Attachment, Conversation, ConversationFilter, ConversationList, ConversationMessage,
    ConversationPart, ConversationPartList, ConversationRating, FirstReply, ListConversations,
    MarkConversationRead, RetrieveConversation, RunAssignmentRules,
};
pub use counts::{
    AdminCounts, AppCounts, ConversationCounts, Counted, Counts, NamedCount, NamedCounts,
    RetrieveAppCounts, RetrieveCounts, Total,
};
pub use events::{
    Event, EventList, EventSummary, EventSummaryList, ListUserEventSummaries, ListUserEvents,
    SubmitEvent,
};
pub use jobs::{
    FailedJobItem, Job, JobErrorList, JobItemError, JobLinks, JobState, JobTask, ListJobErrors,
    RetrieveJob, SubmitEventJob, SubmitUserJob, UserJobItem,
};
pub use leads::{
    ConvertLead, CreateLead, DeleteLead, LeadFields, LeadList, ListLeads, RetrieveLead,
    ScrollLeads, UpdateLead,
};
pub use messages::{
    CreateAdminMessage, CreateUserMessage, Message, MessagePerson, MessageTemplate, MessageType,
};
pub use notes::{CreateNote, ListUserNotes, Note, NoteList, RetrieveNote};
pub use person::{
    Avatar, LocationData, Pages, Participant, Person, SocialProfile, SocialProfileList,
    UniqueHandle,
};
pub use replies::{
    AdminReplyType, AssignConversation, CloseConversation, OpenConversation, ReplyAsAdmin,
    ReplyAsUser, SnoozeConversation,
};
pub use segments::{ListSegments, RetrieveSegment, Segment, SegmentList};
pub use tags::{
    CreateOrUpdateTag, DeleteTag, ListTags, Tag, TagCompanies, TagList, TagUsers, UntagCompanies,
    UntagUsers,
};
pub use users::{
    CreateOrUpdateUser, DeleteUser, DeletionRequest, ListUsers, RequestPermanentDeletion,
    RetrieveUser, ScrollUsers, UserList,
};
