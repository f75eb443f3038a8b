//! Hand-written additions to the generated part: work of more than one step.

mod tag_contact;

pub use tag_contact::{TagContact, TagContactError, TagStep, Tagged};
