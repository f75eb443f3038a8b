//! Files of events at the crate's front door.

mod api;
mod plan_lines;
mod replies;
mod send;
mod settings;
