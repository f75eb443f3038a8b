//! What a run tells while it works.

use intercom_store::Stream;

/// Hears how a run gets on; every method may be called often.
pub trait Progress: Send + Sync {
    /// A page of a stream is stored. `fetched` counts since the start of the run; `total` is what
    /// the API announced for the whole query. Of parts, the conversations looked at are counted.
    fn pulled(&self, stream: Stream, fetched: u64, total: Option<u64>);

    /// A stream is complete.
    fn finished(&self, stream: Stream, fetched: u64);

    /// Stored records became domain values; `done` counts since the start of the run.
    fn projected(&self, stream: Stream, done: u64);

    /// Customers were written; `done` counts since the start of the run.
    fn customers(&self, done: u64);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn pulled(&self, _: Stream, _: u64, _: Option<u64>) {}
    fn finished(&self, _: Stream, _: u64) {}
    fn projected(&self, _: Stream, _: u64) {}
    fn customers(&self, _: u64) {}
}
