//! Files of events at the crate's front door.

mod plan_lines;
mod replies;
mod settings;
