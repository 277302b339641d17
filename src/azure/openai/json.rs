//! Writes JSON piece by piece: the answers are mostly constants with a few values between them.

use std::io::Write as _;

use bytes::Bytes;

/// JSON under construction.
#[derive(Default)]
pub(super) struct Json(Vec<u8>);

impl Json {
    /// Nothing yet, with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// A piece that is JSON already.
    pub fn raw(&mut self, json: &str) -> &mut Self {
        self.0.extend_from_slice(json.as_bytes());
        self
    }

    /// A text, quoted and escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        // Writing to a vector and serialising a text cannot fail.
        let _ = serde_json::to_writer(&mut self.0, text);
        self
    }

    /// A whole number.
    pub fn number(&mut self, number: u64) -> &mut Self {
        let _ = write!(self.0, "{number}");
        self
    }

    /// A number with a fraction; finite.
    pub fn float(&mut self, number: f32) -> &mut Self {
        let _ = write!(self.0, "{number}");
        self
    }

    /// What has been written, as a body.
    pub fn finish(self) -> Bytes {
        self.0.into()
    }

    /// What has been written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
