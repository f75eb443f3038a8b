//! An answer and how it travels.

use std::time::Duration;

use intercom_api::Response;

/// An answer and how it travels, which is where a network goes wrong.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The answer.
    pub response: Response,
    /// How it reaches the caller, or does not.
    pub manner: Manner,
}

/// How an answer reaches its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At once and whole.
    Prompt,
    /// Whole, after so much time.
    Late(Duration),
    /// Whole, in pieces spread over so much time.
    Dripping(Duration),
    /// Never: the caller waits until it gives up.
    Silent,
    /// The connection closes before the answer.
    Reset,
    /// The connection closes in the middle of the body.
    ResetInBody,
}
