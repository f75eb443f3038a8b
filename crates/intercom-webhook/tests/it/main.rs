//! Notifications at the front door: signatures, envelopes, items.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "helpers of tests panic like tests and are public to their neighbours"
)]

mod items;
mod receiving;
mod samples;
mod signatures;
mod topics;
