//! Operands: literals, names, parentheses and tuples, keywords that begin an operand.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{Argument, Designation, ExpressionKind, Identifier, Literal, SimpleName, Type, TypeKind},
    },
    Node, Parse, Parser,
};

impl Parser<'_> {
    /// An operand without what stands behind it.
    pub(super) fn primary(&mut self) -> Parse<Node> {
        use TokenKind::*;
        match self.kind() {
            Identifier if self.identifier_at(self.at) => self.parsed(Self::name),
            Integer | Real | Character | String | VerbatimString | BadLiteral => self.parsed(Self::literal),
            InterpolatedStart | InterpolatedVerbatimStart => self.parsed(Self::interpolated),
            OpenParen => self.parsed(Self::parenthesized),
            KeywordNew => self.parsed(Self::creation),
            KeywordDelegate => self.parsed(Self::anonymous_method),
            KeywordStackAlloc => Err(self.unsafe_code()),
            OpenBracket => {
                let span = self.token().span;
                Err(self.not_available("collection expressions", "12.0", span))
            }
            _ => self.parsed(Self::keyword),
        }
    }

    /// What a keyword stands for or begins.
    fn keyword(&mut self) -> Parse<ExpressionKind> {
        use TokenKind::*;
        let kind = match self.kind() {
            KeywordTypeOf => return self.type_of(),
            KeywordSizeOf => return self.type_in_parentheses().map(ExpressionKind::SizeOf),
            KeywordDefault if self.peek(1) == OpenParen => return self.type_in_parentheses().map(ExpressionKind::Default),
            KeywordChecked => return self.keyword_parentheses().map(ExpressionKind::Checked),
            KeywordUnchecked => return self.keyword_parentheses().map(ExpressionKind::Unchecked),
            KeywordNull => ExpressionKind::Literal(Literal::Null),
            KeywordTrue => ExpressionKind::Literal(Literal::Bool(true)),
            KeywordFalse => ExpressionKind::Literal(Literal::Bool(false)),
            KeywordThis => ExpressionKind::This,
            KeywordBase => ExpressionKind::Base,
            KeywordDefault => ExpressionKind::DefaultLiteral,
            kind => match kind.predefined_type() {
                Some(predefined) if matches!(self.peek(1), Dot | DotDot) => ExpressionKind::Predefined(predefined),
                _ => return Err(self.invalid_term()),
            },
        };
        self.bump();
        Ok(kind)
    }

    fn name(&mut self) -> Parse<ExpressionKind> {
        if self.peek(1) == TokenKind::ColonColon {
            let alias = self.identifier()?;
            self.bump();
            return Ok(ExpressionKind::AliasQualified { alias, name: Box::new(self.simple_name()?) });
        }
        if self.peek(1) == TokenKind::OpenParen && self.word("nameof") {
            return Ok(ExpressionKind::NameOf(self.keyword_parentheses()?));
        }
        Ok(ExpressionKind::Name(self.simple_name()?))
    }

    /// A name in an expression, with type arguments where the `<` behind it begins some.
    pub(super) fn simple_name(&mut self) -> Parse<SimpleName> {
        let identifier = self.identifier()?;
        self.generic_name(identifier)
    }

    /// A name behind a dot in an expression.
    pub(super) fn member_name(&mut self) -> Parse<SimpleName> {
        let identifier = self.member_identifier()?;
        self.generic_name(identifier)
    }

    fn generic_name(&mut self, identifier: Identifier) -> Parse<SimpleName> {
        let arguments = if self.begins_type_arguments(self.at) { self.type_arguments()? } else { Vec::new() };
        Ok(SimpleName { identifier, arguments })
    }

    /// `(a)` or `(a, b)`.
    fn parenthesized(&mut self) -> Parse<ExpressionKind> {
        self.bump();
        let (base, in_case) = (self.links, std::mem::take(&mut self.in_case));
        let mut elements = Vec::new();
        loop {
            let first = elements.is_empty();
            elements.push(self.beside(base, |parser| parser.tuple_element(first))?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.in_case = in_case;
        self.expect(TokenKind::CloseParen)?;
        match elements.pop() {
            Some(Argument { name: None, value, .. }) if elements.is_empty() => Ok(ExpressionKind::Parenthesized(Box::new(value))),
            Some(last) if elements.is_empty() => {
                Err(self.report(Fault::new("CS8124", last.span, "Tuple must contain at least two elements.")))
            }
            last => {
                elements.extend(last);
                Ok(ExpressionKind::Tuple(elements))
            }
        }
    }

    fn tuple_element(&mut self, first: bool) -> Parse<Argument> {
        let start = self.token().span;
        let name = self.argument_name()?;
        let value = match self.declared_element(first)? {
            Some(declaration) => declaration,
            None => {
                self.in_tuple = true;
                self.expression()?
            }
        };
        Ok(Argument { name, modifier: None, value: *value, span: self.since(start) })
    }

    /// `int a` or `var (a, b)` in a deconstruction, which has two elements at least.
    fn declared_element(&mut self, first: bool) -> Parse<Option<Node>> {
        let closes = |kind| kind == TokenKind::Comma || kind == TokenKind::CloseParen && !first;
        if self.begins_var_tuple(self.at) {
            let behind = self.token_at(self.at + 1).partner as usize + 1;
            return if closes(self.kind_at(behind)) { self.declaration_expression().map(Some) } else { Ok(None) };
        }
        match self.scan_declaration(self.at) {
            Some(name) if closes(self.kind_at(name + 1)) => self.declaration_expression().map(Some),
            _ => Ok(None),
        }
    }

    /// Whether `var (a, (b, c))` stands at `index`: nothing but names in its parentheses.
    pub(super) fn begins_var_tuple(&self, index: usize) -> bool {
        if !self.word_at(index, "var") || self.kind_at(index + 1) != TokenKind::OpenParen {
            return false;
        }
        let partner = self.token_at(index + 1).partner as usize;
        let inside = self.tokens.get(index + 2..partner).unwrap_or_default();
        let names = |kind| matches!(kind, TokenKind::Identifier | TokenKind::Comma | TokenKind::OpenParen | TokenKind::CloseParen);
        inside.iter().all(|token| names(token.kind)) && inside.iter().any(|token| token.kind == TokenKind::Comma)
    }

    /// `int a`, `var a`, `var _`, `var (a, b)`.
    pub(super) fn declaration_expression(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let ty = if self.begins_var_tuple(self.at) { Type { kind: TypeKind::Var, span: self.bump().span } } else { self.declared_type()? };
        let designation = self.designation(matches!(ty.kind, TypeKind::Var))?;
        self.node(ExpressionKind::Declaration { ty: Box::new(ty), designation }, start)
    }

    /// A name, `_`, or, behind `var`, several in parentheses.
    pub(super) fn designation(&mut self, tuples: bool) -> Parse<Designation> {
        if !tuples || self.kind() != TokenKind::OpenParen {
            let identifier = self.identifier()?;
            return Ok(if identifier.name == "_" { Designation::Discard(identifier.span) } else { Designation::Variable(identifier) });
        }
        self.nested(|parser| {
            let start = parser.bump().span;
            let mut elements = vec![parser.designation(true)?];
            while parser.eat(TokenKind::Comma) {
                elements.push(parser.designation(true)?);
            }
            parser.expect(TokenKind::CloseParen)?;
            Ok(Designation::Tuple(elements, parser.since(start)))
        })
    }

    fn type_of(&mut self) -> Parse<ExpressionKind> {
        if self.peek(1) != TokenKind::OpenParen || self.peek(2) != TokenKind::KeywordVoid {
            return Ok(ExpressionKind::TypeOf(self.type_in_parentheses()?));
        }
        self.bump();
        self.bump();
        let ty = self.void();
        self.expect(TokenKind::CloseParen)?;
        Ok(ExpressionKind::TypeOf(ty))
    }

    /// `void` where the current token is it.
    pub(super) fn void(&mut self) -> Type {
        Type { kind: TypeKind::Predefined(super::super::tree::PredefinedType::Void), span: self.bump().span }
    }

    /// `keyword(T)`
    fn type_in_parentheses(&mut self) -> Parse<Type> {
        self.bump();
        self.expect(TokenKind::OpenParen)?;
        let ty = self.ty()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(ty)
    }

    /// `keyword(a)`
    fn keyword_parentheses(&mut self) -> Parse<Node> {
        self.bump();
        self.expect(TokenKind::OpenParen)?;
        let value = self.expression()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(value)
    }
}
