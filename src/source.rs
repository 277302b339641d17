//! Source text and places in it: what every diagnostic points at.

use std::{
    borrow::Cow,
    ops::Range,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// A half-open range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`; offsets past 4 GiB saturate.
    pub fn new(start: usize, end: usize) -> Self {
        let clamp = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { start: clamp(start), end: clamp(end.max(start)) }
    }

    /// The empty span at `offset`.
    pub fn at(offset: usize) -> Self {
        Self::new(offset, offset)
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The same range, `by` bytes further on: a place inside an expression becomes a place in its document.
    pub fn shifted(self, by: u32) -> Self {
        Self { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// The range as `usize`, for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// One named text: a file, standard input, or an argument.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: Arc<str>,
    lines: OnceLock<Vec<u32>>,
    /// How diagnostics quote pieces; the later of two counts. Readers find secrets while they read, and faults of the same text are told at any
    /// time.
    quotings: Mutex<Vec<(Span, Quoting)>>,
}

/// How a piece of a text is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// As it stands.
    Whole,
    /// There may be secrets in it: the brackets, commas and colons of YAML and JSON alone are shown.
    Outline,
    /// It is a secret.
    Nothing,
}

impl Source {
    /// A text under the name that diagnostics will show.
    pub fn new(name: impl Into<String>, text: impl Into<Arc<str>>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), lines: OnceLock::new(), quotings: Mutex::default() })
    }

    /// The name that diagnostics show: a path, or `<stdin>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of `span`, or `""` where the span lies outside or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// From now on diagnostics quote this piece so.
    pub fn quote(&self, span: Span, quoting: Quoting) {
        self.quotings.lock().unwrap_or_else(PoisonError::into_inner).push((span, quoting));
    }

    /// A piece of the text as diagnostics quote it. What is not shown has other characters of the same size, so that all else stands where it
    /// stood; blanks stay.
    pub fn quoted(&self, range: Range<usize>) -> Cow<'_, str> {
        let text = self.text.get(range.clone()).unwrap_or("");
        let quotings = self.quotings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![Quoting::Whole; text.len()];
        for (span, quoting) in quotings.iter() {
            let within = |at: u32| (at as usize).clamp(range.start, range.end) - range.start;
            bytes.get_mut(within(span.start)..within(span.end)).unwrap_or_default().fill(*quoting);
        }
        if bytes.iter().all(|quoting| *quoting == Quoting::Whole) {
            return text.into();
        }
        let shown = text.char_indices().map(|(at, character)| match bytes.get(at) {
            None | Some(Quoting::Whole) => character,
            Some(Quoting::Outline) if matches!(character, '{' | '}' | '[' | ']' | ',' | ':') => character,
            _ if character.is_whitespace() => character,
            _ => match character.len_utf8() {
                1 => '*',
                2 => '·',
                3 => '•',
                _ => '🞶',
            },
        });
        Cow::Owned(shown.collect())
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: u32) -> Position {
        let lines = self.lines.get_or_init(|| {
            let ends = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(ends.map(|(at, _)| Span::at(at + 1).start)).collect()
        });
        let line = lines.partition_point(|start| *start <= offset).max(1);
        let start = lines.get(line - 1).copied().unwrap_or(0);
        let column = self.text.get(start as usize..offset as usize).map_or(0, |before| before.chars().count());
        Position { line, column: column + 1 }
    }
}

/// A place as people count it: line and column from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever is concealed, every character that is quoted stands where it stood, and what is concealed whole shows blanks alone.
        #[test]
        fn what_is_quoted_stands_where_it_stood(text in "[a-c:{ \né€𝄞]{0,30}", spans in proptest::collection::vec((0..40u32, 0..40u32, 0..3usize), 0..5)) {
            let source = Source::new("a", &*text);
            for (start, length, quoting) in spans {
                let quoting = [Quoting::Whole, Quoting::Outline, Quoting::Nothing][quoting];
                source.quote(Span { start, end: start + length }, quoting);
            }
            let quoted = source.quoted(0..text.len()).into_owned();
            let sizes = |text: &str| text.chars().map(|c| (c.len_utf8(), c.is_whitespace())).collect::<Vec<_>>();
            prop_assert_eq!(sizes(&quoted), sizes(&text));
            source.quote(Span::new(0, text.len()), Quoting::Nothing);
            let is_hidden = !source.quoted(0..text.len()).contains(|c: char| "abc:{é€𝄞".contains(c));
            prop_assert!(is_hidden);
        }
    }

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let source = Source::new("a", "ab\nåc\n");
        let at = |offset| {
            let p = source.position(offset);
            (p.line, p.column)
        };
        assert_eq!([at(0), at(2), at(3), at(5), at(7)], [(1, 1), (1, 3), (2, 1), (2, 2), (3, 1)]);
        assert_eq!(at(1_000).0, 3, "an offset past the end belongs to the last line");
    }
}
