//! References resolved, and every decoded byte's way back to the document.

use std::ops::Range;

use super::{
    scan::Found,
    tree::{Expression, Form, Value, Written},
};
use crate::source::Span;

/// Nothing that stands for a character is longer than this, leading zeros apart.
const LONGEST_REFERENCE: usize = 32;

/// How many faults of one text are kept.
const MAX_FAULTS: usize = 256;

/// What is wrong with a piece of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TextFault {
    /// `&` that begins no reference.
    Ampersand,
    /// `&name;` that XML does not know without a DTD.
    UnknownEntity,
    /// `&#…;` that stands for no character XML allows.
    CharacterReference,
    /// `<` in an attribute's value.
    LessThan,
}

/// The character that the reference at `at` stands for, and how long it is.
pub(super) fn reference(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let (name, length) = reference_name(bytes, at)?;
    let char = match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((char, length))
}

/// What stands between `&` and `;`, and the length of it all.
fn reference_name(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let rest = bytes.get(at..)?.strip_prefix(b"&")?;
    let length = rest.iter().take(LONGEST_REFERENCE).position(|byte| *byte == b';')?;
    let name = rest.get(..length)?;
    let of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'_' | b'-' | b'.' | b':') || !byte.is_ascii();
    (!name.is_empty() && name.iter().all(of_name)).then_some((name, length + 2))
}

fn number(digits: &[u8], radix: u32) -> Option<char> {
    let mut value: u32 = 0;
    for digit in digits {
        value = value.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)?;
    }
    char::from_u32(value).filter(|char| !digits.is_empty() && is_xml_char(*char))
}

/// <https://www.w3.org/TR/xml/#NT-Char>
pub(super) fn is_xml_char(char: char) -> bool {
    matches!(char, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The value at `range`, in which those expressions stand, and what is wrong with its plain text.
pub(super) fn value(text: &str, range: Range<usize>, found: &[Found], attribute: bool) -> (Value, Vec<(TextFault, Span)>) {
    let mut decoder = Decoder::new(text, range.start);
    let mut expressions = Vec::with_capacity(found.len());
    let mut at = range.start;
    for item in found {
        decoder.plain(at..item.range.start, attribute);
        expressions.push(decoder.expression(item));
        at = item.range.end;
    }
    decoder.plain(at..range.end, attribute);
    let form = Form::of(expressions, &decoder.decoded);
    (decoder.finish(range, form), decoder.faults)
}

/// The content of a CDATA section at `range`: nothing in it is a reference.
pub(super) fn verbatim(text: &str, range: Range<usize>, found: &[Found]) -> Value {
    let mut decoder = Decoder::new(text, range.start);
    let mut expressions = Vec::with_capacity(found.len());
    let mut at = range.start;
    for item in found {
        decoder.literal(at..item.range.start);
        expressions.push(decoder.expression(item));
        at = item.range.end;
    }
    decoder.literal(at..range.end);
    let form = Form::of(expressions, &decoder.decoded);
    decoder.finish(range, form)
}

struct Decoder<'a> {
    text: &'a str,
    decoded: String,
    places: Vec<(u32, u32)>,
    behind_reference: bool,
    faults: Vec<(TextFault, Span)>,
}

impl<'a> Decoder<'a> {
    fn new(text: &'a str, start: usize) -> Self {
        let places = vec![(0, Span::at(start).start)];
        Self { text, decoded: String::new(), places, behind_reference: false, faults: Vec::new() }
    }

    fn finish(&mut self, range: Range<usize>, form: Form) -> Value {
        self.begin_run(range.end);
        let (decoded, places) = (std::mem::take(&mut self.decoded), std::mem::take(&mut self.places));
        Value { span: Span::new(range.start, range.end), decoded, places, form }
    }

    /// Behind a reference, text begins a new run.
    fn begin_run(&mut self, source: usize) {
        if self.behind_reference {
            self.places.push((Span::at(self.decoded.len()).start, Span::at(source).start));
            self.behind_reference = false;
        }
    }

    fn literal(&mut self, range: Range<usize>) {
        let text = self.text.get(range.clone()).unwrap_or("");
        if !text.is_empty() {
            self.begin_run(range.start);
            self.decoded.push_str(text);
        }
    }

    fn character(&mut self, char: char, source: usize) {
        let place = (Span::at(self.decoded.len()).start, Span::at(source).start);
        if self.places.last() != Some(&place) {
            self.places.push(place);
        }
        self.decoded.push(char);
        self.behind_reference = true;
    }

    /// Text with references; those that cannot be resolved are reported and kept.
    fn plain(&mut self, range: Range<usize>, attribute: bool) {
        let bytes = self.text.as_bytes();
        let mut at = range.start;
        let mut run = at;
        while at < range.end {
            match bytes.get(at) {
                Some(b'&') => match reference(bytes, at) {
                    Some((char, length)) => {
                        self.literal(run..at);
                        self.character(char, at);
                        at += length;
                        run = at;
                        continue;
                    }
                    None if self.faults.len() < MAX_FAULTS => self.faults.push(fault_at(bytes, at)),
                    None => {}
                },
                Some(b'<') if attribute && self.faults.len() < MAX_FAULTS => self.faults.push((TextFault::LessThan, Span::new(at, at + 1))),
                _ => {}
            }
            at += 1;
        }
        self.literal(run..range.end);
    }

    fn expression(&mut self, found: &Found) -> Expression {
        let start = self.decoded.len();
        if found.written == Written::Escaped {
            self.plain(found.range.clone(), false);
        } else {
            self.literal(found.range.clone());
        }
        let end = self.decoded.len();
        let source = found.range.clone();
        Expression {
            kind: found.kind,
            whole: Span::new(start, end),
            code: Span::new(start + 2, end.saturating_sub(1)),
            span: Span::new(source.start, source.end),
            code_span: Span::new(source.start + 2, self.closing(&source)),
            written: found.written,
        }
    }

    /// Where the closing bracket begins: it may be written as a reference, `&#41;`.
    fn closing(&self, source: &Range<usize>) -> usize {
        let last = self.places.last().filter(|_| self.behind_reference);
        last.map_or(source.end.saturating_sub(1), |(_, start)| *start as usize)
    }
}

fn fault_at(bytes: &[u8], at: usize) -> (TextFault, Span) {
    match reference_name(bytes, at) {
        Some(([b'#', ..], length)) => (TextFault::CharacterReference, Span::new(at, at + length)),
        Some((_, length)) => (TextFault::UnknownEntity, Span::new(at, at + length)),
        None => (TextFault::Ampersand, Span::new(at, at + 1)),
    }
}
