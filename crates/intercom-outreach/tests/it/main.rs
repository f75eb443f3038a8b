//! Messages and what comes of sending them.

mod message;
mod slack;
