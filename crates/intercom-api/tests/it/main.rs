//! The crate at its front door.

mod answers;
mod cut_lists;
mod debug;
mod errors;
mod ids;
mod lenient;
mod paging;
mod paths;
mod requests;
#[expect(clippy::too_many_lines, reason = "generated: a sample per operation")]
mod samples;
mod scopes;
mod search;
mod tag_contact;
#[cfg(feature = "v1")]
mod v1;
mod versions;
