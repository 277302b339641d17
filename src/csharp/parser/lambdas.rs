//! Lambdas, anonymous methods and parameters.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{Block, ExpressionKind, FunctionBody, Parameter, ParameterModifier},
    },
    Node, Parse, Parser,
};

impl Parser<'_> {
    /// `x => a`, `(int x, out y) => { }`.
    pub(super) fn lambda(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let parameters = if self.kind() == TokenKind::OpenParen {
            self.parameters(ParameterPlace::Lambda)?
        } else {
            let name = self.identifier()?;
            vec![Parameter { modifier: None, ty: None, span: name.span, name, default: None }]
        };
        self.check_lambda_parameters(&parameters)?;
        let body = self.function_body()?;
        self.node(ExpressionKind::Lambda { parameters, body }, start)
    }

    fn check_lambda_parameters(&mut self, parameters: &[Parameter]) -> Parse<()> {
        let typed = parameters.iter().filter(|parameter| parameter.ty.is_some()).count();
        if typed != 0 && typed != parameters.len() {
            let span = parameters.iter().find(|parameter| parameter.ty.is_none()).map_or(self.token().span, |parameter| parameter.span);
            let message = "Inconsistent lambda parameter usage; parameter types must be all explicit or all implicit";
            return Err(self.report(Fault::new("CS0748", span, message)));
        }
        let second = parameters.iter().filter(|parameter| parameter.name.name == "_").nth(1);
        match second.map(|parameter| parameter.name.span) {
            Some(span) => Err(self.not_available("lambda discard parameters", "9.0", span)),
            None => Ok(()),
        }
    }

    /// `=> a` or `{ … }`; behind `=>` of a lambda the block comes too.
    pub(super) fn function_body(&mut self) -> Parse<FunctionBody> {
        if !self.eat(TokenKind::Arrow) {
            return Err(self.missing(TokenKind::Arrow));
        }
        if self.kind() == TokenKind::OpenBrace { self.function_block().map(FunctionBody::Block) } else { self.expression_body() }
    }

    /// What stands behind `=>`, other than a block.
    pub(super) fn expression_body(&mut self) -> Parse<FunctionBody> {
        let body = if self.kind() == TokenKind::KeywordRef { self.expression_or_ref()? } else { self.expression_or_throw()? };
        Ok(FunctionBody::Expression(body))
    }

    /// A block that begins anew: no query and no `case` around it matters.
    pub(super) fn function_block(&mut self) -> Parse<Block> {
        let (in_query, in_case) = (std::mem::take(&mut self.in_query), std::mem::take(&mut self.in_case));
        let block = self.nested(Self::block);
        (self.in_query, self.in_case) = (in_query, in_case);
        block
    }

    /// `delegate (int x) { }`.
    pub(super) fn anonymous_method(&mut self) -> Parse<ExpressionKind> {
        self.bump();
        let parameters = if self.kind() == TokenKind::OpenParen { Some(self.parameters(ParameterPlace::AnonymousMethod)?) } else { None };
        Ok(ExpressionKind::AnonymousMethod { parameters, body: self.function_block()? })
    }

    /// `(int x, ref string y)`
    pub(super) fn parameters(&mut self, place: ParameterPlace) -> Parse<Vec<Parameter>> {
        self.expect(TokenKind::OpenParen)?;
        let (base, in_case) = (self.links, std::mem::take(&mut self.in_case));
        let mut parameters = Vec::new();
        if self.kind() != TokenKind::CloseParen {
            loop {
                parameters.push(self.beside(base, |parser| parser.parameter(place))?);
                if !self.eat(TokenKind::Comma) {
                    break;
                }
            }
        }
        self.in_case = in_case;
        self.expect(TokenKind::CloseParen)?;
        Ok(parameters)
    }

    fn parameter(&mut self, place: ParameterPlace) -> Parse<Parameter> {
        let start = self.token().span;
        let modifier = match self.kind() {
            TokenKind::KeywordRef => Some(ParameterModifier::Ref),
            TokenKind::KeywordOut => Some(ParameterModifier::Out),
            TokenKind::KeywordIn => Some(ParameterModifier::In),
            TokenKind::KeywordParams => Some(ParameterModifier::Params),
            _ => None,
        };
        if modifier == Some(ParameterModifier::Params) && place != ParameterPlace::LocalFunction {
            return Err(self.fail("CS1670", "params is not valid in this context"));
        }
        if modifier.is_some() {
            self.bump();
        }
        let name_only = matches!(self.peek(1), TokenKind::Comma | TokenKind::CloseParen | TokenKind::Equal);
        let implicit = place == ParameterPlace::Lambda && modifier.is_none() && name_only && self.identifier_at(self.at);
        let ty = if implicit { None } else { Some(self.ty()?) };
        let name = self.identifier()?;
        let default = match self.kind() {
            TokenKind::Equal => Some(*self.default_value(place)?),
            _ => None,
        };
        Ok(Parameter { modifier, ty, name, default, span: self.since(start) })
    }

    fn default_value(&mut self, place: ParameterPlace) -> Parse<Node> {
        let span = self.bump().span;
        match place {
            ParameterPlace::LocalFunction => self.expression(),
            ParameterPlace::Lambda => Err(self.not_available("lambda optional parameters", "12.0", span)),
            ParameterPlace::AnonymousMethod => {
                Err(self.report(Fault::new("CS1065", span, "Default values are not valid in this context.")))
            }
        }
    }
}

/// Whose parameters they are.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum ParameterPlace {
    Lambda,
    AnonymousMethod,
    LocalFunction,
}
