//! The legacy API 1.4.

mod answers;
mod hostile;
mod paging;
mod requests;
mod samples;
