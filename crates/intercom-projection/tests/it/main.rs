//! The crate, from its front door.

mod customer;
mod debug;
mod email;
mod fixtures;
mod mention;
mod properties;
mod quoted;
mod revenue;
mod support;
