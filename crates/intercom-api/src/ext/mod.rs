//! Hand-written additions to the generated part: work of more than one step, and lists that come
//! in part.

#[cfg(all(feature = "companies", feature = "contacts", feature = "notes", feature = "tags"))]
mod contact_lists;
mod cut_list;
#[cfg(feature = "tags")]
mod tag_contact;

pub use cut_list::{CutList, Members};
#[cfg(feature = "tags")]
pub use tag_contact::{TagContact, TagContactError, TagStep, Tagged};
