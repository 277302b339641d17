//! Expressions.

use std::sync::Arc;

use super::*;
use crate::{source::Span, text::Text};

/// An expression.
#[derive(Debug)]
pub struct Expression {
    /// What it is.
    pub kind: ExpressionKind,
    /// Where it stands.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExpressionKind {
    /// `1`, `"a"`, `null`; also `-2147483648` and `-9223372036854775808`, whose minus belongs to the literal.
    Literal(Literal),
    /// `$"a{b}"`.
    Interpolated(Vec<InterpolationPart>),
    /// `x`, `Foo<int>`: a local, a type, a namespace; `_` too.
    Name(SimpleName),
    /// `global::System`.
    AliasQualified {
        /// What stands before `::`.
        alias: Identifier,
        /// What stands behind it.
        name: Box<SimpleName>,
    },
    /// `int` in `int.Parse`: only as the target of a [`ExpressionKind::Member`].
    Predefined(PredefinedType),
    /// `(a)`.
    Parenthesized(Box<Expression>),
    /// `(a, name: b)`; as the target of a deconstruction its values may be [`ExpressionKind::Declaration`]s.
    Tuple(Vec<Argument>),
    /// `a.b`, `a.b<T>`.
    Member {
        /// What the member is looked up in: a value, a type or a namespace.
        target: Box<Expression>,
        /// The member.
        name: SimpleName,
    },
    /// `f(a, b)`.
    Invocation {
        /// What is called.
        target: Box<Expression>,
        /// With what.
        arguments: Vec<Argument>,
    },
    /// `a[i]`.
    Element {
        /// What is indexed.
        target: Box<Expression>,
        /// By what.
        arguments: Vec<Argument>,
    },
    /// `a?.b.c()`: when `target` is null the whole is null, else `when_not_null` with `target` in place of its innermost binding.
    ConditionalAccess {
        /// What may be null.
        target: Box<Expression>,
        /// The rest of the chain; its innermost target is a [`ExpressionKind::MemberBinding`] or [`ExpressionKind::ElementBinding`].
        /// `a?.b?.c` nests to the right: a `ConditionalAccess` whose own target begins with the binding.
        when_not_null: Box<Expression>,
    },
    /// `.b` of `a?.b`: a member of the nearest enclosing conditional access's target.
    MemberBinding(SimpleName),
    /// `[i]` of `a?[i]`: an element of the nearest enclosing conditional access's target.
    ElementBinding(Vec<Argument>),
    /// `this`.
    This,
    /// `base`.
    Base,
    /// `-a`, `!a`, `a++`.
    Unary {
        /// The operator.
        operator: UnaryOperator,
        /// The operand.
        operand: Box<Expression>,
    },
    /// `(T)a`.
    Cast {
        /// The type to convert to.
        ty: Type,
        /// What is converted.
        operand: Box<Expression>,
    },
    /// `a + b`, `a && b`, `a ?? b`. Chains lean to the left, those of `??` to the right.
    Binary {
        /// The left operand.
        left: Box<Expression>,
        /// The operator.
        operator: BinaryOperator,
        /// The right operand.
        right: Box<Expression>,
    },
    /// `a is T`, `a is T x`, `a is null`.
    Is {
        /// What is tested.
        operand: Box<Expression>,
        /// What it is tested for.
        pattern: Box<Pattern>,
    },
    /// `a as T`.
    As {
        /// What is converted.
        operand: Box<Expression>,
        /// The type to convert to.
        ty: Type,
    },
    /// `a ? b : c`.
    Conditional {
        /// The condition.
        condition: Box<Expression>,
        /// The value when true.
        then: Box<Expression>,
        /// The value when false.
        otherwise: Box<Expression>,
    },
    /// `a = b`, `a += b`; also deconstruction, with a [`ExpressionKind::Tuple`] or a [`ExpressionKind::Declaration`] as its target.
    Assignment {
        /// What is assigned to.
        target: Box<Expression>,
        /// The operator of a compound assignment: `+` for `+=`; none for `=`.
        operator: Option<BinaryOperator>,
        /// The value.
        value: Box<Expression>,
    },
    /// `new T(a) { b = c }`.
    ObjectCreation {
        /// The type.
        ty: Box<Type>,
        /// The constructor's arguments; empty too where the parentheses are left out.
        arguments: Vec<Argument>,
        /// What stands in braces.
        initializer: Option<Box<Initializer>>,
    },
    /// `new { a, b = 1, x.y }`.
    AnonymousObject(Vec<AnonymousMember>),
    /// `new T[n]`, `new T[] { a }`.
    ArrayCreation {
        /// The type of the whole array, always [`TypeKind::Array`].
        ty: Box<Type>,
        /// One length a dimension; empty when the initialiser gives them.
        sizes: Vec<Expression>,
        /// The elements, always [`ExpressionKind::ArrayInitializer`].
        initializer: Option<Box<Expression>>,
    },
    /// `new[] { a, b }`.
    ImplicitArrayCreation {
        /// The number of dimensions.
        rank: usize,
        /// The elements, always [`ExpressionKind::ArrayInitializer`].
        initializer: Box<Expression>,
    },
    /// `{ a, { b, c } }`: only in array creations, as the value of a declared variable, and in itself.
    ArrayInitializer(Vec<Expression>),
    /// `typeof(T)`; unbound generic types have [`TypeKind::Omitted`] arguments.
    TypeOf(Type),
    /// `sizeof(T)`.
    SizeOf(Type),
    /// `default(T)`.
    Default(Type),
    /// `default`.
    DefaultLiteral,
    /// `nameof(a.b)`.
    NameOf(Box<Expression>),
    /// `checked(a)`.
    Checked(Box<Expression>),
    /// `unchecked(a)`.
    Unchecked(Box<Expression>),
    /// `x => a`, `(int x, y) => { }`.
    Lambda {
        /// The parameters: all with a type, or none.
        parameters: Vec<Parameter>,
        /// The body.
        body: FunctionBody,
    },
    /// `delegate (int x) { }`.
    AnonymousMethod {
        /// The parameters; none where even the parentheses are left out.
        parameters: Option<Vec<Parameter>>,
        /// The body.
        body: Block,
    },
    /// `throw a`: the right side of `??`, a branch of `?:`, the body of a lambda or of a local function.
    Throw(Box<Expression>),
    /// `ref a`: the value of a ref local, of a ref return, of a ref assignment, or a lambda's body.
    Ref(Box<Expression>),
    /// `var x`, `int x`, `var (a, b)`: as an `out` argument or in a deconstruction.
    Declaration {
        /// The type; [`TypeKind::Var`] for `var`.
        ty: Box<Type>,
        /// What is declared.
        designation: Designation,
    },
    /// `from x in xs select x`.
    Query(Box<Query>),
}

