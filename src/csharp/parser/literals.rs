//! Literals: from their text to their value.

use std::sync::Arc;

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{ExpressionKind, Interpolation, InterpolationPart, Literal},
    },
    Parse, Parser,
};
use crate::{source::Span, text::Text};

impl Parser<'_> {
    /// The literal at the current token.
    pub(super) fn literal(&mut self) -> Parse<ExpressionKind> {
        let token = self.bump();
        let text = self.slice(token.span);
        let literal = match token.kind {
            TokenKind::Integer => self.integer(text, token.span),
            TokenKind::Real => self.real(text, token.span),
            TokenKind::Character => self.single_quoted(text, token.span),
            TokenKind::String => Literal::String(self.string_text(
                text.get(1..text.len().saturating_sub(1)).unwrap_or(""),
                token.span.start + 1,
                Quotes::Regular,
            )),
            TokenKind::VerbatimString => Literal::String(self.string_text(
                text.get(2..text.len().saturating_sub(1)).unwrap_or(""),
                token.span.start + 2,
                Quotes::Verbatim,
            )),
            // Reported by the lexer; the tree is thrown away in the end.
            _ => Literal::Null,
        };
        Ok(ExpressionKind::Literal(literal))
    }

    fn integer(&mut self, text: &str, span: Span) -> Literal {
        let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
        let suffix = text.get(digits.len()..).unwrap_or("");
        let (unsigned, long) = (suffix.contains(['u', 'U']), suffix.contains(['l', 'L']));
        let (radix, digits) = match digits.as_bytes() {
            [b'0', b'x' | b'X', ..] => (16, digits.get(2..).unwrap_or("")),
            [b'0', b'b' | b'B', ..] => (2, digits.get(2..).unwrap_or("")),
            _ => (10, digits),
        };
        let value = digits
            .chars()
            .filter_map(|digit| digit.to_digit(radix))
            .try_fold(0u64, |value, digit| value.checked_mul(radix.into())?.checked_add(digit.into()));
        let Some(value) = value else {
            self.report(Fault::new("CS1021", span, "Integral constant is too large"));
            return Literal::Int(0);
        };
        // The first type of int, uint, long, ulong that holds the value and that the suffix allows.
        if let (Ok(int), false, false) = (i32::try_from(value), unsigned, long) {
            Literal::Int(int)
        } else if let (Ok(uint), false) = (u32::try_from(value), long) {
            Literal::UInt(uint)
        } else if let (Ok(long), false) = (i64::try_from(value), unsigned) {
            Literal::Long(long)
        } else {
            Literal::ULong(value)
        }
    }

    fn real(&mut self, text: &str, span: Span) -> Literal {
        let number = text.trim_end_matches(['f', 'F', 'd', 'D', 'm', 'M']);
        let plain: Text = if number.contains('_') { number.replace('_', "").into() } else { Arc::<str>::from(number).into() };
        let outside = |parser: &mut Self, ty| {
            parser.report(Fault::new("CS0594", span, format!("Floating-point constant is outside the range of type '{ty}'")));
        };
        match text.bytes().last() {
            Some(b'm' | b'M') => Literal::Decimal(plain),
            Some(b'f' | b'F') => {
                let value = plain.parse::<f32>().unwrap_or(f32::INFINITY);
                if value.is_infinite() {
                    outside(self, "float");
                }
                Literal::Float(value)
            }
            _ => {
                let value = plain.parse::<f64>().unwrap_or(f64::INFINITY);
                if value.is_infinite() {
                    outside(self, "double");
                }
                Literal::Double(value)
            }
        }
    }

    fn single_quoted(&mut self, text: &str, span: Span) -> Literal {
        let inside = text.get(1..text.len().saturating_sub(1)).unwrap_or("");
        if let [byte] = *inside.as_bytes() {
            return Literal::Char(byte.into());
        }
        let units = self.string_text(inside, span.start + 1, Quotes::Regular);
        match *units {
            [unit] => Literal::Char(unit),
            _ => Literal::QuotedString(units),
        }
    }

    /// The value of text between quotes that begins at `offset`.
    fn string_text(&mut self, text: &str, offset: u32, quotes: Quotes) -> Arc<[u16]> {
        let plain = match quotes {
            Quotes::Regular => !text.contains('\\'),
            Quotes::Verbatim => !text.contains('"'),
            Quotes::Interpolated { verbatim: false } => !text.contains(['\\', '{', '}']),
            Quotes::Interpolated { verbatim: true } => !text.contains(['"', '{', '}']),
        };
        if plain {
            return text.encode_utf16().collect::<Vec<_>>().into();
        }
        let mut units = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = match first {
                '\\' if quotes.has_escapes() => match escape(rest) {
                    Some((escaped, length)) => {
                        units.extend(escaped.units());
                        if quotes.is_interpolated() && matches!(escaped, Escaped::Unit(0x7B | 0x7D)) {
                            self.escaped_brace(escaped, text.len() - rest.len(), length, offset);
                        }
                        length
                    }
                    None => {
                        let start = offset as usize + text.len() - rest.len();
                        let end = start + 1 + rest.chars().nth(1).map_or(0, char::len_utf8);
                        self.report(Fault::new("CS1009", Span::new(start, end), "Unrecognized escape sequence"));
                        1
                    }
                },
                _ => {
                    units.extend(first.encode_utf16(&mut [0; 2]).iter());
                    let doubled = match first {
                        '"' => !quotes.has_escapes(),
                        '{' | '}' => quotes.is_interpolated(),
                        _ => false,
                    };
                    first.len_utf8() * if doubled { 2 } else { 1 }
                }
            };
            rest = rest.get(length..).unwrap_or("");
        }
        units.into()
    }

    /// `\u007b` is no way to write a brace in an interpolated string.
    fn escaped_brace(&mut self, escaped: Escaped, at: usize, length: usize, offset: u32) {
        let brace = if escaped == Escaped::Unit(0x7B) { '{' } else { '}' };
        let start = offset as usize + at;
        let message = format!("A '{brace}' character may only be escaped by doubling '{brace}{brace}' in an interpolated string.");
        self.report(Fault::new("CS8087", Span::new(start, start + length), message));
    }

    /// An interpolated string, from its start to its end.
    pub(super) fn interpolated(&mut self) -> Parse<ExpressionKind> {
        let quotes = Quotes::Interpolated { verbatim: self.bump().kind == TokenKind::InterpolatedVerbatimStart };
        let (base, in_case) = (self.links, std::mem::take(&mut self.in_case));
        let mut parts = Vec::new();
        loop {
            let token = self.token();
            match token.kind {
                TokenKind::InterpolatedText => {
                    self.bump();
                    parts.push(InterpolationPart::Text(self.string_text(self.slice(token.span), token.span.start, quotes)));
                }
                TokenKind::HoleOpen => parts.push(InterpolationPart::Hole(self.beside(base, |parser| parser.hole(quotes))?)),
                TokenKind::InterpolatedEnd => {
                    self.bump();
                    self.in_case = in_case;
                    return Ok(ExpressionKind::Interpolated(parts));
                }
                _ => return Err(self.missing(TokenKind::CloseBrace)),
            }
        }
    }

    fn hole(&mut self, quotes: Quotes) -> Parse<Interpolation> {
        let start = self.bump().span;
        if matches!(self.kind(), TokenKind::HoleClose | TokenKind::HoleFormat) {
            return Err(self.fail("CS1733", "Expected expression"));
        }
        let value = self.expression()?;
        let alignment = if self.eat(TokenKind::Comma) { Some(self.expression()?) } else { None };
        let mut format = None;
        if self.kind() == TokenKind::HoleFormat {
            let span = self.bump().span;
            let text = self.slice(span).get(1..).unwrap_or("");
            if text.is_empty() {
                let _ = self.report(Fault::new("CS8089", span, "Empty format specifier."));
            }
            // Only `}` is doubled here: a `{` was reported by the lexer.
            format = Some(self.string_text(text, span.start + 1, quotes));
        }
        if self.kind() != TokenKind::HoleClose {
            return Err(self.missing(TokenKind::CloseBrace));
        }
        self.bump();
        Ok(Interpolation { value, alignment, format, span: self.since(start) })
    }
}

