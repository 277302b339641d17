//! What stands behind an operand: members, calls, elements, `?.`, `++`; and arguments.

use super::{
    super::{
        token::TokenKind,
        tree::{Argument, ArgumentModifier, ExpressionKind, Identifier, UnaryOperator},
    },
    Node, Parse, Parser,
};

impl Parser<'_> {
    /// An operand with everything behind it.
    pub(super) fn postfix(&mut self) -> Parse<Node> {
        let operand = self.primary()?;
        self.chain(operand, false)
    }

    /// Members, calls, elements and increments of `operand`, as far as they go; what is `bound` to a `?` is not incremented.
    fn chain(&mut self, mut operand: Node, bound: bool) -> Parse<Node> {
        let start = operand.span;
        loop {
            let base = self.links;
            let kind = match self.kind() {
                TokenKind::Dot => {
                    self.bump();
                    ExpressionKind::Member { target: operand, name: self.member_name()? }
                }
                TokenKind::OpenParen => ExpressionKind::Invocation { target: operand, arguments: self.beside(base, Self::arguments)? },
                TokenKind::OpenBracket => {
                    ExpressionKind::Element { target: operand, arguments: self.beside(base, Self::element_arguments)? }
                }
                TokenKind::Question if matches!(self.peek(1), TokenKind::Dot | TokenKind::OpenBracket) => {
                    operand = self.nested(|parser| parser.conditional_access(operand))?;
                    continue;
                }
                TokenKind::PlusPlus if !bound => self.increment(UnaryOperator::PostIncrement, operand),
                TokenKind::MinusMinus if !bound => self.increment(UnaryOperator::PostDecrement, operand),
                TokenKind::Bang => {
                    let span = self.token().span;
                    return Err(self.not_available("nullable reference types", "8.0", span));
                }
                TokenKind::PointerArrow => return Err(self.unsafe_code()),
                _ => return Ok(operand),
            };
            self.link()?;
            operand = self.node(kind, start)?;
        }
    }

    fn increment(&mut self, operator: UnaryOperator, operand: Node) -> ExpressionKind {
        self.bump();
        ExpressionKind::Unary { operator, operand }
    }

    /// `?.b.c` or `?[i].c` behind `target`.
    fn conditional_access(&mut self, target: Node) -> Parse<Node> {
        let start = target.span;
        self.bump();
        let binding_start = self.token().span;
        let kind = if self.eat(TokenKind::Dot) {
            ExpressionKind::MemberBinding(self.member_name()?)
        } else {
            ExpressionKind::ElementBinding(self.element_arguments()?)
        };
        let binding = self.node(kind, binding_start)?;
        self.link()?;
        let when_not_null = self.chain(binding, true)?;
        let kind = ExpressionKind::ConditionalAccess { target, when_not_null };
        self.node(kind, start)
    }

    /// `(a, b)`
    pub(super) fn arguments(&mut self) -> Parse<Vec<Argument>> {
        self.expect(TokenKind::OpenParen)?;
        if self.eat(TokenKind::CloseParen) {
            return Ok(Vec::new());
        }
        let arguments = self.argument_list()?;
        self.expect(TokenKind::CloseParen)?;
        Ok(arguments)
    }

    /// `[a, b]`
    pub(super) fn element_arguments(&mut self) -> Parse<Vec<Argument>> {
        self.expect(TokenKind::OpenBracket)?;
        if self.kind() == TokenKind::CloseBracket {
            return Err(self.fail("CS0443", "Syntax error; value expected"));
        }
        let arguments = self.argument_list()?;
        self.expect(TokenKind::CloseBracket)?;
        Ok(arguments)
    }

    fn argument_list(&mut self) -> Parse<Vec<Argument>> {
        let (base, in_case) = (self.links, std::mem::take(&mut self.in_case));
        let mut arguments = Vec::new();
        loop {
            arguments.push(self.beside(base, Self::argument)?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.in_case = in_case;
        Ok(arguments)
    }

    fn argument(&mut self) -> Parse<Argument> {
        let start = self.token().span;
        let name = self.argument_name()?;
        let modifier = match self.kind() {
            TokenKind::KeywordRef => Some(ArgumentModifier::Ref),
            TokenKind::KeywordOut => Some(ArgumentModifier::Out),
            TokenKind::KeywordIn => Some(ArgumentModifier::In),
            _ => None,
        };
        if modifier.is_some() {
            self.bump();
        }
        let declares = modifier == Some(ArgumentModifier::Out) && self.scan_declaration(self.at).is_some();
        let value = if declares { self.declaration_expression()? } else { self.expression()? };
        Ok(Argument { name, modifier, value: *value, span: self.since(start) })
    }

    /// `name:` in front of an argument.
    pub(super) fn argument_name(&mut self) -> Parse<Option<Identifier>> {
        if self.peek(1) != TokenKind::Colon || !self.identifier_at(self.at) {
            return Ok(None);
        }
        let name = self.identifier()?;
        self.bump();
        Ok(Some(name))
    }
}
