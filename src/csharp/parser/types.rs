//! Types.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{Identifier, PredefinedType, SimpleName, TupleElement, Type, TypeKind, TypeName},
    },
    Parse, Parser,
};
use crate::source::Span;

/// What may follow a type.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum TypePlace {
    /// A name, a bracket, a comma: `?` belongs to the type.
    Plain,
    /// Behind `is` and `as` a `?` belongs to the type only where nothing follows it that could be the middle of `?:`.
    Operand,
    /// Behind `new`: `[` is not the type's, but holds the array's lengths.
    New,
}

impl Parser<'_> {
    /// A type where one must stand.
    pub(super) fn ty(&mut self) -> Parse<Type> {
        self.type_in(TypePlace::Plain)
    }

    pub(super) fn type_in(&mut self, place: TypePlace) -> Parse<Type> {
        self.nested(|parser| {
            let ty = parser.simple_type()?;
            parser.type_suffixes(ty, place)
        })
    }

    /// The type of a declaration, where `var` is not a name.
    pub(super) fn declared_type(&mut self) -> Parse<Type> {
        if self.word("var") && self.identifier_at(self.at + 1) {
            let span = self.bump().span;
            return Ok(Type { kind: TypeKind::Var, span });
        }
        self.ty()
    }

    fn simple_type(&mut self) -> Parse<Type> {
        let start = self.token().span;
        if let Some(predefined) = self.kind().predefined_type() {
            if predefined == PredefinedType::Void {
                return Err(self.fail("CS1547", "Keyword 'void' cannot be used in this context"));
            }
            self.bump();
            return Ok(Type { kind: TypeKind::Predefined(predefined), span: start });
        }
        let kind = match self.kind() {
            TokenKind::OpenParen => self.tuple_type()?,
            TokenKind::Identifier if self.identifier_at(self.at) => self.type_name()?,
            _ => return Err(self.missing_type()),
        };
        Ok(Type { kind, span: self.since(start) })
    }

    fn type_name(&mut self) -> Parse<TypeKind> {
        let plain = self.peek(1) != TokenKind::Dot && self.peek(1) != TokenKind::Less && self.peek(1) != TokenKind::ColonColon;
        if plain && self.word("dynamic") {
            self.bump();
            return Ok(TypeKind::Dynamic);
        }
        if plain && (self.word("nint") || self.word("nuint")) {
            let span = self.token().span;
            return Err(self.not_available("native-sized integers", "9.0", span));
        }
        let mut alias = None;
        if self.peek(1) == TokenKind::ColonColon {
            alias = Some(self.identifier()?);
            self.bump();
        }
        let first = self.identifier()?;
        let mut parts = vec![self.type_part(first)?];
        while self.eat(TokenKind::Dot) {
            self.link()?;
            let next = self.member_identifier()?;
            parts.push(self.type_part(next)?);
        }
        Ok(TypeKind::Name(TypeName { alias, parts }))
    }

    /// A name in a type: `<` begins its arguments.
    fn type_part(&mut self, identifier: Identifier) -> Parse<SimpleName> {
        let arguments = if self.kind() == TokenKind::Less { self.type_arguments()? } else { Vec::new() };
        Ok(SimpleName { identifier, arguments })
    }

    /// `<A, B>`; `<,>` too, for `typeof`.
    pub(super) fn type_arguments(&mut self) -> Parse<Vec<Type>> {
        self.expect(TokenKind::Less)?;
        let mut arguments = Vec::new();
        let omitted = matches!(self.kind(), TokenKind::Comma | TokenKind::Greater);
        let base = self.links;
        loop {
            if omitted {
                arguments.push(Type { kind: TypeKind::Omitted, span: Span::at(self.previous_end() as usize) });
            } else {
                arguments.push(self.beside(base, Self::ty)?);
            }
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.expect(TokenKind::Greater)?;
        Ok(arguments)
    }

    fn tuple_type(&mut self) -> Parse<TypeKind> {
        self.expect(TokenKind::OpenParen)?;
        let mut elements = Vec::new();
        let base = self.links;
        loop {
            let start = self.token().span;
            let ty = self.beside(base, Self::ty)?;
            let name = if self.identifier_at(self.at) { Some(self.identifier()?) } else { None };
            elements.push(TupleElement { ty, name, span: self.since(start) });
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        if elements.len() < 2 && self.kind() == TokenKind::CloseParen {
            return Err(self.fail("CS8124", "Tuple must contain at least two elements."));
        }
        self.expect(TokenKind::CloseParen)?;
        Ok(TypeKind::Tuple(elements))
    }

    fn type_suffixes(&mut self, mut ty: Type, place: TypePlace) -> Parse<Type> {
        let start = ty.span;
        if self.kind() == TokenKind::Question && self.question_is_nullable(place) {
            self.bump();
            if matches!(ty.kind, TypeKind::Predefined(PredefinedType::String | PredefinedType::Object) | TypeKind::Dynamic) {
                return Err(self.not_available("nullable reference types", "8.0", self.since(start)));
            }
            ty = Type { kind: TypeKind::Nullable(Box::new(ty)), span: self.since(start) };
        }
        if self.kind() == TokenKind::Star && place == TypePlace::Plain {
            return Err(self.unsafe_code());
        }
        if place == TypePlace::New {
            return Ok(ty);
        }
        let mut ranks = Vec::new();
        while self.kind() == TokenKind::OpenBracket && self.scan_rank(self.at).is_some() {
            self.deeper()?;
            ranks.push((self.rank()?, self.since(start)));
        }
        if !ranks.is_empty() && self.kind() == TokenKind::Question && self.question_is_nullable(place) {
            self.bump();
            return Err(self.not_available("nullable reference types", "8.0", self.since(start)));
        }
        Ok(array_of(ty, ranks.into_iter()))
    }

    /// `[,]`: the number of dimensions.
    pub(super) fn rank(&mut self) -> Parse<usize> {
        self.expect(TokenKind::OpenBracket)?;
        let mut rank = 1;
        while self.eat(TokenKind::Comma) {
            rank += 1;
        }
        self.expect(TokenKind::CloseBracket)?;
        Ok(rank)
    }

    fn question_is_nullable(&self, place: TypePlace) -> bool {
        match place {
            TypePlace::Plain | TypePlace::New => true,
            // `a is int[] ? b : c`, but `a as int? ?? b`; `int?[]` is an array.
            TypePlace::Operand => {
                self.scan_rank(self.at + 1).is_some_and(|_| self.peek(1) == TokenKind::OpenBracket) || !self.begins_expression(self.at + 1)
            }
        }
    }

    /// Pointers and the like: nowhere in policy expressions.
    pub(super) fn unsafe_code(&mut self) -> super::Failed {
        let span = self.token().span;
        self.report(Fault::new("CS0214", span, "Pointers and fixed size buffers may only be used in an unsafe context"))
    }
}

/// Wraps the type of the innermost elements: the first of the ranks is the outermost array's.
pub(super) fn array_of(element: Type, ranks: impl DoubleEndedIterator<Item = (usize, Span)>) -> Type {
    ranks.rev().fold(element, |element, (rank, span)| Type { kind: TypeKind::Array { element: Box::new(element), rank }, span })
}
