//! C# code as the parser sees it: decoded text, and the way back to the document that it stands in.

use std::sync::Arc;

use crate::{
    diagnostic::Diagnostic,
    source::{Source, Span},
};

/// A piece of C# with its place in a document.
///
/// Spans in tokens and trees are offsets in [`Code::text`]; [`Code::place`] turns them into spans of the document.
#[derive(Clone, Debug)]
pub struct Code {
    source: Arc<Source>,
    text: CodeText,
}

/// The code's text: a slice of the document where nothing was replaced, its own otherwise.
#[derive(Clone, Debug)]
enum CodeText {
    Verbatim(Span),
    Mapped { text: Arc<str>, places: Vec<(u32, u32)> },
}

impl Code {
    /// Code that stands in the document exactly as it is compiled.
    pub fn verbatim(source: &Arc<Source>, span: Span) -> Self {
        Self { source: source.clone(), text: CodeText::Verbatim(span) }
    }

    /// Code that differs from the document's text: XML entities decoded, Named Values put in.
    ///
    /// `places` are pairs of (offset in the code, offset in the document), sorted: where each piece begins. A piece that is as long in
    /// both is taken to be the same text; one whose lengths differ is a replacement and is underlined as a whole. A replacement
    /// therefore needs two pairs: where it begins, and where the text behind it goes on.
    pub fn mapped(source: &Arc<Source>, text: impl Into<Arc<str>>, mut places: Vec<(u32, u32)>) -> Self {
        places.sort_unstable();
        Self { source: source.clone(), text: CodeText::Mapped { text: text.into(), places } }
    }

    /// Code that is a whole text of its own, such as an argument of `eval`.
    pub fn whole(source: &Arc<Source>) -> Self {
        Self::verbatim(source, Span::new(0, source.text().len()))
    }

    /// The code inside `@(…)` or `@{…}` where that is the whole text, white space around it aside; text without such a frame is an
    /// expression as it stands. With it the form: whether it is a block.
    pub fn framed(source: &Arc<Source>) -> (Self, bool) {
        let text = source.text();
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        let frame = |open: &str, close: char| trimmed.starts_with(open) && trimmed.ends_with(close) && trimmed.len() > open.len();
        let is_block = frame("@{", '}');
        if is_block || frame("@(", ')') {
            (Self::verbatim(source, Span::new(start + 2, start + trimmed.len() - 1)), is_block)
        } else {
            (Self::verbatim(source, Span::new(start, start + trimmed.len())), false)
        }
    }

    /// The decoded text.
    pub fn text(&self) -> &str {
        match &self.text {
            CodeText::Verbatim(span) => self.source.slice(*span),
            CodeText::Mapped { text, .. } => text,
        }
    }

    /// The document that the code stands in.
    pub fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// The code's own text of `span`, or `""` where the span lies outside or cuts a character.
    pub fn slice(&self, span: Span) -> &str {
        self.text().get(span.range()).unwrap_or("")
    }

    /// Where a span of the code stands in the document.
    pub fn place(&self, span: Span) -> Span {
        match &self.text {
            CodeText::Verbatim(whole) => {
                let moved = span.shifted(whole.start);
                Span { start: moved.start.min(whole.end), end: moved.end.min(whole.end) }
            }
            CodeText::Mapped { places, .. } => {
                let limit = Span::at(self.source.text().len()).start;
                if span.start == span.end {
                    let at = Piece::at(places, span.start, limit).start(span.start).min(limit);
                    return Span { start: at, end: at };
                }
                let start = Piece::at(places, span.start, limit).start(span.start).min(limit);
                let end = Piece::at(places, span.end.saturating_sub(1), limit).end(span.end).min(limit);
                Span { start, end: end.max(start) }
            }
        }
    }

    /// An error that underlines `span` of the code where it stands in the document.
    pub fn diagnostic(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.source, self.place(span))
    }
}

/// A run of code between two of the given places.
struct Piece {
    code: u32,
    document: u32,
    document_end: u32,
    replaced: bool,
}

impl Piece {
    /// The piece that holds the code's byte at `offset`.
    fn at(places: &[(u32, u32)], offset: u32, limit: u32) -> Self {
        let next = places.partition_point(|(code, _)| *code <= offset);
        let (code, document) = next.checked_sub(1).and_then(|last| places.get(last)).copied().unwrap_or((0, 0));
        match places.get(next) {
            Some(&(code_end, document_end)) => {
                let replaced = code_end - code != document_end.saturating_sub(document);
                Self { code, document, document_end: document_end.max(document), replaced }
            }
            None => Self { code, document, document_end: limit, replaced: false },
        }
    }

    fn start(&self, offset: u32) -> u32 {
        if self.replaced { self.document } else { self.document.saturating_add(offset.saturating_sub(self.code)) }
    }

    fn end(&self, offset: u32) -> u32 {
        if self.replaced { self.document_end } else { self.document.saturating_add(offset.saturating_sub(self.code)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbatim_code_is_shifted() {
        let source = Source::new("p.xml", "<a b=\"@(x + y)\"/>");
        let code = Code::verbatim(&source, Span::new(8, 13));
        assert_eq!(code.text(), "x + y");
        assert_eq!(source.slice(code.place(Span::new(4, 5))), "y");
        assert_eq!(code.place(Span::new(5, 99)), Span::new(13, 13), "never past the code's end");
    }

    #[test]
    fn replaced_pieces_are_underlined_whole() {
        // `a &lt; {{limit}} + b` became `a < 120000 + b`.
        let source = Source::new("p.xml", "@(a &lt; {{limit}} + b)");
        let places = vec![(0, 2), (2, 4), (3, 8), (4, 9), (10, 18)];
        let code = Code::mapped(&source, "a < 120000 + b", places);
        let slice = |start, end| source.slice(code.place(Span::new(start, end)));
        assert_eq!(slice(0, 1), "a");
        assert_eq!(slice(2, 3), "&lt;");
        assert_eq!(slice(4, 10), "{{limit}}");
        assert_eq!(slice(6, 8), "{{limit}}", "inside of a replacement");
        assert_eq!(slice(13, 14), "b");
        assert_eq!(slice(0, 14), "a &lt; {{limit}} + b");
        assert_eq!(code.place(Span::at(14)), Span::at(22));
    }

    #[test]
    fn places_outside_of_the_document_are_clamped() {
        let source = Source::new("p.xml", "ab");
        let code = Code::mapped(&source, "abcdef", vec![(0, 0)]);
        assert_eq!(code.place(Span::new(3, 6)), Span::new(2, 2));
    }
}
