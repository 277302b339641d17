//! A bound expression: typed nodes with every name, overload and conversion decided.

use crate::dotnet::{member::Native, types::Type, value::Value};

/// One compiled expression, shared by all requests.
#[derive(Debug)]
pub struct Program {
    /// What it does.
    pub(super) body: Body,
    /// The number of local variables.
    pub(super) locals: usize,
    /// The static type of the result.
    pub(super) result: Type,
    /// Whether it may read a message's body.
    pub(super) reads_body: bool,
}

impl Program {
    /// The static type of the result.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// Whether it may read a message's body: evaluation can then end in [`Raise::Unread`](crate::dotnet::exception::Raise).
    pub fn reads_body(&self) -> bool {
        self.reads_body
    }
}

#[derive(Debug)]
pub(super) enum Body {
    Expression(Node),
    Block(Vec<Step>),
}

/// An expression.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Constant(Value),
    Local(usize),
    /// The value of `assigned`, put into a local.
    SetLocal(usize, Box<Node>),
    /// `x++` and the like: the new value goes into the local, the old one is the result.
    PostSet(usize, Box<Node>),
    /// A member of the table. Values for `out` parameters go into locals: (argument, local).
    Call {
        native: Native,
        arguments: Box<[Node]>,
        types: Box<[Type]>,
        outs: Box<[(usize, usize)]>,
    },
    /// An instance member: null as its receiver throws before anything else happens.
    Invoke {
        native: Native,
        arguments: Box<[Node]>,
        types: Box<[Type]>,
        outs: Box<[(usize, usize)]>,
    },
    Element(Box<Node>, Box<Node>),
    SetElement(Box<[Node; 3]>),
    Arithmetic(Arithmetic, Numeric, bool, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `==` and `!=` on integers, booleans, strings and references: values equal by what they are.
    Equal(Box<Node>, Box<Node>, bool),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    /// `&`, `|` and `^` on booleans: both sides are evaluated.
    Logic(Arithmetic, Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Numeric, bool, Box<Node>),
    Complement(Numeric, Box<Node>),
    Conditional(Box<[Node; 3]>),
    Coalesce(Box<Node>, Box<Node>),
    /// Puts the target into a local; the rest where it is not null, else null.
    WhenNotNull(Box<Node>, usize, Box<Node>),
    /// Null where one of the locals is null, else the operation: a lifted operator.
    Lifted(Box<[Node]>, Box<[usize]>, Box<Node>),
    Convert(Conversion, Box<Node>),
    Is(Type, Box<Node>),
    As(Type, Box<Node>),
    Concat(Box<[Node]>),
    Interpolate(Box<[Piece]>),
    NewArray(Type, Box<[Node]>),
    NewArraySized(Type, Box<Node>),
    /// Nodes for their effects, then the last for its value.
    Sequence(Box<[Node]>),
    Throw(Box<Node>),
    NewException(Type, Box<[Node]>),
}

#[derive(Clone, Debug)]
pub(super) enum Piece {
    Text(String),
    Hole { value: Node, alignment: i32, format: Option<String> },
}

/// A conversion that does something at run time.
#[derive(Clone, Debug)]
pub(super) enum Conversion {
    /// Between numeric types (`char` and enumerations among them); checked or not.
    Numeric(Type, bool),
    /// From `object` to a value type: exact, or `InvalidCastException`.
    Unbox(Type),
    /// To a class or interface that the static type does not promise.
    Reference(Type),
    /// By an operator of a type's own.
    User(Native),
    /// `T?` to `T`.
    NullableValue,
    /// The conversion of the value in a nullable; null stays null.
    Lifted(Box<Conversion>),
    /// One after the other.
    Both(Box<Conversion>, Box<Conversion>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// The types that arithmetic is done in, after promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numeric {
    Int32,
    UInt32,
    Int64,
    UInt64,
    Single,
    Double,
    Decimal,
}

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Evaluate(Node),
    Block(Vec<Step>),
    If(Node, Box<Step>, Option<Box<Step>>),
    /// Condition, body, what follows each round; the condition is tested first unless `post`.
    Loop {
        condition: Option<Node>,
        body: Box<Step>,
        after: Vec<Node>,
        post: bool,
    },
    /// Source, the local for each item with its conversion, body.
    ForEach {
        source: Node,
        local: usize,
        conversion: Option<Conversion>,
        body: Box<Step>,
    },
    /// The tests of each section in order (none: `default`), and the section's statements.
    Switch {
        value: Node,
        local: usize,
        sections: Vec<(Vec<Option<Node>>, Vec<Step>)>,
    },
    Return(Node),
    Break,
    Continue,
    Rethrow,
    Try {
        body: Vec<Step>,
        catches: Vec<Handler>,
        finally: Option<Vec<Step>>,
    },
    Nothing,
}

#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub class: Type,
    pub local: usize,
    pub filter: Option<Node>,
    pub body: Vec<Step>,
}
