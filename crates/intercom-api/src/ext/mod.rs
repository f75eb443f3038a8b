//! Hand-written additions to the generated part: work of more than one step.

#[cfg(feature = "tags")]
mod tag_contact;

#[cfg(feature = "tags")]
pub use tag_contact::{TagContact, TagContactError, TagStep, Tagged};
