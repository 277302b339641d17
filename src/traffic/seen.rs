//! What a client gets to see of one sending of its request.

use std::time::Duration;

use crate::{environment::Moment, text::Text};

/// What a client sees of one sending.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub status: Option<u16>,
    /// Why the answer is not whole, or missing.
    pub error: Option<&'static str>,
    /// What the served-by header says.
    pub served_by: Option<Text>,
    /// When the first byte of the body was there.
    pub first_byte: Option<Moment>,
    /// When the client may try again, as the answer says.
    pub retry_after: Option<Duration>,
    /// What `x-should-retry` says.
    pub should_retry: Option<bool>,
    /// The firewall's rule that blocked it.
    pub blocked: Option<Text>,
}
