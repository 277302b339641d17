//! A bound expression: typed nodes with every name, overload and conversion decided.

use std::sync::Arc;

use super::recall::{Looks, Recall};
use crate::{
    diagnostic::Diagnostic,
    dotnet::{
        context::{TextOf, VariableName},
        member::Native,
        types::Type,
        value::Value,
    },
    http::FieldName,
};

/// One compiled expression, shared by all requests.
#[derive(Debug)]
pub struct Program {
    /// What it does.
    pub(super) main: Arc<Function>,
    /// The static type of the result.
    pub(super) result: Type,
    /// Whether it may read a message's body.
    pub(super) reads_body: bool,
    /// What it looks at.
    pub(super) looks: Looks,
    /// Its values so far, where they come again.
    pub(super) recall: Option<Box<Recall>>,
    /// What the compiler warns of.
    pub(super) warnings: Vec<Diagnostic>,
}

impl Program {
    /// The static type of the result.
    pub fn result(&self) -> &Type {
        &self.result
    }

    /// What the C# compiler warns of, and an upload does not show.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Whether it may read a message's body: evaluation can then end in [`Raise::Unread`](crate::dotnet::exception::Raise).
    pub fn reads_body(&self) -> bool {
        self.reads_body
    }

    /// What it looks at.
    pub fn looks(&self) -> &Looks {
        &self.looks
    }
}

/// Code with local variables of its own: the expression itself, a lambda, a local function.
///
/// Its parameters have the first slots.
#[derive(Debug)]
pub(super) struct Function {
    pub body: Body,
    /// How many parameters there are.
    pub parameters: usize,
    /// The slots that the captured variables' cells go into, in the order in which a closure brings them.
    pub captures: Box<[usize]>,
    /// Every slot: how its variable is kept.
    pub slots: Box<[Slot]>,
    /// Whether its nodes nest so little that they need no look at the stack, which costs more than a short condition does.
    pub is_shallow: bool,
}

/// How a local variable is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// In its slot.
    Plain,
    /// In a cell that lambdas share; each run of its declaration makes a new one.
    Captured,
    /// In a cell that is made when its block is entered: local functions of the block share it.
    Hoisted,
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
    /// The value, assigned to a local.
    Assign(usize, Box<Node>),
    /// The value, as the first of a local that begins to live.
    Declare(usize, Box<Node>),
    /// The cell itself of a captured local: a `ref` or `out` argument of an expression's own function.
    Cell(usize),
    /// A member of the table. Values for `out` parameters go into places.
    Call(Box<Call>),
    /// A property of a value, which is no null.
    Property(Native, Box<Node>),
    /// A text of the request, where it lies.
    Text(TextOf),
    /// `context.Variables["name"]`: null where it is not set.
    Variable(Box<VariableName>),
    /// `context.Variables.GetValueOrDefault<T>("name", default)`
    VariableOr(Box<VariableOr>),
    /// `context.Request.Headers.GetValueOrDefault("name", default)`
    HeaderOr(Box<HeaderOr>),
    /// A delegate called.
    Invoke(Box<Node>, Box<[Node]>),
    /// A lambda or local function made into a delegate, with the variables that it captures.
    Closure(Arc<Function>, Box<[usize]>, Type),
    /// A member of the table as a delegate; the receiver where it has one.
    MethodGroup(Box<MethodGroup>),
    Element(Box<Node>, Box<Node>),
    SetElement(Box<[Node; 3]>),
    GridElement(Box<Node>, Box<[Node]>),
    SetGridElement(Box<Node>, Box<[Node]>, Box<Node>),
    Arithmetic(Arithmetic, Numeric, bool, Box<Node>, Box<Node>),
    Compare(Comparison, Box<Node>, Box<Node>),
    /// `==` and `!=` on booleans, strings and enumerations: values equal by what they are.
    Equal(Box<Node>, Box<Node>, bool),
    /// `==` and `!=` on references: the same object.
    Same(Box<Node>, Box<Node>, bool),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    /// `&`, `|` and `^` on booleans: both sides are evaluated.
    Logic(Arithmetic, Box<Node>, Box<Node>),
    /// `&` and `|` on `bool?`: three values.
    ThreeValued(Arithmetic, Box<Node>, Box<Node>),
    Not(Box<Node>),
    Negate(Numeric, bool, Box<Node>),
    Complement(Numeric, Box<Node>),
    Conditional(Box<[Node; 3]>),
    Coalesce(Box<Node>, Box<Node>),
    /// Puts the target into a local; the rest where it is not null, else null.
    WhenNotNull(Box<Node>, usize, Box<Node>),
    /// Null where one of the operands, put into the locals, is null, else the operation: a lifted operator.
    Lifted(Box<[(Node, usize)]>, Box<Node>),
    Convert(Conversion, Box<Node>),
    Is(Type, Box<Node>),
    As(Type, Box<Node>),
    Concat(Box<[Node]>),
    Interpolate(Box<[Piece]>),
    NewArray(Type, Box<[Node]>),
    NewArraySized(Type, Box<Node>),
    NewGrid(Type, Box<[Node]>, Option<Box<[Node]>>),
    /// A tuple, an anonymous object.
    NewRecord(Type, Box<[Node]>),
    /// A part of a record.
    Field(Box<Node>, usize),
    /// A record with another value in one part.
    WithField(Box<Node>, usize, Box<Node>),
    /// Nodes for their effects, then the last for its value.
    Sequence(Box<[Node]>),
    Throw(Box<Node>),
    /// `typeof(T)`
    TypeOf(Type),
}

