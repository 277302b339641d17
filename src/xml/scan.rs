//! Where the expressions of a document stand, before any XML reader has looked at it.
//!
//! Only so much of XML is known here as it takes to tell values and texts from comments, CDATA sections and instructions. What is found
//! can be hidden from an XML reader: see [`Scan::masked`].

use std::ops::Range;

use super::{
    balance::{Extent, Reading, extent},
    tree::{ExpressionKind, Written},
};

/// How many expressions without an end are reported.
const MAX_UNCLOSED: usize = 16;

/// How many bytes may be read in vain, so that no input makes the search quadratic. Behind that, an `@(` in the midst of a text is text.
const MAX_WASTE: usize = 16 << 20;

/// An expression in the raw text.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) range: Range<usize>,
    pub(super) kind: ExpressionKind,
    pub(super) written: Written,
}

/// What was found in a document.
#[derive(Default)]
pub(super) struct Scan {
    /// The expressions, by place.
    pub(super) found: Vec<Found>,
    /// Where an expression begins that has no end.
    pub(super) unclosed: Vec<usize>,
    /// Where a document type declaration begins; nothing behind it was looked at.
    pub(super) doctype: Option<usize>,
}

impl Scan {
    /// The text with every byte of an expression replaced by a letter, line breaks apart: as long as before, and harmless.
    pub(super) fn masked(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        for found in &self.found {
            let inside = bytes.get_mut(found.range.clone()).into_iter().flatten();
            inside.filter(|byte| !matches!(**byte, b'\n' | b'\r')).for_each(|byte| *byte = b'x');
        }
        String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
    }

    /// The expressions in that part of the text.
    pub(super) fn within(&self, range: &Range<usize>) -> &[Found] {
        let first = self.found.partition_point(|found| found.range.start < range.start);
        let behind = self.found.partition_point(|found| found.range.start < range.end);
        self.found.get(first..behind).unwrap_or(&[])
    }
}

/// Finds the expressions of a document.
pub(super) fn scan(text: &str) -> Scan {
    let mut scanner = Scanner { text, bytes: text.as_bytes(), at: 0, scan: Scan::default(), waste: 0 };
    while scanner.at < scanner.bytes.len() {
        scanner.value(None);
        scanner.markup();
    }
    scanner.scan
}

/// Finds the expressions of a text in which nothing is escaped: the content of a CDATA section at `range`.
pub(super) fn scan_verbatim(text: &str, range: Range<usize>) -> Vec<Found> {
    let bytes = text.as_bytes().get(..range.end).unwrap_or(&[]);
    let mut scanner = Scanner { text, bytes, at: range.start, scan: Scan::default(), waste: 0 };
    let mut found = Vec::new();
    while let Some(start) = scanner.next_opening(range.end) {
        scanner.at = start + 2;
        if !may_begin(bytes, start) || scanner.waste > MAX_WASTE {
            continue;
        }
        match extent(bytes, start, Reading::Raw) {
            Ok(Extent { end, .. }) => {
                found.push(Found { range: start..end, kind: kind_at(bytes, start), written: Written::Plain });
                scanner.at = end;
            }
            Err(reached) => scanner.waste += reached.saturating_sub(start),
        }
    }
    found
}

struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    scan: Scan,
    waste: usize,
}