/// What text stands in: how escapes are written.
#[derive(Clone, Copy)]
enum Quotes {
    /// `"…"` and `'…'`
    Regular,
    /// `@"…"`
    Verbatim,
    /// `$"…"` and `$@"…"`
    Interpolated { verbatim: bool },
}

impl Quotes {
    fn has_escapes(self) -> bool {
        matches!(self, Self::Regular | Self::Interpolated { verbatim: false })
    }

    fn is_interpolated(self) -> bool {
        matches!(self, Self::Interpolated { .. })
    }
}

/// What an escape stands for.
#[derive(Clone, Copy, PartialEq)]
enum Escaped {
    Unit(u16),
    /// A character outside of the first plane: two units.
    Pair(u16, u16),
}

impl Escaped {
    fn units(self) -> impl Iterator<Item = u16> {
        let (first, second) = match self {
            Self::Unit(unit) => (unit, None),
            Self::Pair(high, low) => (high, Some(low)),
        };
        std::iter::once(first).chain(second)
    }
}

/// What the escape at the start of `text` stands for, and its length.
fn escape(text: &str) -> Option<(Escaped, usize)> {
    let letter = text.as_bytes().get(1)?;
    let unit = match letter {
        b'\'' | b'"' | b'\\' => u16::from(*letter),
        b'0' => 0,
        b'a' => 7,
        b'b' => 8,
        b'f' => 0x0C,
        b'n' => 0x0A,
        b'r' => 0x0D,
        b't' => 9,
        b'v' => 0x0B,
        b'x' => {
            let digits = text.bytes().skip(2).take(4).take_while(u8::is_ascii_hexdigit).count();
            return Some((Escaped::Unit(u16::from_str_radix(text.get(2..2 + digits)?, 16).ok()?), 2 + digits));
        }
        b'u' => {
            let digits = text.get(2..6).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            return Some((Escaped::Unit(u16::from_str_radix(digits, 16).ok()?), 6));
        }
        b'U' => {
            let digits = text.get(2..10).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            let code = u32::from_str_radix(digits, 16).ok().filter(|code| *code <= 0x10_FFFF)?;
            return Some((pair(code), 10));
        }
        _ => return None,
    };
    Some((Escaped::Unit(unit), 2))
}

/// A code point in UTF-16; a surrogate stays the unit that it is.
fn pair(code: u32) -> Escaped {
    match u16::try_from(code) {
        Ok(unit) => Escaped::Unit(unit),
        Err(_) => {
            let above = code - 0x1_0000;
            let unit = |value: u32| u16::try_from(value & 0x3FF).unwrap_or(0);
            Escaped::Pair(0xD800 | unit(above >> 10), 0xDC00 | unit(above))
        }
    }
}
