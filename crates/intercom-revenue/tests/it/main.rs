//! The crate, from its front door.

mod alerts;
mod money;
mod properties;
mod quality;
mod revenue;
