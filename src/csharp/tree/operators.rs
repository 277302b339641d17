//! Operators and how strongly they bind.

/// An operator with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOperator {
    /// `+a`
    Plus,
    /// `-a`
    Minus,
    /// `!a`
    Not,
    /// `~a`
    Complement,
    /// `++a`
    PreIncrement,
    /// `--a`
    PreDecrement,
    /// `a++`
    PostIncrement,
    /// `a--`
    PostDecrement,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `<<`
    ShiftLeft,
    /// `>>`
    ShiftRight,
    /// `<`
    Less,
    /// `>`
    Greater,
    /// `<=`
    LessOrEqual,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `&`
    And,
    /// `^`
    ExclusiveOr,
    /// `|`
    Or,
    /// `&&`
    ConditionalAnd,
    /// `||`
    ConditionalOr,
    /// `??`
    Coalesce,
}

impl UnaryOperator {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Not => "!",
            Self::Complement => "~",
            Self::PreIncrement | Self::PostIncrement => "++",
            Self::PreDecrement | Self::PostDecrement => "--",
        }
    }

    /// Whether it stands behind its operand.
    pub fn is_postfix(self) -> bool {
        matches!(self, Self::PostIncrement | Self::PostDecrement)
    }
}

impl BinaryOperator {
    /// How it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::ShiftLeft => "<<",
            Self::ShiftRight => ">>",
            Self::Less => "<",
            Self::Greater => ">",
            Self::LessOrEqual => "<=",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::And => "&",
            Self::ExclusiveOr => "^",
            Self::Or => "|",
            Self::ConditionalAnd => "&&",
            Self::ConditionalOr => "||",
            Self::Coalesce => "??",
        }
    }

    /// How strongly it binds: `*` the most, `??` the least. `is`, `as` and the relational operators share [`Precedence::Relational`].
    pub fn precedence(self) -> Precedence {
        match self {
            Self::Multiply | Self::Divide | Self::Remainder => Precedence::Multiplicative,
            Self::Add | Self::Subtract => Precedence::Additive,
            Self::ShiftLeft | Self::ShiftRight => Precedence::Shift,
            Self::Less | Self::Greater | Self::LessOrEqual | Self::GreaterOrEqual => Precedence::Relational,
            Self::Equal | Self::NotEqual => Precedence::Equality,
            Self::And => Precedence::And,
            Self::ExclusiveOr => Precedence::ExclusiveOr,
            Self::Or => Precedence::Or,
            Self::ConditionalAnd => Precedence::ConditionalAnd,
            Self::ConditionalOr => Precedence::ConditionalOr,
            Self::Coalesce => Precedence::Coalesce,
        }
    }
}

/// How strongly an expression's operator binds, from the loosest to the tightest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the C# specification's name of the level")]
pub enum Precedence {
    /// Assignments, lambdas, queries, `throw`, `ref`.
    Assignment,
    /// `a ? b : c`
    Conditional,
    Coalesce,
    ConditionalOr,
    ConditionalAnd,
    Or,
    ExclusiveOr,
    And,
    Equality,
    Relational,
    Shift,
    Additive,
    Multiplicative,
    /// Prefix operators and casts.
    Unary,
    /// Everything that holds together by itself.
    Primary,
}
