//! `new`: objects, anonymous objects, arrays, and their initialisers.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{
            AnonymousMember, ElementInitializer, Expression, ExpressionKind, Initializer, InitializerKind, InitializerTarget,
            InitializerValue, MemberInitializer, Type,
        },
    },
    Node, Parse, Parser,
    types::{TypePlace, array_of},
};
use crate::source::Span;

impl Parser<'_> {
    pub(super) fn creation(&mut self) -> Parse<ExpressionKind> {
        let start = self.bump().span;
        match self.kind() {
            TokenKind::OpenBrace => return self.anonymous_object(),
            TokenKind::OpenBracket => return self.implicit_array(),
            TokenKind::OpenParen if !self.begins_tuple_array() => {
                return Err(self.not_available("target-typed object creation", "9.0", start));
            }
            _ => {}
        }
        let ty = self.type_in(TypePlace::New)?;
        match self.kind() {
            TokenKind::OpenBracket => self.array(ty),
            TokenKind::OpenParen | TokenKind::OpenBrace => {
                let base = self.links;
                let arguments = if self.kind() == TokenKind::OpenParen { self.beside(base, Self::arguments)? } else { Vec::new() };
                let initializer = if self.kind() == TokenKind::OpenBrace { Some(self.beside(base, Self::initializer)?) } else { None };
                Ok(ExpressionKind::ObjectCreation { ty: Box::new(ty), arguments, initializer: initializer.map(Box::new) })
            }
            _ => {
                let span = self.missing_span();
                Err(self.report(Fault::new("CS1526", span, "A new expression requires (), [], or {} after type")))
            }
        }
    }

    /// `new (int, string)[3]`
    fn begins_tuple_array(&self) -> bool {
        let partner = self.token().partner as usize;
        self.scan_type(self.at).is_some() && self.kind_at(partner + 1) == TokenKind::OpenBracket
    }

    /// `[n, m][] { … }` or `[][] { … }` behind `new T`.
    fn array(&mut self, element: Type) -> Parse<ExpressionKind> {
        let start = element.span;
        let mut sizes = Vec::new();
        let mut ranks: Vec<(usize, Span)> = Vec::new();
        if self.scan_rank(self.at).is_none() {
            self.bump();
            let base = self.links;
            loop {
                sizes.push(self.beside(base, Self::value)?);
                if !self.eat(TokenKind::Comma) {
                    break;
                }
            }
            self.expect(TokenKind::CloseBracket)?;
            ranks.push((sizes.len(), self.since(start)));
        }
        while self.kind() == TokenKind::OpenBracket {
            if self.scan_rank(self.at).is_none() {
                return Err(self.fail("CS0178", "Invalid rank specifier: expected ',' or ']'"));
            }
            self.deeper()?;
            ranks.push((self.rank()?, self.since(start)));
        }
        let ty = array_of(element, ranks.into_iter());
        let initializer = if self.kind() == TokenKind::OpenBrace { Some(self.array_initializer()?) } else { None };
        if sizes.is_empty() && initializer.is_none() {
            let fault = Fault::new("CS1586", self.since(start), "Array creation must have array size or array initializer");
            return Err(self.report(fault));
        }
        Ok(ExpressionKind::ArrayCreation { ty: Box::new(ty), sizes, initializer })
    }

    fn implicit_array(&mut self) -> Parse<ExpressionKind> {
        let rank = self.rank()?;
        Ok(ExpressionKind::ImplicitArrayCreation { rank, initializer: self.array_initializer()? })
    }

    /// `{ a, { b, c }, }`
    pub(super) fn array_initializer(&mut self) -> Parse<Node> {
        self.nested(|parser| {
            let start = parser.expect(TokenKind::OpenBrace)?.span;
            let elements = parser.braced(|parser| match parser.kind() {
                TokenKind::OpenBrace => parser.array_initializer().map(|elements| *elements),
                _ => parser.value(),
            })?;
            parser.node(ExpressionKind::ArrayInitializer(elements), start)
        })
    }

    /// What stands between braces, the first of them already taken, with commas between and perhaps one behind.
    fn braced<T>(&mut self, mut element: impl FnMut(&mut Self) -> Parse<T>) -> Parse<Vec<T>> {
        let (base, in_case) = (self.links, std::mem::take(&mut self.in_case));
        let mut elements = Vec::new();
        while self.kind() != TokenKind::CloseBrace {
            elements.push(self.beside(base, &mut element)?);
            if !self.eat(TokenKind::Comma) {
                break;
            }
        }
        self.in_case = in_case;
        self.expect(TokenKind::CloseBrace)?;
        Ok(elements)
    }

    fn anonymous_object(&mut self) -> Parse<ExpressionKind> {
        self.bump();
        Ok(ExpressionKind::AnonymousObject(self.braced(Self::anonymous_member)?))
    }

    fn anonymous_member(&mut self) -> Parse<AnonymousMember> {
        let start = self.token().span;
        let named = self.peek(1) == TokenKind::Equal && self.identifier_at(self.at);
        let name = if named { Some(self.identifier()?) } else { None };
        if named {
            self.bump();
        }
        let value = self.value()?;
        if !named && !has_name(&value) {
            let message = "Invalid anonymous type member declarator. Anonymous type members must be declared with a member assignment, simple name or member access.";
            return Err(self.report(Fault::new("CS0746", value.span, message)));
        }
        Ok(AnonymousMember { name, value, span: self.since(start) })
    }

    /// `{ A = 1 }` or `{ a, b }` behind `new T()`.
    fn initializer(&mut self) -> Parse<Initializer> {
        self.nested(|parser| {
            let start = parser.expect(TokenKind::OpenBrace)?.span;
            let object = match parser.kind() {
                TokenKind::CloseBrace | TokenKind::OpenBracket => true,
                _ => parser.peek(1) == TokenKind::Equal && parser.identifier_at(parser.at),
            };
            let kind = if object {
                InitializerKind::Object(parser.braced(Self::member_initializer)?)
            } else {
                InitializerKind::Collection(parser.braced(Self::element_initializer)?)
            };
            Ok(Initializer { kind, span: parser.since(start) })
        })
    }

    fn member_initializer(&mut self) -> Parse<MemberInitializer> {
        let start = self.token().span;
        let target = if self.kind() == TokenKind::OpenBracket {
            InitializerTarget::Element(self.element_arguments()?)
        } else {
            InitializerTarget::Member(self.identifier()?)
        };
        self.expect(TokenKind::Equal)?;
        let value = if self.kind() == TokenKind::OpenBrace {
            InitializerValue::Initializer(self.initializer()?)
        } else {
            InitializerValue::Expression(self.value()?)
        };
        Ok(MemberInitializer { target, value, span: self.since(start) })
    }

    fn element_initializer(&mut self) -> Parse<ElementInitializer> {
        let start = self.token().span;
        let arguments = if self.eat(TokenKind::OpenBrace) {
            if self.kind() == TokenKind::CloseBrace {
                return Err(self.fail("CS1920", "Element initializer cannot be empty"));
            }
            self.braced(Self::value)?
        } else {
            vec![self.value()?]
        };
        Ok(ElementInitializer { arguments, span: self.since(start) })
    }
}

/// Whether a member of an anonymous object gets its name from this value.
fn has_name(value: &Expression) -> bool {
    match &value.kind {
        ExpressionKind::Name(_) | ExpressionKind::Member { .. } | ExpressionKind::MemberBinding(_) => true,
        ExpressionKind::ConditionalAccess { when_not_null, .. } => has_name(when_not_null),
        _ => false,
    }
}