/// A literal's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// An `int`.
    Int(i32),
    /// A `uint`.
    UInt(u32),
    /// A `long`.
    Long(i64),
    /// A `ulong`.
    ULong(u64),
    /// A `float`.
    Float(f32),
    /// A `double`.
    Double(f64),
    /// A `decimal` as written, without suffix and underscores; it may have an exponent.
    Decimal(Text),
    /// A `char`: one UTF-16 unit.
    Char(u16),
    /// A `string` in UTF-16, escapes decoded; it may hold lone surrogates.
    String(Arc<[u16]>),
    /// Text of several characters in single quotes: a string, by leniency. C# itself refuses it (CS1012), so callers should warn.
    QuotedString(Arc<[u16]>),
}

/// A piece of an interpolated string.
#[derive(Clone, Debug, PartialEq)]
pub enum InterpolationPart {
    /// Text between the holes, escapes and doubled braces decoded.
    Text(Arc<[u16]>),
    /// `{value,alignment:format}`.
    Hole(Interpolation),
}

/// A hole of an interpolated string.
#[derive(Clone, Debug)]
pub struct Interpolation {
    /// The value.
    pub value: Box<Expression>,
    /// The width, negative for left-aligned: a constant expression.
    pub alignment: Option<Box<Expression>>,
    /// The format, escapes decoded.
    pub format: Option<Arc<[u16]>>,
    /// Where it stands, braces included.
    pub span: Span,
}

/// An argument of a call, an element access or a tuple.
#[derive(Clone, Debug)]
pub struct Argument {
    /// `name:` in front.
    pub name: Option<Identifier>,
    /// `ref`, `out` or `in` in front.
    pub modifier: Option<ArgumentModifier>,
    /// The value; for `out var x` a [`ExpressionKind::Declaration`], for `out _` the name `_`.
    pub value: Expression,
    /// Where it stands, name and modifier included.
    pub span: Span,
}

