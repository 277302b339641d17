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

    /// Bytes that are JSON already.
    pub fn bytes(&mut self, json: &[u8]) -> &mut Self {
        self.0.extend_from_slice(json);
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
        let (digits, start) = digits(number);
        self.0.extend_from_slice(digits.get(start..).unwrap_or_default());
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

    /// What has been written, to be written to another.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// What has been written.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A number's decimal digits, and where they begin: numbers are written often, and formatting is slower.
pub(super) fn digits(mut number: u64) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut start = 19;
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start = place;
        if number == 0 {
            break;
        }
    }
    (digits, start)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_they_are() {
        for number in [0, 9, 10, 1_763_690_000, u64::MAX] {
            assert_eq!(Json::default().number(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
