//! The program as a user runs it.

mod plan;
mod program;
mod send;
