//! What can be asked of a value: its code, its places, its trimmed and its normalised form.

use std::borrow::Cow;

use super::tree::{Expression, ExpressionKind, Form, Value, Written};
use crate::source::{Source, Span};

impl Value {
    /// Plain text that stands in no document yet.
    pub fn literal(text: impl Into<String>) -> Self {
        Self { decoded: text.into(), ..Self::default() }
    }

    /// An expression that stands in no document yet: `code` is what goes between the brackets.
    pub fn expression(kind: ExpressionKind, code: &str) -> Self {
        let decoded = format!("{}{code}{}", kind.opening(), kind.closing());
        let whole = Span::new(0, decoded.len());
        let code = Span::new(kind.opening().len(), kind.opening().len() + code.len());
        let form =
            Form::Expression(Expression { kind, whole, code, span: Span::default(), code_span: Span::default(), written: Written::Plain });
        Self { decoded, form, ..Self::default() }
    }

    /// The raw text in the document.
    pub fn raw<'a>(&self, source: &'a Source) -> &'a str {
        source.slice(self.span)
    }

    /// The expressions in the value, in their order.
    pub fn expressions(&self) -> &[Expression] {
        self.form.expressions()
    }

    /// The expression, if the value is one and nothing else.
    pub fn as_expression(&self) -> Option<&Expression> {
        match &self.form {
            Form::Expression(expression) => Some(expression),
            _ => None,
        }
    }

    /// The decoded text, if there is no expression in it.
    pub fn as_literal(&self) -> Option<&str> {
        matches!(self.form, Form::Literal).then_some(self.decoded.as_str())
    }

    /// The decoded code of one of the value's expressions.
    pub fn code(&self, expression: &Expression) -> &str {
        self.decoded.get(expression.code.range()).unwrap_or("")
    }

    /// Places for that code alone: offsets from the code's first byte, as `csharp::Code::mapped` takes them.
    pub fn code_places(&self, expression: &Expression) -> Vec<(u32, u32)> {
        cut(&self.places, expression.code)
    }

    /// Where a span of `decoded` stands in the document; a reference such as `&lt;` is covered whole.
    pub fn place(&self, span: Span) -> Span {
        let Some(&(_, first)) = self.places.first() else { return self.span };
        let limit = self.span.end.max(first);
        let start = Piece::at(&self.places, span.start, limit).start(span.start);
        if span.end <= span.start {
            return Span { start, end: start };
        }
        let end = Piece::at(&self.places, span.end - 1, limit).end(span.end);
        Span { start, end: end.max(start) }
    }

    /// Whether the character at that offset of `decoded` was written as a reference.
    pub(super) fn is_reference(&self, offset: usize) -> bool {
        Piece::at(&self.places, Span::at(offset).start, u32::MAX).replaced
    }

    /// Whether there is nothing but white space, none of it written as a reference.
    pub fn is_blank(&self) -> bool {
        is_blank(&self.decoded) && !(0..self.decoded.len()).any(|at| self.is_reference(at))
    }

    /// The value without white space at both ends.
    pub fn trimmed(&self) -> Self {
        let start = self.decoded.len() - self.decoded.trim_start_matches(is_space).len();
        let text = self.decoded.trim_matches(is_space);
        let kept = Span::new(start, start + text.len());
        let moved = |expression: &Expression| expression.moved_back(kept.start);
        let form = match &self.form {
            Form::Literal => Form::Literal,
            Form::Expression(expression) => Form::Expression(moved(expression)),
            Form::Mixed(expressions) => Form::Mixed(expressions.iter().map(moved).collect()),
        };
        let mut places = cut(&self.places, kept);
        if places.is_empty() && !self.places.is_empty() {
            places.push((0, self.place(Span { start: kept.start, end: kept.start }).start));
        }
        Self { span: self.place(kept), decoded: text.to_owned(), places, form }
    }

    /// The value as an XML reader gives it to its application: raw line ends are `\n`, and in an attribute raw line breaks and tabs of
    /// plain text are spaces. <https://www.w3.org/TR/xml/#sec-line-ends>, <https://www.w3.org/TR/xml/#AVNormalize>
    ///
    /// Offsets of the result are not those of `decoded` where `\r\n` became one character.
    pub fn normalized(&self, attribute: bool) -> Cow<'_, str> {
        let touched = |byte: u8| byte == b'\r' || (attribute && matches!(byte, b'\n' | b'\t'));
        if !self.decoded.bytes().any(touched) {
            return Cow::Borrowed(&self.decoded);
        }
        let mut out = String::with_capacity(self.decoded.len());
        let mut chars = self.decoded.char_indices().peekable();
        while let Some((at, char)) = chars.next() {
            if !matches!(char, '\r' | '\n' | '\t') || self.is_reference(at) {
                out.push(char);
                continue;
            }
            if char == '\r' && chars.peek().is_some_and(|(next, char)| *char == '\n' && !self.is_reference(*next)) {
                chars.next();
            }
            out.push(match char {
                _ if attribute => ' ',
                '\t' => '\t',
                _ => '\n',
            });
        }
        Cow::Owned(out)
    }

    /// Whether both say the same: decoded text and where the expressions lie in it.
    pub fn same_content(&self, other: &Self) -> bool {
        let same = |(a, b): (&Expression, &Expression)| a.kind == b.kind && a.whole == b.whole;
        let (a, b) = (self.expressions(), other.expressions());
        self.decoded == other.decoded && a.len() == b.len() && a.iter().zip(b).all(same)
    }

    /// Several texts in a row as one.
    pub(super) fn joined(pieces: &[&Self]) -> Self {
        let mut all = Self { span: pieces.first().map_or(Span::default(), |first| first.span), ..Self::default() };
        let mut expressions = Vec::new();
        for piece in pieces {
            let by = Span::at(all.decoded.len()).start;
            if !all.places.is_empty() {
                // Where the text before ends, so that the gap up to this one is not taken for a reference.
                all.places.push((by, all.span.end));
            }
            all.span = all.span.to(piece.span);
            all.places.extend(piece.places.iter().map(|(decoded, source)| (decoded.saturating_add(by), *source)));
            expressions.extend(piece.expressions().iter().map(|expression| expression.moved_on(by)));
            all.decoded.push_str(&piece.decoded);
        }
        all.form = Form::of(expressions, &all.decoded);
        all
    }
}

