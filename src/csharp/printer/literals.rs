//! Literals as text.

use std::fmt::Write;

use super::{
    super::tree::{InterpolationPart, Literal, Precedence},
    Printer, has_bare_colon,
};

impl Printer<'_> {
    pub(super) fn literal(&mut self, literal: &Literal) {
        // Writing to a string cannot fail.
        let _ = match literal {
            Literal::Null => write!(self.out, "null"),
            Literal::Bool(value) => write!(self.out, "{value}"),
            Literal::Int(value) => write!(self.out, "{value}"),
            Literal::UInt(value) => write!(self.out, "{value}U"),
            Literal::Long(value) => write!(self.out, "{value}L"),
            Literal::ULong(value) => write!(self.out, "{value}UL"),
            Literal::Float(value) => write!(self.out, "{value:?}f"),
            Literal::Double(value) => write!(self.out, "{value:?}"),
            Literal::Decimal(text) => write!(self.out, "{text}m"),
            Literal::Char(unit) => return self.quoted("'", &[*unit], Braces::Plain),
            Literal::String(units) => return self.quoted("\"", units, Braces::Plain),
            Literal::QuotedString(units) => return self.quoted("'", units, Braces::Plain),
        };
    }

    fn quoted(&mut self, quote: &str, units: &[u16], braces: Braces) {
        self.push(quote);
        self.escaped(quote, units, braces);
        self.push(quote);
    }

    /// Text with escapes for what cannot stand in these quotes, and for what cannot be seen.
    fn escaped(&mut self, quote: &str, units: &[u16], braces: Braces) {
        for character in char::decode_utf16(units.iter().copied()) {
            let escape = match character {
                Ok('\\') => "\\\\",
                Ok('"') if quote == "\"" => "\\\"",
                Ok('\'') if quote == "'" => "\\'",
                Ok('\0') => "\\0",
                Ok('\n') => "\\n",
                Ok('\r') => "\\r",
                Ok('\t') => "\\t",
                Ok('{') if braces == Braces::Doubled => "{{",
                Ok('}') if braces != Braces::Plain => "}}",
                Ok(plain) if plain.is_control() || matches!(plain, '\u{2028}' | '\u{2029}' | '\u{FEFF}') => {
                    let _ = write!(self.out, "\\u{:04X}", u32::from(plain));
                    continue;
                }
                Ok(plain) => {
                    self.out.push(plain);
                    continue;
                }
                Err(lone) => {
                    let _ = write!(self.out, "\\u{:04X}", lone.unpaired_surrogate());
                    continue;
                }
            };
            self.push(escape);
        }
    }

    pub(super) fn interpolated(&mut self, parts: &[InterpolationPart]) {
        let flat = std::mem::replace(&mut self.flat, true);
        self.push("$\"");
        for part in parts {
            match part {
                InterpolationPart::Text(units) => self.escaped("\"", units, Braces::Doubled),
                InterpolationPart::Hole(hole) => {
                    self.push("{");
                    self.in_hole(|printer| printer.expression(&hole.value));
                    if let Some(alignment) = &hole.alignment {
                        self.push(",");
                        self.in_hole(|printer| printer.operand(alignment, Precedence::Conditional));
                    }
                    if let Some(format) = &hole.format {
                        self.push(":");
                        self.escaped("\"", format, Braces::ClosingDoubled);
                    }
                    self.push("}");
                }
            }
        }
        self.push("\"");
        self.flat = flat;
    }

    /// Prints a value in a hole: in parentheses where it has a colon.
    fn in_hole(&mut self, print: impl FnOnce(&mut Self)) {
        let start = self.out.len();
        print(self);
        if self.out.get(start..).is_some_and(has_bare_colon) {
            self.out.insert(start, '(');
            self.push(")");
        }
    }
}

/// How braces are written.
#[derive(Clone, Copy, PartialEq)]
enum Braces {
    Plain,
    /// In the text of an interpolated string.
    Doubled,
    /// In the format of a hole, which has no `{`.
    ClosingDoubled,
}
