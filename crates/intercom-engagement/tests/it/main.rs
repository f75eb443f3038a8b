//! The crate, from its front door.

mod caseload;
mod properties;
mod sessions;
