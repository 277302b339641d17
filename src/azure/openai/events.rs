//! Streams of server-sent events: `data: <json>` and a blank line; with a name before it in the Responses API.

use std::time::Duration;

use bytes::Bytes;

use super::{Chunk, json::Json};

/// A stream under construction, in one piece of memory. Every event but the first has the same beginning and the same end.
pub(super) struct Events {
    bytes: Json,
    /// The pause before each event, and where it ends.
    events: Vec<(Duration, usize)>,
    before: Vec<u8>,
    after: &'static str,
}

impl Events {
    /// A stream whose events begin with `before` (up to the items of `choices`) and end with `after`; about `count` of them.
    pub fn new(before: Json, after: &'static str, count: u64) -> Self {
        // A piece is 330 bytes of findings and the rest of what all have.
        let count = usize::try_from(count).unwrap_or(0).min(4096) + 6;
        let bytes = Json::with_capacity(count * (before.as_bytes().len() + 400));
        Self { bytes, events: Vec::with_capacity(count), before: before.into_bytes(), after }
    }

    /// An event of its own kind.
    pub fn whole(&mut self, write: impl FnOnce(&mut Json)) {
        self.bytes.raw("data: ");
        write(&mut self.bytes);
        self.end(Duration::ZERO);
    }

    /// An event with these items in `choices`.
    pub fn choices(&mut self, pause: Duration, write: impl FnOnce(&mut Json)) {
        self.bytes.raw("data: ").bytes(&self.before);
        write(&mut self.bytes);
        self.bytes.raw(self.after);
        self.end(pause);
    }

    /// An event with no `choices` and an end of its own, from the bracket of `choices` on.
    pub fn closing(&mut self, write: impl FnOnce(&mut Json)) {
        self.bytes.raw("data: ").bytes(&self.before);
        write(&mut self.bytes);
        self.end(Duration::ZERO);
    }

    /// An event with a name.
    pub fn named(&mut self, pause: Duration, name: &str, write: impl FnOnce(&mut Json)) {
        self.bytes.raw("event: ").raw(name).raw("\ndata: ");
        write(&mut self.bytes);
        self.end(pause);
    }

    fn end(&mut self, pause: Duration) {
        self.bytes.raw("\n\n");
        self.events.push((pause, self.bytes.as_bytes().len()));
    }

    /// Ends the stream with `[DONE]`.
    pub fn done(mut self) -> Vec<Chunk> {
        self.bytes.raw("data: [DONE]");
        self.end(Duration::ZERO);
        self.finish()
    }

    /// Ends the stream.
    pub fn finish(self) -> Vec<Chunk> {
        let bytes: Bytes = self.bytes.finish();
        let mut start = 0;
        let chunk = |(after, end): (Duration, usize)| Chunk { after, bytes: bytes.slice(std::mem::replace(&mut start, end)..end) };
        self.events.into_iter().map(chunk).collect()
    }
}
