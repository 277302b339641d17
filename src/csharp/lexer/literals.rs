//! Where numbers, strings and characters end.

use super::{
    super::{fault::Fault, token::TokenKind},
    Lexer,
};
use crate::source::Span;

impl Lexer<'_> {
    pub(super) fn number(&mut self) {
        let start = self.at;
        if self.peek(0) == b'0' && matches!(self.peek(1), b'x' | b'X') {
            self.at += 2;
            self.digits(u8::is_ascii_hexdigit);
            return self.integer(start, start + 2);
        }
        if self.peek(0) == b'0' && matches!(self.peek(1), b'b' | b'B') {
            self.at += 2;
            self.digits(|digit| matches!(digit, b'0' | b'1'));
            return self.integer(start, start + 2);
        }
        self.digits(u8::is_ascii_digit);
        let mut real = false;
        let mut sound = self.at == start || !self.ends_in_underscore();
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            real = true;
            self.at += 1;
            self.digits(u8::is_ascii_digit);
            sound &= !self.ends_in_underscore();
        }
        let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
        if matches!(self.peek(0), b'e' | b'E') && self.peek(1 + sign).is_ascii_digit() {
            real = true;
            self.at += 1 + sign;
            self.digits(u8::is_ascii_digit);
            sound &= !self.ends_in_underscore();
        }
        if matches!(self.peek(0), b'f' | b'F' | b'd' | b'D' | b'm' | b'M') {
            real = true;
            self.at += 1;
        }
        if !sound {
            self.push(TokenKind::BadLiteral, start);
            self.fault("CS1013", start, "Invalid number");
        } else if real {
            self.push(TokenKind::Real, start);
        } else {
            self.integer(start, start);
        }
    }

    fn digits(&mut self, is_digit: impl Fn(&u8) -> bool) {
        while self.peek(0) == b'_' || is_digit(&self.peek(0)) {
            self.at += 1;
        }
    }

    fn ends_in_underscore(&self) -> bool {
        self.at.checked_sub(1).and_then(|last| self.bytes.get(last)) == Some(&b'_')
    }

    /// The suffix and the end of an integer whose digits begin at `digits` and end at `at`.
    fn integer(&mut self, start: usize, digits: usize) {
        let sound = self.at > digits && !self.ends_in_underscore();
        if matches!(self.peek(0), b'u' | b'U') {
            self.at += 1 + usize::from(matches!(self.peek(1), b'l' | b'L'));
        } else if matches!(self.peek(0), b'l' | b'L') {
            self.at += 1 + usize::from(matches!(self.peek(1), b'u' | b'U'));
        }
        self.push(if sound { TokenKind::Integer } else { TokenKind::BadLiteral }, start);
        if !sound {
            self.fault("CS1013", start, "Invalid number");
        }
    }

    /// `"…"`
    pub(super) fn string(&mut self) {
        let start = self.at;
        if self.raw_string(start) {
            return;
        }
        self.at += 1;
        let sound = self.skip_to_quote(b'"');
        self.push(if sound { TokenKind::String } else { TokenKind::BadLiteral }, start);
        if sound {
            self.utf8_suffix();
        } else {
            self.fault("CS1010", start, "Newline in constant");
        }
    }

    /// Goes behind the next `quote` on this line that is not escaped; false when there is none.
    fn skip_to_quote(&mut self, quote: u8) -> bool {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => return false,
                b'\\' if !matches!(self.peek(1), b'\n' | b'\r') && self.at + 1 < self.bytes.len() => self.at += 2,
                _ if byte == quote => {
                    self.at += 1;
                    return true;
                }
                _ => self.at += 1,
            }
        }
        // An escape may have stepped into the middle of a character that is the last one.
        self.at = self.bytes.len();
        false
    }

    /// `"""…"""`, which C# 11 brought.
    pub(super) fn raw_string(&mut self, start: usize) -> bool {
        let quotes = self.text.get(self.at..).map_or(0, |rest| rest.bytes().take_while(|byte| *byte == b'"').count());
        if quotes < 3 {
            return false;
        }
        let inside = self.at + quotes;
        let closing = self.text.get(self.at..inside).and_then(|fence| self.text.get(inside..)?.find(fence));
        self.at = closing.map_or(self.bytes.len(), |length| inside + length + quotes);
        self.push(TokenKind::BadLiteral, start);
        self.faults.push(Fault::not_available("raw string literals", "11.0", Span::new(start, self.at)));
        true
    }

    /// `"…"u8`, which C# 11 brought.
    fn utf8_suffix(&mut self) {
        if matches!(self.peek(0), b'u' | b'U') && self.peek(1) == b'8' && !self.peek(2).is_ascii_alphanumeric() {
            let start = self.at;
            self.at += 2;
            self.faults.push(Fault::not_available("UTF-8 string literals", "11.0", Span::new(start, self.at)));
        }
    }

    /// `'…'`: one character, or a string by leniency.
    pub(super) fn character_literal(&mut self) {
        let start = self.at;
        self.at += 1;
        if self.peek(0) == b'\'' {
            self.at += 1;
            self.push(TokenKind::BadLiteral, start);
            self.fault("CS1011", start, "Empty character literal");
            return;
        }
        if self.skip_to_quote(b'\'') {
            return self.push(TokenKind::Character, start);
        }
        self.push(TokenKind::BadLiteral, start);
        let alone = self.text.get(start + 1..self.at).is_none_or(|inside| inside.trim().is_empty());
        if alone {
            self.fault("CS1010", start, "Newline in constant");
        } else {
            self.fault("CS1012", start, "Too many characters in character literal");
        }
    }

    /// `@"…"`, `@$"…"`, `@name`.
    pub(super) fn at_sign(&mut self) {
        let start = self.at;
        match self.peek(1) {
            b'"' => {
                self.at += 2;
                self.verbatim_string(start);
            }
            b'$' if self.peek(2) == b'"' => {
                self.at += 3;
                self.faults.push(
                    Fault::not_available("alternative interpolated verbatim strings", "8.0", Span::new(start, start + 2))
                        .help("begin the string with `$@\"`"),
                );
                self.push(TokenKind::InterpolatedVerbatimStart, start);
                self.interpolated_text(true);
            }
            _ => {
                self.at += 1;
                if self.name_part(self.at).is_some() {
                    self.word(start);
                } else {
                    self.fault("CS1646", start, "Keyword, identifier, or string expected after verbatim specifier: @");
                }
            }
        }
    }

    /// The rest of `@"…"`.
    fn verbatim_string(&mut self, start: usize) {
        loop {
            match self.text.get(self.at..).and_then(|rest| rest.find('"')) {
                Some(length) => self.at += length + 1,
                None => {
                    self.at = self.bytes.len();
                    self.push(TokenKind::BadLiteral, start);
                    self.faults.push(Fault::new("CS1039", Span::new(start, start + 2), "Unterminated string literal"));
                    return;
                }
            }
            if self.peek(0) != b'"' {
                self.push(TokenKind::VerbatimString, start);
                return self.utf8_suffix();
            }
            self.at += 1;
        }
    }
}
