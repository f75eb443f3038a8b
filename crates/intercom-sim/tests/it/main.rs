//! The simulator at its front door.

mod objects;
mod support;
