//! Operators: binary by precedence, `is` and `as`, prefix operators and casts.

use super::{
    super::{
        token::TokenKind,
        tree::{BinaryOperator, Expression, ExpressionKind, Literal, Precedence, UnaryOperator},
    },
    Node, Parse, Parser,
    types::TypePlace,
};

impl Parser<'_> {
    /// Operands and the operators between them that bind at least as strongly as `floor`.
    ///
    /// Operands that wait for a tighter operator's result wait in a list and not on the stack: code cannot make it overflow. But they are
    /// levels of the tree, and count as such.
    pub(super) fn operators(&mut self, floor: Precedence) -> Parse<Node> {
        let depth = self.depth;
        let operators = self.operators_and_operands(floor);
        self.depth = depth;
        operators
    }

    fn operators_and_operands(&mut self, floor: Precedence) -> Parse<Node> {
        let base = self.links;
        let mut waiting = Vec::new();
        let mut right = self.unary()?;
        loop {
            self.refuse_later_operators()?;
            let test = matches!(self.kind(), TokenKind::KeywordIs | TokenKind::KeywordAs);
            let operator = if test { None } else { self.binary_operator() };
            let precedence = match operator {
                Some((operator, _)) => operator.precedence(),
                None if test => Precedence::Relational,
                None => break,
            };
            if precedence < floor {
                break;
            }
            // `??` is the one that groups from the right.
            right =
                self.join(&mut waiting, right, |before| before > precedence || before == precedence && precedence != Precedence::Coalesce)?;
            let Some((operator, tokens)) = operator else {
                right = self.beside(base, |parser| parser.type_test(right))?;
                self.link()?;
                continue;
            };
            for _ in 0..tokens {
                self.bump();
            }
            self.deeper()?;
            waiting.push(Waiting { left: right, operator, links: std::mem::replace(&mut self.links, base) });
            right = if operator == BinaryOperator::Coalesce { self.coalesced()? } else { self.unary()? };
        }
        self.join(&mut waiting, right, |_| true)
    }

    /// Joins the operands that wait with the one on their right, as long as their operators are to be applied.
    fn join(&mut self, waiting: &mut Vec<Waiting>, mut right: Node, applies: impl Fn(Precedence) -> bool) -> Parse<Node> {
        while let Some(Waiting { left, operator, links }) = waiting.pop_if(|last| applies(last.operator.precedence())) {
            self.depth -= 1;
            self.links = self.links.max(links);
            self.link()?;
            let span = left.span.to(right.span);
            right = Box::new(Expression { kind: ExpressionKind::Binary { left, operator, right }, span });
        }
        Ok(right)
    }

    /// What may stand to the right of `??`.
    fn coalesced(&mut self) -> Parse<Node> {
        match self.kind() {
            TokenKind::KeywordThrow => self.throw_expression(),
            _ if self.begins_lambda(self.at) => self.nested(Self::lambda),
            _ => self.unary(),
        }
    }

    fn type_test(&mut self, operand: Node) -> Parse<Node> {
        let start = operand.span;
        let kind = if self.bump().kind == TokenKind::KeywordIs {
            ExpressionKind::Is { operand, pattern: Box::new(self.is_pattern()?) }
        } else {
            ExpressionKind::As { operand, ty: self.type_in(TypePlace::Operand)? }
        };
        self.node(kind, start)
    }

    /// The binary operator at the current token, and how many tokens it has.
    fn binary_operator(&self) -> Option<(BinaryOperator, usize)> {
        use BinaryOperator as Op;
        let operator = match self.kind() {
            TokenKind::Star => Op::Multiply,
            TokenKind::Slash => Op::Divide,
            TokenKind::Percent => Op::Remainder,
            TokenKind::Plus => Op::Add,
            TokenKind::Minus => Op::Subtract,
            TokenKind::LessLess => Op::ShiftLeft,
            TokenKind::Greater if self.adjacent(self.at) => match self.peek(1) {
                TokenKind::Greater => return Some((Op::ShiftRight, 2)),
                // `>>=` is an assignment.
                TokenKind::GreaterEqual => return None,
                _ => Op::Greater,
            },
            TokenKind::Greater => Op::Greater,
            TokenKind::Less => Op::Less,
            TokenKind::LessEqual => Op::LessOrEqual,
            TokenKind::GreaterEqual => Op::GreaterOrEqual,
            TokenKind::EqualEqual => Op::Equal,
            TokenKind::BangEqual => Op::NotEqual,
            TokenKind::Ampersand => Op::And,
            TokenKind::Caret => Op::ExclusiveOr,
            TokenKind::Bar => Op::Or,
            TokenKind::AmpersandAmpersand => Op::ConditionalAnd,
            TokenKind::BarBar => Op::ConditionalOr,
            TokenKind::QuestionQuestion => Op::Coalesce,
            _ => return None,
        };
        Some((operator, 1))
    }

    /// What stands behind an operand in later versions of C#.
    fn refuse_later_operators(&mut self) -> Parse<()> {
        let span = self.token().span;
        match self.kind() {
            TokenKind::DotDot => Err(self.not_available("range operator", "8.0", span)),
            TokenKind::KeywordSwitch if self.peek(1) == TokenKind::OpenBrace => Err(self.not_available("recursive patterns", "8.0", span)),
            TokenKind::Identifier if self.peek(1) == TokenKind::OpenBrace && self.word("with") => {
                Err(self.not_available("records", "9.0", span))
            }
            TokenKind::Greater
                if self.peek(1) == TokenKind::Greater
                    && self.peek(2) == TokenKind::Greater
                    && self.adjacent(self.at)
                    && self.adjacent(self.at + 1) =>
            {
                Err(self.not_available("unsigned right shift", "11.0", span.to(self.token_at(self.at + 2).span)))
            }
            _ => Ok(()),
        }
    }

    /// An operand with the operators in front of it.
    fn unary(&mut self) -> Parse<Node> {
        let start = self.token().span;
        let operator = match self.kind() {
            TokenKind::Plus => UnaryOperator::Plus,
            TokenKind::Minus => UnaryOperator::Minus,
            TokenKind::Bang => UnaryOperator::Not,
            TokenKind::Tilde => UnaryOperator::Complement,
            TokenKind::PlusPlus => UnaryOperator::PreIncrement,
            TokenKind::MinusMinus => UnaryOperator::PreDecrement,
            TokenKind::OpenParen if self.begins_cast(self.at) => return self.nested(Self::cast),
            TokenKind::Ampersand | TokenKind::Star => return Err(self.unsafe_or_misplaced_operator()),
            TokenKind::Caret => return Err(self.not_available("index operator", "8.0", start)),
            TokenKind::DotDot => return Err(self.not_available("range operator", "8.0", start)),
            TokenKind::Identifier if self.begins_await() => {
                return Err(self.fail("CS4033", "The 'await' operator can only be used within an async method."));
            }
            _ => return self.postfix(),
        };
        self.nested(|parser| {
            parser.bump();
            let digits = parser.token().span;
            let operand = parser.unary()?;
            if operator == UnaryOperator::Minus
                && let Some(smallest) = smallest_integer(&operand, parser.slice(digits))
            {
                return parser.node(ExpressionKind::Literal(smallest), start);
            }
            parser.node(ExpressionKind::Unary { operator, operand }, start)
        })
    }

    fn cast(&mut self) -> Parse<Node> {
        let start = self.bump().span;
        let ty = self.ty()?;
        self.expect(TokenKind::CloseParen)?;
        let operand = self.unary()?;
        self.node(ExpressionKind::Cast { ty, operand }, start)
    }

    /// `&a` and `*a` are pointers where an operand follows; where none does, an operand is missing.
    fn unsafe_or_misplaced_operator(&mut self) -> super::Failed {
        if self.begins_expression(self.at + 1) { self.unsafe_code() } else { self.invalid_term() }
    }

    /// `await a`. A call `await(a)` and a variable `await` are left alone.
    fn begins_await(&self) -> bool {
        self.word("await")
            && match self.peek(1) {
                TokenKind::Identifier => self.identifier_at(self.at + 1),
                TokenKind::KeywordNew | TokenKind::KeywordThis | TokenKind::KeywordBase | TokenKind::KeywordDefault => true,
                _ => false,
            }
    }
}

/// An operand and the operator behind it, waiting for the operand on the right.
struct Waiting {
    left: Node,
    operator: BinaryOperator,
    /// The length of the longest chain in `left`.
    links: u32,
}

/// The smallest `int` and the smallest `long`: their digits alone would be too large, so that the minus belongs to the literal.
fn smallest_integer(operand: &Expression, digits: &str) -> Option<Literal> {
    let decimal = |suffix: &[char]| digits.trim_end_matches(suffix).bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    match operand.kind {
        ExpressionKind::Literal(Literal::UInt(0x8000_0000)) if decimal(&[]) => Some(Literal::Int(i32::MIN)),
        ExpressionKind::Literal(Literal::ULong(0x8000_0000_0000_0000)) if decimal(&['l', 'L']) => Some(Literal::Long(i64::MIN)),
        _ => None,
    }
}
