//! The program as a user runs it, against a simulated workspace on loopback.

mod program;
mod run;
mod world;
