//! The program as a user runs it, against a simulated workspace on loopback.

mod alerts;
mod forget;
mod look;
mod movements;
mod program;
mod run;
mod verify;
mod watch;
mod world;
