//! The crate, from its front door.

mod caseload;
mod debug;
mod properties;
mod sessions;
