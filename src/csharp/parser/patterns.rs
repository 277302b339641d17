//! Patterns: what `is` and `case` test for.

use super::{
    super::{
        token::TokenKind,
        tree::{Pattern, PatternKind, Precedence},
    },
    Parse, Parser,
    types::TypePlace,
};

impl Parser<'_> {
    /// What stands behind `is`.
    pub(super) fn is_pattern(&mut self) -> Parse<Pattern> {
        self.nested(|parser| {
            let start = parser.token().span;
            parser.refuse_pattern_start()?;
            let kind = match parser.declaring_pattern()? {
                Some(kind) => kind,
                None => parser.type_or_constant()?,
            };
            let span = parser.since(start);
            parser.refuse_pattern_rest()?;
            Ok(Pattern { kind, span })
        })
    }

    /// What stands behind `case`.
    pub(super) fn case_pattern(&mut self) -> Parse<Pattern> {
        self.nested(|parser| {
            let start = parser.token().span;
            parser.refuse_pattern_start()?;
            let kind = match parser.declaring_pattern()? {
                Some(kind) => kind,
                None => {
                    parser.refuse_bare_type()?;
                    PatternKind::Constant(parser.value()?)
                }
            };
            let span = parser.since(start);
            parser.refuse_pattern_rest()?;
            Ok(Pattern { kind, span })
        })
    }

    /// `var x`, `T x`, `_`.
    fn declaring_pattern(&mut self) -> Parse<Option<PatternKind>> {
        if self.word("var") {
            if self.begins_var_tuple(self.at) {
                let span = self.token().span;
                return Err(self.not_available("recursive patterns", "8.0", span));
            }
            if self.identifier_at(self.at + 1) {
                self.bump();
                return Ok(Some(PatternKind::Var(self.designation(false)?)));
            }
        }
        if self.word("_") && !matches!(self.peek(1), TokenKind::Dot | TokenKind::OpenParen) && !self.identifier_at(self.at + 1) {
            self.bump();
            return Ok(Some(PatternKind::Discard));
        }
        let Some(scan) = self.scan_type(self.at) else { return Ok(None) };
        if self.kind_at(scan.end) == TokenKind::OpenBrace {
            // No statement's block stands directly behind a type.
            let span = self.token_at(scan.end).span;
            return Err(self.not_available("recursive patterns", "8.0", span));
        }
        let connects = self.connects_patterns(scan.end);
        if !self.identifier_at(scan.end) || connects {
            return Ok(None);
        }
        if self.scan_ends_in_question(scan.end) {
            // `a is T ? b : c`
            return Ok(None);
        }
        let ty = self.ty()?;
        Ok(Some(PatternKind::Declaration { ty, designation: self.designation(false)? }))
    }

    fn scan_ends_in_question(&self, end: usize) -> bool {
        end.checked_sub(1).is_some_and(|last| self.kind_at(last) == TokenKind::Question)
    }

    /// A type, or a constant: a name alone may be either, and is left as a type.
    fn type_or_constant(&mut self) -> Parse<PatternKind> {
        use TokenKind::*;
        let Some(scan) = self.scan_type(self.at) else {
            return Ok(PatternKind::Constant(*self.operators(Precedence::Shift)?));
        };
        let goes_on = match self.kind_at(scan.end) {
            Plus | Minus | Star | Slash | Percent | LessLess | Dot | OpenBracket | OpenParen => {
                !scan.definite || self.kind_at(scan.end) == Dot
            }
            _ => false,
        };
        if goes_on {
            Ok(PatternKind::Constant(*self.operators(Precedence::Shift)?))
        } else {
            Ok(PatternKind::Type(self.type_in(TypePlace::Operand)?))
        }
    }

    /// `case int:` tests for a type alone, which C# 9 brought.
    fn refuse_bare_type(&mut self) -> Parse<()> {
        let bare = self
            .scan_type(self.at)
            .filter(|scan| scan.definite && matches!(self.kind_at(scan.end), TokenKind::Colon | TokenKind::Identifier));
        let Some(scan) = bare else { return Ok(()) };
        if self.scan_ends_in_question(scan.end) {
            return Ok(());
        }
        let span = self.token().span.to(self.token_at(scan.end - 1).span);
        Err(self.not_available("type pattern", "9.0", span))
    }

    /// Patterns that later versions brought, by how they begin.
    fn refuse_pattern_start(&mut self) -> Parse<()> {
        use TokenKind::*;
        let span = self.token().span;
        match self.kind() {
            Less | LessEqual | Greater | GreaterEqual => Err(self.not_available("relational pattern", "9.0", span)),
            OpenBrace => Err(self.not_available("recursive patterns", "8.0", span)),
            OpenBracket => Err(self.not_available("list pattern", "11.0", span)),
            // An array of tuples is a type; tuples themselves are positional patterns.
            OpenParen if self.scan_type(self.at).is_some_and(|scan| self.kind_at(scan.end - 1) == CloseParen) => {
                Err(self.not_available("recursive patterns", "8.0", span))
            }
            Identifier
                if self.word("not") && (self.begins_expression(self.at + 1) || self.peek(1) == OpenBrace) && self.peek(1) != OpenParen =>
            {
                Err(self.not_available("not pattern", "9.0", span))
            }
            _ => Ok(()),
        }
    }

    /// `and` and `or` behind a pattern.
    fn refuse_pattern_rest(&mut self) -> Parse<()> {
        let span = self.token().span;
        if self.connects_patterns(self.at) {
            let feature = if self.word("and") { "and pattern" } else { "or pattern" };
            return Err(self.not_available(feature, "9.0", span));
        }
        Ok(())
    }

    /// Whether `and` or `or` at `index` connects two patterns instead of naming a variable.
    fn connects_patterns(&self, index: usize) -> bool {
        use TokenKind::*;
        if !self.word_at(index, "and") && !self.word_at(index, "or") {
            return false;
        }
        match self.kind_at(index + 1) {
            Less | LessEqual | Greater | GreaterEqual | OpenBrace => true,
            Plus | Minus => false,
            _ => self.begins_expression(index + 1),
        }
    }
}
