//! Expressions from the top: assignment, conditional, lambdas and queries where they may stand.

use super::{
    super::{
        fault::Fault,
        token::TokenKind,
        tree::{Argument, BinaryOperator, Expression, ExpressionKind, Precedence},
    },
    Node, Parse, Parser,
};

impl Parser<'_> {
    /// An expression where one must stand.
    pub(super) fn expression(&mut self) -> Parse<Node> {
        self.nested(Self::assignment)
    }

    /// An expression that its parent holds by value.
    pub(super) fn value(&mut self) -> Parse<Expression> {
        self.expression().map(|expression| *expression)
    }

    /// An expression or `throw`: a branch of `?:`, a lambda's body.
    pub(super) fn expression_or_throw(&mut self) -> Parse<Node> {
        if self.kind() == TokenKind::KeywordThrow { self.throw_expression() } else { self.expression() }
    }

    /// An expression or `ref`: the value of a ref local or of a return.
    pub(super) fn expression_or_ref(&mut self) -> Parse<Node> {
        let start = self.token().span;
        if !self.eat(TokenKind::KeywordRef) {
            return self.expression();
        }
        let value = self.expression()?;
        self.node(ExpressionKind::Ref(value), start)
    }

    pub(super) fn throw_expression(&mut self) -> Parse<Node> {
        self.nested(|parser| {
            let start = parser.bump().span;
            let value = parser.operators(Precedence::Coalesce)?;
            parser.node(ExpressionKind::Throw(value), start)
        })
    }

    fn assignment(&mut self) -> Parse<Node> {
        let in_tuple = std::mem::take(&mut self.in_tuple);
        if let Some(special) = self.special_expression()? {
            return Ok(special);
        }
        let start = self.token().span;
        let target = self.conditional()?;
        let Some((operator, tokens)) = self.assignment_operator() else {
            if !in_tuple && declares(&target) {
                let fault = Fault::new("CS8185", target.span, "A declaration is not allowed in this context.");
                return Err(self.report(fault));
            }
            return Ok(target);
        };
        if operator.is_none()
            && let ExpressionKind::Tuple(elements) = &target.kind
            && mixes_declarations(elements)
        {
            let fault = Fault::not_available("Mixed declarations and expressions in deconstruction", "10.0", target.span);
            return Err(self.report(fault));
        }
        for _ in 0..tokens {
            self.bump();
        }
        let value = if operator.is_none() { self.expression_or_ref()? } else { self.expression()? };
        let kind = ExpressionKind::Assignment { target, operator, value };
        self.node(kind, start)
    }

    /// The assignment operator at the current token and how many tokens it has; `??=` is refused.
    fn assignment_operator(&mut self) -> Option<(Option<BinaryOperator>, usize)> {
        use TokenKind::*;
        let operator = match self.kind() {
            Equal => return Some((None, 1)),
            PlusEqual => BinaryOperator::Add,
            MinusEqual => BinaryOperator::Subtract,
            StarEqual => BinaryOperator::Multiply,
            SlashEqual => BinaryOperator::Divide,
            PercentEqual => BinaryOperator::Remainder,
            AmpersandEqual => BinaryOperator::And,
            BarEqual => BinaryOperator::Or,
            CaretEqual => BinaryOperator::ExclusiveOr,
            LessLessEqual => BinaryOperator::ShiftLeft,
            Greater if self.peek(1) == GreaterEqual && self.adjacent(self.at) => return Some((Some(BinaryOperator::ShiftRight), 2)),
            QuestionQuestionEqual => {
                let span = self.token().span;
                self.not_available("coalescing assignment", "8.0", span);
                BinaryOperator::Coalesce
            }
            _ => return None,
        };
        Some((Some(operator), 1))
    }

    /// Whether nothing stands between the token at `index` and the next.
    pub(super) fn adjacent(&self, index: usize) -> bool {
        self.token_at(index).span.end == self.token_at(index + 1).span.start
    }

    /// What begins like an operand and binds weaker than all operators: lambdas, queries; and what stands in the wrong place.
    fn special_expression(&mut self) -> Parse<Option<Node>> {
        match self.kind() {
            TokenKind::Identifier | TokenKind::OpenParen if self.begins_lambda(self.at) => self.lambda().map(Some),
            TokenKind::Identifier => {
                if self.begins_query(self.at) {
                    return self.query().map(Some);
                }
                self.refuse_async()?;
                Ok(None)
            }
            TokenKind::KeywordStatic if self.begins_lambda(self.at + 1) || self.peek(1) == TokenKind::KeywordDelegate => {
                let span = self.token().span;
                Err(self.not_available("static anonymous function", "9.0", span))
            }
            TokenKind::KeywordThrow => Err(self.fail("CS8115", "A throw expression is not allowed in this context.")),
            _ => Ok(None),
        }
    }

    /// `async` lambdas and methods: there is nothing to wait for in a policy expression.
    fn refuse_async(&mut self) -> Parse<()> {
        if self.word("async") && (self.begins_lambda(self.at + 1) || self.peek(1) == TokenKind::KeywordDelegate) {
            return Err(self.fail("csharp/async", "asynchronous functions cannot be used in policy expressions"));
        }
        Ok(())
    }

    fn conditional(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let base = self.links;
        let condition = self.operators(Precedence::Coalesce)?;
        if self.kind() != TokenKind::Question {
            return Ok(condition);
        }
        self.bump();
        let then = self.beside(base, Self::branch)?;
        if self.kind() == TokenKind::HoleFormat {
            let message = "A conditional expression cannot be used directly in a string interpolation because the ':' ends the interpolation. Parenthesize the conditional expression.";
            return Err(self.report(Fault::new("CS8361", self.since(start), message)));
        }
        self.expect(TokenKind::Colon)?;
        let otherwise = self.beside(base, Self::branch)?;
        let kind = ExpressionKind::Conditional { condition, then, otherwise };
        self.node(kind, start)
    }

    fn branch(&mut self) -> Parse<Node> {
        if self.kind() == TokenKind::KeywordRef {
            return Err(self.fail("csharp/ref-conditional", "a conditional expression by reference cannot be used in policy expressions"));
        }
        self.expression_or_throw()
    }
}

/// Whether a declaration stands in a tuple, or is the expression.
pub(super) fn declares(expression: &Expression) -> bool {
    match &expression.kind {
        ExpressionKind::Declaration { .. } => true,
        ExpressionKind::Tuple(elements) => elements.iter().any(|element| declares(&element.value)),
        _ => false,
    }
}

/// Whether a deconstruction's target both declares and assigns; a discard does neither.
fn mixes_declarations(elements: &[Argument]) -> bool {
    fn assigns(expression: &Expression) -> bool {
        match &expression.kind {
            ExpressionKind::Declaration { .. } => false,
            ExpressionKind::Tuple(elements) => elements.iter().any(|element| assigns(&element.value)),
            _ => !expression.is_discard(),
        }
    }
    elements.iter().any(|element| declares(&element.value)) && elements.iter().any(|element| assigns(&element.value))
}
