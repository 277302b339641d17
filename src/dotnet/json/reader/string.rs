//! Strings of text: escapes, surrogates, dates. Source: JsonTextReader.cs (`ReadStringIntoBuffer`, `ParseReadString`).

use super::{Event, Piece, ReadType, Reader};
use crate::{
    dotnet::{exception::Raise, heap::Object, json::convert, json::date, runtime::Runtime, string::Str, value::Value},
    text::Text,
};

const REPLACEMENT: char = '\u{FFFD}';

/// A string that was read.
pub(super) struct Read<'t>(Piece<'t>);

impl<'t> Read<'t> {
    pub(super) fn borrowed(text: &'t str) -> Self {
        Self(Piece::Borrowed(text))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn into_value(self, runtime: &mut Runtime<'_>) -> Result<Value, Raise> {
        runtime.allocate(self.0.len())?;
        Ok(Value::String(match self.0 {
            Piece::Borrowed(text) => Str::Text(Text::copied(text)),
            Piece::Owned(text) => Str::from(text),
        }))
    }
}

impl<'t> Reader<'t> {
    /// Reads a string from its opening quote to behind its closing one.
    pub(super) fn read_string(&mut self, runtime: &mut Runtime<'_>, quote: u8) -> Result<Read<'t>, Raise> {
        let place = &mut self.text;
        place.at += 1;
        let text = place.text;
        let mut start = place.at;
        let mut made: Option<String> = None;
        loop {
            let place = &mut self.text;
            let Some(byte) = place.byte(0) else {
                return Err(self.fault(&format!("Unterminated string. Expected delimiter: {}.", char::from(quote))));
            };
            match byte {
                b'\\' => {
                    let plain = text.get(start..place.at).unwrap_or("");
                    runtime.allocate(plain.len() + 4)?;
                    let mut out = made.take().unwrap_or_default();
                    out.push_str(plain);
                    self.read_escape(quote, &mut out)?;
                    made = Some(out);
                    start = self.text.at;
                }
                b'\r' => place.carriage_return(),
                b'\n' => place.line_feed(),
                byte if byte == quote => {
                    let plain = text.get(start..place.at).unwrap_or("");
                    place.at += 1;
                    runtime.work(plain.len())?;
                    return Ok(Read(match made {
                        None => Piece::Borrowed(plain),
                        Some(mut made) => {
                            made.push_str(plain);
                            Piece::Owned(made)
                        }
                    }));
                }
                // Bytes inside a character are none of these; the place is used as one again at an ASCII byte only.
                _ => place.at += 1,
            }
        }
    }

    fn read_escape(&mut self, quote: u8, out: &mut String) -> Result<(), Raise> {
        let place = &mut self.text;
        place.at += 1;
        let Some(c) = place.char() else {
            return Err(self.fault(&format!("Unterminated string. Expected delimiter: {}.", char::from(quote))));
        };
        place.at += c.len_utf8();
        match c {
            'b' => out.push('\u{8}'),
            't' => out.push('\t'),
            'n' => out.push('\n'),
            'f' => out.push('\u{c}'),
            'r' => out.push('\r'),
            '\\' | '"' | '\'' | '/' => out.push(c),
            'u' => {
                let mut unit = self.read_unit()?;
                // A high surrogate waits for a low one; what has no partner is replaced.
                while (0xD800..0xDC00).contains(&unit) {
                    let place = &mut self.text;
                    if !(place.byte(0) == Some(b'\\') && place.byte(1) == Some(b'u') && place.has(2)) {
                        break;
                    }
                    place.at += 2;
                    let next = self.read_unit()?;
                    if let Some(Ok(c)) = char::decode_utf16([unit, next]).next().filter(|_| (0xDC00..0xE000).contains(&next)) {
                        out.push(c);
                        return Ok(());
                    }
                    out.push(REPLACEMENT);
                    unit = next;
                }
                out.push(char::from_u32(u32::from(unit)).unwrap_or(REPLACEMENT));
            }
            c => return Err(self.fault(&format!("Bad JSON escape sequence: \\{c}."))),
        }
        Ok(())
    }

    fn read_unit(&mut self) -> Result<u16, Raise> {
        let place = &mut self.text;
        if !place.has(3) {
            return Err(self.fault("Unexpected end while parsing Unicode escape sequence."));
        }
        let digits: String = place.text.get(place.at..).unwrap_or("").chars().take(4).collect();
        if digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            place.at += 4;
            return Ok(u16::from_str_radix(&digits, 16).unwrap_or(0));
        }
        Err(self.fault(&format!("Invalid Unicode escape sequence: \\u{digits}.")))
    }

    /// A string as the token that it is read as; numbers and booleans are left to the caller, who gets the text.
    pub(super) fn parse_string(&mut self, runtime: &mut Runtime<'_>, quote: u8, kind: ReadType) -> Result<(), Raise> {
        let read = self.read_string(runtime, quote)?;
        self.after_value(true);
        match kind {
            ReadType::Bytes => {
                let bytes = bytes_of(runtime, read)?;
                self.set(Event::Bytes, bytes, false)
            }
            kind => {
                let date = match kind {
                    ReadType::Read | ReadType::Int64 | ReadType::DateTime | ReadType::Double if self.reads_dates => {
                        date::parse(read.as_str()).map(Value::DateTime)
                    }
                    ReadType::DateTimeOffset => date::parse_offset(read.as_str()).map(Value::DateTimeOffset),
                    _ => None,
                };
                let (event, value) = match date {
                    Some(date) if kind != ReadType::Double => (Event::Date, date),
                    _ => (Event::String, read.into_value(runtime)?),
                };
                self.set(event, value, false)
            }
        }
    }
}

/// The bytes in a string: a GUID's, else Base64.
fn bytes_of(runtime: &mut Runtime<'_>, read: Read<'_>) -> Result<Value, Raise> {
    if read.as_str().is_empty() {
        return runtime.object(Object::Bytes(Vec::new()));
    }
    let text = read.into_value(runtime)?;
    convert::base64(runtime, &text)
}