impl Scanner<'_> {
    /// Reads an attribute's value up to its quote, or a text (no `delimiter`) up to the next `<`.
    fn value(&mut self, delimiter: Option<u8>) {
        let stop = delimiter.unwrap_or(b'<');
        let mut first = true;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            if byte == stop {
                return;
            }
            if byte == b'@' && matches!(self.bytes.get(self.at + 1), Some(b'(' | b'{')) {
                self.expression(delimiter, first);
            } else {
                self.at += 1;
            }
            first &= byte.is_ascii_whitespace();
        }
    }

    /// Reads the expression that seems to begin here, or passes over its opening.
    fn expression(&mut self, delimiter: Option<u8>, first: bool) {
        let start = self.at;
        self.at += 2;
        if !may_begin(self.bytes, start) || (!first && self.waste > MAX_WASTE) {
            return;
        }
        match self.extent(delimiter, start) {
            Some((end, written)) => {
                self.scan.found.push(Found { range: start..end, kind: kind_at(self.bytes, start), written });
                self.at = end;
            }
            None if first => {
                self.scan.unclosed.push(start);
                if self.scan.unclosed.len() >= MAX_UNCLOSED {
                    self.at = self.bytes.len();
                }
            }
            None => {}
        }
    }

    /// The end of the expression at `start` and how it was written.
    ///
    /// Nothing in a document says which of the two formats it is in, so every expression is judged for itself. Read as XML first: if it
    /// is well-formed where it stands and has references, it was written escaped; if it has none, both formats say the same. If it is
    /// not well-formed (a raw `<`, a lone `&`, a `"` between `"`), only `rawxml` allows it, and all of it is taken as it stands:
    /// `.Replace("<", "&lt;")` means its `&lt;`. Where both readings are possible and end in different places, the one that fills the
    /// value wins.
    fn extent(&mut self, delimiter: Option<u8>, start: usize) -> Option<(usize, Written)> {
        let mut escaped = None;
        if self.waste <= MAX_WASTE {
            match extent(self.bytes, start, Reading::Escaped { delimiter }) {
                Ok(extent) => {
                    let written = if extent.references { Written::Escaped } else { Written::Plain };
                    if written == Written::Plain || self.ends_value(extent.end, delimiter) {
                        return Some((extent.end, written));
                    }
                    escaped = Some((extent.end, written));
                }
                Err(reached) => self.waste += reached.saturating_sub(start),
            }
        }
        match extent(self.bytes, start, Reading::Raw) {
            Ok(raw) if escaped.is_none() || self.fills_value(start..raw.end, delimiter) => Some((raw.end, Written::Raw)),
            Ok(raw) => {
                self.waste += raw.end - start;
                escaped
            }
            Err(reached) => {
                self.waste += reached.saturating_sub(start);
                escaped
            }
        }
    }

    /// Whether nothing but blanks is left of the value behind `range`, and the value's end as XML sees it does not lie in it.
    fn fills_value(&self, range: Range<usize>, delimiter: Option<u8>) -> bool {
        let inside = self.bytes.get(range.clone()).unwrap_or(&[]);
        let crossed = match delimiter {
            Some(quote) => inside.contains(&quote),
            None => inside.windows(2).any(|pair| pair == b"</"),
        };
        !crossed && self.ends_value(range.end, delimiter)
    }

    /// Whether nothing but blanks is left of the value.
    fn ends_value(&self, end: usize, delimiter: Option<u8>) -> bool {
        let rest = self.bytes.get(end..).unwrap_or(&[]);
        let next = rest.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
        next == Some(delimiter.unwrap_or(b'<')) || (delimiter.is_none() && next.is_none())
    }

    /// Reads from `<` to behind the `>` that belongs to it.
    fn markup(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        if rest.starts_with(b"<!--") {
            self.skip_past(4, "-->");
        } else if rest.starts_with(b"<![CDATA[") {
            self.skip_past(9, "]]>");
        } else if rest.starts_with(b"<?") {
            self.skip_past(2, "?>");
        } else if rest.starts_with(b"<!D") || rest.starts_with(b"<!d") {
            self.scan.doctype = Some(self.at);
            self.at = self.bytes.len();
        } else {
            self.tag();
        }
    }

    fn skip_past(&mut self, opening: usize, closing: &str) {
        let from = self.at + opening;
        let found = self.text.get(from..).and_then(|rest| rest.find(closing));
        self.at = found.map_or(self.bytes.len(), |length| from + length + closing.len());
    }

    fn tag(&mut self) {
        self.at += 1;
        let mut behind_equals = false;
        while let Some(byte) = self.bytes.get(self.at).copied() {
            match byte {
                b'>' => {
                    self.at += 1;
                    return;
                }
                b'"' | b'\'' => {
                    self.at += 1;
                    self.value(Some(byte));
                    self.at += 1;
                }
                // `condition=@(…)`: the missing quotes are reported, not what stands in the code.
                b'@' if behind_equals && matches!(self.bytes.get(self.at + 1), Some(b'(' | b'{')) => self.expression(None, true),
                _ => self.at += 1,
            }
            behind_equals = byte == b'=' || (behind_equals && byte.is_ascii_whitespace());
        }
    }

    /// The next `@(` or `@{` before `limit`.
    fn next_opening(&self, limit: usize) -> Option<usize> {
        let rest = self.bytes.get(self.at..limit)?;
        let opening = |pair: &[u8]| matches!(pair, [b'@', b'(' | b'{']);
        rest.windows(2).position(opening).map(|found| self.at + found)
    }
}

/// Whether the `@(` or `@{` at `start` can begin an expression: not behind a letter or digit (`someone@(at)example`), nor where it is
/// an at sign and a Named Value, `@{{name}}`, which is put in before anything is parsed.
pub(super) fn may_begin(bytes: &[u8], start: usize) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii();
    if start.checked_sub(1).and_then(|before| bytes.get(before)).is_some_and(word) {
        return false;
    }
    let Some(name) = bytes.get(start + 1..).and_then(|rest| rest.strip_prefix(b"{{")) else { return true };
    let length = name.iter().take(256).take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')).count();
    length == 0 || !name.get(length..).is_some_and(|rest| rest.starts_with(b"}}"))
}

fn kind_at(bytes: &[u8], start: usize) -> ExpressionKind {
    if bytes.get(start + 1) == Some(&b'{') { ExpressionKind::Block } else { ExpressionKind::Single }
}