/// A call of a member of the table.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub native: Native,
    pub arguments: Box<[Node]>,
    pub types: Box<[Type]>,
    /// Where the values of `out` and `ref` parameters go: the argument, and the local, new or not.
    pub outs: Box<[(usize, usize, bool)]>,
    /// Whether the first argument is a receiver: null throws before anything else happens.
    pub has_receiver: bool,
}

/// A variable cast to a type, never converted; the default where it is not set.
#[derive(Clone, Debug)]
pub(super) struct VariableOr {
    pub name: VariableName,
    pub ty: Type,
    pub default: Node,
}

/// The values of a header of the request, joined; the default where it is not there.
#[derive(Clone, Debug)]
pub(super) struct HeaderOr {
    pub name: FieldName,
    pub default: Value,
}

/// A method as a value.
#[derive(Clone, Debug)]
pub(super) struct MethodGroup {
    pub native: Native,
    pub receiver: Option<Node>,
    pub types: Box<[Type]>,
    /// What each argument of the delegate becomes, and the result.
    pub arguments: Box<[Option<Conversion>]>,
    pub result: Option<Conversion>,
    pub ty: Type,
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
    /// Each part of a tuple by its own.
    Tuple(Type, Box<[Option<Conversion>]>),
    /// A delegate of another type with the same code.
    Delegate(Type),
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

impl Numeric {
    pub fn ty(self) -> Type {
        match self {
            Self::Int32 => Type::INT32,
            Self::UInt32 => Type::UINT32,
            Self::Int64 => Type::INT64,
            Self::UInt64 => Type::UINT64,
            Self::Single => Type::SINGLE,
            Self::Double => Type::DOUBLE,
            Self::Decimal => Type::DECIMAL,
        }
    }

    /// The promoted type of a value of this type, where arithmetic applies to it.
    pub fn of(ty: &Type) -> Option<Self> {
        let class = ty.class().filter(|class| class.namespace == "System")?;
        Some(match class.name {
            "SByte" | "Byte" | "Int16" | "UInt16" | "Char" | "Int32" => Self::Int32,
            "UInt32" => Self::UInt32,
            "Int64" => Self::Int64,
            "UInt64" => Self::UInt64,
            "Single" => Self::Single,
            "Double" => Self::Double,
            "Decimal" => Self::Decimal,
            _ => return None,
        })
    }

    pub fn is_integral(self) -> bool {
        matches!(self, Self::Int32 | Self::UInt32 | Self::Int64 | Self::UInt64)
    }
}

/// A place that `goto`, `goto case` and `goto default` go to: a number of its own in the function.
pub(super) type Label = usize;

/// A statement.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Evaluate(Node),
    Block(Vec<Step>),
    /// What a block with local functions begins with: cells for the variables that they share, then the functions.
    Hoist(Box<[usize]>, Vec<(usize, Node)>),
    If(Node, Box<Step>, Option<Box<Step>>),
    /// Condition, body, what follows each round; the condition is tested first unless `post`.
    Loop {
        condition: Option<Node>,
        body: Box<Step>,
        after: Vec<Node>,
        post: bool,
    },
    /// Source, what becomes of an item, the node that puts it where it goes (it finds the item in `item`), body.
    ForEach {
        source: Node,
        item: usize,
        take: Box<Node>,
        body: Box<Step>,
    },
    /// The tests of each section in order (none: `default`), with the label of each section and its statements.
    Switch {
        value: Node,
        local: usize,
        sections: Vec<Section>,
    },
    Return(Option<Node>),
    Break,
    Continue,
    Goto(Label),
    Label(Label),
    Throw(Node),
    Rethrow,
    Try {
        body: Vec<Step>,
        catches: Vec<Handler>,
        finally: Option<Vec<Step>>,
    },
    /// `using`: the resource in a local, what it is converted to for `Dispose` , the body.
    Using {
        local: usize,
        dispose: Node,
        body: Box<Step>,
    },
    Nothing,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    pub tests: Vec<Option<Node>>,
    /// The labels of its `case`s, for `goto case`.
    pub labels: Vec<Label>,
    pub body: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) struct Handler {
    pub class: Type,
    pub local: usize,
    pub filter: Option<Node>,
    pub body: Vec<Step>,
}
