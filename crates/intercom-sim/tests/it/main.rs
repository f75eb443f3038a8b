//! The simulator at its front door.

mod catalogue;
mod companies;
mod contacts;
mod conversations;
mod dataset;
mod dates;
mod decoding;
mod exports;
mod faults;
mod grammar;
mod invention;
mod limits;
mod limits_of_data;
mod matrix;
mod merging;
mod mishaps;
mod paging;
mod program;
mod search_table;
mod server;
mod support;
mod transport;
mod versions;
mod webhook_delivery;
mod webhooks;
