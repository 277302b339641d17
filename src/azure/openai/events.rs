//! Streams of server-sent events, as completions use them: `data: <json>` and a blank line, nothing else.

use std::time::Duration;

use bytes::Bytes;

use super::{Chunk, json::Json};

/// A stream under construction. Every event but the first has the same beginning and the same end.
pub(super) struct Events {
    chunks: Vec<Chunk>,
    before: Vec<u8>,
    after: &'static str,
}

impl Events {
    /// A stream whose events begin with `before` (up to the items of `choices`) and end with `after`.
    pub fn new(before: &Json, after: &'static str) -> Self {
        Self { chunks: Vec::with_capacity(24), before: before.as_bytes().to_vec(), after }
    }

    /// An event of its own kind.
    pub fn whole(&mut self, json: &Json) {
        self.push(Duration::ZERO, false, json.as_bytes(), "");
    }

    /// An event with these items in `choices`.
    pub fn choices(&mut self, pause: Duration, items: &[u8]) {
        self.push(pause, true, items, self.after);
    }

    /// An event with no `choices` and an end of its own, from the bracket of `choices` on.
    pub fn closing(&mut self, end: &[u8]) {
        self.push(Duration::ZERO, true, end, "");
    }

    /// Ends the stream.
    pub fn done(mut self) -> Vec<Chunk> {
        self.chunks.push(Chunk { after: Duration::ZERO, bytes: Bytes::from_static(b"data: [DONE]\n\n") });
        self.chunks
    }

    fn push(&mut self, pause: Duration, alike: bool, middle: &[u8], end: &str) {
        let before = if alike { self.before.as_slice() } else { b"" };
        let bytes = [b"data: ", before, middle, end.as_bytes(), b"\n\n"].concat();
        self.chunks.push(Chunk { after: pause, bytes: bytes.into() });
    }
}
