//! sim server
fn main() {}
