//! Interpolated strings: where their text ends, their holes begin, and their formats.

use super::{
    super::{fault::Fault, token::TokenKind},
    Hole, Lexer,
};
use crate::source::Span;

impl Lexer<'_> {
    /// `$"…"`, `$@"…"`.
    pub(super) fn dollar(&mut self) {
        let start = self.at;
        if self.peek(1) == b'@' && self.peek(2) == b'"' {
            self.at += 3;
            self.push(TokenKind::InterpolatedVerbatimStart, start);
            return self.interpolated_text(true);
        }
        if self.peek(1) != b'"' {
            return self.unexpected();
        }
        self.at += 1;
        if self.raw_string(start) {
            return;
        }
        self.at += 1;
        self.push(TokenKind::InterpolatedStart, start);
        self.interpolated_text(false);
    }

    /// Text of an interpolated string, up to its end or the next hole.
    pub(super) fn interpolated_text(&mut self, verbatim: bool) {
        let start = self.at;
        loop {
            let (here, next) = (self.peek(0), self.peek(1));
            match here {
                _ if self.at >= self.bytes.len() => return self.unterminated(verbatim, start),
                b'\n' | b'\r' if !verbatim => return self.unterminated(verbatim, start),
                b'{' | b'}' if next == here => self.at += 2,
                b'"' if verbatim && next == b'"' => self.at += 2,
                b'\\' if !verbatim && !matches!(next, b'\n' | b'\r') && self.at + 1 < self.bytes.len() => self.at += 2,
                b'"' => {
                    self.text_token(start);
                    return self.punctuation(TokenKind::InterpolatedEnd, 1);
                }
                b'{' => {
                    self.text_token(start);
                    self.holes.push(Hole { verbatim, start: self.at, outside: self.open.len(), newline: false });
                    return self.punctuation(TokenKind::HoleOpen, 1);
                }
                b'}' => {
                    let brace = self.at;
                    self.at += 1;
                    self.fault("CS8086", brace, "A '}' character must be escaped (by doubling) in an interpolated string.");
                }
                _ => self.at += 1,
            }
        }
    }

    fn text_token(&mut self, start: usize) {
        if self.at > start {
            self.push(TokenKind::InterpolatedText, start);
        }
    }

    fn unterminated(&mut self, verbatim: bool, text: usize) {
        self.at = self.at.min(self.bytes.len());
        let (code, message) = if verbatim { ("CS1039", "Unterminated string literal") } else { ("CS1010", "Newline in constant") };
        // The quote, where the text begins with it; behind a hole the text itself.
        let quote = text.checked_sub(1).filter(|quote| self.bytes.get(*quote) == Some(&b'"')).unwrap_or(text);
        self.fault(code, quote, message);
        self.text_token(text);
        self.push(TokenKind::InterpolatedEnd, self.at);
    }

    /// Whether a `:` or a `}` here would be that of a hole.
    pub(super) fn at_hole_level(&self) -> bool {
        self.holes.last().is_some_and(|hole| self.open.len() <= hole.outside)
    }

    /// `:format` of a hole.
    pub(super) fn format(&mut self) {
        let start = self.at;
        let verbatim = self.holes.last().is_some_and(|hole| hole.verbatim);
        self.at += 1;
        loop {
            let (here, next) = (self.peek(0), self.peek(1));
            match here {
                _ if self.at >= self.bytes.len() => break,
                b'\n' | b'\r' if !verbatim => break,
                b'}' if next == b'}' => self.at += 2,
                b'"' if verbatim && next == b'"' => self.at += 2,
                b'}' | b'"' => break,
                b'{' => {
                    let brace = self.at;
                    self.at += 1;
                    self.fault("CS8086", brace, "A '{' character must be escaped (by doubling) in an interpolated string.");
                }
                b'\\' if !verbatim && self.at + 1 < self.bytes.len() => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.push(TokenKind::HoleFormat, start);
        if self.peek(0) != b'}'
            && let Some(hole) = self.holes.pop()
        {
            // The string ends inside of the format: close the hole, so that what follows is read as code again.
            let message = "Missing close delimiter '}' for interpolated expression started with '{'.";
            self.faults.push(Fault::new("CS8076", Span::new(hole.start, hole.start + 1), message));
            self.push(TokenKind::HoleClose, self.at);
            self.interpolated_text(verbatim);
        }
    }
}
