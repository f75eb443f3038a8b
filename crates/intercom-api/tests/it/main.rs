//! The crate at its front door.

mod answers;
mod debug;
mod errors;
mod ids;
mod lenient;
mod paging;
mod paths;
mod requests;
mod samples;
mod search;
mod tag_contact;
mod versions;
