//! Events in, plans out, through the crate's front door.

mod attributes;
mod conflicts;
mod dates;
mod deletion;
mod finished;
mod group;
mod hostile;
mod identify;
mod identify_v1;
mod lookups;
mod metadata;
mod model;
mod one_time;
mod outcomes;
mod parsing;
mod properties;
mod record;
mod rows;
mod sameness;
mod settings;
mod track;