/// How an argument is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentModifier {
    /// `ref`
    Ref,
    /// `out`
    Out,
    /// `in`
    In,
}

/// What stands in braces behind `new T()`.
#[derive(Clone, Debug)]
pub struct Initializer {
    /// What it is.
    pub kind: InitializerKind,
    /// Where it stands, braces included.
    pub span: Span,
}

/// What an initialiser is.
#[derive(Clone, Debug, PartialEq)]
pub enum InitializerKind {
    /// `{ A = 1, B = { C = 2 }, ["k"] = 3 }`; also `{ }`.
    Object(Vec<MemberInitializer>),
    /// `{ a, { b, c } }`: one call of `Add` an element.
    Collection(Vec<ElementInitializer>),
}

/// `A = value` in an object initialiser.
#[derive(Clone, Debug)]
pub struct MemberInitializer {
    /// What is set.
    pub target: InitializerTarget,
    /// To what.
    pub value: InitializerValue,
    /// Where it stands.
    pub span: Span,
}

/// What a member initialiser sets.
#[derive(Clone, Debug, PartialEq)]
pub enum InitializerTarget {
    /// `A = …`
    Member(Identifier),
    /// `[k] = …`
    Element(Vec<Argument>),
}

/// What a member initialiser sets its target to.
#[derive(Clone, Debug, PartialEq)]
pub enum InitializerValue {
    /// A value.
    Expression(Expression),
    /// `{ … }`: the target keeps its object, whose members are set or which gets elements added.
    Initializer(Initializer),
}

/// The arguments of one `Add` in a collection initialiser.
#[derive(Clone, Debug)]
pub struct ElementInitializer {
    /// One for a plain element, several for `{ a, b }`.
    pub arguments: Vec<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// A member of an anonymous object.
#[derive(Clone, Debug)]
pub struct AnonymousMember {
    /// The name, where the code gives one: `a = 1`. Otherwise it is the last name of `value`.
    pub name: Option<Identifier>,
    /// The value.
    pub value: Expression,
    /// Where it stands.
    pub span: Span,
}

/// A parameter of a lambda, an anonymous method or a local function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// `ref`, `out`, `in` or `params` in front.
    pub modifier: Option<ParameterModifier>,
    /// The type; none in `x => …` and `(x, y) => …`.
    pub ty: Option<Type>,
    /// The name.
    pub name: Identifier,
    /// The default value: local functions only.
    pub default: Option<Expression>,
    /// Where it stands.
    pub span: Span,
}

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterModifier {
    /// `ref`
    Ref,
    /// `out`
    Out,
    /// `in`
    In,
    /// `params`: local functions only
    Params,
}

/// The body of a lambda or of a local function.
#[derive(Clone, Debug, PartialEq)]
pub enum FunctionBody {
    /// `=> a`
    Expression(Box<Expression>),
    /// `{ … }`
    Block(Block),
}

impl Expression {
    /// The expression inside of all the parentheses around it.
    pub fn without_parentheses(&self) -> &Self {
        let mut inner = self;
        while let ExpressionKind::Parenthesized(next) = &inner.kind {
            inner = next;
        }
        inner
    }

    /// The operand that the expression begins with, where chains can grow: the left one of a binary operator, what a member, a call or an
    /// element is taken of, what `is`, `as` and postfix operators stand behind.
    pub fn first_operand(&self) -> Option<&Self> {
        match &self.kind {
            ExpressionKind::Binary { left: first, .. }
            | ExpressionKind::Is { operand: first, .. }
            | ExpressionKind::As { operand: first, .. }
            | ExpressionKind::Member { target: first, .. }
            | ExpressionKind::Invocation { target: first, .. }
            | ExpressionKind::Element { target: first, .. } => Some(first),
            ExpressionKind::Unary { operator, operand } if operator.is_postfix() => Some(operand),
            _ => None,
        }
    }

    /// Whether it is `_` alone: a discard where no variable of that name is in scope.
    pub fn is_discard(&self) -> bool {
        matches!(&self.kind, ExpressionKind::Name(name) if name.identifier.name == "_" && name.arguments.is_empty())
    }
}
