//! Every operation that the simulator answers under every fault, through the client: each call
//! ends in the right value or the right typed error, within its deadline, takes effect once or not
//! at all, and no call goes past the rate window.

mod cell;
mod coverage;
mod faults;
mod http;
mod memory;
mod rows;
mod walks;
mod world;
