//! Events in, plans out, through the crate's front door.

mod deletion;
mod finished;
mod group;
mod identify;
mod model;
mod parsing;
mod sameness;
mod track;
