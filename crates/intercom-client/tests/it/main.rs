//! The client at its front door: scripted answers, an imitated rate limit, a loopback listener.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "helpers of tests panic like tests and are public to their neighbours"
)]

mod budget;
mod calls;
mod caps;
mod counter;
mod drive;
mod http;
mod lease;
mod log;
mod never_sent;
mod paging;
mod retry;
mod script;
mod secrets;
mod settings;
mod things;
mod waits;
