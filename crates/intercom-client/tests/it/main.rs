//! The client at its front door: scripted answers, an imitated rate limit, a loopback listener.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "helpers of tests panic like tests and are public to their neighbours"
)]

mod budget;
mod calls;
mod caps;
mod connections;
mod counter;
mod damaged;
mod download;
mod drive;
mod errors;
mod http;
mod lease;
mod log;
mod members;
mod model;
mod never_sent;
mod paging;
mod prefetch;
mod proxy;
mod raw;
mod resume;
mod retry;
mod script;
mod secrets;
mod settings;
mod things;
mod too_large;
mod waits;
