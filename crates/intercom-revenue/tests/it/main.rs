//! The crate, from its front door.

mod alerts;
mod doubts;
mod money;
mod policies;
mod properties;
mod quality;
mod revenue;
mod table;
mod waterfall;
