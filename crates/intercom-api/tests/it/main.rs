//! The crate at its front door.

mod answers;
mod cut_lists;
mod debug;
mod errors;
mod ids;
mod lenient;
#[cfg(all(feature = "full", feature = "preview"))]
mod media;
mod paging;
mod paths;
mod requests;
#[expect(clippy::too_many_lines, reason = "generated: a sample per operation")]
mod samples;
mod scopes;
mod search;
mod tag_contact;
#[cfg(feature = "full")]
mod translations;
#[cfg(feature = "v1")]
mod v1;
mod versions;