impl Form {
    /// What a text with these expressions is.
    pub(super) fn of(expressions: Vec<Expression>, decoded: &str) -> Self {
        match expressions.as_slice() {
            [] => Self::Literal,
            [only] => {
                let outside = |range| decoded.get(range).is_some_and(is_blank);
                let (start, end) = (only.whole.start as usize, only.whole.end as usize);
                if outside(0..start) && outside(end..decoded.len()) { Self::Expression(*only) } else { Self::Mixed(expressions) }
            }
            _ => Self::Mixed(expressions),
        }
    }
}

impl Expression {
    fn moved_on(&self, by: u32) -> Self {
        Self { whole: self.whole.shifted(by), code: self.code.shifted(by), ..*self }
    }

    fn moved_back(&self, by: u32) -> Self {
        let back = |span: Span| Span { start: span.start.saturating_sub(by), end: span.end.saturating_sub(by) };
        Self { whole: back(self.whole), code: back(self.code), ..*self }
    }
}

/// A run of text between two places.
struct Piece {
    decoded: u32,
    source: u32,
    source_end: u32,
    replaced: bool,
}

impl Piece {
    fn at(places: &[(u32, u32)], offset: u32, limit: u32) -> Self {
        let next = places.partition_point(|(decoded, _)| *decoded <= offset);
        let (decoded, source) = next.checked_sub(1).and_then(|last| places.get(last)).copied().unwrap_or((0, 0));
        match places.get(next) {
            Some(&(decoded_end, source_end)) => {
                let replaced = decoded_end.saturating_sub(decoded) != source_end.saturating_sub(source);
                Self { decoded, source, source_end: source_end.max(source), replaced }
            }
            None => Self { decoded, source, source_end: limit, replaced: false },
        }
    }

    fn start(&self, offset: u32) -> u32 {
        if self.replaced { self.source } else { self.moved(offset) }
    }

    fn end(&self, offset: u32) -> u32 {
        if self.replaced { self.source_end } else { self.moved(offset) }
    }

    fn moved(&self, offset: u32) -> u32 {
        self.source.saturating_add(offset.saturating_sub(self.decoded)).min(self.source_end)
    }
}

/// The places of a part of the decoded text, with offsets from the part's first byte.
fn cut(places: &[(u32, u32)], part: Span) -> Vec<(u32, u32)> {
    let first = places.partition_point(|(decoded, _)| *decoded <= part.start).saturating_sub(1);
    let inside = places.iter().skip(first).take_while(|(decoded, _)| *decoded <= part.end);
    inside
        .map(|(decoded, source)| match part.start.checked_sub(*decoded) {
            Some(skipped) => (0, source.saturating_add(skipped)),
            None => (decoded.saturating_sub(part.start), *source),
        })
        .collect()
}

/// White space as XML counts it.
pub(super) fn is_space(char: char) -> bool {
    matches!(char, ' ' | '\t' | '\r' | '\n')
}

/// Whether there is nothing but white space.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}
