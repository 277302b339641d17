//! Looking ahead without building anything: is this a type, a cast, a generic name, a lambda, a query?

use super::{super::token::TokenKind, Parser};

/// A run of tokens that reads as a type.
#[derive(Clone, Copy)]
pub(super) struct TypeScan {
    /// The index of the token behind it.
    pub end: usize,
    /// Whether it can be nothing but a type: `int`, `a[]`, `a?`.
    pub definite: bool,
}

/// How deep a type may nest to be recognised. Beyond it the parser takes the code for an expression and stops at its own limit.
const MAX_DEPTH: u32 = 64;

impl Parser<'_> {
    /// The type that begins at `index`, if the tokens there read as one.
    pub(super) fn scan_type(&self, index: usize) -> Option<TypeScan> {
        self.scan_nested_type(index, 0)
    }

    fn scan_nested_type(&self, index: usize, depth: u32) -> Option<TypeScan> {
        if depth > MAX_DEPTH {
            return None;
        }
        let mut scan = match self.kind_at(index) {
            TokenKind::OpenParen => self.scan_tuple_type(index, depth)?,
            TokenKind::Identifier if self.identifier_at(index) => self.scan_type_name(index, depth)?,
            kind => {
                kind.predefined_type()?;
                TypeScan { end: index + 1, definite: true }
            }
        };
        loop {
            match self.kind_at(scan.end) {
                TokenKind::Question => scan.end += 1,
                TokenKind::Star if scan.definite => scan.end += 1,
                TokenKind::OpenBracket => match self.scan_rank(scan.end) {
                    Some(end) => scan.end = end,
                    None => return Some(scan),
                },
                _ => return Some(scan),
            }
            scan.definite = true;
        }
    }

    /// Behind `[]` or `[,]` at `index`.
    pub(super) fn scan_rank(&self, index: usize) -> Option<usize> {
        let mut end = index + 1;
        while self.kind_at(end) == TokenKind::Comma {
            end += 1;
        }
        (self.kind_at(end) == TokenKind::CloseBracket).then_some(end + 1)
    }

    fn scan_type_name(&self, index: usize, depth: u32) -> Option<TypeScan> {
        let mut end = index + 1;
        if self.kind_at(end) == TokenKind::ColonColon {
            end += 2;
            if !self.identifier_at(end - 1) {
                return None;
            }
        }
        loop {
            if self.kind_at(end) == TokenKind::Less {
                end = self.scan_type_arguments(end, depth)?.end;
            }
            if self.kind_at(end) != TokenKind::Dot || !self.member_at(end + 1) {
                return Some(TypeScan { end, definite: false });
            }
            end += 2;
        }
    }

    /// `(int, string b)` with two elements at least.
    fn scan_tuple_type(&self, index: usize, depth: u32) -> Option<TypeScan> {
        let mut end = index + 1;
        let (mut elements, mut definite) = (0, false);
        loop {
            let scan = self.scan_nested_type(end, depth + 1)?;
            end = scan.end;
            definite |= scan.definite;
            if self.identifier_at(end) {
                end += 1;
                definite = true;
            }
            elements += 1;
            match self.kind_at(end) {
                TokenKind::Comma => end += 1,
                TokenKind::CloseParen if elements > 1 => return Some(TypeScan { end: end + 1, definite }),
                _ => return None,
            }
        }
    }

    /// Behind `<A, B<C>>` at `index`.
    fn scan_type_arguments(&self, index: usize, depth: u32) -> Option<TypeScan> {
        let (mut end, mut definite) = (index + 1, false);
        loop {
            let scan = self.scan_nested_type(end, depth + 1)?;
            end = scan.end;
            definite |= scan.definite;
            match self.kind_at(end) {
                TokenKind::Comma => end += 1,
                TokenKind::Greater => return Some(TypeScan { end: end + 1, definite }),
                _ => return None,
            }
        }
    }

    /// Whether the `<` at `index`, behind a name in an expression, begins type arguments: C#'s rule looks at
    /// what follows their `>`, unless one of them can only be a type.
    pub(super) fn begins_type_arguments(&self, index: usize) -> bool {
        use TokenKind::*;
        if self.kind_at(index) != Less {
            return false;
        }
        let Some(TypeScan { end, definite }) = self.scan_type_arguments(index, 0) else { return false };
        if definite {
            return true;
        }
        matches!(
            self.kind_at(end),
            OpenParen
                | CloseParen
                | OpenBracket
                | CloseBracket
                | OpenBrace
                | CloseBrace
                | HoleClose
                | HoleFormat
                | Colon
                | Semicolon
                | Comma
                | Dot
                | Question
                | EqualEqual
                | BangEqual
                | Bar
                | BarBar
                | Caret
                | Ampersand
                | AmpersandAmpersand
                | Less
                | LessEqual
                | GreaterEqual
                | KeywordIs
                | KeywordAs
                | End
        ) || self.in_query && self.kind_at(end) == Identifier && !self.identifier_at(end)
    }

    /// Whether the `(` at `index` begins a cast: what it holds reads as a type, and either as nothing else, or what follows can only be an operand.
    pub(super) fn begins_cast(&self, index: usize) -> bool {
        use TokenKind::*;
        let partner = self.token_at(index).partner as usize;
        let Some(scan) = self.scan_type(index + 1).filter(|scan| scan.end == partner) else { return false };
        if scan.definite {
            return true;
        }
        match self.kind_at(partner + 1) {
            Tilde
            | Bang
            | OpenParen
            | Integer
            | Real
            | Character
            | String
            | VerbatimString
            | BadLiteral
            | InterpolatedStart
            | InterpolatedVerbatimStart => true,
            Identifier => self.identifier_at(partner + 1),
            KeywordIs | KeywordAs | KeywordIn | KeywordSwitch => false,
            kind => kind.is_keyword(),
        }
    }

    /// Whether a lambda begins at `index`: `x =>`, `(…) =>`.
    pub(super) fn begins_lambda(&self, index: usize) -> bool {
        match self.kind_at(index) {
            TokenKind::Identifier => self.kind_at(index + 1) == TokenKind::Arrow && self.identifier_at(index),
            TokenKind::OpenParen => {
                let partner = self.token_at(index).partner as usize;
                self.kind_at(partner) == TokenKind::CloseParen && self.kind_at(partner + 1) == TokenKind::Arrow
            }
            _ => false,
        }
    }

    /// Whether `from` at `index` begins a query: a range variable follows, and not the end of a declaration of a variable called `from`.
    pub(super) fn begins_query(&self, index: usize) -> bool {
        if !self.word_at(index, "from") {
            return false;
        }
        match self.kind_at(index + 1) {
            TokenKind::Identifier => !matches!(self.kind_at(index + 2), TokenKind::Semicolon | TokenKind::Comma | TokenKind::Equal),
            kind => kind.predefined_type().is_some(),
        }
    }

    /// Whether a type and the name of what it declares begin at `index`: the name's index.
    pub(super) fn scan_declaration(&self, index: usize) -> Option<usize> {
        let scan = self.scan_type(index)?;
        self.identifier_at(scan.end).then_some(scan.end)
    }

    /// Whether an expression can begin with the token at `index`.
    pub(super) fn begins_expression(&self, index: usize) -> bool {
        use TokenKind::*;
        match self.kind_at(index) {
            Identifier => self.identifier_at(index),
            Integer | Real | Character | String | VerbatimString | BadLiteral | InterpolatedStart | InterpolatedVerbatimStart => true,
            OpenParen | Plus | Minus | Bang | Tilde | PlusPlus | MinusMinus => true,
            KeywordNew | KeywordThis | KeywordBase | KeywordTypeOf | KeywordSizeOf | KeywordDefault | KeywordChecked | KeywordUnchecked => {
                true
            }
            KeywordNull | KeywordTrue | KeywordFalse | KeywordDelegate | KeywordThrow => true,
            kind => kind.predefined_type().is_some(),
        }
    }
}
